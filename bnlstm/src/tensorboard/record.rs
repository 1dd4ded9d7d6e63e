//! How an event file is divided: records with their lengths and checksums, as TensorFlow's `TFRecord`.
//!
//! A record is the length of its data (8 bytes, the lowest first), the checksum of these 8 bytes, the
//! data, and the checksum of the data (4 bytes each, the lowest first).

use crc::{CRC_32_ISCSI, Crc};

/// CRC-32C (Castagnoli).
static CASTAGNOLI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// Appends `data` as a record.
pub(super) fn append(records: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    records.extend(length);
    records.extend(checksum(&length).to_le_bytes());
    records.extend(data);
    records.extend(checksum(data).to_le_bytes());
}

/// The CRC-32C, turned by 15 bits and shifted, so that a checksum of data that has checksums in it is
/// no special case.
pub(super) fn checksum(data: &[u8]) -> u32 {
    mask(CASTAGNOLI.checksum(data))
}

fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value in the catalogue of CRCs, and a vector of RFC 3720, B.4.
    #[test]
    fn the_crc_is_castagnolis() {
        assert_eq!(CASTAGNOLI.checksum(b"123456789"), 0xe306_9283);
        assert_eq!(CASTAGNOLI.checksum(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn the_mask_turns_and_adds() {
        assert_eq!(mask(0), 0xa282_ead8);
        // The lowest bit goes to bit 17, and the sum wraps.
        assert_eq!(mask(1), 0xa284_ead8);
        assert_eq!(mask(u32::MAX), 0xa282_ead7);
    }

    /// As each event file of TensorFlow begins, whose first record has 24 bytes.
    #[test]
    fn a_record_has_lengths_and_checksums() {
        let mut records = vec![7];
        append(&mut records, b"123456789");
        append(&mut records, &[0; 24]);
        let (first, second) = records.split_at(1 + 8 + 4 + 9 + 4);
        assert_eq!(first[..9], [7, 9, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(first[9..13], checksum(&first[1..9]).to_le_bytes());
        assert_eq!(&first[13..22], b"123456789");
        // 0xe3069283 turned by 15 bits is 0x2507c60d.
        assert_eq!(first[22..], 0xc78a_b0e5_u32.to_le_bytes());
        assert_eq!(second[..12], [24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
        assert_eq!(second.len(), 8 + 4 + 24 + 4);
    }
}

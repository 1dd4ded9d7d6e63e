use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sample() -> Idx {
    Idx {
        dims: vec![2, 3, 2],
        data: (0..12).collect(),
    }
}

#[test]
fn raw_and_gzip_give_the_same_array() {
    let bytes = sample().to_bytes();
    assert_eq!(bytes[..8], [0, 0, 8, 3, 0, 0, 0, 2]);
    assert_eq!(parse_idx(&bytes), Ok(sample()));
    assert_eq!(parse_idx(&gzip(&bytes)), Ok(sample()));
    // A gzip file may consist of several streams.
    let joined = [gzip(&bytes[..9]), gzip(&bytes[9..])].concat();
    assert_eq!(parse_idx(&joined), Ok(sample()));
}

#[test]
fn every_cut_is_noticed() {
    let bytes = sample().to_bytes();
    for length in 0..bytes.len() {
        let expected = match length {
            0..4 => 4,
            4..16 => 16,
            _ => 28,
        };
        let error = IdxError::Truncated {
            expected,
            actual: length,
        };
        assert_eq!(parse_idx(&bytes[..length]), Err(error), "{length}");
    }
    let packed = gzip(&bytes);
    for length in 2..packed.len() {
        let error = parse_idx(&packed[..length]).unwrap_err();
        assert!(
            matches!(error, IdxError::TruncatedGzip { .. }),
            "{length}: {error:?}"
        );
    }
}

#[test]
fn trailing_bytes_are_noticed() {
    let mut bytes = sample().to_bytes();
    bytes.push(0);
    let error = IdxError::TrailingBytes {
        expected: 28,
        actual: 29,
    };
    assert_eq!(parse_idx(&bytes), Err(error.clone()));
    assert_eq!(parse_idx(&gzip(&bytes)), Err(error));
}

#[test]
fn a_damaged_gzip_stream_is_noticed() {
    let mut packed = gzip(&sample().to_bytes());
    let check_sum = packed.len() - 8;
    packed[check_sum] ^= 1;
    assert!(matches!(parse_idx(&packed), Err(IdxError::Gzip { .. })));
}

#[test]
fn hostile_lengths_take_no_memory() {
    let header = |lengths: &[u32]| {
        let mut bytes = vec![0, 0, 8, lengths.len() as u8];
        bytes.extend(lengths.iter().flat_map(|length| length.to_be_bytes()));
        bytes
    };
    // 2^43 elements, none of which are there.
    let bytes = header(&[1 << 31, 1 << 12]);
    let (expected, actual) = ((1 << 43) + 12, 12);
    assert_eq!(parse_idx(&bytes), Err(IdxError::Truncated { expected, actual }));
    let packed = gzip(&bytes);
    let compressed = packed.len();
    let error = IdxError::Overstated { expected, compressed };
    assert_eq!(parse_idx(&packed), Err(error));
    // Products that overflow, also where a zero would hide it.
    for lengths in [[u32::MAX; 4], [u32::MAX, u32::MAX, 4, 0]] {
        let bytes = header(&lengths);
        let dims = lengths.map(|length| length as usize).to_vec();
        let error = IdxError::Lengths { dims };
        assert_eq!(parse_idx(&bytes), Err(error.clone()));
        assert_eq!(parse_idx(&gzip(&bytes)), Err(error));
    }
}

#[test]
fn no_more_is_unpacked_than_announced() {
    // 64 MB of zeros after a header that announces three bytes.
    let mut bytes = vec![0; 64 << 20];
    bytes[..8].copy_from_slice(&[0, 0, 8, 1, 0, 0, 0, 3]);
    let packed = gzip(&bytes);
    assert!(packed.len() < 100_000);
    let error = parse_idx(&packed).unwrap_err();
    let (expected, actual) = (11, 20);
    assert_eq!(error, IdxError::TrailingBytes { expected, actual });
}

#[test]
fn wrong_magic_numbers_are_explained() {
    let twice = gzip(&gzip(&sample().to_bytes()));
    assert!(matches!(
        parse_idx(&twice),
        Err(IdxError::Magic {
            looks_like: Content::Gzip,
            ..
        })
    ));
    assert!(matches!(
        parse_idx(b"<!DOCTYPE html>"),
        Err(IdxError::Magic {
            looks_like: Content::Html,
            ..
        })
    ));
    let code = 0x0d;
    assert_eq!(
        parse_idx(&[0, 0, code, 1, 0, 0, 0, 0]),
        Err(IdxError::ElementType { code })
    );
    for found in [0, 5, 255] {
        let bytes = [0, 0, 8, found, 0, 0, 0, 0];
        assert_eq!(parse_idx(&bytes), Err(IdxError::AxisCount { found }));
    }
}

#[test]
fn a_file_is_read_and_named_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels");
    assert!(matches!(read_idx(&path), Err(DataError::File(_))));
    std::fs::write(&path, gzip(&sample().to_bytes())).unwrap();
    assert_eq!(read_idx(&path).unwrap(), sample());
    std::fs::write(&path, b"\x89PNG").unwrap();
    let message = read_idx(&path).unwrap_err().to_string();
    assert!(message.starts_with(&path.display().to_string()), "{message}");
    assert!(message.contains("a PNG picture"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_written_is_read(dims in prop::collection::vec(0_usize..6, 1..=4), first: u8) {
        let count = dims.iter().product::<usize>();
        let data = (0..count).map(|i| first.wrapping_add(i as u8)).collect();
        let idx = Idx { dims, data };
        prop_assert_eq!(parse_idx(&idx.to_bytes()), Ok(idx.clone()));
        prop_assert_eq!(parse_idx(&gzip(&idx.to_bytes())), Ok(idx));
    }

    #[test]
    fn any_bytes_are_survived(
        head in prop::sample::select(vec![vec![], vec![0, 0, 8], vec![0x1f, 0x8b, 8, 0]]),
        tail in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let bytes = [head, tail].concat();
        if let Ok(idx) = parse_idx(&bytes) {
            prop_assert_eq!(parse_idx(&idx.to_bytes()), Ok(idx));
        }
    }
}

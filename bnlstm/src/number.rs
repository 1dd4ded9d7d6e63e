//! Numbers as text.

use serde::{Deserialize, Deserializer};

/// The shortest text that reads back as the same number: `0.1`, `1`, `1e-5`.
pub(crate) fn shortest(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Takes numbers into a checksum, as 32 bits each with the least significant byte first.
pub(crate) fn add_numbers(checksum: &mut crc32fast::Hasher, numbers: impl Iterator<Item = u32>) {
    let mut count = 0_u64;
    let mut bytes = Vec::new();
    for number in numbers {
        count += 1;
        bytes.extend(number.to_le_bytes());
        if bytes.len() >= 1 << 16 {
            checksum.update(&bytes);
            bytes.clear();
        }
    }
    checksum.update(&bytes);
    // Where one list ends and the next begins.
    checksum.update(&count.to_le_bytes());
}

/// Bytes as hexadecimal digits in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The shortest text of a number that is rounded to six digits.
pub(crate) fn six_digits(value: f64) -> String {
    let rounded = format!("{value:.5e}");
    rounded.parse().map_or(rounded, shortest)
}

/// A number as JSON has it, where one that is not finite is written as `null`.
pub(crate) fn or_nan<'de, N: Deserialize<'de> + From<f32>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<N, D::Error> {
    let read = Option::deserialize(deserializer)?;
    Ok(read.unwrap_or_else(|| N::from(f32::NAN)))
}

/// Numbers of which each is [one or none](or_nan).
pub(crate) fn each_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let read: Vec<Option<f32>> = Vec::deserialize(deserializer)?;
    Ok(read.into_iter().map(|value| value.unwrap_or(f32::NAN)).collect())
}

#[cfg(test)]
mod tests {
    use super::{shortest, six_digits};

    #[test]
    fn six_digits_are_those_that_count() {
        let cases = [
            (0.387_078_449, "0.387078"),
            (1.632_993e-4, "0.000163299"),
            (0.5, "0.5"),
            (1234.5678, "1234.57"),
            (3.000_000_4e-9, "3e-9"),
        ];
        for (value, text) in cases {
            assert_eq!(six_digits(value), text);
        }
    }

    #[test]
    fn texts_are_short_and_exact() {
        let cases = [
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (20.0, "20"),
            (1e-5, "1e-5"),
            (-0.0, "-0"),
            (2.5e20, "2.5e20"),
        ];
        for (value, text) in cases {
            assert_eq!(shortest(value), text);
            assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(f64::to_bits(value)));
        }
        assert_eq!(shortest(f64::NAN), "NaN");
    }
}

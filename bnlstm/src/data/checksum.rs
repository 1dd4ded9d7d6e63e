//! Whether a file is the published original, told by the checksum of its unpacked content.
//!
//! Packed files differ with the program that packed them, so that only the content counts. A file
//! that is no known original may still be used: the verdict is for descriptions of a run.

use std::fmt;

use md5::{Digest, Md5};
use serde::Serialize;
use sha2::Sha256;

/// What the checksum of a content tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The published original.
    Original {
        /// The dataset it is a part of.
        dataset: &'static str,
        /// Which part: `training images`, …
        part: &'static str,
    },
    /// No known original: changed, a part of one, or the user's own.
    Unknown {
        /// SHA-256 of the content in hexadecimal digits.
        sha256: String,
    },
}

impl Verdict {
    /// The verdict on a content, unpacked.
    ///
    /// ```
    /// use bnlstm::data::checksum::Verdict;
    ///
    /// let verdict = Verdict::of(b"abc");
    /// assert_eq!(
    ///     verdict.to_string(),
    ///     "no known original, SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    /// );
    /// ```
    pub fn of(content: &[u8]) -> Self {
        Self::among(&KNOWN, content)
    }

    fn among(originals: &[Known], content: &[u8]) -> Self {
        let same_length = || originals.iter().filter(|known| known.bytes == content.len());
        let sha256 = hex(&Sha256::digest(content));
        let md5 = same_length()
            .any(|known| matches!(known.checksum, Checksum::Md5(_)))
            .then(|| hex(&Md5::digest(content)));
        let is = |known: &&Known| match known.checksum {
            Checksum::Sha256(digits) => digits == sha256,
            Checksum::Md5(digits) => md5.as_deref() == Some(digits),
        };
        match same_length().find(is) {
            Some(&Known { dataset, part, .. }) => Self::Original { dataset, part },
            None => Self::Unknown { sha256 },
        }
    }

    /// The dataset of an original.
    pub fn dataset(&self) -> Option<&'static str> {
        match *self {
            Self::Original { dataset, .. } => Some(dataset),
            Self::Unknown { .. } => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original { dataset, part } => write!(f, "original {dataset} {part}"),
            Self::Unknown { sha256 } => write!(f, "no known original, SHA-256 {sha256}"),
        }
    }
}

/// A published file.
struct Known {
    dataset: &'static str,
    part: &'static str,
    /// Length of the content.
    bytes: usize,
    checksum: Checksum,
}

use Checksum::{Md5 as M, Sha256 as S};

use crate::number::hex;

/// SHA-256 where it is known; of some originals only MD5 was published.
enum Checksum {
    Sha256(&'static str),
    Md5(&'static str),
}

const fn known(dataset: &'static str, part: &'static str, bytes: usize, checksum: Checksum) -> Known {
    Known {
        dataset,
        part,
        bytes,
        checksum,
    }
}

const MNIST: &str = super::source::MNIST.name;
const FASHION: &str = super::source::FASHION_MNIST.name;
const PTB: &str = super::source::PENN_TREEBANK.name;

#[rustfmt::skip]
const KNOWN: [Known; 17] = [
    known(MNIST, "training images", 47_040_016, S("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db")),
    known(MNIST, "training labels", 60_008, S("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5")),
    known(MNIST, "test images", 7_840_016, S("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7")),
    known(MNIST, "test labels", 10_008, S("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")),
    known(FASHION, "training images", 47_040_016, M("f4a8712d7a061bf5bd6d2ca38dc4d50a")),
    known(FASHION, "training labels", 60_008, M("9018921c3c673c538a1fc5bad174d6f9")),
    known(FASHION, "test images", 7_840_016, M("8181f5470baa50b63fa0f6fddb340f0a")),
    known(FASHION, "test labels", 10_008, M("15d484375f8d13e6eb1aabb0c3f46965")),
    known(PTB, "training words", 5_101_618, S("fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf")),
    known(PTB, "validation words", 399_782, S("c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2")),
    known(PTB, "test words", 449_945, S("dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0")),
    known(PTB, "training characters", 10_034_964, S("e313d91425e06c4f0a8fb6e881dcce0c291f2a0e9f4dda54833069b122f91da9")),
    known(PTB, "validation characters", 786_084, S("21661f63ec355085879458b6524644d4add5573541b4be14fb52ab2e2e995eb8")),
    known(PTB, "test characters", 884_846, S("1ef5607ac3c463b16e38bfe7900dd3bfc91de5a96e0f21e7eab5188b465b8ebe")),
    known("text8", "text", 100_000_000, M("3bea1919949baf155f99411df5fada7e")),
    known("King James", "text", 4_137_850, S("b5c4940bcfeee072c0935b5200d0f9d88a00a0199cb0961d16133458fcdfae5d")),
    known("tiny Shakespeare", "text", 1_115_394, S("86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        let mut all: Vec<&str> = Vec::new();
        for known in &KNOWN {
            let (digits, length) = match known.checksum {
                Checksum::Sha256(digits) => (digits, 64),
                Checksum::Md5(digits) => (digits, 32),
            };
            let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            assert!(
                digits.len() == length && digits.bytes().all(lower_hex),
                "{digits}"
            );
            all.push(digits);
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), KNOWN.len());
    }

    /// MD5 from RFC 1321, appendix A.5, SHA-256 from FIPS 180-2, appendix B.1; both of `abc`.
    #[test]
    fn originals_are_known_by_either_checksum() {
        let md5 = M("900150983cd24fb0d6963f7d28e17f72");
        let sha256 = S("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        for checksum in [md5, sha256] {
            let originals = [
                known("other", "text", 3, S("")),
                known("letters", "abc", 3, checksum),
            ];
            let verdict = Verdict::among(&originals, b"abc");
            assert_eq!(verdict.to_string(), "original letters abc");
            assert_eq!(verdict.dataset(), Some("letters"));
            assert_eq!(Verdict::among(&originals, b"abd").dataset(), None);
        }
    }

    /// As long as an original, but of other content.
    #[test]
    fn the_length_alone_makes_no_original() {
        let verdict = Verdict::of(&[0; 10_008]);
        assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict}");
        assert_eq!(verdict.dataset(), None);
    }
}

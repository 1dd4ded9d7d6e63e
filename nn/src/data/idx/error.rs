//! What can be wrong with the bytes of an IDX file.

use std::fmt;

/// Bytes that are not a usable IDX file of unsigned bytes: names the field, what was found, and the
/// remedy. The file is named by whoever read it, see [`DataError`](crate::data::DataError).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdxError {
    /// Fewer bytes than the header needs or announces.
    #[error(
        "cut short: {actual} bytes are there, at least {expected} are needed; \
         copy or download the file again"
    )]
    Truncated {
        /// Bytes that the header needs, or that it announces for header and data together.
        expected: usize,
        /// Bytes that are there.
        actual: usize,
    },

    /// The gzip stream ends before its end mark and check sum.
    #[error(
        "the gzip data are cut short: they end after {inflated} unpacked bytes, without the check \
         sum that ends a complete stream; copy or download the file again"
    )]
    TruncatedGzip {
        /// Bytes that could be unpacked.
        inflated: usize,
    },

    /// The gzip stream is damaged.
    #[error("the gzip data are damaged ({reason}); copy or download the file again")]
    Gzip {
        /// What the decoder found.
        reason: String,
    },

    /// The header announces more than the gzip stream could hold at the best compression there is.
    #[error(
        "the header announces {expected} bytes, more than {compressed} bytes of gzip data can \
         hold, so that one of them is damaged; copy or download the file again"
    )]
    Overstated {
        /// Bytes that the header announces for header and data together.
        expected: usize,
        /// Bytes of the gzip stream.
        compressed: usize,
    },

    /// The lengths are so large that their product cannot be computed, whether or not one of them
    /// is zero.
    #[error(
        "lengths {dims:?}: no machine holds so many elements; the header is damaged, so copy or \
         download the file again"
    )]
    Lengths {
        /// The lengths in the header.
        dims: Vec<usize>,
    },

    /// More bytes than the header announces.
    #[error(
        "bytes left over: the header announces {expected} bytes, but there are at least {actual}; \
         two files may have been joined, or the header is damaged: copy or download it again"
    )]
    TrailingBytes {
        /// Bytes that the header announces for header and data together.
        expected: usize,
        /// Bytes that were seen. The rest of a gzip stream is not unpacked.
        actual: usize,
    },

    /// The first two bytes are not zero.
    #[error(
        "magic number {}: an IDX file of unsigned bytes begins with 00 00 08 and the number of \
         axes, but this looks like {looks_like}",
        hex(magic)
    )]
    Magic {
        /// The first four bytes.
        magic: [u8; 4],
        /// What begins like this.
        looks_like: Content,
    },

    /// The elements are not unsigned bytes.
    #[error(
        "element type {code:#04x} ({}): only unsigned bytes (0x08) are read; \
         convert the data to unsigned bytes",
        type_name(*code)
    )]
    ElementType {
        /// The third byte of the file.
        code: u8,
    },

    /// The number of axes is not from 1 to 4.
    #[error(
        "number of axes {found}: from 1 to 4 are read; the header is damaged, so copy or download the \
         file again"
    )]
    AxisCount {
        /// The fourth byte of the file.
        found: u8,
    },

    /// The number of axes is not the one that this kind of data has.
    #[error("{}", wrong_axes(*expected, *found))]
    Axes {
        /// Axes that are needed: 3 for images, 1 for labels.
        expected: usize,
        /// Axes that the header announces.
        found: usize,
    },
}

/// What a file that is not an IDX file looks like, judged by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Gzip data within gzip data.
    Gzip,
    /// A zip archive, also NumPy's `.npz`.
    Zip,
    /// A NumPy array.
    Numpy,
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
    /// A web page.
    Html,
    /// Text.
    Text,
    /// An IDX header with its bytes in the opposite order.
    SwappedIdx,
    /// Something else.
    Unknown,
}

impl Content {
    /// What the first four bytes of a file suggest.
    pub fn guess(magic: [u8; 4]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'P', b'K', 3 | 5, 4 | 6] => Self::Zip,
            [0x93, b'N', b'U', b'M'] => Self::Numpy,
            [0x89, b'P', b'N', b'G'] => Self::Png,
            [0xff, 0xd8, 0xff, _] => Self::Jpeg,
            [1..=4, 0x08, 0, 0] => Self::SwappedIdx,
            [b'<', b'!' | b'?' | b'h' | b'H', ..] => Self::Html,
            _ if magic.iter().all(|&byte| is_text(byte)) => Self::Text,
            _ => Self::Unknown,
        }
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip data that were packed twice; unpack the file once",
            Self::Zip => "a zip archive; unpack it and give the IDX file in it",
            Self::Numpy => "a NumPy array; give the original IDX file",
            Self::Png => "a PNG picture; give the IDX file that holds all images",
            Self::Jpeg => "a JPEG picture; give the IDX file that holds all images",
            Self::Html => "a web page, perhaps the error page of a failed download; download the file again",
            Self::Text => "text; give the IDX file",
            Self::SwappedIdx => {
                "an IDX file in the opposite byte order; write its numbers with the most \
                 significant byte first"
            }
            Self::Unknown => "no format that is known here; check that the path is right",
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

/// The element types of the IDX format.
fn type_name(code: u8) -> &'static str {
    match code {
        0x09 => "signed bytes",
        0x0b => "16-bit integers",
        0x0c => "32-bit integers",
        0x0d => "32-bit floating point",
        0x0e => "64-bit floating point",
        _ => "not a type of the IDX format",
    }
}

fn wrong_axes(expected: usize, found: usize) -> String {
    let kind = |axes| match axes {
        1 => "as labels have, [N]",
        3 => "as images have, [N, R, C]",
        _ => "as neither images nor labels have",
    };
    let remedy = match (expected, found) {
        (3, 1) => "this is a file of labels given as images; exchange the two",
        (1, 3) => "this is a file of images given as labels; exchange the two",
        _ => "give the file that belongs here",
    };
    let (found_kind, expected_kind) = (kind(found), kind(expected));
    format!("number of axes {found} ({found_kind}), expected {expected} ({expected_kind}): {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_guessed_from_the_first_bytes() {
        for (magic, content) in [
            ([0x1f, 0x8b, 8, 0], Content::Gzip),
            (*b"PK\x03\x04", Content::Zip),
            (*b"\x93NUM", Content::Numpy),
            (*b"\x89PNG", Content::Png),
            ([0xff, 0xd8, 0xff, 0xe0], Content::Jpeg),
            (*b"<!DO", Content::Html),
            (*b"<htm", Content::Html),
            (*b"5, 0", Content::Text),
            ([3, 8, 0, 0], Content::SwappedIdx),
            ([1, 2, 3, 4], Content::Unknown),
        ] {
            assert_eq!(Content::guess(magic), content, "{magic:?}");
        }
    }

    #[test]
    fn messages_name_value_and_remedy() {
        let magic = *b"<!DO";
        let error = IdxError::Magic {
            magic,
            looks_like: Content::guess(magic),
        };
        let text = error.to_string();
        assert!(text.contains("3c 21 44 4f"), "{text}");
        assert!(text.contains("download the file again"), "{text}");

        let text = IdxError::ElementType { code: 0x0d }.to_string();
        assert!(text.contains("0x0d (32-bit floating point)"), "{text}");

        let swapped = IdxError::Axes {
            expected: 3,
            found: 1,
        };
        assert!(swapped.to_string().contains("labels given as images"));
        let swapped = IdxError::Axes {
            expected: 1,
            found: 3,
        };
        assert!(swapped.to_string().contains("images given as labels"));
    }
}

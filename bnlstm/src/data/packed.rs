//! Files that are raw or packed with gzip.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use nn::files;

use super::DataError;

/// How every gzip stream begins. No text does: the second byte cannot follow the first in UTF-8.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The content of a file, unpacked if it begins like a gzip stream.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = files::read(path)?;
    if bytes.starts_with(&GZIP) {
        unpack(path, &bytes).map(Cow::into_owned)
    } else {
        Ok(bytes)
    }
}

/// What the bytes of the file `path` hold; bytes that are not packed stay as they are.
pub(super) fn unpack<'a>(path: &Path, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, DataError> {
    if !bytes.starts_with(&GZIP) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut content = Vec::new();
    match MultiGzDecoder::new(bytes).read_to_end(&mut content) {
        Ok(_) => Ok(Cow::Owned(content)),
        Err(source) => Err(DataError::Gzip {
            path: path.to_owned(),
            unpacked: content.len(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn raw_and_packed_files_have_the_same_content() {
        let folder = tempfile::tempdir().unwrap();
        let [raw, packed] = ["raw", "packed"].map(|name| folder.path().join(name));
        std::fs::write(&raw, b"some text").unwrap();
        std::fs::write(&packed, gzip(b"some text")).unwrap();
        assert_eq!(read(&raw).unwrap(), b"some text");
        assert_eq!(read(&packed).unwrap(), b"some text");
    }

    #[test]
    fn a_stream_that_is_cut_short_is_reported_with_its_file() {
        let mut bytes = gzip(&[b'a'; 1000]);
        bytes.truncate(bytes.len() - 4);
        let error = unpack(Path::new("some/file.gz"), &bytes).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("some/file.gz: the gzip data"), "{text}");
        assert!(text.contains("after 1000 unpacked bytes"), "{text}");
        assert!(text.contains("download the file again"), "{text}");
    }
}

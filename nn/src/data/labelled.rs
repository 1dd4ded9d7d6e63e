//! Images with their labels.

use std::path::Path;

use super::idx::parse_named;
use super::{DataError, Idx};
use crate::files;

/// The content of a file together with the name that errors give it.
#[derive(Clone, Copy, Debug)]
pub struct NamedBytes<'a> {
    /// Path of the file, or what stands for it if the bytes are built in.
    pub name: &'a Path,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Images `[N, R, C]` of unsigned bytes and one label below `classes` for each.
///
/// There is at least one image, and each has at least one pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledImages {
    rows: usize,
    columns: usize,
    classes: usize,
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl LabelledImages {
    /// Reads images and labels from two IDX files, each raw or packed with gzip.
    ///
    /// # Errors
    /// A file that cannot be read or is not an IDX file, the wrong number of axes, an empty axis,
    /// other counts of images than labels, or a label that is not below `classes`.
    pub fn read(
        images: impl AsRef<Path>,
        labels: impl AsRef<Path>,
        classes: usize,
    ) -> Result<Self, DataError> {
        let (images, labels) = (images.as_ref(), labels.as_ref());
        let image_bytes = files::read(images)?;
        let label_bytes = files::read(labels)?;
        Self::parse(
            NamedBytes {
                name: images,
                bytes: &image_bytes,
            },
            NamedBytes {
                name: labels,
                bytes: &label_bytes,
            },
            classes,
        )
    }

    /// The same as [`read`](Self::read) for bytes that are in memory already.
    ///
    /// # Errors
    /// As [`read`](Self::read), but for files that cannot be read.
    pub fn parse(images: NamedBytes<'_>, labels: NamedBytes<'_>, classes: usize) -> Result<Self, DataError> {
        let image_idx = parse_axes(images, 3)?;
        let label_idx = parse_axes(labels, 1)?;
        let (image_count, label_count) = (image_idx.dims[0], label_idx.dims[0]);
        if image_count != label_count {
            return Err(DataError::CountMismatch {
                images: images.name.to_owned(),
                image_count,
                labels: labels.name.to_owned(),
                label_count,
            });
        }
        let too_large = |&label: &u8| usize::from(label) >= classes;
        if let Some(example) = label_idx.data.iter().position(too_large) {
            return Err(DataError::Label {
                path: labels.name.to_owned(),
                example,
                label: label_idx.data[example],
                classes,
            });
        }
        Ok(Self {
            rows: image_idx.dims[1],
            columns: image_idx.dims[2],
            classes,
            pixels: image_idx.data,
            labels: label_idx.data,
        })
    }

    /// Number of examples, N.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one example")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Rows of each image, R.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of each image, C.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of classes; every label is below it.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All pixels, `[N, R, C]` in row-major order.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// All labels, `[N]`.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The pixels `[R, C]` of one example, row after row.
    ///
    /// # Panics
    /// If `example` is not below [`len`](Self::len).
    #[track_caller]
    pub fn image(&self, example: usize) -> &[u8] {
        let count = self.len();
        assert!(example < count, "image {example} of {count} images");
        let size = self.rows * self.columns;
        &self.pixels[example * size..][..size]
    }

    /// The first `count` examples and the others, in the order of the file.
    ///
    /// # Panics
    /// If either part would be empty.
    #[track_caller]
    pub fn split_at(mut self, count: usize) -> (Self, Self) {
        let total = self.len();
        assert!(
            0 < count && count < total,
            "split of {total} examples after {count}: from 1 to {} would leave some in both parts",
            total - 1
        );
        let rest = Self {
            pixels: self.pixels.split_off(count * self.rows * self.columns),
            labels: self.labels.split_off(count),
            ..self
        };
        (self, rest)
    }
}

/// An IDX file with this number of axes, none of them empty.
fn parse_axes(file: NamedBytes<'_>, axes: usize) -> Result<Idx, DataError> {
    let idx = parse_named(file.name, file.bytes)?;
    idx.expect_axes(axes).map_err(|source| DataError::Idx {
        path: file.name.to_owned(),
        source,
    })?;
    match idx.dims.iter().position(|&length| length == 0) {
        None => Ok(idx),
        Some(axis) => Err(DataError::EmptyAxis {
            path: file.name.to_owned(),
            axis,
            dims: idx.dims,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idx(dims: &[usize], data: &[u8]) -> Vec<u8> {
        let (dims, data) = (dims.to_vec(), data.to_vec());
        Idx { dims, data }.to_bytes()
    }

    fn parse(images: &[u8], labels: &[u8], classes: usize) -> Result<LabelledImages, DataError> {
        LabelledImages::parse(
            NamedBytes {
                name: Path::new("some/images"),
                bytes: images,
            },
            NamedBytes {
                name: Path::new("some/labels"),
                bytes: labels,
            },
            classes,
        )
    }

    fn message(result: Result<LabelledImages, DataError>) -> String {
        result.unwrap_err().to_string()
    }

    fn images() -> Vec<u8> {
        idx(&[3, 1, 2], &[1, 2, 3, 4, 5, 6])
    }

    #[test]
    fn images_and_labels_belong_together() {
        let data = parse(&images(), &idx(&[3], &[0, 9, 4]), 10).unwrap();
        assert_eq!((data.len(), data.rows(), data.columns()), (3, 1, 2));
        assert_eq!(data.classes(), 10);
        assert_eq!(data.image(1), [3, 4]);
        assert_eq!(data.labels(), [0, 9, 4]);
        let (first, rest) = data.split_at(2);
        assert_eq!((first.pixels(), first.labels()), (&[1, 2, 3, 4][..], &[0, 9][..]));
        assert_eq!((rest.pixels(), rest.labels()), (&[5, 6][..], &[4][..]));
    }

    #[test]
    fn files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (image_path, label_path) = (folder.path().join("i"), folder.path().join("l"));
        std::fs::write(&image_path, images()).unwrap();
        let missing = LabelledImages::read(&image_path, &label_path, 10);
        assert!(message(missing).contains(&label_path.display().to_string()));
        std::fs::write(&label_path, idx(&[3], &[0, 9, 4])).unwrap();
        let data = LabelledImages::read(&image_path, &label_path, 10).unwrap();
        assert_eq!(data.pixels(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn counts_must_match() {
        let text = message(parse(&images(), &idx(&[2], &[0, 1]), 10));
        assert!(text.contains("some/labels holds 2 labels"), "{text}");
        assert!(text.contains("some/images holds 3 images"), "{text}");
    }

    #[test]
    fn labels_must_be_below_the_number_of_classes() {
        let text = message(parse(&images(), &idx(&[3], &[0, 9, 4]), 9));
        assert!(text.starts_with("some/labels: label 9 of example 1"), "{text}");
        assert!(text.contains("to 10 or more"), "{text}");
    }

    #[test]
    fn exchanged_files_are_recognized() {
        let labels = idx(&[3], &[0, 9, 4]);
        let text = message(parse(&labels, &images(), 10));
        assert!(text.starts_with("some/images: number of axes 1"), "{text}");
        assert!(text.contains("exchange the two"), "{text}");
        let text = message(parse(&images(), &images(), 10));
        assert!(text.starts_with("some/labels: number of axes 3"), "{text}");
    }

    #[test]
    fn empty_axes_are_refused() {
        let text = message(parse(&idx(&[0, 1, 2], &[]), &idx(&[0], &[]), 10));
        assert!(text.starts_with("some/images: axis 0 of [0, 1, 2]"), "{text}");
        let text = message(parse(&idx(&[1, 1, 0], &[]), &idx(&[1], &[0]), 10));
        assert!(text.starts_with("some/images: axis 2 of [1, 1, 0]"), "{text}");
    }

    #[test]
    #[should_panic(expected = "split of 3 examples after 3: from 1 to 2")]
    fn a_split_leaves_no_part_empty() {
        let data = parse(&images(), &idx(&[3], &[0, 9, 4]), 10).unwrap();
        let _ = data.split_at(3);
    }
}

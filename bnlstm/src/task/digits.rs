//! Sequential digits: 8×8 images, one pixel a step.
//!
//! The images are the test part of UCI's *Optical Recognition of Handwritten Digits* (E. Alpaydin
//! and C. Kaynak, 1998, CC BY 4.0), 1797 in all, with values from 0 to 16. The first 1437 are for
//! training and the last 360 for the test: writers come in runs, so the test has other writers.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nn::data::{LabelledImages, NamedBytes};

use super::order::{PixelOrder, hash};
use super::{Batch, Sizes, Split, Task, TaskError};

const IMAGES: &[u8] = include_bytes!("../../data/digits8x8/digits8x8-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../../data/digits8x8/digits8x8-labels-idx1-ubyte.gz");
const IMAGES_NAME: &str = "digits8x8-images-idx3-ubyte";
const LABELS_NAME: &str = "digits8x8-labels-idx1-ubyte";
const CLASSES: usize = 10;
/// Number, rows and columns of the images.
const SIZE: [usize; 3] = [1797, 8, 8];
const TRAIN: usize = 1437;
const LARGEST_PIXEL: u8 = 16;

/// The task, with its images in memory.
#[derive(Debug)]
pub struct Digits {
    train: LabelledImages,
    test: LabelledImages,
    order: PixelOrder,
    /// Which pixel is read at each step.
    indices: Vec<usize>,
}

impl Digits {
    /// The embedded images, read in the given order.
    ///
    /// # Errors
    /// If the embedded files are damaged.
    pub fn new(order: PixelOrder) -> Result<Self, TaskError> {
        let images = NamedBytes {
            name: Path::new("embedded digits8x8-images-idx3-ubyte.gz"),
            bytes: IMAGES,
        };
        let labels = NamedBytes {
            name: Path::new("embedded digits8x8-labels-idx1-ubyte.gz"),
            bytes: LABELS,
        };
        let all = LabelledImages::parse(images, labels, CLASSES)?;
        Self::split(all, images.name, order)
    }

    /// The same images from the files `digits8x8-images-idx3-ubyte` and
    /// `digits8x8-labels-idx1-ubyte` of a directory, raw or packed with the ending `.gz`; the raw one
    /// is read where there are both.
    ///
    /// # Errors
    /// If a file is not there, cannot be read or is damaged, if the two do not belong together, or if
    /// they do not hold 1797 images of 8×8 pixels from 0 to 16.
    pub fn read(directory: &Path, order: PixelOrder) -> Result<Self, TaskError> {
        let images = find(directory, IMAGES_NAME)?;
        let labels = find(directory, LABELS_NAME)?;
        let all = LabelledImages::read(&images, labels, CLASSES)?;
        Self::split(all, &images, order)
    }

    /// Checks the images of the file `path`, and parts them into training and test.
    fn split(all: LabelledImages, path: &Path, order: PixelOrder) -> Result<Self, TaskError> {
        let found = [all.len(), all.rows(), all.columns()];
        if found != SIZE {
            return Err(TaskError::Size {
                path: path.to_owned(),
                found,
                expected: SIZE,
            });
        }
        let pixels = all.rows() * all.columns();
        if let Some(at) = all.pixels().iter().position(|&pixel| pixel > LARGEST_PIXEL) {
            return Err(TaskError::Pixel {
                path: path.to_owned(),
                example: at / pixels,
                pixel: all.pixels()[at],
                largest: LARGEST_PIXEL,
            });
        }
        let indices = order.indices(pixels);
        let (train, test) = all.split_at(TRAIN);
        Ok(Self {
            train,
            test,
            order,
            indices,
        })
    }

    fn part(&self, split: Split) -> &LabelledImages {
        match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        }
    }
}

/// The path of a file, raw or packed. Other trouble than its absence shows when it is read.
fn find(directory: &Path, name: &'static str) -> Result<PathBuf, TaskError> {
    let paths = [name.to_owned(), format!("{name}.gz")].map(|name| directory.join(name));
    let absent = |path: &PathBuf| fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let found = paths.into_iter().find(|path| !absent(path));
    found.ok_or_else(|| TaskError::Missing {
        directory: directory.to_owned(),
        name,
    })
}

impl Task for Digits {
    fn description(&self) -> String {
        format!(
            "digits: {} images to train on, {} to test on, {} steps of one pixel, {} (order {})",
            self.train.len(),
            self.test.len(),
            self.indices.len(),
            self.order,
            hash(&self.indices)
        )
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            steps: self.indices.len(),
            input_size: 1,
            classes: CLASSES,
        }
    }

    fn examples(&self, split: Split) -> usize {
        self.part(split).len()
    }

    fn batch(&self, split: Split, chosen: &[usize]) -> Batch {
        let part = self.part(split);
        let images: Vec<&[u8]> = chosen.iter().map(|&example| part.image(example)).collect();
        let pixel = |image: &[u8], index: usize| f32::from(image[index]) / f32::from(LARGEST_PIXEL);
        let steps = self.indices.iter();
        Batch {
            examples: chosen.len(),
            inputs: steps
                .flat_map(|&index| images.iter().map(move |image| pixel(image, index)))
                .collect(),
            targets: chosen
                .iter()
                .map(|&example| u32::from(part.labels()[example]))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_split() {
        let digits = Digits::new(PixelOrder::Scan).unwrap();
        assert_eq!(digits.examples(Split::Train), 1437);
        assert_eq!(digits.examples(Split::Test), 360);
        assert_eq!(digits.sizes().steps, 64);
        // Counts of each digit in the whole set, as published.
        let labels = digits.train.labels().iter().chain(digits.test.labels());
        let mut counts = [0; 10];
        labels.for_each(|&label| counts[usize::from(label)] += 1);
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }

    #[test]
    fn a_batch_is_time_major_and_permuted_alike_for_all_images() {
        let order = PixelOrder::Permuted { permutation_seed: 3 };
        let scan = Digits::new(PixelOrder::Scan).unwrap();
        let permuted = Digits::new(order).unwrap();
        let chosen = [5, 0, 359];
        let (a, b) = (
            scan.batch(Split::Test, &chosen),
            permuted.batch(Split::Test, &chosen),
        );
        assert_eq!(a.targets, b.targets);
        for (step, &pixel) in order.indices(64).iter().enumerate() {
            assert_eq!(
                b.inputs[step * 3..step * 3 + 3],
                a.inputs[pixel * 3..pixel * 3 + 3]
            );
        }
        assert!(a.inputs.iter().all(|&x| (0.0..=1.0).contains(&x)));
    }
}

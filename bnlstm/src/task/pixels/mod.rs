//! Images, one pixel a step, and what they show asked for in the end.
//!
//! The embedded digits are the test part of UCI's *Optical Recognition of Handwritten Digits* (E.
//! Alpaydin and C. Kaynak, 1998, CC BY 4.0), 1797 in all, of 8×8 pixels with values from 0 to 16. The
//! first 1197 are for training, the last 360 for the test and the 240 before them to choose by:
//! writers come in runs, so each part has other writers.

mod config;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nn::data::{LabelledImages, NamedBytes};

use rand_chacha::ChaCha8Rng;

use crate::data::images::ImageSet;

pub use config::{DigitsConfig, ImagesName, PmnistConfig, SmnistConfig};

use super::order::{PixelOrder, hash};
use super::{Batch, Head, Input, Inputs, Interface, Metric, Split, Targets, Task, TaskError};

const IMAGES: &[u8] = include_bytes!("../../../data/digits8x8/digits8x8-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../../../data/digits8x8/digits8x8-labels-idx1-ubyte.gz");
const IMAGES_NAME: &str = "digits8x8-images-idx3-ubyte";
const LABELS_NAME: &str = "digits8x8-labels-idx1-ubyte";
const CLASSES: usize = 10;
/// Number, rows and columns of the images.
const SIZE: [usize; 3] = [1797, 8, 8];
/// Of the embedded digits: those to learn from, and those before the test.
const TRAIN: usize = 1197;
const TRAIN_AND_VALID: usize = 1437;
const LARGEST_PIXEL: u8 = 16;
/// Pixels of an image of MNIST.
const MNIST_PIXELS: usize = 784;

/// The task, with its images in memory.
#[derive(Debug)]
pub struct Pixels {
    name: &'static str,
    train: LabelledImages,
    valid: LabelledImages,
    test: LabelledImages,
    /// The value of a pixel that is read as 1.
    largest_pixel: u8,
    order: PixelOrder,
    /// Which pixel is read at each step.
    indices: Vec<usize>,
    provenance: Vec<String>,
}

impl Pixels {
    /// The embedded images, read in the given order.
    ///
    /// # Errors
    /// If the embedded files are damaged.
    pub fn digits(order: PixelOrder) -> Result<Self, TaskError> {
        let images = NamedBytes {
            name: Path::new("embedded digits8x8-images-idx3-ubyte.gz"),
            bytes: IMAGES,
        };
        let labels = NamedBytes {
            name: Path::new("embedded digits8x8-labels-idx1-ubyte.gz"),
            bytes: LABELS,
        };
        let all = LabelledImages::parse(images, labels, CLASSES)?;
        Self::of_digits(all, images.name, order)
    }

    /// The same digits from the files `digits8x8-images-idx3-ubyte` and
    /// `digits8x8-labels-idx1-ubyte` of a directory, raw or packed with the ending `.gz`; the raw one
    /// is read where there are both.
    ///
    /// # Errors
    /// If a file is not there, cannot be read or is damaged, if the two do not belong together, or if
    /// they do not hold 1797 images of 8×8 pixels from 0 to 16.
    pub fn read_digits(directory: &Path, order: PixelOrder) -> Result<Self, TaskError> {
        let images = find(directory, IMAGES_NAME)?;
        let labels = find(directory, LABELS_NAME)?;
        let all = LabelledImages::read(&images, labels, CLASSES)?;
        Self::of_digits(all, &images, order)
    }

    /// Checks the images of the file `path`, and parts them.
    fn of_digits(all: LabelledImages, path: &Path, order: PixelOrder) -> Result<Self, TaskError> {
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
        let (learned, test) = all.split_at(TRAIN_AND_VALID);
        let (train, valid) = learned.split_at(TRAIN);
        Ok(Self {
            name: "digits",
            train,
            valid,
            test,
            largest_pixel: LARGEST_PIXEL,
            order,
            indices,
            provenance: Vec::new(),
        })
    }

    /// Images with values from 0 to 255; `name` is that of the task.
    ///
    /// # Errors
    /// If the order of the pixels is that of the paper's code, and there are not 784.
    pub fn mnist(name: &'static str, images: ImageSet, order: PixelOrder) -> Result<Self, TaskError> {
        let pixels = images.train.rows() * images.train.columns();
        if order == PixelOrder::Authors && pixels != MNIST_PIXELS {
            return Err(TaskError::Order { pixels });
        }
        let mut provenance = images.provenance;
        provenance.insert(0, images.name);
        Ok(Self {
            name,
            train: images.train,
            valid: images.valid,
            test: images.test,
            largest_pixel: u8::MAX,
            order,
            indices: order.indices(pixels),
            provenance,
        })
    }

    fn part(&self, split: Split) -> &LabelledImages {
        match split {
            Split::Train => &self.train,
            Split::Valid => &self.valid,
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

impl Task for Pixels {
    fn description(&self) -> String {
        format!(
            "{}: {} images to train on, {} to choose by, {} to test on, {} steps of one pixel, {} (order {})",
            self.name,
            self.train.len(),
            self.valid.len(),
            self.test.len(),
            self.indices.len(),
            self.order,
            hash(&self.indices)
        )
    }

    fn provenance(&self) -> &[String] {
        &self.provenance
    }

    fn digest(&self) -> u32 {
        let mut checksum = crc32fast::Hasher::new();
        for part in [&self.train, &self.valid, &self.test] {
            checksum.update(part.pixels());
            checksum.update(part.labels());
        }
        checksum.finalize()
    }

    fn interface(&self) -> Interface {
        Interface {
            input: Input::Numbers(1),
            steps: self.indices.len(),
            head: Head::Class(CLASSES),
        }
    }

    fn metric(&self) -> Metric {
        Metric::Accuracy
    }

    fn examples(&self, split: Split) -> usize {
        self.part(split).len()
    }

    fn batch(&self, split: Split, chosen: &[usize], _: &mut ChaCha8Rng) -> Batch {
        let part = self.part(split);
        let images: Vec<&[u8]> = chosen.iter().map(|&example| part.image(example)).collect();
        let largest = f32::from(self.largest_pixel);
        let pixel = |image: &[u8], index: usize| f32::from(image[index]) / largest;
        let steps = self.indices.iter();
        let inputs = steps.flat_map(|&index| images.iter().map(move |image| pixel(image, index)));
        let labels = chosen.iter().map(|&example| u32::from(part.labels()[example]));
        Batch {
            examples: chosen.len(),
            inputs: Inputs::Numbers(inputs.collect()),
            lengths: None,
            question: None,
            targets: Targets::Classes(labels.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn sizes_and_parts() {
        let digits = Pixels::digits(PixelOrder::Scan).unwrap();
        let parts = [Split::Train, Split::Valid, Split::Test];
        assert_eq!(parts.map(|split| digits.examples(split)), [1197, 240, 360]);
        assert_eq!(digits.interface().steps, 64);
        // Counts of each digit in the whole set, as published.
        let labels = parts.into_iter().flat_map(|split| digits.part(split).labels());
        let mut counts = [0; 10];
        labels.for_each(|&label| counts[usize::from(label)] += 1);
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }

    #[test]
    fn a_batch_is_time_major_and_permuted_alike_for_all_images() {
        let order = PixelOrder::Permuted { permutation_seed: 3 };
        let read = |order| {
            let task = Pixels::digits(order).unwrap();
            let batch = task.batch(Split::Test, &[5, 0, 359], &mut ChaCha8Rng::seed_from_u64(0));
            match batch.inputs {
                Inputs::Numbers(numbers) => (numbers, batch.targets),
                symbols => panic!("{symbols:?}"),
            }
        };
        let (scan, permuted) = (read(PixelOrder::Scan), read(order));
        assert_eq!(scan.1, permuted.1);
        for (step, &pixel) in order.indices(64).iter().enumerate() {
            assert_eq!(permuted.0[step * 3..][..3], scan.0[pixel * 3..][..3]);
        }
        assert!(permuted.0.iter().all(|&x| (0.0..=1.0).contains(&x)));
    }
}

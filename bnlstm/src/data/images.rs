//! MNIST, and images that come in files of its format.
//!
//! MNIST and Fashion-MNIST have the same file names. A checksum tells which of the two the files are,
//! whatever their folder is called; files that are no known original are what their folder says, and
//! directly in the data directory they are taken for whichever was asked for.

use std::path::{Path, PathBuf};

use nn::data::{LabelledImages, NamedBytes};

use super::checksum::Verdict;
use super::directory::{DataDirectory, Found};
use super::source::{self, Source};
use super::{DataError, packed};

/// Classes of every dataset with MNIST's file names.
const CLASSES: usize = 10;
/// The files of a dataset in the order of its form, as verdicts call them.
const PARTS: [&str; 4] = ["training images", "training labels", "test images", "test labels"];
/// Name of files that nothing tells the dataset of.
const UNKNOWN: &str = "unknown images with MNIST's names";

/// A dataset of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// Handwritten digits.
    Mnist,
    /// Pieces of clothing.
    FashionMnist,
}

impl Images {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mnist, Self::FashionMnist];

    /// Names and address.
    pub fn source(self) -> &'static Source {
        match self {
            Self::Mnist => &source::MNIST,
            Self::FashionMnist => &source::FASHION_MNIST,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Mnist => Self::FashionMnist,
            Self::FashionMnist => Self::Mnist,
        }
    }
}

/// Images `[N, R, C]` to learn from, to validate with and to test on, with labels of 10 classes.
///
/// The first five sixths of the training file (50 000 of MNIST's 60 000) are to learn from, the
/// others to validate with; the number is rounded down, also in smaller files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSet {
    /// What the images are, as far as checksums and folders tell.
    pub name: String,
    /// To learn from.
    pub train: LabelledImages,
    /// To choose settings with.
    pub valid: LabelledImages,
    /// To measure with in the end.
    pub test: LabelledImages,
    /// A line for each file: its path, and whether it is the original.
    pub provenance: Vec<String>,
}

impl ImageSet {
    /// Finds, checks and reads the four files of a dataset.
    ///
    /// # Errors
    /// If the dataset is not there, if files cannot be read, are damaged or do not belong together,
    /// or if there are fewer than two images to learn from.
    pub fn find(directory: &DataDirectory, wanted: Images) -> Result<Self, DataError> {
        locate(directory, wanted)?.parse()
    }
}

/// The four files of a dataset, unpacked: training images and labels, test images and labels.
pub(super) struct Located {
    /// What they are.
    pub(super) name: String,
    pub(super) files: Vec<File>,
}

/// A file of images or labels, unpacked.
pub(super) struct File {
    pub(super) path: PathBuf,
    content: Vec<u8>,
    pub(super) verdict: Verdict,
}

/// Finds the wanted images, and checks which they are.
pub(super) fn locate(directory: &DataDirectory, wanted: Images) -> Result<Located, DataError> {
    let mut notes = Vec::new();
    for found in directory.candidates(wanted.source()) {
        let files = read(&found)?;
        match identity(&files)? {
            Some(images) if images != wanted => notes.push(belongs_to(&files, images)),
            Some(_) => return Ok(located(wanted.source().name.to_owned(), files)),
            None if is_unnamed(found.folder) => return Ok(located(UNKNOWN.to_owned(), files)),
            None => {
                let name = format!("{} by the name of its folder", wanted.source().name);
                return Ok(located(name, files));
            }
        }
    }
    // A folder that is named after the other dataset is believed less than the checksums.
    for found in directory.candidates(wanted.other().source()) {
        if is_unnamed(found.folder) {
            continue;
        }
        let files = read(&found)?;
        if identity(&files)? == Some(wanted) {
            return Ok(located(wanted.source().name.to_owned(), files));
        }
    }
    Err(directory.missing(wanted.source(), notes))
}

fn located(name: String, files: Vec<File>) -> Located {
    Located { name, files }
}

/// Whether a folder's name says nothing of the dataset in it.
fn is_unnamed(folder: &str) -> bool {
    matches!(folder, "" | "raw")
}

fn belongs_to(files: &[File], images: Images) -> String {
    let folder = files[0].path.parent().unwrap_or(Path::new("."));
    format!(
        "{} holds {}, by its checksums",
        folder.display(),
        images.source().name
    )
}

fn read(found: &Found) -> Result<Vec<File>, DataError> {
    let file = |path: &PathBuf| {
        let content = packed::read(path)?;
        let verdict = Verdict::of(&content);
        Ok(File {
            path: path.clone(),
            content,
            verdict,
        })
    };
    found.paths.iter().map(file).collect()
}

/// Which dataset the files are by their checksums; nothing, if not all four are the originals of their
/// names.
fn identity(files: &[File]) -> Result<Option<Images>, DataError> {
    let known = || {
        let dataset = |file: &'_ File| file.verdict.dataset();
        files.iter().filter_map(move |file| Some((file, dataset(file)?)))
    };
    let Some((_, expected)) = known().next() else {
        return Ok(None);
    };
    if let Some((file, found)) = known().find(|&(_, dataset)| dataset != expected) {
        return Err(DataError::Mixed {
            path: file.path.clone(),
            found,
            expected,
        });
    }
    let original = |(file, part): (&File, &'static str)| {
        let dataset = expected;
        file.verdict == Verdict::Original { dataset, part }
    };
    let all = files.iter().zip(PARTS).all(original);
    let images = Images::ALL
        .into_iter()
        .find(|images| images.source().name == expected);
    Ok(images.filter(|_| all))
}

impl Located {
    fn parse(self) -> Result<ImageSet, DataError> {
        let [train_images, train_labels, test_images, test_labels] =
            [0, 1, 2, 3].map(|part| &self.files[part]);
        let train = parse(train_images, train_labels)?;
        let test = parse(test_images, test_labels)?;
        let size = |images: &LabelledImages| [images.rows(), images.columns()];
        if size(&train) != size(&test) {
            return Err(DataError::ImageSizes {
                train: train_images.path.clone(),
                train_size: size(&train),
                test: test_images.path.clone(),
                test_size: size(&test),
            });
        }
        let count = train.len();
        if count < 2 {
            return Err(DataError::FewImages {
                path: train_images.path.clone(),
                count,
            });
        }
        let (train, valid) = train.split_at(count * 5 / 6);
        Ok(ImageSet {
            train,
            valid,
            test,
            provenance: self.files.iter().map(File::line).collect(),
            name: self.name,
        })
    }
}

impl File {
    fn line(&self) -> String {
        format!("{}: {}", self.path.display(), self.verdict)
    }

    fn named(&self) -> NamedBytes<'_> {
        NamedBytes {
            name: &self.path,
            bytes: &self.content,
        }
    }
}

fn parse(images: &File, labels: &File) -> Result<LabelledImages, DataError> {
    Ok(LabelledImages::parse(images.named(), labels.named(), CLASSES)?)
}

#[cfg(test)]
mod tests;

//! Where files are looked for.
//!
//! A dataset is looked for in the data directory itself and in the folders that users have
//! ([`Source::folders`]). All its files have to be in one folder; each is raw, or packed with the
//! ending `.gz`, and the raw one is read where there are both.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::DataError;
use super::source::{Form, Kind, Source};

/// The directory that holds the user's datasets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDirectory {
    root: PathBuf,
}

/// A dataset that is there, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which of the dataset's folders, relative to the data directory; `""` is this itself.
    pub folder: &'static str,
    /// In which form.
    pub form: &'static Form,
    /// The parts of the form, in its order.
    pub paths: Vec<PathBuf>,
}

impl DataDirectory {
    /// A directory to look in.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, DataError> {
        let root = root.into();
        if root.is_dir() {
            Ok(Self { root })
        } else {
            Err(DataError::NoDirectory { path: root })
        }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The dataset in all forms and folders where it is complete: form by form, and within a form in
    /// the order of its folders.
    pub fn candidates(&self, source: &'static Source) -> impl Iterator<Item = Found> {
        let forms = source.forms.iter();
        forms.flat_map(move |form| {
            let folders = source.folders.iter();
            folders.filter_map(move |&folder| self.complete(folder, form))
        })
    }

    /// The first of the [`candidates`](Self::candidates).
    ///
    /// # Errors
    /// [`DataError::Missing`], with the names that were looked for.
    pub fn find(&self, source: &'static Source) -> Result<Found, DataError> {
        let first = self.candidates(source).next();
        first.ok_or_else(|| self.missing(source, Vec::new()))
    }

    /// The error of a dataset that is not there; `notes` tell what was found in its place. Files that
    /// are there without the others, and archives, are added to them.
    pub fn missing(&self, source: &'static Source, mut notes: Vec<String>) -> DataError {
        for form in source.forms {
            let folders = source.folders.iter();
            notes.extend(folders.filter_map(|folder| self.incomplete(folder, form)));
        }
        for folder in source.folders {
            let names = source
                .archives
                .iter()
                .map(|name| self.root.join(folder).join(name));
            let archives = names.filter(|path| path.is_file());
            notes.extend(archives.map(|path| format!("{} is packed: unpack it", path.display())));
        }
        DataError::Missing {
            directory: self.root.clone(),
            dataset: source,
            notes,
        }
    }

    fn complete(&self, folder: &'static str, form: &'static Form) -> Option<Found> {
        let parts = form.parts.iter();
        let paths: Option<Vec<PathBuf>> = parts.map(|names| self.part(folder, form.kind, names)).collect();
        paths.map(|paths| Found { folder, form, paths })
    }

    /// What a folder lacks that has some of the parts.
    fn incomplete(&self, folder: &str, form: &Form) -> Option<String> {
        let absent = |names: &&&[&str]| self.part(folder, form.kind, names).is_none();
        let lacking: Vec<&str> = form.parts.iter().filter(absent).map(|names| names[0]).collect();
        let some = !lacking.is_empty() && lacking.len() < form.parts.len();
        some.then(|| {
            let folder = self.folder(folder);
            format!("{} lacks {}", folder.display(), lacking.join(", "))
        })
    }

    /// The path of a folder; joining an empty one would leave a slash at the end.
    fn folder(&self, folder: &str) -> PathBuf {
        match folder {
            "" => self.root.clone(),
            folder => self.root.join(folder),
        }
    }

    /// The path of one part, under the first of its names that is there.
    fn part(&self, folder: &str, kind: Kind, names: &[&str]) -> Option<PathBuf> {
        let folder = self.folder(folder);
        let raw = names.iter().map(|name| folder.join(name));
        match kind {
            Kind::Folders => raw.into_iter().find(|path| path.is_dir()),
            Kind::Files => {
                let packed = names.iter().map(|name| folder.join(format!("{name}.gz")));
                raw.chain(packed).find(|path| is_there(path))
            }
        }
    }
}

/// Whether there is a file. Other trouble than its absence shows when it is read.
fn is_there(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(metadata) => !metadata.is_dir(),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::source::{ALL, CNN, MNIST, PENN_TREEBANK, TEXT8};
    use super::*;

    fn directory(files: &[&str]) -> (TempDir, DataDirectory) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let directory = DataDirectory::open(folder.path()).unwrap();
        (folder, directory)
    }

    fn paths(directory: &DataDirectory, found: &Found) -> Vec<String> {
        let relative = found.paths.iter().map(|path| path.strip_prefix(directory.root()));
        relative.map(|path| path.unwrap().display().to_string()).collect()
    }

    #[test]
    fn raw_packed_and_dotted_names_are_found_and_raw_ones_win() {
        let (_folder, directory) = directory(&[
            "MNIST/raw/train-images-idx3-ubyte.gz",
            "MNIST/raw/train-images.idx3-ubyte",
            "MNIST/raw/train-labels.idx1-ubyte.gz",
            "MNIST/raw/t10k-images-idx3-ubyte",
            "MNIST/raw/t10k-images-idx3-ubyte.gz",
            "MNIST/raw/t10k-labels-idx1-ubyte.gz",
        ]);
        let found = directory.find(&MNIST).unwrap();
        assert_eq!(found.folder, "MNIST/raw");
        let expected = [
            "MNIST/raw/train-images.idx3-ubyte",
            "MNIST/raw/train-labels.idx1-ubyte.gz",
            "MNIST/raw/t10k-images-idx3-ubyte",
            "MNIST/raw/t10k-labels-idx1-ubyte.gz",
        ];
        assert_eq!(paths(&directory, &found), expected);
    }

    #[test]
    fn word_files_go_before_character_files_wherever_they_are() {
        let (_folder, directory) = directory(&[
            "ptb.char.train.txt",
            "ptb.char.valid.txt",
            "ptb.char.test.txt",
            "simple-examples/data/ptb.train.txt",
            "simple-examples/data/ptb.valid.txt",
            "simple-examples/data/ptb.test.txt",
        ]);
        let forms: Vec<&str> = directory
            .candidates(&PENN_TREEBANK)
            .map(|found| found.form.name)
            .collect();
        assert_eq!(forms, ["word files", "character files"]);
    }

    #[test]
    fn a_folder_with_the_name_of_a_file_is_no_file() {
        let (_folder, directory) = directory(&["text8/text8"]);
        let found = directory.find(&TEXT8).unwrap();
        assert_eq!(paths(&directory, &found), ["text8/text8"]);
    }

    #[test]
    fn folders_of_questions_are_found() {
        let (_folder, directory) = directory(&[
            "cnn/questions/training/a.question",
            "cnn/questions/validation/b.question",
            "cnn/questions/test/c.question",
        ]);
        let found = directory.find(&CNN).unwrap();
        assert_eq!(found.folder, "cnn");
        assert_eq!(paths(&directory, &found)[2], "cnn/questions/test");
    }

    #[test]
    fn what_is_missing_is_told_with_names_folders_and_address() {
        let (_folder, directory) = directory(&[
            "mnist/train-images-idx3-ubyte",
            "mnist/train-labels-idx1-ubyte",
            "mnist/t10k-images-idx3-ubyte.gz",
            "mnist.npz",
        ]);
        let text = directory.find(&MNIST).unwrap_err().to_string();
        for part in [
            &format!("{}: MNIST is not there", directory.root().display()),
            "`train-images-idx3-ubyte` (or `train-images.idx3-ubyte`)",
            "raw or with the ending `.gz`",
            "in the directory itself or in one of `mnist`, `MNIST/raw`",
            "mnist lacks t10k-labels-idx1-ubyte",
            "mnist.npz is packed: unpack it",
            "http://yann.lecun.com/exdb/mnist/",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn nothing_is_found_in_an_empty_directory_and_no_directory_is_an_error() {
        let (folder, directory) = directory(&[]);
        for source in ALL {
            let text = directory.find(source).unwrap_err().to_string();
            assert!(text.contains(source.name) && text.contains(source.url), "{text}");
        }
        let text = DataDirectory::open(folder.path().join("no"))
            .unwrap_err()
            .to_string();
        assert!(text.contains("no directory"), "{text}");
    }
}

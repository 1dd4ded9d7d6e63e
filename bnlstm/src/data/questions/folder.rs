//! The folder of `.question` files.

use std::borrow::Borrow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nn::files;

use super::question::sha1;
use super::{Part, PartReport, Question, QuestionError, QuestionSource};

const ENDING: &str = "question";

/// What becomes of malformed files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// The first one is an error.
    #[default]
    Strict,
    /// They are skipped and counted.
    Lenient,
}

/// The files of the corpus: `questions/{training,validation,test}/*.question`.
///
/// Files are read in the order of their names, one at a time; nothing but the names is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionFolder {
    questions: PathBuf,
    strictness: Strictness,
    limit: Option<usize>,
}

impl QuestionFolder {
    /// The corpus in `directory`: the folder `cnn` that holds `questions`, or the folder above it.
    ///
    /// `limit` is the largest number of files that are read for each part.
    ///
    /// # Errors
    /// If neither `directory/questions/training` nor `directory/cnn/questions/training` is a folder.
    pub fn find(
        directory: impl AsRef<Path>,
        strictness: Strictness,
        limit: Option<usize>,
    ) -> Result<Self, QuestionError> {
        let directory = directory.as_ref();
        let places = ["questions", "cnn/questions"].map(|place| directory.join(place));
        let found = places
            .into_iter()
            .find(|place| place.join(Part::Training.folder()).is_dir());
        let questions = found.ok_or_else(|| QuestionError::Missing {
            directory: directory.to_owned(),
        })?;
        Ok(Self {
            questions,
            strictness,
            limit,
        })
    }

    /// The questions of a part, all in memory.
    ///
    /// # Errors
    /// As [`visit`](QuestionSource::visit).
    pub fn read(&self, part: Part) -> Result<(Vec<Question>, PartReport), QuestionError> {
        let mut questions = Vec::new();
        let report = self.visit(part, &mut |question| questions.push(question))?;
        Ok((questions, report))
    }

    /// The files of a part, sorted by name.
    fn files(&self, folder: &Path) -> Result<Vec<PathBuf>, QuestionError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed("list the folder", folder))? {
            let path = entry.map_err(failed("list the folder", folder))?.path();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                paths.push(path);
            }
        }
        paths.sort_unstable();
        paths.truncate(self.limit.unwrap_or(usize::MAX));
        Ok(paths)
    }
}

impl QuestionSource for QuestionFolder {
    /// # Errors
    /// If the folder of the part or a file cannot be read, if a file is malformed and
    /// [`Strictness::Strict`] is set, or if there is no file that can be used.
    fn visit(&self, part: Part, use_question: &mut dyn FnMut(Question)) -> Result<PartReport, QuestionError> {
        let folder = self.questions.join(part.folder());
        let mut report = PartReport::default();
        for path in self.files(&folder)? {
            let bytes = files::read(&path)?;
            report.files += 1;
            match Question::parse(&path, &bytes) {
                Ok(question) => {
                    let digest = sha1(&bytes);
                    if path.file_stem().is_none_or(|stem| stem != digest.as_str()) {
                        report.misnamed.add(|| path.display().to_string());
                    }
                    use_question(question);
                }
                Err(error) if self.strictness == Strictness::Strict => return Err(error.into()),
                Err(error) => report.skipped.add(|| error.to_string()),
            }
        }
        if report.files == report.skipped.count {
            return Err(QuestionError::Empty {
                folder,
                part,
                files: report.files,
                skipped: report.skipped.count,
            });
        }
        Ok(report)
    }
}

/// Writes questions as files of `folder`, which is created if it is not there, and named by the
/// SHA-1 of their content. Returns the number of questions.
///
/// Files of that name are replaced, others are left alone. [`QuestionFolder`] reads the files if
/// `folder` is `DIR/questions/training`, or the same for another part.
///
/// # Errors
/// If a question would not be read again, as when a part of it holds a newline, or if the file
/// system refuses.
pub fn write_questions<Q: Borrow<Question>>(
    folder: impl AsRef<Path>,
    questions: impl IntoIterator<Item = Q>,
) -> Result<usize, QuestionError> {
    let folder = folder.as_ref();
    fs::create_dir_all(folder).map_err(failed("create the folder", folder))?;
    let mut count = 0;
    for question in questions {
        let bytes = question.borrow().to_bytes();
        let path = folder.join(format!("{}.{ENDING}", sha1(&bytes)));
        Question::parse(&path, &bytes)?;
        fs::write(&path, bytes).map_err(failed("write the file", &path))?;
        count += 1;
    }
    Ok(count)
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> QuestionError {
    let path = path.to_owned();
    move |source| QuestionError::Io {
        operation,
        path,
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{GeneratedConfig, GeneratedCorpus};
    use super::*;

    fn generated() -> Vec<Question> {
        let config = GeneratedConfig {
            training: 12,
            ..GeneratedConfig::default()
        };
        let mut questions = Vec::new();
        let corpus = GeneratedCorpus::new(config, 3);
        corpus
            .visit(Part::Training, &mut |question| questions.push(question))
            .unwrap();
        questions.sort_by_key(Question::name);
        questions
    }

    fn strict(directory: &Path) -> QuestionFolder {
        QuestionFolder::find(directory, Strictness::Strict, None).unwrap()
    }

    #[test]
    fn what_is_written_is_read_in_the_order_of_names() {
        let directory = tempfile::tempdir().unwrap();
        let questions = generated();
        for place in ["questions", "cnn/questions"] {
            let folder = directory.path().join(place).join("training");
            let count = write_questions(&folder, questions.iter().rev()).unwrap();
            assert_eq!(count, 12);
            let (read, report) = strict(directory.path()).read(Part::Training).unwrap();
            assert_eq!(read, questions);
            let expected = PartReport {
                files: 12,
                ..PartReport::default()
            };
            assert_eq!(report, expected);
            fs::remove_dir_all(&folder).unwrap();
        }
    }

    #[test]
    fn the_limit_takes_the_first_files() {
        let directory = tempfile::tempdir().unwrap();
        let questions = generated();
        write_questions(directory.path().join("questions/training"), &questions).unwrap();
        let folder = QuestionFolder::find(directory.path(), Strictness::Strict, Some(5)).unwrap();
        let (read, report) = folder.read(Part::Training).unwrap();
        assert_eq!((read.as_slice(), report.files), (&questions[..5], 5));
        let none = QuestionFolder::find(directory.path(), Strictness::Strict, Some(0)).unwrap();
        let error = none.read(Part::Training).unwrap_err().to_string();
        assert!(
            error.contains("no question for training, with 0 files"),
            "{error}"
        );
    }

    #[test]
    fn malformed_files_are_an_error_or_skipped_and_misnamed_ones_reported() {
        let directory = tempfile::tempdir().unwrap();
        let questions = generated();
        let folder = directory.path().join("questions/training");
        write_questions(&folder, &questions).unwrap();
        fs::write(folder.join("README"), "not a question").unwrap();
        fs::write(folder.join("bad.question"), "http://a\n\n").unwrap();
        fs::write(folder.join("renamed.question"), questions[3].to_bytes()).unwrap();

        let error = strict(directory.path()).read(Part::Training).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("bad.question: line 4 (separator) is missing"),
            "{text}"
        );

        let lenient = QuestionFolder::find(directory.path(), Strictness::Lenient, None).unwrap();
        let (read, report) = lenient.read(Part::Training).unwrap();
        assert_eq!(read.len(), 13);
        assert_eq!(report.files, 14);
        assert_eq!((report.skipped.count, &report.skipped.first), (1, &vec![text]));
        let renamed = folder.join("renamed.question").display().to_string();
        assert_eq!((report.misnamed.count, report.misnamed.first), (1, vec![renamed]));
    }

    #[test]
    fn nothing_but_malformed_files_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("questions/training");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("bad.question"), "").unwrap();
        let lenient = QuestionFolder::find(directory.path(), Strictness::Lenient, None).unwrap();
        let error = lenient.read(Part::Training).unwrap_err().to_string();
        assert!(
            error.contains("1 files ending in `.question`, of which 1 are malformed"),
            "{error}"
        );
    }

    #[test]
    fn missing_folders_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let error = QuestionFolder::find(directory.path(), Strictness::Strict, None).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(&directory.path().display().to_string()),
            "{text}"
        );
        assert!(text.contains("`questions/training`"), "{text}");
        write_questions(directory.path().join("questions/training"), generated()).unwrap();
        let error = strict(directory.path()).read(Part::Test).unwrap_err().to_string();
        assert!(error.contains("cannot list the folder"), "{error}");
    }

    #[test]
    fn a_question_that_would_not_be_read_again_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let mut question = generated().remove(0);
        question.context.push_str("\nmore");
        let error = write_questions(directory.path(), [question]).unwrap_err();
        assert!(matches!(error, QuestionError::Malformed(_)), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

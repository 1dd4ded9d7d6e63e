//! Which task, as a configuration has it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Adding, CharLm, Copy, PixelOrder, Pixels, Questions, Task, TaskError};
use crate::config::{ValueError, from_one_to};
use crate::data::directory::DataDirectory;
use crate::data::images::{ImageSet, Images};
use crate::data::questions::{
    GeneratedConfig, GeneratedCorpus, QuestionData, QuestionFolder, Reading, Strictness,
};
use crate::data::text::{Corpus, Fractions};

/// Longer sequences than this do not fit in memory.
const MOST_STEPS: usize = 1 << 20;

/// The order of more examples than this does not fit in memory.
const MOST_EXAMPLES: usize = 1 << 28;

/// Name of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TaskName {
    /// 8×8 images of handwritten digits, one pixel a step (embedded).
    Digits,
    /// MNIST, one pixel a step in scan order.
    Smnist,
    /// MNIST, one pixel a step in a permuted order.
    Pmnist,
    /// The next character of a text (the King James text is embedded).
    Charlm,
    /// The entity that a question about a story asks for (generated stories without any files).
    Qa,
    /// Symbols to be repeated after a long time (generated).
    Copy,
    /// Two marked numbers among many, to be added (generated).
    Adding,
}

impl TaskName {
    /// Where it is from.
    pub fn reference(self) -> &'static str {
        match self {
            Self::Digits => "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits",
            Self::Smnist | Self::Pmnist => "Le, Jaitly & Hinton 2015, arXiv 1504.00941",
            Self::Charlm => "Cooijmans et al. 2016, section 5.2; Mikolov et al. 2012",
            Self::Qa => "Hermann et al. 2015, arXiv 1506.03340; Cooijmans et al. 2016, section 5.4",
            Self::Copy => "Arjovsky, Shah & Bengio 2016, arXiv 1511.06464, section 4.1",
            Self::Adding => "Hochreiter & Schmidhuber 1997; Le, Jaitly & Hinton 2015, arXiv 1504.00941",
        }
    }

    /// The preset that ends in minutes.
    pub fn preset(self) -> &'static str {
        match self {
            Self::Digits => "digits-quick",
            Self::Smnist => "smnist-quick",
            Self::Pmnist => "pmnist-quick",
            Self::Charlm => "charlm-quick",
            Self::Qa => "qa-quick",
            Self::Copy => "copy-quick",
            Self::Adding => "adding-quick",
        }
    }
}

/// Images in the format of MNIST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImagesName {
    /// Handwritten digits.
    #[default]
    Mnist,
    /// Pieces of clothing.
    FashionMnist,
}

impl ImagesName {
    fn images(self) -> Images {
        match self {
            Self::Mnist => Images::Mnist,
            Self::FashionMnist => Images::FashionMnist,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Mnist => "MNIST",
            Self::FashionMnist => "Fashion-MNIST",
        }
    }
}

/// A text for character models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CorpusName {
    /// The King James text, which is embedded.
    KingJames,
    /// The Penn Treebank, in Mikolov's word files or their character form.
    Ptb,
    /// text8.
    Text8,
    /// A text file of one's own.
    File,
}

impl CorpusName {
    fn name(self) -> &'static str {
        match self {
            Self::KingJames => "king-james",
            Self::Ptb => "ptb",
            Self::Text8 => "text8",
            Self::File => "file",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::KingJames => "the King James text",
            Self::Ptb => "the Penn Treebank",
            Self::Text8 => "text8",
            Self::File => "a text file",
        }
    }

    /// Whether it is found in a directory of data.
    fn reads_directory(self) -> bool {
        matches!(self, Self::Ptb | Self::Text8)
    }
}

/// Questions about stories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionsName {
    /// Made up.
    Generated,
    /// The CNN corpus.
    Cnn,
}

impl QuestionsName {
    fn title(self) -> &'static str {
        match self {
            Self::Generated => "generated questions",
            Self::Cnn => "CNN questions",
        }
    }
}

/// Which task, and how it is presented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TaskConfig {
    /// 8×8 images of handwritten digits, one pixel a step.
    Digits {
        /// The directory of the two files, if they are not the embedded ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<PathBuf>,
        /// The order of the pixels.
        order: PixelOrder,
    },
    /// 28×28 images, one pixel a step in scan order.
    Smnist {
        /// The directory of data files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<PathBuf>,
        /// Which images.
        #[serde(default)]
        images: ImagesName,
    },
    /// 28×28 images, one pixel a step in an order of its own.
    Pmnist {
        /// The directory of data files.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<PathBuf>,
        /// Which images.
        #[serde(default)]
        images: ImagesName,
        /// The order of the pixels.
        order: PixelOrder,
    },
    /// The next character of a text.
    Charlm {
        /// The directory of data files, for the corpora that are not embedded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<PathBuf>,
        /// Which text.
        corpus: CorpusName,
        /// The file of a text of one's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<PathBuf>,
        /// Whether the text is brought to the 27 symbols of text8.
        #[serde(default)]
        normalize: bool,
        /// Fractions of the text to train on, to choose by and to test on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fractions: Option<[f64; 3]>,
        /// Characters of a sequence, of which the last is not read and the first not answered.
        length: usize,
        /// Whether a batch goes on with the states in which the one before it has ended.
        #[serde(default)]
        carry_state: bool,
    },
    /// The entity that a question about a story asks for.
    Qa {
        /// The directory of data files, for the CNN corpus.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<PathBuf>,
        /// Which questions.
        corpus: QuestionsName,
        /// Of each story only so many sentences, those most like the question; without it, all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sentences: Option<usize>,
        /// Of the CNN corpus: whether malformed files are left out, and not an error.
        #[serde(default)]
        lenient: bool,
        /// The largest number of questions of each part. Of made-up questions, so many are made to
        /// learn from, and at most so many of the usual 1000 of each other part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Seed of made-up questions.
        #[serde(default = "one")]
        data_seed: u64,
    },
    /// Symbols to be repeated after a long time.
    Copy {
        /// Steps from the last of the data to the first answer.
        delay: usize,
        /// Sequences to learn from.
        examples: usize,
        /// Seed of the sequences.
        data_seed: u64,
    },
    /// Two marked numbers among many, whose sum is asked for.
    Adding {
        /// `T`, how many numbers.
        steps: usize,
        /// Sequences to learn from.
        examples: usize,
        /// Seed of the sequences.
        data_seed: u64,
    },
}

impl TaskConfig {
    /// Looks for values that make no sense.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check(&self) -> Result<(), ValueError> {
        match *self {
            TaskConfig::Digits { order, .. } => match order {
                PixelOrder::Authors => Err(ValueError::new(
                    "task.order",
                    "authors",
                    "this order goes through the 784 pixels of MNIST; give `scan` or `permuted`",
                )),
                PixelOrder::Scan | PixelOrder::Permuted { .. } => Ok(()),
            },
            TaskConfig::Smnist { .. } => Ok(()),
            TaskConfig::Pmnist { order, .. } => match order {
                PixelOrder::Scan => Err(ValueError::new(
                    "task.order",
                    "scan",
                    "this is the task smnist; give `permuted` or `authors`",
                )),
                PixelOrder::Permuted { .. } | PixelOrder::Authors => Ok(()),
            },
            TaskConfig::Charlm { .. } => self.check_charlm(),
            TaskConfig::Qa {
                ref data,
                corpus,
                sentences,
                limit,
                ..
            } => {
                check_questions(data.as_deref(), corpus)?;
                let counts = [("task.sentences", sentences), ("task.limit", limit)];
                let mut given = counts
                    .into_iter()
                    .filter_map(|(field, count)| Some((field, count?)));
                given.try_for_each(|(field, count)| from_one_to(field, count, usize::MAX))
            }
            TaskConfig::Copy { delay, examples, .. } => {
                from_one_to("task.delay", delay, MOST_STEPS)?;
                check_examples(examples)
            }
            TaskConfig::Adding { steps, examples, .. } => {
                at_least_two("task.steps", steps)?;
                from_one_to("task.steps", steps, MOST_STEPS)?;
                check_examples(examples)
            }
        }
    }

    fn check_charlm(&self) -> Result<(), ValueError> {
        let TaskConfig::Charlm {
            data,
            corpus,
            text,
            normalize,
            fractions,
            length,
            ..
        } = self
        else {
            return Ok(());
        };
        at_least_two("task.length", *length)?;
        let shown = |path: &PathBuf| path.display().to_string();
        let given = [
            ("task.data", data.as_ref().map(shown), corpus.reads_directory()),
            ("task.text", text.as_ref().map(shown), *corpus == CorpusName::File),
            (
                "task.normalize",
                normalize.then(|| "true".to_owned()),
                !corpus.reads_directory(),
            ),
            (
                "task.fractions",
                fractions.map(|fractions| format!("{fractions:?}")),
                *corpus == CorpusName::File,
            ),
        ];
        for (field, value, fits) in given {
            if let Some(value) = value.filter(|_| !fits) {
                let remedy = format!("task.corpus = {} has no use for it; leave it out", corpus.name());
                return Err(ValueError::new(field, value, remedy));
            }
        }
        if *corpus == CorpusName::File && text.is_none() {
            let remedy = "give the path of a text file (--text)";
            return Err(ValueError::new("task.text", "nothing", remedy));
        }
        fractions.map_or(Ok(()), |values| {
            let fits = Fractions::new(values).map(drop);
            fits.map_err(|error| ValueError::new("task.fractions", format!("{values:?}"), error.to_string()))
        })
    }

    /// Whether it reads files of a directory of data, and has none.
    pub fn wants_data(&self) -> bool {
        match self {
            TaskConfig::Smnist { data, .. } | TaskConfig::Pmnist { data, .. } => data.is_none(),
            TaskConfig::Charlm { data, corpus, .. } => data.is_none() && corpus.reads_directory(),
            TaskConfig::Qa { data, corpus, .. } => data.is_none() && *corpus == QuestionsName::Cnn,
            TaskConfig::Digits { .. } | TaskConfig::Copy { .. } | TaskConfig::Adding { .. } => false,
        }
    }

    /// Whether every step is to tell the input of the next one.
    pub fn asks_what_comes_next(&self) -> bool {
        matches!(self, TaskConfig::Charlm { .. })
    }

    /// Whether a story is read and a question about it is asked.
    pub fn asks_questions(&self) -> bool {
        matches!(self, TaskConfig::Qa { .. })
    }

    /// Makes the data ready.
    ///
    /// # Errors
    /// If the data cannot be read.
    pub fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        Ok(match self {
            TaskConfig::Digits { data, order } => Box::new(match data {
                None => Pixels::digits(*order)?,
                Some(directory) => Pixels::read_digits(directory, *order)?,
            }),
            TaskConfig::Smnist { data, images } => {
                Box::new(mnist(data.as_deref(), *images, "smnist", PixelOrder::Scan)?)
            }
            TaskConfig::Pmnist { data, images, order } => {
                Box::new(mnist(data.as_deref(), *images, "pmnist", *order)?)
            }
            TaskConfig::Charlm {
                length, carry_state, ..
            } => Box::new(CharLm::new(Arc::new(self.corpus()?), *length, *carry_state)?),
            TaskConfig::Qa { .. } => Box::new(self.questions()?),
            TaskConfig::Copy {
                delay,
                examples,
                data_seed,
            } => Box::new(Copy::new(*delay, *examples, *data_seed)),
            TaskConfig::Adding {
                steps,
                examples,
                data_seed,
            } => Box::new(Adding::new(*steps, *examples, *data_seed)),
        })
    }
}

impl TaskConfig {
    /// The text of a character model.
    ///
    /// # Errors
    /// If it cannot be read.
    ///
    /// # Panics
    /// If the task is another one.
    pub fn corpus(&self) -> Result<Corpus, TaskError> {
        let TaskConfig::Charlm {
            data,
            corpus,
            text,
            normalize,
            fractions,
            ..
        } = self
        else {
            panic!("corpus: the task `{self}` has no text");
        };
        let directory = || data_directory(data.as_deref(), "charlm");
        let fractions = || fractions.map_or(Ok(Fractions::default()), Fractions::new);
        Ok(match corpus {
            CorpusName::KingJames => Corpus::king_james(*normalize)?,
            CorpusName::Ptb => Corpus::ptb(&directory()?)?,
            CorpusName::Text8 => Corpus::text8(&directory()?)?,
            CorpusName::File => {
                let path = text.as_deref().expect("checked");
                Corpus::file(path, fractions()?, *normalize)?
            }
        })
    }
}

impl TaskConfig {
    /// # Panics
    /// If the task is another one.
    fn questions(&self) -> Result<Questions, TaskError> {
        let TaskConfig::Qa {
            data,
            corpus,
            sentences,
            lenient,
            limit,
            data_seed,
        } = self
        else {
            panic!("questions: the task `{self}` has none");
        };
        let reading = Reading {
            sentences: *sentences,
            ..Reading::default()
        };
        let strictness = match lenient {
            true => Strictness::Lenient,
            false => Strictness::Strict,
        };
        let read = match corpus {
            QuestionsName::Generated => {
                let config = GeneratedConfig::default();
                let config = GeneratedConfig {
                    training: limit.unwrap_or(config.training),
                    validation: limit.unwrap_or(usize::MAX).min(config.validation),
                    test: limit.unwrap_or(usize::MAX).min(config.test),
                    ..config
                };
                QuestionData::read(&GeneratedCorpus::new(config, *data_seed), reading)?
            }
            QuestionsName::Cnn => {
                let directory = data.as_deref().ok_or(TaskError::NoData { task: "qa" })?;
                QuestionData::read(&QuestionFolder::find(directory, strictness, *limit)?, reading)?
            }
        };
        Ok(Questions::new(corpus.title(), read))
    }
}

fn data_directory(data: Option<&Path>, task: &'static str) -> Result<DataDirectory, TaskError> {
    let data = data.ok_or(TaskError::NoData { task })?;
    Ok(DataDirectory::open(data)?)
}

fn mnist(
    data: Option<&Path>,
    images: ImagesName,
    task: &'static str,
    order: PixelOrder,
) -> Result<Pixels, TaskError> {
    let directory = data_directory(data, task)?;
    Pixels::mnist(task, ImageSet::find(&directory, images.images())?, order)
}

fn one() -> u64 {
    1
}

/// Made-up questions have no use for a directory.
fn check_questions(data: Option<&Path>, corpus: QuestionsName) -> Result<(), ValueError> {
    match (corpus, data) {
        (QuestionsName::Generated, Some(data)) => {
            let remedy = "task.corpus = generated reads no files; leave it out, or set task.corpus to cnn";
            Err(ValueError::new("task.data", data.display(), remedy))
        }
        (QuestionsName::Generated, None) | (QuestionsName::Cnn, _) => Ok(()),
    }
}

fn check_examples(examples: usize) -> Result<(), ValueError> {
    at_least_two("task.examples", examples)?;
    from_one_to("task.examples", examples, MOST_EXAMPLES)
}

fn at_least_two(field: &'static str, value: usize) -> Result<(), ValueError> {
    match value {
        0 | 1 => Err(ValueError::new(field, value, "give at least 2")),
        _ => Ok(()),
    }
}

impl fmt::Display for TaskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskConfig::Digits { order, .. } => write!(f, "digits, {order}"),
            TaskConfig::Smnist { images, .. } => write!(f, "{}, scan order", images.title()),
            TaskConfig::Pmnist { images, order, .. } => write!(f, "{}, {order}", images.title()),
            TaskConfig::Charlm { corpus, text, .. } => match text {
                Some(path) => write!(f, "characters of {}", path.display()),
                None => write!(f, "characters of {}", corpus.title()),
            },
            TaskConfig::Qa {
                corpus, sentences, ..
            } => match sentences {
                Some(count) => write!(f, "{}, {count} sentences", corpus.title()),
                None => write!(f, "{}", corpus.title()),
            },
            TaskConfig::Copy { delay, .. } => write!(f, "copy after {delay} steps"),
            TaskConfig::Adding { steps, .. } => write!(f, "adding over {steps} steps"),
        }
    }
}

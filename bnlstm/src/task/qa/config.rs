//! Which questions, and how much of the stories is read.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Questions;
use crate::config::{ValueError, from_one_to};
use crate::data::questions::{
    GeneratedConfig, GeneratedCorpus, QuestionData, QuestionFolder, Reading, Strictness,
};
use crate::task::config::TaskSettings;
use crate::task::{Task, TaskError};

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

/// The task `qa`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QaConfig {
    /// The directory of data files, for the CNN corpus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Which questions.
    pub corpus: QuestionsName,
    /// Of each story only so many sentences, those most like the question; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentences: Option<usize>,
    /// Of the CNN corpus: whether malformed files are left out, and not an error.
    #[serde(default)]
    pub lenient: bool,
    /// The largest number of questions: made-up ones to learn from, or files of the CNN corpus in each
    /// part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Seed of made-up questions.
    #[serde(default = "one")]
    pub data_seed: u64,
}

fn one() -> u64 {
    1
}

impl TaskSettings for QaConfig {
    fn check(&self) -> Result<(), ValueError> {
        let given =
            |field, count: Option<usize>| count.map_or(Ok(()), |count| from_one_to(field, count, usize::MAX));
        if let (QuestionsName::Generated, Some(data)) = (self.corpus, &self.data) {
            let remedy = "task.corpus = generated reads no files; leave it out, or set task.corpus to cnn";
            return Err(ValueError::new("task.data", data.display(), remedy));
        }
        given("task.sentences", self.sentences)?;
        given("task.limit", self.limit)
    }

    fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        let reading = Reading {
            sentences: self.sentences,
        };
        let strictness = match self.lenient {
            true => Strictness::Lenient,
            false => Strictness::Strict,
        };
        let read = match self.corpus {
            QuestionsName::Generated => {
                let config = GeneratedConfig::default();
                let config = GeneratedConfig {
                    training: self.limit.unwrap_or(config.training),
                    ..config
                };
                QuestionData::read(&GeneratedCorpus::new(config, self.data_seed), reading)?
            }
            QuestionsName::Cnn => {
                let directory = self.data.as_deref().ok_or(TaskError::NoData { task: "qa" })?;
                QuestionData::read(&QuestionFolder::find(directory, strictness, self.limit)?, reading)?
            }
        };
        Ok(Box::new(Questions::new(self.corpus.title(), read)))
    }

    fn wants_data(&self) -> bool {
        self.data.is_none() && self.corpus == QuestionsName::Cnn
    }
}

impl fmt::Display for QaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sentences {
            Some(count) => write!(f, "{}, {count} sentences", self.corpus.title()),
            None => write!(f, "{}", self.corpus.title()),
        }
    }
}

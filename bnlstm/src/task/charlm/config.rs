//! Which text, and how it is cut into sequences.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CharLm;
use crate::config::ValueError;
use crate::data::directory::DataDirectory;
use crate::data::text::{Corpus, Fractions};
use crate::task::config::{TaskSettings, at_least_two};
use crate::task::{Task, TaskError};

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

/// The task `charlm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharlmConfig {
    /// The directory of data files, for the corpora that are not embedded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Which text.
    pub corpus: CorpusName,
    /// The file of a text of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<PathBuf>,
    /// Whether the text is brought to the 27 symbols of text8.
    #[serde(default)]
    pub normalize: bool,
    /// Fractions of the text to train on, to choose by and to test on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fractions: Option<[f64; 3]>,
    /// Characters of a sequence, of which the last is not read and the first not answered.
    pub length: usize,
    /// Whether a batch goes on with the states in which the one before it has ended.
    #[serde(default)]
    pub carry_state: bool,
}

impl CharlmConfig {
    fn corpus(&self) -> Result<Corpus, TaskError> {
        let directory = || {
            let data = self.data.as_deref().ok_or(TaskError::NoData { task: "charlm" })?;
            Ok::<_, TaskError>(DataDirectory::open(data)?)
        };
        Ok(match self.corpus {
            CorpusName::KingJames => Corpus::king_james(self.normalize)?,
            CorpusName::Ptb => Corpus::ptb(&directory()?)?,
            CorpusName::Text8 => Corpus::text8(&directory()?)?,
            CorpusName::File => {
                let path = self.text.as_deref().expect("checked");
                let fractions = self.fractions.map_or(Ok(Fractions::default()), Fractions::new)?;
                Corpus::file(path, fractions, self.normalize)?
            }
        })
    }

    /// Looks for fields that the text has no use for.
    fn check_use(&self) -> Result<(), ValueError> {
        let Self {
            data,
            corpus,
            text,
            normalize,
            fractions,
            ..
        } = self;
        let shown = |path: &PathBuf| path.display().to_string();
        let of_file = *corpus == CorpusName::File;
        let given = [
            ("task.data", data.as_ref().map(shown), corpus.reads_directory()),
            ("task.text", text.as_ref().map(shown), of_file),
            (
                "task.normalize",
                normalize.then(|| "true".to_owned()),
                !corpus.reads_directory(),
            ),
            (
                "task.fractions",
                fractions.map(|fractions| format!("{fractions:?}")),
                of_file,
            ),
        ];
        for (field, value, fits) in given {
            if let Some(value) = value.filter(|_| !fits) {
                let remedy = format!("task.corpus = {} has no use for it; leave it out", corpus.name());
                return Err(ValueError::new(field, value, remedy));
            }
        }
        Ok(())
    }
}

impl TaskSettings for CharlmConfig {
    fn check(&self) -> Result<(), ValueError> {
        at_least_two("task.length", self.length)?;
        self.check_use()?;
        if self.corpus == CorpusName::File && self.text.is_none() {
            let remedy = "give the path of a text file (--text)";
            return Err(ValueError::new("task.text", "nothing", remedy));
        }
        self.fractions.map_or(Ok(()), |values| {
            let fits = Fractions::new(values).map(drop);
            fits.map_err(|error| ValueError::new("task.fractions", format!("{values:?}"), error.to_string()))
        })
    }

    fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        let corpus = Arc::new(self.corpus()?);
        Ok(Box::new(CharLm::new(corpus, self.length, self.carry_state)?))
    }

    fn wants_data(&self) -> bool {
        self.data.is_none() && self.corpus.reads_directory()
    }
}

impl fmt::Display for CharlmConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(path) => write!(f, "characters of {}", path.display()),
            None => write!(f, "characters of {}", self.corpus.title()),
        }
    }
}

//! Questions about texts, as in the CNN corpus of Hermann et al. (2015, arXiv:1506.03340).
//!
//! An example is a text, a question with a gap, and the entity that belongs in the gap. All entities
//! of an example are anonymous, so that only the text tells the answer.
//!
//! * [`Question`]: one file of the corpus
//! * [`QuestionFolder`]: the files of the corpus; [`GeneratedCorpus`]: questions without any files;
//!   both are a [`QuestionSource`]
//! * [`nearest_sentences`]: the part of the text that the paper's models read
//! * [`Vocabulary`], [`Encoded`]: words as numbers
//! * [`QuestionData`]: all of a source, encoded
//! * [`QuestionBatch`]: examples as a model reads them
//!
//! # Examples
//! ```
//! use bnlstm::data::questions::{
//!     GeneratedConfig, GeneratedCorpus, Part, QuestionBatch, QuestionData, Reading,
//! };
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let config = GeneratedConfig { training: 100, validation: 10, test: 10, ..GeneratedConfig::default() };
//! let data = QuestionData::read(&GeneratedCorpus::new(config, 1), Reading::default())?;
//! let examples = &data.part(Part::Training).examples;
//! let mut rng = ChaCha8Rng::seed_from_u64(1);
//! let chosen = [&examples[4], &examples[0]];
//! let batch = QuestionBatch::new(&chosen, data.vocabulary().entities(), &mut rng);
//! assert_eq!(batch.documents.len(), batch.document_steps() * 2);
//! # Ok::<(), bnlstm::data::questions::QuestionError>(())
//! ```

mod batch;
mod encoded;
mod error;
mod folder;
mod generated;
mod question;
mod relevant;
mod source;
mod token;
mod vocabulary;

pub use batch::QuestionBatch;
pub use encoded::{EncodedPart, QuestionData, Reading};
pub use error::{MalformedQuestion, QuestionError, Section};
pub use folder::{QuestionFolder, Strictness, write_questions};
pub use generated::{GeneratedConfig, GeneratedCorpus};
pub use question::Question;
pub use relevant::nearest_sentences;
pub use source::{Counted, Part, PartReport, QuestionSource};
pub use vocabulary::{Encoded, FIRST_ENTITY, NUMBER, PADDING, PLACEHOLDER, UNKNOWN};
pub use vocabulary::{Vocabulary, VocabularyBuilder};

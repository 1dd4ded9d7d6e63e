//! All questions of a source as numbers.

use super::{Encoded, Part, PartReport, Question, QuestionError, QuestionSource};
use super::{Vocabulary, VocabularyBuilder, nearest_sentences};

/// How much of the texts is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Only this many sentences of each text, those nearest to the question (see
    /// [`nearest_sentences`]); `None` reads the whole text.
    pub sentences: Option<usize>,
}

/// A part of the corpus as numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedPart {
    /// The examples, in the order of the source.
    pub examples: Vec<Encoded>,
    /// Number of examples whose answer is not in what is left of the text. They stay in use, and
    /// limit what any model can reach.
    pub answers_cut: usize,
    /// What was found while reading.
    pub report: PartReport,
}

impl EncodedPart {
    /// The share of examples, from 0 to 1, whose answer is not in what is left of the text.
    pub fn share_cut(&self) -> f64 {
        self.answers_cut as f64 / self.examples.len() as f64
    }
}

/// The three parts of a corpus as numbers, with their vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionData {
    vocabulary: Vocabulary,
    parts: [EncodedPart; 3],
}

impl QuestionData {
    /// Reads a source.
    ///
    /// It is gone through twice: first to count words and entities, then to encode each question as
    /// soon as it is read. So there is never more than one text in memory beside the numbers, which
    /// take 4 bytes a token.
    ///
    /// # Errors
    /// If a question cannot be read.
    ///
    /// # Panics
    /// If `reading.sentences` is 0.
    pub fn read(source: &dyn QuestionSource, reading: Reading) -> Result<Self, QuestionError> {
        let mut builder = VocabularyBuilder::default();
        for part in Part::ALL {
            source.visit(part, &mut |question| {
                let question = cut(question, reading);
                builder.count_entities(&question);
                if part == Part::Training {
                    builder.count_words(&question);
                }
            })?;
        }
        let vocabulary = builder.build();
        let encode = |part| encode(source, part, reading, &vocabulary);
        let parts = [
            encode(Part::Training)?,
            encode(Part::Validation)?,
            encode(Part::Test)?,
        ];
        Ok(Self { vocabulary, parts })
    }

    /// The ids of the examples.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The examples of a part.
    pub fn part(&self, part: Part) -> &EncodedPart {
        &self.parts[part as usize]
    }
}

fn cut(mut question: Question, reading: Reading) -> Question {
    if let Some(sentences) = reading.sentences {
        question.context = nearest_sentences(&question.context, &question.question, sentences);
    }
    question
}

fn encode(
    source: &dyn QuestionSource,
    part: Part,
    reading: Reading,
    vocabulary: &Vocabulary,
) -> Result<EncodedPart, QuestionError> {
    let mut examples = Vec::new();
    let mut answers_cut = 0;
    let report = source.visit(part, &mut |question| {
        let example = vocabulary.encode(&cut(question, reading));
        answers_cut += usize::from(!example.holds_answer());
        examples.push(example);
    })?;
    Ok(EncodedPart {
        examples,
        answers_cut,
        report,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{
        FIRST_ENTITY, GeneratedConfig, GeneratedCorpus, QuestionFolder, Strictness, UNKNOWN, write_questions,
    };
    use super::*;

    fn corpus() -> GeneratedCorpus {
        let config = GeneratedConfig {
            training: 300,
            validation: 40,
            test: 30,
            ..GeneratedConfig::default()
        };
        GeneratedCorpus::new(config, 5)
    }

    #[test]
    fn all_parts_are_encoded_with_the_words_of_training() {
        let data = QuestionData::read(&corpus(), Reading::default()).unwrap();
        let counts = Part::ALL.map(|part| data.part(part).examples.len());
        assert_eq!(counts, [300, 40, 30]);
        assert!(Part::ALL.iter().all(|&part| data.part(part).answers_cut == 0));
        let vocabulary = data.vocabulary();
        let most = Part::ALL.iter().flat_map(|&part| &data.part(part).examples);
        let most = most.map(|example| example.entities).max();
        assert_eq!(most, Some(vocabulary.entities()));
        // 300 stories hold nearly all words more than once.
        let ids = data.part(Part::Training).examples.iter();
        let ids = ids.flat_map(|example| &example.document);
        let unknown = ids.clone().filter(|&&id| id == UNKNOWN).count();
        assert!(unknown < 20, "{unknown}");
        assert!(ids.clone().all(|&id| (id as usize) < vocabulary.size()));
    }

    #[test]
    fn files_give_the_same_examples_as_the_source_they_were_written_from() {
        let directory = tempfile::tempdir().unwrap();
        let corpus = corpus();
        for part in Part::ALL {
            let mut questions = Vec::new();
            corpus
                .visit(part, &mut |question| questions.push(question))
                .unwrap();
            let folder = directory.path().join("questions").join(part.folder());
            write_questions(folder, &questions).unwrap();
        }
        let folder = QuestionFolder::find(directory.path(), Strictness::Strict, None).unwrap();
        let written = QuestionData::read(&folder, Reading::default()).unwrap();
        let generated = QuestionData::read(&corpus, Reading::default()).unwrap();
        assert_eq!(written.vocabulary(), generated.vocabulary());
        // Files come in the order of their names.
        let sorted = |data: &QuestionData, part| {
            let mut examples = data.part(part).examples.clone();
            examples.sort_by(|a, b| a.document.cmp(&b.document));
            examples
        };
        for part in Part::ALL {
            assert_eq!(sorted(&written, part), sorted(&generated, part));
        }
    }

    /// A source with one question in each part, whose answer is far from what the question shares
    /// with the text.
    struct Cut;

    impl QuestionSource for Cut {
        fn visit(
            &self,
            _: Part,
            use_question: &mut dyn FnMut(Question),
        ) -> Result<PartReport, QuestionError> {
            let bytes = b"u\n\n@entity1 won . @entity2 lost .\n\n@placeholder beat @entity2\n\n@entity1\n\n";
            use_question(Question::parse("q", bytes)?);
            Ok(PartReport::default())
        }
    }

    #[test]
    fn examples_whose_answer_was_cut_away_stay_and_are_counted() {
        let reading = Reading { sentences: Some(1) };
        let data = QuestionData::read(&Cut, reading).unwrap();
        let part = data.part(Part::Training);
        assert_eq!((part.examples.len(), part.answers_cut), (1, 1));
        assert_eq!(part.share_cut(), 1.0);
        let example = &part.examples[0];
        assert_eq!(example.document, [FIRST_ENTITY, UNKNOWN, UNKNOWN]);
        assert_eq!((example.answer, example.entities), (1, 2));
    }
}

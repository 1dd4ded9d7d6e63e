//! Tokens as numbers.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::Question;
use super::token::{Kind, kind, tokens};

/// The id of what is not there: steps after the end of a text.
pub const PADDING: u32 = 0;
/// The id of words that are not in the vocabulary.
pub const UNKNOWN: u32 = 1;
/// The id of all tokens that are digits and nothing else.
pub const NUMBER: u32 = 2;
/// The id of `@placeholder`, the gap of a question.
pub const PLACEHOLDER: u32 = 3;
/// The id of the first entity.
pub const FIRST_ENTITY: u32 = 4;

/// How often a word must occur to be in the vocabulary.
const OCCURRENCES: u64 = 2;

/// Ids of tokens.
///
/// | ids | tokens |
/// |---|---|
/// | 0 | [`PADDING`] |
/// | 1 | [`UNKNOWN`] |
/// | 2 | [`NUMBER`] |
/// | 3 | [`PLACEHOLDER`] |
/// | 4 to 3 + E | the entities of an example, numbered anew in each one |
/// | from 4 + E | words, the most frequent first, equally frequent ones in alphabetical order |
///
/// E is the largest number of entities in any example. Words are those that the
/// training part holds more than once, as in the released preprocessing of the paper's reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    entities: usize,
    ids: HashMap<String, u32>,
}

/// An example as numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Ids of the text. Entities have the ids from [`FIRST_ENTITY`] on, in the order in which they
    /// occur first: in the text, then in the question, then the answer.
    pub document: Vec<u32>,
    /// Ids of the question.
    pub question: Vec<u32>,
    /// Number of the entity that is the answer, below `entities`.
    pub answer: u32,
    /// Number of distinct entities.
    pub entities: usize,
}

impl Encoded {
    /// Whether the text holds the answer, which cutting it may have taken away.
    pub fn holds_answer(&self) -> bool {
        self.document.contains(&(FIRST_ENTITY + self.answer))
    }
}

/// Counts tokens to make a [`Vocabulary`].
#[derive(Clone, Debug, Default)]
pub struct VocabularyBuilder {
    counts: HashMap<String, u64>,
    entities: usize,
}

impl VocabularyBuilder {
    /// Counts the words of a question and of its text.
    pub fn count_words(&mut self, question: &Question) {
        let words = tokens(&question.context).chain(tokens(&question.question));
        for word in words.filter(|token| kind(token) == Kind::Word) {
            match self.counts.get_mut(word) {
                Some(count) => *count += 1,
                None => {
                    self.counts.insert(word.to_owned(), 1);
                }
            }
        }
    }

    /// Makes room for the entities of a question.
    pub fn count_entities(&mut self, question: &Question) {
        let mut numbers = EntityNumbers::default();
        let all = tokens(&question.context).chain(tokens(&question.question));
        for token in all.chain([question.answer.as_str()]) {
            if kind(token) == Kind::Entity {
                numbers.number(token);
            }
        }
        self.entities = self.entities.max(numbers.len());
    }

    /// The vocabulary of what was counted.
    pub fn build(self) -> Vocabulary {
        let entities = self.entities;
        let often = |(_, count): &(String, u64)| *count >= OCCURRENCES;
        let mut words: Vec<(String, u64)> = self.counts.into_iter().filter(often).collect();
        words.sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        let first = FIRST_ENTITY + entities as u32;
        let ids = (first..).zip(words).map(|(id, (word, _))| (word, id)).collect();
        Vocabulary { entities, ids }
    }
}

impl Vocabulary {
    /// Number of ids.
    pub fn size(&self) -> usize {
        FIRST_ENTITY as usize + self.entities + self.ids.len()
    }

    /// Number of ids that are for entities: E.
    pub fn entities(&self) -> usize {
        self.entities
    }

    /// Number of words that have an id of their own.
    pub fn words(&self) -> usize {
        self.ids.len()
    }

    /// The example as numbers.
    ///
    /// # Panics
    /// If it has more entities than there are ids for, so that it is not one of those that the
    /// vocabulary was made from.
    #[track_caller]
    pub fn encode(&self, question: &Question) -> Encoded {
        let mut numbers = EntityNumbers::default();
        let document = self.encode_tokens(&question.context, &mut numbers);
        let asked = self.encode_tokens(&question.question, &mut numbers);
        let answer = numbers.number(&question.answer);
        assert!(
            numbers.len() <= self.entities,
            "encode: an example with {} entities in a vocabulary with ids for {}; count_entities of all \
             examples makes enough",
            numbers.len(),
            self.entities
        );
        Encoded {
            document,
            question: asked,
            answer,
            entities: numbers.len(),
        }
    }

    fn encode_tokens<'a>(&self, text: &'a str, numbers: &mut EntityNumbers<'a>) -> Vec<u32> {
        let id = |token: &'a str| match kind(token) {
            Kind::Placeholder => PLACEHOLDER,
            Kind::Number => NUMBER,
            Kind::Entity => FIRST_ENTITY + numbers.number(token),
            Kind::Word => self.ids.get(token).copied().unwrap_or(UNKNOWN),
        };
        tokens(text).map(id).collect()
    }
}

/// The numbers of entities, in the order in which they are first asked for.
#[derive(Default)]
struct EntityNumbers<'a> {
    numbers: HashMap<&'a str, u32>,
}

impl<'a> EntityNumbers<'a> {
    fn number(&mut self, entity: &'a str) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(entity).or_insert(next)
    }

    fn len(&self) -> usize {
        self.numbers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(context: &str, question: &str, answer: &str) -> Question {
        Question {
            url: String::new(),
            context: context.to_owned(),
            question: question.to_owned(),
            answer: answer.to_owned(),
            entities: Vec::new(),
        }
    }

    fn vocabulary(questions: &[Question]) -> Vocabulary {
        let mut builder = VocabularyBuilder::default();
        for question in questions {
            builder.count_words(question);
            builder.count_entities(question);
        }
        builder.build()
    }

    #[test]
    fn ids_go_by_frequency_and_then_by_the_alphabet() {
        let example = question(
            "b c a . @entity9 b 17 17 once @entity3 a .",
            "c @placeholder b",
            "@entity3",
        );
        let vocabulary = vocabulary(std::slice::from_ref(&example));
        // b three times; ".", "a" and "c" twice.
        assert_eq!(
            (vocabulary.size(), vocabulary.entities(), vocabulary.words()),
            (10, 2, 4)
        );
        let encoded = vocabulary.encode(&example);
        assert_eq!(
            encoded.document,
            [6, 9, 8, 7, 4, 6, NUMBER, NUMBER, UNKNOWN, 5, 8, 7]
        );
        assert_eq!(encoded.question, [9, PLACEHOLDER, 6]);
        assert_eq!((encoded.answer, encoded.entities), (1, 2));
        assert!(encoded.holds_answer());
    }

    #[test]
    fn entities_are_numbered_anew_in_each_example() {
        let first = question("x @entity5 @entity2", "@placeholder x @entity7", "@entity2");
        let second = question("x @entity2 @entity5", "@placeholder x @entity2", "@entity9");
        let vocabulary = vocabulary(&[first.clone(), second.clone()]);
        assert_eq!(vocabulary.entities(), 3);
        let (first, second) = (vocabulary.encode(&first), vocabulary.encode(&second));
        assert_eq!(first.document, second.document);
        assert_eq!(first.question, [PLACEHOLDER, 7, 6]);
        assert_eq!(second.question, [PLACEHOLDER, 7, 4]);
        assert_eq!((first.answer, second.answer), (1, 2));
        assert!(!second.holds_answer());
    }

    #[test]
    #[should_panic(expected = "an example with 2 entities in a vocabulary with ids for 1")]
    fn too_many_entities() {
        let one = question("@entity5", "@placeholder", "@entity5");
        let two = question("@entity5 @entity6", "@placeholder", "@entity5");
        vocabulary(&[one]).encode(&two);
    }
}

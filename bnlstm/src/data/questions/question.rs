//! One file of the corpus.
//!
//! Format: `generate_questions.py` of google-deepmind/rc-data. Five sections with a blank line
//! between any two, and no newline at the end:
//!
//! ```text
//! URL of the story
//!
//! context: one line, tokens with single spaces between them, entities as @entityN
//!
//! question: one line, with @placeholder in place of one entity
//!
//! answer: @entityN
//!
//! @entityN:Name          one line for each entity
//! ```

use std::path::Path;

use sha1::{Digest, Sha1};

use super::token::{Kind, kind, tokens};
use super::{MalformedQuestion, Section};
use crate::number::hex;

/// Characters of a line that an error shows.
const SHOWN: usize = 40;

/// A text, a question about it and its answer: one `.question` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where the text comes from.
    pub url: String,
    /// The text: tokens with single spaces between them.
    pub context: String,
    /// The question: tokens, one of which is `@placeholder`.
    pub question: String,
    /// The entity that belongs in the gap, as `@entityN`.
    pub answer: String,
    /// Each entity `@entityN` with the name that it had, in the order of the file.
    pub entities: Vec<(String, String)>,
}

impl Question {
    /// Reads the content of a file; `name` is what errors call it.
    ///
    /// Bytes that are not UTF-8 become U+FFFD. [`to_bytes`](Self::to_bytes) gives back the bytes of
    /// any file without such.
    ///
    /// # Errors
    /// If the five sections are not there, the context or the question is empty, the question has no
    /// `@placeholder`, the answer is not an entity of the context, or a line of the mapping is not
    /// `@entityN:Name`.
    ///
    /// # Examples
    /// ```
    /// use bnlstm::data::questions::Question;
    ///
    /// let file = b"http://a\n\n@entity1 won .\n\n@placeholder won\n\n@entity1\n\n@entity1:Re: Ann";
    /// let question = Question::parse("a.question", file)?;
    /// assert_eq!(question.entities, [("@entity1".into(), "Re: Ann".into())]);
    /// assert_eq!(question.to_bytes(), file);
    /// # Ok::<(), bnlstm::data::questions::MalformedQuestion>(())
    /// ```
    pub fn parse(name: impl AsRef<Path>, bytes: &[u8]) -> Result<Self, MalformedQuestion> {
        let text = String::from_utf8_lossy(bytes);
        let lines = Lines {
            name: name.as_ref(),
            lines: text.split('\n').collect(),
        };
        let url = lines.get(0, Section::Url)?;
        lines.separator(1)?;
        let context = lines.get(2, Section::Context)?;
        lines.separator(3)?;
        let question = lines.get(4, Section::Question)?;
        lines.separator(5)?;
        let answer = lines.get(6, Section::Answer)?;
        lines.separator(7)?;
        lines.get(8, Section::Entities)?;
        lines.check(
            2,
            Section::Context,
            tokens(context).next().is_some(),
            "a text of at least one token",
        )?;
        let gap = tokens(question).any(|token| kind(token) == Kind::Placeholder);
        lines.check(4, Section::Question, gap, "a question with `@placeholder` in it")?;
        lines.check(6, Section::Answer, kind(answer) == Kind::Entity, "`@entityN`")?;
        let found = tokens(context).any(|token| token == answer);
        lines.check(6, Section::Answer, found, "an entity that occurs in the context")?;
        Ok(Self {
            url: url.to_owned(),
            context: context.to_owned(),
            question: question.to_owned(),
            answer: answer.to_owned(),
            entities: lines.entities()?,
        })
    }

    /// The content of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let lines: Vec<String> = self
            .entities
            .iter()
            .map(|(entity, name)| format!("{entity}:{name}"))
            .collect();
        let sections = [
            &self.url,
            &self.context,
            &self.question,
            &self.answer,
            &lines.join("\n"),
        ];
        sections.map(String::as_str).join("\n\n").into_bytes()
    }

    /// The name of the file without its ending: the SHA-1 of its content, 40 digits in lower case.
    pub fn name(&self) -> String {
        sha1(&self.to_bytes())
    }
}

/// SHA-1 as 40 hexadecimal digits in lower case.
pub(super) fn sha1(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

/// The lines of a file, with indices from 0.
struct Lines<'a> {
    name: &'a Path,
    lines: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    fn get(&self, index: usize, section: Section) -> Result<&'a str, MalformedQuestion> {
        let line = self.lines.get(index).copied();
        line.ok_or_else(|| self.malformed(index, section, "five sections with a blank line between any two"))
    }

    fn separator(&self, index: usize) -> Result<(), MalformedQuestion> {
        let line = self.get(index, Section::Separator)?;
        self.check(index, Section::Separator, line.is_empty(), "a blank line")
    }

    /// The mapping. The line of an empty one is empty.
    fn entities(&self) -> Result<Vec<(String, String)>, MalformedQuestion> {
        if self.lines[8..] == [""] {
            return Ok(Vec::new());
        }
        let pair = |(line, text): (usize, &&str)| {
            let pair = text.split_once(':').filter(|(key, _)| kind(key) == Kind::Entity);
            let pair = pair.map(|(key, name)| (key.to_owned(), name.to_owned()));
            pair.ok_or_else(|| {
                self.malformed(
                    line,
                    Section::Entities,
                    "`@entityN:Name`, and no newline after the last",
                )
            })
        };
        self.lines.iter().enumerate().skip(8).map(pair).collect()
    }

    fn check(
        &self,
        index: usize,
        section: Section,
        holds: bool,
        expected: &'static str,
    ) -> Result<(), MalformedQuestion> {
        if holds {
            return Ok(());
        }
        Err(self.malformed(index, section, expected))
    }

    fn malformed(&self, index: usize, section: Section, expected: &'static str) -> MalformedQuestion {
        let found = match self.lines.get(index) {
            None => "is missing".to_owned(),
            Some(&"") => "is empty".to_owned(),
            Some(line) => {
                let shown: String = line.chars().take(SHOWN).collect();
                let rest = if shown.len() < line.len() { " ..." } else { "" };
                format!("is {shown:?}{rest}")
            }
        };
        MalformedQuestion {
            name: self.name.to_owned(),
            line: index + 1,
            section,
            found,
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "http://web.archive.org/web/a\n\n@entity1 met @entity0 .\n\n@placeholder met @entity0\n\n\
                        @entity1\n\n@entity1:Ann: Lee\n@entity0:Bo";

    fn parse(text: &str) -> Result<Question, MalformedQuestion> {
        Question::parse("x.question", text.as_bytes())
    }

    #[test]
    fn a_file_is_read_and_written() {
        let question = parse(FILE).unwrap();
        assert_eq!(question.url, "http://web.archive.org/web/a");
        assert_eq!(question.context, "@entity1 met @entity0 .");
        assert_eq!(question.question, "@placeholder met @entity0");
        assert_eq!(question.answer, "@entity1");
        let entities = [("@entity1", "Ann: Lee"), ("@entity0", "Bo")];
        assert_eq!(
            question.entities,
            entities.map(|(key, name)| (key.to_owned(), name.to_owned()))
        );
        assert_eq!(question.to_bytes(), FILE.as_bytes());
    }

    /// "abc" is the first example of FIPS 180.
    #[test]
    fn the_name_is_the_sha_1_of_the_content() {
        assert_eq!(sha1(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(parse(FILE).unwrap().name(), sha1(FILE.as_bytes()));
    }

    #[test]
    fn malformed_files_say_where_and_what() {
        let cases = [
            ("", 2, "(separator) is missing"),
            ("http://a\n\n@entity1", 4, "(separator) is missing"),
            (
                &FILE.replace("web/a\n\n", "web/a\n"),
                2,
                "(separator) is \"@entity1 met",
            ),
            (
                &FILE.replace('\n', "\r\n"),
                2,
                "is \"\\r\", expected a blank line",
            ),
            (
                &FILE.replace("@entity1 met @entity0 .", ""),
                3,
                "(context) is empty",
            ),
            (
                &FILE.replace("@placeholder", "she"),
                5,
                "expected a question with `@placeholder`",
            ),
            (
                &FILE.replace("\n@entity1\n", "\nAnn\n"),
                7,
                "(answer) is \"Ann\", expected `@entityN`",
            ),
            (
                &FILE.replace("\n@entity1\n", "\n@entity2\n"),
                7,
                "occurs in the context",
            ),
            (
                &FILE.replace("@entity0:Bo", "@entity0 Bo"),
                10,
                "(entity mapping) is \"@entity0 Bo\"",
            ),
            (
                &FILE.replace("@entity0:Bo", "Bo:@entity0"),
                10,
                "expected `@entityN:Name`",
            ),
            (
                &format!("{FILE}\n"),
                11,
                "is empty, expected `@entityN:Name`, and no newline",
            ),
        ];
        for (text, line, part) in cases {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            let text = error.to_string();
            assert!(text.starts_with("x.question: line "), "{text}");
            assert!(text.contains(part), "{text}");
            assert!(
                text.ends_with("remove the file, or pass --lenient to skip it"),
                "{text}"
            );
        }
    }

    #[test]
    fn long_lines_are_shortened_in_errors() {
        let error = parse(&FILE.replace("@placeholder", &"ä".repeat(100))).unwrap_err();
        assert_eq!(error.found, format!("is \"{}\" ...", "ä".repeat(40)));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced() {
        let mut bytes = FILE.as_bytes().to_vec();
        bytes.push(0xff);
        let question = Question::parse("x.question", &bytes).unwrap();
        assert_eq!(question.entities[1].1, "Bo\u{fffd}");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(51),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn what_is_written_is_read(
            url in "[^\n]*",
            before in "[^\n]{0,20}",
            after in "[^\n]{0,20}",
            answer in 0_usize..600,
            names in proptest::collection::vec((0_usize..600, "[^\n]*"), 0..5),
        ) {
            let answer = format!("@entity{answer}");
            let question = Question {
                url,
                context: format!("{before} {answer} {after}"),
                question: format!("{after} @placeholder {before}"),
                answer,
                entities: names.into_iter().map(|(n, name)| (format!("@entity{n}"), name)).collect(),
            };
            let bytes = question.to_bytes();
            let again = Question::parse("x", &bytes);
            prop_assert_eq!(again.as_ref(), Ok(&question));
            prop_assert_eq!(again.unwrap().to_bytes(), bytes);
        }
    }
}

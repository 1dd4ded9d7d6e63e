//! Questions about a story: which entity fits the gap.

mod config;

use rand_chacha::ChaCha8Rng;

pub use config::{QaConfig, QuestionsName};

use super::{Batch, Head, Input, Inputs, Interface, Metric, Padded, Split, Targets, Task};
use crate::data::questions::{Encoded, Part, QuestionBatch, QuestionData};
use crate::number::add_numbers;

/// The task, with its questions in memory. The entities of each example get other numbers whenever it
/// is shown, so that no number carries a meaning.
#[derive(Clone, Debug)]
pub struct Questions {
    name: String,
    data: QuestionData,
    provenance: Vec<String>,
}

impl Questions {
    /// Questions of the given name.
    pub fn new(name: impl Into<String>, data: QuestionData) -> Self {
        Self {
            name: name.into(),
            provenance: provenance(&data),
            data,
        }
    }

    fn part(&self, split: Split) -> &[Encoded] {
        let part = match split {
            Split::Train => Part::Training,
            Split::Valid => Part::Validation,
            Split::Test => Part::Test,
        };
        &self.data.part(part).examples
    }
}

/// What was found while reading, a line for each part of which there is something to tell.
fn provenance(data: &QuestionData) -> Vec<String> {
    let mut lines = Vec::new();
    for part in Part::ALL {
        let found = data.part(part);
        let report = &found.report;
        if found.answers_cut > 0 {
            let share = 100.0 * found.share_cut();
            lines.push(format!(
                "{part}: the answer is not in what is left of the text in {share:.1} % of the questions"
            ));
        }
        for (counted, what) in [
            (&report.skipped, "malformed files left out"),
            (
                &report.misnamed,
                "files whose names are not the SHA-1 of their content",
            ),
        ] {
            if counted.count > 0 {
                let more = if counted.count > counted.first.len() {
                    ", …"
                } else {
                    ""
                };
                lines.push(format!(
                    "{part}: {} {what}: {}{more}",
                    counted.count,
                    counted.first.join(", ")
                ));
            }
        }
    }
    lines
}

fn longest(examples: &[Encoded], length: impl Fn(&Encoded) -> usize) -> usize {
    examples.iter().map(length).max().unwrap_or(0)
}

impl Task for Questions {
    fn description(&self) -> String {
        let sizes = [Split::Train, Split::Valid, Split::Test].map(|split| self.part(split).len());
        let vocabulary = self.data.vocabulary();
        format!(
            "qa: {}, {} questions to train on, {} to choose by, {} to test on; stories of up to {} words, {} words \
             and {} entities in the vocabulary",
            self.name,
            sizes[0],
            sizes[1],
            sizes[2],
            self.interface().steps,
            vocabulary.words(),
            vocabulary.entities()
        )
    }

    fn provenance(&self) -> &[String] {
        &self.provenance
    }

    fn digest(&self) -> u32 {
        let mut checksum = crc32fast::Hasher::new();
        for part in Part::ALL {
            for Encoded {
                document,
                question,
                answer,
                ..
            } in &self.data.part(part).examples
            {
                add_numbers(&mut checksum, document.iter().copied());
                add_numbers(&mut checksum, question.iter().copied().chain([*answer]));
            }
        }
        checksum.finalize()
    }

    fn interface(&self) -> Interface {
        let train = self.part(Split::Train);
        Interface {
            input: Input::Symbols(self.data.vocabulary().size()),
            steps: longest(train, |example| example.document.len()),
            head: Head::Entity {
                count: self.data.vocabulary().entities(),
                question_steps: longest(train, |example| example.question.len()),
            },
        }
    }

    fn metric(&self) -> Metric {
        Metric::ErrorRate
    }

    fn examples(&self, split: Split) -> usize {
        self.part(split).len()
    }

    fn batch(&self, split: Split, chosen: &[usize], rng: &mut ChaCha8Rng) -> Batch {
        let part = self.part(split);
        let chosen: Vec<&Encoded> = chosen.iter().map(|&example| &part[example]).collect();
        let batch = QuestionBatch::new(&chosen, self.data.vocabulary().entities(), rng);
        Batch {
            examples: chosen.len(),
            inputs: Inputs::Symbols(batch.documents),
            lengths: Some(batch.document_lengths),
            question: Some(Padded {
                symbols: batch.questions,
                lengths: batch.question_lengths,
            }),
            targets: Targets::Classes(batch.answers),
        }
    }
}

//! The copying task: symbols are shown, then nothing for a long time, then they are asked for.
//!
//! Hochreiter & Schmidhuber 1997 in the form of Arjovsky, Shah & Bengio 2016, section 4.1: of ten
//! symbols, eight are data; ten data symbols, `delay − 1` blanks, a mark, ten blanks while which the
//! data are to be repeated. A model without memory has ln 8 = 2.08 nats in those steps.

use std::fmt;

use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};

use super::config::{TaskSettings, at_least_two};
use super::{Batch, Head, Input, Inputs, Interface, Metric, Split, Targets, Task, TaskError};
use crate::config::{ValueError, from_one_to};

/// Symbols that are data.
const DATA: u32 = 8;
const BLANK: u32 = 8;
const MARK: u32 = 9;
/// Symbols that are shown and asked for.
const LENGTH: usize = 10;

/// Longer sequences than this do not fit in memory.
pub(super) const MOST_STEPS: usize = 1 << 20;

/// The order of more examples than this does not fit in memory.
pub(super) const MOST_EXAMPLES: usize = 1 << 28;

/// The task `copy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyConfig {
    /// Steps from the last of the data to the first answer.
    pub delay: usize,
    /// Sequences to learn from.
    pub examples: usize,
    /// Seed of the sequences.
    pub data_seed: u64,
}

impl TaskSettings for CopyConfig {
    fn check(&self) -> Result<(), ValueError> {
        from_one_to("task.delay", self.delay, MOST_STEPS)?;
        at_least_two("task.examples", self.examples)?;
        from_one_to("task.examples", self.examples, MOST_EXAMPLES)
    }

    fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        Ok(Box::new(Copy::new(self.delay, self.examples, self.data_seed)))
    }
}

impl fmt::Display for CopyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "copy after {} steps", self.delay)
    }
}

/// The task. Its examples are drawn from their numbers.
#[derive(Clone, Copy, Debug)]
pub struct Copy {
    delay: usize,
    examples: usize,
    seed: u64,
}

impl Copy {
    /// `examples` sequences to learn from, a tenth as many to choose by and to measure with, in
    /// which `delay ≥ 1` steps lie between the data and the first answer.
    pub fn new(delay: usize, examples: usize, seed: u64) -> Self {
        Self {
            delay,
            examples,
            seed,
        }
    }

    fn steps(&self) -> usize {
        LENGTH + self.delay + LENGTH
    }

    fn data(&self, split: Split, example: usize) -> [u32; LENGTH] {
        let mut rng = example_rng(self.seed, split, example);
        std::array::from_fn(|_| rng.random_range(0..DATA))
    }
}

/// The generator of one example of a task that is drawn.
pub(super) fn example_rng(seed: u64, split: Split, example: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((example as u64) << 2) | split as u64);
    rng
}

/// How many examples of a drawn task are in a part.
pub(super) fn drawn_examples(train: usize, split: Split) -> usize {
    match split {
        Split::Train => train,
        Split::Valid | Split::Test => train.div_ceil(10),
    }
}

impl Task for Copy {
    fn description(&self) -> String {
        format!(
            "copy: {LENGTH} symbols to be repeated {} steps later, {} sequences of {} steps to learn from, \
             drawn with seed {}",
            self.delay,
            self.examples,
            self.steps(),
            self.seed
        )
    }

    fn interface(&self) -> Interface {
        Interface {
            input: Input::Symbols(MARK as usize + 1),
            steps: self.steps(),
            head: Head::Symbols {
                count: DATA as usize,
                from: self.steps() - LENGTH,
            },
        }
    }

    fn metric(&self) -> Metric {
        Metric::Accuracy
    }

    fn examples(&self, split: Split) -> usize {
        drawn_examples(self.examples, split)
    }

    fn batch(&self, split: Split, chosen: &[usize], _: &mut ChaCha8Rng) -> Batch {
        let data: Vec<_> = chosen.iter().map(|&example| self.data(split, example)).collect();
        let mark = self.steps() - LENGTH - 1;
        let symbol = |step: usize, data: &[u32; LENGTH]| match step {
            step if step < LENGTH => data[step],
            step if step == mark => MARK,
            _ => BLANK,
        };
        let inputs = (0..self.steps()).flat_map(|step| data.iter().map(move |data| symbol(step, data)));
        let targets = (0..LENGTH).flat_map(|step| data.iter().map(move |data| data[step]));
        Batch {
            examples: chosen.len(),
            inputs: Inputs::Symbols(inputs.collect()),
            lengths: None,
            question: None,
            targets: Targets::Classes(targets.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(chosen: &[usize]) -> (Vec<u32>, Vec<u32>) {
        let task = Copy::new(5, 100, 1);
        let batch = task.batch(Split::Train, chosen, &mut ChaCha8Rng::seed_from_u64(0));
        match (batch.inputs, batch.targets) {
            (Inputs::Symbols(inputs), Targets::Classes(targets)) => (inputs, targets),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sequence_has_data_blanks_a_mark_and_blanks() {
        let (inputs, targets) = batch(&[7]);
        assert_eq!(inputs[..10], targets);
        assert!(targets.iter().all(|&symbol| symbol < 8));
        assert_eq!(inputs[10..14], [BLANK; 4]);
        assert_eq!(inputs[14], MARK);
        assert_eq!(inputs[15..], [BLANK; 10]);
    }

    #[test]
    fn examples_are_what_their_numbers_say_and_the_parts_differ() {
        let (one, _) = batch(&[3]);
        let (both, _) = batch(&[7, 3]);
        let second: Vec<u32> = both.into_iter().skip(1).step_by(2).collect();
        assert_eq!(one, second);
        let task = Copy::new(5, 100, 1);
        let parts = [Split::Train, Split::Valid, Split::Test].map(|split| task.data(split, 3));
        assert!(parts[0] != parts[1] && parts[1] != parts[2] && parts[0] != parts[2]);
    }
}

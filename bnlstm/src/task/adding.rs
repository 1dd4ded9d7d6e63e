//! The adding task: of many numbers two are marked, and their sum is asked for in the end.
//!
//! Hochreiter & Schmidhuber 1997 in the form of Le, Jaitly & Hinton 2015: numbers from 0 to 1, one
//! mark in each half of the sequence. Who always answers 1 has a squared error of 1/6 = 0.167.

use std::fmt;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::config::{TaskSettings, at_least_two};
use super::copy::{MOST_EXAMPLES, MOST_STEPS, drawn_examples, example_rng};
use super::{Batch, Head, Input, Inputs, Interface, Metric, Split, Targets, Task, TaskError};
use crate::config::{ValueError, from_one_to};

/// The task `adding`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddingConfig {
    /// `T`, how many numbers.
    pub steps: usize,
    /// Sequences to learn from.
    pub examples: usize,
    /// Seed of the sequences.
    pub data_seed: u64,
}

impl TaskSettings for AddingConfig {
    fn check(&self) -> Result<(), ValueError> {
        at_least_two("task.steps", self.steps)?;
        from_one_to("task.steps", self.steps, MOST_STEPS)?;
        at_least_two("task.examples", self.examples)?;
        from_one_to("task.examples", self.examples, MOST_EXAMPLES)
    }

    fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        Ok(Box::new(Adding::new(self.steps, self.examples, self.data_seed)))
    }
}

impl fmt::Display for AddingConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "adding over {} steps", self.steps)
    }
}

/// The task. Its examples are drawn from their numbers.
#[derive(Clone, Copy, Debug)]
pub struct Adding {
    steps: usize,
    examples: usize,
    seed: u64,
}

/// One sequence.
struct Example {
    numbers: Vec<f32>,
    /// Steps of the two marks.
    marks: [usize; 2],
}

impl Adding {
    /// `examples` sequences of `steps ≥ 2` steps to learn from, a tenth as many to choose by and to
    /// measure with.
    pub fn new(steps: usize, examples: usize, seed: u64) -> Self {
        Self {
            steps,
            examples,
            seed,
        }
    }

    fn example(&self, split: Split, example: usize) -> Example {
        let mut rng = example_rng(self.seed, split, example);
        let half = self.steps / 2;
        Example {
            numbers: (0..self.steps).map(|_| rng.random::<f32>()).collect(),
            marks: [rng.random_range(0..half), rng.random_range(half..self.steps)],
        }
    }
}

impl Task for Adding {
    fn description(&self) -> String {
        format!(
            "adding: the sum of two of {} numbers, {} sequences to learn from, drawn with seed {}",
            self.steps, self.examples, self.seed
        )
    }

    fn interface(&self) -> Interface {
        Interface {
            input: Input::Numbers(2),
            steps: self.steps,
            head: Head::Number,
        }
    }

    fn metric(&self) -> Metric {
        Metric::SquaredError
    }

    fn examples(&self, split: Split) -> usize {
        drawn_examples(self.examples, split)
    }

    fn batch(&self, split: Split, chosen: &[usize], _: &mut ChaCha8Rng) -> Batch {
        let examples: Vec<_> = chosen
            .iter()
            .map(|&example| self.example(split, example))
            .collect();
        let element = |step: usize, example: &Example| {
            let mark = f32::from(example.marks.contains(&step));
            [example.numbers[step], mark]
        };
        let inputs = (0..self.steps).flat_map(|step| examples.iter().flat_map(move |e| element(step, e)));
        let sum = |example: &Example| example.marks.iter().map(|&mark| example.numbers[mark]).sum();
        Batch {
            examples: chosen.len(),
            inputs: Inputs::Numbers(inputs.collect()),
            lengths: None,
            question: None,
            targets: Targets::Numbers(examples.iter().map(sum).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn the_target_is_the_sum_of_the_marked_numbers_one_in_each_half() {
        let task = Adding::new(7, 50, 1);
        let chosen: Vec<usize> = (0..50).collect();
        let batch = task.batch(Split::Train, &chosen, &mut ChaCha8Rng::seed_from_u64(0));
        let (Inputs::Numbers(inputs), Targets::Numbers(targets)) = (batch.inputs, batch.targets) else {
            panic!("numbers are read and answered");
        };
        assert_eq!(inputs.len(), 7 * 50 * 2);
        for (example, target) in targets.iter().enumerate() {
            let at = |step: usize| &inputs[(step * 50 + example) * 2..][..2];
            let marked: Vec<usize> = (0..7).filter(|&step| at(step)[1] == 1.0).collect();
            assert!(marked.len() == 2 && marked[0] < 3 && marked[1] >= 3, "{marked:?}");
            assert_eq!(at(marked[0])[0] + at(marked[1])[0], *target);
        }
    }
}

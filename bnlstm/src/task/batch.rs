//! Batches on the host.

use nn::data::Epoch;

/// Some examples of a task on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of examples, `B`.
    pub examples: usize,
    /// What is read.
    pub inputs: Inputs,
    /// Steps of each sequence `[B]`, if they differ; what follows is padding.
    pub lengths: Option<Vec<usize>>,
    /// What is asked about it, if anything.
    pub question: Option<Padded>,
    /// What should be answered.
    pub targets: Targets,
}

/// Sequences of symbols of several lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Padded {
    /// `S · B` symbols, those of the first step first.
    pub symbols: Vec<u32>,
    /// Steps of each sequence `[B]`; what follows is padding.
    pub lengths: Vec<usize>,
}

/// What a model reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// `[T, B, D]`
    Numbers(Vec<f32>),
    /// `T · B` symbols, those of the first step first.
    Symbols(Vec<u32>),
}

/// What a model should answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// A class for each answer: `[B]`, or `[T', B]` for those of the last `T'` steps.
    Classes(Vec<u32>),
    /// `[B]`, a number for each example.
    Numbers(Vec<f32>),
}

impl Batch {
    /// The batch in parts of at most `steps` steps, one after another in time, if that can be: if
    /// every step is a symbol and has an answer.
    pub fn parts(self, steps: usize) -> Vec<Self> {
        let rows = steps * self.examples;
        match (&self.inputs, &self.targets) {
            (Inputs::Symbols(inputs), Targets::Classes(targets))
                if inputs.len() > rows && inputs.len() == targets.len() && self.lengths.is_none() =>
            {
                let part = |(inputs, targets): (&[u32], &[u32])| Self {
                    examples: self.examples,
                    inputs: Inputs::Symbols(inputs.to_vec()),
                    lengths: None,
                    question: None,
                    targets: Targets::Classes(targets.to_vec()),
                };
                inputs.chunks(rows).zip(targets.chunks(rows)).map(part).collect()
            }
            _ => vec![self],
        }
    }
}

impl Targets {
    /// Number of answers.
    pub fn len(&self) -> usize {
        match self {
            Targets::Classes(classes) => classes.len(),
            Targets::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The batches of a pass over a part of a task's data, each as the numbers of its examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass(Vec<Vec<usize>>);

impl Pass {
    /// A pass over the examples in the order of an epoch.
    pub fn new(epoch: Epoch) -> Self {
        epoch.iter().map(<[usize]>::to_vec).collect()
    }

    /// Number of batches.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The batches one after another.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[usize]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// One batch.
    ///
    /// # Panics
    /// If there is no such batch.
    pub fn batch(&self, index: usize) -> &[usize] {
        &self.0[index]
    }
}

impl FromIterator<Vec<usize>> for Pass {
    fn from_iter<I: IntoIterator<Item = Vec<usize>>>(batches: I) -> Self {
        Self(batches.into_iter().collect())
    }
}

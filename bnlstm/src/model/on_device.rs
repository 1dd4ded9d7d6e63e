//! Batches on a device.

use std::sync::Arc;

use autodiff::{Device, Tape, Tensor};
use kernels::{Indices, Real};
use nn::cell::Sequence;

use crate::task::{Batch, Input, Inputs, Targets};

/// A batch of a task on a device.
#[derive(Clone, Debug)]
pub struct OnDevice<T: Real> {
    examples: usize,
    inputs: OnDeviceInputs<T>,
    lengths: Option<Vec<usize>>,
    question: Option<(Arc<Indices>, Vec<usize>)>,
    targets: OnDeviceTargets<T>,
}

#[derive(Clone, Debug)]
enum OnDeviceInputs<T: Real> {
    /// `[T, B, D]`
    Numbers(Tensor<T>),
    /// `T · B`
    Symbols(Arc<Indices>),
}

#[derive(Clone, Debug)]
pub(super) enum OnDeviceTargets<T: Real> {
    /// `[N]`
    Classes(Arc<Indices>),
    /// `[N, 1]`
    Numbers(Tensor<T>),
}

impl<T: Real> OnDevice<T> {
    /// Copies a batch of inputs of the given kind.
    pub fn new(batch: &Batch, input: Input, device: &Device<T>) -> Self {
        let numbers = |values: &[f32]| values.iter().map(|&x| T::of(f64::from(x))).collect::<Vec<T>>();
        let inputs = match &batch.inputs {
            Inputs::Numbers(values) => {
                let size = input.size();
                let steps = values.len() / (batch.examples * size);
                let shape = [steps, batch.examples, size];
                OnDeviceInputs::Numbers(device.tensor(shape, &numbers(values)))
            }
            Inputs::Symbols(symbols) => OnDeviceInputs::Symbols(device.indices(symbols)),
        };
        let targets = match &batch.targets {
            Targets::Classes(classes) => OnDeviceTargets::Classes(device.indices(classes)),
            Targets::Numbers(values) => {
                OnDeviceTargets::Numbers(device.tensor([values.len(), 1], &numbers(values)))
            }
        };
        let question = batch.question.as_ref();
        Self {
            examples: batch.examples,
            inputs,
            lengths: batch.lengths.clone(),
            question: question.map(|text| (device.indices(&text.symbols), text.lengths.clone())),
            targets,
        }
    }

    pub(super) fn targets(&self) -> &OnDeviceTargets<T> {
        &self.targets
    }

    /// The inputs, to be read.
    pub fn shown<'t>(&self, tape: &'t Tape<T>) -> Shown<'t, T> {
        let sequence = match &self.inputs {
            OnDeviceInputs::Numbers(x) => tape.constant(x.clone()).into(),
            OnDeviceInputs::Symbols(symbols) => Sequence::symbols(tape, symbols, self.examples),
        };
        let question = self.question.as_ref();
        Shown {
            sequence: match &self.lengths {
                Some(lengths) => sequence.with_lengths(lengths),
                None => sequence,
            },
            question: question.map(|(symbols, lengths)| {
                Sequence::symbols(tape, symbols, self.examples).with_lengths(lengths)
            }),
        }
    }
}

/// What a model is shown.
#[derive(Clone, Debug)]
pub struct Shown<'t, T: Real> {
    /// What is read.
    pub sequence: Sequence<'t, T>,
    /// What is asked about it, if anything.
    pub question: Option<Sequence<'t, T>>,
}

impl<'t, T: Real> From<Sequence<'t, T>> for Shown<'t, T> {
    /// Nothing is asked.
    fn from(sequence: Sequence<'t, T>) -> Self {
        Self {
            sequence,
            question: None,
        }
    }
}

//! How much of the gradient arrives at each time step: `‖∂loss/∂h_t‖₂` against `t` (Cooijmans et al.
//! 2016, section 4 and figure 1a).
//!
//! [`Trainer::gradient_norms`](crate::trainer::Trainer::gradient_norms) measures a model as it stands,
//! with fresh weights or trained ones; [`GradientNorms`] takes in one batch after another.

use autodiff::Tensor;
use kernels::Real;
use nn::context::Context;

use crate::model::{Model, OnDevice};

/// Sums of the gradient norms of each time step over examples.
///
/// The norm of example `b` at step `t` is `‖∂L/∂h_t[b]‖₂`, where `h_t[b]` is the hidden state of the
/// topmost layer that goes on to the next step, and `L` the sum over the batch of the losses of its
/// examples: the cross-entropy of an example's own answer, the mean of those of its steps, or its squared
/// error. Without normalization over the batch only the loss of the example itself depends on `h_t[b]`;
/// with it those of the others do as well, through the moments, and are in the derivative.
///
/// Of layers in both directions, whose states stand side by side, it is the norm of both together; of a
/// model that answers questions that of the states over the story.
///
/// Norms fall by orders of magnitude: in `f32` what is below 1e-38 is 0, so that a curve over hundreds
/// of steps wants `f64`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GradientNorms {
    /// By step.
    sums: Vec<f64>,
    /// Examples that have the step.
    examples: Vec<usize>,
}

impl GradientNorms {
    /// Takes in a batch: a pass forward and back in the mode of `context`, over a tape that records.
    /// Every example begins with the initial state.
    ///
    /// # Panics
    /// If the batch does not fit the model.
    #[track_caller]
    pub fn add<T: Real>(&mut self, context: &mut Context<'_, '_, T>, model: &Model<T>, batch: &OnDevice<T>) {
        let tape = context.tape();
        let mut shown = batch.shown(tape);
        let [steps, examples] = [shown.sequence.steps(), shown.sequence.batch()];
        let probe = tape.leaf(tape.device().zeros([steps, examples, model.state_size()]));
        shown.sequence = shown.sequence.with_probe(probe);
        let answers = model.forward(context, &shown);
        let loss = model.loss(&answers, batch);
        // The loss is a mean over the examples: as a sum, it has the loss of each of them in full.
        let of_sum = tape.device().full(loss.shape(), T::of(examples as f64));
        let gradient = tape.backward_from(&[(loss, of_sum)]).take(probe);
        let norms = norms(&gradient.expect("answers depend on the states"));
        let lengths = shown.sequence.lengths().map(|lengths| lengths.lengths());
        self.put(&norms, examples, |b, t| {
            lengths.is_none_or(|lengths| t < lengths[b])
        });
    }

    /// Takes in `norms [T, B]` of the examples that have a step.
    fn put(&mut self, norms: &[f64], examples: usize, has: impl Fn(usize, usize) -> bool) {
        let steps = (norms.len() / examples).max(self.sums.len());
        self.sums.resize(steps, 0.0);
        self.examples.resize(steps, 0);
        for (t, of_step) in norms.chunks_exact(examples).enumerate() {
            for (_, norm) in of_step.iter().enumerate().filter(|&(b, _)| has(b, t)) {
                self.sums[t] += norm;
                self.examples[t] += 1;
            }
        }
    }

    /// The mean over the examples that have step `t`, `[T]`, up to the last step that any has.
    pub fn means(&self) -> Vec<f64> {
        let of_steps = self.sums.iter().zip(&self.examples);
        let present = of_steps.take_while(|&(_, &examples)| examples > 0);
        present.map(|(sum, &examples)| sum / examples as f64).collect()
    }
}

/// The norms `[T, B]` of the rows of `gradient [T, B, H]`.
fn norms<T: Real>(gradient: &Tensor<T>) -> Vec<f64> {
    let rows = gradient.to_vec();
    rows.chunks_exact(gradient.shape().last()).map(norm).collect()
}

/// `√(Σ x²)`, whose squares may be too small or too large for a number where the norm is not.
pub(crate) fn norm<T: Real>(row: &[T]) -> f64 {
    let largest = row.iter().fold(0.0, |max: f64, x| max.max(x.as_f64().abs()));
    // Nor would a NaN be seen by `max`.
    if largest == 0.0 || !largest.is_finite() {
        return row.iter().map(|x| x.as_f64().abs()).sum();
    }
    let squares = row.iter().map(|x| (x.as_f64() / largest).powi(2));
    largest * squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use autodiff::{Device, Tape};
    use nn::context::{Mode, Statistics};
    use nn::params::{ParamStore, Scope};
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;
    use crate::cell::Cell;
    use crate::config::{ModelConfig, RecurrentInit};
    use crate::normalization::Sites;
    use crate::regularization::Regularization;
    use crate::task::{Batch, Head, Input, Inputs, Interface, Targets};

    #[test]
    fn norms_of_tiny_and_of_bad_numbers() {
        // The squares are no numbers of f64; 3, 4 and 5 are.
        let tiny = norm(&[3e-200, -4e-200_f64]);
        assert!((tiny / 5e-200 - 1.0).abs() < 1e-15, "{tiny}");
        assert_eq!(norm(&[0.0_f32, 0.0]), 0.0);
        assert!(norm(&[0.0, f64::NAN]).is_nan());
        assert!(norm(&[1.0, f64::NAN]).is_nan());
        assert_eq!(norm(&[1.0, f64::INFINITY]), f64::INFINITY);
    }

    const STEPS: usize = 4;

    fn model(bidirectional: bool) -> ModelConfig {
        ModelConfig {
            normalization: Sites::parse(Cell::Lstm, "none").unwrap(),
            regularization: Regularization::default(),
            hidden_size: 3,
            layers: 1,
            bidirectional,
            recurrent_init: RecurrentInit::Orthogonal,
            forget_bias: 1.0,
            initial_noise: 0.0,
            reader: None,
        }
    }

    /// Examples of the given lengths, with inputs and classes that depend on their numbers alone; what
    /// is padding is told by `padding`.
    fn batch(examples: &[(usize, usize)], steps: usize, padding: f32) -> Batch {
        let mut inputs = Vec::new();
        for t in 0..steps {
            for &(example, length) in examples {
                let x = 0.3 * (t as f32) - 0.7 * (example as f32) + 0.2;
                inputs.push(if t < length { x } else { padding });
            }
        }
        Batch {
            examples: examples.len(),
            inputs: Inputs::Numbers(inputs),
            lengths: Some(examples.iter().map(|&(_, length)| length).collect()),
            question: None,
            targets: Targets::Classes(examples.iter().map(|&(example, _)| example as u32).collect()),
        }
    }

    fn measure(bidirectional: bool, batches: &[Batch]) -> Vec<f64> {
        let device = Device::<f64>::reference();
        let mut store = ParamStore::new(&device);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let interface = Interface {
            input: Input::Numbers(1),
            steps: STEPS,
            head: Head::Class(2),
        };
        let model = Model::new(
            &mut Scope::new(&mut store, &mut rng),
            &model(bidirectional),
            interface,
        );
        let mut norms = GradientNorms::default();
        for batch in batches {
            let tape = Tape::new(&device);
            let mode = Mode::Eval(Statistics::Batch);
            let mut context = Context::new(&tape, &mut store, mode, &mut rng);
            norms.add(
                &mut context,
                &model,
                &OnDevice::new(batch, interface.input, &device),
            );
        }
        norms.means()
    }

    /// Without normalization over the batch the examples know nothing of each other, so that each has
    /// the norms that it has alone, whatever follows it.
    #[test]
    fn padding_is_in_no_mean_and_batches_of_any_length_add_up() {
        for bidirectional in [false, true] {
            let long = measure(bidirectional, &[batch(&[(0, 4)], 4, 0.0)]);
            let short = measure(bidirectional, &[batch(&[(1, 2)], 2, 0.0)]);
            assert_eq!((long.len(), short.len()), (4, 2));
            assert!(long.iter().chain(&short).all(|&norm| norm > 1e-3));
            let expected = [
                (long[0] + short[0]) / 2.0,
                (long[1] + short[1]) / 2.0,
                long[2],
                long[3],
            ];
            let together = vec![batch(&[(0, 4), (1, 2)], 6, 9.0)];
            let apart = vec![batch(&[(1, 2)], 2, 0.0), batch(&[(0, 4)], 4, 0.0)];
            for batches in [together, apart] {
                let found = measure(bidirectional, &batches);
                assert_eq!(found.len(), 4);
                for (found, expected) in found.iter().zip(expected) {
                    // The same sums, in another order.
                    assert!((found / expected - 1.0).abs() < 1e-13, "{found} {expected}");
                }
            }
        }
    }
}

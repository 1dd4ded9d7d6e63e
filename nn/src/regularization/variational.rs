//! Variational dropout.

use autodiff::{Shape, Var};
use kernels::Real;

use super::mask;
use crate::cell::{Input, Sequence};
use crate::context::Context;

/// The factor for what is multiplied by a weight at every step of a sequence in variational dropout
/// (Gal and Ghahramani 2016, arXiv 1512.05287): for each example one mask, the same at all steps,
///
/// ```text
/// (m_x ⊙ x_t) W_x,   (m_h ⊙ h_{t−1}) W_h,   m = 0 with probability p, 1/(1 − p) otherwise
/// ```
///
/// in training, none (1) in evaluation. The masks are the same for all gates, the paper's tied
/// weights. `h_{t−1}` is dropped from the recurrent product alone: a GRU's `z ⊙ h_{t−1}`, or what
/// zoneout keeps, is whole.
///
/// `shape` is that of one step, `[B, D]`.
pub fn variational_mask<'t, T: Real>(
    context: &mut Context<'t, '_, T>,
    p: f64,
    shape: impl Into<Shape>,
) -> Option<Var<'t, T>> {
    mask::is_drawn(context, p).then(|| mask::survivors(context, shape.into(), p))
}

/// Inputs of `input_size` elements with a [`variational_mask`].
///
/// Of symbols, which are one-hot inputs, this drops whole symbols: all occurrences of one in an
/// example or none, as the paper drops word types. The draws are those of one-hot inputs that are
/// given as numbers.
#[track_caller]
pub fn variational_inputs<'t, T: Real>(
    context: &mut Context<'t, '_, T>,
    p: f64,
    input: &Sequence<'t, T>,
    input_size: usize,
) -> Sequence<'t, T> {
    match variational_mask(context, p, [input.batch(), input_size]) {
        None => input.clone(),
        Some(mask) => match input.input() {
            Input::Dense(x) => input.with_input(x.mul(mask)),
            Input::Symbols(_) => input.with_symbol_factors(mask.transpose()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::mask::testing::{constant, within};
    use super::*;
    use crate::context::Mode;

    #[test]
    fn all_steps_have_one_mask_and_examples_their_own() {
        let ones = [1.0; 4 * 3 * 10];
        let x = within(Mode::Train, 2, |context| {
            let input = constant(context, [4, 3, 10], &ones).into();
            match variational_inputs(context, 0.5, &input, 10).input() {
                Input::Dense(x) => x.value().to_vec(),
                Input::Symbols(_) => panic!("numbers"),
            }
        });
        let steps: Vec<&[f64]> = x.chunks(30).collect();
        assert!(steps.iter().all(|&step| step == steps[0]));
        let examples: Vec<&[f64]> = steps[0].chunks(10).collect();
        // Two masks of 10 are the same once in a thousand times.
        assert!(examples[0] != examples[1] && examples[1] != examples[2]);
        assert!(x.contains(&0.0) && x.contains(&2.0));
    }

    #[test]
    fn symbols_are_dropped_as_the_one_hot_inputs_they_are() {
        let symbols = [0_u32, 2, 1, 1, 0, 1, 2, 2, 0, 0, 2, 1];
        let mut one_hot = [0.0; 12 * 3];
        for (row, &symbol) in one_hot.chunks_exact_mut(3).zip(&symbols) {
            row[symbol as usize] = 1.0;
        }
        let weight = [0.5, -1.0, 1.5, 2.0, -2.5, 3.0];
        for (seed, turned) in [(3, false), (4, true)] {
            let [as_numbers, as_symbols] = [true, false].map(|numbers| {
                within(Mode::Train, seed, |context| {
                    let input = match numbers {
                        true => constant(context, [4, 3, 3], &one_hot).into(),
                        false => {
                            let tape = context.tape();
                            Sequence::symbols(tape, &tape.device().indices(&symbols), 3)
                        }
                    };
                    let input = if turned { input.turned() } else { input };
                    let dropped = variational_inputs(context, 0.4, &input, 3);
                    let weight = constant(context, [3, 2], &weight);
                    dropped.product(weight).value().to_vec()
                })
            });
            assert_eq!(as_numbers, as_symbols);
            assert!(as_symbols.contains(&0.0) && as_symbols.iter().any(|&x| x != 0.0));
        }
    }
}

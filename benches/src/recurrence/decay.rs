//! Sequences along which gradients or states become so small that they would be denormal numbers
//! in `f32`, and their counterparts in which they do not.

use std::fmt;

use autodiff::Device;
use kernels::{Real, Unary};

use super::{Form, Recurrence};
use crate::lstm::{LstmSpec, Norm};

/// `T`
const STEPS: usize = 784;
/// `B`
const BATCH: usize = 100;
/// `H`
const HIDDEN_SIZE: usize = 100;

/// Gradient of the last state where gradients decay: what arrives from far later in a longer
/// sequence. From there they pass the denormal numbers over a good part of the steps, where those
/// of a nearby loss would be done with them in a few.
const TINY_GRADIENT: f64 = 1e-20;
/// `c_0` where states decay: above what is flushed ([`Real::TINY`]), so that they decay through that.
const TINY_STATE: f64 = 1e-25;

/// What decays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decay {
    /// The gradient of an LSTM without normalization, from the last step to the first.
    Gradient,
    /// The gradient of an LSTM with batch normalization, γ = 0.1.
    NormalizedGradient,
    /// The state of an LSTM without normalization, with small weights and no input.
    State,
}

/// Whether values decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// They stay far above denormal numbers.
    Lasting,
    /// They pass through the range of denormal numbers.
    Decaying,
}

impl Course {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Lasting, Self::Decaying];
}

impl Decay {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gradient, Self::NormalizedGradient, Self::State];
    /// Time steps of all examples: T = 784, B = 100.
    pub const EXAMPLE_STEPS: usize = STEPS * BATCH;

    /// A sequence with T = 784, B = 100, D = 1, H = 100. Both courses do the same work, and differ
    /// in nothing but values: the bias of the forget gate, and where the decay begins.
    pub fn recurrence<T: Real>(self, course: Course, device: &Device<T>, form: Form) -> Recurrence<T> {
        self.with_batch(course, device, form, BATCH)
    }

    fn with_batch<T: Real>(
        self,
        course: Course,
        device: &Device<T>,
        form: Form,
        batch: usize,
    ) -> Recurrence<T> {
        let mut recurrence = Recurrence::new(device, self.spec(course), batch, form);
        match (self, course) {
            (Self::State, Course::Lasting) => recurrence.forget_from(1.0),
            (Self::State, Course::Decaying) => recurrence.forget_from(TINY_STATE),
            (_, Course::Lasting) => {}
            (_, Course::Decaying) => recurrence.seed.map_in_place(Unary::Scale(T::of(TINY_GRADIENT))),
        }
        recurrence
    }

    /// The forget biases are those with which gradients keep their magnitude, or lose 25 orders of
    /// magnitude, and with which states lose 10, or 20.
    fn spec(self, course: Course) -> LstmSpec {
        let (norm, forget_bias) = match (self, course) {
            (Self::Gradient, Course::Lasting) => (Norm::named("none"), 1.0),
            (Self::Gradient, Course::Decaying) => (Norm::named("none"), 0.7),
            (Self::NormalizedGradient, Course::Lasting) => (Norm::named("batch"), 2.0),
            (Self::NormalizedGradient, Course::Decaying) => (Norm::named("batch"), -1.5),
            (Self::State, Course::Lasting) => (Norm::named("none"), 3.5),
            (Self::State, Course::Decaying) => (Norm::named("none"), 2.8),
        };
        LstmSpec {
            forget_bias,
            ..LstmSpec::new(STEPS, 1, HIDDEN_SIZE, norm)
        }
    }
}

impl fmt::Display for Decay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gradient => "gradient",
            Self::NormalizedGradient => "gradient-batch",
            Self::State => "state",
        })
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lasting => "lasting",
            Self::Decaying => "decaying",
        })
    }
}

impl<T: Real> Recurrence<T> {
    /// Starts with every `c_0` at `state` and leaves nothing to do but to forget it: no input, and
    /// so little of `W_h` that what comes back from the last step does not count.
    fn forget_from(&mut self, state: f64) {
        let device = self.store.device().clone();
        self.x = device.zeros(self.x.shape());
        let [w_h, c_0] = ["w_h", "c_0"].map(|path| self.store.find(path).expect("a parameter of every LSTM"));
        self.store.get_mut(w_h).map_in_place(Unary::Scale(T::of(1e-3)));
        *self.store.get_mut(c_0) = device.full([HIDDEN_SIZE], T::of(state));
    }
}

#[cfg(test)]
mod tests {
    use nn::context::{Context, Mode};
    use nn::params::Role;

    use super::*;
    use crate::device::DeviceName;

    /// Few examples of the many that are measured: the weights are the same.
    const EXAMPLES: usize = 16;

    /// What `f32` can only represent as a denormal number.
    const DENORMAL: std::ops::Range<f64> = 1.4e-45..1.17e-38;

    /// Mean magnitudes, at each step, of what may decay, in `f64`: there nothing comes near to
    /// what is flushed, so they are what `f32` would have if nothing was.
    fn magnitudes(decay: Decay, course: Course) -> Vec<f64> {
        let device = DeviceName::Cpu(1).device::<f64>();
        let Recurrence {
            tape,
            mut store,
            mut rng,
            lstm,
            x,
            seed,
            form,
        } = decay.with_batch(course, &device, Form::Fused, EXAMPLES);
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        let x = tape.leaf(x);
        let states = form.run(&lstm, &mut context, x);
        let values = match decay {
            // Of the inputs: those of the gates, times W_x.
            Decay::Gradient | Decay::NormalizedGradient => {
                let gradients = tape.backward_from(&[(states.last, seed)]);
                gradients.get(x).expect("a leaf that was used").to_vec()
            }
            Decay::State => states.cell().value().to_vec(),
        };
        let steps = values.chunks(values.len() / STEPS);
        let mut magnitudes: Vec<f64> = steps
            .map(|step| step.iter().map(|x| x.abs()).sum::<f64>() / step.len() as f64)
            .collect();
        if decay != Decay::State {
            magnitudes.reverse();
        }
        magnitudes
    }

    #[test]
    fn what_decays_would_be_denormal_over_many_steps() {
        for decay in Decay::ALL {
            let magnitudes = magnitudes(decay, Course::Decaying);
            let first = magnitudes[0];
            assert!(
                first > DENORMAL.end * 1e3,
                "{decay}: begins with {first:e}, almost denormal"
            );
            let denormal = magnitudes.iter().filter(|m| DENORMAL.contains(m)).count();
            assert!(
                denormal >= STEPS / 5,
                "{decay}: denormal at {denormal} steps of {STEPS}"
            );
        }
    }

    #[test]
    fn what_lasts_is_far_from_denormal_at_every_step() {
        for decay in Decay::ALL {
            let smallest = magnitudes(decay, Course::Lasting)
                .into_iter()
                .fold(f64::INFINITY, f64::min);
            assert!(
                smallest > DENORMAL.end * 1e15,
                "{decay}: {smallest:e}, almost denormal"
            );
        }
    }

    /// States and the gradients of the parameters, with their names, in `f32`.
    fn values(decay: Decay, form: Form) -> Vec<(String, Vec<f32>)> {
        let device = DeviceName::Cpu(2).device::<f32>();
        let mut recurrence = decay.with_batch(Course::Decaying, &device, form, EXAMPLES);
        let Recurrence {
            tape,
            store,
            rng,
            lstm,
            x,
            seed,
            ..
        } = &mut recurrence;
        let paths: Vec<String> = store
            .iter()
            .filter(|(_, param)| param.role == Role::Trainable)
            .map(|(_, param)| param.path.clone())
            .collect();
        let mut context = Context::new(tape, store, Mode::Train, rng);
        let states = form.run(lstm, &mut context, tape.constant(x.clone()));
        let gradients = tape.backward_from(&[(states.last, seed.clone())]);
        let gradients = context.param_gradients(gradients);
        let states = [("h", states.h), ("c", states.cell())]
            .map(|(name, state)| (name.to_owned(), state.value().to_vec()));
        let gradients = paths
            .into_iter()
            .zip(gradients.iter().map(|gradient| gradient.to_vec()));
        states.into_iter().chain(gradients).collect()
    }

    #[test]
    fn nothing_is_denormal() {
        for (decay, form) in Decay::ALL
            .into_iter()
            .flat_map(|decay| Form::ALL.map(|form| (decay, form)))
        {
            for (name, values) in values(decay, form) {
                let denormal = values.iter().filter(|x| x.is_subnormal()).count();
                assert_eq!(
                    denormal,
                    0,
                    "{decay} {form}: {name}, of {} elements",
                    values.len()
                );
            }
        }
    }

    #[test]
    fn a_state_that_decays_ends_at_zero() {
        for form in Form::ALL {
            let values = values(Decay::State, form);
            let (_, c) = values.iter().find(|(name, _)| name == "c").expect("the states");
            let (first, last) = (&c[..HIDDEN_SIZE], &c[c.len() - EXAMPLES * HIDDEN_SIZE..]);
            assert!(first.iter().all(|&c| c > f32::TINY), "{form}: {first:?}");
            assert!(last.iter().all(|&c| c == 0.0), "{form}: {last:?}");
        }
    }
}

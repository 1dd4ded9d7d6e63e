//! Sequences of an LSTM, without a loss and without an update.

mod decay;

use std::fmt;

use autodiff::{Device, Tape, Tensor, Var};
use kernels::Real;
use nn::cell::{Cell, Lstm, States};
use nn::context::{Context, Mode, ParamGradients};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::lstm::LstmSpec;
use crate::noise::noise;

pub use decay::{Course, Decay};

/// How a sequence is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As one operation, where device and normalizers have that.
    Fused,
    /// Step by step in plain operations, as a cell of one's own would be.
    Plain,
}

impl Form {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Fused, Self::Plain];

    #[track_caller]
    fn run<'t, T: Real>(
        self,
        lstm: &Lstm<T>,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
    ) -> States<'t, T> {
        match self {
            Self::Fused => lstm.forward(context, &x.into()),
            Self::Plain => lstm.forward_by_steps(context, &x.into()),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fused => "fused",
            Self::Plain => "plain",
        })
    }
}

/// An LSTM with a batch of sequences and with a gradient of its last state, all of them noise.
///
/// ```
/// use autodiff::Device;
/// use benches::{Form, LstmSpec, Norm, Recurrence};
///
/// let device = Device::<f64>::reference();
/// let spec = LstmSpec::new(5, 3, 4, Norm::named("layer"));
/// let mut recurrence = Recurrence::new(&device, spec, 2, Form::Plain);
/// assert_eq!(recurrence.forward().shape(), [2, 4].into());
/// ```
#[derive(Debug)]
pub struct Recurrence<T: Real> {
    tape: Tape<T>,
    store: ParamStore<T>,
    rng: ChaCha8Rng,
    lstm: Lstm<T>,
    /// `[T, B, D]`
    x: Tensor<T>,
    /// Gradient of the last state, `[B, H]`.
    seed: Tensor<T>,
    form: Form,
}

impl<T: Real> Recurrence<T> {
    /// New weights and `batch` sequences, always the same ones.
    #[track_caller]
    pub fn new(device: &Device<T>, spec: LstmSpec, batch: usize, form: Form) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut store = ParamStore::new(device);
        let lstm = spec.build(&mut Scope::new(&mut store, &mut rng));
        let mut draw = |shape: &[usize]| noise(shape.iter().product(), &mut rng);
        let x = [spec.steps, batch, spec.input_size];
        let seed = [batch, spec.hidden_size];
        Self {
            tape: Tape::new(device),
            store,
            lstm,
            x: device.tensor(x, &draw(&x)),
            seed: device.tensor(seed, &draw(&seed)),
            rng,
            form,
        }
    }

    /// All states in training, recorded for a backward pass. Gives the last one, `[B, H]`.
    #[track_caller]
    pub fn forward(&mut self) -> Tensor<T> {
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.rng);
        let x = self.tape.constant(self.x.clone());
        let last = self.form.run(&self.lstm, &mut context, x).last.value();
        self.tape.clear();
        last
    }

    /// The same, and all gradients of the parameters.
    #[track_caller]
    pub fn forward_backward(&mut self) -> ParamGradients<T> {
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.rng);
        let x = self.tape.constant(self.x.clone());
        let last = self.form.run(&self.lstm, &mut context, x).last;
        let gradients = self.tape.backward_from(&[(last, self.seed.clone())]);
        let gradients = context.param_gradients(gradients);
        self.tape.clear();
        gradients
    }
}

#[cfg(test)]
mod tests {
    use nn::params::Role;

    use super::*;
    use crate::device::DeviceName;
    use crate::lstm::Norm;

    /// Both forms are measured as the same computation.
    #[test]
    fn both_forms_give_the_same_state_and_gradients() {
        for norm in Norm::basic() {
            let run = |form| {
                let device = DeviceName::Cpu(2).device::<f64>();
                let mut recurrence = Recurrence::new(&device, LstmSpec::new(6, 3, 16, norm.clone()), 8, form);
                let mut values = recurrence.forward().to_vec();
                let gradients = recurrence.forward_backward();
                let params = recurrence.store.iter().map(|(_, param)| param.role);
                let trainable = params.filter(|role| *role == Role::Trainable).count();
                assert_eq!(gradients.iter().count(), trainable, "{norm} {form}");
                values.extend(gradients.iter().flat_map(|gradient| gradient.to_vec()));
                values
            };
            let [fused, plain] = Form::ALL.map(run);
            for (i, (fused, plain)) in fused.iter().zip(&plain).enumerate() {
                // Sums of less than a hundred terms below 100 in another order.
                assert!(
                    (fused - plain).abs() < 1e-10,
                    "{norm} at {i}: {fused} for {plain}"
                );
            }
        }
    }
}

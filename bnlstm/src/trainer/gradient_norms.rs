//! Gradient norms over time.

use kernels::Real;
use nn::context::{Context, Mode, Statistics};

use super::{ESTIMATION, EVALUATION_NOISE, Trainer, generator};
use crate::model::OnDevice;
use crate::probe::GradientNorms;
use crate::task::Split;

impl<T: Real> Trainer<'_, T> {
    /// The mean norm of `∂loss/∂h_t` over the examples of so many training batches (or as many as there
    /// are), for each time step `t`, `[T]`: figure 1a of Cooijmans et al. 2016, section 4, for the model
    /// as it stands. [`GradientNorms`] says what is differentiated by what.
    ///
    /// The pass is one of evaluation with the statistics of the batch at hand. A normalization whose
    /// moments are those of the batch computes in it just what it does in training, and its gradient
    /// goes through the moments as well; but running averages do not move, and nothing is dropped or
    /// held. (Batch renormalization is without its correction, as at the beginning of training.) So
    /// nothing of the run changes, and every call sees the same batches and noise.
    ///
    /// # Panics
    /// If the number of batches is 0.
    #[track_caller]
    pub fn gradient_norms(&mut self, batches: usize) -> Vec<f64> {
        assert!(
            batches > 0,
            "gradient_norms: 0 batches have no gradient; 1 or more fit"
        );
        let training = self.config.training;
        let pass = self
            .task
            .shuffled(training.batch, &mut generator(training.seed, ESTIMATION));
        let mut noise = generator(training.seed, EVALUATION_NOISE);
        let mut norms = GradientNorms::default();
        for chosen in pass.iter().take(batches) {
            self.tape.clear();
            let batch = self.task.batch(Split::Train, chosen, &mut noise);
            let batch = OnDevice::new(&batch, self.interface.input, self.store.device());
            let mode = Mode::Eval(Statistics::Batch);
            let mut context = Context::new(&self.tape, &mut self.store, mode, &mut noise);
            norms.add(&mut context, &self.model, &batch);
        }
        self.tape.clear();
        norms.means()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use autodiff::{Device, Tape};
    use kernels::Cpu;
    use nn::params::Param;

    use super::*;
    use crate::cell::Cell;
    use crate::config::{RecurrentInit, RunConfig};
    use crate::normalization::Sites;
    use crate::presets::Preset;
    use crate::settings::Settings;
    use crate::task::{Adding, Copy, PixelOrder, Pixels, Task};

    /// One batch of all the examples that a tiny task has.
    fn config(cell: Cell, text: &str, hidden_size: usize, batch: usize) -> RunConfig {
        let preset = Preset::find("digits-quick").expect("it comes with the program");
        let mut config = Settings::of_preset(preset).config().expect("it is whole");
        config.model.normalization = Sites::parse(cell, text).unwrap_or_else(|error| panic!("{error}"));
        config.model.hidden_size = hidden_size;
        // Without noise all rows would be alike at the first step, and have no variance.
        config.model.initial_noise = 0.1;
        config.training.batch = batch;
        config
    }

    /// The sum of the losses of the examples of the first batch, with `shift` added to the states.
    fn loss_with(trainer: &mut Trainer<'_, f64>, shift: &[f64], dims: [usize; 3]) -> f64 {
        let training = trainer.config.training;
        let mut order = generator(training.seed, ESTIMATION);
        let pass = trainer.task.shuffled(training.batch, &mut order);
        let mut noise = generator(training.seed, EVALUATION_NOISE);
        let batch = trainer.task.batch(Split::Train, pass.batch(0), &mut noise);
        let device = trainer.store.device().clone();
        let batch = OnDevice::new(&batch, trainer.interface.input, &device);
        let tape = Tape::inference(&device);
        // In training itself: the batch is the first one, and moves no parameter.
        let mut context = Context::new(&tape, &mut trainer.store, Mode::Train, &mut noise);
        let mut shown = batch.shown(&tape);
        let shift = tape.constant(device.tensor(dims, shift));
        shown.sequence = shown.sequence.with_probe(shift);
        let answers = trainer.model.forward(&mut context, &shown);
        dims[1] as f64 * trainer.model.loss(&answers, &batch).value().item()
    }

    /// Norms of central differences of the loss by each element of each state.
    fn by_differences(trainer: &mut Trainer<'_, f64>, dims: [usize; 3]) -> Vec<f64> {
        const STEP: f64 = 1e-5;
        let [steps, examples, size] = dims;
        let mut shift = vec![0.0; steps * examples * size];
        let mut derivative = |i: usize| {
            let mut at = |x: f64| {
                shift[i] = x;
                loss_with(trainer, &shift, dims)
            };
            let difference = at(STEP) - at(-STEP);
            shift[i] = 0.0;
            difference / (2.0 * STEP)
        };
        let mut norm = |row: usize| {
            let squares = (0..size).map(|i| derivative(row * size + i).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let mut mean = |t: usize| {
            let norms = (0..examples).map(|b| norm(t * examples + b));
            norms.sum::<f64>() / examples as f64
        };
        (0..steps).map(&mut mean).collect()
    }

    fn check_differences(task: &dyn Task, steps: usize) {
        const H: usize = 3;
        const BATCH: usize = 4;
        for (cell, text) in [
            (Cell::Rnn, "h=batch(gamma=0.5),x=batch(gamma=0.5)"),
            (Cell::Lstm, "batch(gamma=0.3)"),
            (Cell::Gru, "none"),
        ] {
            let config = config(cell, text, H, BATCH);
            let mut trainer = Trainer::new(&config, task, &Device::<f64>::reference());
            let found = trainer.gradient_norms(1);
            let expected = by_differences(&mut trainer, [steps, BATCH, H]);
            assert_eq!(found.len(), expected.len());
            for (t, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!(*expected > 1e-3, "{cell} {text}, step {t}: {expected}");
                // Differences of 1e-5 are off by its square, and by rounding, 1e-16 / 1e-5.
                let error = (found / expected - 1.0).abs();
                assert!(error < 1e-7, "{cell} {text}, step {t}: {found} {expected}");
            }
        }
    }

    #[test]
    fn they_are_what_differences_say() {
        // A number after the last step, and a class after each of the last ones.
        check_differences(&Adding::new(5, 4, 1), 5);
        let copy = Copy::new(1, 4, 1);
        let steps = copy.interface().steps;
        check_differences(&copy, steps);
    }

    #[test]
    fn a_sequence_as_one_operation_has_the_same() {
        let task = Adding::new(12, 16, 1);
        for text in ["none", "batch", "layer"] {
            let config = config(Cell::Lstm, text, 20, 8);
            let norms = |device: &Device<f64>| Trainer::new(&config, &task, device).gradient_norms(2);
            let by_steps = norms(&Device::reference());
            let fused = norms(&Device::new(Arc::new(Cpu::new(2))));
            assert_eq!(by_steps.len(), 12);
            for (fused, by_steps) in fused.iter().zip(&by_steps) {
                // The same formulas in another order.
                assert!(
                    (fused / by_steps - 1.0).abs() < 1e-10,
                    "{text}: {fused} {by_steps}"
                );
            }
        }
    }

    #[test]
    fn nothing_of_the_run_changes() {
        let task = Adding::new(6, 20, 1);
        let config = config(Cell::Lstm, "batch", 4, 8);
        let device = Device::<f64>::reference();
        let [mut measured, mut other] = [0; 2].map(|_| Trainer::new(&config, &task, &device));
        let state = |trainer: &Trainer<'_, f64>| -> Vec<(String, Vec<f64>)> {
            let values = |param: &Param<f64>| (param.path.clone(), param.tensor.to_vec());
            trainer.store.iter().map(|(_, param)| values(param)).collect()
        };
        let before = measured.gradient_norms(2);
        assert_eq!(before, measured.gradient_norms(2));
        assert_eq!(state(&measured), state(&other));
        for trainer in [&mut measured, &mut other] {
            trainer.train(3, || {}).unwrap();
        }
        let trained = measured.gradient_norms(2);
        assert_ne!(trained, before);
        // There are three batches; of four there are no more.
        assert_eq!(measured.gradient_norms(3), measured.gradient_norms(4));
        assert_ne!(measured.gradient_norms(3), trained);
        for trainer in [&mut measured, &mut other] {
            trainer.train(3, || {}).unwrap();
        }
        assert_eq!(state(&measured), state(&other));
    }

    /// The norm at the first step over that at the last, for `γ = 0.1` and `γ = 1`: figure 1a in small.
    fn kept(task: &dyn Task, text: impl Fn(f64) -> String) -> [f64; 2] {
        let device = Device::<f64>::new(Arc::new(Cpu::new(1)));
        [0.1, 1.0].map(|gamma| {
            let mut config = config(Cell::Rnn, &text(gamma), 100, 64);
            config.model.recurrent_init = RecurrentInit::Identity;
            let norms = Trainer::new(&config, task, &device).gradient_norms(1);
            assert_eq!(norms.len(), task.interface().steps);
            norms[0] / norms[norms.len() - 1]
        })
    }

    #[test]
    fn a_small_gamma_keeps_what_a_large_one_loses() {
        // Over the 64 pixels of digits, normalized as a sum, and over 120 steps, as two terms.
        let digits = Pixels::digits(PixelOrder::Scan).unwrap();
        let of_sum = kept(&digits, |gamma| format!("sum=batch(gamma={gamma})"));
        let of_terms = kept(&Copy::new(100, 64, 1), |gamma| {
            format!("h=batch(gamma={gamma}),x=batch(gamma={gamma})")
        });
        for ([small, large], most) in [(of_sum, 1e-4), (of_terms, 1e-10)] {
            assert!((0.03..30.0).contains(&small), "{small:e}");
            assert!(large < most, "{large:e}");
        }
    }
}

//! Text that a character model writes.

use kernels::Real;
use nn::context::{Context, Mode, Statistics};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::carried::Carried;
use super::{EVALUATION_NOISE, NotEstimated, Trainer, generator};
use crate::model::OnDevice;
use crate::task::{Batch, Inputs, Targets};

impl<T: Real> Trainer<'_, T> {
    /// Reads the symbols of `prompt`, then draws `count` further ones, each from the model's
    /// probabilities to the power of 1 / `temperature`; with a temperature of 0, the most probable one.
    ///
    /// # Errors
    /// If population statistics are asked for, and were never estimated.
    ///
    /// # Panics
    /// If the prompt is empty, or the model does not answer with symbols as it reads.
    #[track_caller]
    pub fn sample(
        &mut self,
        prompt: &[u32],
        count: usize,
        temperature: f64,
        statistics: Statistics,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<u32>, NotEstimated> {
        assert!(
            !prompt.is_empty(),
            "sample: an empty prompt; 1 or more symbols fit"
        );
        assert!(
            self.config.model.goes_on(statistics),
            "sample: the model cannot go on where it has ended; one that reads forward only would fit"
        );
        self.require_population(&[statistics])?;
        let mut noise = generator(self.config.training.seed, EVALUATION_NOISE);
        let mut carried = Carried::default();
        let mut written = Vec::with_capacity(count);
        let mut next = prompt.to_vec();
        for _ in 0..count {
            let logits = self.read(&next, &mut carried, statistics, &mut noise);
            let symbol = draw(&logits, temperature, rng);
            written.push(symbol);
            next = vec![symbol];
        }
        Ok(written)
    }

    /// Reads symbols, and returns the logits of the one after them.
    fn read(
        &mut self,
        symbols: &[u32],
        carried: &mut Carried<T>,
        statistics: Statistics,
        noise: &mut ChaCha8Rng,
    ) -> Vec<f64> {
        self.inference.clear();
        let batch = Batch {
            examples: 1,
            inputs: Inputs::Symbols(symbols.to_vec()),
            lengths: None,
            question: None,
            targets: Targets::Classes(Vec::new()),
        };
        let on_device = OnDevice::new(&batch, self.interface.input, self.store.device());
        let mode = Mode::Eval(statistics);
        let mut context = Context::new(&self.inference, &mut self.store, mode, noise);
        let mut shown = on_device.shown(&self.inference);
        shown.sequence = carried.go_on(&self.inference, shown.sequence);
        let answers = self.model.forward(&mut context, &shown);
        carried.put(answers.states.end_values(), symbols.len());
        let outputs = answers.outputs.value();
        let last = outputs.row(symbols.len() - 1).to_vec();
        last.into_iter().map(T::as_f64).collect()
    }
}

/// A symbol with probability in proportion to `exp(logit / temperature)`.
fn draw(logits: &[f64], temperature: f64, rng: &mut ChaCha8Rng) -> u32 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if temperature == 0.0 {
        return logits.iter().position(|&logit| logit == largest).unwrap_or(0) as u32;
    }
    let weights: Vec<f64> = logits
        .iter()
        .map(|logit| ((logit - largest) / temperature).exp())
        .collect();
    let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
    let place = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    place.unwrap_or(weights.len() - 1) as u32
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn symbols_are_drawn_by_their_probabilities() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let logits = [1.0_f64.ln(), 2.0_f64.ln(), 7.0_f64.ln()];
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            counts[draw(&logits, 1.0, &mut rng) as usize] += 1;
        }
        // Of 10 000 draws with probability p, five standard deviations: 5 √(10 000 p (1 − p)).
        for (count, expected) in counts.into_iter().zip([0.1, 0.2, 0.7]) {
            let deviation = f64::from(count) - 1e4 * expected;
            assert!(
                deviation.abs() < 5.0 * (1e4 * expected * (1.0 - expected)).sqrt(),
                "{counts:?}"
            );
        }
        assert_eq!(draw(&logits, 0.0, &mut rng), 2);
        assert_eq!(draw(&logits, 1e-3, &mut rng), 2);
    }
}

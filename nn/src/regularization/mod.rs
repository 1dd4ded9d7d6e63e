//! Regularizers of recurrent cells.
//!
//! A cell has those that a [`Regularization`] in its settings names, with a probability each. They
//! are drawn in [`Mode::Train`] alone. [`Mode::Estimate`] is as evaluation, since it averages the
//! statistics that evaluation will use, of the network that evaluation will run. Where nothing is
//! drawn, the source of randomness is left as it is.
//!
//! The masks of a pass come from its source of randomness, element by element on the host: the seed
//! decides on them, not the device, its threads or the precision. A cell draws first what is the
//! same for all its steps (the inputs' mask, that of `W_h`, that of `h_{t−1}`, then the noise of its
//! initial state), then at each step the masks of the candidate, of `h` and of `c`.
//!
//! [`norm_stabilizer`] is a term of the loss instead.

mod mask;
mod norm_stabilizer;
mod recurrent_dropout;
mod variational;
mod weight_drop;
mod zoneout;

use crate::context::Mode;

pub use norm_stabilizer::norm_stabilizer;
pub(crate) use recurrent_dropout::drops_candidates;
pub use recurrent_dropout::recurrent_dropout;
pub use variational::{variational_inputs, variational_mask};
pub use weight_drop::weight_drop;
pub use zoneout::zoneout;

/// Probabilities of what is left out in training, from 0 to below 1 each; 0, the default, is
/// without.
///
/// ```
/// use autodiff::Device;
/// use nn::cell::{Lstm, LstmConfig, Sites};
/// use nn::params::{ParamStore, Scope};
/// use nn::regularization::Regularization;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let mut store = ParamStore::new(&Device::<f32>::reference());
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let zoneout = Regularization { zoneout_h: 0.05, zoneout_c: 0.5, ..Regularization::default() };
/// let config = LstmConfig { regularization: zoneout, ..LstmConfig::new(3, 4) };
/// Lstm::new(&mut Scope::new(&mut store, &mut rng), &config, Sites::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Regularization {
    /// That an element of `h` stays as it is at a step: [`zoneout`].
    pub zoneout_h: f64,
    /// That an element of `c` stays as it is at a step: [`zoneout`].
    pub zoneout_c: f64,
    /// That an element of the candidate is dropped at a step: [`recurrent_dropout`].
    pub recurrent_dropout: f64,
    /// That an element of the inputs is dropped at all steps: [`variational_inputs`].
    pub variational_x: f64,
    /// That an element of `h_{t−1}` is dropped from the recurrent product at all steps:
    /// [`variational_mask`].
    pub variational_h: f64,
    /// That an element of `W_h` is dropped in a pass: [`weight_drop`].
    pub weight_drop: f64,
}

impl Regularization {
    /// All settings by name.
    pub fn settings(&self) -> [(&'static str, f64); 6] {
        [
            ("zoneout_h", self.zoneout_h),
            ("zoneout_c", self.zoneout_c),
            ("recurrent_dropout", self.recurrent_dropout),
            ("variational_x", self.variational_x),
            ("variational_h", self.variational_h),
            ("weight_drop", self.weight_drop),
        ]
    }

    /// Panics if a setting is no probability below 1, or one is above 0 that `cell` has not among its `known`
    /// settings.
    #[track_caller]
    pub fn check(&self, cell: &str, known: &[&str]) {
        for (name, p) in self.settings() {
            assert!(
                (0.0..1.0).contains(&p),
                "{cell}: {name} = {p} is no probability below 1; 0 to below 1 would fit"
            );
            assert!(
                p == 0.0 || known.contains(&name),
                "{cell}: {name} = {p}, a setting that it has not; its settings are {}",
                known.join(", ")
            );
        }
    }

    /// The first setting by which what happens between two steps changes in this mode, so that a
    /// recurrence which is computed as one operation would not know of it.
    pub fn within_steps(&self, mode: Mode) -> Option<&'static str> {
        let is_within = |name| match name {
            "zoneout_h" | "zoneout_c" => true,
            "recurrent_dropout" | "variational_h" => mode == Mode::Train,
            _ => false,
        };
        let mut settings = self.settings().into_iter();
        let (name, _) = settings.find(|&(name, p)| p > 0.0 && is_within(name))?;
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Statistics;

    #[test]
    fn only_steps_that_differ_need_steps() {
        let none = Regularization::default();
        let before = Regularization {
            variational_x: 0.5,
            weight_drop: 0.5,
            ..none
        };
        let drawn = Regularization {
            recurrent_dropout: 0.5,
            ..none
        };
        let masked = Regularization {
            variational_h: 0.5,
            ..none
        };
        let kept = Regularization {
            zoneout_c: 0.5,
            ..none
        };
        let eval = Mode::Eval(Statistics::Running);
        for (regularization, in_training, in_evaluation) in [
            (none, None, None),
            (before, None, None),
            (drawn, Some("recurrent_dropout"), None),
            (masked, Some("variational_h"), None),
            (kept, Some("zoneout_c"), Some("zoneout_c")),
        ] {
            assert_eq!(regularization.within_steps(Mode::Train), in_training);
            assert_eq!(regularization.within_steps(eval), in_evaluation);
        }
    }

    #[test]
    fn a_probability_is_from_0_to_below_1() {
        let all = Regularization::default().settings().map(|(name, _)| name);
        for p in [-0.1, 1.0, f64::NAN] {
            let wrong = Regularization {
                weight_drop: p,
                ..Regularization::default()
            };
            let refused = std::panic::catch_unwind(|| wrong.check("lstm", &all)).expect_err("a panic");
            let message = refused.downcast_ref::<String>().expect("a text");
            assert_eq!(
                *message,
                format!("lstm: weight_drop = {p} is no probability below 1; 0 to below 1 would fit")
            );
        }
        Regularization {
            weight_drop: 1.0 - f64::EPSILON,
            ..Regularization::default()
        }
        .check("lstm", &all);
    }
}

//! Step sizes that change over training.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// How the step size goes on after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// It stays.
    #[default]
    Constant,
    /// On a straight line down to the floor at the last update.
    Linear,
    /// Along half a cosine down to the floor at the last update (Loshchilov and Hutter 2017,
    /// arXiv 1608.03983, equation 5, without restarts).
    Cosine,
}

/// What the step size is multiplied by at each update: a pure function of the update's number, so that
/// there is nothing to be saved.
///
/// ```
/// use nn::optimizer::{Decay, Schedule};
///
/// let schedule = Schedule { warmup: 10, decay: Decay::Cosine, floor: 0.1 };
/// assert_eq!(schedule.factor(5, 100), 0.5);
/// assert_eq!(schedule.factor(10, 100), 1.0);
/// assert!((schedule.factor(55, 100) - 0.55).abs() < 1e-15);
/// assert!((schedule.factor(100, 100) - 0.1).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Updates over which the step size rises on a straight line to its full value (Goyal et al. 2017,
    /// arXiv 1706.02677, section 2.2).
    #[serde(default)]
    pub warmup: u64,
    /// How it goes on.
    #[serde(default)]
    pub decay: Decay,
    /// Where a decay ends, as a share of the full value.
    #[serde(default)]
    pub floor: f64,
}

impl Schedule {
    /// The factor of update number `update`, from 1, of `total`.
    pub fn factor(&self, update: u64, total: u64) -> f64 {
        if update < self.warmup {
            return update as f64 / self.warmup as f64;
        }
        let left = total.saturating_sub(self.warmup).max(1);
        let gone = ((update - self.warmup) as f64 / left as f64).min(1.0);
        let height = match self.decay {
            Decay::Constant => return 1.0,
            Decay::Linear => 1.0 - gone,
            Decay::Cosine => (1.0 + (PI * gone).cos()) / 2.0,
        };
        self.floor + (1.0 - self.floor) * height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_step_size_is_exact() {
        let schedule = Schedule::default();
        assert!((1..200).all(|update| schedule.factor(update, 100) == 1.0));
    }

    #[test]
    fn a_straight_line_goes_up_and_down() {
        let schedule = Schedule {
            warmup: 4,
            decay: Decay::Linear,
            floor: 0.0,
        };
        let factors: Vec<f64> = (1..=9).map(|update| schedule.factor(update, 8)).collect();
        assert_eq!(factors, [0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    }

    #[test]
    fn a_cosine_falls_to_its_floor() {
        let schedule = Schedule {
            warmup: 0,
            decay: Decay::Cosine,
            floor: 0.2,
        };
        let factors: Vec<f64> = (0..=50).map(|update| schedule.factor(update, 50)).collect();
        assert!(factors.windows(2).all(|pair| pair[1] < pair[0]));
        assert_eq!(factors[0], 1.0);
        // cos π and cos π/2 are exact to a rounding.
        assert!((factors[50] - 0.2).abs() < 1e-15 && (factors[25] - 0.6).abs() < 1e-15);
    }

    /// A warm-up that is longer than the run.
    #[test]
    fn a_run_may_end_before_the_warm_up() {
        let schedule = Schedule {
            warmup: 100,
            decay: Decay::Linear,
            floor: 0.0,
        };
        assert_eq!(schedule.factor(10, 10), 0.1);
        assert_eq!(schedule.factor(100, 10), 1.0);
    }
}

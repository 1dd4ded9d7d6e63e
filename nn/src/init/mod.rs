//! What parameters are before the first update.
//!
//! Everything is computed in `f64` and rounded to the element type at the end, so that models of
//! either type begin with the same weights for the same seed.

mod gates;
mod orthogonal;
#[cfg(test)]
mod tests;

use kernels::Real;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

pub use gates::Gates;

/// How to draw a matrix `[rows, columns]`. A weight is `[in, out]`, a vector `[1, length]`.
///
/// In a configuration, `kind` names the form and the other fields are its numbers:
/// `{ kind = "orthogonal", gain = 1.0 }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Initializer {
    /// Every element 0.
    Zeros,
    /// Every element `value`.
    Constant {
        /// The value.
        value: f64,
    },
    /// Independent elements, uniform over `[low, high)` before rounding.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Independent Gaussian elements with mean 0.
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// Independent elements, uniform between ±√(6 / (rows + columns)), which keeps the variances of
    /// activations and of gradients about equal from layer to layer (Glorot & Bengio, 2010,
    /// *Understanding the difficulty of training deep feedforward neural networks*, eq. 16).
    Glorot,
    /// `gain` times a matrix with orthonormal columns (or rows, if there are fewer of them), every
    /// such matrix being equally likely (Haar measure). Saxe et al., 2014, *Exact solutions to the
    /// nonlinear dynamics of learning in deep linear neural networks*.
    Orthogonal {
        /// Factor by which the matrix changes the length of a vector.
        gain: f64,
    },
    /// Ones on the main diagonal, zeros elsewhere.
    Identity,
}

/// Numbers that an [`Initializer`] cannot work with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InitError {
    /// A number is infinite, not a number, or negative where that has no meaning.
    #[error("{kind} initializer: {field} = {value}; give a finite number{bound}")]
    Number {
        /// The initializer, as configurations spell it.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        value: f64,
        /// What else the number must fulfil.
        bound: &'static str,
    },
    /// The interval of a uniform distribution is empty.
    #[error("uniform initializer: low = {low} is above high = {high}; exchange them")]
    Interval {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

impl Initializer {
    /// Checks the numbers, which may come from a configuration.
    ///
    /// # Errors
    /// The first number that makes no sense, with the remedy.
    pub fn check(&self) -> Result<(), InitError> {
        match *self {
            Self::Zeros | Self::Glorot | Self::Identity => Ok(()),
            Self::Constant { value } => finite("constant", "value", value),
            Self::Orthogonal { gain } => finite("orthogonal", "gain", gain),
            Self::Normal { std } if std < 0.0 => Err(InitError::Number {
                kind: "normal",
                field: "std",
                value: std,
                bound: " that is not negative",
            }),
            Self::Normal { std } => finite("normal", "std", std),
            Self::Uniform { low, high } => {
                finite("uniform", "low", low)?;
                finite("uniform", "high", high)?;
                if low > high {
                    return Err(InitError::Interval { low, high });
                }
                Ok(())
            }
        }
    }

    /// A matrix `[rows, columns]` in row-major order. Elements are drawn in that order, except for
    /// [`Orthogonal`](Self::Orthogonal); forms that are not random leave the generator as it is.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds a fault.
    #[track_caller]
    pub fn sample<T: Real>(&self, rows: usize, columns: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<T> {
        if let Err(error) = self.check() {
            panic!("sample: {error}");
        }
        let count = rows * columns;
        match *self {
            Self::Zeros => vec![T::zero(); count],
            Self::Constant { value } => vec![T::of(value); count],
            Self::Uniform { low, high } => uniform(low, high, count, rng),
            Self::Normal { std } => (0..count)
                .map(|_| T::of(std * rng.sample::<f64, _>(StandardNormal)))
                .collect(),
            Self::Glorot => {
                // No element needs the bound of an empty matrix.
                let bound = (6.0 / (rows + columns).max(1) as f64).sqrt();
                uniform(-bound, bound, count, rng)
            }
            Self::Orthogonal { gain } => orthogonal::sample(rows, columns, rng)
                .into_iter()
                .map(|value| T::of(gain * value))
                .collect(),
            Self::Identity => {
                let mut matrix = vec![T::zero(); count];
                for i in 0..rows.min(columns) {
                    matrix[i * columns + i] = T::one();
                }
                matrix
            }
        }
    }
}

fn finite(kind: &'static str, field: &'static str, value: f64) -> Result<(), InitError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(InitError::Number {
        kind,
        field,
        value,
        bound: "",
    })
}

fn uniform<T: Real>(low: f64, high: f64, count: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<T> {
    (0..count)
        .map(|_| {
            let u: f64 = rng.random();
            // Not low + (high - low) * u, whose difference may overflow.
            T::of(low * (1.0 - u) + high * u)
        })
        .collect()
}

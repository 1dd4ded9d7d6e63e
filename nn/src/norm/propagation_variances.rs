//! Variances of the states of a cell whose weights are normalized.

use super::gaussian::{expectation, sigmoid};

/// Variances that the states of a cell have at the start of training, which [`NormPropagation`]
/// divides them by.
///
/// They are those of the limit of many steps, for inputs of mean 0 and variance 1 and with
/// everything that is multiplied or added taken as independent (Laurent, Ballas, Vincent 2017).
/// Then, with weights of unit columns times `γ_x` and `γ_h` and hidden states that are normalized, a
/// pre-activation is Gaussian with the variance `s² = γ_x² + γ_h²`, around its bias. That
/// states are correlated from step to step is left out: in an LSTM of 100 units the variance of the
/// normalized state came to 1.13 instead of 1.
///
/// [`NormPropagation`]: super::NormPropagation
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PropagationVariances {
    /// `Var c` of a cell that carries one.
    pub cell: Option<f64>,
    /// `Var h` before it is normalized.
    pub hidden: f64,
}

impl PropagationVariances {
    /// Of an LSTM, whose forget gate has the bias `forget_bias`, the others none: with
    /// `f, i, o, g ~ N(bias, s²)` and `ĉ ~ N(0, 1)`, the normalized cell,
    ///
    /// ```text
    /// Var c = Var[tanh g] E[σ(i)²] / (1 − E[σ(f)²])
    /// Var h = E[σ(o)²] Var[tanh(γ_c ĉ)]
    /// ```
    ///
    /// where `E[σ²] = Var[σ] + E[σ]²`. The first is the fixed point of
    /// `Var c_t = E[σ(f)²] Var c_{t−1} + E[σ(i)²] Var[tanh g]`: all means but those of the gates
    /// are 0.
    ///
    /// # Panics
    /// If a number is not finite, or the gains leave one of the variances 0.
    #[track_caller]
    pub fn lstm(gamma_x: f64, gamma_h: f64, gamma_c: f64, forget_bias: f64) -> Self {
        let deviation = gamma_x.hypot(gamma_h);
        let squared_gate = |bias| expectation(bias, deviation, |z| sigmoid(z).powi(2));
        let candidate = squared_tanh(deviation);
        Self {
            cell: Some(candidate * squared_gate(0.0) / (1.0 - squared_gate(forget_bias))),
            hidden: squared_gate(0.0) * squared_tanh(gamma_c),
        }
        .checked()
    }

    /// Of a network with one tanh: `Var h = Var[tanh z]` with `z ~ N(0, s²)`.
    ///
    /// # Panics
    /// As [`lstm`](Self::lstm).
    #[track_caller]
    pub fn rnn(gamma_x: f64, gamma_h: f64) -> Self {
        Self {
            cell: None,
            hidden: squared_tanh(gamma_x.hypot(gamma_h)),
        }
        .checked()
    }

    /// Of a gated recurrent unit: with `r, z ~ N(0, s²)` the pre-activations of the gates,
    ///
    /// ```text
    /// Var n = E_r[ E[tanh²(a)] ]   with a ~ N(0, γ_x² + σ(r)² γ_h²)
    /// Var h = Var n E[σ(z)²] / (1 − E[σ(z)²])
    /// ```
    ///
    /// It is not in the paper, but follows as the variance of the LSTM's cell does, as the fixed
    /// point of `Var h_t = E[(1 − σ(z))²] Var n + E[σ(z)²] Var h_{t−1}`, since `1 − σ(z) = σ(−z)` is
    /// distributed as `σ(z)`.
    ///
    /// The hidden state is a sum over all steps, as the cell is, and must not be normalized where it
    /// is carried on, at the site `out`: with a factor above 1 at every step, a unit whose update
    /// gate stays open grows without bound. It is the recurrent term that divides by its deviation.
    ///
    /// # Panics
    /// As [`lstm`](Self::lstm).
    #[track_caller]
    pub fn gru(gamma_x: f64, gamma_h: f64) -> Self {
        let deviation = gamma_x.hypot(gamma_h);
        let squared_gate = expectation(0.0, deviation, |z| sigmoid(z).powi(2));
        let candidate = expectation(0.0, deviation, |r| {
            squared_tanh(gamma_x.hypot(sigmoid(r) * gamma_h))
        });
        Self {
            cell: None,
            hidden: candidate * squared_gate / (1.0 - squared_gate),
        }
        .checked()
    }

    #[track_caller]
    fn checked(self) -> Self {
        for (name, variance) in [("c", self.cell.unwrap_or(1.0)), ("h", self.hidden)] {
            assert!(
                variance > 0.0 && variance.is_finite(),
                "norm propagation: the variance of {name} is {variance}; positive, finite gains and a \
                 finite bias fit"
            );
        }
        self
    }
}

/// `E[tanh² z]` for `z ~ N(0, deviation²)`, which is `Var[tanh z]`.
fn squared_tanh(deviation: f64) -> f64 {
    expectation(0.0, deviation, |z| z.tanh().powi(2))
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    use rand_distr::StandardNormal;

    use super::*;

    const CHAINS: usize = 40_000;
    const STEPS: usize = 40;

    /// Variance of a state that starts with variance 1, after [`STEPS`] steps of `step` in each of
    /// [`CHAINS`] independent chains.
    fn simulated(mut step: impl FnMut(f64, &mut dyn FnMut() -> f64) -> f64) -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || rng.sample::<f64, _>(StandardNormal);
        let squares = (0..CHAINS).map(|_| {
            let state = (0..STEPS).fold(normal(), |state, _| step(state, &mut normal));
            state * state
        });
        squares.sum::<f64>() / CHAINS as f64
    }

    /// An average of 40 000 squares with a kurtosis of about 6 is off by √(5 / 40 000) = 1.1 %;
    /// this is four times as much.
    #[track_caller]
    fn assert_simulated(got: f64, simulated: f64) {
        let error = (got / simulated - 1.0).abs();
        assert!(
            error < 0.045,
            "{got}, but {simulated} in the simulation, off by {error}"
        );
    }

    #[test]
    fn lstm_is_as_simulated() {
        for (gamma_x, gamma_h, gamma_c, bias) in [
            (2.0_f64, 2.0_f64, 1.0, 1.0),
            (0.5, 1.0, 2.0, 0.0),
            (0.1, 0.1, 0.3, 1.0),
        ] {
            let variances = PropagationVariances::lstm(gamma_x, gamma_h, gamma_c, bias);
            let s = gamma_x.hypot(gamma_h);
            let cell = simulated(|c, normal| {
                let (f, i, g) = (bias + s * normal(), s * normal(), s * normal());
                sigmoid(f) * c + sigmoid(i) * g.tanh()
            });
            assert_simulated(variances.cell.expect("a cell"), cell);
            let hidden = simulated(|_, normal| sigmoid(s * normal()) * (gamma_c * normal()).tanh());
            assert_simulated(variances.hidden, hidden);
        }
    }

    #[test]
    fn rnn_and_gru_are_as_simulated() {
        for (gamma_x, gamma_h) in [(2.0_f64, 2.0_f64), (0.5, 1.0), (0.1, 0.2)] {
            let s = gamma_x.hypot(gamma_h);
            let rnn = simulated(|_, normal| (s * normal()).tanh());
            assert_simulated(PropagationVariances::rnn(gamma_x, gamma_h).hidden, rnn);
            let variances = PropagationVariances::gru(gamma_x, gamma_h);
            let gru = simulated(|h, normal| {
                let (r, z) = (sigmoid(s * normal()), sigmoid(s * normal()));
                let n = (gamma_x * normal() + r * gamma_h * normal()).tanh();
                (1.0 - z) * n + z * h
            });
            assert_simulated(variances.hidden, gru);
        }
    }

    /// With small gains `tanh` is the identity and every gate is open by half:
    /// `Var c = s² / 4 / (1 − 1/4)`, `Var h = γ_c² / 4`.
    #[test]
    fn small_gains_by_hand() {
        let variances = PropagationVariances::lstm(3e-4, 4e-4, 1e-3, 0.0);
        let (cell, hidden) = (25e-8 / 3.0, 1e-6 / 4.0);
        // The next terms of the series are of the order of the squares of the gains.
        assert!((variances.cell.expect("a cell") / cell - 1.0).abs() < 1e-5);
        assert!((variances.hidden / hidden - 1.0).abs() < 1e-5);
    }

    #[test]
    #[should_panic(expected = "norm propagation: the variance of h is NaN; positive, finite gains")]
    fn infinite_gains_panic() {
        PropagationVariances::gru(f64::INFINITY, 1.0);
    }

    #[test]
    #[should_panic(expected = "norm propagation: the variance of h is 0; positive, finite gains")]
    fn gains_of_zero_panic() {
        PropagationVariances::rnn(0.0, 0.0);
    }
}

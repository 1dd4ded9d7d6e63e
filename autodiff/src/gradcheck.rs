//! Comparison of gradients with finite differences.

use std::fmt;

use crate::{Shape, Tape, Tensor, Var};

/// How gradients are compared with central differences.
///
/// The outputs `y` of a function are reduced to a number by random weights `v`, one per element:
/// uniform weights would hide every error that a normalization's backward pass makes along the
/// directions which it projects out. Then the gradients of `Σ v · y` are compared with
/// `Σ v · (y(x + h) − y(x − h)) / 2h`, for every element of every input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradCheck {
    /// `h` for elements up to 1, and in proportion above.
    pub step: f64,
    /// Largest [`Comparison::error`] that passes.
    pub tolerance: f64,
    /// Where the weights of the outputs start.
    pub seed: u64,
}

impl Default for GradCheck {
    /// A step of 1e-5, for which the truncation error, of order `h²`, and the rounding error, of
    /// order 1e-16 / `h`, are both near 1e-11 for a function of ordinary size, and a tolerance of
    /// 1e-6.
    fn default() -> Self {
        Self {
            step: 1e-5,
            tolerance: 1e-6,
            seed: 0,
        }
    }
}

/// The gradient of one input on both ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Number of the input.
    pub input: usize,
    /// Its shape.
    pub shape: Shape,
    /// `rms(analytic − numeric) / max(rms(analytic), rms(numeric), 1e-3)` over all elements of the
    /// input, where rms is the root of the mean square. The floor is there because differences
    /// cannot tell a gradient of about 1e-10 from none. NaN if anything is.
    pub error: f64,
    /// Root of the mean square of the numeric gradient.
    pub numeric_rms: f64,
    /// Element with the largest difference, in row-major order.
    pub element: usize,
    /// Its gradient as the tape has it; a missing one is 0.
    pub analytic: f64,
    /// Its gradient as the differences have it.
    pub numeric: f64,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "input {} {}: relative error {:.2e}, numeric rms {:.2e}, worst at element {} with \
             analytic {:.10e} and numeric {:.10e}",
            self.input, self.shape, self.error, self.numeric_rms, self.element, self.analytic, self.numeric
        )
    }
}

/// Checks the gradients of `f` with respect to every input with the default [`GradCheck`], and
/// returns the comparison of each.
///
/// `f` must be deterministic and smooth near the inputs. It is called with leaves on a recording
/// tape once, and with constants on an inference tape twice per element.
///
/// ```
/// use autodiff::{Device, gradcheck, values};
///
/// let device = Device::<f64>::reference();
/// let x = device.tensor([3, 4], &values(1, 12));
/// let w = device.tensor([4, 2], &values(2, 8));
/// let comparisons = gradcheck(|_, input| vec![input[0].matmul(input[1]).tanh()], &[x, w]);
/// assert!(comparisons[1].error < 1e-8);
/// ```
///
/// # Panics
/// If the error of an input is above the tolerance, with the worst input and element.
#[track_caller]
pub fn gradcheck(
    f: impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
    inputs: &[Tensor<f64>],
) -> Vec<Comparison> {
    GradCheck::default().check(f, inputs)
}

impl GradCheck {
    /// Like [`gradcheck`], with these settings.
    ///
    /// # Panics
    /// If the error of an input is above the tolerance, with the worst input and element.
    #[track_caller]
    pub fn check(
        &self,
        f: impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
        inputs: &[Tensor<f64>],
    ) -> Vec<Comparison> {
        let comparisons = self.compare(f, inputs);
        let is_bad = |c: &&Comparison| c.error.is_nan() || c.error > self.tolerance;
        // A NaN counts as the largest of all.
        if let Some(worst) = comparisons
            .iter()
            .filter(is_bad)
            .max_by(|a, b| a.error.total_cmp(&b.error))
        {
            panic!("gradcheck: {worst}; the tolerance is {:.0e}", self.tolerance);
        }
        comparisons
    }

    /// Compares without judging: one result per input.
    pub fn compare(
        &self,
        f: impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
        inputs: &[Tensor<f64>],
    ) -> Vec<Comparison> {
        let weights = self.weights(&evaluate(&f, inputs));
        let analytic = analytic(&f, inputs, &weights);
        let compare = |(i, analytic): (usize, &Vec<f64>)| {
            let numeric = self.numeric(&f, inputs, i, &weights);
            comparison(i, inputs[i].shape(), analytic, &numeric)
        };
        analytic.iter().enumerate().map(compare).collect()
    }

    /// Weights in the shapes of the outputs.
    fn weights(&self, outputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
        // A stream of its own, so that it never repeats inputs made of the same seed.
        let mut generator = Generator(!self.seed);
        let mut of = |output: &Vec<f64>| output.iter().map(|_| generator.next()).collect();
        outputs.iter().map(&mut of).collect()
    }

    /// The gradient of one input by differences.
    fn numeric(
        &self,
        f: &impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
        inputs: &[Tensor<f64>],
        input: usize,
        weights: &[Vec<f64>],
    ) -> Vec<f64> {
        let values = inputs[input].to_vec();
        let mut moved = inputs.to_vec();
        let mut at = |element: usize, value: f64| {
            let mut values = values.clone();
            values[element] = value;
            moved[input] = inputs[input].device().tensor(inputs[input].shape(), &values);
            evaluate(f, &moved)
        };
        let slope = |element: usize| {
            let x: f64 = values[element];
            let h = self.step * x.abs().max(1.0);
            let (left, right) = (x - h, x + h);
            let (below, above) = (at(element, left), at(element, right));
            let mut sum = 0.0;
            for ((below, above), weights) in below.iter().zip(&above).zip(weights) {
                let terms = below.iter().zip(above).zip(weights);
                sum += terms.map(|((below, above), v)| v * (above - below)).sum::<f64>();
            }
            sum / (right - left)
        };
        (0..values.len()).map(slope).collect()
    }
}

/// The outputs of `f`, without a record.
fn evaluate(
    f: &impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
    inputs: &[Tensor<f64>],
) -> Vec<Vec<f64>> {
    let tape = Tape::inference(inputs[0].device());
    let constants: Vec<_> = inputs.iter().map(|x| tape.constant(x.clone())).collect();
    let outputs = f(&tape, &constants);
    outputs.iter().map(|y| y.value().to_vec()).collect()
}

/// The gradients of `Σ weights · outputs` as the tape has them, zeros where there is none.
fn analytic(
    f: &impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
    inputs: &[Tensor<f64>],
    weights: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let device = inputs[0].device();
    let tape = Tape::new(device);
    let leaves: Vec<_> = inputs.iter().map(|x| tape.leaf(x.clone())).collect();
    let outputs = f(&tape, &leaves);
    let seed = |(y, weights): (&Var<'_, f64>, &Vec<f64>)| device.tensor(y.shape(), weights);
    let seeds = outputs.iter().zip(weights).map(seed);
    let seeds: Vec<_> = outputs.iter().copied().zip(seeds).collect();
    let gradients = tape.backward_from(&seeds);
    let gradient = |leaf: &Var<'_, f64>| match gradients.get(*leaf) {
        Some(gradient) => gradient.to_vec(),
        None => vec![0.0; leaf.shape().len()],
    };
    leaves.iter().map(gradient).collect()
}

fn comparison(input: usize, shape: Shape, analytic: &[f64], numeric: &[f64]) -> Comparison {
    let difference: Vec<f64> = analytic.iter().zip(numeric).map(|(a, n)| (a - n).abs()).collect();
    let element = (0..difference.len())
        .max_by(|&i, &j| difference[i].total_cmp(&difference[j]))
        .unwrap_or(0);
    let scale = rms(analytic).max(rms(numeric)).max(1e-3);
    Comparison {
        input,
        shape,
        error: rms(&difference) / scale,
        numeric_rms: rms(numeric),
        element,
        analytic: analytic.get(element).copied().unwrap_or(0.0),
        numeric: numeric.get(element).copied().unwrap_or(0.0),
    }
}

/// Root of the mean square; 0 of nothing.
fn rms(values: &[f64]) -> f64 {
    let squares: f64 = values.iter().map(|v| v * v).sum();
    (squares / values.len().max(1) as f64).sqrt()
}

/// `len` reproducible values between −1 and 1, for the inputs of a check.
///
/// ```
/// assert_eq!(autodiff::values(7, 2), autodiff::values(7, 3)[..2]);
/// assert_ne!(autodiff::values(7, 2), autodiff::values(8, 2));
/// ```
pub fn values(seed: u64, len: usize) -> Vec<f64> {
    let mut generator = Generator(seed);
    (0..len).map(|_| generator.next()).collect()
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Generator(u64);

impl Generator {
    /// Uniform between −1 and 1, in steps of 2⁻⁵².
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

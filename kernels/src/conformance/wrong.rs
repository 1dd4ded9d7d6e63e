//! Devices that are wrong in one way each: the suite must find every one of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{batch_norm, elementwise, gemm, loss, lstm, memory, optimizer, reduce, row_norm};
use crate::Reference;
use crate::backend::{AdamState, Backend, BatchNorm, LstmGradients, LstmSaved, RowNorm, RowNormOutput};
use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::dims::{Axis, Broadcast, Cells, Columns, CopyRows, Gemm, RowMoments, Rows};
use crate::functions::{Binary, Reduce, Unary};
use crate::optimizer::Adam;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Sums in one chain of `f32`.
    PlainSum,
    /// `E[x²] − E[x]²`
    VarianceAsDifference,
    /// `gamma / √(var + ε) · x + (beta − mean · gamma / √(var + ε))`
    FoldedMean,
    /// Takes the mean off rows whose moments are not centered.
    AlwaysCentered,
    /// `exp` off by 3 ulp.
    LooseExp,
    /// `max(x, 0)` that makes 0 of NaN.
    ReluWithoutNan,
    /// The last element is not written.
    MissingTail,
    /// One element too many is written.
    LongTail,
    /// Adds to what is in the output though it should replace it.
    Accumulates,
    /// The transposition of `b` is ignored for square `b`.
    ForgetsTranspose,
    /// Loses the last row.
    ScattersOneLess,
    /// Tiny gradients are kept.
    KeepsTiny,
    /// Log-probabilities without subtracting the largest logit.
    OverflowingSoftmax,
    /// Without the correction of the first moment.
    UncorrectedAdam,
}

#[derive(Debug)]
struct Wrong(Fault);

impl Wrong {
    fn get(&self, x: View<'_, f32>) -> Vec<f32> {
        let mut values = vec![0.0; x.len];
        Reference.download(x, &mut values);
        values
    }

    /// The view up to one element less, or one element more than it has.
    fn resized<'a>(&self, y: ViewMut<'a, f32>, by: isize) -> ViewMut<'a, f32> {
        let len = y.len.saturating_add_signed(by);
        ViewMut { len, ..y }
    }
}

impl Backend<f32> for Wrong {
    fn name(&self) -> String {
        format!("{:?}", self.0)
    }

    fn allocate(&self, len: usize) -> Buffer<f32> {
        Reference.allocate(len)
    }

    fn upload(&self, from: &[f32], to: ViewMut<'_, f32>) {
        Reference.upload(from, to);
    }

    fn download(&self, from: View<'_, f32>, to: &mut [f32]) {
        Reference.download(from, to);
    }

    fn upload_indices(&self, from: &[u32]) -> Indices {
        Backend::<f32>::upload_indices(&Reference, from)
    }

    fn fill(&self, value: f32, to: ViewMut<'_, f32>) {
        match self.0 {
            Fault::MissingTail => Reference.fill(value, self.resized(to, -1)),
            Fault::LongTail => Reference.fill(value, self.resized(to, 1)),
            _ => Reference.fill(value, to),
        }
    }

    fn copy_rows(&self, dims: CopyRows, from: View<'_, f32>, to: ViewMut<'_, f32>) {
        Reference.copy_rows(dims, from, to);
    }

    fn gemm(&self, dims: Gemm, a: View<'_, f32>, b: View<'_, f32>, c: ViewMut<'_, f32>) {
        let transpose_b = dims.transpose_b && !(self.0 == Fault::ForgetsTranspose && dims.k == dims.n);
        let accumulate = dims.accumulate || self.0 == Fault::Accumulates;
        let dims = Gemm {
            transpose_b,
            accumulate,
            ..dims
        };
        Reference.gemm(dims, a, b, c);
    }

    fn map(&self, f: Unary<f32>, x: View<'_, f32>, mut y: ViewMut<'_, f32>) {
        Reference.map(f, x, y.reborrow());
        match (self.0, f) {
            (Fault::LooseExp, Unary::Exp) => Reference.map_in_place(Unary::Scale(1.0 + 4e-7), y),
            (Fault::ReluWithoutNan, Unary::Relu) => {
                let values: Vec<f32> = self.get(x).iter().map(|x| x.max(0.0)).collect();
                Reference.upload(&values, y);
            }
            _ => {}
        }
    }

    fn map_in_place(&self, f: Unary<f32>, x: ViewMut<'_, f32>) {
        Reference.map_in_place(f, x);
    }

    fn zip(&self, f: Binary, dims: &Broadcast, a: View<'_, f32>, b: View<'_, f32>, y: ViewMut<'_, f32>) {
        Reference.zip(f, dims, a, b, y);
    }

    fn zip_in_place(&self, f: Binary, dims: &Broadcast, a: ViewMut<'_, f32>, b: View<'_, f32>) {
        Reference.zip_in_place(f, dims, a, b);
    }

    fn reduce(&self, f: Reduce, dims: Axis, x: View<'_, f32>, y: ViewMut<'_, f32>) {
        if self.0 != Fault::PlainSum || f != Reduce::Sum {
            return Reference.reduce(f, dims, x, y);
        }
        let x = self.get(x);
        let element = |o: usize, a: usize, i: usize| x[(o * dims.axis + a) * dims.inner + i];
        let outer = (0..dims.outer).flat_map(|o| (0..dims.inner).map(move |i| (o, i)));
        let chain = |(o, i): (usize, usize)| (0..dims.axis).fold(0.0, |sum, a| sum + element(o, a, i));
        Reference.upload(&outer.map(chain).collect::<Vec<f32>>(), y);
    }

    fn gather_rows(&self, dims: Rows, table: View<'_, f32>, indices: &Indices, y: ViewMut<'_, f32>) {
        Reference.gather_rows(dims, table, indices, y);
    }

    fn scatter_add_rows(&self, dims: Rows, x: View<'_, f32>, indices: &Indices, table: ViewMut<'_, f32>) {
        if self.0 != Fault::ScattersOneLess || indices.is_empty() {
            return Reference.scatter_add_rows(dims, x, indices, table);
        }
        let less = &indices.memory::<Vec<u32>>()[1..];
        let x = x.part(dims.columns..x.len);
        Reference.scatter_add_rows(dims, x, &self.upload_indices(less), table);
    }

    fn moments(&self, dims: Columns, x: View<'_, f32>, mut mean: ViewMut<'_, f32>, var: ViewMut<'_, f32>) {
        if self.0 != Fault::VarianceAsDifference {
            return Reference.moments(dims, x, mean, var);
        }
        let mut squares = self.allocate(x.len);
        self.map(Unary::Square, x, squares.view_mut());
        let mut unused = self.allocate(mean.len);
        Reference.moments(dims, squares.view(), mean.reborrow(), unused.view_mut());
        let mean_of_squares = self.get(mean.as_view());
        Reference.moments(dims, x, mean.reborrow(), unused.view_mut());
        let means = self.get(mean.as_view());
        let differences = mean_of_squares.iter().zip(&means).map(|(s, m)| s - m * m);
        Reference.upload(&differences.collect::<Vec<f32>>(), var);
    }

    fn batch_norm(&self, dims: Columns, epsilon: f32, input: BatchNorm<'_, f32>, y: ViewMut<'_, f32>) {
        if self.0 != Fault::FoldedMean {
            return Reference.batch_norm(dims, epsilon, input, y);
        }
        let [x, mean, var, gamma] = [input.x, input.mean, input.var, input.gamma].map(|v| self.get(v));
        let beta = input.beta.map(|beta| self.get(beta));
        let value = |(i, x): (usize, &f32)| {
            let f = i % dims.features;
            let statistic = i / (dims.batch * dims.features) * dims.features + f;
            let scale = gamma[f] / (var[statistic] + epsilon).sqrt();
            let beta = beta.as_ref().map_or(0.0, |beta| beta[f]);
            scale * x + (beta - mean[statistic] * scale)
        };
        Reference.upload(&x.iter().enumerate().map(value).collect::<Vec<f32>>(), y);
    }

    fn row_norm(
        &self,
        dims: Rows,
        moments: RowMoments,
        epsilon: f32,
        input: RowNorm<'_, f32>,
        output: RowNormOutput<'_, f32>,
    ) {
        let centered = moments.centered || self.0 == Fault::AlwaysCentered;
        let moments = RowMoments { centered, ..moments };
        Reference.row_norm(dims, moments, epsilon, input, output);
    }

    fn lstm_gates_backward(
        &self,
        dims: Cells,
        saved: LstmSaved<'_, f32>,
        dc: View<'_, f32>,
        d_o: View<'_, f32>,
        mut gradients: LstmGradients<'_, f32>,
    ) {
        let dc_previous = gradients.dc_previous.reborrow();
        let again = LstmGradients {
            dz: gradients.dz,
            dc_previous,
        };
        Reference.lstm_gates_backward(dims, saved, dc, d_o, again);
        if self.0 == Fault::KeepsTiny {
            let gates = self.get(saved.gates);
            let kept = self.get(dc).into_iter().enumerate().map(|(unit, dc)| {
                let (b, h) = (unit / dims.hidden, unit % dims.hidden);
                dc * gates[b * 4 * dims.hidden + h]
            });
            Reference.upload(&kept.collect::<Vec<f32>>(), gradients.dc_previous);
        }
    }

    fn log_softmax(&self, dims: Rows, x: View<'_, f32>, mut y: ViewMut<'_, f32>) {
        Reference.log_softmax(dims, x, y.reborrow());
        if self.0 == Fault::OverflowingSoftmax {
            let x = self.get(x);
            let rows = x.chunks(dims.columns.max(1));
            let rows = rows.flat_map(|row| {
                let sum: f32 = row.iter().map(|x| x.exp()).sum();
                row.iter().map(move |x| x - sum.ln())
            });
            Reference.upload(&rows.collect::<Vec<f32>>(), y);
        }
    }

    fn adam(
        &self,
        rule: Adam<f32>,
        gradient: View<'_, f32>,
        parameter: ViewMut<'_, f32>,
        state: AdamState<'_, f32>,
    ) {
        let learning_rate = match self.0 {
            Fault::UncorrectedAdam => rule.learning_rate * (1.0 - rule.beta1.powf(rule.step as f32)),
            _ => rule.learning_rate,
        };
        let rule = Adam {
            learning_rate,
            ..rule
        };
        Reference.adam(rule, gradient, parameter, state);
    }

    fn required(&self) -> &dyn Backend<f32> {
        self
    }
}

/// A part of the suite.
type Family = fn(&dyn Backend<f32>);

/// Runs one family on a wrong device, and returns what the suite says.
fn complaint(fault: Fault, family: Family) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| family(&Wrong(fault))));
    let payload = outcome.expect_err("a wrong device was found right");
    payload.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn wrong_devices_are_found() {
    let faults: [(Fault, Family, &str); 14] = [
        (Fault::PlainSum, reduce, "reduce: `y`"),
        (Fault::VarianceAsDifference, batch_norm, "moments: `var`"),
        (Fault::FoldedMean, batch_norm, "batch_norm: `y`"),
        (Fault::AlwaysCentered, row_norm, "row_norm: `mean`"),
        (Fault::LooseExp, elementwise, "map and map_in_place: `y`"),
        (Fault::ReluWithoutNan, elementwise, "map and map_in_place: `y`"),
        (Fault::MissingTail, memory, "fill: `to`"),
        (Fault::LongTail, memory, "outside of the view"),
        (Fault::Accumulates, gemm, "gemm: `c`"),
        (Fault::ForgetsTranspose, gemm, "gemm: `c`"),
        (Fault::ScattersOneLess, memory, "scatter_add_rows: `table`"),
        (Fault::KeepsTiny, lstm, "lstm_gates_backward: `dc_previous`"),
        (
            Fault::OverflowingSoftmax,
            loss,
            "log_softmax and log_softmax_backward: `y`",
        ),
        (Fault::UncorrectedAdam, optimizer, "adam: `parameter`"),
    ];
    for (fault, family, place) in faults {
        let complaint = complaint(fault, family);
        assert!(
            complaint.contains(place),
            "{fault:?} was reported as: {complaint}"
        );
    }
}

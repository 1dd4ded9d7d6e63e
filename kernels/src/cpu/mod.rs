//! The fast device: vectors through `wide`, threads through `rayon`.

mod batch_norm;
mod columns;
mod elementwise;
mod gemm;
mod lstm;
mod memory;
mod optimizer;
mod profile;
mod recurrence;
mod reduce;
mod row_norm;
mod rows;
mod softmax;
mod threads;

use std::sync::Arc;

use crate::backend::{
    AdamState, Backend, BatchNorm, LstmGradients, LstmOutput, LstmSaved, NormGradients, RmsPropState,
    RowNorm, RowNormOutput, RowNormSaved,
};
use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::check;
use crate::dims::{Axis, Broadcast, Cells, Columns, CopyRows, Gemm, RowMoments, Rows};
use crate::functions::{Binary, Reduce, Unary};
use crate::optimizer::{Adam, RmsProp, Sgd};
use crate::real::{Real, for_every_real};
use crate::sequence::FusedLstm;
use crate::simd::simd_report;
pub use gemm::PackedMatrix;
use memory::{indices, slice, slice_mut};
use profile::Timed;
pub use profile::{Profile, Work};
use threads::Threads;

/// A processor with SIMD vectors and a fixed number of threads.
///
/// Work is shared by output, and every sum has a fixed order: the number of threads never changes
/// a bit of any result. Operations that are too small to be worth waking a thread run on the
/// calling one.
#[derive(Clone, Debug)]
pub struct Cpu {
    threads: Threads,
    profile: Option<Arc<Profile>>,
}

impl Cpu {
    /// A processor that computes with `threads` threads.
    ///
    /// # Panics
    /// If `threads` is 0, or the system refuses to start them.
    pub fn new(threads: usize) -> Self {
        Self {
            threads: Threads::new(threads),
            profile: None,
        }
    }

    /// The same processor, and where it will note what its time goes into.
    pub fn profiled(mut self) -> (Self, Arc<Profile>) {
        let profile = Arc::new(Profile::default());
        self.profile = Some(Arc::clone(&profile));
        (self, profile)
    }

    /// Runs `f` on one of the device's own threads, where its operations start other threads at
    /// the lowest cost. Optional: results are the same outside.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        self.threads.install(f)
    }

    /// Takes the time until what this gives is dropped.
    fn work(&self, work: Work) -> Timed<'_> {
        Timed::start(self.profile.as_deref(), work)
    }
}

for_every_real! {
impl Backend<T> for Cpu {
    fn name(&self) -> String {
        let count = self.threads.count();
        let plural = if count == 1 { "" } else { "s" };
        format!("cpu, {}, {count} thread{plural}", simd_report())
    }

    fn allocate(&self, len: usize) -> Buffer<T> {
        memory::allocate(len)
    }

    fn upload(&self, from: &[T], to: ViewMut<'_, T>) {
        check::upload(from.len(), to.len);
        slice_mut(to).copy_from_slice(from);
    }

    fn download(&self, from: View<'_, T>, to: &mut [T]) {
        check::download(from.len, to.len());
        to.copy_from_slice(slice(from));
    }

    fn upload_indices(&self, from: &[u32]) -> Indices {
        memory::upload_indices(from)
    }

    fn fill(&self, value: T, to: ViewMut<'_, T>) {
        slice_mut(to).fill(value);
    }

    fn copy_rows(&self, dims: CopyRows, from: View<'_, T>, to: ViewMut<'_, T>) {
        check::copy_rows(&dims, from.len, to.len);
        rows::copy(dims, slice(from), slice_mut(to));
    }

    fn gemm(&self, dims: Gemm, a: View<'_, T>, b: View<'_, T>, c: ViewMut<'_, T>) {
        check::gemm(&dims, a.len, b.len, c.len);
        let _work = self.work(Work::Product);
        gemm::gemm(&self.threads, dims, slice(a), slice(b), slice_mut(c));
    }

    fn map(&self, f: Unary<T>, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::map(x.len, y.len);
        let _work = self.work(Work::Gates);
        elementwise::map(&self.threads, f, slice(x), slice_mut(y));
    }

    fn map_in_place(&self, f: Unary<T>, x: ViewMut<'_, T>) {
        let _work = self.work(Work::Gates);
        elementwise::map_in_place(&self.threads, f, slice_mut(x));
    }

    fn zip(&self, f: Binary, dims: &Broadcast, a: View<'_, T>, b: View<'_, T>, y: ViewMut<'_, T>) {
        check::zip(dims, a.len, b.len, y.len);
        let _work = self.work(Work::Gates);
        elementwise::zip(&self.threads, f, dims, slice(a), slice(b), slice_mut(y));
    }

    fn zip_in_place(&self, f: Binary, dims: &Broadcast, a: ViewMut<'_, T>, b: View<'_, T>) {
        check::zip_in_place(dims, a.len, b.len);
        let _work = self.work(Work::Gates);
        elementwise::zip_in_place(&self.threads, f, dims, slice_mut(a), slice(b));
    }

    fn reduce(&self, f: Reduce, dims: Axis, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::reduce(&dims, x.len, y.len);
        reduce::reduce(&self.threads, f, dims, slice(x), slice_mut(y));
    }

    fn gather_rows(&self, dims: Rows, table: View<'_, T>, rows: &Indices, y: ViewMut<'_, T>) {
        check::gather_rows(&dims, table.len, rows, y.len);
        rows::gather(
            &self.threads,
            dims.columns,
            slice(table),
            indices(rows),
            slice_mut(y),
        );
    }

    fn scatter_add_rows(&self, dims: Rows, x: View<'_, T>, rows: &Indices, table: ViewMut<'_, T>) {
        check::scatter_add_rows(&dims, x.len, rows, table.len);
        rows::scatter_add(&self.threads, dims, slice(x), indices(rows), slice_mut(table));
    }

    fn axpy(&self, alpha: T, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::axpy(x.len, y.len);
        elementwise::axpy(&self.threads, alpha, slice(x), slice_mut(y));
    }

    fn moments(&self, dims: Columns, x: View<'_, T>, mean: ViewMut<'_, T>, var: ViewMut<'_, T>) {
        check::moments(&dims, x.len, mean.len, var.len);
        let _work = self.work(Work::Normalization);
        batch_norm::moments(&self.threads, dims, slice(x), slice_mut(mean), slice_mut(var));
    }

    fn batch_norm(&self, dims: Columns, epsilon: T, input: BatchNorm<'_, T>, y: ViewMut<'_, T>) {
        check::batch_norm(&dims, &input, y.len);
        let _work = self.work(Work::Normalization);
        batch_norm::forward(
            &self.threads,
            dims,
            epsilon,
            batch_norm_input(input),
            slice_mut(y),
        );
    }

    fn batch_norm_backward(
        &self,
        dims: Columns,
        epsilon: T,
        input: BatchNorm<'_, T>,
        dy: View<'_, T>,
        gradients: NormGradients<'_, T>,
    ) {
        check::batch_norm_backward(&dims, &input, dy.len, &gradients);
        let _work = self.work(Work::Normalization);
        let gradients = norm_gradients(gradients);
        batch_norm::backward(
            &self.threads,
            dims,
            epsilon,
            batch_norm_input(input),
            slice(dy),
            gradients,
        );
    }

    fn row_norm(
        &self,
        dims: Rows,
        moments: RowMoments,
        epsilon: T,
        input: RowNorm<'_, T>,
        output: RowNormOutput<'_, T>,
    ) {
        check::row_norm(&dims, moments, &input, &output);
        let _work = self.work(Work::Normalization);
        let input = row_norm::Input {
            x: slice(input.x),
            gamma: slice(input.gamma),
            beta: input.beta.map(slice),
        };
        let output = row_norm::Output {
            y: slice_mut(output.y),
            mean: slice_mut(output.mean),
            inverse_deviation: slice_mut(output.inverse_deviation),
        };
        row_norm::forward(&self.threads, dims, moments, epsilon, input, output);
    }

    fn row_norm_backward(
        &self,
        dims: Rows,
        moments: RowMoments,
        saved: RowNormSaved<'_, T>,
        dy: View<'_, T>,
        gradients: NormGradients<'_, T>,
    ) {
        check::row_norm_backward(&dims, moments, &saved, dy.len, &gradients);
        let _work = self.work(Work::Normalization);
        let saved = row_norm::Saved {
            x: slice(saved.x),
            mean: slice(saved.mean),
            inverse_deviation: slice(saved.inverse_deviation),
            gamma: slice(saved.gamma),
        };
        row_norm::backward(&self.threads, dims, moments, saved, slice(dy), norm_gradients(gradients));
    }

    fn lstm_gates(&self, dims: Cells, z: View<'_, T>, c_previous: View<'_, T>, output: LstmOutput<'_, T>) {
        check::lstm_gates(&dims, z.len, c_previous.len, &output);
        let _work = self.work(Work::Gates);
        let output = lstm::Output {
            gates: slice_mut(output.gates),
            c: slice_mut(output.c),
            o: slice_mut(output.o),
        };
        lstm::forward(&self.threads, dims, slice(z), slice(c_previous), output);
    }

    fn lstm_gates_backward(
        &self,
        dims: Cells,
        saved: LstmSaved<'_, T>,
        dc: View<'_, T>,
        d_o: View<'_, T>,
        gradients: LstmGradients<'_, T>,
    ) {
        check::lstm_gates_backward(&dims, &saved, dc.len, d_o.len, &gradients);
        let _work = self.work(Work::Gates);
        let input = lstm::Backward {
            gates: slice(saved.gates),
            c_previous: slice(saved.c_previous),
            dc: slice(dc),
            d_o: slice(d_o),
        };
        let dc_previous = slice_mut(gradients.dc_previous);
        lstm::backward(&self.threads, dims, input, slice_mut(gradients.dz), dc_previous);
    }

    fn log_softmax(&self, dims: Rows, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::log_softmax(&dims, x.len, y.len);
        softmax::log_softmax(&self.threads, dims, slice(x), slice_mut(y));
    }

    fn log_softmax_backward(&self, dims: Rows, y: View<'_, T>, dy: View<'_, T>, dx: ViewMut<'_, T>) {
        check::log_softmax_backward(&dims, y.len, dy.len, dx.len);
        softmax::log_softmax_backward(&self.threads, dims, slice(y), slice(dy), slice_mut(dx));
    }

    fn cross_entropy(
        &self,
        dims: Rows,
        logits: View<'_, T>,
        targets: &Indices,
        mut log_probabilities: ViewMut<'_, T>,
        loss: ViewMut<'_, T>,
    ) {
        check::cross_entropy(&dims, logits.len, targets, log_probabilities.len, loss.len);
        softmax::log_softmax(
            &self.threads,
            dims,
            slice(logits),
            slice_mut(log_probabilities.reborrow()),
        );
        let log_probabilities = slice(log_probabilities.as_view());
        slice_mut(loss)[0] = softmax::negative_log_likelihood(dims, log_probabilities, indices(targets));
    }

    fn cross_entropy_backward(
        &self,
        dims: Rows,
        log_probabilities: View<'_, T>,
        targets: &Indices,
        d_loss: View<'_, T>,
        d_logits: ViewMut<'_, T>,
    ) {
        check::cross_entropy_backward(&dims, log_probabilities.len, targets, d_loss.len, d_logits.len);
        let d_loss = slice(d_loss)[0];
        let log_probabilities = slice(log_probabilities);
        let targets = indices(targets);
        softmax::cross_entropy_backward(
            &self.threads,
            dims,
            log_probabilities,
            targets,
            d_loss,
            slice_mut(d_logits),
        );
    }

    fn sgd(
        &self,
        rule: Sgd<T>,
        gradient: View<'_, T>,
        parameter: ViewMut<'_, T>,
        velocity: Option<ViewMut<'_, T>>,
    ) {
        check::sgd(&rule, gradient.len, parameter.len, velocity.as_ref());
        let _work = self.work(Work::Optimizer);
        let velocity = velocity.map(slice_mut);
        optimizer::sgd(
            &self.threads,
            rule,
            slice(gradient),
            slice_mut(parameter),
            velocity,
        );
    }

    fn rmsprop(
        &self,
        rule: RmsProp<T>,
        gradient: View<'_, T>,
        parameter: ViewMut<'_, T>,
        state: RmsPropState<'_, T>,
    ) {
        check::rmsprop(&rule, gradient.len, parameter.len, &state);
        let _work = self.work(Work::Optimizer);
        let state = optimizer::RmsPropSlices {
            mean_square: slice_mut(state.mean_square),
            velocity: state.velocity.map(slice_mut),
            mean_gradient: state.mean_gradient.map(slice_mut),
        };
        optimizer::rmsprop(&self.threads, rule, slice(gradient), slice_mut(parameter), state);
    }

    fn adam(&self, rule: Adam<T>, gradient: View<'_, T>, parameter: ViewMut<'_, T>, state: AdamState<'_, T>) {
        check::adam(gradient.len, parameter.len, &state);
        let _work = self.work(Work::Optimizer);
        let (mean, mean_square) = (slice_mut(state.mean), slice_mut(state.mean_square));
        optimizer::adam(
            &self.threads,
            rule,
            slice(gradient),
            slice_mut(parameter),
            mean,
            mean_square,
        );
    }

    fn fused_lstm(&self) -> Option<&dyn FusedLstm<T>> {
        Some(self)
    }

    fn required(&self) -> &dyn Backend<T> {
        self
    }
}
}

fn batch_norm_input<T: Real>(input: BatchNorm<'_, T>) -> batch_norm::Input<'_, T> {
    batch_norm::Input {
        x: slice(input.x),
        mean: slice(input.mean),
        var: slice(input.var),
        gamma: slice(input.gamma),
        beta: input.beta.map(slice),
    }
}

fn norm_gradients<T: Real>(gradients: NormGradients<'_, T>) -> columns::NormSlices<'_, T> {
    columns::NormSlices {
        dx: slice_mut(gradients.dx),
        d_gamma: slice_mut(gradients.d_gamma),
        d_beta: gradients.d_beta.map(slice_mut),
    }
}

//! The oracle: plain sequential loops, readable next to the formula.
//!
//! Elementwise functions are [`Unary::apply`] and [`Binary::apply`]. Whatever contains a sum is
//! computed in `f64` and rounded once at the end, for `f32` elements too.

mod elementary;
mod loss;
mod lstm;
mod norm;
mod optimizer;
#[cfg(test)]
mod tests;

use crate::Real;
use crate::backend::{
    AdamState, Backend, BatchNorm, LstmGradients, LstmOutput, LstmSaved, NormGradients, RmsPropState,
    RowNorm, RowNormOutput, RowNormSaved,
};
use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::check;
use crate::dims::{Axis, Broadcast, Cells, Columns, CopyRows, Gemm, RowMoments, Rows};
use crate::functions::{Binary, Reduce, Unary};
use crate::optimizer::{Adam, RmsProp, Sgd};
use crate::real::for_every_real;

/// The device that defines what is right: one thread, no vectors, every operation spelled out.
///
/// Its memory is `Vec<T>`, its indices are `Vec<u32>`.
///
/// ```
/// use kernels::{Backend, Gemm, Reference};
///
/// let device: &dyn Backend<f32> = &Reference;
/// let [mut a, mut b, mut c] = [6, 3, 2].map(|len| device.allocate(len));
/// device.upload(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], a.view_mut());
/// device.upload(&[1.0, 0.0, -1.0], b.view_mut());
/// device.gemm(Gemm::new(2, 3, 1), a.view(), b.view(), c.view_mut());
/// let mut product = [0.0; 2];
/// device.download(c.view(), &mut product);
/// assert_eq!(product, [-2.0, -2.0]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Reference;

fn read<'a, T: Real>(view: View<'a, T>) -> &'a [T] {
    &view.buffer.memory::<Vec<T>>()[view.offset..view.offset + view.len]
}

fn write<'a, T: Real>(view: ViewMut<'a, T>) -> &'a mut [T] {
    &mut view.buffer.memory_mut::<Vec<T>>()[view.offset..view.offset + view.len]
}

/// The sum of the values, in their order.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

for_every_real! {
impl Backend<T> for Reference {
    fn name(&self) -> String {
        format!("reference: plain {} loops, 1 thread", T::NAME)
    }

    /// NaN everywhere, so that elements used before they are written show.
    fn allocate(&self, len: usize) -> Buffer<T> {
        Buffer::new(vec![T::NAN; len], len)
    }

    fn upload(&self, from: &[T], to: ViewMut<'_, T>) {
        check::upload(from.len(), to.len);
        write(to).copy_from_slice(from);
    }

    fn download(&self, from: View<'_, T>, to: &mut [T]) {
        check::download(from.len, to.len());
        to.copy_from_slice(read(from));
    }

    fn upload_indices(&self, from: &[u32]) -> Indices {
        let bound = from.iter().max().map_or(0, |&largest| largest as usize + 1);
        Indices::new(from.to_vec(), from.len(), bound)
    }

    fn fill(&self, value: T, to: ViewMut<'_, T>) {
        write(to).fill(value);
    }

    fn copy_rows(&self, dims: CopyRows, from: View<'_, T>, to: ViewMut<'_, T>) {
        check::copy_rows(&dims, from.len, to.len);
        elementary::copy_rows(dims, read(from), write(to));
    }

    fn gemm(&self, dims: Gemm, a: View<'_, T>, b: View<'_, T>, c: ViewMut<'_, T>) {
        check::gemm(&dims, a.len, b.len, c.len);
        elementary::gemm(dims, read(a), read(b), write(c));
    }

    fn map(&self, f: Unary<T>, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::map(x.len, y.len);
        for (y, &x) in write(y).iter_mut().zip(read(x)) {
            *y = f.apply(x);
        }
    }

    fn map_in_place(&self, f: Unary<T>, x: ViewMut<'_, T>) {
        for x in write(x) {
            *x = f.apply(*x);
        }
    }

    fn zip(&self, f: Binary, dims: &Broadcast, a: View<'_, T>, b: View<'_, T>, y: ViewMut<'_, T>) {
        check::zip(dims, a.len, b.len, y.len);
        elementary::zip(f, dims, read(a), read(b), write(y));
    }

    fn zip_in_place(&self, f: Binary, dims: &Broadcast, a: ViewMut<'_, T>, b: View<'_, T>) {
        check::zip_in_place(dims, a.len, b.len);
        elementary::zip_in_place(f, dims, write(a), read(b));
    }

    fn reduce(&self, f: Reduce, dims: Axis, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::reduce(&dims, x.len, y.len);
        elementary::reduce(f, dims, read(x), write(y));
    }

    fn gather_rows(&self, dims: Rows, table: View<'_, T>, indices: &Indices, y: ViewMut<'_, T>) {
        check::gather_rows(&dims, table.len, indices, y.len);
        elementary::gather_rows(dims, read(table), indices.memory::<Vec<u32>>(), write(y));
    }

    fn scatter_add_rows(&self, dims: Rows, x: View<'_, T>, indices: &Indices, table: ViewMut<'_, T>) {
        check::scatter_add_rows(&dims, x.len, indices, table.len);
        elementary::scatter_add_rows(dims, read(x), indices.memory::<Vec<u32>>(), write(table));
    }

    fn axpy(&self, alpha: T, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::axpy(x.len, y.len);
        for (y, &x) in write(y).iter_mut().zip(read(x)) {
            *y = T::of(y.as_f64() + alpha.as_f64() * x.as_f64());
        }
    }

    fn moments(&self, dims: Columns, x: View<'_, T>, mean: ViewMut<'_, T>, var: ViewMut<'_, T>) {
        check::moments(&dims, x.len, mean.len, var.len);
        norm::moments(dims, read(x), write(mean), write(var));
    }

    fn batch_norm(&self, dims: Columns, epsilon: T, input: BatchNorm<'_, T>, y: ViewMut<'_, T>) {
        check::batch_norm(&dims, &input, y.len);
        norm::batch_norm(dims, epsilon, input, write(y));
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
        norm::batch_norm_backward(dims, epsilon, input, read(dy), gradients);
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
        norm::row_norm(dims, moments, epsilon, input, output);
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
        norm::row_norm_backward(dims, moments, saved, read(dy), gradients);
    }

    fn lstm_gates(&self, dims: Cells, z: View<'_, T>, c_previous: View<'_, T>, output: LstmOutput<'_, T>) {
        check::lstm_gates(&dims, z.len, c_previous.len, &output);
        lstm::forward(dims, read(z), read(c_previous), output);
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
        lstm::backward(dims, saved, read(dc), read(d_o), gradients);
    }

    fn log_softmax(&self, dims: Rows, x: View<'_, T>, y: ViewMut<'_, T>) {
        check::log_softmax(&dims, x.len, y.len);
        loss::log_softmax(dims, read(x), write(y));
    }

    fn log_softmax_backward(&self, dims: Rows, y: View<'_, T>, dy: View<'_, T>, dx: ViewMut<'_, T>) {
        check::log_softmax_backward(&dims, y.len, dy.len, dx.len);
        loss::log_softmax_backward(dims, read(y), read(dy), write(dx));
    }

    fn cross_entropy(
        &self,
        dims: Rows,
        logits: View<'_, T>,
        targets: &Indices,
        log_probabilities: ViewMut<'_, T>,
        loss: ViewMut<'_, T>,
    ) {
        check::cross_entropy(&dims, logits.len, targets, log_probabilities.len, loss.len);
        let targets = targets.memory::<Vec<u32>>();
        let log_probabilities = write(log_probabilities);
        loss::log_softmax(dims, read(logits), log_probabilities);
        write(loss)[0] = loss::negative_log_likelihood(dims, log_probabilities, targets);
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
        let targets = targets.memory::<Vec<u32>>();
        let d_loss = read(d_loss)[0];
        loss::cross_entropy_backward(dims, read(log_probabilities), targets, d_loss, write(d_logits));
    }

    fn sgd(
        &self,
        rule: Sgd<T>,
        gradient: View<'_, T>,
        parameter: ViewMut<'_, T>,
        velocity: Option<ViewMut<'_, T>>,
    ) {
        check::sgd(&rule, gradient.len, parameter.len, velocity.as_ref());
        optimizer::sgd(rule, read(gradient), write(parameter), velocity.map(write));
    }

    fn rmsprop(
        &self,
        rule: RmsProp<T>,
        gradient: View<'_, T>,
        parameter: ViewMut<'_, T>,
        state: RmsPropState<'_, T>,
    ) {
        check::rmsprop(&rule, gradient.len, parameter.len, &state);
        optimizer::rmsprop(rule, read(gradient), write(parameter), state);
    }

    fn adam(&self, rule: Adam<T>, gradient: View<'_, T>, parameter: ViewMut<'_, T>, state: AdamState<'_, T>) {
        check::adam(gradient.len, parameter.len, &state);
        optimizer::adam(rule, read(gradient), write(parameter), state);
    }

    fn required(&self) -> &dyn Backend<T> {
        self
    }
}
}

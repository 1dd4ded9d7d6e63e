//! Length checks of the fused operations.

use super::{indices, same, shape};
use crate::Real;
use crate::backend::{
    AdamState, BatchNorm, LstmGradients, LstmOutput, LstmSaved, NormGradients, RmsPropState, RowNorm,
    RowNormOutput, RowNormSaved,
};
use crate::buffer::{Indices, ViewMut};
use crate::dims::{Cells, Columns, RowMoments, Rows};
use crate::optimizer::{RmsProp, Sgd};

#[track_caller]
pub(crate) fn moments(dims: &Columns, x: usize, mean: usize, var: usize) {
    let Columns {
        groups,
        batch,
        features,
    } = *dims;
    shape("moments", "x", x, "G, B, F", &[groups, batch, features]);
    shape("moments", "mean", mean, "G, F", &[groups, features]);
    shape("moments", "var", var, "G, F", &[groups, features]);
}

#[track_caller]
fn batch_norm_input<T>(operation: &str, dims: &Columns, input: &BatchNorm<'_, T>) {
    let Columns {
        groups,
        batch,
        features,
    } = *dims;
    shape(operation, "x", input.x.len, "G, B, F", &[groups, batch, features]);
    shape(operation, "mean", input.mean.len, "G, F", &[groups, features]);
    shape(operation, "var", input.var.len, "G, F", &[groups, features]);
    shape(operation, "gamma", input.gamma.len, "F", &[features]);
}

#[track_caller]
pub(crate) fn batch_norm<T>(dims: &Columns, input: &BatchNorm<'_, T>, y: usize) {
    batch_norm_input("batch_norm", dims, input);
    if let Some(beta) = &input.beta {
        shape("batch_norm", "beta", beta.len, "F", &[dims.features]);
    }
    shape(
        "batch_norm",
        "y",
        y,
        "G, B, F",
        &[dims.groups, dims.batch, dims.features],
    );
}

#[track_caller]
pub(crate) fn batch_norm_backward<T>(
    dims: &Columns,
    input: &BatchNorm<'_, T>,
    dy: usize,
    gradients: &NormGradients<'_, T>,
) {
    let operation = "batch_norm_backward";
    batch_norm_input(operation, dims, input);
    let whole = [dims.groups, dims.batch, dims.features];
    shape(operation, "dy", dy, "G, B, F", &whole);
    shape(operation, "dx", gradients.dx.len, "G, B, F", &whole);
    norm_parameters(operation, dims.features, gradients);
}

#[track_caller]
fn norm_parameters<T>(operation: &str, features: usize, gradients: &NormGradients<'_, T>) {
    shape(operation, "d_gamma", gradients.d_gamma.len, "F", &[features]);
    if let Some(d_beta) = &gradients.d_beta {
        shape(operation, "d_beta", d_beta.len, "F", &[features]);
    }
}

#[track_caller]
fn row_groups(operation: &str, dims: &Rows, moments: RowMoments) {
    assert!(
        moments.fits(dims.columns),
        "{operation}: {} groups of rows of {} elements; a number that divides them would fit",
        moments.groups,
        dims.columns
    );
}

#[track_caller]
pub(crate) fn row_norm<T>(
    dims: &Rows,
    moments: RowMoments,
    input: &RowNorm<'_, T>,
    output: &RowNormOutput<'_, T>,
) {
    let operation = "row_norm";
    let Rows { rows, columns } = *dims;
    row_groups(operation, dims, moments);
    shape(operation, "x", input.x.len, "R, F", &[rows, columns]);
    shape(operation, "gamma", input.gamma.len, "F", &[columns]);
    if let Some(beta) = &input.beta {
        shape(operation, "beta", beta.len, "F", &[columns]);
    }
    shape(operation, "y", output.y.len, "R, F", &[rows, columns]);
    shape(
        operation,
        "mean",
        output.mean.len,
        "R, G",
        &[rows, moments.groups],
    );
    shape(
        operation,
        "inverse_deviation",
        output.inverse_deviation.len,
        "R, G",
        &[rows, moments.groups],
    );
}

#[track_caller]
pub(crate) fn row_norm_backward<T>(
    dims: &Rows,
    moments: RowMoments,
    saved: &RowNormSaved<'_, T>,
    dy: usize,
    gradients: &NormGradients<'_, T>,
) {
    let operation = "row_norm_backward";
    let Rows { rows, columns } = *dims;
    row_groups(operation, dims, moments);
    shape(operation, "x", saved.x.len, "R, F", &[rows, columns]);
    shape(operation, "mean", saved.mean.len, "R, G", &[rows, moments.groups]);
    shape(
        operation,
        "inverse_deviation",
        saved.inverse_deviation.len,
        "R, G",
        &[rows, moments.groups],
    );
    shape(operation, "gamma", saved.gamma.len, "F", &[columns]);
    shape(operation, "dy", dy, "R, F", &[rows, columns]);
    shape(operation, "dx", gradients.dx.len, "R, F", &[rows, columns]);
    norm_parameters(operation, columns, gradients);
}

#[track_caller]
pub(crate) fn lstm_gates<T>(dims: &Cells, z: usize, c_previous: usize, output: &LstmOutput<'_, T>) {
    let operation = "lstm_gates";
    let Cells { batch, hidden } = *dims;
    shape(operation, "z", z, "B, 4, H", &[batch, 4, hidden]);
    shape(operation, "c_previous", c_previous, "B, H", &[batch, hidden]);
    shape(
        operation,
        "gates",
        output.gates.len,
        "B, 4, H",
        &[batch, 4, hidden],
    );
    shape(operation, "c", output.c.len, "B, H", &[batch, hidden]);
    shape(operation, "o", output.o.len, "B, H", &[batch, hidden]);
}

#[track_caller]
pub(crate) fn lstm_gates_backward<T>(
    dims: &Cells,
    saved: &LstmSaved<'_, T>,
    dc: usize,
    d_o: usize,
    gradients: &LstmGradients<'_, T>,
) {
    let operation = "lstm_gates_backward";
    let Cells { batch, hidden } = *dims;
    shape(
        operation,
        "gates",
        saved.gates.len,
        "B, 4, H",
        &[batch, 4, hidden],
    );
    shape(
        operation,
        "c_previous",
        saved.c_previous.len,
        "B, H",
        &[batch, hidden],
    );
    shape(operation, "dc", dc, "B, H", &[batch, hidden]);
    shape(operation, "d_o", d_o, "B, H", &[batch, hidden]);
    shape(operation, "dz", gradients.dz.len, "B, 4, H", &[batch, 4, hidden]);
    shape(
        operation,
        "dc_previous",
        gradients.dc_previous.len,
        "B, H",
        &[batch, hidden],
    );
}

#[track_caller]
pub(crate) fn log_softmax(dims: &Rows, x: usize, y: usize) {
    shape("log_softmax", "x", x, "N, C", &[dims.rows, dims.columns]);
    shape("log_softmax", "y", y, "N, C", &[dims.rows, dims.columns]);
}

#[track_caller]
pub(crate) fn log_softmax_backward(dims: &Rows, y: usize, dy: usize, dx: usize) {
    let operation = "log_softmax_backward";
    shape(operation, "y", y, "N, C", &[dims.rows, dims.columns]);
    shape(operation, "dy", dy, "N, C", &[dims.rows, dims.columns]);
    shape(operation, "dx", dx, "N, C", &[dims.rows, dims.columns]);
}

#[track_caller]
fn targets(operation: &str, dims: &Rows, targets: &Indices) {
    shape(operation, "targets", targets.len(), "N", &[dims.rows]);
    indices(operation, "targets", targets, dims.columns);
}

#[track_caller]
pub(crate) fn cross_entropy(
    dims: &Rows,
    logits: usize,
    classes: &Indices,
    log_probabilities: usize,
    loss: usize,
) {
    let operation = "cross_entropy";
    let Rows { rows, columns } = *dims;
    shape(operation, "logits", logits, "N, C", &[rows, columns]);
    shape(
        operation,
        "log_probabilities",
        log_probabilities,
        "N, C",
        &[rows, columns],
    );
    shape(operation, "loss", loss, "1", &[1]);
    targets(operation, dims, classes);
}

#[track_caller]
pub(crate) fn cross_entropy_backward(
    dims: &Rows,
    log_probabilities: usize,
    classes: &Indices,
    d_loss: usize,
    d_logits: usize,
) {
    let operation = "cross_entropy_backward";
    let Rows { rows, columns } = *dims;
    shape(
        operation,
        "log_probabilities",
        log_probabilities,
        "N, C",
        &[rows, columns],
    );
    shape(operation, "d_loss", d_loss, "1", &[1]);
    shape(operation, "d_logits", d_logits, "N, C", &[rows, columns]);
    targets(operation, dims, classes);
}

/// The velocity of an update: as long as the parameter, and present where there is momentum.
#[track_caller]
fn velocity<T: Real>(operation: &str, momentum: T, velocity: Option<&ViewMut<'_, T>>, parameter: usize) {
    match velocity {
        Some(v) => same(operation, "velocity", v.len, "parameter", parameter),
        None => assert!(
            momentum == T::zero(),
            "{operation}: momentum {momentum} needs a `velocity` of {parameter} elements"
        ),
    }
}

#[track_caller]
pub(crate) fn sgd<T: Real>(rule: &Sgd<T>, gradient: usize, parameter: usize, state: Option<&ViewMut<'_, T>>) {
    same("sgd", "gradient", gradient, "parameter", parameter);
    velocity("sgd", rule.momentum, state, parameter);
}

#[track_caller]
pub(crate) fn rmsprop<T: Real>(
    rule: &RmsProp<T>,
    gradient: usize,
    parameter: usize,
    state: &RmsPropState<'_, T>,
) {
    let operation = "rmsprop";
    same(operation, "gradient", gradient, "parameter", parameter);
    same(
        operation,
        "mean_square",
        state.mean_square.len,
        "parameter",
        parameter,
    );
    velocity(operation, rule.momentum, state.velocity.as_ref(), parameter);
    if let Some(a) = &state.mean_gradient {
        same(operation, "mean_gradient", a.len, "parameter", parameter);
    }
}

#[track_caller]
pub(crate) fn adam<T>(gradient: usize, parameter: usize, state: &AdamState<'_, T>) {
    same("adam", "gradient", gradient, "parameter", parameter);
    same("adam", "mean", state.mean.len, "parameter", parameter);
    same(
        "adam",
        "mean_square",
        state.mean_square.len,
        "parameter",
        parameter,
    );
}

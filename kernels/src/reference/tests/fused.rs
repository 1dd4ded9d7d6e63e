//! Values of the fused operations that can be computed by hand.

use super::{DEVICE, assert_close, get, put};
use crate::backend::{
    AdamState, BatchNorm, LstmGradients, LstmOutput, LstmSaved, NormGradients, RmsPropState, RowNorm,
    RowNormOutput, RowNormSaved,
};
use crate::dims::{Cells, Columns, RowMoments, Rows};
use crate::optimizer::{Adam, Denominator, RmsProp, Sgd};

#[test]
fn batch_norm_of_two_examples() {
    let dims = Columns {
        groups: 1,
        batch: 2,
        features: 2,
    };
    let x = put(&[1.0, 10.0, 3.0, 30.0]);
    let (mut mean, mut var) = (put(&[0.0; 2]), put(&[0.0; 2]));
    DEVICE.moments(dims, x.view(), mean.view_mut(), var.view_mut());
    assert_eq!(get(&mean), [2.0, 20.0]);
    assert_eq!(get(&var), [1.0, 100.0]);

    let (gamma, beta) = (put(&[0.5, 2.0]), put(&[1.0, -1.0]));
    let input = BatchNorm {
        x: x.view(),
        mean: mean.view(),
        var: var.view(),
        gamma: gamma.view(),
        beta: Some(beta.view()),
    };
    // Deviations 2 and √100 + 3 = √103.
    let mut y = put(&[0.0; 4]);
    DEVICE.batch_norm(dims, 3.0, input, y.view_mut());
    let large = 10.0 / 103_f64.sqrt();
    assert_close(&y, &[0.75, -1.0 - 2.0 * large, 1.25, -1.0 + 2.0 * large]);

    let dy = put(&[1.0, 0.0, 3.0, 0.0]);
    let (mut dx, mut d_gamma, mut d_beta) = (put(&[0.0; 4]), put(&[0.0; 2]), put(&[0.0; 2]));
    let gradients = NormGradients {
        dx: dx.view_mut(),
        d_gamma: d_gamma.view_mut(),
        d_beta: Some(d_beta.view_mut()),
    };
    DEVICE.batch_norm_backward(dims, 3.0, input, dy.view(), gradients);
    // x̂ = ∓½, Σ dy = 4, Σ dy x̂ = 1: dx = 0.5 / 2 · (∓1 − ∓½ · ½)
    assert_close(&d_beta, &[4.0, 0.0]);
    assert_close(&d_gamma, &[1.0, 0.0]);
    assert_close(&dx, &[-0.1875, 0.0, 0.1875, 0.0]);
}

#[test]
fn row_norm_of_one_row() {
    let dims = Rows { rows: 1, columns: 2 };
    let (x, gamma, beta) = (put(&[1.0, 3.0]), put(&[0.5, 2.0]), put(&[1.0, -1.0]));
    let (mut y, mut mean, mut inverse) = (put(&[0.0; 2]), put(&[0.0]), put(&[0.0]));
    let input = RowNorm {
        x: x.view(),
        gamma: gamma.view(),
        beta: Some(beta.view()),
    };
    let output = RowNormOutput {
        y: y.view_mut(),
        mean: mean.view_mut(),
        inverse_deviation: inverse.view_mut(),
    };
    DEVICE.row_norm(dims, RowMoments::LAYER, 3.0, input, output);
    assert_eq!(get(&y), [0.75, 0.0]);
    assert_eq!((get(&mean), get(&inverse)), (vec![2.0], vec![0.5]));

    let saved = RowNormSaved {
        x: x.view(),
        mean: mean.view(),
        inverse_deviation: inverse.view(),
        gamma: gamma.view(),
    };
    let dy = put(&[2.0, 2.0]);
    let (mut dx, mut d_gamma) = (put(&[0.0; 2]), put(&[0.0; 2]));
    let gradients = NormGradients {
        dx: dx.view_mut(),
        d_gamma: d_gamma.view_mut(),
        d_beta: None,
    };
    DEVICE.row_norm_backward(dims, RowMoments::LAYER, saved, dy.view(), gradients);
    // u = (1, 4) with mean 2.5, x̂ = ∓½, mean u x̂ = 0.75: dx = ½ (∓1.5 − ∓½ · 0.75)
    assert_eq!(get(&d_gamma), [-1.0, 1.0]);
    assert_close(&dx, &[-0.5625, 0.5625]);
}

#[test]
fn row_norm_of_two_groups_about_zero() {
    let moments = RowMoments {
        groups: 2,
        centered: false,
    };
    let dims = Rows { rows: 1, columns: 4 };
    // Mean squares 22 and 1, and ε = 3: deviations 5 and 2.
    let x = put(&[2.0, 40_f64.sqrt(), 1.0, -1.0]);
    let (gamma, beta) = (put(&[5.0, 0.0, 2.0, 4.0]), put(&[1.0, 2.0, 3.0, 4.0]));
    let (mut y, mut mean, mut inverse) = (put(&[0.0; 4]), put(&[9.0; 2]), put(&[0.0; 2]));
    let input = RowNorm {
        x: x.view(),
        gamma: gamma.view(),
        beta: Some(beta.view()),
    };
    let output = RowNormOutput {
        y: y.view_mut(),
        mean: mean.view_mut(),
        inverse_deviation: inverse.view_mut(),
    };
    DEVICE.row_norm(dims, moments, 3.0, input, output);
    assert_close(&y, &[3.0, 2.0, 4.0, 2.0]);
    assert_eq!(get(&mean), [0.0, 0.0]);
    assert_close(&inverse, &[0.2, 0.5]);

    let saved = RowNormSaved {
        x: x.view(),
        mean: mean.view(),
        inverse_deviation: inverse.view(),
        gamma: gamma.view(),
    };
    let dy = put(&[1.0, 1.0, 1.0, 2.0]);
    let (mut dx, mut d_gamma) = (put(&[0.0; 4]), put(&[0.0; 4]));
    let gradients = NormGradients {
        dx: dx.view_mut(),
        d_gamma: d_gamma.view_mut(),
        d_beta: None,
    };
    DEVICE.row_norm_backward(dims, moments, saved, dy.view(), gradients);
    // x̂ = (0.4, √1.6) and (½, −½), u = (5, 0) and (2, 8), mean u x̂ = 1 and −1.5:
    // dx = 0.2 (5 − 0.4, −√1.6) and ½ (2 + ½ · 1.5, 8 − ½ · 1.5)
    let root = 1.6_f64.sqrt();
    assert_close(&d_gamma, &[0.4, root, 0.5, -1.0]);
    assert_close(&dx, &[0.92, -0.2 * root, 1.375, 3.625]);
}

#[test]
#[should_panic(expected = "row_norm: 3 groups of rows of 4 elements; a number that divides them would fit")]
fn groups_that_do_not_divide_a_row_panic() {
    let moments = RowMoments {
        groups: 3,
        centered: true,
    };
    let (x, gamma) = (put(&[0.0; 4]), put(&[0.0; 4]));
    let (mut y, mut mean, mut inverse) = (put(&[0.0; 4]), put(&[0.0; 3]), put(&[0.0; 3]));
    let input = RowNorm {
        x: x.view(),
        gamma: gamma.view(),
        beta: None,
    };
    let output = RowNormOutput {
        y: y.view_mut(),
        mean: mean.view_mut(),
        inverse_deviation: inverse.view_mut(),
    };
    DEVICE.row_norm(Rows { rows: 1, columns: 4 }, moments, 3.0, input, output);
}

#[test]
fn lstm_of_one_unit() {
    let dims = Cells { batch: 1, hidden: 1 };
    // σ(0) = ½, σ(ln 3) = ¾, tanh(½ ln 3) = ½
    let ln3 = 3_f64.ln();
    let (z, c_previous) = (put(&[0.0, ln3, -ln3, ln3 / 2.0]), put(&[2.0]));
    let (mut gates, mut c, mut o) = (put(&[0.0; 4]), put(&[0.0]), put(&[0.0]));
    let output = LstmOutput {
        gates: gates.view_mut(),
        c: c.view_mut(),
        o: o.view_mut(),
    };
    DEVICE.lstm_gates(dims, z.view(), c_previous.view(), output);
    assert_close(&gates, &[0.5, 0.75, 0.25, 0.5]);
    assert_close(&c, &[1.375]);
    assert_close(&o, &[0.25]);

    let gates = put(&[0.5, 0.75, 0.25, 0.5]);
    let saved = LstmSaved {
        gates: gates.view(),
        c_previous: c_previous.view(),
    };
    let (dc, d_o) = (put(&[8.0]), put(&[1e-289]));
    let (mut dz, mut dc_previous) = (put(&[0.0; 4]), put(&[0.0]));
    let gradients = LstmGradients {
        dz: dz.view_mut(),
        dc_previous: dc_previous.view_mut(),
    };
    DEVICE.lstm_gates_backward(dims, saved, dc.view(), d_o.view(), gradients);
    // The gradient through o is 1.875e-290, just not flushed.
    assert_eq!(get(&dz), [4.0, 0.75, 1e-289 * 0.25 * 0.75, 4.5]);
    assert_eq!(get(&dc_previous), [4.0]);
}

#[test]
fn tiny_gradients_are_flushed() {
    let dims = Cells { batch: 1, hidden: 1 };
    let (gates, c_previous) = (put(&[0.5; 4]), put(&[1.0]));
    let saved = LstmSaved {
        gates: gates.view(),
        c_previous: c_previous.view(),
    };
    let (dc, d_o) = (put(&[1e-290]), put(&[f64::NAN]));
    let (mut dz, mut dc_previous) = (put(&[1.0; 4]), put(&[1.0]));
    let gradients = LstmGradients {
        dz: dz.view_mut(),
        dc_previous: dc_previous.view_mut(),
    };
    DEVICE.lstm_gates_backward(dims, saved, dc.view(), d_o.view(), gradients);
    let dz = get(&dz);
    assert_eq!([dz[0], dz[1], dz[3]], [0.0; 3]);
    assert!(dz[2].is_nan());
    assert_eq!(get(&dc_previous), [0.0]);
}

#[test]
fn cross_entropy_of_two_rows() {
    let dims = Rows { rows: 2, columns: 2 };
    // Probabilities (¾, ¼) and (0, 1); a logit of -∞ that is no target does no harm.
    let logits = put(&[1000.0 + 3_f64.ln(), 1000.0, f64::NEG_INFINITY, 5.0]);
    let targets = DEVICE.upload_indices(&[1, 1]);
    let (mut y, mut loss) = (put(&[0.0; 4]), put(&[0.0]));
    DEVICE.cross_entropy(dims, logits.view(), &targets, y.view_mut(), loss.view_mut());
    let got = get(&y);
    // The logit 1000 + ln 3 is itself rounded to a multiple of 1.1e-13.
    assert!((got[0] - 0.75_f64.ln()).abs() < 2e-13 && (got[1] - 0.25_f64.ln()).abs() < 2e-13);
    assert_eq!(got[2..], [f64::NEG_INFINITY, 0.0]);
    assert!((get(&loss)[0] - 2_f64.ln()).abs() < 2e-13);

    let given = put(&[0.75_f64.ln(), 0.25_f64.ln(), f64::NEG_INFINITY, 0.0]);
    let (d_loss, mut d_logits) = (put(&[4.0]), put(&[0.0; 4]));
    let d_logits_view = d_logits.view_mut();
    DEVICE.cross_entropy_backward(dims, given.view(), &targets, d_loss.view(), d_logits_view);
    assert_close(&d_logits, &[1.5, -1.5, 0.0, 0.0]);

    let dy = put(&[1.0, 3.0, 2.0, 1.0]);
    let mut dx = put(&[0.0; 4]);
    DEVICE.log_softmax_backward(dims, given.view(), dy.view(), dx.view_mut());
    assert_close(&dx, &[-2.0, 2.0, 2.0, -2.0]);
}

#[test]
fn loss_of_no_rows_is_nan() {
    let dims = Rows { rows: 0, columns: 3 };
    let (logits, mut y, mut loss) = (put(&[]), put(&[]), put(&[0.0]));
    let targets = DEVICE.upload_indices(&[]);
    DEVICE.cross_entropy(dims, logits.view(), &targets, y.view_mut(), loss.view_mut());
    assert!(get(&loss)[0].is_nan());
}

#[test]
fn sgd_with_momentum() {
    let rule = Sgd {
        learning_rate: 0.5,
        momentum: 0.5,
    };
    let (g, mut p, mut v) = (put(&[2.0]), put(&[10.0]), put(&[4.0]));
    DEVICE.sgd(rule, g.view(), p.view_mut(), Some(v.view_mut()));
    assert_eq!((get(&v)[0], get(&p)[0]), (4.0, 8.0));
}

#[test]
fn rmsprop_in_both_conventions() {
    // s = ½ · 14 + ½ · 4 = 9, centred a = ½ · 2 + ½ · 2 = 2, s − a² = 5
    let update = |denominator, epsilon, centred: bool| {
        let rule = RmsProp {
            learning_rate: 1.0,
            decay: 0.5,
            epsilon,
            momentum: 0.0,
            denominator,
        };
        let (g, mut p) = (put(&[2.0]), put(&[0.0]));
        let (mut s, mut a) = (put(&[14.0]), put(&[2.0]));
        let state = RmsPropState {
            mean_square: s.view_mut(),
            velocity: None,
            mean_gradient: centred.then(|| a.view_mut()),
        };
        DEVICE.rmsprop(rule, g.view(), p.view_mut(), state);
        assert_eq!((get(&s)[0], get(&a)[0]), (9.0, 2.0));
        get(&p)[0]
    };
    assert_eq!(update(Denominator::RootPlusEpsilon, 1.0, false), -0.5);
    assert_eq!(update(Denominator::MaxOfRootAndEpsilon, 1.0, false), -2.0 / 3.0);
    assert_eq!(update(Denominator::MaxOfRootAndEpsilon, 4.0, false), -0.5);
    assert_eq!(
        update(Denominator::RootPlusEpsilon, 0.0, true),
        -2.0 / 5_f64.sqrt()
    );
}

#[test]
fn adam_with_decay_at_the_second_step() {
    // m = ½ · 1 + ½ · 2 = 1.5, corrected by 1 − ¼ to 2; v = ½ · 2 + ½ · 4 = 3, corrected to 4
    let rule = Adam {
        learning_rate: 0.5,
        beta1: 0.5,
        beta2: 0.5,
        epsilon: 2.0,
        weight_decay: 0.5,
        step: 2,
    };
    let (g, mut p) = (put(&[2.0]), put(&[8.0]));
    let (mut m, mut v) = (put(&[1.0]), put(&[2.0]));
    let state = AdamState {
        mean: m.view_mut(),
        mean_square: v.view_mut(),
    };
    DEVICE.adam(rule, g.view(), p.view_mut(), state);
    assert_eq!((get(&m)[0], get(&v)[0]), (1.5, 3.0));
    // 8 − ¼ · 8 − ½ · 2 / (2 + 2)
    assert_close(&p, &[5.75]);
}

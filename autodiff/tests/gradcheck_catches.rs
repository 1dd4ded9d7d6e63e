//! That the gradient check finds what it is there to find.

use autodiff::{Backward, Device, Forward, GradCheck, Gradient, Op, Tensor, gradcheck, values};
use kernels::{Binary, Real, Reduce, Unary};

/// `y = a · b`, with a gradient of `b` that is wrong by a factor.
struct ScaledGradient {
    factor: f64,
}

impl<T: Real> Op<T> for ScaledGradient {
    fn name(&self) -> &'static str {
        "scaled_gradient"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (a, b) = (inputs[0], inputs[1]);
        Forward::one(a.zip(Binary::Mul, b), vec![a.clone(), b.clone()])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (a, b) = (pass.saved(0), pass.saved(1));
        let db = pass
            .dy()
            .zip(Binary::Mul, a)
            .map(Unary::Scale(T::of(self.factor)));
        vec![
            Gradient::Whole(pass.dy().zip(Binary::Mul, b)),
            Gradient::Whole(db),
        ]
    }
}

fn check_scaled(factor: f64) {
    let device = Device::<f64>::reference();
    let inputs = [
        device.tensor([3], &values(1, 3)),
        device.tensor([3], &values(2, 3)),
    ];
    gradcheck(
        |tape, x| vec![tape.record_one(ScaledGradient { factor }, x)],
        &inputs,
    );
}

#[test]
fn the_right_gradient_passes_gradcheck() {
    check_scaled(1.0);
}

#[test]
#[should_panic(expected = "gradcheck: input 1 [3]: relative error 2.00e-6")]
fn a_factor_slightly_above_the_tolerance_is_caught_by_gradcheck() {
    check_scaled(1.0 + 2e-6);
}

#[test]
#[should_panic(expected = "gradcheck: input 1 [3]: relative error NaN")]
fn nan_is_caught_by_gradcheck() {
    check_scaled(f64::NAN);
}

#[test]
#[should_panic(expected = "gradcheck: input 1 [3]: relative error 1.00e0")]
fn a_missing_gradient_is_caught_by_gradcheck() {
    check_scaled(0.0);
}

/// `y = x − mean(x)` of every row, with a backward pass that forgets the mean.
struct ForgottenMean;

impl<T: Real> Op<T> for ForgottenMean {
    fn name(&self) -> &'static str {
        "forgotten_mean"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        let rows = x.shape().rows();
        let mut mean = x.reduce(Reduce::Sum, 1);
        mean.map_in_place(Unary::Scale(T::one() / T::of(rows.columns as f64)));
        Forward::one(x.zip(Binary::Sub, &mean.reshape([rows.rows, 1])), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        vec![Gradient::Whole(pass.dy().clone())]
    }
}

#[test]
#[should_panic(expected = "gradcheck: input 0 [2, 4]")]
fn a_forgotten_mean_is_caught_by_gradcheck() {
    let x = Device::<f64>::reference().tensor([2, 4], &values(1, 8));
    gradcheck(|tape, x| vec![tape.record_one(ForgottenMean, x)], &[x]);
}

#[test]
fn gradcheck_says_what_it_found() {
    let device = Device::<f64>::reference();
    let x = device.tensor([2], &[3.0, -1.0]);
    let unused = device.tensor([1], &[1.0]);
    let check = GradCheck {
        seed: 5,
        ..GradCheck::default()
    };
    let [of_x, of_unused] = check.compare(|_, x| vec![x[0].square()], &[x, unused])[..] else {
        panic!("one comparison per input");
    };
    assert_eq!((of_x.input, of_unused.input), (0, 1));
    // Differences of a parabola have no truncation error; rounding is near 1e-11.
    assert!(of_x.error < 1e-9 && of_x.numeric_rms > 1e-2, "{of_x}");
    assert!((of_x.analytic - of_x.numeric).abs() < 1e-9);
    assert_eq!(
        (of_unused.error, of_unused.analytic, of_unused.numeric),
        (0.0, 0.0, 0.0)
    );
}

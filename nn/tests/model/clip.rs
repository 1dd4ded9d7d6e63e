//! Clipping of gradients by their joint norm.

use std::sync::Arc;

use autodiff::Device;
use kernels::{Cpu, Real};
use nn::clip::clip_global_norm;
use nn::context::ParamGradients;

use crate::given::{gradients, store};
use crate::support::{assert_close, devices};

/// Gradients of two vectors, clipped, and the norm before.
fn clip<T: Real>(device: &Device<T>, given: [&[f64]; 2], max_norm: f64) -> (Vec<f64>, f64) {
    let mut store = store(device, &[&[0.0; 2], &[0.0; 3]]);
    let mut gradients = gradients(&mut store, &given);
    let norm = clip_global_norm(&mut gradients, T::of(max_norm)).item().as_f64();
    (flat(&gradients), norm)
}

fn flat<T: Real>(gradients: &ParamGradients<T>) -> Vec<f64> {
    gradients
        .iter()
        .flat_map(|gradient| gradient.to_vec())
        .map(|x| x.as_f64())
        .collect()
}

/// With a norm of 5.
const GIVEN: [&[f64]; 2] = [&[3.0, 0.0], &[0.0, -4.0, 0.0]];
const JOINED: [f64; 5] = [3.0, 0.0, 0.0, -4.0, 0.0];

#[test]
fn a_norm_below_the_bound_changes_no_bit() {
    for device in devices() {
        // The factor is min(1, bound / (norm + 1e-6)), so it is 1 from this bound on.
        for bound in [5.0 + 1e-6, 5.1, 1e30] {
            assert_eq!(clip(&device, GIVEN, bound), (JOINED.to_vec(), 5.0));
        }
        assert_eq!(clip(&device, [&[0.0; 2], &[0.0; 3]], 1.0), (vec![0.0; 5], 0.0));
    }
}

#[test]
fn a_norm_above_the_bound_is_brought_down() {
    for device in devices() {
        for bound in [5.0, 1.0, 1e-3] {
            let (clipped, norm) = clip(&device, GIVEN, bound);
            assert_eq!(norm, 5.0);
            let want = JOINED.map(|x| x * bound / (5.0 + 1e-6));
            // Two roundings of numbers up to 4.
            assert_close(&clipped, &want, 1e-15);
        }
    }
}

/// What has no gradient has no part in it.
#[test]
fn missing_gradients_are_passed_over() {
    for device in devices() {
        let (clipped, norm) = clip(&device, [&[], &[0.0, 2.0, 0.0]], 1.0);
        assert_eq!(norm, 2.0);
        assert_close(&clipped, &[0.0, 2.0 / (2.0 + 1e-6), 0.0], 1e-15);
    }
}

#[test]
#[should_panic(expected = "clip_global_norm: no gradients")]
fn something_must_have_a_gradient() {
    clip(&devices()[0], [&[], &[]], 1.0);
}

fn all_nan<T: Real>(device: &Device<T>) {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (clipped, norm) = clip(device, [&[3.0, bad], &[0.0, -4.0, 0.0]], 1.0);
        assert!(clipped[1].is_nan(), "{clipped:?}");
        assert!(!norm.is_finite());
        if bad.is_nan() {
            assert!(clipped.iter().all(|x| x.is_nan()), "{clipped:?}");
            assert!(norm.is_nan());
        }
    }
}

/// A broken gradient does not look like a whole one: an optimizer would spread it unseen.
#[test]
fn a_gradient_that_is_no_number_is_seen() {
    all_nan(&Device::<f32>::reference());
    all_nan(&Device::<f64>::reference());
    all_nan(&Device::<f32>::new(Arc::new(Cpu::new(2))));
    all_nan(&Device::<f64>::new(Arc::new(Cpu::new(2))));
}

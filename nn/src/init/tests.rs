use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use super::*;

const ALL: [Initializer; 7] = [
    Initializer::Zeros,
    Initializer::Constant { value: 0.1 },
    Initializer::Uniform { low: -0.1, high: 0.3 },
    Initializer::Normal { std: 0.01 },
    Initializer::Glorot,
    Initializer::Orthogonal { gain: 1.5 },
    Initializer::Identity,
];

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = |x: &f64| (x - mean).powi(2);
    (mean, values.iter().map(square).sum::<f64>() / n)
}

#[test]
fn the_seed_gives_the_bits() {
    for initializer in ALL {
        let sample = |seed| initializer.sample::<f64>(7, 5, &mut rng(seed));
        assert_eq!(sample(1), sample(1), "{initializer:?}");
        let random = !matches!(
            initializer,
            Initializer::Zeros | Initializer::Constant { .. } | Initializer::Identity
        );
        assert_eq!(sample(1) != sample(2), random, "{initializer:?}");
        let rounded: Vec<f32> = initializer.sample(7, 5, &mut rng(1));
        let expected: Vec<f32> = sample(1).iter().map(|&value| value as f32).collect();
        assert_eq!(rounded, expected, "{initializer:?}");
    }
}

#[test]
fn fixed_values() {
    let mut rng = rng(1);
    let before = rng.clone();
    let zeros: Vec<f32> = Initializer::Zeros.sample(2, 3, &mut rng);
    assert_eq!(zeros, [0.0; 6]);
    let constant: Vec<f32> = Initializer::Constant { value: 0.1 }.sample(2, 3, &mut rng);
    assert_eq!(constant, [0.1; 6]);
    let wide: Vec<f64> = Initializer::Identity.sample(2, 3, &mut rng);
    assert_eq!(wide, [1., 0., 0., 0., 1., 0.]);
    let tall: Vec<f64> = Initializer::Identity.sample(3, 2, &mut rng);
    assert_eq!(tall, [1., 0., 0., 1., 0., 0.]);
    assert_eq!(rng, before);
}

#[test]
fn uniform_has_its_bounds_and_moments() {
    let (low, high) = (-0.1, 0.3);
    let values: Vec<f64> = Initializer::Uniform { low, high }.sample(200, 500, &mut rng(2));
    assert!(values.iter().all(|value| (low..high).contains(value)));
    let (mean, variance) = mean_and_variance(&values);
    // Of 100 000 draws: standard error of the mean 0.4/√12/√1e5 = 3.7e-4, that of the variance
    // (0.4²/12)·√(0.8/1e5) = 3.8e-5; four of each.
    assert!((mean - 0.1).abs() < 1.5e-3, "{mean}");
    assert!((variance - 0.16 / 12.0).abs() < 1.6e-4, "{variance}");
}

#[test]
fn normal_has_its_moments() {
    let values: Vec<f64> = Initializer::Normal { std: 2.0 }.sample(200, 500, &mut rng(3));
    let (mean, variance) = mean_and_variance(&values);
    // Standard error of the mean 2/√1e5 = 6.3e-3, that of the variance 4·√(2/1e5) = 0.018; four of
    // each.
    assert!(mean.abs() < 0.026, "{mean}");
    assert!((variance - 4.0).abs() < 0.072, "{variance}");
    let kurtosis = values.iter().map(|x| (x / 2.0).powi(4)).sum::<f64>() / 1e5;
    // Of a Gaussian 3, with a standard error of √(96/1e5) = 0.031.
    assert!((kurtosis - 3.0).abs() < 0.13, "{kurtosis}");
}

#[test]
fn glorot_depends_on_the_shape() {
    let values: Vec<f64> = Initializer::Glorot.sample(100, 50, &mut rng(4));
    let bound = 0.2;
    assert!(values.iter().all(|value| value.abs() <= bound));
    // All of 5000 draws within 99 % of the bound: probability 1e-22.
    assert!(values.iter().any(|value| value.abs() > 0.99 * bound));
    assert!(Initializer::Glorot.sample::<f64>(0, 0, &mut rng(4)).is_empty());
}

#[test]
fn orthogonal_has_its_gain() {
    let gain = 1.5;
    let q: Vec<f64> = Initializer::Orthogonal { gain }.sample(6, 4, &mut rng(5));
    for i in 0..4 {
        for j in 0..4 {
            let dot: f64 = (0..6).map(|k| q[k * 4 + i] * q[k * 4 + j]).sum();
            let expected = if i == j { gain * gain } else { 0.0 };
            // Rounding of products with 4 reflections.
            assert!((dot - expected).abs() < 1e-14, "{dot}");
        }
    }
}

#[test]
fn configurations_round_trip() {
    for initializer in ALL {
        let text = serde_json::to_string(&initializer).unwrap();
        let back: Initializer = serde_json::from_str(&text).unwrap();
        assert_eq!(back, initializer);
        assert_eq!(initializer.check(), Ok(()));
    }
    let text = r#"{"kind":"orthogonal","gain":1.0}"#;
    let orthogonal: Initializer = serde_json::from_str(text).unwrap();
    assert_eq!(orthogonal, Initializer::Orthogonal { gain: 1.0 });
    let unknown = r#"{"kind":"normal","std":1.0,"mean":0.0}"#;
    let error = serde_json::from_str::<Initializer>(unknown).unwrap_err();
    assert!(error.to_string().contains("unknown field `mean`"), "{error}");
}

#[test]
fn senseless_numbers_are_named() {
    for (initializer, part) in [
        (Initializer::Normal { std: -1.0 }, "std = -1"),
        (Initializer::Normal { std: f64::NAN }, "std = NaN"),
        (Initializer::Constant { value: f64::INFINITY }, "value = inf"),
        (
            Initializer::Uniform { low: 1.0, high: -1.0 },
            "low = 1 is above high = -1",
        ),
        (
            Initializer::Orthogonal {
                gain: f64::NEG_INFINITY,
            },
            "gain = -inf",
        ),
    ] {
        let text = initializer.check().unwrap_err().to_string();
        assert!(text.contains(part), "{text}");
    }
}

#[test]
#[should_panic(expected = "sample: normal initializer: std = -1")]
fn senseless_numbers_are_not_sampled() {
    Initializer::Normal { std: -1.0 }.sample::<f32>(1, 1, &mut rng(6));
}

//! Random lines, written and read back.

use proptest::prelude::*;

use super::reader::{histograms, scalars, texts, written};
use super::score;
use crate::diagnostics::{Diagnostics, Gate, ParamUpdate, SiteMoments};
use crate::metrics::{Diagnosed, DivergedAt, Line, Measured, Record};
use crate::scores::Scores;
use crate::task::Metric;
use crate::tensorboard::event::Value;

fn any_scores() -> impl Strategy<Value = Scores> {
    let score = (any::<f64>(), 0.0..=1.0).prop_map(|(loss, accuracy)| score(loss, accuracy));
    [score.clone(), score.clone(), score].prop_map(|[batch, running, population]| Scores {
        batch,
        running,
        population,
    })
}

fn any_record() -> impl Strategy<Value = Line> {
    let numbers = any::<[f64; 4]>();
    (0..usize::MAX / 2, numbers, any_scores()).prop_map(|(update, numbers, valid)| {
        let [epoch, learning_rate, train_loss, gradient_norm] = numbers;
        Line::Evaluated(Record {
            update,
            epoch,
            learning_rate,
            train_loss,
            gradient_norm,
            valid,
        })
    })
}

fn any_diagnosed() -> impl Strategy<Value = Line> {
    let gate = ("[a-z/]{1,8}", "[fiog]", any::<[f32; 2]>()).prop_map(|(cell, gate, [low, high])| Gate {
        cell,
        gate,
        low,
        high,
    });
    let variances = prop::collection::vec(any::<f32>(), 0..5);
    let distances = any::<[Option<f32>; 2]>();
    let site =
        ("[a-zµ/_]{1,20}", variances, distances).prop_map(|(path, smallest_variance, [mean, variance])| {
            SiteMoments {
                path,
                smallest_variance,
                mean_distance: mean,
                variance_distance: variance,
            }
        });
    let update = ("[a-z/]{1,9}", any::<[f32; 2]>()).prop_map(|(path, [weight, change])| ParamUpdate {
        path,
        weight,
        change,
    });
    let parts = (
        prop::collection::vec(any::<f32>().prop_map(f32::abs), 0..200),
        prop::collection::vec(gate, 0..5),
        prop::collection::vec(site, 0..5),
        prop::collection::vec(update, 0..5),
    );
    (0..usize::MAX / 2, parts).prop_map(|(update, (gradient_norms, gates, sites, updates))| {
        Line::Diagnosed(Diagnosed {
            update,
            diagnostics: Diagnostics {
                gradient_norms,
                gates,
                sites,
                updates,
            },
        })
    })
}

fn any_end() -> impl Strategy<Value = Line> {
    let measured = (0..usize::MAX / 2, any::<usize>(), any_scores()).prop_map(|(update, selected, test)| {
        Line::Measured(Measured {
            update,
            selected,
            test,
        })
    });
    let diverged = (0..usize::MAX / 2, any::<String>())
        .prop_map(|(update, diverged)| Line::Diverged(DivergedAt { update, diverged }));
    prop_oneof![measured, diverged]
}

/// Bits that a number and its like have in common: all NaN are one.
fn bits(number: f64) -> u32 {
    match number.is_nan() {
        true => f32::NAN.to_bits(),
        false => (number as f32).to_bits(),
    }
}

/// What a line has to be in the file, by looking for each of its numbers.
fn check(line: &Line, step: i64, values: &[Value]) {
    let found = scalars(values);
    let has = |tag: &str, number: f64| {
        let like = |&(name, scalar): &(&str, f32)| name == tag && bits(scalar.into()) == bits(number);
        assert!(found.iter().any(like), "{tag} {number}: {found:?}");
    };
    let update = match line {
        Line::Evaluated(record) => {
            has("train/loss", record.train_loss);
            has("train/gradient_norm", record.gradient_norm);
            has("valid/loss/running", record.valid.running.loss);
            has("valid/squared_error/population", record.valid.population.loss);
            assert_eq!(found.len(), 10);
            record.update
        }
        Line::Measured(measured) => {
            has("test/loss/batch", measured.test.batch.loss);
            assert_eq!(found.len(), 7);
            measured.update
        }
        Line::Diagnosed(Diagnosed { update, diagnostics }) => {
            check_inside(diagnostics, values, has);
            *update
        }
        Line::Diverged(at) => {
            assert_eq!(texts(values).len(), 1);
            at.update
        }
    };
    assert_eq!(step, update as i64);
}

fn check_inside(diagnostics: &Diagnostics, values: &[Value], has: impl Fn(&str, f64)) {
    for gate in &diagnostics.gates {
        let tag = format!("gates/{}/{}/saturated_high", gate.cell, gate.gate);
        has(&tag, gate.high.into());
    }
    for site in &diagnostics.sites {
        if let Some(distance) = site.mean_distance {
            has(
                &format!("statistics/{}/mean_distance", site.path),
                distance.into(),
            );
        }
    }
    let norms = &diagnostics.gradient_norms;
    if let Some(&norm) = norms.last() {
        has("gradient/last_step", norm.into());
    }
    let finite = norms.iter().filter(|norm| norm.is_finite()).count();
    let histograms = histograms(values);
    assert_eq!(histograms.len(), usize::from(finite > 0));
    for (_, histogram) in histograms {
        assert_eq!(histogram.count, finite as f64);
        assert_eq!(histogram.buckets.iter().sum::<f64>(), finite as f64);
        assert_eq!(histogram.limits.len(), histogram.buckets.len());
        assert!(histogram.limits.is_sorted());
        assert!(histogram.max < *histogram.limits.last().unwrap());
        assert!(histogram.min < histogram.limits[0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        rng_seed: proptest::test_runner::RngSeed::Fixed(6),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_lines_are_read_back(
        lines in prop::collection::vec(prop_oneof![any_record(), any_diagnosed(), any_end()], 0..8)
    ) {
        let points = written(&lines, Metric::SquaredError);
        prop_assert_eq!(points.len(), lines.len());
        for (line, (step, values)) in lines.iter().zip(&points) {
            check(line, *step, values);
        }
    }
}

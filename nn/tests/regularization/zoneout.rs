//! Zoneout against steps of the same cell without it.

use autodiff::{Device, Tape};
use nn::cell::Sequence;
use nn::context::{Context, Mode};
use nn::regularization::Regularization;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{CELLS, EVAL, HIDDEN, INPUT, Kind, Model, NONE, Run, assert_close, random};

const STEPS: usize = 12;

fn chunk(states: &[f64], t: usize) -> &[f64] {
    &states[t * HIDDEN..(t + 1) * HIDDEN]
}

/// For each step the states before it, and what the cell makes of them by itself; of h and of c, if
/// it has one.
fn own_steps(kind: Kind, x: &[f64], run: &Run<f64>) -> Vec<Vec<[Vec<f64>; 2]>> {
    let device = Device::reference();
    let mut plain = Model::new(&device, kind, NONE);
    let mut paths = vec!["h_0"];
    if kind == Kind::Lstm {
        paths.push("c_0");
    }
    let ids: Vec<_> = paths.iter().map(|path| plain.id(path)).collect();
    let mut previous: Vec<Vec<f64>> = ids.iter().map(|&id| plain.store.get(id).to_vec()).collect();
    let mut steps = Vec::new();
    for (t, x) in x.chunks(INPUT).enumerate() {
        for (&id, previous) in ids.iter().zip(&previous) {
            plain.set(id, previous);
        }
        let own = plain.run(Mode::Train, &device.tensor([1, 1, INPUT], x), 0);
        let own = [own.h, own.c].into_iter().filter(|own| !own.is_empty());
        steps.push(previous.iter().cloned().zip(own).map(Into::into).collect());
        let found = [&run.h, &run.c].into_iter().filter(|found| !found.is_empty());
        previous = found.map(|found| chunk(found, t).to_vec()).collect();
    }
    steps
}

fn settings(kind: Kind) -> Regularization {
    Regularization {
        zoneout_h: 0.3,
        zoneout_c: if kind == Kind::Lstm { 0.6 } else { 0.0 },
        ..NONE
    }
}

/// Of h and c: which elements stay at which step. All others are the cell's own new ones.
fn stays(kind: Kind) -> Vec<Vec<bool>> {
    let device = Device::reference();
    let x = random(&device, [STEPS, 1, INPUT], 5);
    let run = Model::new(&device, kind, settings(kind)).run(Mode::Train, &x, 7);
    let steps = own_steps(kind, &x.to_vec(), &run);
    let found = [&run.h, &run.c].into_iter().filter(|found| !found.is_empty());
    let of_state = |(s, found): (usize, &Vec<f64>)| {
        let of_step = |t: usize| {
            let [old, new] = &steps[t][s];
            let found = chunk(found, t).iter().zip(old).zip(new);
            found
                .map(|((&found, &old), &new)| {
                    assert!((old - new).abs() > 1e-9, "{kind:?}: the step changes nothing");
                    // What stays does so to the bit; what is new is from another product of inputs.
                    assert!(
                        found == old || (found - new).abs() < 1e-14,
                        "{kind:?}: {found}, {old}, {new}"
                    );
                    found == old
                })
                .collect::<Vec<bool>>()
        };
        (0..STEPS).flat_map(of_step).collect()
    };
    found.enumerate().map(of_state).collect()
}

#[test]
fn in_training_an_element_stays_or_is_the_new_one() {
    for kind in CELLS {
        let stays = stays(kind);
        let n = (STEPS * HIDDEN) as f64;
        for (stays, p) in stays.iter().zip([0.3, 0.6]) {
            let count = stays.iter().filter(|&&stays| stays).count() as f64;
            let standard_error = (p * (1.0 - p) * n).sqrt();
            assert!(
                (count - p * n).abs() < 4.0 * standard_error,
                "{kind:?}: {count} of {n}"
            );
        }
    }
}

/// Two masks with 0.3 and 0.6 that were one would never say that h stays where c does not.
#[test]
fn the_masks_of_h_and_c_are_not_the_same() {
    let stays = stays(Kind::Lstm);
    for wanted in [(true, true), (true, false), (false, true), (false, false)] {
        let mut both = stays[0].iter().zip(&stays[1]);
        assert!(both.any(|(&h, &c)| (h, c) == wanted), "{wanted:?}");
    }
}

#[test]
fn in_evaluation_it_is_the_expectation_of_each_step() {
    for kind in CELLS {
        for mode in [EVAL, Mode::Estimate { seen: 0 }] {
            let device = Device::reference();
            let x = random(&device, [STEPS, 1, INPUT], 5);
            let chosen = settings(kind);
            let run = Model::new(&device, kind, chosen).run(mode, &x, 7);
            for (t, states) in own_steps(kind, &x.to_vec(), &run).into_iter().enumerate() {
                let found = [(&run.h, chosen.zoneout_h), (&run.c, chosen.zoneout_c)];
                for ([old, new], (found, p)) in states.iter().zip(found) {
                    let expected = old.iter().zip(new).map(|(old, new)| p * old + (1.0 - p) * new);
                    assert_close(chunk(found, t), &expected.collect::<Vec<f64>>());
                }
            }
        }
    }
}

/// The mean of the outputs of one step over many masks; h and c are linear in theirs.
#[test]
fn one_step_of_evaluation_is_the_mean_of_those_of_training() {
    let device = Device::reference();
    let batch = 3000;
    for kind in CELLS {
        // All examples are the same one, each with masks of its own.
        let one = random(&device, [1, 1, INPUT], 5).to_vec();
        let x = device.tensor([1, batch, INPUT], &one.repeat(batch));
        let mut model = Model::new(&device, kind, settings(kind));
        let (drawn, expected) = (model.run(Mode::Train, &x, 9), model.run(EVAL, &x, 9));
        for (drawn, expected) in [(drawn.h, expected.h), (drawn.c, expected.c)] {
            for (j, expected) in expected.iter().take(drawn.len() / batch).enumerate() {
                let of_unit = || drawn.iter().skip(j).step_by(HIDDEN);
                let mean = of_unit().sum::<f64>() / batch as f64;
                let square = |x: &f64| (x - mean).powi(2);
                let variance = of_unit().map(square).sum::<f64>() / (batch - 1) as f64;
                let standard_error = (variance / batch as f64).sqrt();
                let error = (mean - expected).abs();
                assert!(
                    error < 4.0 * standard_error,
                    "{kind:?} unit {j}: {error} of {standard_error}"
                );
            }
        }
    }
}

#[test]
fn a_row_that_has_ended_stays_as_it_is() {
    let device = Device::<f64>::reference();
    for (kind, mode) in CELLS
        .into_iter()
        .flat_map(|kind| [(kind, Mode::Train), (kind, EVAL)])
    {
        let mut model = Model::new(&device, kind, settings(kind));
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let tape = Tape::inference(&device);
        let mut context = Context::new(&tape, &mut model.store, mode, &mut rng);
        let x = tape.constant(random(&device, [5, 2, INPUT], 4));
        let input = Sequence::from(x).with_lengths(&[5, 2]);
        let h = model.layer.forward(&mut context, &input).h.value().to_vec();
        let row = |t: usize, b: usize| chunk(&h, 2 * t + b);
        for t in 2..5 {
            assert_eq!(row(t, 1), row(1, 1), "{kind:?} {mode:?} step {t}");
            assert!(row(t, 0) != row(t - 1, 0));
        }
    }
}

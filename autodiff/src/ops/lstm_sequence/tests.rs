//! Gradients of the sequence, and what a device without it says.

use std::sync::Arc;

use kernels::{Cpu, RowMoments};

use super::*;
use crate::{gradcheck, values};

const STEPS: usize = 3;
const BATCH: usize = 4;
/// One vector and a rest, for every width that a build may have.
const HIDDEN: usize = 9;

#[derive(Clone, Copy)]
enum Source {
    Product,
    Scalar,
    Lookup,
}

fn device() -> Device<f64> {
    Device::new(Arc::new(Cpu::new(2)))
}

/// Values that can be variances.
fn positive(seed: u64, count: usize) -> Vec<f64> {
    values(seed, count).into_iter().map(|x| 0.5 + x * x).collect()
}

fn inputs(device: &Device<f64>, source: Source, normed: bool) -> Vec<Tensor<f64>> {
    let term: Shape = match source {
        Source::Product => [STEPS, BATCH, 4 * HIDDEN].into(),
        Source::Scalar => [1, 4 * HIDDEN].into(),
        Source::Lookup => [5, 4 * HIDDEN].into(),
    };
    let mut shapes: Vec<Shape> = vec![
        term,
        [HIDDEN, 4 * HIDDEN].into(),
        [4 * HIDDEN].into(),
        [BATCH, HIDDEN].into(),
        [BATCH, HIDDEN].into(),
    ];
    if normed {
        let gates: Shape = [4 * HIDDEN].into();
        shapes.extend([gates, gates, gates, [HIDDEN].into(), [HIDDEN].into()]);
        shapes.push([STEPS, BATCH, HIDDEN].into());
    }
    let tensor = |(i, shape): (usize, Shape)| device.tensor(shape, &values(i as u64, shape.len()));
    shapes.into_iter().enumerate().map(tensor).collect()
}

/// Gradients of all states, without normalization or with these moments at the recurrent term, the
/// input term and the cell, and with a probe.
fn check(source: Source, moments: Option<Sites<SequenceMoments<f64>>>) {
    let normed = moments.is_some();
    let moments = moments.unwrap_or([const { SequenceMoments::Columns }; 3]);
    let device = device();
    let symbols = device.indices(&[0, 1, 4, 4, 2, 2, 3, 1, 0, 3, 4, 2]);
    let x = device.tensor([STEPS, BATCH], &values(50, STEPS * BATCH));
    let inputs = inputs(&device, source, normed);
    gradcheck(
        |_, v| {
            let norm = |gamma: usize, beta: Option<usize>, moments: &SequenceMoments<f64>| {
                normed.then(|| SequenceNorm {
                    gamma: v[gamma],
                    beta: beta.map(|beta| v[beta]),
                    epsilon: 1e-3,
                    moments: moments.clone(),
                })
            };
            let sequence = LstmSequence {
                input: match source {
                    Source::Product => SequenceTerm::Product(v[0]),
                    Source::Scalar => SequenceTerm::Scalar {
                        x: x.clone(),
                        weight: v[0],
                    },
                    Source::Lookup => SequenceTerm::Lookup {
                        table: v[0],
                        symbols: Arc::clone(&symbols),
                    },
                },
                w_h: v[1],
                bias: v[2],
                h_0: v[3],
                c_0: v[4],
                norms: [
                    norm(5, Some(6), &moments[0]),
                    norm(7, None, &moments[1]),
                    norm(8, Some(9), &moments[2]),
                ],
                probe: normed.then(|| v[10]),
            };
            let states = sequence.record(STEPS);
            vec![states.h, states.c, states.last]
        },
        &inputs,
    );
}

fn rows(groups: usize, centered: bool) -> SequenceMoments<f64> {
    SequenceMoments::Rows(RowMoments { groups, centered })
}

fn given() -> SequenceMoments<f64> {
    let moment = |seed| device().tensor([STEPS, 4 * HIDDEN], &positive(seed, STEPS * 4 * HIDDEN));
    SequenceMoments::Given(moment(60), moment(61))
}

/// Far from what is given, so that the corrections stay at their limits: they have no gradient.
fn renorm(which: usize) -> SequenceMoments<f64> {
    let shape = [STEPS, site::gates(which) * HIDDEN];
    SequenceMoments::Renorm {
        mean: device().full(shape, 9.0),
        std: device().full(shape, 0.01),
        r_max: 1.5,
        d_max: 0.5,
    }
}

#[test]
fn lstm_sequence_gradcheck() {
    use SequenceMoments::Columns;
    for source in [Source::Product, Source::Scalar, Source::Lookup] {
        check(source, None);
        let layer = || rows(1, true);
        for moments in [
            [Columns, Columns, Columns],
            [layer(), layer(), layer()],
            [Columns, layer(), Columns],
            [layer(), Columns, layer()],
            [layer(), given(), layer()],
        ] {
            check(source, Some(moments));
        }
    }
}

#[test]
fn groups_of_gates_and_mean_squares_gradcheck() {
    for source in [Source::Product, Source::Scalar, Source::Lookup] {
        check(source, Some([rows(4, true), rows(4, true), rows(1, false)]));
        check(source, Some([rows(1, false), rows(4, false), rows(1, true)]));
    }
    check(
        Source::Product,
        Some([rows(2, false), rows(2, true), SequenceMoments::Columns]),
    );
}

#[test]
fn renormalization_gradcheck() {
    for source in [Source::Product, Source::Scalar, Source::Lookup] {
        check(source, Some([0, 1, 2].map(renorm)));
    }
    check(
        Source::Product,
        Some([rows(4, false), renorm(site::INPUT), rows(1, true)]),
    );
}

#[test]
fn rows_are_cut_into_groups_of_whole_gates_only() {
    let supports = |which, groups| LstmSequence::supports(&device(), which, &rows(groups, true));
    for which in [site::RECURRENT, site::INPUT] {
        let fits: Vec<usize> = (0..10).filter(|&groups| supports(which, groups)).collect();
        assert_eq!(fits, [1, 2, 4]);
    }
    let fits: Vec<usize> = (0..10).filter(|&groups| supports(site::CELL, groups)).collect();
    assert_eq!(fits, [1]);
    assert!(LstmSequence::supports(&device(), site::CELL, &renorm(site::CELL)));
    let reference = Device::<f64>::reference();
    assert!(!LstmSequence::supports(
        &reference,
        site::CELL,
        &SequenceMoments::Columns
    ));
}

#[test]
#[should_panic(expected = "RowMoments { groups: 3, centered: true }) at the cell; groups of whole gates")]
fn groups_that_cut_a_gate_panic() {
    check(
        Source::Product,
        Some([rows(1, true), rows(1, true), rows(3, true)]),
    );
}

#[test]
#[should_panic(expected = "lstm_sequence: mean [3, 36] of the cell; [3, 9] would fit")]
fn statistics_of_another_site_panic() {
    check(Source::Product, Some([rows(1, true), rows(1, true), given()]));
}

#[test]
#[should_panic(expected = "lstm_sequence: the probe [1, 9]; [2, 1, 9] would fit h_0 [1, 9]")]
fn a_probe_of_another_shape_panics() {
    record_zeros(&device(), Some([1, 9].into()));
}

#[test]
#[should_panic(expected = "the device does not have it for 2 steps, h_0 [1, 9]; go step by step")]
fn a_device_without_it_says_so() {
    record_zeros(&Device::reference(), None);
}

/// Two steps of a batch of one, with a probe of this shape.
#[track_caller]
fn record_zeros(device: &Device<f64>, probe: Option<Shape>) {
    let tape = Tape::new(device);
    let zeros = |shape: Shape| tape.leaf(device.zeros(shape));
    let sequence = LstmSequence {
        input: SequenceTerm::Product(zeros([2, 1, 36].into())),
        w_h: zeros([9, 36].into()),
        bias: zeros([36].into()),
        h_0: zeros([1, 9].into()),
        c_0: zeros([1, 9].into()),
        norms: [None, None, None],
        probe: probe.map(zeros),
    };
    sequence.record(2);
}

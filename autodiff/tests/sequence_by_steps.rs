//! The LSTM sequence as one operation against the same steps in plain operations, for every kind of
//! moments: values and gradients, on any number of threads.
//!
//! Both compute the same formulas in another order: tolerances are relative to the largest value of
//! a tensor, 1e-10 for `f64` and 1e-4 for `f32`.

use std::sync::Arc;

use autodiff::{
    Device, LstmSequence, SequenceMoments, SequenceNorm, SequenceTerm, Shape, Tape, Tensor, Var, values,
};
use kernels::sequence::{Sites, site};
use kernels::{Binary, Cpu, Real, RowMoments, Unary};

/// `T, B, H`
#[derive(Clone, Copy, Debug)]
struct Sizes {
    steps: usize,
    batch: usize,
    hidden: usize,
}

/// How a site is normalized.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Rows { groups: usize, centered: bool },
    Renorm,
    Columns,
}

/// One number a step for all units, or a term of its own for each.
#[derive(Clone, Copy, Debug)]
enum Reads {
    Scalar,
    Product,
}

const EPSILON: f64 = 1e-3;
const LIMITS: (f64, f64) = (1.5, 0.5);

/// Positions of the variables; those of the sites, `γ` and `β`, are before that of the probe.
const TERM: usize = 0;
const W_H: usize = 1;
const BIAS: usize = 2;
const H_0: usize = 3;
const C_0: usize = 4;
const NORMS: usize = 5;
const PROBE: usize = 11;

fn random<T: Real>(device: &Device<T>, shape: impl Into<Shape>, seed: u64) -> Tensor<T> {
    let shape = shape.into();
    let random: Vec<T> = values(seed, shape.len()).into_iter().map(T::of).collect();
    device.tensor(shape, &random)
}

fn leaves<'t, T: Real>(tape: &'t Tape<T>, sizes: Sizes, reads: Reads) -> Vec<Var<'t, T>> {
    let Sizes { steps, batch, hidden } = sizes;
    let gates = 4 * hidden;
    let term: Shape = match reads {
        Reads::Product => [steps, batch, gates].into(),
        Reads::Scalar => [1, gates].into(),
    };
    let states: Shape = [batch, hidden].into();
    let mut shapes: Vec<Shape> = vec![term, [hidden, gates].into(), [gates].into(), states, states];
    for which in [site::RECURRENT, site::INPUT, site::CELL] {
        shapes.extend([Shape::from([site::gates(which) * hidden]); 2]);
    }
    shapes.push([steps, batch, hidden].into());
    let leaf = |(i, shape)| tape.leaf(random(tape.device(), shape, i as u64));
    shapes.into_iter().enumerate().map(leaf).collect()
}

/// Moments of a site in both forms. What a renormalization is given is near the moments of the
/// batch, so that some corrections are at their limits and some are not.
fn moments<T: Real>(device: &Device<T>, sizes: Sizes, which: usize, kind: Kind) -> SequenceMoments<T> {
    let shape = [sizes.steps, site::gates(which) * sizes.hidden];
    let seed = 70 + 2 * which as u64;
    match kind {
        Kind::Columns => SequenceMoments::Columns,
        Kind::Rows { groups, centered } => SequenceMoments::Rows(RowMoments { groups, centered }),
        Kind::Renorm => SequenceMoments::Renorm {
            mean: random(device, shape, seed).map(Unary::Scale(T::of(0.3))),
            std: random(device, shape, seed + 1)
                .map(Unary::Square)
                .map(Unary::Shift(T::of(0.4))),
            r_max: T::of(LIMITS.0),
            d_max: T::of(LIMITS.1),
        },
    }
}

/// A site at step `t` in plain operations.
fn normalize<'t, T: Real>(
    x: Var<'t, T>,
    gamma: Var<'t, T>,
    beta: Option<Var<'t, T>>,
    moments: &SequenceMoments<T>,
    t: usize,
) -> Var<'t, T> {
    let epsilon = T::of(EPSILON);
    match moments {
        SequenceMoments::Columns => x.batch_norm(gamma, beta, epsilon).y,
        SequenceMoments::Rows(rows) => x.row_norm(gamma, beta, epsilon, *rows),
        SequenceMoments::Renorm {
            mean,
            std,
            r_max,
            d_max,
        } => {
            let row = |all: &Tensor<T>| {
                let row = all.row(t);
                row.reshape([1, row.shape().len()])
            };
            let limits = (*r_max, *d_max);
            x.batch_renorm(gamma, beta, epsilon, &row(mean), &row(std), limits)
                .y
        }
        SequenceMoments::Given(..) => unreachable!("no case is normalized with given moments"),
    }
}

/// The normalizations have a `β` at the recurrent term and the cell.
fn beta<'t, T: Real>(v: &[Var<'t, T>], which: usize) -> Option<Var<'t, T>> {
    (which != site::INPUT).then(|| v[NORMS + 2 * which + 1])
}

/// `h, c [T, B, H]` step by step.
fn by_steps<'t, T: Real>(
    v: &[Var<'t, T>],
    x: &Tensor<T>,
    sizes: Sizes,
    moments: &Sites<SequenceMoments<T>>,
) -> [Var<'t, T>; 2] {
    let tape = v[W_H].tape();
    let (mut h, mut c) = (v[H_0], v[C_0]);
    let (mut all_h, mut all_c) = (Vec::new(), Vec::new());
    for (t, probe) in v[PROBE].unbind().into_iter().enumerate() {
        let input = if v[TERM].shape().rank() == 3 {
            v[TERM].unbind()[t]
        } else {
            let x = tape.constant(x.row(t).reshape([sizes.batch, 1]));
            x.matmul(v[TERM])
        };
        let site = |x, which: usize| normalize(x, v[NORMS + 2 * which], beta(v, which), &moments[which], t);
        let z = site(h.matmul(v[W_H]), site::RECURRENT) + site(input, site::INPUT) + v[BIAS];
        let (cell, o) = z.lstm_gates(c);
        c = cell;
        h = o * site(c, site::CELL).tanh() + probe;
        all_h.push(h);
        all_c.push(c);
    }
    [Var::stack(&all_h), Var::stack(&all_c)]
}

fn at_once<'t, T: Real>(
    v: &[Var<'t, T>],
    x: &Tensor<T>,
    sizes: Sizes,
    moments: Sites<SequenceMoments<T>>,
) -> [Var<'t, T>; 2] {
    let mut which = 0..;
    let norms = moments.map(|moments| {
        let which = which.next().expect("an endless range");
        Some(SequenceNorm {
            gamma: v[NORMS + 2 * which],
            beta: beta(v, which),
            epsilon: T::of(EPSILON),
            moments,
        })
    });
    let sequence = LstmSequence {
        input: match v[TERM].shape().rank() {
            3 => SequenceTerm::Product(v[TERM]),
            _ => SequenceTerm::Scalar {
                x: x.clone(),
                weight: v[TERM],
            },
        },
        w_h: v[W_H],
        bias: v[BIAS],
        h_0: v[H_0],
        c_0: v[C_0],
        norms,
        probe: Some(v[PROBE]),
    };
    let states = sequence.record(sizes.steps);
    [states.h, states.c]
}

type Case = (Sizes, Sites<Kind>, Reads);

/// States and gradients of every variable that one of them depends on.
fn pass<T: Real>(device: &Device<T>, case: Case, fused: bool) -> Vec<Tensor<T>> {
    let (sizes, kinds, reads) = case;
    let tape = Tape::new(device);
    let v = leaves(&tape, sizes, reads);
    let x = random(device, [sizes.steps, sizes.batch], 60);
    let moments = [0, 1, 2].map(|which| moments(device, sizes, which, kinds[which]));
    let states = if fused {
        at_once(&v, &x, sizes, moments)
    } else {
        by_steps(&v, &x, sizes, &moments)
    };
    let seeds = [0, 1].map(|i| (states[i], random(device, states[i].shape(), 80 + i as u64)));
    let gradients = tape.backward_from(&seeds);
    let mut found: Vec<Tensor<T>> = states.map(|state| state.value()).into();
    let unused = NORMS + 2 * site::INPUT + 1;
    for (i, leaf) in v.iter().enumerate().filter(|(i, _)| *i != unused) {
        let gradient = gradients.get(*leaf);
        found.push(gradient.unwrap_or_else(|| panic!("input {i}")).clone());
    }
    found
}

fn largest<T: Real>(tensor: &Tensor<T>) -> f64 {
    let values = tensor.to_vec();
    values.iter().fold(0.0, |max, x| max.max(x.as_f64().abs()))
}

fn compare<T: Real>(device: &Device<T>, case: Case) {
    let tolerance = if T::NAME == "f64" { 1e-10 } else { 1e-4 };
    let (fused, plain) = (pass(device, case, true), pass(device, case, false));
    let largest_gradient = plain[2..].iter().map(largest).fold(0.0, f64::max);
    for (i, (got, want)) in fused.iter().zip(&plain).enumerate() {
        // Gradients that the moments over the batch cancel are rounding, relative to the others.
        let scale = match largest(want) {
            small if small < 1e-6 * largest_gradient => largest_gradient,
            scale => scale,
        };
        let error = largest(&got.zip(Binary::Sub, want));
        assert!(
            error <= tolerance * scale,
            "{case:?} {}: tensor {i} of the states and gradients is off by {error}, of {scale}",
            T::NAME
        );
    }
}

const RMS: Kind = Kind::Rows {
    groups: 1,
    centered: false,
};
const LAYER: Kind = Kind::Rows {
    groups: 1,
    centered: true,
};
const LAYER_GATES: Kind = Kind::Rows {
    groups: 4,
    centered: true,
};
const RMS_GATES: Kind = Kind::Rows {
    groups: 4,
    centered: false,
};
const HALVES: Kind = Kind::Rows {
    groups: 2,
    centered: true,
};

const DESIGNS: [Sites<Kind>; 7] = [
    [RMS, RMS, RMS],
    [LAYER_GATES, LAYER_GATES, LAYER],
    [RMS_GATES, RMS_GATES, RMS],
    [Kind::Renorm, Kind::Renorm, Kind::Renorm],
    [Kind::Renorm, LAYER_GATES, RMS],
    [RMS_GATES, Kind::Columns, Kind::Renorm],
    [HALVES, RMS, Kind::Columns],
];

#[test]
fn sequences_equal_their_steps() {
    let sizes = [(5, 4, 33), (1, 2, 17), (4, 5, 100), (3, 20, 70), (3, 6, 37)];
    for threads in [1, 2, 3] {
        let cpu = Arc::new(Cpu::new(threads));
        for design in DESIGNS {
            for (steps, batch, hidden) in sizes {
                let sizes = Sizes { steps, batch, hidden };
                for reads in [Reads::Product, Reads::Scalar] {
                    let case = (sizes, design, reads);
                    compare(&Device::<f64>::new(cpu.clone()), case);
                    compare(&Device::<f32>::new(cpu.clone()), case);
                }
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let sizes = Sizes {
        steps: 4,
        batch: 20,
        hidden: 100,
    };
    for design in DESIGNS {
        for reads in [Reads::Product, Reads::Scalar] {
            let run = |threads| {
                let device = Device::<f32>::new(Arc::new(Cpu::new(threads)));
                let found = pass(&device, (sizes, design, reads), true);
                found.iter().map(Tensor::to_vec).collect::<Vec<_>>()
            };
            let one = run(1);
            for threads in [2, 3, 4] {
                assert!(one == run(threads), "{design:?} {reads:?} on {threads} threads");
            }
        }
    }
}

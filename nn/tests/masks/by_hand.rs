//! A batch-normalized RNN on padded sequences, written in plain numbers.

use autodiff::Device;
use nn::context::Mode;
use nn::norm::{Padding, StepRows};

use crate::support::{D, Design, EPSILON, H, Kind, MOMENTUM, Norm, Trial, assert_close, devices, random};

/// Rows that differ in length; no sequence has the last step, and at each of the others two have a
/// part in it.
const LENGTHS: [usize; 4] = [3, 1, 2, 3];
const STEPS: usize = 4;
const BATCH: usize = LENGTHS.len();

type Row = Vec<f64>;

/// Mean and biased variance by column.
fn moments(rows: &[&Row]) -> [Row; 2] {
    let count = rows.len() as f64;
    let columns = 0..rows[0].len();
    let mean: Row = columns
        .map(|f| rows.iter().map(|row| row[f]).sum::<f64>() / count)
        .collect();
    let square = |f: usize| rows.iter().map(move |row| row[f]);
    let var = (0..mean.len()).map(|f| square(f).map(|x| (x - mean[f]).powi(2)).sum::<f64>() / count);
    let var = var.collect();
    [mean, var]
}

fn product(v: &[f64], weight: &[f64]) -> Row {
    let of = |j: usize| (0..v.len()).map(|i| v[i] * weight[i * H + j]).sum();
    (0..H).map(of).collect()
}

fn rows_of(values: &[f64], size: usize) -> Vec<Row> {
    values.chunks(size).map(<[f64]>::to_vec).collect()
}

/// Running averages of one site, one row for each step or one for all.
struct Running {
    mean: Vec<Row>,
    var: Vec<Row>,
}

impl Running {
    fn take_in(&mut self, row: usize, moments: &[Row; 2]) {
        for (rows, new) in [(&mut self.mean, &moments[0]), (&mut self.var, &moments[1])] {
            for (old, new) in rows[row].iter_mut().zip(new) {
                *old = MOMENTUM * *old + (1.0 - MOMENTUM) * new;
            }
        }
    }
}

/// The network, its parameters by name.
struct ByHand<'a> {
    trial: &'a Trial,
    steps: StepRows,
    padding: Padding,
    x: Vec<Row>,
}

impl ByHand<'_> {
    fn parameter(&self, name: &str) -> Row {
        self.trial.tensor(&format!("cell/{name}")).to_vec()
    }

    fn running(&self, site: &str) -> Running {
        let [mean, var] = ["mean", "var"]
            .map(|moment| rows_of(&self.parameter(&format!("norm_{site}/running_{moment}")), H));
        Running { mean, var }
    }

    /// Rows whose values count in the moments of a step.
    fn counted(&self, t: usize) -> Vec<usize> {
        let counts = |b: &usize| self.padding == Padding::Include || t < LENGTHS[*b];
        (0..BATCH).filter(counts).collect()
    }

    fn row_of(&self, t: usize) -> usize {
        if matches!(self.steps, StepRows::PerStep(_)) {
            t
        } else {
            0
        }
    }

    fn normalize(&self, site: &str, v: &[f64], [mean, var]: &[Row; 2]) -> Row {
        let [gamma, beta] = ["gamma", "beta"].map(|name| self.parameter(&format!("norm_{site}/{name}")));
        let of = |f: usize| beta[f] + gamma[f] * (v[f] - mean[f]) / (var[f] + EPSILON).sqrt();
        (0..H).map(of).collect()
    }

    /// All `h_t`, and the running averages of `h` and `x` afterwards.
    fn run(&self) -> (Vec<f64>, [Running; 2]) {
        let (w_x, w_h, bias) = (
            self.parameter("w_x"),
            self.parameter("w_h"),
            self.parameter("bias"),
        );
        let longest = *LENGTHS.iter().max().expect("rows");
        let input = |t: usize, b: usize| match t < LENGTHS[b] {
            true => product(&self.x[t * BATCH + b], &w_x),
            false => vec![0.0; H],
        };
        let input: Vec<Vec<Row>> = (0..longest)
            .map(|t| (0..BATCH).map(|b| input(t, b)).collect())
            .collect();
        let everything: Vec<&Row> = (0..longest)
            .flat_map(|t| self.counted(t).into_iter().map(move |b| (t, b)))
            .map(|(t, b)| &input[t][b])
            .collect();
        let pooled = moments(&everything);
        let (mut of_h, mut of_x) = (self.running("h"), self.running("x"));
        let sequence_wise = self.steps == StepRows::SequenceWise;
        if sequence_wise {
            of_x.take_in(0, &pooled);
        }
        let mut h = vec![self.parameter("h_0"); BATCH];
        let mut all = Vec::new();
        for (t, input) in input.iter().enumerate() {
            let terms: Vec<Row> = h.iter().map(|h| product(h, &w_h)).collect();
            let [m_h, mut m_x] = [&terms, input].map(|rows| {
                let counted = self.counted(t).into_iter().map(|b| &rows[b]);
                moments(&counted.collect::<Vec<_>>())
            });
            if sequence_wise {
                m_x = pooled.clone();
            } else {
                of_x.take_in(self.row_of(t), &m_x);
            }
            of_h.take_in(if sequence_wise { t } else { self.row_of(t) }, &m_h);
            for b in (0..BATCH).filter(|&b| t < LENGTHS[b]) {
                let a = self.normalize("h", &terms[b], &m_h);
                let z = self.normalize("x", &input[b], &m_x);
                h[b] = (0..H).map(|j| (a[j] + z[j] + bias[j]).tanh()).collect();
            }
            all.extend(h.iter().flatten());
        }
        for _ in longest..STEPS {
            all.extend(h.iter().flatten());
        }
        (all, [of_h, of_x])
    }
}

fn check(device: &Device<f64>, steps: StepRows, padding: Padding) {
    let design = Design {
        // h and x
        sites: 0b11,
        ..Design::everywhere(Kind::Rnn, Norm::Batch(steps, padding))
    };
    let mut trial = Trial::of(device, &design);
    let x = random(device, [STEPS, BATCH, D], 8);
    let by_hand = ByHand {
        trial: &trial,
        steps,
        padding,
        x: rows_of(&x.to_vec(), D),
    };
    let (h, running) = by_hand.run();
    let [got, _] = trial.states(Mode::Train, &x, Some(&LENGTHS));
    let what = format!("{steps:?}, {padding:?}");
    // A few sums and divisions of numbers near 1.
    assert_close(&what, &got, &device.tensor([STEPS, BATCH, H], &h), 1e-13);
    for (site, running) in ["h", "x"].into_iter().zip(running) {
        for (moment, rows) in [("mean", running.mean), ("var", running.var)] {
            let path = format!("cell/norm_{site}/running_{moment}");
            let want = device.tensor([rows.len(), H], &rows.concat());
            assert_close(&format!("{what}: {path}"), trial.tensor(&path), &want, 1e-13);
        }
    }
}

#[test]
fn padding_counts_or_not_as_is_said() {
    for device in devices() {
        for padding in [Padding::Mask, Padding::Include] {
            for steps in [crate::support::PER_STEP, StepRows::Shared, StepRows::SequenceWise] {
                check(&device, steps, padding);
            }
        }
    }
}

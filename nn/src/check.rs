//! Gradients of whole layers by differences, for tests of one's own cells and normalizers.

use std::cell::RefCell;

use autodiff::{Comparison, Device, GradCheck, Tape, Tensor, Var, values};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::cell::{Layer, Lstm, LstmConfig, Sites};
use crate::context::{Context, Mode, Statistics};
use crate::norm::Normalizer;
use crate::params::{ParamId, ParamStore, Role, Scope};

/// How the gradients of a layer are compared with central differences (f64, random cotangents).
#[derive(Clone, Debug)]
pub struct LayerCheck {
    /// `T`
    pub steps: usize,
    /// `B`
    pub batch: usize,
    /// `D`
    pub input_size: usize,
    /// How long each of the `B` sequences is; all of `T` steps if empty.
    pub lengths: Vec<usize>,
    /// Which pass.
    pub mode: Mode,
    /// Step and tolerance of the differences.
    pub differences: GradCheck,
}

impl Default for LayerCheck {
    /// T = 3, B = 5, D = 2, in training, with a tolerance of 1e-6.
    fn default() -> Self {
        Self {
            steps: 3,
            batch: 5,
            input_size: 2,
            lengths: Vec::new(),
            mode: Mode::Train,
            differences: GradCheck::default(),
        }
    }
}

impl LayerCheck {
    /// Compares the gradients of `x [T, B, D]` and of every parameter of the layer that `make` makes,
    /// through all states `h_t` and `c_t`. Returns the comparison of each, with the parameter's path.
    ///
    /// Parameters are moved away from where they start, which may hide errors, and statistics are
    /// given values; each evaluation finds the same statistics and the same generator.
    ///
    /// # Panics
    /// If a gradient is off by more than the tolerance, with the path of the one that is furthest off.
    #[track_caller]
    pub fn run(
        &self,
        device: &Device<f64>,
        make: impl FnOnce(&mut Scope<'_, f64>) -> Layer<f64>,
    ) -> Vec<(String, Comparison)> {
        let comparisons = self.compare(device, make);
        // A NaN counts as the largest of all.
        let worst = comparisons
            .iter()
            .filter(|(_, comparison)| !self.passes(comparison))
            .max_by(|(_, a), (_, b)| a.error.total_cmp(&b.error));
        if let Some((path, worst)) = worst {
            let tolerance = self.differences.tolerance;
            panic!("gradcheck of `{path}`: {worst}; the tolerance is {tolerance:.0e}");
        }
        comparisons
    }

    /// Whether the error of a comparison is within the tolerance.
    pub fn passes(&self, comparison: &Comparison) -> bool {
        comparison.error <= self.differences.tolerance
    }

    /// The same as [`run`](Self::run) without judging.
    pub fn compare(
        &self,
        device: &Device<f64>,
        make: impl FnOnce(&mut Scope<'_, f64>) -> Layer<f64>,
    ) -> Vec<(String, Comparison)> {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let layer = make(&mut Scope::new(&mut store, &mut rng));
        move_away(&mut store);
        let trainable: Vec<ParamId> = with_role(&store, Role::Trainable);
        let statistics = with_role(&store, Role::Statistic);
        let statistics: Vec<(ParamId, Tensor<f64>)> = statistics
            .into_iter()
            .map(|id| (id, store.get(id).copy()))
            .collect();
        let shape = [self.steps, self.batch, self.input_size];
        let mut paths = vec!["x".to_owned()];
        let mut inputs = vec![device.tensor(shape, &values(77, shape.iter().product()))];
        for &id in &trainable {
            paths.push(store.entry(id).path.clone());
            inputs.push(store.get(id).clone());
        }
        let store = RefCell::new(store);
        let comparisons = self.differences.compare(
            |tape, inputs| {
                let mut store = store.borrow_mut();
                for (id, value) in &statistics {
                    *store.get_mut(*id) = value.copy();
                }
                self.states(&mut store, &layer, &trainable, tape, inputs)
            },
            &inputs,
        );
        paths.into_iter().zip(comparisons).collect()
    }

    /// All states; the first input is x, the others are parameters.
    fn states<'t>(
        &self,
        store: &mut ParamStore<f64>,
        layer: &Layer<f64>,
        trainable: &[ParamId],
        tape: &'t Tape<f64>,
        inputs: &[Var<'t, f64>],
    ) -> Vec<Var<'t, f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut context = Context::new(tape, store, self.mode, &mut rng);
        for (&id, &var) in trainable.iter().zip(&inputs[1..]) {
            context.bind(id, var);
        }
        let mut sequence = crate::cell::Sequence::from(inputs[0]);
        if !self.lengths.is_empty() {
            sequence = sequence.with_lengths(&self.lengths);
        }
        let states = layer.forward(&mut context, &sequence);
        [Some(states.h), states.c, Some(states.last)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Checks the gradients of a cell, or of what is built of several, in training and in evaluation.
///
/// # Panics
/// If a gradient is off by more than 1e-6.
#[track_caller]
pub fn layer(make: impl Fn(&mut Scope<'_, f64>) -> Layer<f64>) {
    for mode in [Mode::Train, Mode::Eval(Statistics::Running)] {
        let check = LayerCheck {
            mode,
            ..LayerCheck::default()
        };
        check.run(&Device::reference(), &make);
    }
}

/// Checks the gradients of a normalizer, which `make` makes for a number of features, in training
/// and in evaluation: at the recurrent term, the input term and the cell of an LSTM.
///
/// # Panics
/// If a gradient is off by more than 1e-6.
#[track_caller]
pub fn normalizer(make: impl Fn(&mut Scope<'_, f64>, usize) -> Box<dyn Normalizer<f64>>) {
    let (input_size, hidden_size) = (LayerCheck::default().input_size, 4);
    layer(|scope| {
        let sites = Sites {
            h: Some(make(&mut scope.within("h"), 4 * hidden_size)),
            x: Some(make(&mut scope.within("x"), 4 * hidden_size)),
            c: Some(make(&mut scope.within("c"), hidden_size)),
            ..Sites::default()
        };
        Layer::cell(Lstm::new(scope, &LstmConfig::new(input_size, hidden_size), sites))
    });
}

fn with_role(store: &ParamStore<f64>, role: Role) -> Vec<ParamId> {
    let of_role = store.iter().filter(|(_, param)| param.role == role);
    of_role.map(|(id, _)| id).collect()
}

/// Zeros and ones would hide errors: every parameter is moved by up to 0.3, in proportion where it is
/// larger than 1, and every statistic by up to 0.3 where it is a mean, upwards where it is not.
fn move_away(store: &mut ParamStore<f64>) {
    for index in with_role(store, Role::Trainable)
        .into_iter()
        .chain(with_role(store, Role::Statistic))
    {
        let param = store.entry(index);
        let noise = values(100 + index.index() as u64, param.tensor.len());
        let old = param.tensor.to_vec().into_iter().zip(noise);
        let new: Vec<f64> = match (param.role, param.path.rsplit('/').next()) {
            (Role::Trainable, _) => old.map(|(x, u)| x + 0.3 * u * x.abs().max(1.0)).collect(),
            (Role::Statistic, Some(name)) if name.ends_with("mean") => {
                old.map(|(x, u)| x + 0.3 * u).collect()
            }
            (Role::Statistic, Some(name)) if name.ends_with("var") => {
                old.map(|(x, u)| x + 0.3 * (1.0 + u)).collect()
            }
            // Counts and schedules stay as they are.
            (Role::Statistic, _) => continue,
        };
        let tensor = &param.tensor;
        *store.get_mut(index) = tensor.device().tensor(tensor.shape(), &new);
    }
}

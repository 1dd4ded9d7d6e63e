//! The LSTM sequence as one operation against the same sequence in plain operations: values,
//! gradients and statistics.
//!
//! Both compute the same formulas in another order: tolerances are relative to the largest value of
//! a tensor, 1e-10 for `f64` and 1e-4 for `f32`.

use std::sync::Arc;

use autodiff::{Device, Shape, Tape, Tensor, values};
use kernels::{Cpu, Real};
use nn::cell::{Cell, Lstm, LstmConfig, Sequence, Sites, States};
use nn::context::{Context, Mode, Statistics};
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer, StepRows};
use nn::params::{ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// `T, B, D, H`
#[derive(Clone, Copy, Debug)]
struct Sizes {
    steps: usize,
    batch: usize,
    input: usize,
    hidden: usize,
}

/// How a site is normalized.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Norm {
    None,
    Batch,
    Layer,
}

/// Normalizations of the recurrent term, the input term and the cell; and whether all have a `β`.
#[derive(Clone, Copy, Debug)]
struct Design {
    sites: [Norm; 3],
    beta: bool,
}

/// What arrives from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Upstream {
    AllStates,
    LastState,
}

/// Batch normalization makes −1 and 1 of two examples, whatever they were, unless `ε` is felt: the
/// gradient that is left would be a difference of terms 1e4 times as large, and in single precision
/// mostly rounding.
fn epsilon<T: Real>(batch: usize) -> f64 {
    if batch == 2 && T::NAME == "f32" { 0.1 } else { 1e-5 }
}

struct Model<T: Real> {
    store: ParamStore<T>,
    lstm: Lstm<T>,
    rng: ChaCha8Rng,
}

impl<T: Real> Model<T> {
    fn new(device: &Device<T>, sizes: Sizes, design: Design) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut scope = Scope::new(&mut store, &mut rng);
        let mut site = |name: &str, norm: Norm, features: usize| -> Option<Box<dyn Normalizer<T>>> {
            let beta = design.beta || name == "c";
            let mut scope = scope.within(name);
            match norm {
                Norm::None => None,
                Norm::Batch => {
                    let config = BatchNormConfig {
                        gamma: 0.3,
                        beta,
                        epsilon: epsilon::<T>(sizes.batch),
                        steps: StepRows::PerStep(sizes.steps),
                        momentum: 0.5,
                        ..BatchNormConfig::default()
                    };
                    Some(Box::new(BatchNorm::new(&mut scope, features, config)))
                }
                Norm::Layer => {
                    let config = LayerNormConfig {
                        beta,
                        ..LayerNormConfig::default()
                    };
                    Some(Box::new(LayerNorm::new(&mut scope, features, config)))
                }
            }
        };
        let sites = Sites {
            h: site("h", design.sites[0], 4 * sizes.hidden),
            x: site("x", design.sites[1], 4 * sizes.hidden),
            c: site("c", design.sites[2], sizes.hidden),
            ..Sites::default()
        };
        let config = LstmConfig {
            initial_noise: 0.1,
            ..LstmConfig::new(sizes.input, sizes.hidden)
        };
        let lstm = Lstm::new(&mut scope, &config, sites);
        let mut model = Self { store, lstm, rng };
        model.move_away_from_the_start();
        model
    }

    /// Zeros and ones would hide a wrong index: every parameter and statistic gets values of its own.
    fn move_away_from_the_start(&mut self) {
        let ids: Vec<_> = self.store.iter().map(|(id, _)| id).collect();
        for (i, id) in ids.into_iter().enumerate() {
            let role = self.store.iter().nth(i).map(|(_, param)| param.role);
            let tensor = self.store.get(id);
            let noise = values(i as u64, tensor.len()).into_iter().map(|x| T::of(0.1 * x));
            let moved: Vec<T> = match role {
                Some(Role::Trainable) => tensor
                    .to_vec()
                    .into_iter()
                    .zip(noise)
                    .map(|(x, n)| x + n)
                    .collect(),
                _ => noise.map(|n| T::of(0.5) + n).collect(),
            };
            let shape = tensor.shape();
            *self.store.get_mut(id) = self.store.device().tensor(shape, &moved);
        }
    }
}

fn random<T: Real>(device: &Device<T>, shape: impl Into<Shape>, seed: u64) -> Tensor<T> {
    let shape = shape.into();
    let random: Vec<T> = values(seed, shape.len()).into_iter().map(T::of).collect();
    device.tensor(shape, &random)
}

/// What a model reads: numbers with or without a gradient, or symbols.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    Numbers { gradient: bool },
    Symbols,
}

/// Values, gradients and statistics of one pass by name.
fn pass<T: Real>(
    device: &Device<T>,
    case: (Sizes, Design, Reads, Upstream),
    mode: Mode,
    by_steps: bool,
) -> Vec<(String, Tensor<T>)> {
    let (sizes, design, reads, upstream) = case;
    let mut model = Model::new(device, sizes, design);
    let tape = Tape::new(device);
    let mut context = Context::new(&tape, &mut model.store, mode, &mut model.rng);
    let mut found = Vec::new();
    let x = random(device, [sizes.steps, sizes.batch, sizes.input], 100);
    let count = sizes.steps * sizes.batch;
    let symbols: Vec<u32> = (0..count).map(|i| (i * i % sizes.input) as u32).collect();
    let x = match reads {
        Reads::Numbers { gradient: true } => tape.leaf(x),
        Reads::Numbers { gradient: false } => tape.constant(x),
        Reads::Symbols => {
            let mut one_hot = vec![T::zero(); count * sizes.input];
            for (row, &symbol) in one_hot.chunks_exact_mut(sizes.input).zip(&symbols) {
                row[symbol as usize] = T::one();
            }
            tape.constant(device.tensor(x.shape(), &one_hot))
        }
    };
    let states: States<'_, T> = if by_steps {
        model.lstm.forward_by_steps(&mut context, &x.into())
    } else if reads == Reads::Symbols {
        let symbols = Sequence::symbols(&tape, &device.indices(&symbols), sizes.batch);
        model.lstm.forward(&mut context, &symbols)
    } else {
        model.lstm.forward(&mut context, &x.into())
    };
    let mut seeds = Vec::new();
    if upstream == Upstream::AllStates {
        for (seed, var) in [(101, states.h), (102, states.cell())] {
            seeds.push((var, random(device, var.shape(), seed)));
        }
    }
    seeds.push((states.last, random(device, states.last.shape(), 103)));
    for (name, var) in [("h", states.h), ("c", states.cell()), ("last", states.last)] {
        found.push((name.to_owned(), var.value()));
    }
    let mut gradients = tape.backward_from(&seeds);
    found.extend(
        gradients
            .take(x)
            .map(|gradient| ("gradient of x".to_owned(), gradient)),
    );
    let gradients = context.param_gradients(gradients);
    for (id, param) in model.store.iter() {
        match param.role {
            Role::Trainable => {
                let gradient = gradients.get(id).expect("a gradient").clone();
                found.push((format!("gradient of {}", param.path), gradient));
            }
            Role::Statistic => found.push((param.path.clone(), param.tensor.clone())),
        }
    }
    found
}

fn compare<T: Real>(device: &Device<T>, case: (Sizes, Design, Reads, Upstream), mode: Mode) {
    let fused = pass(device, case, mode, false);
    let plain = pass(device, case, mode, true);
    let tolerance = if T::NAME == "f64" { 1e-10 } else { 1e-4 };
    let largest = |tensor: &Tensor<T>| {
        tensor
            .to_vec()
            .iter()
            .fold(0.0_f64, |max, x| max.max(x.as_f64().abs()))
    };
    let gradients = plain.iter().filter(|(name, _)| name.starts_with("gradient"));
    let largest_gradient = gradients.map(|(_, tensor)| largest(tensor)).fold(0.0, f64::max);
    assert_eq!(fused.len(), plain.len());
    for ((name, got), (_, want)) in fused.iter().zip(&plain) {
        // Gradients that the moments over the batch cancel are rounding, relative to the others.
        let scale = match largest(want) {
            small if small < 1e-6 * largest_gradient => largest_gradient,
            scale => scale,
        };
        for (i, (got, want)) in got.to_vec().iter().zip(want.to_vec()).enumerate() {
            let error = (*got - want).as_f64().abs();
            assert!(
                error <= tolerance * scale,
                "{case:?} {mode:?} {}: {name} element {i}: fused {got}, plain {want}",
                T::NAME
            );
        }
    }
}

fn cases() -> Vec<(Sizes, Design, Reads, Upstream)> {
    let sizes = |steps, batch, input, hidden| Sizes {
        steps,
        batch,
        input,
        hidden,
    };
    let all_sites = |norm| Design {
        sites: [norm; 3],
        beta: false,
    };
    let (all, none, layer) = (
        all_sites(Norm::Batch),
        all_sites(Norm::None),
        all_sites(Norm::Layer),
    );
    let plain = Reads::Numbers { gradient: false };
    let mut cases = vec![
        (sizes(5, 4, 3, 33), all, plain, Upstream::AllStates),
        (
            sizes(3, 7, 2, 50),
            none,
            Reads::Numbers { gradient: true },
            Upstream::AllStates,
        ),
        (sizes(1, 2, 3, 17), all, plain, Upstream::LastState),
        (sizes(4, 5, 1, 100), all, plain, Upstream::LastState),
        (sizes(4, 5, 1, 20), none, plain, Upstream::AllStates),
        // So many examples that the gradient of W_h takes more than one product.
        (sizes(9, 100, 2, 17), all, plain, Upstream::AllStates),
        // Enough work that every thread gets a part.
        (sizes(3, 20, 2, 70), all, plain, Upstream::AllStates),
        (sizes(3, 20, 6, 70), all, Reads::Symbols, Upstream::AllStates),
        (
            sizes(4, 5, 1, 19),
            all,
            Reads::Numbers { gradient: true },
            Upstream::AllStates,
        ),
        (sizes(6, 9, 5, 48), all, Reads::Symbols, Upstream::AllStates),
        (sizes(2, 3, 4, 16), none, Reads::Symbols, Upstream::LastState),
    ];
    cases.extend([
        (sizes(5, 4, 3, 33), layer, plain, Upstream::AllStates),
        (sizes(1, 2, 3, 17), layer, plain, Upstream::LastState),
        (sizes(4, 5, 1, 100), layer, plain, Upstream::LastState),
        (sizes(3, 20, 2, 70), layer, plain, Upstream::AllStates),
        (sizes(3, 20, 6, 70), layer, Reads::Symbols, Upstream::AllStates),
    ]);
    use Norm::{Batch, Layer, None};
    for sites in [
        [Batch, None, None],
        [None, Batch, None],
        [None, None, Batch],
        [Batch, None, Batch],
        [Layer, None, None],
        [None, Layer, None],
        [None, None, Layer],
        [Layer, Batch, Batch],
        [Batch, Layer, Layer],
    ] {
        let beta = sites[0] != None;
        cases.push((
            sizes(3, 6, 2, 37),
            Design { sites, beta },
            plain,
            Upstream::AllStates,
        ));
    }
    cases
}

fn everywhere(mode: Mode) {
    for threads in [1, 2, 3] {
        let cpu = Arc::new(Cpu::new(threads));
        let double = Device::<f64>::new(cpu.clone());
        let single = Device::<f32>::new(cpu);
        for case in cases() {
            compare(&double, case, mode);
            compare(&single, case, mode);
        }
    }
}

#[test]
fn fused_equals_plain_in_training() {
    everywhere(Mode::Train);
}

#[test]
fn fused_equals_plain_in_evaluation_and_estimation() {
    everywhere(Mode::Eval(Statistics::Population));
    everywhere(Mode::Estimate { seen: 3 });
}

#[test]
fn fused_equals_plain_for_a_batch_of_one() {
    let sizes = Sizes {
        steps: 3,
        batch: 1,
        input: 2,
        hidden: 21,
    };
    let device = Device::<f64>::new(Arc::new(Cpu::new(2)));
    for norm in [Norm::None, Norm::Batch, Norm::Layer] {
        let design = Design {
            sites: [norm; 3],
            beta: false,
        };
        let case = (
            sizes,
            design,
            Reads::Numbers { gradient: true },
            Upstream::AllStates,
        );
        compare(&device, case, Mode::Eval(Statistics::Batch));
        compare(&device, case, Mode::Eval(Statistics::Running));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    same_bits::<f32>();
    same_bits::<f64>();
}

/// Large enough that every thread gets a part, and that the gradient of W_h takes several products.
fn same_bits<T: Real>() {
    use Norm::{Batch, Layer};
    let sizes = |input| Sizes {
        steps: 15,
        batch: 20,
        input,
        hidden: 100,
    };
    for sites in [[Batch; 3], [Layer; 3], [Layer, Batch, Layer]] {
        let design = Design { sites, beta: false };
        for (input, reads) in [
            (1, Reads::Numbers { gradient: false }),
            (2, Reads::Numbers { gradient: true }),
            (6, Reads::Symbols),
        ] {
            let case = (sizes(input), design, reads, Upstream::AllStates);
            let run = |threads| {
                let device = Device::<T>::new(T::cpu(Cpu::new(threads)));
                let found = pass(&device, case, Mode::Train, false);
                found
                    .into_iter()
                    .map(|(name, tensor)| (name, tensor.to_vec()))
                    .collect::<Vec<_>>()
            };
            let one = run(1);
            for threads in [2, 3, 4] {
                assert!(one == run(threads), "{case:?} on {threads} threads");
            }
        }
    }
}

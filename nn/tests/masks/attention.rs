//! Attention over padded states.

use std::cell::RefCell;

use autodiff::{Device, Tape, Tensor, Var, gradcheck};
use nn::attention::{Attended, Attention, AttentionConfig, AttentionSites};
use nn::context::{Context, Mode};
use nn::lengths::Lengths;
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer, Padding, StepRows};
use nn::params::{ParamId, ParamStore, Role, Scope};
use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{Norm, PER_STEP, assert_same_bits, config, devices, placed, random};

/// Elements of a state, of the query, of the attention, of the output.
const SIZES: [usize; 4] = [3, 2, 4, 5];
const STEPS: usize = 3;

struct Model {
    store: ParamStore<f64>,
    attention: Attention<f64>,
    rng: ChaCha8Rng,
}

/// Bit `i` of `sites` for a normalizer of term `i`: `ym`, `um`, `rg`, `ug`.
fn model(device: &Device<f64>, norm: Norm, sites: u8) -> Model {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut scope = Scope::new(&mut store, &mut rng);
    let mut site = |bit: u8, name: &str, features: usize| -> Option<Box<dyn Normalizer<f64>>> {
        let mut scope = scope.within(&format!("norm_{name}"));
        let of_query = name != "ym";
        match norm {
            _ if sites >> bit & 1 == 0 => None,
            Norm::None => None,
            Norm::Layer => Some(Box::new(LayerNorm::new(
                &mut scope,
                features,
                LayerNormConfig::default(),
            ))),
            Norm::Batch(steps, padding) => {
                let config = BatchNormConfig {
                    steps: if of_query { StepRows::Shared } else { steps },
                    padding,
                    ..BatchNormConfig::default()
                };
                Some(Box::new(BatchNorm::new(&mut scope, features, config)))
            }
        }
    };
    let [state_size, query_size, attention_size, output_size] = SIZES;
    let sites = AttentionSites {
        ym: site(0, "ym", attention_size),
        um: site(1, "um", attention_size),
        rg: site(2, "rg", output_size),
        ug: site(3, "ug", output_size),
    };
    let config = AttentionConfig {
        attention_size,
        output_size,
        ..AttentionConfig::new(state_size, query_size)
    };
    let attention = Attention::new(&mut scope, &config, sites);
    Model {
        store,
        attention,
        rng,
    }
}

fn attend<'t>(
    model: &mut Model,
    tape: &'t Tape<f64>,
    bound: &[(ParamId, Var<'t, f64>)],
    [y, u]: [Var<'t, f64>; 2],
    lengths: &[usize],
) -> Attended<'t, f64> {
    let mut context = Context::new(tape, &mut model.store, Mode::Train, &mut model.rng);
    for &(id, var) in bound {
        context.bind(id, var);
    }
    let lengths = Lengths::new(tape.device(), lengths, STEPS);
    model.attention.forward(&mut context, y, Some(&lengths), u)
}

fn inputs(device: &Device<f64>, batch: usize) -> [Tensor<f64>; 2] {
    let [state_size, query_size, ..] = SIZES;
    [
        random(device, [STEPS, batch, state_size], 6),
        random(device, [batch, query_size], 7),
    ]
}

const NORMS: [Norm; 6] = [
    Norm::None,
    Norm::Layer,
    Norm::Batch(PER_STEP, Padding::Mask),
    Norm::Batch(StepRows::Shared, Padding::Mask),
    Norm::Batch(StepRows::SequenceWise, Padding::Mask),
    Norm::Batch(StepRows::SequenceWise, Padding::Include),
];

/// Of states, query and all parameters, with a normalizer of every term or of one.
#[test]
fn gradcheck_attention() {
    for device in devices() {
        for norm in NORMS {
            for sites in [0b1111, 0b0001, 0b0010, 0b0100, 0b1000] {
                let model = model(&device, norm, sites);
                let ids: Vec<ParamId> = model
                    .store
                    .iter()
                    .filter(|(_, param)| param.role == Role::Trainable)
                    .map(|(id, _)| id)
                    .collect();
                let mut given = inputs(&device, 4).to_vec();
                given.extend(ids.iter().map(|&id| model.store.get(id).clone()));
                let model = RefCell::new(model);
                let comparisons = gradcheck(
                    |tape, inputs| {
                        let bound: Vec<_> = ids.iter().copied().zip(inputs[2..].iter().copied()).collect();
                        let mut model = model.borrow_mut();
                        let attended =
                            attend(&mut model, tape, &bound, [inputs[0], inputs[1]], &[3, 1, 2, 3]);
                        vec![attended.weights, attended.context, attended.g]
                    },
                    &given,
                );
                // Every input matters, or the comparison would be of nothing with nothing.
                assert!(comparisons.iter().all(|comparison| comparison.numeric_rms > 1e-3));
            }
        }
    }
}

/// Values, gradients and statistics of a pass.
fn everything(device: &Device<f64>, norm: Norm, y: &Tensor<f64>, lengths: &[usize]) -> Vec<Tensor<f64>> {
    let mut model = model(device, norm, u8::MAX);
    let tape = Tape::new(device);
    let [_, u] = inputs(device, lengths.len());
    let [y, u] = [tape.leaf(y.clone()), tape.leaf(u)];
    let trainable = model
        .store
        .iter()
        .filter(|(_, param)| param.role == Role::Trainable);
    let bound: Vec<_> = trainable
        .map(|(id, param)| (id, tape.leaf(param.tensor.clone())))
        .collect();
    let attended = attend(&mut model, &tape, &bound, [y, u], lengths);
    let outputs = [attended.weights, attended.context, attended.g];
    let seeds = outputs.map(|output| (output, random(device, output.shape(), 9)));
    let mut gradients = tape.backward_from(&seeds);
    let leaves = [y, u].into_iter().chain(bound.into_iter().map(|(_, var)| var));
    let mut all: Vec<Tensor<f64>> = outputs.map(Var::value).into();
    all.extend(leaves.map(|leaf| gradients.take(leaf).expect("a gradient")));
    all.extend(model.store.iter().map(|(_, param)| param.tensor.clone()));
    all
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn padding_has_no_weight_and_no_influence(
        norm in prop::sample::select(&NORMS[..]), lengths in prop::collection::vec(1..=STEPS, 2..=4),
    ) {
        for device in devices() {
            let [y, _] = inputs(&device, lengths.len());
            let extents = [STEPS, lengths.len()];
            let [zeros, nans] = [0.0, f64::NAN]
                .map(|value| everything(&device, norm, &placed(&y, &lengths, extents, value), &lengths));
            for (i, (got, want)) in nans.iter().zip(&zeros).enumerate() {
                assert!(got.to_vec().iter().all(|x| x.is_finite()), "tensor {i}");
                assert_same_bits(&format!("tensor {i}"), got, want);
            }
            let weights = nans[0].to_vec();
            for (b, &length) in lengths.iter().enumerate() {
                let of_row: Vec<f64> = weights.iter().skip(b).step_by(lengths.len()).copied().collect();
                prop_assert!((of_row.iter().sum::<f64>() - 1.0).abs() < 1e-14);
                prop_assert!(of_row[..length].iter().all(|&weight| weight > 0.0));
                prop_assert!(of_row[length..].iter().all(|&weight| weight == 0.0));
            }
            // Nor does a gradient arrive there: the fourth tensor is that of the states.
            let of_padding = placed(&nans[3], &lengths, extents, 0.0);
            assert_same_bits("gradient of the states", &nans[3], &of_padding);
        }
    }
}

/// There is nothing to attend to in a sequence of no steps.
#[test]
fn an_empty_sequence_has_no_weights() {
    for device in devices() {
        let [y, _] = inputs(&device, 3);
        let all = everything(&device, Norm::None, &y, &[2, 0, 3]);
        assert!(all.iter().flat_map(Tensor::to_vec).all(f64::is_finite));
        let of_row = |x: &Tensor<f64>, size: usize| x.to_vec()[size..2 * size].to_vec();
        assert_eq!(of_row(&all[1], SIZES[0]), [0.0; 3]);
        let weights: Vec<f64> = all[0].to_vec().into_iter().skip(1).step_by(3).collect();
        assert_eq!(weights, [0.0; 3]);
    }
}

#[test]
#[should_panic(expected = "attention: u [3, 2] for y [3, 2, 3]; [2, Q] would fit")]
fn a_query_for_other_rows_is_refused() {
    let device = Device::reference();
    let mut model = model(&device, Norm::None, 0);
    let tape = Tape::new(&device);
    let [y, _] = inputs(&device, 2);
    let [_, u] = inputs(&device, 3);
    attend(
        &mut model,
        &tape,
        &[],
        [tape.constant(y), tape.constant(u)],
        &[3, 3],
    );
}

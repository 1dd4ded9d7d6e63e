//! Gradients by differences, of the input and of every parameter, with random weights of all
//! outputs.

use std::cell::RefCell;

use autodiff::{Device, Tape, gradcheck};
use nn::cell::Site;
use nn::context::{Context, Mode};
use nn::norm::{Memory, Step};
use nn::params::Scope;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{Design, Kind, Model, Norm, devices, outputs, random};

/// A gradient below this is compared with the floor of the comparison's error, not with itself, so
/// the check would say little of it.
const SUBSTANTIAL: f64 = 1e-3;

fn check_cell(device: &Device<f64>, design: &Design<'_>) {
    let mut model = Model::learned(device, design);
    let ids = model.trainable();
    let mut inputs = vec![random(device, &[3, 4, design.input_size], 77)];
    inputs.extend(ids.iter().map(|&id| model.store.get(id).clone()));
    let mut paths = vec!["x".to_owned()];
    paths.extend(ids.iter().map(|&id| model.store.entry(id).path.clone()));
    let model = RefCell::new(&mut model);
    let comparisons = gradcheck(
        |tape, inputs| {
            let mut model = model.borrow_mut();
            let (mut context, cell) = model.context(tape);
            for (&id, &var) in ids.iter().zip(&inputs[1..]) {
                context.bind(id, var);
            }
            outputs(cell, &mut context, &inputs[0].into(), false)
        },
        &inputs,
    );
    let (kind, norm, sites) = (design.kind, design.norm, design.sites);
    for (path, comparison) in paths.iter().zip(comparisons) {
        assert!(
            comparison.numeric_rms > SUBSTANTIAL,
            "{kind:?}, {norm:?} at {sites:?}: {path}: {comparison}"
        );
    }
}

/// At each site alone, and at all of them.
fn check_everywhere(norm: Norm) {
    for device in devices() {
        for kind in Kind::ALL {
            let defined = kind.sites().iter().copied();
            let defined: Vec<Site> = defined.filter(|&site| norm.is_defined_at(kind, site)).collect();
            let mut choices: Vec<&[Site]> = defined.chunks(1).collect();
            choices.push(&defined);
            for sites in choices {
                let design = Design {
                    kind,
                    norm,
                    sites,
                    input_size: 2,
                    hidden_size: 3,
                };
                check_cell(&device, &design);
            }
        }
    }
}

#[test]
fn gradcheck_weight_in_cells() {
    check_everywhere(Norm::Weight);
}

#[test]
fn gradcheck_cosine_in_cells() {
    check_everywhere(Norm::Cosine);
}

#[test]
fn gradcheck_norm_propagation_in_cells() {
    check_everywhere(Norm::Propagation);
}

#[test]
fn gradcheck_dyt_in_cells() {
    check_everywhere(Norm::DyT);
}

/// As a map of a feed-forward layer, `[T, B, F]` at once: of the vectors, the weight, and every
/// parameter of the normalizer.
#[test]
fn gradcheck_feed_forward() {
    for device in devices() {
        for norm in Norm::ALL {
            let make = |store: &mut _, rng: &mut _| norm.of_product(&mut Scope::new(store, rng), 4);
            let mut inputs = vec![random(&device, &[2, 5, 3], 1), random(&device, &[3, 4], 2)];
            let mut store = nn::params::ParamStore::new(&device);
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            make(&mut store, &mut rng);
            let ids: Vec<_> = store.iter().map(|(id, _)| id).collect();
            let parameters = ids.iter().map(|&id| {
                let dims = store.get(id).shape();
                random(&device, dims.dims(), 3 + id.index() as u64)
            });
            inputs.extend(parameters);
            let comparisons = gradcheck(
                |tape: &Tape<f64>, inputs| {
                    let mut store = nn::params::ParamStore::new(&device);
                    let mut rng = ChaCha8Rng::seed_from_u64(0);
                    let norm = make(&mut store, &mut rng);
                    let mut context = Context::new(tape, &mut store, Mode::Train, &mut rng);
                    for (&id, &var) in ids.iter().zip(&inputs[2..]) {
                        context.bind(id, var);
                    }
                    let weight = norm.weight(&mut context, inputs[1]);
                    let product = norm.operand(&mut context, inputs[0]).matmul(weight);
                    let step = product.unbind()[0];
                    let place = Step::new(0, 1);
                    vec![
                        norm.sequence(&mut context, product, 0, None),
                        norm.step(&mut context, step, place, &mut Memory::default()),
                    ]
                },
                &inputs,
            );
            for comparison in comparisons {
                assert!(comparison.numeric_rms > SUBSTANTIAL, "{norm:?}: {comparison}");
            }
        }
    }
}

/// The learned first state starts as zeros, where the direction that the cosine is of does not
/// exist: values are finite, and so is the gradient, by at most 1/ε = 1000 of what arrives.
#[test]
fn cosine_starts_from_zeros() {
    for device in devices() {
        for kind in Kind::ALL {
            let design = Design {
                kind,
                norm: Norm::Cosine,
                sites: &[Site::H, Site::X],
                input_size: 2,
                hidden_size: 3,
            };
            let mut model = Model::new(&device, &design);
            let h_0 = model.store.find("h_0").expect("a first state");
            assert_eq!(model.store.get(h_0).to_vec(), [0.0; 3]);
            let tape = Tape::new(&device);
            let x = tape.constant(random(&device, &[2, 4, 2], 5));
            let (mut context, cell) = model.context(&tape);
            let states = cell.forward(&mut context, &x.into());
            let loss = states.last.sum();
            let gradients = context.param_gradients(tape.backward(loss));
            assert!(states.h.value().to_vec().iter().all(|h| h.is_finite()));
            let largest = gradients.get(h_0).expect("a gradient").to_vec();
            let largest = largest.into_iter().fold(0.0_f64, |max, x| max.max(x.abs()));
            // A batch of 4 and 12 columns, slopes of gates and directions of at most 1.
            assert!(largest > 0.0 && largest < 4.0 * 12.0 * 1000.0, "{largest}");
        }
    }
}

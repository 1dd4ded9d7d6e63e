//! The length of the padding of questions changes nothing.

use autodiff::{Device, Tape};
use bnlstm::config::{ModelConfig, RunConfig};
use bnlstm::data::questions::{
    Encoded, GeneratedConfig, GeneratedCorpus, Part, QuestionBatch, QuestionData, Reading,
};
use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::model::{Model, OnDevice};
use bnlstm::task::{Batch, Head, Input, Inputs, Interface, Padded, Targets};
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{config, normalized};

/// Of values of the size of the largest one: products of other sizes are summed in another order, and
/// gradients may come from up to 1/√ε = 316 times as much.
const ROUNDING: f64 = 1e-10;

/// Tensors by their names.
type Named = Vec<(String, Vec<f64>)>;

fn data() -> QuestionData {
    let made = GeneratedConfig {
        training: 20,
        validation: 1,
        test: 1,
        ..GeneratedConfig::default()
    };
    QuestionData::read(&GeneratedCorpus::new(made, 3), Reading::default()).unwrap()
}

/// A batch with texts and questions of several lengths.
fn questions(data: &QuestionData) -> QuestionBatch {
    let chosen: Vec<&Encoded> = data.part(Part::Training).examples[..7].iter().collect();
    let entities = data.vocabulary().entities();
    let batch = QuestionBatch::new(&chosen, entities, &mut ChaCha8Rng::seed_from_u64(4));
    for lengths in [&batch.document_lengths, &batch.question_lengths] {
        assert!(
            lengths.iter().any(|length| *length < lengths[0].max(lengths[1])),
            "{lengths:?}"
        );
    }
    batch
}

fn shown(batch: QuestionBatch) -> Batch {
    Batch {
        examples: batch.rows(),
        inputs: Inputs::Symbols(batch.documents),
        lengths: Some(batch.document_lengths),
        question: Some(Padded {
            symbols: batch.questions,
            lengths: batch.question_lengths,
        }),
        targets: Targets::Classes(batch.answers),
    }
}

/// The paper's BN-everywhere on one direction (BN-e*) or both (BN-e**), small.
fn model(normalization: &str, bidirectional: bool) -> ModelConfig {
    let small = ["model.hidden_size=5", "model.reader.embedding_size=4"];
    let run: RunConfig = normalized(config("qa-corrected", &small), normalization);
    ModelConfig {
        bidirectional,
        ..run.model
    }
}

fn preset() -> String {
    config("qa-corrected", &[]).model.normalization.to_string()
}

/// A pass of training with all gradients, one of estimation, evaluation with each kind of statistics,
/// and the statistics after that.
fn outcome(device: &Device<f64>, model: &ModelConfig, interface: Interface, batch: &Batch) -> Named {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let reader = Model::new(&mut Scope::new(&mut store, &mut rng), model, interface);
    let on_device = OnDevice::new(batch, interface.input, device);
    let mut found = Named::new();
    let modes = [
        Mode::Train,
        Mode::Estimate { seen: 0 },
        Mode::Eval(Statistics::Batch),
        Mode::Eval(Statistics::Running),
        Mode::Eval(Statistics::Population),
    ];
    for mode in modes {
        let tape = Tape::new(device);
        let mut context = Context::new(&tape, &mut store, mode, &mut rng);
        let answers = reader.forward(&mut context, &on_device.shown(&tape));
        let loss = reader.loss(&answers, &on_device);
        found.push((format!("logits, {mode:?}"), answers.outputs.value().to_vec()));
        found.push((format!("loss, {mode:?}"), loss.value().to_vec()));
        if mode == Mode::Train {
            let gradients = context.param_gradients(tape.backward(loss));
            for (id, param) in store.iter() {
                let gradient = gradients.get(id).map(|gradient| gradient.to_vec());
                found.extend(gradient.map(|gradient| (format!("gradient of {}", param.path), gradient)));
            }
        }
    }
    let statistics = store.iter().filter(|(_, param)| param.role == Role::Statistic);
    found.extend(statistics.map(|(_, param)| (param.path.clone(), param.tensor.to_vec())));
    found
}

fn interface(data: &QuestionData, batch: &QuestionBatch) -> Interface {
    Interface {
        input: Input::Symbols(data.vocabulary().size()),
        steps: batch.document_steps() + 2,
        head: Head::Entity {
            count: data.vocabulary().entities(),
            question_steps: batch.question_steps() + 1,
        },
    }
}

/// The outcomes of a batch and of the same one with longer padding: within the steps that have
/// statistics of their own, and beyond.
fn outcomes(device: &Device<f64>, model: &ModelConfig) -> [Named; 3] {
    let data = data();
    let plain = questions(&data);
    let interface = interface(&data, &plain);
    [[0, 0], [2, 1], [9, 5]].map(|[documents, questions]| {
        let mut batch = plain.clone();
        batch.pad_documents(plain.document_steps() + documents);
        batch.pad_questions(plain.question_steps() + questions);
        outcome(device, model, interface, &shown(batch))
    })
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, x| largest.max(x.abs()))
}

/// Largest difference, relative to the values, or of gradients to the largest gradient.
fn difference(a: &Named, b: &Named) -> (f64, String) {
    assert_eq!(a.len(), b.len());
    let gradients = a.iter().filter(|(name, _)| name.starts_with("gradient"));
    let of_gradients = gradients.map(|(_, x)| largest(x)).fold(0.0, f64::max);
    let mut most = (0.0, String::new());
    for ((name, a), (_, b)) in a.iter().zip(b) {
        assert_eq!(a.len(), b.len(), "{name}");
        assert!(a.iter().chain(b).all(|x| x.is_finite()), "{name}");
        let scale = if name.starts_with("gradient") {
            of_gradients
        } else {
            largest(a)
        };
        let off = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        if off > most.0 * scale {
            most = (off / scale, name.clone());
        }
    }
    most
}

#[test]
fn longer_padding_changes_nothing() {
    for bidirectional in [false, true] {
        let model = model(&preset(), bidirectional);
        let reference = Device::reference();
        let [plain, within, beyond] = outcomes(&reference, &model);
        // Every statistic and every parameter is among them.
        assert!(plain.len() > 40, "{}", plain.len());
        // Sums one after another: the zeros of the padding come last and leave them as they are.
        assert_eq!(plain, within);
        assert_eq!(plain, beyond);
        for threads in [1, 2] {
            let kind = DeviceKind::Cpu;
            let cpu = DeviceChoice { kind, threads }.open();
            let [plain, within, beyond] = outcomes(&cpu, &model);
            for padded in [within, beyond] {
                let (off, name) = difference(&plain, &padded);
                assert!(off <= ROUNDING, "{name}: {off:e}");
            }
        }
    }
}

/// So that the test above can fail: padding that is taken for text is not without effect, and neither
/// is padding that the statistics of the steps include, as those of the authors' code do.
#[test]
fn padding_that_counts_makes_a_difference() {
    let device = Device::reference();
    let data = data();
    let plain = questions(&data);
    let interface = interface(&data, &plain);
    let masked = model(&preset(), true);
    let right = outcome(&device, &masked, interface, &shown(plain.clone()));
    let mut taken_for_text = shown(plain.clone());
    taken_for_text.lengths = Some(vec![plain.document_steps(); plain.rows()]);
    let wrong = outcome(&device, &masked, interface, &taken_for_text);
    assert!(difference(&right, &wrong).0 > 1e-2);

    let included = preset().replace("padding=mask", "padding=include");
    let authors = outcome(&device, &model(&included, true), interface, &shown(plain));
    assert!(difference(&right, &authors).0 > 1e-2);
}

/// Steps that no text has are left out of the statistics even where padding is included.
#[test]
fn padding_behind_the_longest_text_never_counts() {
    let included = preset().replace("padding=mask", "padding=include");
    assert!(included.contains("padding=include"), "{included}");
    let [plain, within, beyond] = outcomes(&Device::reference(), &model(&included, true));
    assert_eq!(plain, within);
    assert_eq!(plain, beyond);
}

//! Long sequences are read in parts, which changes nothing.

use autodiff::Tape;
use bnlstm::config::RunConfig;
use bnlstm::model::{Model, OnDevice};
use bnlstm::task::{Batch, Split, Targets, Task};
use bnlstm::trainer::{Score, Trainer};
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamId, ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{CPU, charlm, config, letters, normalized};

/// Sums over the steps in another order, of values that are themselves off by as much: some hundred
/// times the 1.1e-16 of double precision.
const ROUNDING: f64 = 1e-13;

/// Steps of training, which have statistics of their own.
const LENGTH: usize = 21;
/// More than two parts of 256 steps, in three sequences.
const LONG: usize = 600;

fn run(normalization: &str, bidirectional: bool) -> RunConfig {
    let changes = [
        "model.hidden_size=7",
        "training.batch=6",
        "optimizer.learning_rate=2e-2",
    ];
    let mut config = normalized(config("charlm-quick", &changes), normalization);
    config.model.bidirectional = bidirectional;
    config
}

/// Outputs for a batch whose steps are read all at once.
fn at_once(
    trainer: &Trainer<'_, f64>,
    config: &RunConfig,
    batch: &Batch,
    statistics: Statistics,
) -> Vec<f64> {
    let task = trainer.task();
    let device = trainer.store().device();
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let model = Model::new(
        &mut Scope::new(&mut store, &mut rng),
        &config.model,
        task.interface(),
    );
    let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
    for id in ids {
        *store.get_mut(id) = trainer.store().get(id).clone();
    }
    let tape = Tape::inference(device);
    let on_device = OnDevice::new(batch, task.interface().input, device);
    let mut context = Context::new(&tape, &mut store, Mode::Eval(statistics), &mut rng);
    let answers = model.forward(&mut context, &on_device.shown(&tape));
    answers.outputs.value().to_vec()
}

/// Loss and accuracy of outputs `[N, C]`.
fn score(outputs: &[f64], targets: &Targets) -> Score {
    let Targets::Classes(classes) = targets else {
        panic!("characters are classes");
    };
    let size = outputs.len() / classes.len();
    let mut total = [0.0, 0.0];
    for (row, &class) in outputs.chunks(size).zip(classes) {
        let sum: f64 = row.iter().map(|x| x.exp()).sum();
        total[0] += sum.ln() - row[class as usize];
        total[1] += f64::from(row.iter().all(|x| *x <= row[class as usize]));
    }
    let [loss, accuracy] = total.map(|sum| sum / classes.len() as f64);
    Score { loss, accuracy }
}

/// Scores of three long sequences: the trainer's, and of all steps at once.
fn scores(normalization: &str, bidirectional: bool, statistics: Statistics) -> [Score; 2] {
    let config = run(normalization, bidirectional);
    let corpus = letters([3000, 2 * LONG, 3 * LONG]);
    let task = charlm(&corpus, LENGTH, false);
    let mut trainer = Trainer::<f64>::new(&config, &task, &CPU.open());
    trainer.train(30, || ()).unwrap();
    trainer.estimate();
    let long = task.with_length(LONG, Split::Test).unwrap();
    let [found] = trainer.evaluate_on(&long, Split::Test, [statistics]).unwrap();
    let pass = long.in_order(Split::Test, 6);
    assert_eq!(pass.iter().collect::<Vec<_>>(), [[0, LONG, 2 * LONG]]);
    let batch = long.batch(Split::Test, pass.batch(0), &mut ChaCha8Rng::seed_from_u64(0));
    let outputs = at_once(&trainer, &config, &batch, statistics);
    [found, score(&outputs, &batch.targets)]
}

const ALL: [Statistics; 3] = [Statistics::Batch, Statistics::Running, Statistics::Population];

#[track_caller]
fn check(normalization: &str, bidirectional: bool, statistics: Statistics) {
    let [parts, whole] = scores(normalization, bidirectional, statistics);
    let off = (parts.loss - whole.loss).abs();
    let what = format!("{normalization}, {statistics:?}: {parts:?}, at once {whole:?}");
    assert!(off <= ROUNDING * whole.loss, "{what}");
    assert_eq!(parts.accuracy, whole.accuracy, "{what}");
}

#[test]
fn parts_have_the_score_of_the_whole() {
    for normalization in ["none", "batch", "batch(stats=shared)", "layer", "batch-renorm"] {
        for statistics in ALL {
            assert!(run(normalization, false).model.goes_on(statistics));
            check(normalization, false, statistics);
        }
    }
    for statistics in [Statistics::Running, Statistics::Population] {
        assert!(run("batch(stats=sequence-wise)", false).model.goes_on(statistics));
        check("batch(stats=sequence-wise)", false, statistics);
    }
}

#[test]
fn what_looks_around_is_read_at_once() {
    for (normalization, bidirectional, statistics) in [
        ("batch", true, Statistics::Population),
        ("batch", true, Statistics::Batch),
        ("assorted-time", false, Statistics::Population),
        ("batch(stats=sequence-wise)", false, Statistics::Batch),
    ] {
        assert!(!run(normalization, bidirectional).model.goes_on(statistics));
        check(normalization, bidirectional, statistics);
    }
}

/// So that the tests above can fail: what is forgotten between two parts is missed.
#[test]
fn a_part_that_begins_anew_has_other_outputs() {
    let config = run("batch", false);
    let corpus = letters([3000, 2 * LONG, 3 * LONG]);
    let task = charlm(&corpus, LENGTH, false);
    let mut trainer = Trainer::<f64>::new(&config, &task, &CPU.open());
    trainer.train(30, || ()).unwrap();
    trainer.estimate();
    let long = task.with_length(LONG, Split::Test).unwrap();
    let batch = long.batch(Split::Test, &[0], &mut ChaCha8Rng::seed_from_u64(0));
    let whole = at_once(&trainer, &config, &batch, Statistics::Running);
    let parts = batch.parts(256);
    assert_eq!(
        parts.iter().map(|part| part.targets.len()).collect::<Vec<_>>(),
        [256, 256, 87]
    );
    let anew = parts
        .iter()
        .flat_map(|part| at_once(&trainer, &config, part, Statistics::Running));
    let anew: Vec<f64> = anew.collect();
    assert_eq!(anew[..256 * 6], whole[..256 * 6]);
    let off = anew
        .iter()
        .zip(&whole)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(off > 1e-2, "{off:e}");
}

#[test]
fn only_sequences_with_an_answer_to_every_symbol_have_parts() {
    for (preset, changes) in [
        ("copy-quick", ["task.delay=30", "task.examples=10"]),
        ("adding-quick", ["task.steps=60", "task.examples=10"]),
    ] {
        let task = config(preset, &changes).task.load().unwrap();
        let batch = task.batch(Split::Test, &[0], &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!(batch.clone().parts(7), [batch]);
    }
    let task = charlm(&letters([100, 40, 40]), 15, false);
    let batch = task.batch(Split::Test, &[0, 20], &mut ChaCha8Rng::seed_from_u64(0));
    let sizes: Vec<usize> = batch
        .clone()
        .parts(4)
        .iter()
        .map(|part| part.targets.len())
        .collect();
    assert_eq!(sizes, [8, 8, 8, 4]);
    assert_eq!(batch.clone().parts(14), [batch]);
}

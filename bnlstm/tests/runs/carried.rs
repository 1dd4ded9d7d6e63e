//! States that go from one batch of training to the next.

use autodiff::Tape;
use bnlstm::config::RunConfig;
use bnlstm::model::{Model, OnDevice};
use bnlstm::task::{Batch, CharLm, Interface, Metric, Pass, Split, Task};
use bnlstm::trainer::Trainer;
use nn::context::{Context, Mode};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use tempfile::tempdir;

use crate::support::{CPU, charlm, config, letters, normalized, saved};

const LENGTH: usize = 11;
const STREAMS: usize = 4;

/// Steps so small that no weight moves: the losses of all updates are those of one model.
fn frozen(normalization: &str) -> RunConfig {
    let changes = [
        "model.hidden_size=7",
        "training.batch=4",
        "optimizer.learning_rate=1e-300",
        // Weights far from 0, so that states matter.
        "model.recurrent_init=identity",
    ];
    normalized(config("charlm-quick", &changes), normalization)
}

/// A text whose passes of training all begin at its first character.
struct FromTheStart(CharLm);

impl Task for FromTheStart {
    fn description(&self) -> String {
        self.0.description()
    }

    fn interface(&self) -> Interface {
        self.0.interface()
    }

    fn metric(&self) -> Metric {
        self.0.metric()
    }

    fn examples(&self, split: Split) -> usize {
        self.0.examples(split)
    }

    fn carries_state(&self) -> bool {
        self.0.carries_state()
    }

    fn shuffled(&self, batch: usize, _: &mut ChaCha8Rng) -> Pass {
        self.0.in_order(Split::Train, batch)
    }

    fn batch(&self, split: Split, chosen: &[usize], rng: &mut ChaCha8Rng) -> Batch {
        self.0.batch(split, chosen, rng)
    }
}

/// Losses of updates of a frozen model, which reads the text from its beginning.
fn losses(config: &RunConfig, carry_state: bool, updates: usize) -> (FromTheStart, Vec<f64>) {
    let task = FromTheStart(charlm(&letters([500, 250, 250]), LENGTH, carry_state));
    let mut trainer = Trainer::<f64>::new(config, &task, &CPU.open());
    let losses = (0..updates).map(|_| trainer.train(1, || ()).unwrap().loss);
    let losses = losses.collect();
    (task, losses)
}

/// The losses of the same model that reads each stream at once, a mean for each window.
fn of_whole_streams(config: &RunConfig, task: &FromTheStart, windows: usize) -> Vec<f64> {
    let trainer = Trainer::<f64>::new(config, task, &CPU.open());
    let device = trainer.store().device();
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let model = Model::new(
        &mut Scope::new(&mut store, &mut rng),
        &config.model,
        task.interface(),
    );
    for (id, param) in trainer.store().iter() {
        *store.get_mut(id) = param.tensor.clone();
    }
    let pass = task.0.in_order(Split::Train, STREAMS);
    let whole = task
        .0
        .with_length(windows * (LENGTH - 1) + 1, Split::Train)
        .unwrap();
    let batch = whole.batch(Split::Train, pass.batch(0), &mut rng);
    let tape = Tape::inference(device);
    let on_device = OnDevice::new(&batch, task.interface().input, device);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let outputs = model.forward(&mut context, &on_device.shown(&tape)).outputs;
    let rows = (LENGTH - 1) * STREAMS;
    let parts = batch.parts(LENGTH - 1);
    let of_window = |(window, part): (usize, Batch)| {
        let part = OnDevice::new(&part, task.interface().input, device);
        let mut answers = model.forward(&mut context, &part.shown(&tape));
        answers.outputs = outputs.slice(0, window * rows..(window + 1) * rows);
        model.loss(&answers, &part).value().item()
    };
    parts.into_iter().enumerate().map(of_window).collect()
}

#[test]
fn a_pass_has_the_losses_of_whole_streams_and_the_next_one_begins_anew() {
    for normalization in ["none", "layer"] {
        let config = frozen(normalization);
        let windows = charlm(&letters([500, 250, 250]), LENGTH, true)
            .in_order(Split::Train, STREAMS)
            .len();
        // (500 − 10) / 4 / 10
        assert_eq!(windows, 12);
        let (task, carried) = losses(&config, true, 2 * windows);
        let whole = of_whole_streams(&config, &task, windows);
        for (window, (found, expected)) in carried.iter().zip(&whole).enumerate() {
            // Means of 40 values, summed in another order.
            assert!(
                (found - expected).abs() < 1e-13,
                "window {window}: {found}, {expected}"
            );
        }
        assert_eq!(carried[..windows], carried[windows..]);
    }
}

#[test]
fn without_carrying_every_window_begins_anew() {
    let config = frozen("none");
    let (task, carried) = losses(&config, true, 12);
    // The same windows, each as a sequence of its own.
    let reset = of_single_windows(&config, &task, 12);
    assert_eq!(carried[0], reset[0]);
    for window in 1..12 {
        let off = (carried[window] - reset[window]).abs();
        assert!(off > 1e-5, "window {window}: {off:e}");
    }
}

/// Losses of the windows of [`losses`] with nothing carried.
fn of_single_windows(config: &RunConfig, task: &FromTheStart, windows: usize) -> Vec<f64> {
    struct Reset<'a>(&'a FromTheStart);
    impl Task for Reset<'_> {
        fn description(&self) -> String {
            self.0.description()
        }

        fn interface(&self) -> Interface {
            self.0.interface()
        }

        fn metric(&self) -> Metric {
            self.0.metric()
        }

        fn examples(&self, split: Split) -> usize {
            self.0.examples(split)
        }

        fn shuffled(&self, batch: usize, rng: &mut ChaCha8Rng) -> Pass {
            self.0.shuffled(batch, rng)
        }

        fn batch(&self, split: Split, chosen: &[usize], rng: &mut ChaCha8Rng) -> Batch {
            self.0.batch(split, chosen, rng)
        }
    }
    let task = Reset(task);
    let mut trainer = Trainer::<f64>::new(config, &task, &CPU.open());
    (0..windows)
        .map(|_| trainer.train(1, || ()).unwrap().loss)
        .collect()
}

#[test]
fn a_restored_run_goes_on_with_the_same_bits_amid_a_pass() {
    let folder = tempdir().unwrap();
    let letters = letters([500, 250, 250]);
    let characters = charlm(&letters, LENGTH, true);
    let of_characters = [
        "model.hidden_size=7",
        "training.batch=4",
        "task.carry_state=true",
        "model.initial_noise=0.1",
    ];
    let of_questions = [
        "model.hidden_size=5",
        "model.reader.embedding_size=6",
        "training.batch=8",
        "task.limit=40",
    ];
    let questions = config("qa-quick", &of_questions);
    let asked = questions.task.load().unwrap();
    let runs: [(RunConfig, &dyn Task); 2] = [
        (config("charlm-quick", &of_characters), &characters),
        (questions, asked.as_ref()),
    ];
    for (config, task) in runs {
        let trainer = || Trainer::<f32>::new(&config, task, &CPU.open());
        let mut straight = trainer();
        // Amid the first pass, and in the second.
        let (first, second) = (3, straight.updates_per_epoch());
        assert!(first < second);
        straight.train(first, || ()).unwrap();
        let half = saved(&straight, folder.path());
        let mut resumed = trainer();
        resumed.restore(&folder.path().join("checkpoint")).unwrap();
        assert!(saved(&resumed, folder.path()) == half, "bytes differ at once");
        straight.train(second, || ()).unwrap();
        resumed.train(second, || ()).unwrap();
        let [straight, resumed] = [straight, resumed].map(|trainer| saved(&trainer, folder.path()));
        assert!(straight == resumed, "bytes differ");
        assert!(straight != half);
    }
}

/// The batch size may change, and with it the streams of the text.
#[test]
fn states_of_batches_of_another_size_are_left_behind() {
    let folder = tempdir().unwrap();
    let corpus = letters([500, 250, 250]);
    let task = charlm(&corpus, LENGTH, true);
    let mut config = frozen("none");
    let mut trainer = Trainer::<f64>::new(&config, &task, &CPU.open());
    trainer.train(3, || ()).unwrap();
    saved(&trainer, folder.path());
    config.training.batch = 5;
    let mut resumed = Trainer::<f64>::new(&config, &task, &CPU.open());
    resumed.restore(&folder.path().join("checkpoint")).unwrap();
    assert!(resumed.train(20, || ()).unwrap().loss.is_finite());
}

/// With fewer characters than a batch has streams for, there are fewer streams.
#[test]
fn a_short_part_is_measured_in_fewer_streams() {
    let corpus = letters([500, 45, 23]);
    let task = charlm(&corpus, LENGTH, true);
    let streams = |split| {
        let pass = task.in_order(split, 4);
        pass.iter().map(<[usize]>::to_vec).collect::<Vec<_>>()
    };
    assert_eq!(streams(Split::Valid), [[0, 10, 20]]);
    assert_eq!(streams(Split::Test), [[0]]);
    let mut trainer = Trainer::<f64>::new(&frozen("none"), &task, &CPU.open());
    for split in [Split::Valid, Split::Test] {
        let [score] = trainer.evaluate(split, [nn::context::Statistics::Batch]).unwrap();
        assert!(score.loss.is_finite(), "{score:?}");
    }
}

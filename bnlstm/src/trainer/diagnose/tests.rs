use std::sync::Arc;

use autodiff::Device;
use kernels::Cpu;
use nn::optimizer::OptimizerConfig;

use super::*;
use crate::cell::Cell;
use crate::config::RunConfig;
use crate::diagnostics::SiteMoments;
use crate::normalization::Sites;
use crate::presets::Preset;
use crate::settings::Settings;
use crate::task::{Adding, Task};

const STEPS: usize = 6;
const BATCH: usize = 8;
const H: usize = 4;

fn config(cell: Cell, text: &str) -> RunConfig {
    let preset = Preset::find("digits-quick").expect("it comes with the program");
    let mut config = Settings::of_preset(preset).config().expect("it is whole");
    config.model.normalization = Sites::parse(cell, text).unwrap_or_else(|error| panic!("{error}"));
    config.model.hidden_size = H;
    // Without noise all rows would be alike at the first step, and have no variance.
    config.model.initial_noise = 0.1;
    config.training.batch = BATCH;
    config.evaluation.estimation_batches = Some(1);
    config
}

fn reference<'a>(config: &RunConfig, task: &'a dyn Task) -> Trainer<'a, f64> {
    Trainer::new(config, task, &Device::reference())
}

fn state(trainer: &Trainer<'_, f64>) -> Vec<Vec<f64>> {
    trainer
        .store
        .iter()
        .map(|(_, param)| param.tensor.to_vec())
        .collect()
}

#[test]
fn gradient_norms_are_those_of_the_same_batch() {
    let task = Adding::new(STEPS, 20, 1);
    for (cell, text) in [
        (Cell::Lstm, "batch"),
        (Cell::Lstm, "none"),
        (Cell::Gru, "layer"),
        (Cell::Rnn, "h=batch,x=batch"),
    ] {
        let mut stacked = config(cell, text);
        stacked.model.layers = 2;
        let mut both = config(cell, text);
        both.model.bidirectional = true;
        for config in [config(cell, text), stacked, both] {
            let mut trainer = reference(&config, &task);
            let norms: Vec<f32> = trainer
                .gradient_norms(1)
                .iter()
                .map(|&norm| norm as f32)
                .collect();
            let found = trainer.diagnose();
            // On this device both go step by step.
            assert_eq!(found.gradient_norms, norms);
            let cells = config.model.layers * if config.model.bidirectional { 2 } else { 1 };
            let gates = match cell {
                Cell::Lstm => 4,
                Cell::Gru => 3,
                Cell::Rnn => 1,
            };
            assert_eq!(found.gates.len(), cells * gates);
            let sites = match (cell, text) {
                (_, "none") => 0,
                (Cell::Lstm, _) => 3,
                _ => 2,
            };
            assert_eq!(found.sites.len(), cells * sites);
            for site in &found.sites {
                assert_eq!(site.smallest_variance.len(), STEPS, "{}", site.path);
                assert!(
                    site.smallest_variance
                        .iter()
                        .all(|&var| var > 0.0 && var.is_finite())
                );
            }
            assert!(found.updates.is_empty());
        }
    }
}

#[test]
fn a_device_with_whole_sequences_sees_the_same() {
    let task = Adding::new(12, 16, 1);
    let mut config = config(Cell::Lstm, "batch");
    config.model.hidden_size = 20;
    let on = |device: &Device<f64>| Trainer::new(&config, &task, device).diagnose();
    let (plain, fast) = (on(&Device::reference()), on(&Device::new(Arc::new(Cpu::new(1)))));
    assert_eq!(plain.gates, fast.gates);
    let close = |a: &[f32], b: &[f32]| {
        assert_eq!(a.len(), b.len());
        // The same sums in another order, rounded to single precision.
        assert!(
            a.iter().zip(b).all(|(a, b)| (a / b - 1.0).abs() < 1e-6),
            "{a:?} {b:?}"
        );
    };
    close(&plain.gradient_norms, &fast.gradient_norms);
    for (plain, fast) in plain.sites.iter().zip(&fast.sites) {
        close(&plain.smallest_variance, &fast.smallest_variance);
    }
}

#[test]
fn nothing_of_the_run_changes() {
    let task = Adding::new(STEPS, 40, 1);
    for text in [
        "batch",
        "batch-renorm(start=0,ramp=0)",
        "online",
        "x=batch(stats=sequence-wise),h=batch(stats=shared)",
    ] {
        let config = config(Cell::Lstm, text);
        let [mut looked, mut other] = [0; 2].map(|_| reference(&config, &task));
        assert_eq!(looked.diagnose(), looked.diagnose());
        for _ in 0..2 {
            for trainer in [&mut looked, &mut other] {
                trainer.train(3, || {}).expect("it learns");
                trainer.estimate();
            }
            looked.diagnose();
            assert_eq!(state(&looked), state(&other), "{text}");
            assert_eq!(looked.noise, other.noise);
        }
    }
}

fn site<'a>(sites: &'a [SiteMoments], path: &str) -> &'a SiteMoments {
    sites
        .iter()
        .find(|site| site.path == path)
        .expect("it has moments")
}

/// An estimate of just the batch that is looked at is that batch.
#[test]
fn a_batch_is_at_no_distance_from_itself() {
    let task = Adding::new(STEPS, 20, 1);
    let config = config(
        Cell::Lstm,
        "x=batch(stats=sequence-wise),h=batch,c=batch(stats=shared),out=layer",
    );
    let mut trainer = reference(&config, &task);
    for site in &trainer.diagnose().sites {
        assert_eq!((site.mean_distance, site.variance_distance), (None, None));
    }
    trainer.estimate();
    let sites = trainer.diagnose().sites;
    for path in ["lstm/norm_x", "lstm/norm_h"] {
        let site = site(&sites, path);
        assert_eq!(
            (site.mean_distance, site.variance_distance),
            (Some(0.0), Some(0.0)),
            "{path}"
        );
    }
    assert_eq!(site(&sites, "lstm/norm_x").smallest_variance.len(), 1);
    // Steps differ from the average over all of them.
    let shared = site(&sites, "lstm/norm_c");
    assert_eq!(shared.smallest_variance.len(), STEPS);
    assert!(shared.mean_distance > Some(0.0) && shared.variance_distance > Some(0.0));
    assert_eq!(site(&sites, "lstm/norm_out").mean_distance, None);
}

/// With means moved by three standard deviations, and variances by a factor of e².
#[test]
fn distances_are_those_that_were_made() {
    let task = Adding::new(STEPS, 20, 1);
    let mut trainer = reference(&config(Cell::Lstm, "batch"), &task);
    trainer.estimate();
    let find = |trainer: &Trainer<'_, f64>, name: &str| {
        trainer
            .store
            .find(&format!("lstm/norm_h/population_{name}"))
            .unwrap()
    };
    let (mean, var) = (find(&trainer, "mean"), find(&trainer, "var"));
    let larger: Vec<f64> = trainer
        .store
        .get(var)
        .to_vec()
        .iter()
        .map(|var| var * 2.0_f64.exp())
        .collect();
    let moved = trainer.store.get(mean).to_vec();
    let moved: Vec<f64> = moved
        .iter()
        .zip(&larger)
        .map(|(mean, var)| mean - 3.0 * var.sqrt())
        .collect();
    for (id, values) in [(mean, moved), (var, larger)] {
        let tensor = trainer.store.get_mut(id);
        *tensor = tensor.device().tensor(tensor.shape(), &values);
    }
    let sites = trainer.diagnose().sites;
    let found = site(&sites, "lstm/norm_h");
    // Rounded to single precision.
    assert!((found.mean_distance.unwrap() - 3.0).abs() < 1e-6, "{found:?}");
    assert!((found.variance_distance.unwrap() - 2.0).abs() < 1e-6, "{found:?}");
}

#[test]
fn changes_are_those_of_the_update() {
    let task = Adding::new(STEPS, 20, 1);
    let mut config = config(Cell::Lstm, "none");
    config.optimizer = OptimizerConfig::Sgd {
        learning_rate: 0.5,
        momentum: 0.0,
    };
    // Of all gradients together the norm is 0.01 after clipping.
    config.training.clip = 0.01;
    let mut trainer = reference(&config, &task);
    let before = trainer.weights();
    let report = trainer.train(1, || {}).expect("it learns");
    assert!(report.gradient_norm > 0.01);
    let found = trainer.changes(&before);
    let paths: Vec<&str> = found.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "lstm/w_x",
            "lstm/w_h",
            "lstm/bias",
            "lstm/h_0",
            "lstm/c_0",
            "head/weight",
            "head/bias"
        ]
    );
    let all = found
        .iter()
        .map(|change| f64::from(change.change).powi(2))
        .sum::<f64>()
        .sqrt();
    // But for the 1e-6 that is added to the norm in clipping, which is above 0.01.
    assert!((all / 0.005 - 1.0).abs() < 1e-4, "{all}");
    let bias = &found[2];
    // The forget gate's are 1.
    assert_eq!(bias.weight, (H as f32).sqrt());
    assert_eq!(found[3].weight, 0.0);
}

/// A story and a question of several lengths, in both directions, and attention.
#[test]
fn a_reader_is_seen_whole() {
    for text in ["batch", "layer", "none"] {
        let mut settings = Settings::of_preset(Preset::find("qa-quick").expect("it comes with the program"));
        for change in [
            "task.limit=30",
            "model.hidden_size=4",
            "model.reader.embedding_size=3",
        ] {
            settings.assign(change).expect("there is such a field");
        }
        let mut config = settings.config().expect("it is whole");
        config.model.normalization = Sites::parse(Cell::Lstm, text).unwrap();
        // A first state of zeros has no variance.
        config.model.initial_noise = 0.1;
        config.training.batch = BATCH;
        config.evaluation.estimation_batches = Some(1);
        let task = config.task.load().expect("it is generated");
        let mut trainer = reference(&config, task.as_ref());
        trainer.estimate();
        let norms: Vec<f32> = trainer
            .gradient_norms(1)
            .iter()
            .map(|&norm| norm as f32)
            .collect();
        let found = trainer.diagnose();
        assert_eq!(found.gradient_norms, norms);
        let cells: Vec<&str> = found
            .gates
            .iter()
            .step_by(4)
            .map(|gate| gate.cell.as_str())
            .collect();
        assert_eq!(
            cells,
            [
                "story/lstm/0/forward",
                "story/lstm/0/backward",
                "question/lstm/0/forward",
                "question/lstm/0/backward"
            ]
        );
        let of_cells = if text == "none" { 0 } else { 3 };
        assert_eq!(found.sites.len(), cells.len() * of_cells + 4);
        for site in &found.sites {
            let of_rows = text == "layer" && !site.path.starts_with("attention");
            assert_eq!(site.mean_distance.is_none(), of_rows, "{}", site.path);
            // Padding has no part in it: its rows of zeros would have no variance.
            assert!(
                !of_rows || site.smallest_variance.iter().all(|&var| var > 0.0),
                "{}",
                site.path
            );
            // Neither has it in what is estimated of this batch.
            assert!(
                of_rows || site.variance_distance == Some(0.0),
                "{} {site:?}",
                site.path
            );
        }
    }
}

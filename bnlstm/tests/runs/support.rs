//! Small runs.

use std::path::Path;
use std::sync::Arc;

use bnlstm::cell::Cell;
use bnlstm::config::RunConfig;
use bnlstm::data::text::{Alphabet, Corpus};
use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::normalization::Sites;
use bnlstm::presets::Preset;
use bnlstm::settings::Settings;
use bnlstm::task::CharLm;
use bnlstm::trainer::Trainer;
use kernels::Real;
use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub const CPU: DeviceChoice = DeviceChoice {
    kind: DeviceKind::Cpu,
    threads: 1,
};

pub fn property(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(61),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A preset with changes, `field=value` each.
pub fn config(preset: &str, changes: &[&str]) -> RunConfig {
    let mut settings = Settings::of_preset(Preset::find(preset).unwrap());
    for change in changes {
        settings.assign(change).unwrap();
    }
    settings.config().unwrap()
}

/// The same with another normalization.
pub fn normalized(mut config: RunConfig, text: &str) -> RunConfig {
    config.model.normalization = Sites::parse(Cell::Lstm, text).unwrap();
    config
}

/// Letters in which every one depends on the two before it, and on chance now and then: a model that
/// remembers does better. So many to learn from, to choose by, and to test on.
pub fn letters([train, valid, test]: [usize; 3]) -> Arc<Corpus> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut part = |count: usize| {
        let mut text: Vec<u16> = vec![0, 1];
        while text.len() < count {
            let [a, b] = [text[text.len() - 1], text[text.len() - 2]];
            let surprise = rng.random_range(0..10) == 0;
            text.push(match surprise {
                true => rng.random_range(0..6),
                false => (a + 2 * b + 1) % 6,
            });
        }
        text.truncate(count);
        text
    };
    Arc::new(Corpus {
        name: "letters".to_owned(),
        alphabet: Alphabet::of("abcdef").unwrap(),
        train: part(train),
        valid: part(valid),
        test: part(test),
        provenance: Vec::new(),
    })
}

pub fn charlm(corpus: &Arc<Corpus>, length: usize, carry_state: bool) -> CharLm {
    CharLm::new(Arc::clone(corpus), length, carry_state).unwrap()
}

/// The bytes of a checkpoint.
pub fn saved<T: Real>(trainer: &Trainer<'_, T>, folder: &Path) -> Vec<u8> {
    let path = folder.join("checkpoint");
    trainer.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

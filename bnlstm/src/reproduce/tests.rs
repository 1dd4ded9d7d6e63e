//! The runs that are compared differ in nothing but what they are compared for.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::experiments::{Network, Order, Reader, Story, Text, images, questions, text};
use super::{Planned, Scale, Setting, Settled, TARGETS};
use crate::cell::Site;
use crate::config::RunConfig;
use crate::normalization::{BatchOptions, Normalization};

/// A directory in which every dataset is found by the names of its files.
fn data() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let touch = |path: &Path| fs::write(path, "").unwrap();
    for part in ["train", "t10k"] {
        touch(&folder.path().join(format!("{part}-images-idx3-ubyte")));
        touch(&folder.path().join(format!("{part}-labels-idx1-ubyte")));
    }
    for part in ["train", "valid", "test"] {
        touch(&folder.path().join(format!("ptb.{part}.txt")));
    }
    touch(&folder.path().join("text8"));
    for part in ["training", "validation", "test"] {
        fs::create_dir_all(folder.path().join("questions").join(part)).unwrap();
    }
    folder
}

fn setting(scale: Scale, settled: Settled, data: Option<&TempDir>) -> Setting {
    Setting {
        scale,
        settled,
        data: data.map(|folder| folder.path().to_owned()),
        lenient: false,
        seeds: None,
    }
}

/// Every setting that there is.
fn settings(folder: &TempDir) -> Vec<Setting> {
    let paper = [Settled::Paper, Settled::Authors, Settled::Corrected]
        .map(|settled| setting(Scale::Paper, settled, Some(folder)));
    let quick = [None, Some(folder)].map(|data| setting(Scale::Quick, Settled::Corrected, data));
    paper.into_iter().chain(quick).collect()
}

/// The configuration without the fields of the model that may differ.
fn rest(config: &RunConfig, may_differ: &[&str]) -> Value {
    let mut value = serde_json::to_value(config).unwrap();
    let model = value["model"].as_object_mut().unwrap();
    for field in may_differ {
        model.remove(*field);
    }
    value
}

fn batch(normalization: &Normalization) -> BatchOptions {
    match normalization {
        Normalization::Batch(options) => *options,
        other => panic!("{other}"),
    }
}

const OF_NETWORKS: [&str; 3] = ["normalization", "regularization", "initial_noise"];

fn check_networks(plan: impl Fn(Network) -> Planned) {
    let bn = plan(Network::BN);
    for network in [Network::Lstm, Network::Zoneout, Network::BatchNormalized(0.7)] {
        let other = plan(network);
        assert_ne!(other.name, bn.name);
        assert_eq!(
            rest(&other.config, &OF_NETWORKS),
            rest(&bn.config, &OF_NETWORKS),
            "{}",
            other.name
        );
    }
    let large = plan(Network::BatchNormalized(0.7)).config.model;
    for site in [Site::H, Site::X, Site::C] {
        let of_large = batch(large.normalization.at(site));
        let gamma = batch(bn.config.model.normalization.at(site)).gamma;
        assert_eq!(
            BatchOptions { gamma, ..of_large },
            batch(bn.config.model.normalization.at(site))
        );
        assert_eq!(of_large.gamma, 0.7);
    }
}

#[test]
fn networks_differ_in_normalization_regularization_and_noise() {
    let folder = data();
    for setting in settings(&folder) {
        for order in [Order::Scan, Order::Permuted] {
            // In the quick form without MNIST there is no regularized baseline.
            if setting.has_mnist() {
                check_networks(|network| images(&setting, order, network, 1).unwrap());
            }
        }
        if setting.scale == Scale::Paper {
            for which in [Text::PennTreebank, Text::Text8] {
                check_networks(|network| text(&setting, which, network, 1).unwrap());
            }
        }
    }
}

#[test]
fn readers_differ_in_what_they_are_named_for() {
    let folder = data();
    let may_differ = ["normalization", "reader", "bidirectional"];
    for setting in settings(&folder) {
        let plan = |reader| questions(&setting, Story::Relevant, reader, 1).unwrap();
        let star_star = plan(Reader::StarStar).config;
        let full = star_star.model;
        for reader in Reader::ALL {
            let config = plan(reader).config;
            assert_eq!(rest(&config, &may_differ), rest(&star_star, &may_differ));
            assert_eq!(config.model.bidirectional, reader == Reader::StarStar);
        }
        let bn = plan(Reader::Bn).config.model;
        let everywhere = plan(Reader::Everywhere).config.model;
        for model in [&bn, &everywhere] {
            let h = full.normalization.at(Site::H);
            assert_eq!(
                [Site::H, Site::X].map(|site| model.normalization.at(site)),
                [h, h]
            );
            assert_eq!(model.normalization.at(Site::C), full.normalization.at(Site::C));
        }
        let star = plan(Reader::Star).config.model;
        assert_eq!(
            (star.normalization, star.reader),
            (full.normalization, full.reader)
        );
        let attention = |model: &crate::config::ModelConfig| batch(&model.reader.unwrap().attention);
        assert_eq!(attention(&everywhere).gamma, attention(&full).gamma);
        assert_eq!(
            attention(&everywhere).stats,
            batch(full.normalization.at(Site::H)).stats
        );
        assert_eq!(bn.reader.unwrap().attention, Normalization::None);
        assert!(!plan(Reader::Lstm).config.model.has_statistics());
    }
}

#[test]
fn every_target_plans_runs_of_different_names_in_every_setting() {
    let folder = data();
    for setting in settings(&folder) {
        for target in TARGETS {
            let runs = (target.runs)(&setting).unwrap();
            let mut names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), runs.len(), "{}", target.name);
        }
    }
}

/// Runs that several targets need are the same run.
#[test]
fn a_name_stands_for_one_run() {
    let folder = data();
    for setting in settings(&folder) {
        let mut known: Vec<Planned> = Vec::new();
        for run in TARGETS.iter().flat_map(|target| (target.runs)(&setting).unwrap()) {
            match known.iter().find(|other| other.name == run.name) {
                Some(other) => assert_eq!(other.config, run.config, "{}", run.name),
                None => known.push(run),
            }
        }
        assert!(known.len() > 20);
    }
}

#[test]
fn the_size_of_the_paper_needs_its_data() {
    let setting = setting(Scale::Paper, Settled::Paper, None);
    for target in TARGETS.iter().filter(|target| target.name.starts_with("table")) {
        let error = (target.runs)(&setting).unwrap_err().to_string();
        assert!(error.contains("--data or BNLSTM_DATA"), "{error}");
    }
}

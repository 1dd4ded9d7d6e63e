//! Figure 3a: bits per character of the Penn Treebank's validation part while training.

use super::Target;
use super::common::{curve, finished, learning_axes, planned};
use super::table2::USUAL_SEEDS;
use crate::device::DeviceChoice;
use crate::reproduce::experiments::{Network, Text, text, text_title};
use crate::reproduce::{Claim, Picture, Planned, Report, ReproduceError, Results, Setting};
use crate::task::Metric;

pub const TARGET: Target = Target {
    name: "fig3a",
    title: "Figure 3a: validation bits per character while training, Penn Treebank",
    runs,
    report,
};

const METRIC: Metric = Metric::BitsPerCharacter;

fn runs(setting: &Setting) -> Result<Vec<Planned>, ReproduceError> {
    let mut all = Vec::new();
    for network in [Network::Lstm, Network::BN] {
        let plan = |seed| text(setting, Text::PennTreebank, network, seed);
        all.extend(planned(setting, USUAL_SEEDS, &plan)?);
    }
    Ok(all)
}

fn report(setting: &Setting, results: &Results, _: DeviceChoice) -> Result<Report, ReproduceError> {
    let title = format!("Figure 3a: {}", text_title(setting, Text::PennTreebank)?);
    let mut figure = learning_axes(title, METRIC);
    let mut all = Vec::new();
    for network in [Network::Lstm, Network::BN] {
        let plan = |seed| text(setting, Text::PennTreebank, network, seed);
        let runs = finished(setting, results, USUAL_SEEDS, &plan)?;
        figure.curves.push(curve(network.label(), METRIC, &runs));
        all.push(runs);
    }
    let evaluations = all[0][0].records().len();
    let worst = |network: usize, at: usize, worse: fn(f64, f64) -> f64| {
        let values = all[network].iter();
        let values = values.map(|run| METRIC.of(&run.records()[at].valid.population));
        values.reduce(worse).expect("there is a seed")
    };
    let ahead = (0..evaluations)
        .filter(|&at| worst(1, at, f64::max) < worst(0, at, f64::min))
        .count();
    let claim = Claim::new(
        "the batch-normalized LSTM learns faster on characters",
        ahead == evaluations,
        format!("ahead with every seed at {ahead} of {evaluations} evaluations"),
    );
    Ok(Report {
        pictures: vec![("fig3a".to_owned(), Picture::Figure(figure))],
        claims: vec![claim],
        ..Report::default()
    })
}

//! Table 1: accuracy on sequential and permuted MNIST.

use super::Target;
use super::common::{END, finished, over, planned, seconds, seeds, spread, test};
use crate::device::DeviceChoice;
use crate::reproduce::experiments::{Network, Order, images, images_title};
use crate::reproduce::{Claim, GoodRun, Planned, Report, ReproduceError, Results, Scale, Setting};
use crate::table::{Column, Table};
use crate::task::Metric;

pub const TARGET: Target = Target {
    name: "table1",
    title: "Table 1: test accuracy on sequential and permuted MNIST",
    runs,
    report,
};

/// Seeds of the embedded digits, whose runs take seconds; with MNIST it is one.
pub(super) fn usual_seeds(setting: &Setting) -> u64 {
    if setting.has_mnist() { 1 } else { 3 }
}

const METRIC: Metric = Metric::Accuracy;
/// Of runs of more epochs, the learning curve is to be looked at.
const MOST_EPOCHS: usize = 10;

/// Networks with the accuracies of the paper in scan order and permuted.
fn networks(setting: &Setting) -> Vec<(Network, [&'static str; 2])> {
    let mut networks = vec![(Network::Lstm, ["98.9", "90.2"]), (Network::BN, ["99.0", "95.4"])];
    if setting.scale == Scale::Paper {
        networks.insert(1, (Network::Zoneout, ["–", "–"]));
    }
    networks
}

fn runs(setting: &Setting) -> Result<Vec<Planned>, ReproduceError> {
    let mut all = Vec::new();
    for order in [Order::Permuted, Order::Scan] {
        for (network, _) in networks(setting) {
            let plan = |seed| images(setting, order, network, seed);
            all.extend(planned(setting, usual_seeds(setting), &plan)?);
        }
    }
    Ok(all)
}

/// Validation accuracy after each epoch of a run of few epochs, and the time of an epoch.
fn by_epoch(order: &str, network: Network, run: &GoodRun) -> Option<String> {
    let whole = run.records().iter().filter(|record| record.epoch.fract() == 0.0);
    let accuracies: Vec<String> = whole
        .map(|record| format!("{:.1}", METRIC.of(&record.valid.population)))
        .collect();
    let seconds = run.seconds() / accuracies.len() as f64;
    (1..=MOST_EPOCHS).contains(&accuracies.len()).then(|| {
        format!(
            "{order}, {}: validation {} % after each epoch; {seconds:.0} s an epoch",
            network.label(),
            accuracies.join(", ")
        )
    })
}

fn report(setting: &Setting, results: &Results, _: DeviceChoice) -> Result<Report, ReproduceError> {
    let images_name = images_title(setting)?;
    let mut table = Table::new([
        Column::words(format!("test accuracy % on {images_name}")),
        Column::words("order"),
        Column::numbers("paper"),
        Column::numbers("ours"),
        Column::numbers("with batch statistics"),
        Column::numbers("seeds"),
        Column::numbers("updates"),
        Column::numbers("s a run"),
    ]);
    let (mut means, mut notes) = (Vec::new(), Vec::new());
    for (which, order) in [Order::Scan, Order::Permuted].into_iter().enumerate() {
        for (network, paper) in networks(setting) {
            let plan = |seed| images(setting, order, network, seed);
            let runs = finished(setting, results, usual_seeds(setting), &plan)?;
            let ours = over(&runs, test(METRIC));
            let batch = over(&runs, |run| METRIC.of(&run.measured.test.batch));
            table.row([
                network.label(),
                ["scan", "permuted"][which].to_owned(),
                paper[which].to_owned(),
                format!("{ours:.1}"),
                format!("{batch:.1}"),
                seeds(&runs),
                runs[0].measured.update.to_string(),
                seconds(&runs),
            ]);
            notes.extend(by_epoch(["scan", "permuted"][which], network, runs[0]));
            means.push((order, network, ours));
        }
    }
    let mean = |order, network| {
        let mut found = means.iter();
        let found = found.find(|(o, n, _)| (*o, *n) == (order, network));
        found.expect("every network was measured").2
    };
    let [lstm, bn] = [Network::Lstm, Network::BN].map(|network| mean(Order::Permuted, network));
    let claim = Claim::new(
        "batch normalization helps on the permuted task",
        bn.exceeds(lstm),
        format!("BN-LSTM {bn:.1} %, LSTM {lstm:.1} %{}", spread(bn)),
    );
    notes.push(END.to_owned());
    Ok(Report {
        table: Some(table),
        claims: vec![claim],
        notes,
        ..Report::default()
    })
}

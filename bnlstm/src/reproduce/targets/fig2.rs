//! Figure 2: validation accuracy while training, sequential and permuted MNIST.

use super::Target;
use super::common::{curve, finished, learning_axes, over, planned, spread};
use super::table1::usual_seeds;
use crate::device::DeviceChoice;
use crate::figure::Sheet;
use crate::reproduce::experiments::{Network, Order, images, images_title};
use crate::reproduce::{Claim, GoodRun, Picture, Planned, Report, ReproduceError, Results, Setting};
use crate::task::Metric;

pub const TARGET: Target = Target {
    name: "fig2",
    title: "Figure 2: validation accuracy while training, sequential and permuted MNIST",
    runs,
    report,
};

const METRIC: Metric = Metric::Accuracy;
const NETWORKS: [Network; 2] = [Network::Lstm, Network::BN];

fn runs(setting: &Setting) -> Result<Vec<Planned>, ReproduceError> {
    let mut all = Vec::new();
    for order in [Order::Permuted, Order::Scan] {
        for network in NETWORKS {
            let plan = |seed| images(setting, order, network, seed);
            all.extend(planned(setting, usual_seeds(setting), &plan)?);
        }
    }
    Ok(all)
}

/// Validation accuracy halfway through the run.
fn halfway(run: &GoodRun) -> f64 {
    let middle = run.records().len().div_ceil(2) - 1;
    METRIC.of(&run.records()[middle].valid.population)
}

fn report(setting: &Setting, results: &Results, _: DeviceChoice) -> Result<Report, ReproduceError> {
    let name = images_title(setting)?;
    let mut sheet = Sheet::new(format!("Figure 2: {name}, pixel by pixel"));
    let mut middles = Vec::new();
    for (order, title) in [(Order::Scan, "scan order"), (Order::Permuted, "permuted")] {
        let mut panel = learning_axes(title, METRIC);
        for network in NETWORKS {
            let plan = |seed| images(setting, order, network, seed);
            let runs = finished(setting, results, usual_seeds(setting), &plan)?;
            panel.curves.push(curve(network.label(), METRIC, &runs));
            middles.push(over(&runs, halfway));
        }
        sheet.panels.push(panel);
    }
    let [_, _, lstm, bn] = middles[..] else {
        unreachable!("two panels of two networks")
    };
    let claim = Claim::new(
        "the batch-normalized LSTM learns faster on the permuted task",
        bn.exceeds(lstm),
        format!(
            "halfway through: BN-LSTM {bn:.1} %, LSTM {lstm:.1} %{}",
            spread(bn)
        ),
    );
    Ok(Report {
        pictures: vec![("fig2".to_owned(), Picture::Sheet(sheet))],
        claims: vec![claim],
        ..Report::default()
    })
}

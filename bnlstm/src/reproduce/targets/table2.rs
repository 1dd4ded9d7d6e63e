//! Table 2: bits per character on the Penn Treebank.

use super::Target;
use super::common::{finished, over, planned, seconds, seeds, test};
use crate::device::DeviceChoice;
use crate::reproduce::experiments::{Network, Text, text, text_title};
use crate::reproduce::{Claim, Planned, Report, ReproduceError, Results, Scale, Setting};
use crate::table::{Column, Table};
use crate::task::Metric;

pub const TARGET: Target = Target {
    name: "table2",
    title: "Table 2: test bits per character on the Penn Treebank",
    runs: |setting| text_runs(setting, Text::PennTreebank),
    report: |setting, results, _: DeviceChoice| {
        text_report(setting, results, Text::PennTreebank, ["1.38", "1.32"])
    },
};

/// Seeds of a text in the quick form.
pub(super) const USUAL_SEEDS: u64 = 2;

const METRIC: Metric = Metric::BitsPerCharacter;

fn networks(setting: &Setting, paper: [&'static str; 2]) -> Vec<(Network, &'static str)> {
    let mut networks = vec![(Network::Lstm, paper[0]), (Network::BN, paper[1])];
    if setting.scale == Scale::Paper {
        networks.insert(1, (Network::Zoneout, "–"));
    }
    networks
}

pub(super) fn text_runs(setting: &Setting, which: Text) -> Result<Vec<Planned>, ReproduceError> {
    let mut all = Vec::new();
    for (network, _) in networks(setting, ["", ""]) {
        let plan = |seed| text(setting, which, network, seed);
        all.extend(planned(setting, USUAL_SEEDS, &plan)?);
    }
    Ok(all)
}

/// The table of a text, with the paper's values for LSTM and BN-LSTM.
pub(super) fn text_report(
    setting: &Setting,
    results: &Results,
    which: Text,
    paper: [&'static str; 2],
) -> Result<Report, ReproduceError> {
    let mut table = Table::new([
        Column::words(format!(
            "test bits per character, {}",
            text_title(setting, which)?
        )),
        Column::numbers("paper"),
        Column::numbers("ours"),
        Column::numbers("with batch statistics"),
        Column::numbers("seeds"),
        Column::numbers("updates"),
        Column::numbers("s a run"),
    ]);
    let mut means = Vec::new();
    for (network, paper) in networks(setting, paper) {
        let plan = |seed| text(setting, which, network, seed);
        let runs = finished(setting, results, USUAL_SEEDS, &plan)?;
        let ours = over(&runs, test(METRIC));
        let batch = over(&runs, |run| METRIC.of(&run.measured.test.batch));
        table.row([
            network.label(),
            paper.to_owned(),
            format!("{ours:.3}"),
            format!("{batch:.3}"),
            seeds(&runs),
            runs[0].measured.update.to_string(),
            seconds(&runs),
        ]);
        means.push(ours);
    }
    let (lstm, bn) = (means[0], *means.last().expect("there are two networks at least"));
    let claim = Claim::new(
        "batch normalization helps the character model",
        lstm.exceeds(bn),
        format!("BN-LSTM {bn:.3}, LSTM {lstm:.3} bits per character"),
    );
    Ok(Report {
        table: Some(table),
        claims: vec![claim],
        ..Report::default()
    })
}

//! Table 2: bits per character on the Penn Treebank.

use super::Target;
use nn::context::Statistics;

use super::common::{END, finished, over, planned, seconds, seeds, spread, test};
use crate::device::DeviceChoice;
use crate::mean_std::MeanStd;
use crate::reproduce::experiments::{Network, Text, text, text_title};
use crate::reproduce::{Claim, GoodRun, Planned, Report, ReproduceError, Results, Scale, Setting};
use crate::table::{Column, Table};
use crate::task::{Metric, Split};

pub const TARGET: Target = Target {
    name: "table2",
    title: "Table 2: test bits per character on the Penn Treebank",
    runs: |setting| text_runs(setting, Text::PennTreebank),
    report: |setting, results, device| {
        text_report(setting, results, device, Text::PennTreebank, ["1.38", "1.32"])
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

/// Bits per character of the whole test text, read as one sequence.
fn in_one_pass(run: &GoodRun, device: DeviceChoice) -> Result<f64, ReproduceError> {
    let whole = run.run.task.text().expect("a character model").whole(Split::Test);
    let mut alone = run.run.config.clone();
    alone.training.batch = 1;
    let mut trainer = run.run.trainer_as(&alone, device)?;
    let scores = trainer.evaluate_on(&whole, Split::Test, [Statistics::Population]);
    let [score] = scores.expect("population statistics were estimated");
    Ok(METRIC.of(&score))
}

/// The table of a text, with the paper's values for LSTM and BN-LSTM.
pub(super) fn text_report(
    setting: &Setting,
    results: &Results,
    device: DeviceChoice,
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
        Column::numbers("in sequences"),
        Column::numbers("with batch statistics"),
        Column::numbers("seeds"),
        Column::numbers("updates"),
        Column::numbers("s a run"),
    ]);
    let mut means = Vec::new();
    for (network, paper) in networks(setting, paper) {
        let plan = |seed| text(setting, which, network, seed);
        let runs = finished(setting, results, USUAL_SEEDS, &plan)?;
        let whole: Result<Vec<f64>, _> = runs.iter().map(|run| in_one_pass(run, device)).collect();
        let ours = MeanStd::of(&whole?);
        let sequences = over(&runs, test(METRIC));
        let batch = over(&runs, |run| METRIC.of(&run.measured.test.batch));
        table.row([
            network.label(),
            paper.to_owned(),
            format!("{ours:.3}"),
            format!("{sequences:.3}"),
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
        format!("BN-LSTM {bn:.3}, LSTM {lstm:.3} bits per character{}", spread(bn)),
    );
    let note = "ours: the test text in one pass, a batch of one, under population statistics, as the authors' \
                code measures; in sequences: of the length of training";
    Ok(Report {
        table: Some(table),
        claims: vec![claim],
        notes: vec![note.to_owned(), END.to_owned()],
        ..Report::default()
    })
}

//! Table 4: error rates on the CNN questions.

use super::Target;
use super::common::{END, finished, over, planned, seconds, seeds, spread};
use crate::device::DeviceChoice;
use crate::mean_std::MeanStd;
use crate::normalization::Normalization;
use crate::reproduce::experiments::{Reader, Story, questions, questions_title};
use crate::reproduce::{Claim, GoodRun, Planned, Report, ReproduceError, Results, Setting};
use crate::table::{Column, Table};
use crate::task::Metric;

pub const TARGET: Target = Target {
    name: "table4",
    title: "Table 4: error rates on the CNN questions",
    runs,
    report,
};

/// Seeds in the quick form.
pub(super) const USUAL_SEEDS: u64 = 2;

const METRIC: Metric = Metric::ErrorRate;

/// Rows of the table with the paper's validation and test errors.
const ROWS: [(Story, Reader, [&str; 2]); 7] = [
    (Story::Relevant, Reader::Lstm, ["50.3", "–"]),
    (Story::Relevant, Reader::Bn, ["49.5", "–"]),
    (Story::Relevant, Reader::Everywhere, ["50.0", "–"]),
    (Story::Relevant, Reader::Star, ["47.1", "–"]),
    (Story::Relevant, Reader::StarStar, ["43.9", "–"]),
    (Story::Whole, Reader::Lstm, ["45.5", "45.0"]),
    (Story::Whole, Reader::StarStar, ["37.9", "36.3"]),
];

pub(super) fn runs(setting: &Setting) -> Result<Vec<Planned>, ReproduceError> {
    let mut all = Vec::new();
    for (story, reader, _) in ROWS {
        let plan = |seed| questions(setting, story, reader, seed);
        all.extend(planned(setting, USUAL_SEEDS, &plan)?);
    }
    Ok(all)
}

/// The lowest validation error of a run under population statistics, which the paper reports.
fn lowest(run: &GoodRun) -> f64 {
    let errors = run.records().iter();
    let errors = errors.map(|record| METRIC.of(&record.valid.population));
    errors.fold(f64::INFINITY, f64::min)
}

/// Where γ of the attention's normalization starts, of which the paper says nothing.
fn attention_gamma(results: &Results, setting: &Setting) -> Result<String, ReproduceError> {
    let run = questions(setting, Story::Relevant, Reader::StarStar, 1)?;
    let reader = results.run(&run.name).run.config.model.reader;
    Ok(match reader.map(|reader| reader.attention) {
        Some(Normalization::Batch(options)) => options.gamma.to_string(),
        _ => "nothing: it has no batch normalization".to_owned(),
    })
}

fn report(setting: &Setting, results: &Results, _: DeviceChoice) -> Result<Report, ReproduceError> {
    let mut table = Table::new([
        Column::words(format!("error % on {}", questions_title(setting)?)),
        Column::words("of a story"),
        Column::numbers("paper, valid"),
        Column::numbers("ours, valid"),
        Column::numbers("paper, test"),
        Column::numbers("ours, test"),
        Column::numbers("seeds"),
        Column::numbers("updates"),
        Column::numbers("s a run"),
    ]);
    let mut lows: Vec<MeanStd> = Vec::new();
    for (story, reader, [valid, test]) in ROWS {
        let plan = |seed| questions(setting, story, reader, seed);
        let runs = finished(setting, results, USUAL_SEEDS, &plan)?;
        let low = over(&runs, lowest);
        table.row([
            reader.label().to_owned(),
            match story {
                Story::Relevant => "relevant sentences".to_owned(),
                Story::Whole => "all".to_owned(),
            },
            valid.to_owned(),
            format!("{low:.1}"),
            test.to_owned(),
            format!(
                "{:.1}",
                over(&runs, |run| METRIC.of(&run.measured.test.population))
            ),
            seeds(&runs),
            runs[0].measured.update.to_string(),
            seconds(&runs),
        ]);
        lows.push(low);
    }
    let better = |a: usize, b: usize, text: &str| {
        let (lstm, bn) = (lows[a], lows[b]);
        let numbers = format!("BN-e** {bn:.1} %, LSTM {lstm:.1} % wrong{}", spread(bn));
        Claim::new(text, lstm.exceeds(bn), numbers)
    };
    Ok(Report {
        table: Some(table),
        claims: vec![
            better(
                0,
                4,
                "BN-e** beats the LSTM in question answering, relevant sentences",
            ),
            better(5, 6, "BN-e** beats the LSTM in question answering, whole stories"),
        ],
        notes: vec![
            "valid: the lowest validation error of each run, as in the paper".to_owned(),
            END.to_owned(),
            format!(
                "γ of the attention starts at {}",
                attention_gamma(results, setting)?
            ),
        ],
        ..Report::default()
    })
}

//! Figure 3b: bits per character of the Penn Treebank's test part over the length of sequences.

use nn::context::Statistics;

use super::Target;
use super::common::{finished, planned};
use super::table2::USUAL_SEEDS;
use crate::device::DeviceChoice;
use crate::figure::{Curve, Figure, Line};
use crate::mean_std::MeanStd;
use crate::reproduce::experiments::{Network, Text, text, text_title};
use crate::reproduce::{Claim, GoodRun, Picture, Planned, Report, ReproduceError, Results, Setting};
use crate::task::{CharLm, Metric, Split};

pub const TARGET: Target = Target {
    name: "fig3b",
    title: "Figure 3b: test bits per character over the length of sequences, Penn Treebank",
    runs,
    report,
};

const METRIC: Metric = Metric::BitsPerCharacter;
/// Characters of the sequences that are read.
const LENGTHS: [usize; 11] = [50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000];
/// What may be lost beyond the length of training, in bits per character, and still holds: the
/// differences that the paper reports as gains are several times as large.
const TOLERANCE: f64 = 0.01;

fn runs(setting: &Setting) -> Result<Vec<Planned>, ReproduceError> {
    let plan = |seed| text(setting, Text::PennTreebank, Network::BN, seed);
    let lstm = |seed| text(setting, Text::PennTreebank, Network::Lstm, seed);
    let mut all = planned(setting, USUAL_SEEDS, &plan)?;
    all.extend(planned(setting, USUAL_SEEDS, &lstm)?);
    Ok(all)
}

/// Bits per character for each length, of one run.
struct Measured {
    seed: u64,
    population: Vec<(f64, f64)>,
    batch: Vec<(f64, f64)>,
}

fn measure(run: &GoodRun, device: DeviceChoice) -> Result<Measured, ReproduceError> {
    let mut trainer = run.run.trainer(device)?;
    let characters = run.run.task.text().expect("a character model");
    let mut measured = Measured {
        seed: run.run.config.training.seed,
        population: Vec::new(),
        batch: Vec::new(),
    };
    for length in LENGTHS {
        let task: CharLm = characters.with_length(length, Split::Test)?;
        let kinds = [Statistics::Population, Statistics::Batch];
        let scores = trainer.evaluate_on(&task, Split::Test, kinds);
        let [population, batch] = scores.expect("population statistics were estimated");
        measured.population.push((length as f64, METRIC.of(&population)));
        measured.batch.push((length as f64, METRIC.of(&batch)));
    }
    Ok(measured)
}

fn report(setting: &Setting, results: &Results, device: DeviceChoice) -> Result<Report, ReproduceError> {
    let title = format!("Figure 3b: {}", text_title(setting, Text::PennTreebank)?);
    let mut figure = Figure::new(title, "characters of a sequence", format!("test {METRIC}"));
    let mut population = Curve::new("BN-LSTM, population statistics");
    let mut batch = Curve::new("BN-LSTM, batch statistics").with_line(Line::Dashed);
    let mut lstm = Curve::new("LSTM").with_line(Line::Dotted);
    let (mut within, mut beyond, mut with_batch) = (Vec::new(), Vec::new(), Vec::new());
    let plan = |seed| text(setting, Text::PennTreebank, Network::BN, seed);
    let trained = finished(setting, results, USUAL_SEEDS, &plan)?;
    let length = trained[0].run.task.text().expect("a character model").length();
    for run in trained {
        let measured = measure(run, device)?;
        // The longest sequence that is not longer than those of training, or the shortest.
        let at = LENGTHS.iter().rposition(|&other| other <= length).unwrap_or(0);
        within.push(measured.population[at].1);
        beyond.push(measured.population[LENGTHS.len() - 1].1);
        with_batch.push(measured.batch[LENGTHS.len() - 1].1);
        population = population.with_seed(measured.seed, measured.population);
        batch = batch.with_seed(measured.seed, measured.batch);
    }
    let plan = |seed| text(setting, Text::PennTreebank, Network::Lstm, seed);
    for run in finished(setting, results, USUAL_SEEDS, &plan)? {
        let measured = measure(run, device)?;
        lstm = lstm.with_seed(measured.seed, measured.population);
    }
    figure.curves = vec![lstm, batch, population];
    let no_loss = within
        .iter()
        .zip(&beyond)
        .all(|(within, beyond)| *beyond <= within + TOLERANCE);
    // Longer sequences are easier, since fewer characters are the first ones: so the statistics of the
    // batch at hand are to be no better either.
    let mut pairs = with_batch.iter().zip(&beyond);
    let no_worse = pairs.all(|(batch, beyond)| *beyond <= batch + TOLERANCE);
    let [within, beyond, with_batch] = [within, beyond, with_batch].map(|values| MeanStd::of(&values));
    let claim = Claim::new(
        "population statistics hold beyond the length of training",
        no_loss && no_worse,
        format!(
            "{within:.3} bits at the length of training, {beyond:.3} at 1000 characters, {with_batch:.3} with \
             batch statistics"
        ),
    );
    Ok(Report {
        pictures: vec![("fig3b".to_owned(), Picture::Figure(figure))],
        claims: vec![claim],
        ..Report::default()
    })
}

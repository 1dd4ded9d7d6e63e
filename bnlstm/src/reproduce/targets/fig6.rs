//! Figure 6: training with different initial γ.

use super::Target;
use super::common::{curve, finished, learning_axes, over, planned, spread, test};
use super::table1;
use crate::device::DeviceChoice;
use crate::figure::{Color, Figure, Sheet};
use crate::mean_std::MeanStd;
use crate::reproduce::experiments::{Network, Order, Text, images, images_title, text, text_title};
use crate::reproduce::{Claim, GoodRun, Picture, Planned, Report, ReproduceError, Results, Setting};
use crate::task::Metric;

pub const TARGET: Target = Target {
    name: "fig6",
    title: "Figure 6: training with different initial γ, permuted MNIST and Penn Treebank",
    runs,
    report,
};

const GAMMAS: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 1.0];
/// Seeds of the text in the quick form.
const TEXT_SEEDS: u64 = 1;
/// What a large γ may cost the character model, as a share of its bits, and do no harm.
const HARMLESS: f64 = 0.02;

fn image_runs(setting: &Setting, gamma: f64) -> impl Fn(u64) -> Result<Planned, ReproduceError> {
    move |seed| images(setting, Order::Permuted, Network::BatchNormalized(gamma), seed)
}

fn text_runs(setting: &Setting, gamma: f64) -> impl Fn(u64) -> Result<Planned, ReproduceError> {
    move |seed| text(setting, Text::PennTreebank, Network::BatchNormalized(gamma), seed)
}

fn runs(setting: &Setting) -> Result<Vec<Planned>, ReproduceError> {
    let mut all = Vec::new();
    for gamma in GAMMAS {
        let seeds = table1::usual_seeds(setting);
        all.extend(planned(setting, seeds, &image_runs(setting, gamma))?);
        all.extend(planned(setting, TEXT_SEEDS, &text_runs(setting, gamma))?);
    }
    Ok(all)
}

/// Adds the curves of one γ; returns the test scores.
fn add(panel: &mut Figure, gamma: f64, metric: Metric, runs: &[&GoodRun]) -> MeanStd {
    let color = Color::Ordered((gamma - GAMMAS[0]) / (GAMMAS[GAMMAS.len() - 1] - GAMMAS[0]));
    let curve = curve(format!("γ = {gamma}"), metric, runs).with_color(color);
    panel.curves.push(curve);
    over(runs, test(metric))
}

fn report(setting: &Setting, results: &Results, _: DeviceChoice) -> Result<Report, ReproduceError> {
    let mut pixels = learning_axes(format!("permuted {}", images_title(setting)?), Metric::Accuracy);
    let title = text_title(setting, Text::PennTreebank)?;
    let mut characters = learning_axes(title, Metric::BitsPerCharacter);
    let (mut accuracies, mut bits) = (Vec::new(), Vec::new());
    for gamma in GAMMAS {
        let seeds = table1::usual_seeds(setting);
        let runs = finished(setting, results, seeds, &image_runs(setting, gamma))?;
        accuracies.push(add(&mut pixels, gamma, Metric::Accuracy, &runs));
        let runs = finished(setting, results, TEXT_SEEDS, &text_runs(setting, gamma))?;
        bits.push(add(&mut characters, gamma, Metric::BitsPerCharacter, &runs));
    }
    let mut sheet = Sheet::new("Figure 6: initial γ of the batch-normalized LSTM");
    sheet.panels = vec![pixels, characters];
    let last = GAMMAS.len() - 1;
    let claims = vec![
        Claim::new(
            "a large γ hurts where memory must be long",
            accuracies[0].exceeds(accuracies[last]),
            format!(
                "accuracy γ = 0.1 {:.1} %, γ = 1 {:.1} %{}",
                accuracies[0],
                accuracies[last],
                spread(accuracies[0])
            ),
        ),
        Claim::new(
            "but not the character model",
            bits[last].mean <= bits[0].mean * (1.0 + HARMLESS),
            format!(
                "γ = 0.1 {:.3}, γ = 1 {:.3} bits per character{}",
                bits[0],
                bits[last],
                spread(bits[0])
            ),
        ),
    ];
    Ok(Report {
        pictures: vec![("fig6".to_owned(), Picture::Sheet(sheet))],
        claims,
        ..Report::default()
    })
}

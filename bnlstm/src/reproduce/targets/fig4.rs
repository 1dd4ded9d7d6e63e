//! Figure 4: error rates on the CNN questions while training.

use super::Target;
use super::common::{curve, finished, learning_axes};
use super::table4::{self, USUAL_SEEDS};
use crate::device::DeviceChoice;
use crate::figure::Sheet;
use crate::reproduce::experiments::{Reader, Story, questions, questions_title};
use crate::reproduce::{Picture, Report, ReproduceError, Results, Setting};
use crate::task::Metric;

pub const TARGET: Target = Target {
    name: "fig4",
    title: "Figure 4: validation error on the CNN questions while training",
    runs: table4::runs,
    report,
};

const METRIC: Metric = Metric::ErrorRate;

fn report(setting: &Setting, results: &Results, _: DeviceChoice) -> Result<Report, ReproduceError> {
    let mut sheet = Sheet::new(format!("Figure 4: {}", questions_title(setting)?));
    let whole = [Reader::Lstm, Reader::StarStar];
    for (story, title, readers) in [
        (Story::Relevant, "relevant sentences", &Reader::ALL[..]),
        (Story::Whole, "whole stories", &whole[..]),
    ] {
        let mut panel = learning_axes(title, METRIC);
        for &reader in readers {
            let plan = |seed| questions(setting, story, reader, seed);
            let runs = finished(setting, results, USUAL_SEEDS, &plan)?;
            panel.curves.push(curve(reader.label(), METRIC, &runs));
        }
        sheet.panels.push(panel);
    }
    Ok(Report {
        pictures: vec![("fig4".to_owned(), Picture::Sheet(sheet))],
        ..Report::default()
    })
}

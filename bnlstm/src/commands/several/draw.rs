//! Learning curves of several runs.

use super::Measured;
use super::table;
use crate::commands::Failure;
use crate::commands::output::line;
use crate::comparison::RunResult;
use crate::figure::{Figure, Sheet};
use crate::run_directory::ResultsDirectory;
use crate::sweep::Plan;

/// What is drawn of all results.
const TITLE: &str = "Validation under population statistics";

/// Draws the learning curves, if any run has got to an evaluation.
pub(super) fn draw(plan: &Plan, measured: &[Measured], directory: &ResultsDirectory) -> Result<(), Failure> {
    let seen = |result: &RunResult| !result.records().is_empty();
    let drawn = measured
        .iter()
        .filter(|alike| alike.comparison.results.iter().any(seen));
    let figures: Vec<Figure> = drawn
        .map(|alike| table::learning_curves(&title(plan), alike.metric, &alike.comparison))
        .collect();
    if figures.is_empty() {
        line(format_args!(
            "no learning curves: no run has got to an evaluation"
        ))?;
        return Ok(());
    }
    for extension in ["png", "svg", "csv"] {
        let path = directory.figure(&format!("learning_curves.{extension}"));
        match figures.as_slice() {
            [figure] => figure.save(&path)?,
            figures => {
                let mut sheet = Sheet::new(TITLE);
                sheet.panels.extend_from_slice(figures);
                sheet.save(&path)?;
            }
        }
    }
    let path = directory.figure("learning_curves.png");
    line(format_args!("learning curves: {}", path.display()))?;
    Ok(())
}

/// What is drawn, with the task if all runs have the same.
fn title(plan: &Plan) -> String {
    let mut tasks = plan
        .combinations
        .iter()
        .map(|combination| &combination.config.task);
    let first = tasks.next().expect("a plan has runs");
    match tasks.all(|task| task == first) {
        true => format!("{TITLE}: {first}"),
        false => TITLE.to_owned(),
    }
}

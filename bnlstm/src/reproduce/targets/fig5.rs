//! Figure 5: population statistics over time.

use super::Target;
use crate::device::DeviceChoice;
use crate::figure::{Color, Curve, Figure, Sheet};
use crate::population::{Courses, courses};
use crate::reproduce::experiments::{Network, Text, text, text_title};
use crate::reproduce::{Claim, Picture, Planned, Report, ReproduceError, Results, Setting};

pub const TARGET: Target = Target {
    name: "fig5",
    title: "Figure 5: population statistics over time, Penn Treebank",
    runs: |setting| Ok(vec![run(setting)?]),
    report,
};

/// Units whose statistics are drawn, chosen at random.
const UNITS: usize = 30;
const UNIT_SEED: u64 = 1;
/// Of a standard deviation and of a variance: what is nearer to the end than that is stationary.
const TOLERANCE: f64 = 0.1;
/// Sites with the names of their statistics and what they are called.
const SITES: [(&str, &str); 2] = [("lstm/norm_h", "recurrent term"), ("lstm/norm_c", "cell")];

fn run(setting: &Setting) -> Result<Planned, ReproduceError> {
    text(setting, Text::PennTreebank, Network::BN, 1)
}

fn panel(title: String, y_label: &str, units: &[Vec<f64>]) -> Figure {
    let mut panel = Figure::new(title, "time step t", y_label);
    for (index, unit) in units.iter().enumerate() {
        let points = unit.iter().enumerate();
        let points = points.map(|(t, &value)| ((t + 1) as f64, value)).collect();
        let shade = index as f64 / units.len() as f64;
        let curve = Curve::new(format!("unit {index}")).with_seed(1, points);
        panel.curves.push(curve.with_color(Color::Ordered(shade)).thin());
    }
    panel
}

fn report(setting: &Setting, results: &Results, device: DeviceChoice) -> Result<Report, ReproduceError> {
    let run = results.run(&run(setting)?.name);
    let trainer = run.run.trainer(device)?;
    let title = text_title(setting, Text::PennTreebank)?;
    let mut sheet = Sheet::new(format!(
        "Figure 5: population statistics of {UNITS} units, {title}"
    ));
    sheet.note = Some(format!("one line a unit; {} updates", run.measured.update));
    let mut settled = Vec::new();
    for (path, name) in SITES {
        let Courses { mean, variance, .. } = &courses(trainer.store(), path, UNITS, UNIT_SEED)
            .expect("the run has estimated its population statistics");
        sheet.panels.push(panel(format!("{name}: mean"), "mean", mean));
        sheet
            .panels
            .push(panel(format!("{name}: variance"), "variance", variance));
        let all = courses(trainer.store(), path, usize::MAX, UNIT_SEED).expect("the same statistics");
        settled.push((name, all.steps(), all.distances().settled(TOLERANCE)));
    }
    let numbers: Vec<String> = settled
        .iter()
        .map(|(name, steps, settled)| match settled {
            Some(step) => format!("{name} after {step} of {steps} steps"),
            None => format!("{name} not within {steps} steps"),
        })
        .collect();
    let claim = Claim::new(
        "the statistics become stationary",
        settled.iter().all(|(_, _, settled)| settled.is_some()),
        format!("to a tenth of a standard deviation: {}", numbers.join(", ")),
    );
    Ok(Report {
        pictures: vec![("fig5".to_owned(), Picture::Sheet(sheet))],
        claims: vec![claim],
        ..Report::default()
    })
}

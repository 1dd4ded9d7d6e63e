//! Figure 1a: gradient norms over time at initialization.

use super::Target;
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::figure::{Color, Curve, Figure, Scale, Sheet};
use crate::reproduce::experiments::{images_title, recurrent_network};
use crate::reproduce::{Claim, Picture, Report, ReproduceError, Results, Setting};
use crate::task::Task;
use crate::trainer::Trainer;

pub const TARGET: Target = Target {
    name: "fig1a",
    title: "Figure 1a: gradient norms over time in a batch-normalized RNN, at initialization",
    runs: |_| Ok(Vec::new()),
    report,
};

const GAMMAS: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Batches that norms are averaged over.
const BATCHES: usize = 2;
/// Over the whole sequence, gradients that shrink by less are nearly flat, and those that shrink by
/// more have lost orders of magnitude.
const FLAT: f64 = 0.1;
const LOST: f64 = 1e-3;

/// How the recurrent weights start.
const INITS: [(&str, &str); 2] = [
    ("identity", "recurrent weights: identity"),
    ("orthogonal", "recurrent weights: orthogonal"),
];

/// `‖∂loss/∂h_t‖` for each step. In double precision, since single precision loses what is below
/// 1e-38.
fn norms(config: &RunConfig, task: &dyn Task, device: DeviceChoice) -> Vec<f64> {
    Trainer::<f64>::new(config, task, &device.open()).gradient_norms(BATCHES)
}

fn report(setting: &Setting, _: &Results, device: DeviceChoice) -> Result<Report, ReproduceError> {
    let mut sheet = Sheet::new(format!(
        "Figure 1a: tanh RNN on {}, sum of its terms batch-normalized",
        images_title(setting)?
    ));
    let mut ratios = Vec::new();
    let task = recurrent_network(setting, INITS[0].0, GAMMAS[0])?.task.load()?;
    for (init, title) in INITS {
        let mut panel = Figure::new(title, "time step t", "‖∂loss/∂h_t‖");
        panel.y_scale = Scale::Log;
        panel.note = Some("one network for each γ, before training".to_owned());
        for gamma in GAMMAS {
            let config = recurrent_network(setting, init, gamma)?;
            let norms = norms(&config, task.as_ref(), device);
            ratios.push((init, gamma, norms[0] / norms[norms.len() - 1]));
            let points = norms.iter().enumerate();
            let points = points.map(|(t, &norm)| ((t + 1) as f64, norm)).collect();
            let curve = Curve::new(format!("γ = {gamma}")).with_seed(1, points);
            panel.curves.push(curve.with_color(Color::Ordered(gamma)));
        }
        sheet.panels.push(panel);
    }
    let ratio = |init: &str, gamma: f64| {
        let mut all = ratios.iter();
        all.find(|(i, g, _)| (*i, *g) == (init, gamma))
            .expect("measured")
            .2
    };
    let [small, large] = [ratio("identity", 0.1), ratio("identity", 1.0)];
    let [orthogonal_small, orthogonal_large] = [ratio("orthogonal", 0.1), ratio("orthogonal", 1.0)];
    let claim = Claim::new(
        "a small γ keeps gradients where a large one loses them",
        small >= FLAT && large <= LOST,
        format!("first over last step: γ = 0.1 {small:.2}, γ = 1 {large:.1e}"),
    );
    let note = format!(
        "with orthogonal recurrent weights it is {orthogonal_small:.2} for γ = 0.1 and \
         {orthogonal_large:.1e} for γ = 1"
    );
    Ok(Report {
        pictures: vec![("fig1a".to_owned(), Picture::Sheet(sheet))],
        claims: vec![claim],
        notes: vec![note],
        ..Report::default()
    })
}

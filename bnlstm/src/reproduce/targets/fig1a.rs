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
/// Gradients that shrink or grow by less are nearly flat, those that shrink by more have lost orders of
/// magnitude.
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
    let mut courses = Vec::new();
    let task = recurrent_network(setting, INITS[0].0, GAMMAS[0])?.task.load()?;
    for (init, title) in INITS {
        let mut panel = Figure::new(title, "time step t", "‖∂loss/∂h_t‖");
        panel.y_scale = Scale::Log;
        panel.note = Some("one network for each γ, before training".to_owned());
        for gamma in GAMMAS {
            let config = recurrent_network(setting, init, gamma)?;
            let norms = norms(&config, task.as_ref(), device);
            courses.push(Course::of(init, gamma, &norms));
            let points = norms.iter().enumerate();
            let points = points.map(|(t, &norm)| ((t + 1) as f64, norm)).collect();
            let curve = Curve::new(format!("γ = {gamma}")).with_seed(1, points);
            panel.curves.push(curve.with_color(Color::Ordered(gamma)));
        }
        sheet.panels.push(panel);
    }
    let claims = INITS.map(|(init, _)| claim(&courses, init));
    Ok(Report {
        pictures: vec![("fig1a".to_owned(), Picture::Sheet(sheet))],
        claims: claims.into(),
        ..Report::default()
    })
}

/// What the norms of one network do, going back in time from the last step.
struct Course {
    init: &'static str,
    gamma: f64,
    /// Smallest, largest and first norm, of the last one.
    smallest: f64,
    largest: f64,
    first: f64,
}

impl Course {
    fn of(init: &'static str, gamma: f64, norms: &[f64]) -> Self {
        let last = norms[norms.len() - 1];
        Self {
            init,
            gamma,
            smallest: norms.iter().copied().fold(f64::INFINITY, f64::min) / last,
            largest: norms.iter().copied().fold(0.0, f64::max) / last,
            first: norms[0] / last,
        }
    }
}

/// Whether gradients are nearly flat with the smallest γ, and lost with the largest.
fn claim(courses: &[Course], init: &str) -> Claim {
    let find = |gamma: f64| {
        let mut courses = courses.iter();
        let found = courses.find(|course| course.init == init && course.gamma == gamma);
        found.expect("every γ was measured")
    };
    let (small, large) = (find(GAMMAS[0]), find(GAMMAS[GAMMAS.len() - 1]));
    let flat = small.smallest >= FLAT && small.largest <= 1.0 / FLAT;
    let lost = large.first <= LOST && large.largest <= 1.0 / FLAT;
    Claim::new(
        format!("a small γ keeps gradients where a large one loses them, {init} recurrent weights"),
        flat && lost,
        format!(
            "of the last step's norm: γ = 0.1 from {:.2} to {:.2}, γ = 1 {:.1e} at the first step",
            small.smallest, small.largest, large.first
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: i32 = 64;

    /// What is said of networks whose norms grow by these factors from one step to the next, with the
    /// smallest and with the largest γ.
    fn seen(small: f64, large: f64) -> bool {
        let course = |gamma: f64, factor: f64| {
            let norms: Vec<f64> = (0..STEPS).map(|t| factor.powi(t)).collect();
            Course::of("identity", gamma, &norms)
        };
        let largest = GAMMAS[GAMMAS.len() - 1];
        claim(&[course(GAMMAS[0], small), course(largest, large)], "identity").seen
    }

    #[test]
    fn the_claim_is_seen_of_courses_that_show_it_only() {
        // Nearly flat, and lost by orders of magnitude.
        assert!(seen(1.0, 1.3));
        assert!(seen(1.01, 1.3) && seen(0.99, 1.3));
        // Not flat: lost or grown.
        assert!(!seen(1.3, 1.3) && !seen(0.8, 1.3));
        // Not lost: flat, or grown instead.
        assert!(!seen(1.0, 1.0) && !seen(1.0, 0.8));
        assert!(!seen(1.3, 1.0));
    }

    #[test]
    fn what_is_no_number_shows_nothing() {
        assert!(!seen(f64::NAN, 1.3) && !seen(1.0, f64::NAN));
    }
}

//! Figure 1b: the derivative of tanh over the spread of its argument.

use super::Target;
use crate::device::DeviceChoice;
use crate::figure::{Curve, Figure};
use crate::reproduce::{Picture, Report, ReproduceError, Results, Setting};
use crate::saturation::tanh_derivative;

pub const TARGET: Target = Target {
    name: "fig1b",
    title: "Figure 1b: the derivative of tanh over the standard deviation of its argument",
    runs: |_| Ok(Vec::new()),
    report,
};

/// Standard deviations from 0 to 1 that are drawn.
const POINTS: u32 = 100;

fn report(_: &Setting, _: &Results, _: DeviceChoice) -> Result<Report, ReproduceError> {
    let spreads: Vec<_> = (0..=POINTS)
        .map(|point| f64::from(point) / f64::from(POINTS))
        .map(|sigma| (sigma, tanh_derivative(sigma)))
        .collect();
    let mean = spreads
        .iter()
        .map(|(sigma, spread)| (*sigma, spread.mean))
        .collect();
    let quartiles = spreads
        .iter()
        .map(|(sigma, spread)| (*sigma, spread.lower, spread.upper))
        .collect();
    let mut figure = Figure::new(
        "Figure 1b: derivative of tanh at x ~ N(0, σ²)",
        "standard deviation σ",
        "tanh′(x)",
    );
    let curve = Curve::new("mean").with_seed(1, mean);
    figure.curves = vec![curve.with_band("quartiles", quartiles)];
    figure.note = Some("band: quartiles, 25 to 75 %; by quadrature".to_owned());
    Ok(Report {
        pictures: vec![("fig1b".to_owned(), Picture::Figure(figure))],
        ..Report::default()
    })
}

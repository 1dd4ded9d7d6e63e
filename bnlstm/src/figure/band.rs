//! Mean and spread of a curve over its seeds.

use super::{Curve, Scale};
use crate::mean_std::MeanStd;

/// What is drawn of a curve: pieces between values that have no place on the axes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Pieces {
    /// Points (x, y).
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Points (x, lower, upper); lower may be beyond a logarithmic axis.
    pub bands: Vec<Vec<(f64, f64, f64)>>,
}

/// The mean over the seeds, with the given band or one standard deviation to both sides.
pub(super) fn pieces(curve: &Curve, x_scale: Scale, y_scale: Scale) -> Pieces {
    let spread = over_seeds(curve);
    let line = spread.iter().map(|&(x, mean, _)| (x, mean));
    let lines = split(line, |&(x, mean)| x_scale.has(x) && y_scale.has(mean));
    let band: Vec<_> = match &curve.band {
        Some(band) => band.points.clone(),
        None => spread
            .iter()
            .map(|&(x, mean, half)| (x, mean - half, mean + half))
            .collect(),
    };
    let mut bands = split(band.into_iter(), |&(x, lower, upper)| {
        x_scale.has(x) && lower.is_finite() && y_scale.has(upper)
    });
    bands.retain(|piece| piece.iter().any(|(_, lower, upper)| lower != upper));
    Pieces { lines, bands }
}

/// Each x with the mean over the seeds and one standard deviation, which is 0 for a single seed.
fn over_seeds(curve: &Curve) -> Vec<(f64, f64, f64)> {
    let seeds = curve.seeds.iter();
    let mut points: Vec<(f64, f64)> = seeds.flat_map(|(_, points)| points.iter().copied()).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Comparison, not bits: 0 and −0 are the same place.
    points
        .chunk_by(|a, b| a.0 == b.0)
        .map(|group| {
            let values: Vec<f64> = group.iter().map(|point| point.1).collect();
            let found = MeanStd::of(&values);
            (group[0].0, found.mean, found.standard_deviation.unwrap_or(0.0))
        })
        .collect()
}

/// The stretches of points that have a place.
fn split<P>(points: impl Iterator<Item = P>, has_place: impl Fn(&P) -> bool) -> Vec<Vec<P>> {
    let mut pieces = vec![Vec::new()];
    for point in points {
        if has_place(&point) {
            pieces.last_mut().expect("there is always a piece").push(point);
        } else {
            pieces.push(Vec::new());
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Pieces, pieces};
    use crate::figure::{Curve, Scale};

    fn linear(curve: &Curve) -> Pieces {
        pieces(curve, Scale::Linear, Scale::Linear)
    }

    #[test]
    fn seeds_are_joined_where_they_have_points() {
        let curve = Curve::new("a")
            .with_seed(0, vec![(1.0, 1.0), (2.0, 4.0)])
            .with_seed(1, vec![(1.0, 3.0), (3.0, 5.0)]);
        let half = 2.0f64.sqrt();
        let found = linear(&curve);
        assert_eq!(found.lines, [[(1.0, 2.0), (2.0, 4.0), (3.0, 5.0)]]);
        let band = [(1.0, 2.0 - half, 2.0 + half), (2.0, 4.0, 4.0), (3.0, 5.0, 5.0)];
        assert_eq!(found.bands, [band]);
    }

    #[test]
    fn a_diverged_seed_leaves_a_gap() {
        let curve = Curve::new("a").with_seed(0, vec![(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]);
        let curve = curve.with_seed(1, vec![(1.0, 1.0), (2.0, f64::NAN), (3.0, 3.0)]);
        assert_eq!(linear(&curve).lines, [[(1.0, 1.0)], [(3.0, 3.0)]]);
        let infinite = Curve::new("b").with_seed(0, vec![(1.0, f64::INFINITY)]);
        assert_eq!(linear(&infinite), Pieces::default());
    }

    #[test]
    fn what_is_not_positive_is_a_gap_on_a_logarithmic_axis() {
        let points = vec![(0.0, 1.0), (1.0, 1.0), (2.0, 0.0), (3.0, 3.0), (4.0, -1.0)];
        let curve = Curve::new("a").with_seed(0, points);
        let found = pieces(&curve, Scale::Linear, Scale::Log);
        assert_eq!(found.lines, [vec![(0.0, 1.0), (1.0, 1.0)], vec![(3.0, 3.0)]]);
        let found = pieces(&curve, Scale::Log, Scale::Log);
        assert_eq!(found.lines, [[(1.0, 1.0)], [(3.0, 3.0)]]);
    }

    #[test]
    fn a_given_band_takes_the_place_of_the_deviation() {
        let given = vec![(0.0, 0.5, 0.75), (2.0, 0.25, 1.0), (3.0, f64::NAN, 1.0)];
        let curve = Curve::new("a")
            .with_seed(0, vec![(1.0, 1.0)])
            .with_seed(1, vec![(1.0, 3.0)])
            .with_band("quartiles", given.clone());
        let found = linear(&curve);
        assert_eq!(found.lines, [[(1.0, 2.0)]]);
        assert_eq!(found.bands, [given[..2].to_vec()]);
    }
}

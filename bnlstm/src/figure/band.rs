//! Mean and spread of a curve over its seeds.

use super::Curve;
use crate::mean_std::MeanStd;

/// The values of all seeds at one x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BandPoint {
    pub x: f64,
    pub mean: f64,
    /// Half the height of the band: one standard deviation, 0 for a single seed.
    pub half: f64,
}

/// A curve over its seeds, in pieces between values that are not finite.
pub(super) fn pieces(curve: &Curve) -> Vec<Vec<BandPoint>> {
    let mut points: Vec<(f64, f64)> = curve
        .seeds
        .iter()
        .flat_map(|(_, points)| points.iter().copied())
        .filter(|(x, _)| x.is_finite())
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut pieces = vec![Vec::new()];
    // Comparison, not bits: 0 and −0 are the same place.
    for group in points.chunk_by(|a, b| a.0 == b.0) {
        let values: Vec<f64> = group.iter().map(|point| point.1).collect();
        let found = MeanStd::of(&values);
        let half = found.standard_deviation.unwrap_or(0.0);
        if found.mean.is_finite() && half.is_finite() {
            let point = BandPoint {
                x: group[0].0,
                mean: found.mean,
                half,
            };
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
    use super::{BandPoint, pieces};
    use crate::figure::Curve;

    #[test]
    fn seeds_are_joined_where_they_have_points() {
        let curve = Curve::new("a")
            .with_seed(0, vec![(1.0, 1.0), (2.0, 4.0)])
            .with_seed(1, vec![(1.0, 3.0), (3.0, 5.0)]);
        let expected = vec![
            BandPoint {
                x: 1.0,
                mean: 2.0,
                half: 2.0f64.sqrt(),
            },
            BandPoint {
                x: 2.0,
                mean: 4.0,
                half: 0.0,
            },
            BandPoint {
                x: 3.0,
                mean: 5.0,
                half: 0.0,
            },
        ];
        assert_eq!(pieces(&curve), [expected]);
    }

    #[test]
    fn a_diverged_seed_leaves_a_gap() {
        let curve = Curve::new("a").with_seed(0, vec![(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]);
        let curve = curve.with_seed(1, vec![(1.0, 1.0), (2.0, f64::NAN), (3.0, 3.0)]);
        let found = pieces(&curve);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0][0].x, found[1][0].x), (1.0, 3.0));
        assert!(pieces(&Curve::new("b").with_seed(0, vec![(1.0, f64::INFINITY)])).is_empty());
    }
}

//! Cutting lines and bands to the range of the vertical axis.

type Point = (f64, f64);

/// The parts of a polyline that lie within `low..=high`.
pub(super) fn line(points: &[Point], low: f64, high: f64) -> Vec<Vec<Point>> {
    if let [only] = points {
        return if (low..=high).contains(&only.1) {
            vec![vec![*only]]
        } else {
            Vec::new()
        };
    }
    let mut parts: Vec<Vec<Point>> = Vec::new();
    for ends in points.windows(2) {
        let Some((from, to)) = segment(ends[0], ends[1], low, high) else {
            continue;
        };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

/// The part of one segment that lies within `low..=high`.
fn segment(a: Point, b: Point, low: f64, high: f64) -> Option<(Point, Point)> {
    let inside = |point: Point| (low..=high).contains(&point.1);
    if (a.1 < low && b.1 < low) || (a.1 > high && b.1 > high) {
        return None;
    }
    let end = |point: Point| {
        if inside(point) {
            return point;
        }
        let y = if point.1 < low { low } else { high };
        (crossing(a, b, y), y)
    };
    Some((end(a), end(b)))
}

/// Where the line through two points of different height reaches a height.
fn crossing(a: Point, b: Point, y: f64) -> f64 {
    a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0)
}

/// The outline of the band between two polylines over the same x, cut to `low..=high`.
///
/// Each edge gets a point where it leaves the range, so that the cut band keeps its slopes.
pub(super) fn band(lower: &[Point], upper: &[Point], low: f64, high: f64) -> Vec<Point> {
    let mut outline = edge(upper, low, high);
    outline.extend(edge(lower, low, high).into_iter().rev());
    outline
}

fn edge(points: &[Point], low: f64, high: f64) -> Vec<Point> {
    let mut edge: Vec<Point> = points.iter().map(|&(x, y)| (x, y.clamp(low, high))).collect();
    for ends in points.windows(2) {
        for y in [low, high] {
            if (ends[0].1 < y) != (ends[1].1 < y) {
                edge.push((crossing(ends[0], ends[1], y), y));
            }
        }
    }
    edge.sort_by(|a, b| a.0.total_cmp(&b.0));
    edge
}

#[cfg(test)]
mod tests {
    use super::{band, line};

    #[test]
    fn a_line_inside_stays_whole() {
        let points = [(0.0, 0.0), (1.0, 1.0), (2.0, 0.5)];
        assert_eq!(line(&points, 0.0, 1.0), [points.to_vec()]);
    }

    #[test]
    fn a_line_is_cut_where_it_leaves_and_returns() {
        let found = line(&[(0.0, 0.0), (2.0, 2.0), (4.0, 0.0)], 0.0, 1.0);
        assert_eq!(
            found,
            [vec![(0.0, 0.0), (1.0, 1.0)], vec![(3.0, 1.0), (4.0, 0.0)]]
        );
        let through = line(&[(0.0, -1.0), (4.0, 3.0)], 0.0, 1.0);
        assert_eq!(through, [vec![(1.0, 0.0), (2.0, 1.0)]]);
        assert!(line(&[(0.0, 2.0), (1.0, 3.0)], 0.0, 1.0).is_empty());
    }

    #[test]
    fn single_points_are_kept_or_dropped() {
        assert_eq!(line(&[(0.0, 0.5)], 0.0, 1.0), [vec![(0.0, 0.5)]]);
        assert!(line(&[(0.0, 1.5)], 0.0, 1.0).is_empty());
    }

    #[test]
    fn a_band_is_cut_with_its_slopes() {
        let lower = [(0.0, 0.0), (2.0, 0.5)];
        let upper = [(0.0, 0.5), (2.0, 1.5)];
        let expected = [(0.0, 0.5), (1.0, 1.0), (2.0, 1.0), (2.0, 0.5), (0.0, 0.0)];
        assert_eq!(band(&lower, &upper, 0.0, 1.0), expected);
        // An edge that ends on the limit needs no further point there.
        assert_eq!(band(&[(0.0, 0.5)], &[(0.0, 0.5)], 0.0, 1.0).len(), 2);
    }
}

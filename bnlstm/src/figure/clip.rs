//! Cutting lines and areas to a rectangle.

type Point = (f64, f64);

/// A rectangle in pixels; y grows downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn center(&self) -> Point {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    /// The rectangle without strips at its sides.
    pub fn without(&self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            left: self.left + left,
            top: self.top + top,
            right: self.right - right,
            bottom: self.bottom - bottom,
        }
    }

    /// The four half planes whose intersection the rectangle is.
    fn sides(&self) -> [Side; 4] {
        [
            Side {
                vertical: true,
                sign: 1.0,
                at: self.left,
            },
            Side {
                vertical: true,
                sign: -1.0,
                at: self.right,
            },
            Side {
                vertical: false,
                sign: 1.0,
                at: self.top,
            },
            Side {
                vertical: false,
                sign: -1.0,
                at: self.bottom,
            },
        ]
    }
}

/// The points on one side of a vertical or horizontal line.
struct Side {
    vertical: bool,
    /// 1 if greater coordinates are inside, −1 if smaller ones are.
    sign: f64,
    at: f64,
}

impl Side {
    fn coordinate(&self, point: Point) -> f64 {
        if self.vertical { point.0 } else { point.1 }
    }

    fn has(&self, point: Point) -> bool {
        self.sign * (self.coordinate(point) - self.at) >= 0.0
    }

    /// Where the line through two points on different sides meets this one.
    fn crossing(&self, a: Point, b: Point) -> Point {
        let part = (self.at - self.coordinate(a)) / (self.coordinate(b) - self.coordinate(a));
        if self.vertical {
            (self.at, a.1 + part * (b.1 - a.1))
        } else {
            (a.0 + part * (b.0 - a.0), self.at)
        }
    }
}

/// The parts of a polyline that lie within the rectangle.
pub(super) fn line(points: &[Point], rect: &Rect) -> Vec<Vec<Point>> {
    if let [only] = points {
        let inside = rect.sides().iter().all(|side| side.has(*only));
        return if inside { vec![vec![*only]] } else { Vec::new() };
    }
    let mut parts: Vec<Vec<Point>> = Vec::new();
    for ends in points.windows(2) {
        let Some((from, to)) = segment(ends[0], ends[1], rect) else {
            continue;
        };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

/// The part of one segment that lies within the rectangle.
fn segment(mut a: Point, mut b: Point, rect: &Rect) -> Option<(Point, Point)> {
    for side in rect.sides() {
        match (side.has(a), side.has(b)) {
            (false, false) => return None,
            (false, true) => a = side.crossing(a, b),
            (true, false) => b = side.crossing(a, b),
            (true, true) => {}
        }
    }
    Some((a, b))
}

/// The part of a polygon that lies within the rectangle: Sutherland & Hodgman 1974, "Reentrant
/// polygon clipping".
pub(super) fn polygon(outline: &[Point], rect: &Rect) -> Vec<Point> {
    let mut outline = outline.to_vec();
    for side in rect.sides() {
        let mut cut = Vec::with_capacity(outline.len());
        for (index, &to) in outline.iter().enumerate() {
            let from = outline[(index + outline.len() - 1) % outline.len()];
            if side.has(from) != side.has(to) {
                cut.push(side.crossing(from, to));
            }
            if side.has(to) {
                cut.push(to);
            }
        }
        outline = cut;
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::{Rect, line, polygon};

    const UNIT: Rect = Rect {
        left: 0.0,
        top: 0.0,
        right: 4.0,
        bottom: 1.0,
    };

    #[test]
    fn a_line_inside_stays_whole() {
        let points = [(0.0, 0.0), (1.0, 1.0), (2.0, 0.5)];
        assert_eq!(line(&points, &UNIT), [points.to_vec()]);
    }

    #[test]
    fn a_line_is_cut_where_it_leaves_and_returns() {
        let found = line(&[(0.0, 0.0), (2.0, 2.0), (4.0, 0.0)], &UNIT);
        assert_eq!(
            found,
            [vec![(0.0, 0.0), (1.0, 1.0)], vec![(3.0, 1.0), (4.0, 0.0)]]
        );
        let through = line(&[(0.0, -1.0), (4.0, 3.0)], &UNIT);
        assert_eq!(through, [vec![(1.0, 0.0), (2.0, 1.0)]]);
        assert!(line(&[(0.0, 2.0), (1.0, 3.0)], &UNIT).is_empty());
        let beyond = line(&[(3.0, 0.0), (5.0, 1.0)], &UNIT);
        assert_eq!(beyond, [vec![(3.0, 0.0), (4.0, 0.5)]]);
    }

    #[test]
    fn single_points_are_kept_or_dropped() {
        assert_eq!(line(&[(0.0, 0.5)], &UNIT), [vec![(0.0, 0.5)]]);
        assert!(line(&[(0.0, 1.5)], &UNIT).is_empty());
        assert!(line(&[(-1.0, 0.5)], &UNIT).is_empty());
    }

    #[test]
    fn an_area_is_cut_with_its_slopes() {
        let found = polygon(&[(0.0, 0.0), (0.0, 0.5), (2.0, 1.5), (2.0, 0.5)], &UNIT);
        let expected = [(0.0, 0.0), (0.0, 0.5), (1.0, 1.0), (2.0, 1.0), (2.0, 0.5)];
        assert_eq!(found, expected);
        assert!(polygon(&[(0.0, 2.0), (1.0, 2.0), (1.0, 3.0)], &UNIT).is_empty());
    }
}

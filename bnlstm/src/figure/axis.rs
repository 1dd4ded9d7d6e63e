//! From numbers to places on an axis.

use super::ticks::{self, Tick};

/// How numbers are spread on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal differences are equally long.
    #[default]
    Linear,
    /// Equal ratios are equally long; numbers that are not above zero have no place.
    Log,
}

impl Scale {
    /// Whether a number has a place.
    pub(super) fn has(self, value: f64) -> bool {
        value.is_finite() && (self == Self::Linear || value > 0.0)
    }

    /// What is spread equally: the number or its decimal logarithm.
    fn spread(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.log10(),
        }
    }
}

/// An axis from a lower to a greater number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    /// Ends as they are spread.
    low: f64,
    high: f64,
}

impl Axis {
    /// An axis with given ends, if it has an extent.
    pub fn new(scale: Scale, (low, high): (f64, f64)) -> Option<Self> {
        let axis = Self {
            scale,
            low: scale.spread(low),
            high: scale.spread(high),
        };
        let ends = scale.has(low) && scale.has(high) && axis.low < axis.high;
        (ends && (axis.high - axis.low).is_finite()).then_some(axis)
    }

    /// An axis on which all values have a place, with a part of its extent more at both ends.
    pub fn around(scale: Scale, values: impl Iterator<Item = f64>, pad: f64) -> Option<Self> {
        let values = values.filter(|value| scale.has(*value));
        let (low, high) = extent(values.map(|value| scale.spread(value)))?;
        let (low, high) = match scale {
            Scale::Linear => widened((low, high), low.abs() / 2.0),
            Scale::Log => widened((low, high), 0.5),
        };
        let pad = pad * (high - low);
        Some(Self {
            scale,
            low: low - pad,
            high: high + pad,
        })
    }

    /// Where a number is: 0 at the lower end, 1 at the upper end, and beyond outside.
    ///
    /// Numbers without a place on a logarithmic axis are at its lower end.
    pub fn place(&self, value: f64) -> f64 {
        if self.scale == Scale::Log && value <= 0.0 {
            return 0.0;
        }
        (self.scale.spread(value) - self.low) / (self.high - self.low)
    }

    /// Numbers to write along the axis, `most` of them at most (two or more).
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        match self.scale {
            Scale::Linear => ticks::linear(self.low, self.high, most),
            Scale::Log => ticks::logarithmic(self.low, self.high, most),
        }
    }

    /// Numbers to mark between those that are written.
    pub fn marks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => Vec::new(),
            Scale::Log => ticks::marks(self.low, self.high),
        }
    }
}

/// Least and greatest value, if there is any.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |found, value| {
        let (low, high) = found.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// A range of no extent made wide enough to draw.
fn widened((low, high): (f64, f64), half: f64) -> (f64, f64) {
    if low < high {
        return (low, high);
    }
    let half = if half == 0.0 { 0.5 } else { half };
    (low - half, high + half)
}

#[cfg(test)]
mod tests {
    use super::{Axis, Scale};

    fn around(scale: Scale, values: &[f64], pad: f64) -> Option<(f64, f64)> {
        Axis::around(scale, values.iter().copied(), pad).map(|axis| (axis.low, axis.high))
    }

    #[test]
    fn ranges_always_have_an_extent() {
        let linear = |values| around(Scale::Linear, values, 0.0);
        assert_eq!(linear(&[2.0, -1.0, 3.0]), Some((-1.0, 3.0)));
        assert_eq!(linear(&[]), None);
        assert_eq!(linear(&[0.0]), Some((-0.5, 0.5)));
        assert_eq!(linear(&[-4.0, -4.0]), Some((-6.0, -2.0)));
        assert_eq!(around(Scale::Linear, &[0.0, 100.0], 0.04), Some((-4.0, 104.0)));
        assert_eq!(around(Scale::Log, &[100.0], 0.0), Some((1.5, 2.5)));
    }

    #[test]
    fn numbers_that_are_not_positive_do_not_count_on_a_logarithmic_axis() {
        let values = [0.0, 0.01, -3.0, 100.0, f64::NAN, f64::INFINITY];
        assert_eq!(around(Scale::Log, &values, 0.0), Some((-2.0, 2.0)));
        assert_eq!(around(Scale::Log, &[0.0, -1.0], 0.0), None);
    }

    #[test]
    fn places_are_parts_of_the_axis() {
        let linear = Axis::new(Scale::Linear, (10.0, 20.0)).unwrap();
        assert_eq!(
            [5.0, 10.0, 15.0, 20.0].map(|v| linear.place(v)),
            [-0.5, 0.0, 0.5, 1.0]
        );
        let log = Axis::new(Scale::Log, (0.01, 100.0)).unwrap();
        assert_eq!(
            [0.01, 0.1, 1.0, 100.0].map(|v| log.place(v)),
            [0.0, 0.25, 0.5, 1.0]
        );
        assert_eq!([0.0, -7.0].map(|v| log.place(v)), [0.0, 0.0]);
    }

    #[test]
    fn given_ends_need_an_extent() {
        for range in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert_eq!(Axis::new(Scale::Linear, range), None, "{range:?}");
        }
        assert_eq!(Axis::new(Scale::Log, (0.0, 1.0)), None);
        assert_eq!(Axis::new(Scale::Log, (-1.0, 1.0)), None);
    }
}

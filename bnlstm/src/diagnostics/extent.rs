//! The range of some numbers.

use std::fmt;

use autodiff::Tensor;
use kernels::Real;

use crate::number::six_digits;

/// The range of the elements of a tensor, and how many of them are no numbers or infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The smallest finite element; infinite if there is none.
    pub smallest: f64,
    /// The largest finite element; minus infinity if there is none.
    pub largest: f64,
    /// How many are NaN.
    pub nan: usize,
    /// How many are infinite.
    pub infinite: usize,
    /// How many there are.
    pub elements: usize,
}

impl Extent {
    /// Of a tensor.
    pub fn of<T: Real>(tensor: &Tensor<T>) -> Self {
        Self::of_numbers(tensor.to_vec().into_iter().map(T::as_f64))
    }

    pub(crate) fn of_numbers(numbers: impl Iterator<Item = f64>) -> Self {
        let nothing = Self {
            smallest: f64::INFINITY,
            largest: f64::NEG_INFINITY,
            nan: 0,
            infinite: 0,
            elements: 0,
        };
        numbers.fold(nothing, |mut extent, x| {
            extent.elements += 1;
            if x.is_finite() {
                extent.smallest = extent.smallest.min(x);
                extent.largest = extent.largest.max(x);
            } else if x.is_nan() {
                extent.nan += 1;
            } else {
                extent.infinite += 1;
            }
            extent
        })
    }

    /// Whether every element is a finite number.
    pub fn is_finite(&self) -> bool {
        self.bad() == 0
    }

    /// How many elements are not.
    pub fn bad(&self) -> usize {
        self.nan + self.infinite
    }

    /// The largest size of a finite element; 0 if there is none.
    pub fn size(&self) -> f64 {
        self.largest.max(-self.smallest).max(0.0)
    }
}

impl fmt::Display for Extent {
    /// `from -1 to 2.5`, and `with 3 NaN` after it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.smallest <= self.largest {
            true => {
                let (smallest, largest) = (six_digits(self.smallest), six_digits(self.largest));
                write!(f, "from {smallest} to {largest}")?;
            }
            false => f.write_str("without a finite number")?,
        }
        for (count, what) in [(self.nan, "NaN"), (self.infinite, "infinite")] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use autodiff::Device;

    use super::*;

    #[test]
    fn ranges_are_of_what_is_finite() {
        let device = Device::<f64>::reference();
        let extent = |numbers: &[f64]| Extent::of(&device.tensor([numbers.len()], numbers));
        let good = extent(&[0.5, -3.0, 2.0]);
        assert_eq!(good.to_string(), "from -3 to 2");
        assert!(good.is_finite());
        assert_eq!(good.size(), 3.0);
        let mixed = extent(&[f64::NAN, 1.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!(mixed.to_string(), "from 1 to 1, 1 NaN, 2 infinite");
        assert_eq!((mixed.bad(), mixed.elements), (3, 4));
        let bad = extent(&[f64::NAN]);
        assert_eq!(bad.to_string(), "without a finite number, 1 NaN");
        assert_eq!(bad.size(), 0.0);
    }
}

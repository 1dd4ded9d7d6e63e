//! One interface for the vector types of `wide`.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use bytemuck::Pod;
use wide::{f32x8, f32x16, f64x4, f64x8, u32x8, u32x16, u64x4, u64x8};

/// A vector of [`Lanes::N`] elements.
///
/// Comparisons give masks: all bits of a lane set where they hold.
pub trait Lanes:
    Pod
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// The element type.
    type Elem: Pod;

    /// Number of lanes.
    const N: usize;

    /// Largest integer `n` for which `2ⁿ` is finite; [`Lanes::exp2_integer`] takes `±n` around 0.
    const MAX_EXPONENT: i32;

    /// `value` in every lane.
    fn splat(value: Self::Elem) -> Self;

    /// `value`, rounded to the element type, in every lane.
    fn constant(value: f64) -> Self;

    /// The first `N` elements of `from`.
    fn load(from: &[Self::Elem]) -> Self;

    /// Writes the first `N` elements of `to`.
    fn store(self, to: &mut [Self::Elem]);

    /// All of `from`, fewer than `N` elements, with zeros behind.
    fn load_partial(from: &[Self::Elem]) -> Self;

    /// Fills all of `to`, fewer than `N` elements.
    fn store_partial(self, to: &mut [Self::Elem]);

    /// The vector that starts at element `i`; lanes past the end are 0.
    #[inline(always)]
    fn load_at(from: &[Self::Elem], i: usize) -> Self {
        match from.get(i..i + Self::N) {
            Some(lanes) => Self::load(lanes),
            None => Self::load_partial(&from[i.min(from.len())..]),
        }
    }

    /// Writes the vector that starts at element `i`; lanes past the end are dropped.
    #[inline(always)]
    fn store_at(self, to: &mut [Self::Elem], i: usize) {
        match to.get_mut(i..i + Self::N) {
            Some(lanes) => self.store(lanes),
            None => {
                let start = i.min(to.len());
                self.store_partial(&mut to[start..]);
            }
        }
    }

    /// Splits into whole vectors and a rest of fewer than `N` elements.
    fn split(from: &[Self::Elem]) -> (impl ExactSizeIterator<Item = Self> + '_, &[Self::Elem]);

    /// `self · b + c`, rounded once where the build has fused multiply-add.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// `c − self · b`, rounded once where the build has fused multiply-add.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;

    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// Absolute value.
    fn abs(self) -> Self;

    /// The smaller of `self` and `bound`; a NaN in `self` stays.
    fn at_most(self, bound: Self) -> Self;

    /// The larger of `self` and `bound`; a NaN in `self` stays.
    fn at_least(self, bound: Self) -> Self;

    /// Mask of `self < other`.
    fn less(self, other: Self) -> Self;

    /// Mask of the NaN lanes.
    fn nan(self) -> Self;

    /// `yes` where this mask is set, else `no`.
    fn choose(self, yes: Self, no: Self) -> Self;

    /// Magnitude of `self` with the sign of `sign`.
    fn with_sign_of(self, sign: Self) -> Self;

    /// Nearest integer, ties to even, for magnitudes below 2²¹ (`f32`) or 2⁵⁰ (`f64`).
    fn nearest_integer(self) -> Self;

    /// `2ⁿ` for the integer `n` in every lane, `−MAX_EXPONENT < n ≤ MAX_EXPONENT`.
    fn exp2_integer(self) -> Self;

    /// Sum of the lanes, in a fixed order.
    fn sum(self) -> Self::Elem;

    /// Lane by lane through a function of one element.
    fn each(self, f: impl Fn(Self::Elem) -> Self::Elem) -> Self;
}

macro_rules! lanes {
    ($($vector:ty, $bits:ty, $elem:ty, $uint:ty, $n:literal;)*) => {$(
        impl Lanes for $vector {
            type Elem = $elem;
            const N: usize = $n;
            const MAX_EXPONENT: i32 = <$elem>::MAX_EXP - 1;

            #[inline(always)]
            fn splat(value: $elem) -> Self {
                <$vector>::splat(value)
            }

            #[inline(always)]
            fn constant(value: f64) -> Self {
                <$vector>::splat(value as $elem)
            }

            #[inline(always)]
            fn load(from: &[$elem]) -> Self {
                Self::from(*from.first_chunk::<$n>().expect("a whole vector"))
            }

            #[inline(always)]
            fn store(self, to: &mut [$elem]) {
                *to.first_chunk_mut::<$n>().expect("a whole vector") = self.to_array();
            }

            #[inline(always)]
            fn load_partial(from: &[$elem]) -> Self {
                let mut lanes = [0.0; $n];
                lanes[..from.len()].copy_from_slice(from);
                Self::from(lanes)
            }

            #[inline(always)]
            fn store_partial(self, to: &mut [$elem]) {
                let len = to.len();
                to.copy_from_slice(&self.to_array()[..len]);
            }

            #[inline(always)]
            fn split(from: &[$elem]) -> (impl ExactSizeIterator<Item = Self> + '_, &[$elem]) {
                let (whole, rest) = from.as_chunks::<$n>();
                (whole.iter().map(|lanes| Self::from(*lanes)), rest)
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                <$vector>::mul_add(self, b, c)
            }

            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                <$vector>::mul_neg_add(self, b, c)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                <$vector>::sqrt(self)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                <$vector>::abs(self)
            }

            #[inline(always)]
            fn at_most(self, bound: Self) -> Self {
                bound.less(self).choose(bound, self)
            }

            #[inline(always)]
            fn at_least(self, bound: Self) -> Self {
                self.less(bound).choose(bound, self)
            }

            #[inline(always)]
            fn less(self, other: Self) -> Self {
                self.simd_lt(other)
            }

            #[inline(always)]
            fn nan(self) -> Self {
                !self.simd_eq(self)
            }

            #[inline(always)]
            fn choose(self, yes: Self, no: Self) -> Self {
                self.select(yes, no)
            }

            #[inline(always)]
            fn with_sign_of(self, sign: Self) -> Self {
                <$vector>::copysign(self, sign)
            }

            #[inline(always)]
            fn nearest_integer(self) -> Self {
                // Adding 1.5 · 2^(digits − 1) moves the fraction out of the mantissa.
                let shift = <$vector>::splat(1.5 / <$elem>::EPSILON);
                (self + shift) - shift
            }

            #[inline(always)]
            fn exp2_integer(self) -> Self {
                // The low mantissa bits of n + shift are n; moved up they are the exponent.
                let shift = <$vector>::splat(1.5 / <$elem>::EPSILON);
                let bias = <$bits>::splat((<$elem>::MAX_EXP - 1) as $uint);
                Self::from_bits(((self + shift).to_bits() + bias) << (<$elem>::MANTISSA_DIGITS - 1) as $uint)
            }

            #[inline(always)]
            fn sum(self) -> $elem {
                let mut lanes = self.to_array();
                let mut half = $n / 2;
                while half > 0 {
                    for i in 0..half {
                        lanes[i] += lanes[i + half];
                    }
                    half /= 2;
                }
                lanes[0]
            }

            #[inline(always)]
            fn each(self, f: impl Fn($elem) -> $elem) -> Self {
                Self::from(self.to_array().map(f))
            }
        }
    )*};
}

lanes! {
    f32x8, u32x8, f32, u32, 8;
    f32x16, u32x16, f32, u32, 16;
    f64x4, u64x4, f64, u64, 4;
    f64x8, u64x8, f64, u64, 8;
}

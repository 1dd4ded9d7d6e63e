//! The closed list of elementwise functions and reductions that every device knows.

use crate::Real;

/// A function of one element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unary<T> {
    /// `-x`
    Neg,
    /// `|x|`
    Abs,
    /// `x²`
    Square,
    /// `√x`
    Sqrt,
    /// `1 / x`
    Recip,
    /// `eˣ`
    Exp,
    /// natural logarithm
    Ln,
    /// `tanh x`
    Tanh,
    /// `σ(x) = 1 / (1 + e⁻ˣ)`
    Sigmoid,
    /// `max(x, 0)`
    Relu,
    /// `x · s`
    Scale(T),
    /// `x + s`
    Shift(T),
    /// `1` where `x > 0`, else `0`
    Positive,
    /// `-1`, `0` or `1`, the sign of `x`
    Sign,
    /// Factor that brings a sum of squares `x` down to the norm `s`: `min(1, s / (√x + 1e-6))`; NaN
    /// for NaN.
    ClipFactor(T),
}

/// A function of two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `a + b`
    Add,
    /// `a − b`
    Sub,
    /// `a · b`
    Mul,
    /// `a / b`
    Div,
    /// The larger one; NaN if either is NaN.
    Max,
    /// `a · (1 − b²)`: gradient `a` through `tanh`, whose value is `b`
    TanhGrad,
    /// `a · b · (1 − b)`: gradient `a` through `σ`, whose value is `b`
    SigmoidGrad,
}

/// A reduction along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Sum; 0 for an empty axis.
    Sum,
    /// Sum of squares; 0 for an empty axis.
    SumSquares,
    /// Largest element; −∞ for an empty axis, NaN if any element is NaN.
    Max,
}

impl<T: Real> Unary<T> {
    /// The definition, for one element.
    pub fn apply(self, x: T) -> T {
        let (zero, one) = (T::zero(), T::one());
        match self {
            Unary::Neg => -x,
            Unary::Abs => x.abs(),
            Unary::Square => x * x,
            Unary::Sqrt => x.sqrt(),
            Unary::Recip => one / x,
            Unary::Exp => x.exp(),
            Unary::Ln => x.ln(),
            Unary::Tanh => x.tanh(),
            Unary::Sigmoid => sigmoid(x),
            Unary::Relu if x.is_nan() => x,
            Unary::Relu => x.max(zero),
            Unary::Scale(s) => x * s,
            Unary::Shift(s) => x + s,
            Unary::Positive if x > zero => one,
            Unary::Positive => zero,
            Unary::Sign if x > zero => one,
            Unary::Sign if x < zero => -one,
            Unary::Sign => zero,
            Unary::ClipFactor(s) => clip_factor(x, s),
        }
    }
}

/// `σ(x)`, without cancellation or overflow on either side.
fn sigmoid<T: Real>(x: T) -> T {
    let e = (-x.abs()).exp();
    let numerator = if x < T::zero() { e } else { T::one() };
    numerator / (T::one() + e)
}

/// `min(1, bound / (√squares + 1e-6))`, of which [`Real`]'s `min` would make 1 for NaN.
fn clip_factor<T: Real>(squares: T, bound: T) -> T {
    let factor = bound / (squares.sqrt() + T::of(1e-6));
    if factor.is_nan() {
        factor
    } else {
        T::one().min(factor)
    }
}

impl Binary {
    /// The definition, for one pair of elements.
    pub fn apply<T: Real>(self, a: T, b: T) -> T {
        match self {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
            Binary::Max if a.is_nan() || b.is_nan() => T::nan(),
            Binary::Max => a.max(b),
            Binary::TanhGrad => a * (T::one() - b * b),
            Binary::SigmoidGrad => a * (b * (T::one() - b)),
        }
    }
}

//! Operands: what is drawn, and how.

use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use crate::Real;

/// Extents next to the sizes of vectors (4 to 16 lanes) and of register tiles.
const SIZES: [usize; 18] = [0, 1, 2, 3, 5, 6, 7, 8, 9, 15, 16, 17, 23, 31, 33, 47, 49, 65];

pub(super) fn size() -> impl Strategy<Value = usize> {
    select(&SIZES[..])
}

/// A kind of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Between -3 and 3.
    Ordinary,
    /// Mean 1e6, spread 1e-3: in `f32` all the same.
    Offset,
    /// Mean 1e6, spread 1: some tens of different numbers in `f32`.
    NearOffset,
    /// Magnitudes from 1e-3 to 1e15, whose squares still fit into `f32`.
    Large,
    /// Magnitudes from 1e-20 down to denormals of `f32`; squares underflow there.
    Tiny,
    /// Ordinary, with some NaN.
    Missing,
    /// Ordinary, with some NaN, infinities, signed zeros and denormals.
    Special,
    /// The whole range, and the limits of the types and of functions.
    Extreme,
}

const FINITE: [Kind; 5] = [
    Kind::Ordinary,
    Kind::Offset,
    Kind::NearOffset,
    Kind::Large,
    Kind::Tiny,
];

const SPECIAL: [f64; 9] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    1e-40,
    -1e-44,
    1e-310,
    -5e-324,
];

/// Limits of the types, and arguments where exponentials overflow, underflow and saturate.
const EXTREME: [f64; 20] = [
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    f32::MAX as f64,
    f32::MIN as f64,
    f32::MIN_POSITIVE as f64,
    1.0,
    -1.0,
    88.72,
    88.73,
    -87.34,
    -103.9,
    -104.5,
    709.7,
    709.8,
    -708.4,
    -744.5,
    -746.5,
    9.1,
    -19.1,
];

/// A sequence of numbers: the same ones whenever it is asked for the same stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    pub kind: Kind,
    pub seed: u64,
}

/// Values of finite kinds, and those named in `others`.
pub(super) fn values(others: &[Kind]) -> impl Strategy<Value = Values> + use<> {
    let kinds = [&FINITE[..], others].concat();
    (select(kinds), any::<u64>()).prop_map(|(kind, seed)| Values { kind, seed })
}

impl Values {
    /// The same seed with another kind.
    pub(super) fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// `len` numbers of one operand, which has a `stream` of its own.
    pub(super) fn take(self, stream: u64, len: usize) -> Vec<f64> {
        let mut random = Random(self.seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03));
        (0..len).map(|_| self.kind.draw(&mut random)).collect()
    }

    /// The numbers as the nearest ones of type `T`.
    pub(super) fn rounded<T: Real>(self, stream: u64, len: usize) -> Vec<f64> {
        let values = self.take(stream, len);
        values.into_iter().map(rounded::<T>).collect()
    }

    /// `len` indices below `bound`.
    pub(super) fn indices(self, stream: u64, len: usize, bound: usize) -> Vec<u32> {
        let mut random = Random(self.seed ^ stream);
        let below = |random: &mut Random| (random.unit() * bound as f64) as u32;
        (0..len).map(|_| below(&mut random)).collect()
    }
}

/// The nearest number of type `T`.
pub(super) fn rounded<T: Real>(x: f64) -> f64 {
    T::of(x).as_f64()
}

impl Kind {
    fn draw(self, random: &mut Random) -> f64 {
        let ordinary = 3.0 * random.signed();
        match self {
            Kind::Ordinary => ordinary,
            Kind::Offset => 1e6 + 1e-3 * random.signed(),
            Kind::NearOffset => 1e6 + random.signed(),
            Kind::Large => random.magnitude(-3.0, 15.0),
            Kind::Tiny => random.magnitude(-44.0, -20.0),
            Kind::Missing if random.unit() < 0.04 => f64::NAN,
            Kind::Special if random.unit() < 0.06 => random.one_of(&SPECIAL),
            Kind::Missing | Kind::Special => ordinary,
            Kind::Extreme => match random.one_of(&[0, 1, 2, 3]) {
                0 => random.one_of(&SPECIAL),
                1 => random.one_of(&EXTREME),
                2 => random.magnitude(-45.0, 38.0),
                _ => 110.0 * random.signed(),
            },
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014), so that the suite draws the same on every machine.
struct Random(u64);

impl Random {
    /// Uniform in `[0, 1)`.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `[-1, 1)`.
    fn signed(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }

    /// Either sign, with a magnitude whose decimal logarithm is uniform between two bounds.
    fn magnitude(&mut self, low: f64, high: f64) -> f64 {
        let sign = self.signed().signum();
        sign * 10_f64.powf(low + (high - low) * self.unit())
    }

    fn one_of<V: Copy>(&mut self, choices: &[V]) -> V {
        choices[(self.unit() * choices.len() as f64) as usize]
    }
}

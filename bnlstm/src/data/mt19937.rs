//! The Mersenne Twister as `numpy.random.RandomState` uses it.
//!
//! M. Matsumoto, T. Nishimura: Mersenne Twister, ACM Transactions on Modeling and Computer
//! Simulation 8(1), 1998. The paper's authors drew their order of MNIST's pixels with it, which
//! nothing else reproduces. For all other random numbers there is ChaCha.

/// Numbers in the state, `n` of the paper.
const SIZE: usize = 624;
/// How far apart the numbers are that a new one is mixed from, `m` of the paper.
const MIDDLE: usize = 397;
/// The paper's matrix `A`, in its last row.
const MATRIX: u32 = 0x9908_b0df;
const UPPER: u32 = 0x8000_0000;

/// A generator of 32-bit numbers.
///
/// ```
/// use bnlstm::data::mt19937::Mt19937;
///
/// // The first output of the authors' program for its default seed.
/// assert_eq!(Mt19937::seed(5489).next_u32(), 3_499_211_612);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mt19937 {
    state: [u32; SIZE],
    /// Which number of the state comes next; at the end a new state is made.
    next: usize,
}

impl Mt19937 {
    /// The generator of `numpy.random.RandomState(seed)`, which is `init_genrand` of the authors'
    /// program of 2002.
    pub fn seed(seed: u32) -> Self {
        let mut state = [seed; SIZE];
        for index in 1..SIZE {
            let previous = state[index - 1];
            let mixed = previous ^ (previous >> 30);
            state[index] = mixed.wrapping_mul(1_812_433_253).wrapping_add(index as u32);
        }
        Self { state, next: SIZE }
    }

    /// The next number, each of 32 bits being equally likely 0 or 1.
    pub fn next_u32(&mut self) -> u32 {
        if self.next == SIZE {
            self.renew();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// `RandomState.randint(low, high, size=count)`: whole numbers from `low` to `high - 1`. Each draw
    /// is cut to the bits that `high - 1 - low` has, and drawn again while it is above this.
    ///
    /// # Panics
    /// If `high` is not above `low`, or more than 2³² above it, where NumPy draws 64 bits at once.
    #[track_caller]
    pub fn randint(&mut self, low: i64, high: i64, count: usize) -> Vec<i64> {
        let largest = high
            .checked_sub(low)
            .and_then(|range| u32::try_from(range.checked_sub(1)?).ok())
            .unwrap_or_else(|| {
                panic!("randint from {low} to below {high}: 1 to 2^32 different values would fit")
            });
        // A single value takes no draw.
        let mask = u32::MAX.checked_shr(largest.leading_zeros()).unwrap_or(0);
        (0..count)
            .map(|_| low + i64::from(self.masked(mask, largest)))
            .collect()
    }

    /// A number up to `largest`, of which `mask` has all bits.
    fn masked(&mut self, mask: u32, largest: u32) -> u32 {
        if largest == 0 {
            return 0;
        }
        loop {
            let drawn = self.next_u32() & mask;
            if drawn <= largest {
                return drawn;
            }
        }
    }

    /// Makes the next `n` numbers of the state from the last ones.
    fn renew(&mut self) {
        for index in 0..SIZE {
            let following = self.state[(index + 1) % SIZE];
            let y = (self.state[index] & UPPER) | (following & !UPPER);
            let twisted = (y >> 1) ^ if y & 1 == 1 { MATRIX } else { 0 };
            self.state[index] = self.state[(index + MIDDLE) % SIZE] ^ twisted;
        }
        self.next = 0;
    }
}

/// The order in which the authors' code reads the 784 pixels of an image for its permuted task:
/// `numpy.random.RandomState(1).randint(0, 784, size=784)`. It is drawn with replacement, hence no
/// permutation: 501 of the pixels are read, some of them several times.
pub fn authors_pixel_order() -> Vec<usize> {
    let drawn = Mt19937::seed(1).randint(0, 784, 784);
    drawn.into_iter().map(|pixel| pixel as usize).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_order_of_the_authors() {
        let order = authors_pixel_order();
        assert_eq!(order.len(), 784);
        assert_eq!(order[..8], [37, 235, 72, 767, 715, 645, 144, 129]);
        assert_eq!(order[779..], [246, 417, 166, 555, 103]);
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 501);
        // Of all of it, from NumPy 2.4.6: (numpy.arange(1, 785) * order).sum()
        let sum: usize = (1..=784).zip(&order).map(|(place, pixel)| place * pixel).sum();
        assert_eq!(sum, 118_230_881);
    }

    /// From NumPy 2.4.6: `r = numpy.random.RandomState(seed)`, then
    /// `r.randint(low, high, size=n, dtype=numpy.int64)` and, to see how many numbers that took,
    /// `r.randint(0, 2**32, size=2, dtype=numpy.int64)`.
    #[test]
    fn numbers_are_those_of_numpy() {
        type Case = (u32, i64, i64, &'static [i64], [i64; 2]);
        const CASES: [Case; 7] = [
            (
                1,
                0,
                784,
                &[37, 235, 72, 767, 715, 645, 144, 129, 583, 749, 508, 390],
                [4_018_109_721, 2_314_200_242],
            ),
            (
                0,
                0,
                10,
                &[5, 0, 3, 3, 7, 9, 3, 5, 2, 4, 7, 6],
                [243_580_376, 4_138_900_056],
            ),
            (
                42,
                -5,
                5,
                &[1, -2, 2, -1, 1, 4, -3, 1, 2, -1, -2, 2],
                [3_041_148_567, 2_795_544_706],
            ),
            (
                5489,
                0,
                1 << 32,
                &[3_499_211_612, 581_869_302, 3_890_346_734, 3_586_334_585],
                [545_404_204, 4_161_255_391],
            ),
            (
                u32::MAX,
                0,
                1_000_000,
                &[944_547, 147_746, 125_964, 830_535, 931_764, 851_520],
                [3_350_089_942, 3_309_765_114],
            ),
            (7, 3, 4, &[3, 3, 3], [327_741_615, 976_413_892]),
            (
                123,
                0,
                (1 << 31) + 1,
                &[
                    1_228_959_102,
                    1_840_268_610,
                    974_319_580,
                    2_109_339_754,
                    1_817_228_411,
                ],
                [3_350_193_721, 4_212_350_166],
            ),
        ];
        for (seed, low, high, expected, after) in CASES {
            let mut generator = Mt19937::seed(seed);
            assert_eq!(
                generator.randint(low, high, expected.len()),
                expected,
                "seed {seed}"
            );
            assert_eq!(generator.randint(0, 1 << 32, 2), after, "seed {seed}");
        }
    }

    #[test]
    #[should_panic(expected = "from 3 to below 3")]
    fn an_empty_range_panics() {
        Mt19937::seed(1).randint(3, 3, 1);
    }

    #[test]
    #[should_panic(expected = "2^32 different values would fit")]
    fn a_range_of_more_than_32_bits_panics() {
        Mt19937::seed(1).randint(-1, 1 << 32, 1);
    }
}

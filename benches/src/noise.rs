//! Data without meaning.

use kernels::Real;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// `len` independent values, uniform over `[−1, 1)`.
pub fn noise<T: Real>(len: usize, rng: &mut ChaCha8Rng) -> Vec<T> {
    (0..len).map(|_| T::of(rng.random_range(-1.0..1.0))).collect()
}

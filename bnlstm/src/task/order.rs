//! The order in which the pixels of an image are read.

use std::fmt;

use rand::seq::SliceRandom;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::mt19937::authors_pixel_order;
use crate::number::hex;

/// The order in which a sequence goes through the pixels of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PixelOrder {
    /// Row by row.
    Scan,
    /// One random permutation for all images.
    Permuted {
        /// Seed of the permutation, of its own: other seeds of a run do not change it.
        permutation_seed: u64,
    },
    /// For the 784 pixels of MNIST, what the paper's code reads in place of a permutation: 784 pixels
    /// drawn with replacement by numpy's `RandomState(1)`, 501 of them distinct.
    Authors,
}

impl PixelOrder {
    /// Which pixel is read at each step.
    pub fn indices(&self, pixels: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..pixels).collect();
        match *self {
            PixelOrder::Scan => order,
            PixelOrder::Permuted { permutation_seed } => {
                order.shuffle(&mut ChaCha8Rng::seed_from_u64(permutation_seed));
                order
            }
            PixelOrder::Authors => authors_pixel_order(),
        }
    }
}

impl fmt::Display for PixelOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PixelOrder::Scan => f.write_str("scan order"),
            PixelOrder::Permuted { permutation_seed } => write!(f, "permuted with seed {permutation_seed}"),
            PixelOrder::Authors => f.write_str("in the order of the paper's code, with replacement"),
        }
    }
}

/// Identity of an order: the first 16 digits of the SHA-256 of its indices as 32-bit little-endian
/// numbers.
pub(super) fn hash(indices: &[usize]) -> String {
    let mut sha = Sha256::new();
    for &index in indices {
        sha.update((index as u32).to_le_bytes());
    }
    hex(&sha.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_has_every_pixel_once_and_depends_on_its_seed_alone() {
        let order = |permutation_seed| PixelOrder::Permuted { permutation_seed }.indices(64);
        let mut sorted = order(1);
        assert_eq!(sorted, order(1));
        assert_ne!(sorted, order(2));
        sorted.sort_unstable();
        assert_eq!(sorted, PixelOrder::Scan.indices(64));
    }

    #[test]
    fn the_permutation_of_seed_1_never_changes() {
        let indices = PixelOrder::Permuted { permutation_seed: 1 }.indices(64);
        assert_eq!(hash(&indices), "e3c7906712c35c20");
        assert_eq!(hash(&PixelOrder::Scan.indices(64)), "fea7b32778ecbdd7");
    }
}

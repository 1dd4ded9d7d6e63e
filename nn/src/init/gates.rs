//! Matrices that hold one block of columns for each gate of a recurrent cell.

use kernels::Real;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{InitError, Initializer};

/// How to draw a matrix `[rows, G·H]` that holds the blocks `[rows, H]` of G gates side by side:
/// one initializer for each gate, in the order of the cell.
///
/// # Examples
/// ```
/// use nn::init::Gates;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// // The forget gate is the first of four; H = 2.
/// let bias: Vec<f32> = Gates::bias(4, 0, 1.0).sample(1, 2, &mut rng);
/// assert_eq!(bias, [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gates {
    /// One initializer for each gate.
    pub blocks: Vec<Initializer>,
}

impl Gates {
    /// Every one of `gates` blocks drawn alike and independently. Orthogonal blocks are orthogonal
    /// each by itself.
    pub fn alike(gates: usize, block: Initializer) -> Self {
        Self {
            blocks: vec![block; gates],
        }
    }

    /// Orthogonal blocks of gain 1, but for gate `identity`, whose block is the identity.
    ///
    /// With the cell's input gate g as `identity`, this is how the authors of recurrent batch
    /// normalization initialize W_h (Cooijmans et al. 2016, in their code).
    ///
    /// # Panics
    /// If `identity` is not below `gates`.
    #[track_caller]
    pub fn orthogonal_but_identity(gates: usize, identity: usize) -> Self {
        let block = Initializer::Orthogonal { gain: 1.0 };
        Self::alike(gates, block).with(identity, Initializer::Identity)
    }

    /// Zeros, but for gate `forget`, whose block is `value`: a bias that keeps the memory at first
    /// if it is 1 (Jozefowicz et al., 2015, *An empirical exploration of recurrent network
    /// architectures*).
    ///
    /// # Panics
    /// If `forget` is not below `gates`.
    #[track_caller]
    pub fn bias(gates: usize, forget: usize, value: f64) -> Self {
        Self::alike(gates, Initializer::Zeros).with(forget, Initializer::Constant { value })
    }

    /// The same with another initializer for one gate.
    ///
    /// # Panics
    /// If there is no such gate.
    #[track_caller]
    pub fn with(mut self, gate: usize, block: Initializer) -> Self {
        let gates = self.blocks.len();
        assert!(
            gate < gates,
            "initializer of gate {gate}, but there are {gates} gates"
        );
        self.blocks[gate] = block;
        self
    }

    /// Checks the numbers of all blocks, which may come from a configuration.
    ///
    /// # Errors
    /// The first fault that [`Initializer::check`] finds.
    pub fn check(&self) -> Result<(), InitError> {
        self.blocks.iter().try_for_each(Initializer::check)
    }

    /// A matrix `[rows, G·hidden_size]` in row-major order. The blocks are drawn one after another.
    ///
    /// # Panics
    /// If [`check`](Self::check) finds a fault.
    #[track_caller]
    pub fn sample<T: Real>(&self, rows: usize, hidden_size: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<T> {
        let columns = self.blocks.len() * hidden_size;
        let mut matrix = vec![T::zero(); rows * columns];
        for (gate, initializer) in self.blocks.iter().enumerate() {
            let block: Vec<T> = initializer.sample(rows, hidden_size, rng);
            for row in 0..rows {
                matrix[row * columns + gate * hidden_size..][..hidden_size]
                    .copy_from_slice(&block[row * hidden_size..][..hidden_size]);
            }
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    const H: usize = 5;

    /// Block `[rows, H]` of one gate out of four.
    fn block(matrix: &[f64], gate: usize) -> Vec<f64> {
        let rows = matrix.chunks_exact(4 * H);
        rows.flat_map(|row| &row[gate * H..][..H]).copied().collect()
    }

    #[test]
    fn blocks_are_orthogonal_but_one_is_the_identity() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let w_h: Vec<f64> = Gates::orthogonal_but_identity(4, 3).sample(H, H, &mut rng);
        assert_eq!(w_h.len(), H * 4 * H);
        for gate in 0..3 {
            let q = block(&w_h, gate);
            for i in 0..H {
                for j in 0..H {
                    let dot: f64 = (0..H).map(|k| q[k * H + i] * q[k * H + j]).sum();
                    let expected = f64::from(u8::from(i == j));
                    // Rounding of products with 5 reflections.
                    assert!((dot - expected).abs() < 1e-14, "gate {gate}: {dot}");
                }
            }
        }
        assert_ne!(block(&w_h, 0), block(&w_h, 1));
        let identity: Vec<f64> = Initializer::Identity.sample(H, H, &mut rng);
        assert_eq!(block(&w_h, 3), identity);
    }

    #[test]
    fn each_gate_has_its_place() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let gates = Gates::alike(4, Initializer::Zeros)
            .with(1, Initializer::Constant { value: 2.0 })
            .with(3, Initializer::Identity);
        let matrix: Vec<f64> = gates.sample(2, H, &mut rng);
        assert_eq!(block(&matrix, 0), [0.0; 2 * H]);
        assert_eq!(block(&matrix, 1), [2.0; 2 * H]);
        assert_eq!(block(&matrix, 3), [1., 0., 0., 0., 0., 0., 1., 0., 0., 0.]);
    }

    #[test]
    fn a_configuration_lists_the_gates() {
        let gates = Gates::bias(2, 1, 1.0);
        let text = serde_json::to_string(&gates).unwrap();
        assert_eq!(text, r#"[{"kind":"zeros"},{"kind":"constant","value":1.0}]"#);
        assert_eq!(serde_json::from_str::<Gates>(&text).unwrap(), gates);
        assert!(Gates::bias(2, 1, f64::NAN).check().is_err());
    }

    #[test]
    #[should_panic(expected = "initializer of gate 4, but there are 4 gates")]
    fn the_gate_must_exist() {
        Gates::orthogonal_but_identity(4, 4);
    }
}

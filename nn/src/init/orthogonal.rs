//! Random matrices with orthonormal rows or columns.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// Columns that are worked on together: few enough that they stay in the second-level cache while
/// all reflections pass over them, and as wide as some vector registers.
const PANEL: usize = 32;

/// A matrix `[rows, columns]`, row-major, with orthonormal columns, or rows if there are fewer of
/// them, drawn from the Haar measure.
///
/// This is Q of the decomposition Q·R of a Gaussian matrix, with the signs that make the diagonal
/// of R positive: only with these is Q Haar distributed (Mezzadri, 2007, *How to generate random
/// matrices from the classical compact groups*). Householder's reflection of column k is that of a
/// Gaussian vector of length n − k whatever the columns before it were, since a Gaussian vector
/// stays one when it is rotated. So the reflections are drawn directly, and the factorization that
/// would find them is not needed (Stewart, 1980, *The efficient generation of random orthogonal
/// matrices*).
pub(super) fn sample(rows: usize, columns: usize, rng: &mut (impl Rng + ?Sized)) -> Vec<f64> {
    let (long, short) = (rows.max(columns), rows.min(columns));
    let reflections: Vec<Reflection> = (0..short).map(|k| Reflection::draw(long - k, rng)).collect();
    let mut matrix = vec![0.0; rows * columns];
    for first in (0..short).step_by(PANEL) {
        let panel = orthonormal_panel(&reflections, first, long);
        let width = PANEL.min(short - first);
        for (i, values) in panel.iter().enumerate() {
            for (j, &value) in values[..width].iter().enumerate() {
                let (row, column) = if rows >= columns {
                    (i, first + j)
                } else {
                    (first + j, i)
                };
                matrix[row * columns + column] = value;
            }
        }
    }
    matrix
}

/// The reflection I − v·vᵀ that maps a vector x to −sign(x₀)·‖x‖ times the first unit vector.
struct Reflection {
    /// v = √2·u / ‖u‖ with u = x + sign(x₀)·‖x‖·e₀.
    v: Vec<f64>,
    /// Sign of the diagonal element of R: −sign(x₀).
    sign: f64,
}

impl Reflection {
    /// The reflection for a Gaussian vector.
    fn draw(length: usize, rng: &mut (impl Rng + ?Sized)) -> Self {
        loop {
            let x: Vec<f64> = (0..length).map(|_| rng.sample(StandardNormal)).collect();
            let norm = x.iter().map(|value| value * value).sum::<f64>().sqrt();
            // Zero has no direction. It is drawn with a probability of about 1e-16 for length 1.
            if norm > 0.0 {
                return Self::of(x, norm);
            }
        }
    }

    fn of(mut x: Vec<f64>, norm: f64) -> Self {
        let sign = 1.0_f64.copysign(x[0]);
        let first = x[0].abs();
        x[0] += sign * norm;
        // ‖u‖² / 2 = ‖x‖·(‖x‖ + |x₀|), without the rounding of another sum.
        let scale = (norm * (norm + first)).sqrt().recip();
        for value in &mut x {
            *value *= scale;
        }
        Self { v: x, sign: -sign }
    }
}

/// Columns `first..first + PANEL` of the product of all reflections, each with the sign of its
/// diagonal element of R: one array for each of the `long` rows. Columns beyond the last are 0.
fn orthonormal_panel(reflections: &[Reflection], first: usize, long: usize) -> Vec<[f64; PANEL]> {
    let mut panel = vec![[0.0; PANEL]; long];
    let end = reflections.len().min(first + PANEL);
    for (k, reflection) in reflections.iter().enumerate().take(end).skip(first) {
        panel[k][k - first] = reflection.sign;
    }
    // Reflection k changes rows k and below only, which are still 0 in columns before k. So those
    // after this panel have no effect on it.
    for (k, reflection) in reflections.iter().enumerate().take(end).rev() {
        reflect(&reflection.v, &mut panel[k..]);
    }
    panel
}

/// panel − v·(vᵀ·panel).
fn reflect(v: &[f64], panel: &mut [[f64; PANEL]]) {
    let mut dots = [0.0; PANEL];
    for (&v, row) in v.iter().zip(panel.iter()) {
        for (dot, &value) in dots.iter_mut().zip(row) {
            *dot += v * value;
        }
    }
    for (&v, row) in v.iter().zip(panel) {
        for (value, &dot) in row.iter_mut().zip(&dots) {
            *value -= v * dot;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    /// The largest deviation of `matrix · matrixᵀ` or `matrixᵀ · matrix`, whichever is smaller,
    /// from the identity.
    fn deviation(matrix: &[f64], rows: usize, columns: usize) -> f64 {
        let (long, short) = (rows.max(columns), rows.min(columns));
        let at = |unit: usize, i: usize| {
            if rows >= columns {
                matrix[i * columns + unit]
            } else {
                matrix[unit * columns + i]
            }
        };
        let mut worst = 0.0_f64;
        for a in 0..short {
            for b in 0..=a {
                let dot: f64 = (0..long).map(|i| at(a, i) * at(b, i)).sum();
                worst = worst.max((dot - f64::from(u8::from(a == b))).abs());
            }
        }
        worst
    }

    #[test]
    fn rows_or_columns_are_orthonormal() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (rows, columns) in [
            (1, 1),
            (2, 2),
            (31, 31),
            (32, 32),
            (33, 33),
            (100, 100),
            (1, 40),
            (40, 1),
            (100, 33),
            (33, 100),
            (128, 64),
        ] {
            let matrix = sample(rows, columns, &mut rng);
            let deviation = deviation(&matrix, rows, columns);
            // Rounding of products with up to 100 reflections: some tens of 2.2e-16.
            assert!(deviation < 1e-14, "{rows} x {columns}: {deviation:e}");
        }
        for (rows, columns) in [(0, 0), (0, 5), (5, 0)] {
            assert!(sample(rows, columns, &mut rng).is_empty());
        }
    }

    #[test]
    fn a_large_matrix_is_orthonormal() {
        let matrix = sample(500, 500, &mut ChaCha8Rng::seed_from_u64(4));
        let deviation = deviation(&matrix, 500, 500);
        assert!(deviation < 1e-13, "{deviation:e}");
    }

    #[test]
    fn a_reflection_maps_its_vector_to_the_first_axis() {
        let x = vec![-1.0, 2.0, -2.0];
        let reflection = Reflection::of(x.clone(), 3.0);
        let mut panel: Vec<_> = x.iter().map(|&value| [value; PANEL]).collect();
        reflect(&reflection.v, &mut panel);
        for (row, expected) in panel.iter().zip([3.0, 0.0, 0.0]) {
            // A few roundings of numbers up to 4.
            assert!((row[0] - expected).abs() < 4e-15, "{row:?}");
        }
        assert_eq!(reflection.sign, 1.0);
    }

    /// Moments of the Haar measure on 3 × 3 matrices: E q = 0, E q² = 1/3, E q⁴ = 3/(3·5),
    /// E tr = 0, E tr² = 1, and half of the determinants are positive. Without the signs, the
    /// diagonal would lean to one side.
    #[test]
    fn the_distribution_is_haar() {
        const N: usize = 40_000;
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut sums = [0.0; 6];
        for _ in 0..N {
            let q = sample(3, 3, &mut rng);
            let trace = q[0] + q[4] + q[8];
            let determinant = q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6])
                + q[2] * (q[3] * q[7] - q[4] * q[6]);
            let values = [
                q[0],
                q[0].powi(2),
                q[8].powi(4),
                trace,
                trace.powi(2),
                determinant,
            ];
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        let expected = [0.0, 1.0 / 3.0, 0.2, 0.0, 1.0, 0.0];
        for (i, (sum, expected)) in sums.iter().zip(expected).enumerate() {
            // The standard deviations are at most 1.5, those of the means at most 0.0075: four of
            // those.
            let mean = sum / N as f64;
            assert!((mean - expected).abs() < 0.03, "moment {i}: {mean}, {expected}");
        }
    }
}

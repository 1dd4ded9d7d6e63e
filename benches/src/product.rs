//! Matrix products, each by several contenders on the same operands.

use std::fmt;
use std::sync::Arc;

use bench_peers::Element;
use kernels::{Backend, Buffer, Cpu, Gemm, Real};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Who multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// [`Cpu`] with a number of threads.
    Cpu(usize),
    /// The crate `gemm` with a number of threads.
    Gemm(usize),
    /// The crate `matrixmultiply`, on the calling thread.
    Matrixmultiply,
}

impl Contender {
    /// All that are compared: on one thread, and on two where the contender has threads.
    pub const ALL: [Self; 5] = [
        Self::Cpu(1),
        Self::Gemm(1),
        Self::Matrixmultiply,
        Self::Cpu(2),
        Self::Gemm(2),
    ];
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu(threads) => write!(f, "cpu-{threads}"),
            Self::Gemm(threads) => write!(f, "gemm-{threads}"),
            Self::Matrixmultiply => write!(f, "matrixmultiply-1"),
        }
    }
}

/// A matrix product that is ready to be computed again and again.
#[derive(Debug)]
pub struct Product<T: Element> {
    dims: Gemm,
    side: Side<T>,
}

/// A contender, with the matrices in its own kind of memory.
#[derive(Debug)]
enum Side<T> {
    Cpu {
        cpu: Arc<dyn Backend<T>>,
        a: Buffer<T>,
        b: Buffer<T>,
        c: Buffer<T>,
    },
    Gemm {
        threads: usize,
        matrices: Matrices<T>,
    },
    Matrixmultiply(Matrices<T>),
}

/// Operands and result in the host's memory.
#[derive(Debug)]
struct Matrices<T> {
    a: Vec<T>,
    b: Vec<T>,
    c: Vec<T>,
}

impl<T: Real> Matrices<T> {
    /// Operands with elements from `[−1, 1)`, the same at every call.
    fn new(dims: Gemm) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut matrix = |len| (0..len).map(|_| T::of(rng.random_range(-1.0..1.0))).collect();
        Self {
            a: matrix(dims.m * dims.k),
            b: matrix(dims.k * dims.n),
            c: vec![T::nan(); dims.m * dims.n],
        }
    }
}

impl<T: Element> Product<T> {
    /// The product `dims` by `contender`. All contenders get the same operands.
    ///
    /// # Panics
    /// If the contender has 0 threads.
    #[track_caller]
    pub fn new(contender: Contender, dims: Gemm) -> Self {
        let matrices = Matrices::new(dims);
        let side = match contender {
            Contender::Cpu(threads) => {
                let cpu = T::cpu(Cpu::new(threads));
                let [a, b, c] =
                    [&matrices.a, &matrices.b, &matrices.c].map(|from| upload(cpu.as_ref(), from));
                Side::Cpu { cpu, a, b, c }
            }
            Contender::Gemm(threads) => Side::Gemm { threads, matrices },
            Contender::Matrixmultiply => Side::Matrixmultiply(matrices),
        };
        Self { dims, side }
    }

    /// Computes the product.
    #[track_caller]
    pub fn run(&mut self) {
        match &mut self.side {
            Side::Cpu { cpu, a, b, c } => cpu.gemm(self.dims, a.view(), b.view(), c.view_mut()),
            Side::Gemm {
                threads,
                matrices: Matrices { a, b, c },
            } => {
                bench_peers::gemm(self.dims, *threads, a, b, c);
            }
            Side::Matrixmultiply(Matrices { a, b, c }) => bench_peers::matrixmultiply(self.dims, a, b, c),
        }
    }

    /// The result `[m, n]` of the last [`run`](Self::run), or NaN before the first one.
    pub fn result(&self) -> Vec<T> {
        match &self.side {
            Side::Cpu { cpu, c, .. } => {
                let mut result = vec![T::zero(); c.len()];
                cpu.download(c.view(), &mut result);
                result
            }
            Side::Gemm { matrices, .. } | Side::Matrixmultiply(matrices) => matrices.c.clone(),
        }
    }
}

fn upload<T: Real>(cpu: &dyn Backend<T>, from: &[T]) -> Buffer<T> {
    let mut buffer = cpu.allocate(from.len());
    cpu.upload(from, buffer.view_mut());
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every contender computes the same product, for all transposes.
    fn all_agree<T: Element>() {
        for case in 0..4 {
            let plain = Gemm::new(37, 61, 83);
            let dims = Gemm {
                transpose_a: case & 1 > 0,
                transpose_b: case & 2 > 0,
                ..plain
            };
            let result = |contender| {
                let mut product = Product::<T>::new(contender, dims);
                product.run();
                product.result()
            };
            let want = result(Contender::Cpu(1));
            // A sum of k products is off by less than k roundings of Σ |a| |b| < k, whatever its
            // order (Higham, Accuracy and Stability of Numerical Algorithms, section 3.5), and two
            // such sums are compared. Other operands, or another transpose, would be off by
            // √k / 3 ≈ 2.6 on the average.
            let k = dims.k as f64;
            let bound = 2.0 * k * k * T::epsilon().as_f64() / 2.0;
            for contender in Contender::ALL {
                for (i, (got, want)) in result(contender).into_iter().zip(&want).enumerate() {
                    let error = (got - *want).as_f64().abs();
                    assert!(
                        error < bound,
                        "{} {contender} at {i}: {got} for {want}, {dims:?}",
                        T::NAME
                    );
                }
            }
        }
    }

    #[test]
    fn all_contenders_compute_the_same_product() {
        all_agree::<f32>();
        all_agree::<f64>();
    }

    #[test]
    fn there_is_no_result_before_the_first_run() {
        for contender in Contender::ALL {
            let product = Product::<f32>::new(contender, Gemm::new(2, 3, 2));
            assert!(product.result().iter().all(|x| x.is_nan()), "{contender}");
        }
    }
}

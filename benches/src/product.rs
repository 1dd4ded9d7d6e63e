//! Matrix products, each by several contenders on the same operands.

use std::fmt;
use std::sync::Arc;

use bench_peers::Element;
use kernels::{Backend, Buffer, Gemm, Real};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::device::DeviceName;
use crate::noise::noise;

/// Who multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// A device of this project.
    Device(DeviceName),
    /// A library of another project.
    Peer(Peer),
}

/// A library of another project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The crate `gemm` with a number of threads.
    Gemm(usize),
    /// The crate `matrixmultiply`, on the calling thread.
    Matrixmultiply,
    /// OpenBLAS with a number of threads.
    #[cfg(feature = "openblas")]
    OpenBlas(usize),
}

impl Contender {
    /// All that are compared: on one thread, and on two where the contender has threads.
    pub const ALL: &[Self] = &[
        Self::Device(DeviceName::Reference),
        Self::Device(DeviceName::Cpu(1)),
        Self::Peer(Peer::Gemm(1)),
        Self::Peer(Peer::Matrixmultiply),
        #[cfg(feature = "openblas")]
        Self::Peer(Peer::OpenBlas(1)),
        Self::Device(DeviceName::Cpu(2)),
        Self::Peer(Peer::Gemm(2)),
        #[cfg(feature = "openblas")]
        Self::Peer(Peer::OpenBlas(2)),
    ];
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(name) => name.fmt(f),
            Self::Peer(peer) => peer.fmt(f),
        }
    }
}

impl Peer {
    #[track_caller]
    fn multiply<T: Element>(self, dims: Gemm, Matrices { a, b, c }: &mut Matrices<T>) {
        match self {
            Self::Gemm(threads) => bench_peers::gemm(dims, threads, a, b, c),
            Self::Matrixmultiply => bench_peers::matrixmultiply(dims, a, b, c),
            #[cfg(feature = "openblas")]
            Self::OpenBlas(threads) => bench_peers::openblas(dims, threads, a, b, c),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gemm(threads) => write!(f, "gemm-{threads}"),
            Self::Matrixmultiply => f.write_str("matrixmultiply-1"),
            #[cfg(feature = "openblas")]
            Self::OpenBlas(threads) => write!(f, "openblas-{threads}"),
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
    Device {
        backend: Arc<dyn Backend<T>>,
        a: Buffer<T>,
        b: Buffer<T>,
        c: Buffer<T>,
    },
    Peer {
        peer: Peer,
        matrices: Matrices<T>,
    },
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
        Self {
            a: noise(dims.m * dims.k, &mut rng),
            b: noise(dims.k * dims.n, &mut rng),
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
            Contender::Device(name) => Side::on(name.backend(), &matrices),
            Contender::Peer(peer) => Side::Peer { peer, matrices },
        };
        Self { dims, side }
    }

    /// Computes the product.
    #[track_caller]
    pub fn run(&mut self) {
        match &mut self.side {
            Side::Device { backend, a, b, c } => backend.gemm(self.dims, a.view(), b.view(), c.view_mut()),
            Side::Peer { peer, matrices } => peer.multiply(self.dims, matrices),
        }
    }

    /// The result `[m, n]` of the last [`run`](Self::run), or NaN before the first one.
    pub fn result(&self) -> Vec<T> {
        match &self.side {
            Side::Device { backend, c, .. } => {
                let mut result = vec![T::zero(); c.len()];
                backend.download(c.view(), &mut result);
                result
            }
            Side::Peer { matrices, .. } => matrices.c.clone(),
        }
    }
}

impl<T: Real> Side<T> {
    fn on(backend: Arc<dyn Backend<T>>, Matrices { a, b, c }: &Matrices<T>) -> Self {
        let [a, b, c] = [a, b, c].map(|from| upload(backend.as_ref(), from));
        Self::Device { backend, a, b, c }
    }
}

fn upload<T: Real>(backend: &dyn Backend<T>, from: &[T]) -> Buffer<T> {
    let mut buffer = backend.allocate(from.len());
    backend.upload(from, buffer.view_mut());
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
            let want = result(Contender::Device(DeviceName::Reference));
            // A sum of k products is off by less than k roundings of Σ |a| |b| < k, whatever its
            // order (Higham, Accuracy and Stability of Numerical Algorithms, section 3.5), and two
            // such sums are compared. Other operands, or another transpose, would be off by
            // √k / 3 ≈ 2.6 on the average.
            let k = dims.k as f64;
            let bound = 2.0 * k * k * T::epsilon().as_f64() / 2.0;
            for &contender in Contender::ALL {
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
        for &contender in Contender::ALL {
            let product = Product::<f32>::new(contender, Gemm::new(2, 3, 2));
            assert!(product.result().iter().all(|x| x.is_nan()), "{contender}");
        }
    }
}

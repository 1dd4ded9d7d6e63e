//! Matrix products of the crates `gemm` and `matrixmultiply`, and of OpenBLAS, with the dimensions
//! and the layout of [`kernels::Gemm`], so that all sides of a comparison multiply the same matrices.
//!
//! OpenBLAS is there with the feature `openblas`, which links the library of the system; it has to
//! be installed with the files for development, as `apt-get install libopenblas-dev` does on Debian
//! and Ubuntu, `dnf install openblas-devel` on Fedora. Elsewhere `LIBRARY_PATH` tells the linker
//! where it is, and `LD_LIBRARY_PATH` the programs. Three functions of its C interface are all that
//! is used, so no crate stands between. A library that is older than the processor may take it for a
//! lesser one: run with `OPENBLAS_VERBOSE=2`, it says for which one it computes, and
//! `OPENBLAS_CORETYPE=SkylakeX` makes it use AVX-512, without which it takes about twice the time.
//!
//! This crate is the one exception, besides a device's driver, to the rule that the project has no
//! unsafe code. The only interface of these competitors is an unsafe one, of raw pointers and
//! strides; a comparison has to call it. Nothing but the benches depends on this crate, and all of
//! its unsafe code is the calls in [`gemm()`], [`matrixmultiply()`] and `openblas()`, which are safe
//! for every caller: they check the slices first.

mod layout;
#[cfg(feature = "openblas")]
mod openblas;

use ::gemm::Parallelism;
use kernels::{Gemm, Real};

use layout::Layout;
#[cfg(feature = "openblas")]
pub use openblas::openblas;

/// An element type that all of them know: `f32` and `f64`, and no other.
pub trait Element: Real + routine::Strided {}

impl Element for f32 {}
impl Element for f64 {}

/// Out of reach for other crates, which could otherwise bring in a routine that does not do what
/// [`matrixmultiply()`] and `openblas()` rely on.
mod routine {
    /// `C ← alpha · A · B + beta · C` from `m, k, n`, `alpha`, pointers to the first elements each
    /// followed by the strides of its rows and columns, and `beta` before those of `C`.
    pub type Routine<T> = unsafe fn(
        usize,
        usize,
        usize,
        T,
        *const T,
        isize,
        isize,
        *const T,
        isize,
        isize,
        T,
        *mut T,
        isize,
        isize,
    );

    pub trait Strided: Sized {
        const ROUTINE: Routine<Self>;
        #[cfg(feature = "openblas")]
        const OPENBLAS: crate::openblas::Routine<Self>;
    }

    impl Strided for f32 {
        const ROUTINE: Routine<Self> = ::matrixmultiply::sgemm;
        #[cfg(feature = "openblas")]
        const OPENBLAS: crate::openblas::Routine<Self> = crate::openblas::SINGLE;
    }

    impl Strided for f64 {
        const ROUTINE: Routine<Self> = ::matrixmultiply::dgemm;
        #[cfg(feature = "openblas")]
        const OPENBLAS: crate::openblas::Routine<Self> = crate::openblas::DOUBLE;
    }
}

/// The product `dims` of `a` and `b` by the crate `gemm`, with `threads` threads.
///
/// # Panics
/// If an extent or `threads` is 0, or a slice's length does not fit.
#[track_caller]
pub fn gemm<T: Element>(dims: Gemm, threads: usize, a: &[T], b: &[T], c: &mut [T]) {
    let Layout {
        m,
        k,
        n,
        a_strides,
        b_strides,
        c_strides,
    } = Layout::new("gemm", &dims, a, b, c);
    let parallelism = match threads {
        0 => panic!("gemm: 0 threads; give at least 1"),
        1 => Parallelism::None,
        several => Parallelism::Rayon(several),
    };
    let old = if dims.accumulate { T::one() } else { T::zero() };
    // SAFETY: `Layout::new` found each slice as long as its extents with these strides reach, `c`
    // does not overlap `a` or `b` since it is borrowed alone, its strides give every element a
    // place of its own, and all elements are initialized, being those of slices.
    unsafe {
        ::gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            c_strides.column,
            c_strides.row,
            dims.accumulate,
            a.as_ptr(),
            a_strides.column,
            a_strides.row,
            b.as_ptr(),
            b_strides.column,
            b_strides.row,
            old,
            T::one(),
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// The product `dims` of `a` and `b` by the crate `matrixmultiply`, on the calling thread.
///
/// # Panics
/// If an extent is 0, or a slice's length does not fit.
#[track_caller]
pub fn matrixmultiply<T: Element>(dims: Gemm, a: &[T], b: &[T], c: &mut [T]) {
    let Layout {
        m,
        k,
        n,
        a_strides,
        b_strides,
        c_strides,
    } = Layout::new("matrixmultiply", &dims, a, b, c);
    let old = if dims.accumulate { T::one() } else { T::zero() };
    // SAFETY: as in `gemm`; and `ROUTINE` is the crate's own for elements of type `T`.
    unsafe {
        T::ROUTINE(
            m,
            k,
            n,
            T::one(),
            a.as_ptr(),
            a_strides.row,
            a_strides.column,
            b.as_ptr(),
            b_strides.row,
            b_strides.column,
            old,
            c.as_mut_ptr(),
            c_strides.row,
            c_strides.column,
        );
    }
}

#[cfg(test)]
mod tests;

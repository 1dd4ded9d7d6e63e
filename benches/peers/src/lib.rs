//! Matrix products of the crates `gemm` and `matrixmultiply`, with the dimensions and the layout
//! of [`kernels::Gemm`], so that all sides of a comparison multiply the same matrices.
//!
//! This crate is the one exception, besides a device's driver, to the rule that the project has no
//! unsafe code. The only interface of these two competitors is an unsafe one, of raw pointers and
//! strides; a comparison has to call it. Nothing but the benches depends on this crate, and all of
//! its unsafe code is the two calls in [`gemm()`] and [`matrixmultiply()`], which are safe for every
//! caller: they check the slices first.

mod layout;

use ::gemm::Parallelism;
use kernels::{Gemm, Real};

use layout::Layout;

/// An element type that both crates know: `f32` and `f64`, and no other.
pub trait Element: Real + routine::Strided {}

impl Element for f32 {}
impl Element for f64 {}

/// Out of reach for other crates, which could otherwise bring in a routine that does not do what
/// [`matrixmultiply()`] relies on.
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
    }

    impl Strided for f32 {
        const ROUTINE: Routine<Self> = ::matrixmultiply::sgemm;
    }

    impl Strided for f64 {
        const ROUTINE: Routine<Self> = ::matrixmultiply::dgemm;
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

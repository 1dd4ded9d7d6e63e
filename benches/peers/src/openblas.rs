//! OpenBLAS through its C interface.

use std::ffi::c_int;
use std::sync::{Mutex, PoisonError};

use kernels::Gemm;

use crate::Element;
use crate::layout::Layout;

/// Values of the C interface's enumerations.
const ROW_MAJOR: c_int = 101;
const AS_STORED: c_int = 111;
const TRANSPOSED: c_int = 112;

/// `C ← alpha · op(A) · op(B) + beta · C` from the storage order, what `op` is for `A` and for `B`,
/// `m, n, k`, `alpha`, pointers to the first elements each followed by the elements from one stored
/// row to the next, and `beta` before those of `C`.
pub type Routine<T> = unsafe extern "C" fn(
    c_int,
    c_int,
    c_int,
    c_int,
    c_int,
    c_int,
    T,
    *const T,
    c_int,
    *const T,
    c_int,
    T,
    *mut T,
    c_int,
);

/// The library as distributions build it by default: its integers are C's `int`.
mod library {
    use std::ffi::c_int;

    #[link(name = "openblas")]
    unsafe extern "C" {
        pub fn cblas_sgemm(
            order: c_int,
            op_a: c_int,
            op_b: c_int,
            m: c_int,
            n: c_int,
            k: c_int,
            alpha: f32,
            a: *const f32,
            a_row: c_int,
            b: *const f32,
            b_row: c_int,
            beta: f32,
            c: *mut f32,
            c_row: c_int,
        );
        pub fn cblas_dgemm(
            order: c_int,
            op_a: c_int,
            op_b: c_int,
            m: c_int,
            n: c_int,
            k: c_int,
            alpha: f64,
            a: *const f64,
            a_row: c_int,
            b: *const f64,
            b_row: c_int,
            beta: f64,
            c: *mut f64,
            c_row: c_int,
        );
        pub fn openblas_set_num_threads(threads: c_int);
    }
}

pub const SINGLE: Routine<f32> = library::cblas_sgemm;
pub const DOUBLE: Routine<f64> = library::cblas_dgemm;

/// The number of threads is one for the whole library: held while it is set and used.
static THREADS: Mutex<()> = Mutex::new(());

/// The product `dims` of `a` and `b` by OpenBLAS, with `threads` threads, or as many as the library
/// has been built for if those are fewer. Calls from several threads take turns.
///
/// # Panics
/// If an extent or `threads` is 0 or does not fit into C's `int`, or a slice's length does not fit.
#[track_caller]
pub fn openblas<T: Element>(dims: Gemm, threads: usize, a: &[T], b: &[T], c: &mut [T]) {
    let Layout { m, k, n, .. } = Layout::new("openblas", &dims, a, b, c);
    assert!(threads > 0, "openblas: 0 threads; give at least 1");
    let threads = int("threads", threads);
    let (m, k, n) = (int("m", m), int("k", k), int("n", n));
    // How the operand is to be read, and how long its stored rows are.
    let operand = |transposed, stored, other| match transposed {
        false => (AS_STORED, stored),
        true => (TRANSPOSED, other),
    };
    let (op_a, a_row) = operand(dims.transpose_a, k, m);
    let (op_b, b_row) = operand(dims.transpose_b, n, k);
    let old = if dims.accumulate { T::one() } else { T::zero() };
    let _turn = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the library takes any positive number, and nobody multiplies meanwhile.
    unsafe { library::openblas_set_num_threads(threads) };
    // SAFETY: `Layout::new` found each slice as long as its extents, and these strides of
    // contiguous rows, reach; `c` does not overlap `a` or `b` since it is borrowed alone; all
    // elements are initialized, being those of slices; and `OPENBLAS` is the library's routine for
    // elements of type `T`.
    unsafe {
        T::OPENBLAS(
            ROW_MAJOR,
            op_a,
            op_b,
            m,
            n,
            k,
            T::one(),
            a.as_ptr(),
            a_row,
            b.as_ptr(),
            b_row,
            old,
            c.as_mut_ptr(),
            n,
        );
    }
}

#[track_caller]
fn int(name: &str, value: usize) -> c_int {
    c_int::try_from(value)
        .unwrap_or_else(|_| panic!("openblas: {name} is {value}; at most {} fits", c_int::MAX))
}

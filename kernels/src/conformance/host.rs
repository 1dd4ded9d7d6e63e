//! Runs a case on a device and on the oracle, and compares.

use std::fmt::Debug;

use proptest::prelude::Strategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::bound::denormal;
use super::values::rounded;
use crate::Real;
use crate::backend::Backend;
use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::reference::Reference;

/// Elements before and behind an operand, which belong to nobody.
const BEFORE: usize = 3;
const BEHIND: usize = 5;
const NOBODY: f64 = -777.25;

/// One operation with its dimensions and its values.
pub(super) trait Case: Debug {
    /// Name of the operation.
    fn operation(&self) -> &'static str;

    /// Runs it, and gives back all results by name.
    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs;

    /// What is demanded of a device with elements of type `T`: the results of the oracle in `f64`.
    fn want<T: Real>(&self) -> Outputs {
        self.run(&oracle::<T>())
    }

    /// Allowed absolute errors of all results.
    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>>;
}

/// Results by name.
pub(super) type Outputs = Vec<(&'static str, Vec<f64>)>;

/// The oracle, with operands rounded to the type under test.
pub(super) fn oracle<T: Real>() -> Host<'static, f64> {
    Host {
        backend: &Reference,
        fill: f64::NAN,
        round: rounded::<T>,
    }
}

/// The oracle in the type under test, for operations that leave no choice of roundings.
pub(super) fn oracle_in<T: Real>(reference: &dyn Backend<T>) -> Host<'_, T> {
    Host {
        backend: reference,
        fill: f64::NAN,
        round: rounded::<T>,
    }
}

/// A device seen from the host.
pub(super) struct Host<'a, E> {
    pub backend: &'a dyn Backend<E>,
    /// What is in outputs before they are written.
    fill: f64,
    /// Rounds operands to the type under test.
    pub round: fn(f64) -> f64,
}

/// A part of a buffer on a device.
pub(super) struct Operand<E> {
    buffer: Buffer<E>,
    len: usize,
}

impl<E> Operand<E> {
    pub(super) fn view(&self) -> View<'_, E> {
        self.buffer.view().part(BEFORE..BEFORE + self.len)
    }

    pub(super) fn view_mut(&mut self) -> ViewMut<'_, E> {
        let len = self.len;
        let whole = self.buffer.view_mut();
        ViewMut {
            buffer: whole.buffer,
            offset: BEFORE,
            len,
        }
    }
}

impl<E: Real> Host<'_, E> {
    /// A parameter of the operation.
    pub(super) fn scalar(&self, value: f64) -> E {
        E::of((self.round)(value))
    }

    /// An operand with these values.
    pub(super) fn input(&self, values: &[f64]) -> Operand<E> {
        let nobody = |count| std::iter::repeat_n(E::of(NOBODY), count);
        let values = values.iter().map(|&x| self.scalar(x));
        let all: Vec<E> = nobody(BEFORE).chain(values).chain(nobody(BEHIND)).collect();
        let mut buffer = self.backend.allocate(all.len());
        self.backend.upload(&all, buffer.view_mut());
        Operand {
            buffer,
            len: all.len() - BEFORE - BEHIND,
        }
    }

    /// An operand that is to be written.
    pub(super) fn output(&self, len: usize) -> Operand<E> {
        self.input(&vec![self.fill; len])
    }

    pub(super) fn indices(&self, indices: &[u32]) -> Indices {
        self.backend.upload_indices(indices)
    }

    /// The values of an operand.
    ///
    /// # Panics
    /// If the elements around it have changed.
    pub(super) fn values(&self, operand: &Operand<E>) -> Vec<f64> {
        let mut all = vec![E::zero(); operand.buffer.len()];
        self.backend.download(operand.buffer.view(), &mut all);
        let mut all: Vec<f64> = all.into_iter().map(E::as_f64).collect();
        let behind = all.split_off(BEFORE + operand.len);
        let values = all.split_off(BEFORE);
        assert!(
            all.iter().chain(&behind).all(|&x| x == NOBODY),
            "elements outside of the view were written: {all:?} before, {behind:?} behind"
        );
        values
    }
}

/// Draws cases and checks each.
pub(super) fn check_all<T: Real, C: Case>(
    backend: &dyn Backend<T>,
    cases: u32,
    strategy: impl Strategy<Value = C>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x6B65_726E_656C_7321),
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&strategy, |case| {
        check_one::<T, C>(backend, &case);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Checks one case.
pub(super) fn check_one<T: Real, C: Case>(backend: &dyn Backend<T>, case: &C) {
    let run = |fill| {
        case.run(&Host {
            backend,
            fill,
            round: rounded::<T>,
        })
    };
    let got = run(f64::NAN);
    let again = run(1e4);
    let want = case.want::<T>();
    let allowed = case.allowed::<T>(&want);
    let operation = case.operation();
    assert_eq!(allowed.len(), want.len(), "{operation}: a bound for every result");
    for (i, (name, want)) in want.iter().enumerate() {
        let place = format!("{operation}: `{name}` of {case:?}");
        compare::<T>(&place, &got[i].1, want, &allowed[i]);
        for (j, (first, second)) in got[i].1.iter().zip(&again[i].1).enumerate() {
            assert!(
                first.to_bits() == second.to_bits() || (first.is_nan() && second.is_nan()),
                "{place} at {j}: {first:e}, but {second:e} when called again with another value \
                 in the output"
            );
        }
    }
}

fn compare<T: Real>(place: &str, got: &[f64], want: &[f64], allowed: &[f64]) {
    assert_eq!(got.len(), want.len(), "{place}: elements");
    assert_eq!(allowed.len(), want.len(), "{place}: bounds");
    for (i, ((&got, &want), &allowed)) in got.iter().zip(want).zip(allowed).enumerate() {
        assert!(
            agree::<T>(got, want, allowed),
            "{place} at {i}: got {got:e}, want {want:e}, off by {:e}, allowed {allowed:e}",
            (got - want).abs()
        );
    }
}

/// Whether `got` is right: NaN for NaN, infinity for what lies beyond the range of `T`, else within
/// `allowed`, or the spacing of denormals if that is more.
fn agree<T: Real>(got: f64, want: f64, allowed: f64) -> bool {
    if got.is_nan() || want.is_nan() {
        return got.is_nan() && want.is_nan();
    }
    let largest = T::max_value().as_f64();
    if want.is_infinite() {
        return got == want;
    }
    assert!(!allowed.is_nan(), "a finite result {want:e} has a bound");
    if got.is_infinite() {
        return got.signum() == want.signum() && want.abs() + allowed >= largest;
    }
    // An exact result beyond the range may have been rounded down to its end.
    let want = want.clamp(-largest - allowed, largest + allowed);
    allowed == 0.0 && got == want || allowed > 0.0 && (got - want).abs() <= allowed.max(denormal::<T>())
}

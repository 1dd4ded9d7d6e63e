//! The norm stabilizer.

use autodiff::Var;
use kernels::Real;

use crate::lengths::Lengths;

/// Added to the square of a norm, so that the slope of its root is finite at `h = 0`.
const EPSILON: f64 = 1e-12;

/// The norm stabilizer (Krueger and Memisevic 2016, arXiv 1511.08400), a term of the loss that keeps
/// the norm of the hidden state the same over time:
///
/// ```text
/// β · mean over t = 2 … T and the batch of (‖h_t‖ − ‖h_{t−1}‖)²,   ‖h‖ = √(Σ_j h_j² + ε),  ε = 1e-12
/// ```
///
/// for `h [T, B, H]`, `[1]`. Of sequences with `lengths` the mean runs over the steps that are part of
/// them; it is 0 where none has two. The paper's sum begins with t = 1 and is divided by T; `h_0`, which is
/// learned here, is left out, and with it one term of the mean. The gradient with respect to an
/// `h_t` is a difference of norms times `h_t/‖h_t‖`, of norm 1 at most, and 0 at `h_t = 0`. The
/// code of zoneout's authors has β = 50.
///
/// # Panics
/// If `h` is not `[T, B, H]` with T of 2 or more, or the lengths are those of another `T` or `B`.
#[track_caller]
pub fn norm_stabilizer<'t, T: Real>(h: Var<'t, T>, lengths: Option<&Lengths<T>>, beta: f64) -> Var<'t, T> {
    let shape = h.shape();
    assert!(
        shape.rank() == 3 && shape.extent(0) >= 2,
        "norm_stabilizer: h {shape}; [T, B, H] with T of 2 or more would fit"
    );
    let steps = shape.extent(0);
    let norms = h.square().sum_axis(2).shift(T::of(EPSILON)).sqrt();
    let change = norms.slice(0, 1..steps).sub(norms.slice(0, 0..steps - 1));
    let squares = change.square();
    match lengths {
        None => squares.mean().scale(T::of(beta)),
        Some(lengths) => within(squares, lengths).scale(T::of(beta)),
    }
}

/// The mean of `squares [T − 1, B]` over the changes to a step that is part of its sequence.
#[track_caller]
fn within<'t, T: Real>(squares: Var<'t, T>, lengths: &Lengths<T>) -> Var<'t, T> {
    let [changes, batch] = [0, 1].map(|axis| squares.shape().extent(axis));
    let of = [lengths.steps(), lengths.lengths().len()];
    assert!(
        of == [changes + 1, batch],
        "norm_stabilizer: lengths of {} rows of {} steps for h [{}, {batch}, H]; those of its rows would fit",
        of[1],
        of[0],
        changes + 1
    );
    let live = (1..=changes).flat_map(|t| lengths.lengths().iter().map(move |&length| t < length));
    let live: Vec<T> = live.map(|live| if live { T::one() } else { T::zero() }).collect();
    let count = live.iter().filter(|live| !live.is_zero()).count();
    let tape = squares.tape();
    let live = tape.constant(tape.device().tensor(squares.shape(), &live));
    squares.mul(live).sum().scale(T::of(1.0 / count.max(1) as f64))
}

#[cfg(test)]
mod tests {
    use autodiff::{Device, Tape, gradcheck, values};

    use super::norm_stabilizer;
    use crate::lengths::Lengths;

    #[test]
    fn is_the_mean_square_of_the_changes() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        // Norms 5, 13, 1 of the first example and 0, 2, 2 of the second.
        let h = [3.0, 4.0, 0.0, 0.0, 5.0, 12.0, 2.0, 0.0, 0.0, 1.0, 0.0, -2.0];
        let h = tape.leaf(device.tensor([3, 2, 2], &h));
        let loss = norm_stabilizer(h, None, 10.0);
        assert_eq!(loss.shape().dims(), [1]);
        let expected = 10.0 * (64.0 + 144.0 + 4.0 + 0.0) / 4.0;
        // The norm 0 is √ε = 1e-6, which changes its square difference 4 by 4e-6.
        assert!(
            (loss.value().item() - expected).abs() < 2e-5,
            "{}",
            loss.value().item()
        );
        // −2 β/4 · (13 − 5) · (3/5, 4/5) for the first state, nothing for the one that is 0.
        let gradient = tape.backward(loss).take(h).unwrap().to_vec();
        let first = [-24.0, -32.0, 0.0, 0.0];
        for (got, want) in gradient.iter().zip(first) {
            assert!((got - want).abs() < 1e-9, "{got}, not {want}");
        }
    }

    /// Padding does not count, whatever it holds: the second direction of a layer keeps another state
    /// there than the one at its sequence's last input.
    #[test]
    fn padding_is_in_no_mean() {
        let device = Device::<f64>::reference();
        let loss = |lengths: &[usize], h: &[f64]| {
            let tape = Tape::new(&device);
            let h = tape.leaf(device.tensor([3, 2, 1], h));
            let lengths = Lengths::new(&device, lengths, 3);
            let loss = norm_stabilizer(h, Some(&lengths), 10.0);
            let gradient = tape.backward(loss).take(h).unwrap().to_vec();
            (loss.value().item(), gradient)
        };
        // Changes of 2 and 3 in the first row, of 4 in the second, where it has two steps.
        let (all, _) = loss(&[3, 3], &[1.0, 1.0, 3.0, 5.0, 6.0, 5.0]);
        let (live, gradient) = loss(&[3, 2], &[1.0, 1.0, 3.0, 5.0, 6.0, 50.0]);
        // Of norms of 1 and more, that ε = 1e-12 changes by half of that at most.
        assert!((all - 10.0 * 29.0 / 4.0).abs() < 1e-9, "{all}");
        assert!((live - 10.0 * 29.0 / 3.0).abs() < 1e-9, "{live}");
        assert_eq!(gradient[5], 0.0);
        assert!((gradient[3] - 10.0 * 2.0 * 4.0 / 3.0).abs() < 1e-9);
        assert_eq!(loss(&[1, 0], &[1.0; 6]).0, 0.0);
    }

    #[test]
    #[should_panic(expected = "lengths of 1 rows of 3 steps for h [3, 2, H]; those of its rows would fit")]
    fn lengths_of_another_batch_panic() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        let lengths = Lengths::new(&device, &[3], 3);
        norm_stabilizer(tape.leaf(device.zeros([3, 2, 1])), Some(&lengths), 1.0);
    }

    #[test]
    fn norm_stabilizer_gradcheck() {
        let device = Device::<f64>::reference();
        let h = device.tensor([4, 3, 5], &values(1, 60));
        let lengths = Lengths::new(&device, &[4, 1, 3], 4);
        for lengths in [None, Some(&lengths)] {
            gradcheck(
                |_, h| vec![norm_stabilizer(h[0], lengths, 50.0)],
                std::slice::from_ref(&h),
            );
        }
    }

    #[test]
    fn gradients_near_0_are_bounded_by_the_changes() {
        for scale in [0.0, 1e-30, 1e-8, 1e-6, 1e-3] {
            let device = Device::<f32>::reference();
            let tape = Tape::new(&device);
            let h = values(2, 24).into_iter().map(|x| (scale * x) as f32);
            let h = tape.leaf(device.tensor([4, 2, 3], &h.collect::<Vec<f32>>()));
            let gradient = tape.backward(norm_stabilizer(h, None, 1.0)).take(h).unwrap();
            // Two changes of at most √3 · scale, each times 2/6, and rounding of norms above 1e-6.
            let bound = 2.0 * 2.0 / 6.0 * 3_f64.sqrt() * scale + 1e-12;
            for x in gradient.to_vec() {
                assert!(x.is_finite() && f64::from(x.abs()) <= bound, "{scale}: {x}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "norm_stabilizer: h [1, 2, 3]; [T, B, H] with T of 2 or more would fit")]
    fn one_step_has_no_change() {
        let device = Device::<f32>::reference();
        let tape = Tape::new(&device);
        norm_stabilizer(tape.leaf(device.zeros([1, 2, 3])), None, 1.0);
    }
}

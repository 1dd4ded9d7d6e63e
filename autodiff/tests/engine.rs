//! What the tape does around the operations.

use autodiff::{Backward, Device, Forward, Gradient, Op, Shape, Tape, Tensor, Var, gradcheck, values};
use kernels::Real;

fn device() -> Device<f64> {
    Device::reference()
}

#[test]
fn a_value_used_twice_by_one_operation_gradcheck() {
    let x = device().tensor([2, 2], &values(1, 4));
    gradcheck(
        |_, x| vec![x[0] * x[0], x[0].matmul(x[0]), x[0] - x[0] / x[0]],
        &[x],
    );
}

#[test]
fn fan_out_gradcheck() {
    let x = device().tensor([4], &values(1, 4));
    gradcheck(
        |_, x| {
            let h = x[0].tanh();
            let (a, b, c) = (h.exp(), h.scale(3.0), h.sigmoid() * h);
            vec![(a + b) * c + h, h]
        },
        &[x],
    );
}

#[test]
fn broadcast_fan_out_gradcheck() {
    let device = device();
    let inputs = [
        device.tensor([3], &values(1, 3)),
        device.tensor([2, 1], &values(2, 2)),
        device.tensor([4, 2, 3], &values(3, 24)),
    ];
    gradcheck(
        |_, x| vec![(x[0] + x[1]) * x[2] + x[0] * x[1], x[2] * x[0]],
        &inputs,
    );
}

#[test]
fn recurrence_gradcheck() {
    let device = device();
    for (time, batch) in [(1, 1), (1, 3), (5, 2)] {
        let inputs = [
            device.tensor([time, batch, 2], &values(1, time * batch * 2)),
            device.tensor([2, 12], &values(2, 24)),
            device.tensor([3, 12], &values(3, 36)),
            device.tensor([12], &values(4, 12)),
            device.tensor([3], &values(5, 3)),
        ];
        gradcheck(
            |_, v| {
                let [x, w_x, w_h, bias, h0] = [0, 1, 2, 3, 4].map(|i| v[i]);
                let mut h = h0.broadcast_to([batch, 3]);
                let mut c = h.tanh();
                let mut states = Vec::new();
                for input in (x.matmul(w_x) + bias).unbind() {
                    let (next, o) = (h.matmul(w_h) + input).lstm_gates(c);
                    c = next;
                    h = o * c.tanh();
                    states.push(h);
                }
                vec![Var::stack(&states)]
            },
            &inputs,
        );
    }
}

#[test]
fn what_nothing_depends_on_has_no_gradient() {
    let device = device();
    let tape = Tape::new(&device);
    let [used, unused, unread] = [1.0, 2.0, 3.0].map(|v| tape.leaf(device.full([1], v)));
    let constant = tape.constant(device.full([1], 4.0));
    let _dead_end = unread.exp();
    let mut gradients = tape.backward(used * constant);
    assert_eq!(gradients.get(used).unwrap().item(), 4.0);
    assert!(gradients.get(unused).is_none());
    assert!(gradients.get(unread).is_none());
    assert!(gradients.get(constant).is_none());
    assert_eq!(gradients.take(used).unwrap().item(), 4.0);
    assert!(gradients.take(used).is_none());
}

#[test]
fn constants_record_nothing() {
    let device = device();
    let tape = Tape::new(&device);
    let y = tape.constant(device.full([2], 1.0)).exp().sum();
    assert!(tape.is_empty() && !y.needs_gradient());
    assert!(tape.backward(y).get(y).is_none());
}

#[test]
fn gradients_of_intermediate_values_are_kept_on_demand() {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.tensor([2], &[2.0, 3.0]));
    let h = x.square();
    let y = h.square();
    h.keep_gradient();
    let gradients = tape.backward((y + h).sum());
    // d(h² + h) = 2 h + 1 at h = 4 and 9; times 2 x for x.
    assert_eq!(gradients.get(h).unwrap().to_vec(), [9.0, 19.0]);
    assert_eq!(gradients.get(x).unwrap().to_vec(), [36.0, 114.0]);
    assert!(gradients.get(y).is_none());
}

#[test]
fn an_operation_without_a_path_to_the_loss_is_not_asked() {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.full([1], 2.0));
    tape.record_one(Wrong::TooMany, &[x]);
    assert_eq!(tape.backward(x.square()).get(x).unwrap().item(), 4.0);
}

#[test]
fn backward_may_run_twice() {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.tensor([2], &[2.0, 3.0]));
    let loss = (x * x + x).sum();
    let first = tape.backward(loss);
    let second = tape.backward(loss);
    assert_eq!(first.get(x).unwrap().to_vec(), [5.0, 7.0]);
    assert_eq!(second.get(x).unwrap().to_vec(), [5.0, 7.0]);
}

#[test]
fn a_step_can_start_from_any_values() {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.tensor([2], &[2.0, 3.0]));
    let h = x.square();
    let y = h.scale(10.0);
    let seed = |a, b| device.tensor([2], &[a, b]);
    let gradients = tape.backward_from(&[(y, seed(1.0, 0.0)), (h, seed(0.0, 1.0)), (x, seed(0.5, 0.5))]);
    assert_eq!(gradients.get(x).unwrap().to_vec(), [40.5, 6.5]);
}

#[test]
fn adding_gradients_up_changes_no_value() {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.tensor([2], &[2.0, 3.0]));
    let (a, b) = (x + x, x.shift(1.0));
    let seed = device.tensor([2], &[1.0, 1.0]);
    let gradients = tape.backward_from(&[(a, seed.clone()), (b, seed.clone()), (a * b, seed.clone())]);
    // d(2x + x + 1 + 2x(x + 1)) = 4x + 5
    assert_eq!(gradients.get(x).unwrap().to_vec(), [13.0, 17.0]);
    assert_eq!(seed.to_vec(), [1.0, 1.0]);
    assert_eq!(x.value().to_vec(), [2.0, 3.0]);
    assert_eq!(a.value().to_vec(), [4.0, 6.0]);
}

#[test]
fn long_sequences_need_no_stack() {
    let device = Device::<f32>::reference();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.full([1], 1.0));
    let mut y = x;
    for _ in 0..50_000 {
        y = y.neg();
    }
    assert_eq!(tape.len(), 50_000);
    assert_eq!(tape.backward(y).get(x).unwrap().item(), 1.0);
}

#[test]
fn an_empty_batch_goes_forward_and_back() {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.zeros([2, 0, 3]));
    let w = tape.leaf(device.tensor([3, 4], &values(1, 12)));
    let bias = tape.leaf(device.zeros([4]));
    let y = (x.matmul(w) + bias).tanh().unbind();
    let loss = (Var::stack(&y).split(2, 2)[1] * y[0].slice(1, 0..2)).sum();
    assert_eq!(loss.value().item(), 0.0);
    let gradients = tape.backward(loss);
    assert_eq!(gradients.get(w).unwrap().to_vec(), [0.0; 12]);
    assert_eq!(gradients.get(bias).unwrap().to_vec(), [0.0; 4]);
    assert_eq!(gradients.get(x).unwrap().shape(), Shape::from([2, 0, 3]));
}

#[test]
fn nan_goes_through() {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.tensor([2], &[f64::NAN, 1.0]));
    let gradients = tape.backward(x.square().sum());
    let gradient = gradients.get(x).unwrap().to_vec();
    assert!(gradient[0].is_nan());
    assert_eq!(gradient[1], 2.0);
}

/// Operations whose backward pass breaks the rules.
#[derive(Clone, Copy)]
enum Wrong {
    TooMany,
    Shape,
    Part,
    TwoOutputs,
}

impl<T: Real> Op<T> for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        match self {
            Wrong::TwoOutputs => Forward {
                outputs: vec![x.copy(), x.copy()],
                saved: vec![],
            },
            _ => Forward::one(x.copy(), vec![]),
        }
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let whole = |shape: Shape| Gradient::Whole(pass.device().zeros(shape));
        match self {
            Wrong::TooMany => vec![Gradient::None, Gradient::None],
            Wrong::Shape => vec![whole([3].into())],
            Wrong::Part => vec![Gradient::Part {
                axis: 0,
                start: 1,
                part: pass.device().zeros([2]),
            }],
            Wrong::TwoOutputs => vec![Gradient::Whole(pass.dy().clone())],
        }
    }
}

fn run_wrong(wrong: Wrong) {
    let device = device();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.zeros([2]));
    let y = tape.record(wrong, &[x])[0];
    tape.backward(y.sum());
}

#[test]
#[should_panic(expected = "wrong: its backward pass gives 2 gradients for 1 inputs")]
fn the_number_of_gradients_is_checked() {
    run_wrong(Wrong::TooMany);
}

#[test]
#[should_panic(expected = "wrong: its backward pass gives a gradient [3] for input 0 [2]")]
fn the_shapes_of_gradients_are_checked() {
    run_wrong(Wrong::Shape);
}

#[test]
#[should_panic(expected = "for input 0 [2] from 1 on along axis 0, which does not lie inside")]
fn the_places_of_parts_are_checked() {
    run_wrong(Wrong::Part);
}

#[test]
#[should_panic(expected = "dy: the operation has 2 outputs")]
fn dy_is_for_a_single_output() {
    run_wrong(Wrong::TwoOutputs);
}

#[test]
#[should_panic(expected = "wrong: has 2 outputs; use `record` for several")]
fn record_one_is_for_a_single_output() {
    let device = device();
    let tape = Tape::new(&device);
    tape.record_one(Wrong::TwoOutputs, &[tape.leaf(device.zeros([2]))]);
}

#[test]
#[should_panic(expected = "add: a Var of another tape")]
fn values_of_two_tapes_do_not_mix() {
    let device = device();
    let (one, other) = (Tape::new(&device), Tape::new(&device));
    let _ = one.leaf(device.zeros([1])) + other.leaf(device.zeros([1]));
}

#[test]
#[should_panic(expected = "backward: a Var of another tape")]
fn a_loss_of_another_tape_panics() {
    let device = device();
    let (one, other) = (Tape::new(&device), Tape::new(&device));
    one.backward(other.leaf(device.zeros([1])));
}

#[test]
#[should_panic(expected = "gradients: a Var of another tape, or of another record of this one")]
fn gradients_from_before_a_clear_are_not_asked_for() {
    let device = device();
    let mut tape = Tape::new(&device);
    let gradients = tape.backward(tape.leaf(device.zeros([1])));
    tape.clear();
    gradients.get(tape.leaf(device.zeros([1])));
}

#[test]
#[should_panic(expected = "backward: [2, 3] has 6 elements; reduce it to one with `sum` or `mean`")]
fn a_loss_is_a_number() {
    let device = device();
    let tape = Tape::new(&device);
    tape.backward(tape.leaf(device.zeros([2, 3])));
}

#[test]
#[should_panic(expected = "backward: gradient of a value: [3] and [2] must be the same shape")]
fn a_start_has_the_shape_of_its_value() {
    let device = device();
    let tape = Tape::new(&device);
    tape.backward_from(&[(tape.leaf(device.zeros([2])), device.zeros([3]))]);
}

#[test]
#[should_panic(expected = "backward: the tape records nothing; use `Tape::new`")]
fn an_inference_tape_has_no_backward_pass() {
    let device = device();
    let tape = Tape::inference(&device);
    tape.backward(tape.leaf(device.zeros([1])));
}

#[test]
#[should_panic(expected = "leaf: the tensor [1] is on another device than the tape")]
fn a_tensor_of_another_device_panics() {
    Tape::new(&device()).leaf(device().zeros([1]));
}

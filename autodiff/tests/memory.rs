//! What a step costs: memory taken from the device, elements written.

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use autodiff::{Device, Tape, Tensor, Var, values};
use common::Counting;

/// A few steps of a recurrent network on sliced inputs, with all kinds of gradients.
fn step(tape: &mut Tape<f64>, parameters: &[Tensor<f64>; 3], x: &Tensor<f64>) {
    let [w_x, w_h, gamma] = [0, 1, 2].map(|i| tape.leaf(parameters[i].clone()));
    let inputs = tape.constant(x.clone()).matmul(w_x);
    let mut c = tape.constant(tape.device().zeros([4, 3]));
    let mut h = c;
    let mut states = Vec::new();
    for (t, input) in inputs.unbind().into_iter().enumerate() {
        let z = h.matmul(w_h).batch_norm(gamma, None, 1e-3).y + input;
        let (next, o) = z.lstm_gates(c);
        c = next + inputs.slice(0, t..t + 1).reshape([4, 12]).slice(1, 0..3);
        h = o * c.tanh();
        h.keep_gradient();
        states.push(h);
    }
    let loss = Var::stack(&states).square().mean();
    let gradients = tape.backward(loss);
    assert!([w_x, w_h, gamma, h].iter().all(|v| gradients.get(*v).is_some()));
    drop(gradients);
    tape.clear();
}

#[test]
fn a_second_step_allocates_nothing() {
    let device = Device::<f64>::reference();
    let parameters = [
        device.tensor([2, 12], &values(1, 24)),
        device.tensor([3, 12], &values(2, 36)),
        device.full([12], 0.1),
    ];
    let x = device.tensor([6, 4, 2], &values(3, 48));
    let mut tape = Tape::new(&device);
    step(&mut tape, &parameters, &x);
    let after_one = device.pool();
    step(&mut tape, &parameters, &x);
    assert_eq!(device.pool(), after_one);
    assert!(
        after_one.allocations > 10,
        "the step is too small to tell: {after_one:?}"
    );
}

#[test]
fn sequences_of_many_lengths_keep_no_more_than_they_used_at_once() {
    let device = Device::<f64>::reference();
    let mut tape = Tape::new(&device);
    for length in 1..=60 {
        let x = tape.constant(device.zeros([length, 7]));
        (0..10).fold(x, |x, _| x.exp());
        tape.clear();
        let pool = device.pool();
        assert!(pool.idle_elements <= 2 * pool.most_live_elements, "{pool:?}");
    }
    let pool = device.pool();
    // The last one alone; all of them together would be thirty times as many.
    assert_eq!(pool.most_live_elements, 11 * 60 * 7);
    // What has just been used waits for the next step.
    let allocations = pool.allocations;
    let x = tape.constant(device.zeros([60, 7]));
    (0..10).fold(x, |x, _| x.exp());
    assert_eq!(device.pool().allocations, allocations);
}

#[test]
fn a_dropped_tape_gives_its_memory_back() {
    let device = Device::<f64>::reference();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.zeros([10]));
    let gradients = tape.backward(x.exp().sum());
    // The gradients of the sum and of the exponential are consumed, and so is the number 1 that
    // repeats the former.
    assert_eq!(device.pool().idle_elements, 1 + 10 + 1);
    drop(gradients);
    drop(tape);
    // The gradient of x, and the three values.
    assert_eq!(device.pool().idle_elements, 12 + 10 + 10 + 10 + 1);
}

#[test]
fn an_inference_tape_saves_nothing() {
    let device = Device::<f64>::reference();
    let tape = Tape::inference(&device);
    let z = tape.leaf(device.zeros([5, 8]));
    let c = tape.leaf(device.zeros([5, 2]));
    z.lstm_gates(c);
    assert!(tape.is_empty());
    // The gates, which only a backward pass would read.
    assert_eq!(device.pool().idle_elements, 40);
}

/// Elements written by a backward pass through `f` of a sequence of `time` steps.
fn work(time: usize, f: impl for<'t> Fn(Var<'t, f64>) -> Vec<Var<'t, f64>>) -> usize {
    let (backend, written) = Counting::new();
    let device = Device::new(Arc::new(backend));
    let tape = Tape::new(&device);
    let x = tape.leaf(device.tensor([time, 2, 3], &values(1, time * 6)));
    let seeds: Vec<_> = f(x)
        .into_iter()
        .map(|y| (y, device.full(y.shape(), 1.0)))
        .collect();
    written.store(0, Ordering::Relaxed);
    let gradients = tape.backward_from(&seeds);
    assert_eq!(gradients.get(x).unwrap().to_vec(), vec![1.0; time * 6]);
    written.load(Ordering::Relaxed)
}

/// A number of passes over the sequence that does not depend on its length.
fn assert_linear(f: impl for<'t> Fn(Var<'t, f64>) -> Vec<Var<'t, f64>>) {
    for time in [50, 500] {
        let (written, elements) = (work(time, &f), 6 * time);
        assert!(
            written <= 6 * elements,
            "{written} elements written for {elements}"
        );
    }
}

#[test]
fn slices_of_a_sequence_cost_as_much_as_the_sequence() {
    assert_linear(|x| (0..x.shape().extent(0)).map(|t| x.slice(0, t..t + 1)).collect());
}

#[test]
fn slices_of_an_inner_axis_cost_as_much_as_the_tensor() {
    assert_linear(|x| {
        let time = x.shape().extent(0);
        let x = x.reshape([2, time, 3]);
        (0..time).map(|t| x.slice(1, t..t + 1)).collect()
    });
}

#[test]
fn unbinding_costs_as_much_as_the_sequence() {
    assert_linear(|x| x.unbind());
}

#[test]
fn stacking_and_joining_cost_as_much_as_the_sequence() {
    assert_linear(|x| vec![Var::stack(&x.unbind())]);
    assert_linear(|x| vec![Var::concat(&x.split(0, 50), 0)]);
}

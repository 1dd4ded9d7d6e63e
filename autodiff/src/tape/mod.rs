//! The record of a computation.

mod accumulate;
mod gradients;
mod reverse;
mod var;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use kernels::Real;

use crate::{Device, Op, Tensor};
pub use gradients::Gradients;
pub use var::Var;

/// Records operations on [`Var`]s, and walks back through them.
///
/// A tape lives for one training step, and [`clear`](Tape::clear) readies it for the next, which
/// finds all memory of this one in the device's pool.
///
/// ```
/// use autodiff::{Device, Tape};
///
/// let device = Device::<f32>::reference();
/// let weights = device.tensor([2], &[3.0, 4.0]);
/// let mut tape = Tape::new(&device);
/// for _ in 0..3 {
///     let w = tape.leaf(weights.clone());
///     let norm = w.square().sum().sqrt();
///     assert_eq!(norm.value().item(), 5.0);
///     let gradients = tape.backward(norm);
///     assert_eq!(gradients.get(w).unwrap().to_vec(), [0.6, 0.8]);
///     tape.clear();
/// }
/// ```
#[derive(Debug)]
pub struct Tape<T: Real> {
    device: Device<T>,
    recording: bool,
    record: RefCell<Record<T>>,
}

#[derive(Debug)]
struct Record<T: Real> {
    /// Tells gradients of this record from those of another tape, or from before a `clear`.
    id: u64,
    values: Vec<Value<T>>,
    nodes: Vec<Node<T>>,
}

#[derive(Debug)]
struct Value<T: Real> {
    tensor: Tensor<T>,
    needs_gradient: bool,
    /// Keep the gradient of an intermediate value.
    keep: bool,
}

/// One application of an operation, with the places of its values.
struct Node<T: Real> {
    op: Box<dyn Op<T>>,
    inputs: Vec<usize>,
    outputs: Range<usize>,
    saved: Vec<Tensor<T>>,
}

impl<T: Real> std::fmt::Debug for Node<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.op.name();
        write!(f, "{name}{:?} -> {:?}", self.inputs, self.outputs)
    }
}

/// A number that no record has had.
fn fresh_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T: Real> Record<T> {
    fn new() -> Self {
        Self {
            id: fresh_id(),
            values: Vec::new(),
            nodes: Vec::new(),
        }
    }

    fn push(&mut self, tensor: Tensor<T>, needs_gradient: bool) -> usize {
        self.values.push(Value {
            tensor,
            needs_gradient,
            keep: false,
        });
        self.values.len() - 1
    }
}

impl<T: Real> Tape<T> {
    /// An empty tape.
    pub fn new(device: &Device<T>) -> Self {
        Self {
            device: device.clone(),
            recording: true,
            record: RefCell::new(Record::new()),
        }
    }

    /// A tape that computes values and records no operation: nothing has a gradient, and what
    /// operations save for it is dropped at once.
    pub fn inference(device: &Device<T>) -> Self {
        Self {
            recording: false,
            ..Self::new(device)
        }
    }

    /// Where this tape computes.
    pub fn device(&self) -> &Device<T> {
        &self.device
    }

    /// Whether gradients can be had; false for [`Tape::inference`].
    pub fn is_recording(&self) -> bool {
        self.recording
    }

    /// A value whose gradient is wanted, such as a parameter.
    ///
    /// # Panics
    /// If the tensor is on another device.
    #[track_caller]
    pub fn leaf(&self, tensor: Tensor<T>) -> Var<'_, T> {
        self.input("leaf", tensor, self.recording)
    }

    /// A value without a gradient, such as data.
    ///
    /// # Panics
    /// If the tensor is on another device.
    #[track_caller]
    pub fn constant(&self, tensor: Tensor<T>) -> Var<'_, T> {
        self.input("constant", tensor, false)
    }

    #[track_caller]
    fn input(&self, what: &str, tensor: Tensor<T>, needs_gradient: bool) -> Var<'_, T> {
        assert!(
            self.device.is_same(tensor.device()),
            "{what}: the tensor {} is on another device than the tape; copy it through the host",
            tensor.shape()
        );
        let index = self.record.borrow_mut().push(tensor, needs_gradient);
        Var::new(self, index)
    }

    /// Applies an operation; one `Var` per output.
    ///
    /// # Panics
    /// If an input is of another tape.
    #[track_caller]
    pub fn record<'t>(&'t self, op: impl Op<T>, inputs: &[Var<'t, T>]) -> Vec<Var<'t, T>> {
        let inputs: Vec<usize> = inputs.iter().map(|v| self.index(op.name(), *v)).collect();
        self.apply(op, inputs).map(|i| Var::new(self, i)).collect()
    }

    /// Applies an operation with a single output.
    ///
    /// # Panics
    /// If an input is of another tape, or the operation has not one output.
    #[track_caller]
    pub fn record_one<'t>(&'t self, op: impl Op<T>, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let name = op.name();
        let inputs: Vec<usize> = inputs.iter().map(|v| self.index(name, *v)).collect();
        let outputs = self.apply(op, inputs);
        assert!(
            outputs.len() == 1,
            "{name}: has {} outputs; use `record` for several",
            outputs.len()
        );
        Var::new(self, outputs.start)
    }

    fn apply(&self, op: impl Op<T>, inputs: Vec<usize>) -> Range<usize> {
        let mut record = self.record.borrow_mut();
        let values = &record.values;
        let needs_gradient = inputs.iter().any(|&i| values[i].needs_gradient);
        let tensors: Vec<&Tensor<T>> = inputs.iter().map(|&i| &values[i].tensor).collect();
        let forward = op.forward(&self.device, &tensors);

        let start = record.values.len();
        for tensor in forward.outputs {
            record.push(tensor, needs_gradient);
        }
        let outputs = start..record.values.len();
        if needs_gradient {
            record.nodes.push(Node {
                op: Box::new(op),
                inputs,
                outputs: outputs.clone(),
                saved: forward.saved,
            });
        }
        outputs
    }

    /// Number of recorded operations.
    pub fn len(&self) -> usize {
        self.record.borrow().nodes.len()
    }

    /// Whether no operation is recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything, for the next step; the memory goes back to the device's pool.
    pub fn clear(&mut self) {
        let record = self.record.get_mut();
        record.nodes.clear();
        record.values.clear();
        record.id = fresh_id();
    }

    /// Place of a `Var` that must be of this tape.
    #[track_caller]
    fn index(&self, what: &str, var: Var<'_, T>) -> usize {
        assert!(
            std::ptr::eq(self, var.tape()),
            "{what}: a Var of another tape; bring its value over with `constant` or `leaf`"
        );
        var.index()
    }
}

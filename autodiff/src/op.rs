//! What an operation has to bring along.

use kernels::Real;

use crate::{Device, Shape, Tensor};

/// A differentiable operation.
///
/// The tape alone adds gradients up, sums them over broadcast axes, checks their number and their
/// shapes, and forgets what nobody needs; an operation only states its two formulas.
///
/// ```
/// use autodiff::{Backward, Device, Forward, Gradient, Op, Tape, Tensor, gradcheck, values};
/// use kernels::{Binary, Real, Unary};
///
/// /// `y = x³`, `dx = 3 x² dy`
/// struct Cube;
///
/// impl<T: Real> Op<T> for Cube {
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///
///     fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
///         let x = inputs[0];
///         let y = x.map(Unary::Square).zip(Binary::Mul, x);
///         Forward::one(y, vec![x.clone()])
///     }
///
///     fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
///         let slope = pass.saved(0).map(Unary::Square).map(Unary::Scale(T::of(3.0)));
///         vec![Gradient::Whole(slope.zip(Binary::Mul, pass.dy()))]
///     }
/// }
///
/// let device = Device::<f64>::reference();
/// let x = device.tensor([5], &values(0, 5));
/// gradcheck(|tape: &Tape<f64>, x| vec![tape.record_one(Cube, x)], &[x]);
/// ```
pub trait Op<T: Real>: 'static {
    /// Name for messages.
    fn name(&self) -> &'static str;

    /// Computes the outputs, and says what the backward pass needs.
    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T>;

    /// Computes one gradient per input, in their order.
    ///
    /// It is called only if a gradient has arrived at some output and some input needs one.
    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>>;
}

/// What an operation's forward pass gives.
#[derive(Debug)]
pub struct Forward<T: Real> {
    /// The results.
    pub outputs: Vec<Tensor<T>>,
    /// What the backward pass reads; dropped at once when there will be none. Clones of inputs and
    /// outputs cost no memory.
    pub saved: Vec<Tensor<T>>,
}

impl<T: Real> Forward<T> {
    /// A single result.
    pub fn one(output: Tensor<T>, saved: Vec<Tensor<T>>) -> Self {
        Self {
            outputs: vec![output],
            saved,
        }
    }
}

/// What an operation adds to the gradient of one input.
#[derive(Debug)]
pub enum Gradient<T: Real> {
    /// Nothing.
    None,
    /// A gradient of the input's shape, or of a shape that the input was broadcast to.
    Whole(Tensor<T>),
    /// The gradient of the elements `start ..` along `axis`, as many as `part` has there; zero for
    /// all others. Adding it costs the part only, so that the slices of a sequence, together, cost
    /// as much as the sequence.
    Part {
        /// Axis of the input.
        axis: usize,
        /// First element along the axis.
        start: usize,
        /// The input's shape but for the extent of the axis.
        part: Tensor<T>,
    },
}

/// What an operation's backward pass can see.
#[derive(Debug)]
pub struct Backward<'a, T: Real> {
    pub(crate) device: &'a Device<T>,
    pub(crate) saved: &'a [Tensor<T>],
    /// One per output.
    pub(crate) gradients: &'a [Option<Tensor<T>>],
    /// One per output.
    pub(crate) outputs: &'a [Shape],
    /// Shape, and whether a gradient is needed, one per input.
    pub(crate) inputs: &'a [(Shape, bool)],
}

impl<T: Real> Backward<'_, T> {
    /// Where to compute.
    pub fn device(&self) -> &Device<T> {
        self.device
    }

    /// Tensor `i` of what the forward pass saved.
    pub fn saved(&self, i: usize) -> &Tensor<T> {
        &self.saved[i]
    }

    /// The gradient of output `i`; `None` if nothing depends on it.
    pub fn gradient(&self, i: usize) -> Option<&Tensor<T>> {
        self.gradients[i].as_ref()
    }

    /// The gradient of output `i`, with zeros if nothing depends on it.
    pub fn gradient_or_zeros(&self, i: usize) -> Tensor<T> {
        match &self.gradients[i] {
            Some(gradient) => gradient.clone(),
            None => self.device.zeros(self.outputs[i]),
        }
    }

    /// The gradient of the only output of an operation.
    ///
    /// # Panics
    /// If there are several outputs, where it is [`gradient`](Backward::gradient) that may be
    /// missing.
    pub fn dy(&self) -> &Tensor<T> {
        match self.gradients {
            [Some(gradient)] => gradient,
            _ => panic!("dy: the operation has {} outputs", self.gradients.len()),
        }
    }

    /// Whether input `i` needs a gradient; one that is given without need is ignored.
    pub fn needs(&self, i: usize) -> bool {
        self.inputs[i].1
    }

    /// Shape of input `i`.
    pub fn input_shape(&self, i: usize) -> Shape {
        self.inputs[i].0
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// The gradient of input `i`, computed only if needed.
    pub fn of_input(&self, i: usize, gradient: impl FnOnce() -> Tensor<T>) -> Gradient<T> {
        if self.needs(i) {
            Gradient::Whole(gradient())
        } else {
            Gradient::None
        }
    }
}

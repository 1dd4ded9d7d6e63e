//! The states before the first step.

use autodiff::Var;
use kernels::Real;
use rand::RngExt;
use rand_distr::StandardNormal;

use super::State;
use crate::context::Context;
use crate::init::Initializer;
use crate::params::{ParamId, Scope};

/// Learned vectors, the same for all examples.
#[derive(Clone, Copy, Debug)]
pub(super) struct InitialState {
    hidden_size: usize,
    h_0: ParamId,
    c_0: Option<ParamId>,
    /// Standard deviation of Gaussian noise that is added to `h_0`.
    noise: f64,
}

impl InitialState {
    /// `h_0 [H]`, and `c_0 [H]` of a cell that `carries` one.
    pub(super) fn new<T: Real>(
        scope: &mut Scope<'_, T>,
        hidden_size: usize,
        carries: bool,
        noise: f64,
    ) -> Self {
        Self {
            hidden_size,
            h_0: scope.vector("h_0", hidden_size, &Initializer::Zeros),
            c_0: carries.then(|| scope.vector("c_0", hidden_size, &Initializer::Zeros)),
            noise,
        }
    }

    /// The state for every example, `[B, H]` each.
    pub(super) fn of_batch<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        batch: usize,
    ) -> State<'t, T> {
        let shape = [batch, self.hidden_size];
        let h_0 = context.param(self.h_0).broadcast_to(shape);
        let c = self.c_0.map(|c_0| context.param(c_0).broadcast_to(shape));
        let h = match self.noise {
            0.0 => h_0,
            _ => h_0.add(self.sample(context, batch)),
        };
        State { h, c }
    }

    fn sample<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, batch: usize) -> Var<'t, T> {
        let count = batch * self.hidden_size;
        let noise = (0..count).map(|_| context.rng().sample::<f64, _>(StandardNormal) * self.noise);
        let noise: Vec<T> = noise.map(T::of).collect();
        let tape = context.tape();
        tape.constant(tape.device().tensor([batch, self.hidden_size], &noise))
    }
}

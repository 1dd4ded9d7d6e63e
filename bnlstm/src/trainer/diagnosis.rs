//! What is wrong with an update that diverges.

use autodiff::{Gradients, Tape, Tensor, Var};
use kernels::Real;
use nn::cell::StateValues;
use nn::context::{Context, Mode};
use nn::params::{ParamId, ParamStore, Role};

use super::{Carried, Trainer};
use crate::diagnostics::{Diagnosis, Extent, Finding, Found, Named, Record, Remedy, Scale};
use crate::model::OnDevice;
use crate::task::{Batch, Inputs, Split, Targets};

/// What was seen of an update that diverges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause {
    /// Its loss, its gradient or their mean with those before is not finite.
    NotFinite,
    /// Its loss is finite, and far above that of the first updates, which is given.
    Grown(f64),
}

/// All of a [`Diagnosis`] but the number of the update.
struct Case {
    finding: Finding,
    inputs: Vec<(String, Extent)>,
    scale: Option<Scale>,
    remedy: Remedy,
}

/// Leaves of the parameters.
type Leaves<'t, T> = Vec<(ParamId, Var<'t, T>)>;

impl<T: Real> Trainer<'_, T> {
    /// Computes the next update once more, watched, and says what is wrong with it. The trainer must be as
    /// it was before that update, and is of no use afterwards: batches and statistics have moved on and
    /// the parameters have not.
    ///
    /// The first bad number is searched for in the order of computation: among parameters and data,
    /// values from the first layer and time step to the loss, gradients from the loss back.
    pub fn diagnose_next(&mut self, cause: Cause) -> Diagnosis {
        let case = match self.bad_tensor() {
            Some(case) => case,
            None => self.case_of_next(cause),
        };
        Diagnosis {
            update: self.updates + 1,
            finding: case.finding,
            inputs: case.inputs,
            scale: case.scale,
            remedy: case.remedy,
        }
    }

    /// A parameter or statistic that is bad before the update.
    fn bad_tensor(&self) -> Option<Case> {
        self.store.iter().find_map(|(_, param)| {
            let extent = Extent::of(&param.tensor);
            let what = match param.role {
                Role::Trainable => "parameter",
                Role::Statistic => "statistic",
            };
            let remedy = Remedy::Restart(self.learning_rate(self.updates + 1));
            (!extent.is_finite()).then(|| alone(what, &param.path, extent, remedy))
        })
    }

    fn case_of_next(&mut self, cause: Cause) -> Case {
        let (chosen, begins) = self.cursor.advance(self.task, self.config.training.batch);
        if begins {
            self.carried = Carried::default();
        }
        let batch = self.task.batch(Split::Train, &chosen, &mut self.noise);
        let before = bad_data(&batch, self.interface.input.size());
        let remedy = Remedy::Restart(self.learning_rate(self.updates + 1));
        if let Some(case) = before.or_else(|| bad_state(self.carried.states(), remedy)) {
            return case;
        }
        self.tape.clear();
        let tape = Tape::new(self.store.device());
        let mut record = Record::default();
        let (loss, total, leaves) = self.forward(&tape, &mut record, &batch);
        let rate = Remedy::LearningRate(self.learning_rate(self.updates + 1));
        if let Some(found) = record.first_bad(&self.store) {
            return of_found(found, rate);
        }
        for (what, var) in [("loss", loss), ("loss with its penalty", total)] {
            let extent = Extent::of(&var.value());
            if !extent.is_finite() {
                return alone(what, "", extent, rate);
            }
        }
        if let Cause::Grown(start) = cause {
            return self.grown(&record, loss, start);
        }
        let gradients = tape.backward(total);
        if let Some(found) = record.last_bad_gradient(&gradients, &self.store) {
            return of_found(found, rate);
        }
        of_parameters(&self.store, &gradients, &leaves, rate)
    }

    /// The pass of the update: its loss, that with the penalty, and the parameters.
    fn forward<'t>(
        &mut self,
        tape: &'t Tape<T>,
        record: &mut Record<'t, T>,
        batch: &Batch,
    ) -> (Var<'t, T>, Var<'t, T>, Leaves<'t, T>) {
        let batch = OnDevice::new(batch, self.interface.input, self.store.device());
        let ids = self
            .store
            .iter()
            .filter(|(_, param)| param.role == Role::Trainable);
        let ids: Vec<ParamId> = ids.map(|(id, _)| id).collect();
        let context = Context::new(tape, &mut self.store, Mode::Train, &mut self.noise);
        let mut context = context.watched_by(record);
        let mut shown = batch.shown(tape);
        shown.sequence = self.carried.begin(tape, shown.sequence);
        let answers = self.model.forward(&mut context, &shown);
        let loss = self.model.loss(&answers, &batch);
        let penalty = self.model.penalty(&answers, &shown);
        let total = penalty.map_or(loss, |penalty| loss.add(penalty));
        let leaves = ids.into_iter().map(|id| (id, context.param(id))).collect();
        (loss, total, leaves)
    }

    fn grown(&self, record: &Record<'_, T>, loss: Var<'_, T>, start: f64) -> Case {
        let value = record.largest().expect("a model tells its answers at least");
        let trainable = self
            .store
            .iter()
            .filter(|(_, param)| param.role == Role::Trainable);
        let parameters = trainable.map(|(_, param)| (&param.path, Extent::of(&param.tensor)));
        let (path, extent) = parameters
            .max_by(|a, b| a.1.size().total_cmp(&b.1.size()))
            .expect("a model has parameters");
        Case {
            finding: Finding::Grown {
                loss: loss.value().item().as_f64(),
                start,
                value: (value.tensor, value.extent),
                parameter: (named("parameter", path), extent),
            },
            inputs: value.inputs,
            scale: None,
            remedy: Remedy::LearningRate(self.learning_rate(self.updates + 1)),
        }
    }
}

/// A bad tensor of the pass.
fn of_found(found: Found, otherwise: Remedy) -> Case {
    Case {
        remedy: match found.lacks_variance() {
            true => Remedy::Epsilon,
            false => otherwise,
        },
        finding: Finding::Bad(found.tensor, found.extent),
        inputs: found.inputs,
        scale: found.scale,
    }
}

/// What a tensor is, of no time step.
fn named(what: &str, layer: &str) -> Named {
    Named {
        what: what.to_owned(),
        layer: layer.to_owned(),
        time: None,
        normalization: None,
    }
}

/// A bad tensor that nothing is behind.
fn alone(what: &str, layer: &str, extent: Extent, remedy: Remedy) -> Case {
    Case {
        finding: Finding::Bad(named(what, layer), extent),
        inputs: Vec::new(),
        scale: None,
        remedy,
    }
}

/// Inputs or targets that are bad, but in the padding, where anything may be; inputs have `size` elements.
fn bad_data(batch: &Batch, size: usize) -> Option<Case> {
    let is_live = |i: usize| {
        let (t, b) = (i / size / batch.examples, i / size % batch.examples);
        batch.lengths.as_ref().is_none_or(|lengths| t < lengths[b])
    };
    if let Inputs::Numbers(inputs) = &batch.inputs {
        let live = inputs.iter().enumerate().filter(|&(i, _)| is_live(i));
        let extent = Extent::of_numbers(live.map(|(_, &x)| f64::from(x)));
        if !extent.is_finite() {
            return Some(alone("inputs", "the batch", extent, Remedy::Data));
        }
    }
    let Targets::Numbers(targets) = &batch.targets else {
        return None;
    };
    let extent = Extent::of_numbers(targets.iter().map(|&x| f64::from(x)));
    (!extent.is_finite()).then(|| alone("targets", "the batch", extent, Remedy::Data))
}

/// A state that the batch before has left bad.
fn bad_state<T: Real>(states: &[StateValues<T>], remedy: Remedy) -> Option<Case> {
    states.iter().enumerate().find_map(|(i, state)| {
        let tensors = [("carried h", Some(&state.h)), ("carried c", state.c.as_ref())];
        tensors.into_iter().find_map(|(what, tensor)| {
            let extent = Extent::of(tensor?);
            (!extent.is_finite()).then(|| alone(what, &format!("cell {i}"), extent, remedy))
        })
    })
}

/// What is wrong with the gradients of the parameters, if anything.
fn of_parameters<T: Real>(
    store: &ParamStore<T>,
    gradients: &Gradients<T>,
    leaves: &Leaves<'_, T>,
    remedy: Remedy,
) -> Case {
    let (mut largest, mut squares): (Option<(Named, Extent)>, f64) = (None, 0.0);
    for &(id, leaf) in leaves {
        let Some(gradient) = gradients.get(leaf) else {
            continue;
        };
        let (path, extent) = (&store.entry(id).path, Extent::of(gradient));
        let tensor = named("gradient of the parameter", path);
        if !extent.is_finite() {
            let own = ("the parameter itself".to_owned(), Extent::of(store.get(id)));
            return Case {
                inputs: vec![own],
                ..alone(&tensor.what, path, extent, remedy)
            };
        }
        squares += sum_squares(gradient);
        if largest
            .as_ref()
            .is_none_or(|(_, before)| before.size() < extent.size())
        {
            largest = Some((tensor, extent));
        }
    }
    let (finding, remedy) = match largest {
        Some((tensor, extent)) if !T::of(squares).is_finite() => (Finding::Norm(tensor, extent), remedy),
        _ => (Finding::Nothing, Remedy::None),
    };
    Case {
        finding,
        inputs: Vec::new(),
        scale: None,
        remedy,
    }
}

fn sum_squares<T: Real>(x: &Tensor<T>) -> f64 {
    x.to_vec().into_iter().map(|x| x.as_f64().powi(2)).sum()
}

#[cfg(test)]
mod tests;

//! Updates.

use std::time::Instant;

use autodiff::{Device, Tensor};
use kernels::Real;
use nn::clip::clip_global_norm;
use nn::context::{Context, Mode};
use nn::params::{Param, Role};
use serde::{Deserialize, Serialize};

use super::{Carried, Cause, Trainer};
use crate::model::OnDevice;
use crate::task::Split;

/// What some updates did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainReport {
    /// Mean training loss: in nats, or squared.
    pub loss: f64,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
}

impl TrainReport {
    /// Whether both are numbers. A loss tells of the updates before it, the gradient of the last one too.
    pub fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.gradient_norm.is_finite()
    }
}

/// Training cannot go on.
#[derive(Debug, thiserror::Error)]
#[error(
    "update {update}: since the last evaluation the mean training loss is {loss} and the mean gradient \
     norm {gradient_norm}, so the run has diverged; lower the learning rate, clip harder, or give \
     normalizations a larger eps"
)]
pub struct Diverged {
    /// Number of updates so far.
    pub update: usize,
    /// The loss.
    pub loss: f64,
    /// The mean gradient norm.
    pub gradient_norm: f64,
}

/// Seconds of the parts of updates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phases {
    /// Making batches.
    pub data: f64,
    /// From inputs to the loss.
    pub forward: f64,
    /// From the loss to the gradients.
    pub backward: f64,
    /// Clipping and the update itself.
    pub optimizer: f64,
}

/// An update that has gone wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trouble {
    /// Its number.
    pub update: usize,
    /// What is wrong with it.
    pub cause: Cause,
}

/// Loss and gradient norm of an update, `[1]` each, on the device.
#[derive(Debug)]
pub(super) struct Seen<T: Real> {
    update: usize,
    loss: Tensor<T>,
    norm: Tensor<T>,
}

/// Sums over updates. They stay on the device, so that no update waits for it.
#[derive(Debug)]
pub(super) struct Sums<T: Real> {
    /// `[1]`: of the losses of all answers.
    loss: Tensor<T>,
    /// `[1]`: of the gradient norms.
    norm: Tensor<T>,
    answers: usize,
    updates: usize,
}

/// The same as a checkpoint keeps them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct WrittenSums {
    // A sum may overflow though each of its terms is a number.
    #[serde(deserialize_with = "crate::number::or_nan")]
    loss: f64,
    #[serde(deserialize_with = "crate::number::or_nan")]
    norm: f64,
    answers: usize,
    updates: usize,
}

impl<T: Real> Sums<T> {
    /// Of nothing.
    pub(super) fn new(device: &Device<T>) -> Self {
        Self {
            loss: device.zeros([1]),
            norm: device.zeros([1]),
            answers: 0,
            updates: 0,
        }
    }

    fn add(&mut self, loss: &Tensor<T>, norm: &Tensor<T>, answers: usize) {
        self.loss.add_scaled(T::of(answers as f64), loss);
        self.norm.add_scaled(T::one(), norm);
        self.answers += answers;
        self.updates += 1;
    }

    fn report(&self) -> TrainReport {
        TrainReport {
            loss: self.loss.item().as_f64() / self.answers as f64,
            gradient_norm: self.norm.item().as_f64() / self.updates as f64,
        }
    }

    pub(super) fn written(&self) -> WrittenSums {
        WrittenSums {
            loss: self.loss.item().as_f64(),
            norm: self.norm.item().as_f64(),
            answers: self.answers,
            updates: self.updates,
        }
    }

    pub(super) fn read(written: WrittenSums, device: &Device<T>) -> Self {
        Self {
            loss: device.full([1], T::of(written.loss)),
            norm: device.full([1], T::of(written.norm)),
            answers: written.answers,
            updates: written.updates,
        }
    }
}

impl<T: Real> Trainer<'_, T> {
    /// A number of updates; `after` is called after each of them.
    ///
    /// # Errors
    /// If the loss is no longer finite.
    ///
    /// # Panics
    /// If the number is 0.
    #[track_caller]
    pub fn train(&mut self, updates: usize, mut after: impl FnMut()) -> Result<TrainReport, Diverged> {
        assert!(updates > 0, "train: 0 updates have no loss; 1 or more fit");
        self.begin_report();
        self.advance(updates, &mut || {
            after();
            true
        });
        self.seen.clear();
        let report = self.report();
        match report.is_finite() {
            true => Ok(report),
            false => Err(Diverged {
                update: self.updates,
                loss: report.loss,
                gradient_norm: report.gradient_norm,
            }),
        }
    }

    /// At most so many updates: after each of them `go_on` says whether there shall be another one.
    pub fn advance(&mut self, updates: usize, go_on: &mut dyn FnMut() -> bool) {
        for _ in 0..updates {
            self.update();
            if !go_on() {
                break;
            }
        }
    }

    /// Means over the updates since [`begin_report`](Self::begin_report); not numbers if there are none.
    pub fn report(&self) -> TrainReport {
        self.sums.report()
    }

    /// Lets the next report begin here.
    pub fn begin_report(&mut self) {
        self.sums = Sums::new(self.store.device());
    }

    /// The first update that has gone wrong since this was last asked: its loss or its gradient is not
    /// finite, its loss is above `too_large` times that of the first batch, or it has left a parameter
    /// that is not finite. Which one it is does not depend on when it is asked for.
    pub fn trouble(&mut self, too_large: f64) -> Option<Trouble> {
        let seen = std::mem::take(&mut self.seen);
        let first = self.first_loss.unwrap_or(f64::INFINITY);
        let of_update = seen.iter().find_map(|seen| {
            let (loss, norm) = (seen.loss.item().as_f64(), seen.norm.item().as_f64());
            let cause = match loss.is_finite() && norm.is_finite() {
                false => Cause::NotFinite,
                true if loss > too_large * first => Cause::Grown(first),
                true => return None,
            };
            let update = seen.update;
            Some(Trouble { update, cause })
        });
        of_update.or_else(|| self.spoilt())
    }

    /// That the last update has left a parameter that is not finite.
    fn spoilt(&self) -> Option<Trouble> {
        let is_finite = |param: &Param<T>| param.tensor.to_vec().iter().all(|x| x.is_finite());
        let mut trainable = self.store.iter().map(|(_, param)| param);
        let bad = trainable.any(|param| param.role == Role::Trainable && !is_finite(param));
        bad.then_some(Trouble {
            // It is the next one that cannot be computed.
            update: self.updates + 1,
            cause: Cause::NotFinite,
        })
    }

    /// Seconds of the parts of the updates since this was last asked.
    pub fn take_phases(&mut self) -> Phases {
        std::mem::take(&mut self.phases)
    }

    /// The step size of an update, from 1.
    pub fn learning_rate(&self, update: usize) -> f64 {
        self.config.optimizer.learning_rate() * self.rate_factor(update)
    }

    fn rate_factor(&self, update: usize) -> f64 {
        let training = &self.config.training;
        let total = training.updates(self.updates_per_epoch());
        training.schedule.factor(update as u64, total as u64)
    }

    /// One update.
    fn update(&mut self) {
        let mut clock = Instant::now();
        let mut seconds = || {
            let now = Instant::now();
            let passed = now - std::mem::replace(&mut clock, now);
            passed.as_secs_f64()
        };
        self.tape.clear();
        let (chosen, begins) = self.cursor.advance(self.task, self.config.training.batch);
        if begins {
            self.carried = Carried::default();
        }
        let batch = self.task.batch(Split::Train, &chosen, &mut self.noise);
        let on_device = OnDevice::new(&batch, self.interface.input, self.store.device());
        self.phases.data += seconds();
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.noise);
        let mut shown = on_device.shown(&self.tape);
        shown.sequence = self.carried.begin(&self.tape, shown.sequence);
        let answers = self.model.forward(&mut context, &shown);
        if self.task.carries_state() {
            self.carried
                .put(answers.states.end_values(), shown.sequence.steps());
        }
        let loss = self.model.loss(&answers, &on_device);
        let penalty = self.model.penalty(&answers, &shown);
        let total = penalty.map_or(loss, |penalty| loss.add(penalty));
        self.phases.forward += seconds();
        let mut gradients = context.param_gradients(self.tape.backward(total));
        let loss = loss.value();
        self.tape.clear();
        self.phases.backward += seconds();
        let norm = clip_global_norm(&mut gradients, T::of(self.config.training.clip));
        self.optimizer
            .scale_learning_rate(self.rate_factor(self.updates + 1));
        self.optimizer.step(&mut self.store, &gradients);
        self.updates += 1;
        self.first_loss.get_or_insert_with(|| loss.item().as_f64());
        self.sums.add(&loss, &norm, batch.targets.len());
        self.seen.push(Seen {
            update: self.updates,
            loss,
            norm,
        });
        self.phases.optimizer += seconds();
    }
}

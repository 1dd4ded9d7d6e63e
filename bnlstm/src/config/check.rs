//! Values that make no sense.

use nn::data::LastBatch;
use nn::optimizer::OptimizerConfig;

use super::{ModelConfig, RunConfig, TrainingConfig};
use crate::cell::Cell;
use crate::task::{Split, Task};

/// More units than this do not fit in memory: `W_h [H, 4H]` alone would have 4 GiB.
const MOST_UNITS: usize = 1 << 14;

/// Beyond this a gate is open or shut for good in single precision.
const MOST_BIAS: f64 = 20.0;

/// Many more than anybody stacks.
const MOST_LAYERS: usize = 64;

/// A value that makes no sense: names the field, what it is, and what would fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} = {value}: {remedy}")]
pub struct ValueError {
    /// The field, such as `training.batch`.
    pub field: &'static str,
    /// What it is.
    pub value: String,
    /// What would fit.
    pub remedy: String,
}

impl ValueError {
    /// An error about `field`.
    pub fn new(field: &'static str, value: impl ToString, remedy: impl Into<String>) -> Self {
        Self {
            field,
            value: value.to_string(),
            remedy: remedy.into(),
        }
    }
}

impl ModelConfig {
    /// Looks for values that make no sense.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check(&self) -> Result<(), ValueError> {
        from_one_to("model.hidden_size", self.hidden_size, MOST_UNITS)?;
        from_one_to("model.layers", self.layers, MOST_LAYERS)?;
        check_layers(self)?;
        at_least_zero("model.initial_noise", self.initial_noise)?;
        self.reader.map_or(Ok(()), |reader| reader.check())?;
        self.check_forget_bias()
    }

    fn check_forget_bias(&self) -> Result<(), ValueError> {
        let cell = self.normalization.cell();
        let remedy = match (cell, self.forget_bias) {
            (Cell::Lstm, bias) if bias.abs() <= MOST_BIAS => return Ok(()),
            // What the option has by default.
            (Cell::Rnn | Cell::Gru, 1.0) => return Ok(()),
            (Cell::Lstm, _) => format!("give a number from -{MOST_BIAS} to {MOST_BIAS}"),
            _ => format!("only an LSTM has a forget gate; leave it at 1 for the {cell}"),
        };
        Err(ValueError::new("model.forget_bias", self.forget_bias, remedy))
    }
}

impl RunConfig {
    /// Looks for values that make no sense.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check(&self) -> Result<(), ValueError> {
        let Self { model, training, .. } = self;
        self.task.check()?;
        model.check()?;
        check_reader(self)?;
        check_directions(self)?;
        check_length(training)?;
        at_least_one("training.batch", training.batch)?;
        positive("training.clip", training.clip)?;
        let floor = training.schedule.floor;
        let fits = (0.0..=1.0).contains(&floor);
        require(fits, "training.schedule.floor", floor, "give a share from 0 to 1")?;
        check_optimizer(&self.optimizer)?;
        let evaluation = &self.evaluation;
        for (field, value) in [
            ("evaluation.every", evaluation.every),
            ("evaluation.estimation_batches", evaluation.estimation_batches),
            ("evaluation.batches", evaluation.batches),
            ("evaluation.patience", evaluation.patience),
            ("checkpoints.every", self.checkpoints.every),
        ] {
            value.map_or(Ok(()), |value| at_least_one(field, value))?;
        }
        at_least_zero("checkpoints.minutes", self.checkpoints.minutes)?;
        at_least_one("checkpoints.keep", self.checkpoints.keep)
    }

    /// Looks for batches that training cannot have.
    ///
    /// # Errors
    /// If no batch is full of a task that leaves out those that are not, or if a normalization over the
    /// batch would meet a batch of one example.
    pub fn check_batches(&self, task: &dyn Task) -> Result<(), ValueError> {
        let batch = self.training.batch;
        let examples = task.examples(Split::Train);
        let keeps = task.last_batch() == LastBatch::Keep;
        if !keeps && batch > examples {
            let remedy = format!("there are {examples} training examples; give at most as many");
            return Err(ValueError::new("training.batch", batch, remedy));
        }
        let has_single = |batch| batch == 1 || keeps && examples % batch == 1;
        if !self.model.has_statistics() || !has_single(batch) {
            return Ok(());
        }
        let next = (batch + 1..=examples).find(|&batch| !has_single(batch));
        let remedy = format!(
            "{} of one, which has no variance for batch normalization; {}",
            if batch == 1 {
                "these are batches".to_owned()
            } else {
                format!("{examples} training examples leave a last batch")
            },
            next.map_or("train on more examples".to_owned(), |batch| format!(
                "try {batch}"
            ))
        );
        Err(ValueError::new("training.batch", batch, remedy))
    }
}

/// Looks for normalizations and regularizers that the model cannot have.
fn check_layers(model: &ModelConfig) -> Result<(), ValueError> {
    let sites = &model.normalization;
    let error = |problem: String| ValueError::new("model.normalization", sites, problem);
    let features = sites.check_features(model.hidden_size);
    features.map_err(|problem| error(problem.to_string()))?;
    let regularization = &model.regularization;
    let unfit = |problem| ValueError::new("model.regularization", regularization, problem);
    regularization.check(sites.cell()).map_err(unfit)
}

/// A model for questions has words and attention, and only such a model.
fn check_reader(run: &RunConfig) -> Result<(), ValueError> {
    let remedy = match (run.task.asks_questions(), run.model.reader) {
        (true, None) => "the task qa needs words and an attention; give model.reader.embedding_size",
        (false, Some(_)) => "only the task qa has words and an attention; leave it out",
        _ => return Ok(()),
    };
    Err(ValueError::new("model.reader", run.task.to_string(), remedy))
}

/// What reads a text from its end has seen what comes next.
fn check_directions(run: &RunConfig) -> Result<(), ValueError> {
    if !(run.model.bidirectional && run.task.asks_what_comes_next()) {
        return Ok(());
    }
    let remedy = "who reads a text from its end knows what comes next; leave it out for the task charlm";
    Err(ValueError::new("model.bidirectional", true, remedy))
}

fn check_length(training: &TrainingConfig) -> Result<(), ValueError> {
    match (training.epochs, training.steps) {
        (Some(epochs), None) => at_least_one("training.epochs", epochs),
        (None, Some(steps)) => at_least_one("training.steps", steps),
        (None, None) => {
            let remedy = "give training.epochs or training.steps";
            Err(ValueError::new("training.epochs", "nothing", remedy))
        }
        (Some(epochs), Some(_)) => {
            let remedy = "there is training.steps too; give one of them";
            Err(ValueError::new("training.epochs", epochs, remedy))
        }
    }
}

fn check_optimizer(optimizer: &OptimizerConfig) -> Result<(), ValueError> {
    positive("optimizer.learning_rate", optimizer.learning_rate())?;
    match *optimizer {
        OptimizerConfig::Sgd { momentum, .. } => below_one("optimizer.momentum", momentum),
        OptimizerConfig::RmsProp {
            decay,
            epsilon,
            momentum,
            ..
        } => {
            below_one("optimizer.decay", decay)?;
            positive("optimizer.epsilon", epsilon)?;
            below_one("optimizer.momentum", momentum)
        }
        OptimizerConfig::Adam {
            beta1,
            beta2,
            epsilon,
            ..
        } => check_adam(beta1, beta2, epsilon),
        OptimizerConfig::AdamW {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            ..
        } => {
            check_adam(beta1, beta2, epsilon)?;
            at_least_zero("optimizer.weight_decay", weight_decay)
        }
    }
}

fn check_adam(beta1: f64, beta2: f64, epsilon: f64) -> Result<(), ValueError> {
    below_one("optimizer.beta1", beta1)?;
    below_one("optimizer.beta2", beta2)?;
    positive("optimizer.epsilon", epsilon)
}

fn require(
    fits: bool,
    field: &'static str,
    value: impl ToString,
    remedy: &'static str,
) -> Result<(), ValueError> {
    fits.then_some(())
        .ok_or_else(|| ValueError::new(field, value, remedy))
}

fn at_least_one(field: &'static str, value: usize) -> Result<(), ValueError> {
    require(value > 0, field, value, "give at least 1")
}

/// An error unless a count is from 1 to `most`.
pub(crate) fn from_one_to(field: &'static str, value: usize, most: usize) -> Result<(), ValueError> {
    at_least_one(field, value)?;
    match value > most {
        true => Err(ValueError::new(field, value, format!("give at most {most}"))),
        false => Ok(()),
    }
}

fn at_least_zero(field: &'static str, value: f64) -> Result<(), ValueError> {
    let fits = value.is_finite() && value >= 0.0;
    require(fits, field, value, "give a finite number that is not negative")
}

fn positive(field: &'static str, value: f64) -> Result<(), ValueError> {
    let fits = value.is_finite() && value > 0.0;
    require(fits, field, value, "give a finite number above 0")
}

fn below_one(field: &'static str, value: f64) -> Result<(), ValueError> {
    let fits = (0.0..1.0).contains(&value);
    require(fits, field, value, "give a number from 0 to below 1")
}

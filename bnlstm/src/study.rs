//! A short experiment for cells and normalizations of one's own.

use autodiff::Device;
use nn::cell::{Layer, Lstm, Sites};
use nn::context::Statistics;
use nn::norm::Normalizer;
use nn::params::Scope;

use crate::cell::Cell;
use crate::config::RunConfig;
use crate::device::{DeviceChoice, DeviceKind, available_threads};
use crate::normalization::{self, ParseError};
use crate::presets::Preset;
use crate::settings::Settings;
use crate::task::{Interface, Split, Task};
use crate::trainer::{Diverged, Trainer};

/// Trains models on the embedded digits, read pixel by pixel in a permuted order, with the settings
/// of the program's default comparison, and measures them.
///
/// ```
/// use bnlstm::study::Study;
/// use nn::norm::{LayerNorm, LayerNormConfig};
///
/// let study = Study::permuted_digits(1);
/// let built_in = study.accuracy_of("h=rms,x=rms,c=rms")?;
/// let own = study.accuracy_with(|scope, features| {
///     Box::new(LayerNorm::new(scope, features, LayerNormConfig::rms()))
/// })?;
/// assert!(built_in > 0.0 && own > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Study {
    config: RunConfig,
    task: Box<dyn Task>,
    device: Device<f32>,
}

/// A model could not be studied.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// Its text is not a normalization.
    #[error(transparent)]
    Text(#[from] ParseError),
    /// Its training has diverged.
    #[error(transparent)]
    Diverged(#[from] Diverged),
}

impl Study {
    /// Of `epochs` passes over the training examples, on every thread.
    ///
    /// # Panics
    /// If there are no epochs.
    #[track_caller]
    pub fn permuted_digits(epochs: usize) -> Self {
        assert!(epochs > 0, "study: 0 epochs; 1 or more fit");
        let preset = Preset::find("digits-quick").expect("it comes with the program");
        let mut settings = Settings::of_preset(preset);
        settings.remove("task.order");
        settings.set("task.order.permuted.permutation_seed", 1);
        settings.set("training.epochs", epochs);
        let config = settings.config().expect("every value makes sense");
        let device = DeviceChoice {
            kind: DeviceKind::Cpu,
            threads: available_threads(),
        };
        Self {
            task: config.task.load().expect("the embedded digits are whole"),
            device: device.open(),
            config,
        }
    }

    /// The model that a text describes: an LSTM of 64 units with these normalizations. Returns the
    /// test accuracy in % under population statistics.
    ///
    /// # Errors
    /// If the text is not a normalization, or training diverges.
    pub fn accuracy_of(&self, text: &str) -> Result<f64, StudyError> {
        let mut config = self.config.clone();
        config.model.normalization = normalization::Sites::parse(Cell::Lstm, text)?;
        let trainer = Trainer::new(&config, self.task.as_ref(), &self.device);
        self.finish(trainer)
    }

    /// The same LSTM with a normalizer of one's own at its recurrent term, its input term and its
    /// cell, made by `make` for a number of features.
    ///
    /// # Errors
    /// If training diverges.
    pub fn accuracy_with(
        &self,
        make: impl Fn(&mut Scope<'_, f32>, usize) -> Box<dyn Normalizer<f32>>,
    ) -> Result<f64, StudyError> {
        let model = &self.config.model;
        self.accuracy(|scope, interface| {
            let sites = Sites {
                h: Some(make(&mut scope.within("norm_h"), 4 * model.hidden_size)),
                x: Some(make(&mut scope.within("norm_x"), 4 * model.hidden_size)),
                c: Some(make(&mut scope.within("norm_c"), model.hidden_size)),
                ..Sites::default()
            };
            Layer::cell(Lstm::new(scope, &model.lstm(interface.input.size()), sites))
        })
    }

    /// Recurrent layers of one's own, made by `make` for what the task reads and answers.
    ///
    /// # Errors
    /// If training diverges.
    pub fn accuracy(
        &self,
        make: impl FnOnce(&mut Scope<'_, f32>, Interface) -> Layer<f32>,
    ) -> Result<f64, StudyError> {
        let trainer = Trainer::with_layers(&self.config, self.task.as_ref(), &self.device, make);
        self.finish(trainer)
    }

    fn finish(&self, mut trainer: Trainer<'_, f32>) -> Result<f64, StudyError> {
        let updates = self.config.training.updates(trainer.updates_per_epoch());
        trainer.train(updates, || {})?;
        trainer.estimate();
        let [score] = trainer
            .evaluate(Split::Test, [Statistics::Population])
            .expect("the population statistics were just estimated");
        Ok(100.0 * score.accuracy)
    }
}

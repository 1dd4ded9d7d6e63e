//! `bnlstm sample`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use nn::context::Statistics;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use super::Failure;
use super::output::line;
use crate::config::{RunConfig, ValueError};
use crate::data::text::Alphabet;
use crate::device::DeviceChoice;
use crate::run;
use crate::run_directory::RunDirectory;
use crate::trainer::Trainer;

/// Lets a trained character model write.
#[derive(Args, Debug)]
pub struct Sample {
    /// The run directory that `train` has written.
    run: PathBuf,
    /// Characters to write.
    #[arg(long, default_value_t = 500)]
    length: usize,
    /// Text to go on from [default: the beginning of a line or, without lines, of a word].
    #[arg(long)]
    prompt: Option<String>,
    /// Below 1 for safer, above 1 for bolder choices; 0 for the most probable character always.
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    temperature: f64,
    /// Seed of the choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which statistics normalization uses.
    #[arg(long, value_enum, default_value = "population")]
    statistics: Fixed,
}

/// Statistics with which a single sequence can be read.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Fixed {
    /// Averages from training.
    Running,
    /// Estimates over training examples.
    Population,
}

impl Sample {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let directory = RunDirectory::open(&self.run);
        let config = RunConfig::read(&directory.config())?;
        if !(0.0..=f64::MAX).contains(&self.temperature) {
            let remedy = "give a finite number that is not negative";
            return Err(ValueError::new("--temperature", self.temperature, remedy).into());
        }
        let task = config.task.load()?;
        let Some(text) = task.text() else {
            let remedy = "this task has no text to write; give a run of charlm";
            return Err(ValueError::new("task", &config.task, remedy).into());
        };
        let statistics = match self.statistics {
            Fixed::Running => Statistics::Running,
            Fixed::Population => Statistics::Population,
        };
        if !config.model.goes_on(statistics) {
            let remedy = "only a model that reads forward, without a window over steps, can write";
            return Err(ValueError::new("model", config.model, remedy).into());
        }
        let alphabet = &text.corpus().alphabet;
        let prompt = self.prompt(alphabet)?;
        let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device.open());
        trainer.restore_best(&run::newest_sound(&directory).0)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let written = trainer.sample(&prompt, self.length, self.temperature, statistics, &mut rng)?;
        let written: Vec<u16> = written.into_iter().map(|symbol| symbol as u16).collect();
        let begun = self.prompt.as_deref().unwrap_or_default();
        line(format_args!("{begun}{}", alphabet.decode(&written)))?;
        Ok(())
    }

    /// What is read before anything is written.
    fn prompt(&self, alphabet: &Alphabet) -> Result<Vec<u32>, ValueError> {
        let symbols = match self.prompt.as_deref() {
            Some(text) if !text.is_empty() => alphabet.encode(text).map_err(|unknown| {
                let remedy = format!("the model knows no {unknown:?}; leave it out");
                ValueError::new("--prompt", text, remedy)
            })?,
            _ => {
                let first = ['\n', ' '].into_iter().find_map(|first| alphabet.index(first));
                vec![first.unwrap_or(0)]
            }
        };
        Ok(symbols.into_iter().map(u32::from).collect())
    }
}

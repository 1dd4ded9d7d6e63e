//! `bnlstm describe`

use clap::Args;

use super::Failure;
use super::options::{BaseOptions, ModelOptions, set_normalization};
use super::output::line;
use crate::describe::{Description, Sizes};
use crate::device::DeviceChoice;
use crate::normalization::help as normalization_help;

/// Says what a model is: its equations, what it keeps, and what training it costs.
#[derive(Args, Debug)]
pub struct Describe {
    /// Normalization for its default sites, or one for each: `h=batch,x=batch(stats=shared)`.
    #[arg(value_name = "TEXT", long_help = normalization_help())]
    norm: String,
    #[command(flatten)]
    model: ModelOptions,
    /// Elements of an input.
    #[arg(long, default_value_t = 1)]
    input_size: usize,
    /// Time steps of a sequence.
    #[arg(long, default_value_t = 64)]
    steps: usize,
    /// Examples in a batch.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Measure how long a training step takes, with and without normalization.
    #[arg(long)]
    measure: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

impl Describe {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let mut settings = BaseOptions::default().settings()?;
        self.model.apply(&mut settings)?;
        set_normalization(&mut settings, "TEXT", &self.norm)?;
        let model = settings.config()?.model;
        let sizes = Sizes {
            input_size: self.input_size,
            steps: self.steps,
            batch: self.batch,
        };
        sizes.check(&model)?;
        let description = Description::new(&model, sizes, device, self.measure);
        if self.json {
            line(format_args!("{}", serde_json::to_string_pretty(&description)?))?;
        } else {
            line(format_args!("{}", description.to_string().trim_end()))?;
        }
        Ok(())
    }
}

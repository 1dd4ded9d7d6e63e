//! A description as text.

use std::fmt::{self, Formatter};

use super::{Cost, Definition, Description, Measured, Tensors};
use crate::table::{Column, Table};

impl fmt::Display for Description {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.label)?;
        writeln!(f, "normalization: {}", self.normalization)?;
        writeln!(f, "regularization: {}", self.regularization)?;
        writeln!(f, "{}\n", self.sizes_in_words())?;
        writeln!(f, "equations")?;
        for equation in &self.equations {
            writeln!(f, "  {equation}")?;
        }
        for definition in &self.definitions {
            defined(f, definition)?;
        }
        writeln!(f)?;
        tensors(f, "parameters", &self.parameters)?;
        writeln!(f, "  {} without normalization\n", self.parameters_without)?;
        tensors(f, "statistics", &self.statistics)?;
        writeln!(f)?;
        cost(f, &self.cost, self.device)?;
        self.measured.iter().try_for_each(|times| measured(f, times))
    }
}

impl Description {
    fn sizes_in_words(&self) -> String {
        let layers = match self.layers {
            1 => "1 layer".to_owned(),
            layers => format!("{layers} layers"),
        };
        let directions = if self.bidirectional {
            " in both directions"
        } else {
            ""
        };
        let super::Sizes {
            input_size,
            steps,
            batch,
        } = self.sizes;
        format!(
            "{layers}{directions}, units H = {}, inputs D = {input_size}, time steps T = {steps}, examples B = {batch}",
            self.hidden_size
        )
    }
}

fn defined(f: &mut Formatter<'_>, definition: &Definition) -> fmt::Result {
    writeln!(f, "\n  {}", definition.formula)?;
    for note in &definition.notes {
        writeln!(f, "      {note}")?;
    }
    let sites = match definition.sites.is_empty() {
        true => String::new(),
        false => format!("{}=", definition.sites.join(", ")),
    };
    writeln!(f, "      {sites}{} ({})", definition.text, definition.reference)
}

fn tensors(f: &mut Formatter<'_>, heading: &str, tensors: &Tensors) -> fmt::Result {
    if tensors.tensors.is_empty() {
        return writeln!(f, "{heading}: none");
    }
    let mut table = Table::new([
        Column::words(heading),
        Column::numbers("shape"),
        Column::numbers("count"),
    ]);
    for tensor in &tensors.tensors {
        let shape = format!("{:?}", tensor.shape);
        table.row([tensor.path.clone(), shape, tensor.count.to_string()]);
    }
    table.row(["total".to_owned(), String::new(), tensors.total.to_string()]);
    write!(f, "{table}")
}

fn cost(f: &mut Formatter<'_>, cost: &Cost, device: &str) -> fmt::Result {
    writeln!(f, "a training step")?;
    writeln!(
        f,
        "  {} floating-point operations of matrix products: {} forward, {} backward",
        cost.operations(),
        cost.forward_operations,
        cost.backward_operations
    )?;
    writeln!(
        f,
        "  {} values normalized at each time step, {} elements of weights once",
        cost.normalized_values, cost.normalized_weights
    )?;
    match &cost.unfused_because {
        None => writeln!(f, "  all time steps as one operation on {device}"),
        Some(reason) => writeln!(f, "  step by step on {device}: {reason}"),
    }
}

fn measured(f: &mut Formatter<'_>, times: &Measured) -> fmt::Result {
    writeln!(
        f,
        "  {:.3} ms, {:.2} times the {:.3} ms without normalization; medians of {}, with head and update",
        times.milliseconds, times.ratio, times.milliseconds_without, times.repeats
    )
}

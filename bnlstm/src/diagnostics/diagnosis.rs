//! What was wrong with an update.

use std::fmt;

use super::Extent;
use crate::number::six_digits;

/// Why an update has diverged. Its text is one line, without its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// The update, from 1.
    pub update: usize,
    /// What was found.
    pub finding: Finding,
    /// The ranges of what the tensor was computed of, or is normalized with.
    pub inputs: Vec<(String, Extent)>,
    /// What the tensor was normalized by, if it was.
    pub scale: Option<Scale>,
    /// What may help.
    pub remedy: Remedy,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The first tensor that has elements which are not finite.
    Bad(Named, Extent),
    /// Every number is finite, but not the norm of all gradients together: that of this tensor has the
    /// largest elements.
    Norm(Named, Extent),
    /// Every number is finite, and the loss far above that at the start.
    Grown {
        /// The loss.
        loss: f64,
        /// The loss at the start.
        start: f64,
        /// The value with the largest elements.
        value: (Named, Extent),
        /// The parameter with the largest elements.
        parameter: (Named, Extent),
    },
    /// Every number of the update, and of the parameters after it, is finite.
    Nothing,
}

/// A tensor of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What it is, such as `normalized input term`.
    pub what: String,
    /// Path of the layer that has it, or of the parameter that it is; empty if it is of none.
    pub layer: String,
    /// The time step, if it is of one.
    pub time: Option<usize>,
    /// Path of the normalization that has computed it, if one has.
    pub normalization: Option<String>,
}

/// What values were divided by: the root of the variance with `ε` added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The smallest variance.
    pub smallest_variance: f64,
    /// `ε`
    pub epsilon: f64,
}

/// What may help.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Remedy {
    /// A larger `ε` of the normalization.
    Epsilon,
    /// A smaller step, which is as given.
    LearningRate(f64),
    /// Weights from before; the step has the given size.
    Restart(f64),
    /// Other data.
    Data,
    /// None is known.
    None,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {}", self.what)?;
        if !self.layer.is_empty() {
            write!(f, " of {}", self.layer)?;
        }
        if let Some(time) = self.time {
            write!(f, " at time step {time}")?;
        }
        match &self.normalization {
            Some(path) => write!(f, " (path {path})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(tensor, extent) => {
                let bad = if extent.nan > 0 { "NaN" } else { "infinity" };
                let (count, all) = (extent.bad(), extent.elements);
                write!(
                    f,
                    "the first bad number is {bad} in {tensor}, in {count} of {all} elements"
                )
            }
            Self::Norm(tensor, extent) => write!(
                f,
                "the norm of all gradients together is not finite, though every element is; the largest are \
                 in {tensor}, {extent}"
            ),
            Self::Grown {
                loss,
                start,
                value: (value, of_value),
                parameter: (parameter, of_parameter),
            } => {
                let (loss, start) = (six_digits(*loss), six_digits(*start));
                write!(
                    f,
                    "the loss is {loss}, and was {start} at the start; the largest value is in {value}, \
                     {of_value}; the largest parameter is {parameter}, {of_parameter}"
                )
            }
            Self::Nothing => f.write_str("every number is finite"),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epsilon => f.write_str("give the normalization a larger eps"),
            Self::LearningRate(rate) => {
                let rate = six_digits(*rate);
                write!(f, "lower the learning rate, which is {rate}, or clip harder")
            }
            Self::Restart(rate) => {
                let rate = six_digits(*rate);
                write!(
                    f,
                    "an earlier update has spoilt it: go back to a checkpoint before that, with a lower \
                     learning rate than {rate}, or clip harder"
                )
            }
            Self::Data => f.write_str("mend the data, which must be finite numbers"),
            Self::None => f.write_str("none is known; the cause is not in this update"),
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "update {}: {}", self.update, self.finding)?;
        let ranges = self
            .inputs
            .iter()
            .map(|(name, extent)| format!("{name} {extent}"));
        let scale = self.scale.map(|scale| {
            let (variance, epsilon) = (six_digits(scale.smallest_variance), six_digits(scale.epsilon));
            format!("smallest variance {variance} with eps {epsilon}")
        });
        let inputs: Vec<String> = ranges.chain(scale).collect();
        if !inputs.is_empty() {
            write!(f, "; its inputs: {}", inputs.join(", "))?;
        }
        write!(f, "; remedy: {}", self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_all_that_is_known() {
        let extent = |numbers: &[f64]| Extent::of_numbers(numbers.iter().copied());
        let diagnosis = Diagnosis {
            update: 37,
            finding: Finding::Bad(
                Named {
                    what: "normalized input term".to_owned(),
                    layer: "lstm".to_owned(),
                    time: Some(0),
                    normalization: Some("lstm/norm_x".to_owned()),
                },
                extent(&[f64::NAN, 0.5]),
            ),
            inputs: vec![("x_t W_x".to_owned(), extent(&[0.12]))],
            scale: Some(Scale {
                smallest_variance: 0.0,
                epsilon: 0.0,
            }),
            remedy: Remedy::Epsilon,
        };
        assert_eq!(
            diagnosis.to_string(),
            "update 37: the first bad number is NaN in the normalized input term of lstm at time step 0 \
             (path lstm/norm_x), in 1 of 2 elements; its inputs: x_t W_x from 0.12 to 0.12, smallest \
             variance 0 with eps 0; remedy: give the normalization a larger eps"
        );
    }
}

//! What combinations are called.

use super::field::{Assignment, shown};
use crate::normalization::Sites;

/// The field whose values have names of their own.
pub(super) const NORMALIZATION: &str = "model.normalization";

/// The fields that are varied, by their short names.
pub(super) struct Names<'a> {
    varied: &'a [String],
}

impl<'a> Names<'a> {
    pub(super) fn new(varied: &'a [String]) -> Self {
        Self { varied }
    }

    /// The last part of a field, or all of it where another one ends in the same.
    fn short<'f>(&self, field: &'f str) -> &'f str {
        let last = |field: &'f str| field.rsplit('.').next().unwrap_or(field);
        let mut alike = self.varied.iter();
        match alike.any(|other| other != field && other.rsplit('.').next() == Some(last(field))) {
            true => field,
            false => last(field),
        }
    }

    /// What tables call a combination: the label of its normalization if that is varied, and
    /// `learning_rate=0.01` of other fields.
    pub(super) fn label(&self, settings: &[Assignment], normalization: &Sites) -> String {
        if settings.is_empty() {
            return normalization.label();
        }
        let part = |setting: &Assignment| match setting.field == NORMALIZATION {
            true => normalization.label(),
            false => self.pair(setting),
        };
        settings.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// The same for the name of a directory.
    pub(super) fn name(&self, settings: &[Assignment]) -> String {
        let part = |setting: &Assignment| match setting.field == NORMALIZATION {
            true => shown(&setting.value),
            false => self.pair(setting),
        };
        settings.iter().map(part).collect::<Vec<_>>().join(",")
    }

    fn pair(&self, setting: &Assignment) -> String {
        format!("{}={}", self.short(&setting.field), shown(&setting.value))
    }
}

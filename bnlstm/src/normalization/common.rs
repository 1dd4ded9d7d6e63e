//! Options that several normalizations have.

use nn::norm;

use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Choice, OptionInfo, Range, Values};

use super::variant::{Misplaced, Place};

/// Value at which every scale starts.
pub(super) const GAMMA: OptionInfo = OptionInfo {
    name: "gamma",
    values: Values::Number(Range::Finite),
    help: "value at which every scale starts",
};

/// ε of a variance.
pub(super) const EPS: OptionInfo = OptionInfo {
    name: "eps",
    values: Values::Number(Range::NotNegative),
    help: "added to the variance",
};

/// Weight of the old value in running averages.
pub(super) const MOMENTUM: OptionInfo = OptionInfo {
    name: "momentum",
    values: Values::Number(Range::BelowOne),
    help: "weight of the old value in the running averages",
};

/// What padding does to moments over the batch.
pub(super) const PADDING: OptionInfo = OptionInfo {
    name: "padding",
    values: Values::Choice(&["mask", "include"]),
    help: "whether steps beyond the end of a sequence are left out of the moments",
};

/// Which steps share running averages.
pub(super) const STEP_STATS: OptionInfo = OptionInfo {
    name: "stats",
    values: Values::Choice(&["per-step", "shared"]),
    help: "which time steps share running averages",
};

/// Which units are normalized together.
pub(super) const GROUPS: OptionInfo = OptionInfo {
    name: "groups",
    values: Values::Choice(&["whole", "gate"]),
    help: "whether the units of all gates are normalized together, or those of each gate",
};

/// Where γ starts, beside a formula.
pub(super) fn starts(gamma: f64) -> String {
    format!("γ starts at {}", shortest(gamma))
}

/// How running averages follow, beside a formula.
pub(super) fn running(momentum: f64) -> String {
    let momentum = shortest(momentum);
    format!("running averages, to evaluate with instead: {momentum} of the old ones, the rest of the batch's")
}

/// Whether steps beyond the end of a sequence take part in moments over the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// They do not.
    #[default]
    Mask,
    /// They do, as in the code of Cooijmans et al. 2016.
    Include,
}

impl Padding {
    /// What it says beside a formula.
    pub(super) fn note(self) -> &'static str {
        match self {
            Self::Mask => "what follows a sequence's end is left out",
            Self::Include => "what follows a sequence's end counts",
        }
    }
}

impl From<Padding> for norm::Padding {
    fn from(padding: Padding) -> Self {
        match padding {
            Padding::Mask => Self::Mask,
            Padding::Include => Self::Include,
        }
    }
}

impl Choice for Padding {
    const CHOICES: &'static [(&'static str, Self)] = &[("mask", Self::Mask), ("include", Self::Include)];
}

/// Which time steps share running averages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StepStats {
    /// Each time step has its own; steps beyond the longest training sequence use the last ones.
    #[default]
    PerStep,
    /// All time steps share one set.
    Shared,
}

impl Choice for StepStats {
    const CHOICES: &'static [(&'static str, Self)] = &[("per-step", Self::PerStep), ("shared", Self::Shared)];
}

impl StepStats {
    /// The rows of the statistics at a place.
    pub(super) fn rows(self, place: Place) -> norm::StepRows {
        match self {
            Self::PerStep => norm::StepRows::PerStep(place.steps),
            Self::Shared => norm::StepRows::Shared,
        }
    }
}

/// Which units of an example are normalized together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Groups {
    /// All of them.
    #[default]
    Whole,
    /// Those of each gate.
    Gate,
}

impl Choice for Groups {
    const CHOICES: &'static [(&'static str, Self)] = &[("whole", Self::Whole), ("gate", Self::Gate)];
}

impl Groups {
    /// How many groups there are at a place.
    pub(super) fn count(self, place: Place) -> usize {
        match self {
            Self::Whole => 1,
            Self::Gate => place.gates,
        }
    }

    /// What the moments of an example run over, beside a formula.
    pub(super) fn note(self) -> &'static str {
        match self {
            Self::Whole => "all units of an example",
            Self::Gate => "the units of each gate of an example",
        }
    }

    /// What a bare name means at a site: where there are no gates, the units are one group.
    pub(super) fn spread(self, site: Site) -> Self {
        if site.is_gate_term() { self } else { Self::Whole }
    }

    /// Gates are told apart only in the terms that go into them.
    pub(super) fn misplaced(self, site: Site) -> Option<Misplaced> {
        (self != self.spread(site)).then_some(Misplaced {
            option: "groups",
            value: "gate",
            reason: "only the terms that go into the gates have them: h, x, sum; give groups=whole",
        })
    }
}

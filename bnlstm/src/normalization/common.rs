//! Options that several normalizations have.

use nn::norm;

use crate::cell::Site;
use crate::text::{Choice, OptionInfo, Range, Values};

use super::variant::Misplaced;

/// Value at which every scale starts.
pub(super) const GAMMA: OptionInfo = OptionInfo {
    name: "gamma",
    values: Values::Number(Range::Finite),
    help: "value at which every scale starts",
};

/// ε of a variance.
pub(super) const EPS: OptionInfo = OptionInfo {
    name: "eps",
    values: Values::Number(Range::Positive),
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

/// Which units are normalized together.
pub(super) const GROUPS: OptionInfo = OptionInfo {
    name: "groups",
    values: Values::Choice(&["whole", "gate"]),
    help: "whether the units of all gates are normalized together, or those of each gate",
};

/// Whether steps beyond the end of a sequence take part in moments over the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// They do not.
    #[default]
    Mask,
    /// They do, as in the code of Cooijmans et al. 2016.
    Include,
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

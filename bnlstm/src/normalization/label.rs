//! Short names for tables and legends.

use super::{Normalization, PRESETS, Sites};

impl Sites {
    /// A short name of the cell with these normalizations: `LSTM`; `BN-LSTM γ=0.1` for one
    /// normalization at its default sites, with the options that are not the default; `LSTM` and a
    /// preset's name; or else `LSTM` and the text, without the options that are the default.
    /// Different normalizations of a cell have different names.
    ///
    /// ```
    /// use bnlstm::cell::Cell;
    /// use bnlstm::normalization::Sites;
    ///
    /// let sites = Sites::parse(Cell::Gru, "batch(gamma=1,stats=shared)")?;
    /// assert_eq!(sites.label(), "BN-GRU γ=1, stats=shared");
    /// # Ok::<(), bnlstm::normalization::ParseError>(())
    /// ```
    pub fn label(&self) -> String {
        let cell = self.cell().label();
        if *self == Self::none(self.cell()) {
            return cell.to_owned();
        }
        let mut present = self.iter().map(|(_, normalization)| normalization);
        let single = present.find(|found| Self::everywhere(self.cell(), *found) == *self);
        if let Some(normalization) = single {
            let prefix = normalization.variant().label;
            return format!("{prefix}-{cell}{}", options(&normalization));
        }
        let mut presets = PRESETS.iter();
        let preset = presets.find(|preset| Self::parse(self.cell(), preset.text).as_ref() == Ok(self));
        if let Some(preset) = preset {
            return format!("{cell} {}", preset.name);
        }
        let sites: Vec<_> = self
            .iter()
            .map(|(site, found)| format!("{site}={}", found.text_with(found.changed_settings())))
            .collect();
        format!("{cell} {}", sites.join(","))
    }
}

/// The options that a label gives, each after its separator.
fn options(normalization: &Normalization) -> String {
    let changed: Vec<_> = normalization.changed_settings().collect();
    let always = normalization.variant().gamma_in_label;
    let given = normalization
        .settings()
        .filter(|setting| changed.contains(setting) || (always && setting.0 == "gamma"));
    let mut text = String::new();
    for (option, value) in given {
        let separator = if text.is_empty() { " " } else { ", " };
        let name = if option == "gamma" { "γ" } else { option };
        text += &format!("{separator}{name}={value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Sites;
    use crate::cell::Cell;

    #[test]
    fn labels_are_short() {
        for (text, label) in [
            ("none", "LSTM"),
            ("batch", "BN-LSTM γ=0.1"),
            (
                "batch(eps=1e-3,momentum=0.9)",
                "BN-LSTM γ=0.1, eps=0.001, momentum=0.9",
            ),
            ("batch(stats=sequence-wise)", "BN-LSTM γ=0.1, stats=sequence-wise"),
            ("layer", "LN-LSTM"),
            ("h=layer,x=layer,c=layer", "LN-LSTM"),
            ("layer(gamma=0.5)", "LN-LSTM γ=0.5"),
            ("layer(eps=1e-4)", "LN-LSTM eps=0.0001"),
            ("layer-gate", "LN-LSTM groups=gate"),
            ("layer-tensorflow", "LSTM layer-tensorflow"),
            ("rms", "RMS-LSTM"),
            ("weight", "WN-LSTM"),
            ("h=layer", "LSTM h=layer"),
            ("h=batch(gamma=1),out=dyt", "LSTM h=batch(gamma=1),out=dyt"),
        ] {
            assert_eq!(Sites::parse(Cell::Lstm, text).unwrap().label(), label);
        }
        assert_eq!(Sites::parse(Cell::Gru, "weight").unwrap().label(), "WN-GRU");
        assert_eq!(Sites::parse(Cell::Rnn, "none").unwrap().label(), "RNN");
    }
}

//! Short names for tables and legends.

use super::{Normalization, Sites};

impl Sites {
    /// A short name of an LSTM with these normalizations: `LSTM`, `BN-LSTM γ=0.1`, `LN-LSTM γ=1`,
    /// or the text itself where sites differ. Other options than `gamma` are named where they are
    /// not the default, so that different normalizations have different names.
    ///
    /// ```
    /// use bnlstm::normalization::Sites;
    ///
    /// let sites: Sites = "batch(gamma=1,stats=shared)".parse()?;
    /// assert_eq!(sites.label(), "BN-LSTM γ=1, stats=shared");
    /// # Ok::<(), bnlstm::normalization::ParseError>(())
    /// ```
    pub fn label(&self) -> String {
        if *self != Self::all(self.h) {
            return self.to_string();
        }
        let (name, default) = match self.h {
            Normalization::None => return "LSTM".to_owned(),
            Normalization::Batch(_) => ("BN-LSTM", Normalization::Batch(Default::default())),
            Normalization::Layer(_) => ("LN-LSTM", Normalization::Layer(Default::default())),
        };
        let options = self.h.variant().options.iter();
        let values = self.h.parts().1.into_iter().zip(default.parts().1);
        let named = options.zip(values).filter_map(|(option, (value, default))| {
            let name = option.name;
            match name {
                "gamma" => Some(format!(" γ={value}")),
                _ => (value != default).then(|| format!(", {name}={value}")),
            }
        });
        name.to_owned() + &named.collect::<String>()
    }
}

#[cfg(test)]
mod tests {
    use super::Sites;

    #[test]
    fn different_normalizations_have_different_names() {
        for (text, label) in [
            ("none", "LSTM"),
            ("batch", "BN-LSTM γ=0.1"),
            (
                "batch(eps=1e-3,momentum=0.9)",
                "BN-LSTM γ=0.1, eps=0.001, momentum=0.9",
            ),
            ("layer(gamma=0.5)", "LN-LSTM γ=0.5"),
            ("layer(eps=1e-4)", "LN-LSTM γ=1, eps=0.0001"),
            ("h=layer", "h=layer(gamma=1,eps=1e-5),x=none,c=none"),
        ] {
            assert_eq!(text.parse::<Sites>().unwrap().label(), label);
        }
    }
}

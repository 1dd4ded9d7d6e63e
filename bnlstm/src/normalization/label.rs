//! Short names for tables and legends.

use super::{Normalization, Sites, Stats};

impl Sites {
    /// A short name of an LSTM with these normalizations: `LSTM`, `BN-LSTM γ=0.1`, `LN-LSTM`, or
    /// the text itself where sites differ.
    ///
    /// ```
    /// use bnlstm::normalization::Sites;
    ///
    /// let sites: Sites = "batch(gamma=1,stats=shared)".parse()?;
    /// assert_eq!(sites.label(), "BN-LSTM γ=1, shared statistics");
    /// # Ok::<(), bnlstm::normalization::ParseError>(())
    /// ```
    pub fn label(&self) -> String {
        if self.h != self.x || self.x != self.c {
            return self.to_string();
        }
        match self.h {
            Normalization::None => "LSTM".to_owned(),
            Normalization::Layer(options) => format!("LN-LSTM γ={}", options.gamma),
            Normalization::Batch(options) => {
                let shared = match options.stats {
                    Stats::PerStep => "",
                    Stats::Shared => ", shared statistics",
                };
                format!("BN-LSTM γ={}{shared}", options.gamma)
            }
        }
    }
}

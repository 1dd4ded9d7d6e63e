//! What a model that answers questions has besides its recurrent layers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ValueError;
use super::check::from_one_to;
use crate::cell::Site;
use crate::normalization::Normalization;

/// Larger embeddings than this do not fit in memory.
const MOST_ELEMENTS: usize = 1 << 14;

/// The words and the attention of an Attentive Reader.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderConfig {
    /// Elements of a word's vector.
    pub embedding_size: usize,
    /// The normalization of each term inside the tanh of the attention.
    #[serde(default, serialize_with = "print", deserialize_with = "read")]
    pub attention: Normalization,
}

impl ReaderConfig {
    /// Looks for values that make no sense.
    pub(super) fn check(&self) -> Result<(), ValueError> {
        from_one_to("model.reader.embedding_size", self.embedding_size, MOST_ELEMENTS)?;
        let variant = self.attention.variant();
        // Its terms are products, as those of a cell are.
        if self.attention != Normalization::None && !variant.sites.contains(&Site::X) {
            let remedy = "it is not defined for products; give one that is defined at the site x of a cell";
            return Err(ValueError::new("model.reader.attention", self.attention, remedy));
        }
        Ok(())
    }
}

fn print<S: Serializer>(normalization: &Normalization, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(normalization)
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Normalization, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

//! What two configurations do not have in common.

use serde_json::Value;

/// A field in which two configurations differ, and its values; `null` where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The field, such as `model.hidden_size`.
    pub field: String,
    /// In the first one.
    pub first: Value,
    /// In the second one.
    pub second: Value,
}

impl Difference {
    /// The first one between two trees.
    pub(crate) fn between(a: &Value, b: &Value) -> Option<Self> {
        let (Value::Object(a_fields), Value::Object(b_fields)) = (a, b) else {
            return (a != b).then(|| Self {
                field: String::new(),
                first: a.clone(),
                second: b.clone(),
            });
        };
        let names = a_fields.keys().chain(b_fields.keys());
        names.into_iter().find_map(|name| {
            let found = Self::between(&a[name], &b[name])?;
            let separator = if found.field.is_empty() { "" } else { "." };
            Some(Self {
                field: format!("{name}{separator}{}", found.field),
                ..found
            })
        })
    }
}

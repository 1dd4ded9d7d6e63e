//! Configurations put together: a preset or a file, and what is changed in it.

use std::path::Path;

use serde_json::{Map, Value};

use crate::config::{ConfigError, RunConfig, ValueError, read_text};
use crate::presets::Preset;

/// A configuration that is being put together.
///
/// ```
/// use bnlstm::presets::Preset;
/// use bnlstm::settings::Settings;
///
/// let mut settings = Settings::of_preset(Preset::find("digits-quick").expect("there is one"));
/// settings.set("training.epochs", 3);
/// settings.assign("model.hidden_size=32")?;
/// let config = settings.config()?;
/// assert_eq!((config.training.epochs, config.model.hidden_size), (Some(3), 32));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is from, for errors.
    origin: String,
    /// As it was read.
    text: String,
    /// As it is with the changes so far; none if there are none.
    changed: Option<Value>,
}

impl Settings {
    /// A preset.
    pub fn of_preset(preset: &Preset) -> Self {
        Self {
            origin: format!("preset {}", preset.name),
            text: preset.text.to_owned(),
            changed: None,
        }
    }

    /// A configuration as a run directory holds it.
    ///
    /// # Errors
    /// If the file cannot be read, or is not TOML.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let settings = Self {
            origin: format!("configuration {}", path.display()),
            text: read_text(path)?,
            changed: None,
        };
        // Whatever is changed, the file has to be whole.
        settings.config()?;
        Ok(settings)
    }

    /// Sets a field, such as `model.hidden_size`.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        let tree = self.tree();
        let mut place = tree;
        for name in field.split('.') {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[name];
        }
        *place = value.into();
    }

    /// Sets a field to a number.
    ///
    /// # Errors
    /// If it is not finite.
    pub fn set_number(&mut self, field: &'static str, value: f64) -> Result<(), ValueError> {
        if !value.is_finite() {
            return Err(ValueError::new(field, value, "give a finite number"));
        }
        self.set(field, value);
        Ok(())
    }

    /// Leaves a field out.
    pub fn remove(&mut self, field: &str) {
        let (parent, name) = field.rsplit_once('.').unwrap_or(("", field));
        let pointer = match parent {
            "" => String::new(),
            parent => format!("/{}", parent.replace('.', "/")),
        };
        if let Some(Value::Object(fields)) = self.tree().pointer_mut(&pointer) {
            fields.remove(name);
        }
    }

    /// Sets a field as `field=value` says, the value being one of TOML or, if it is none, text.
    ///
    /// # Errors
    /// If there is no `=`, or no field before it.
    pub fn assign(&mut self, text: &str) -> Result<(), ValueError> {
        let Some((field, value)) = text.split_once('=').filter(|(field, _)| !field.trim().is_empty()) else {
            let remedy = "give a field and a value, such as training.batch=32";
            return Err(ValueError::new("--set", text, remedy));
        };
        let parsed = toml::from_str::<Map<String, Value>>(&format!("value = {value}"));
        let value = match parsed.ok().and_then(|mut table| table.remove("value")) {
            Some(parsed) if is_not_finite(&parsed) => {
                return Err(ValueError::new("--set", text, "give a finite number"));
            }
            Some(parsed) => parsed,
            None => Value::String(value.to_owned()),
        };
        self.set(field.trim(), value);
        Ok(())
    }

    /// The value of a field, if it has one.
    pub fn get(&mut self, field: &str) -> Option<&Value> {
        self.tree().pointer(&format!("/{}", field.replace('.', "/")))
    }

    fn tree(&mut self) -> &mut Value {
        let parse = || toml::from_str(&self.text).expect("presets and files that were read are TOML");
        self.changed.get_or_insert_with(parse)
    }

    /// The configuration.
    ///
    /// # Errors
    /// If a field is unknown, missing or of the wrong kind, or a value makes no sense.
    pub fn config(&self) -> Result<RunConfig, ConfigError> {
        match &self.changed {
            None => RunConfig::parse(&self.text, &self.origin),
            Some(tree) => {
                let text = toml::to_string(tree).expect("it came from TOML");
                RunConfig::parse(&text, &format!("{} with the options given", self.origin))
            }
        }
    }
}

/// Whether there is a number in it that is not finite: JSON, in which values are kept, has none, and
/// nulls are what became of them.
pub(crate) fn is_not_finite(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(is_not_finite),
        Value::Object(fields) => fields.values().any(is_not_finite),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

//! Configurations that come with the program, each value with its source.

/// A configuration that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// The file: a line that says what it is, and values, each with its source behind `#`.
    pub text: &'static str,
}

/// One preset from the file of its name.
macro_rules! preset {
    ($name:literal) => {
        Preset {
            name: $name,
            text: include_str!(concat!("../presets/", $name, ".toml")),
        }
    };
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    preset!("digits-quick"),
    preset!("smnist-paper"),
    preset!("smnist-authors"),
    preset!("smnist-corrected"),
    preset!("smnist-baseline"),
    preset!("smnist-quick"),
    preset!("pmnist-paper"),
    preset!("pmnist-authors"),
    preset!("pmnist-corrected"),
    preset!("pmnist-baseline"),
    preset!("pmnist-quick"),
    preset!("charlm-quick"),
    preset!("ptb-paper"),
    preset!("ptb-authors"),
    preset!("ptb-corrected"),
    preset!("ptb-baseline"),
    preset!("ptb-quick"),
    preset!("text8-paper"),
    preset!("text8-authors"),
    preset!("text8-corrected"),
    preset!("text8-baseline"),
    preset!("text8-quick"),
    preset!("qa-paper"),
    preset!("qa-authors"),
    preset!("qa-corrected"),
    preset!("qa-baseline"),
    preset!("qa-full-paper"),
    preset!("qa-full-authors"),
    preset!("qa-full-corrected"),
    preset!("qa-full-baseline"),
    preset!("qa-quick"),
    preset!("copy-quick"),
    preset!("adding-quick"),
];

/// A field of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The table that it is in, such as `model`.
    pub table: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its value as the file has it.
    pub value: &'a str,
    /// Where the value is from.
    pub source: &'a str,
}

impl Preset {
    /// The preset of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// What it is, in one line.
    pub fn summary(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches(['#', ' '])
    }

    /// Its fields in the order of the file.
    pub fn fields(&self) -> Vec<Field<'static>> {
        let mut table = "";
        let mut fields = Vec::new();
        for line in self.text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                table = name;
            } else if let Some((name, rest)) = line.split_once(" = ") {
                let (value, source) = rest.split_once(" # ").unwrap_or((rest, ""));
                fields.push(Field {
                    table,
                    name,
                    value: value.trim(),
                    source: source.trim(),
                });
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::settings::Settings;

    #[test]
    fn every_preset_is_a_configuration_that_makes_sense() {
        for preset in PRESETS {
            let config = Settings::of_preset(preset).config();
            assert!(config.is_ok(), "{}", config.unwrap_err());
            assert!(preset.summary().len() > 20, "{}", preset.name);
        }
    }

    #[test]
    fn every_value_has_a_source() {
        for preset in PRESETS {
            let fields = preset.fields();
            let without = fields.iter().find(|field| field.source.is_empty());
            assert_eq!(without, None, "{}", preset.name);
            let values = preset.text.lines().filter(|line| line.contains(" = ")).count();
            assert_eq!(values, fields.len(), "{}", preset.name);
        }
    }

    #[test]
    fn every_file_is_a_preset() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<String> = files
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        let mut known: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        known.sort_unstable();
        assert_eq!(names, known);
    }

    #[test]
    fn the_pixel_orders_of_the_presets_are_the_documented_ones() {
        let order = |name: &str| {
            let fields = Preset::find(name).unwrap().fields();
            let field = fields.iter().find(|field| field.name == "order");
            field.map(|field| field.value)
        };
        assert_eq!(order("pmnist-authors"), Some("\"authors\""));
        let permuted = Some("{ permuted = { permutation_seed = 1 } }");
        assert_eq!(order("pmnist-paper"), permuted);
        assert_eq!(order("pmnist-corrected"), permuted);
        assert_eq!(order("smnist-paper"), None);
    }
}

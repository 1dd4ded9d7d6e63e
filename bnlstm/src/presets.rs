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

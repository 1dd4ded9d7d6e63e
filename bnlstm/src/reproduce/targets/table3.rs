//! Table 3: bits per character on text8.

use super::Target;
use super::table2::{text_report, text_runs};
use crate::reproduce::experiments::Text;

pub const TARGET: Target = Target {
    name: "table3",
    title: "Table 3: test bits per character on text8",
    runs: |setting| text_runs(setting, Text::Text8),
    report: |setting, results, device| text_report(setting, results, device, Text::Text8, ["1.43", "1.36"]),
};

//! The page itself: text, looks, script and data in one file.

use super::data::Page;
use super::gather::Run;

const FRAME: &str = include_str!("assets/report.html");
const LOOKS: &str = include_str!("assets/report.css");
/// What the script consists of, in this order.
const SCRIPTS: [&str; 7] = [
    include_str!("assets/elements.js"),
    include_str!("assets/scales.js"),
    include_str!("assets/chart.js"),
    include_str!("assets/table.js"),
    include_str!("assets/sections.js"),
    include_str!("assets/population.js"),
    include_str!("assets/report.js"),
];

/// The page of some runs, which needs nothing besides itself. `made` is when, in seconds since 1970; one
/// line has it, and all others depend on the runs alone.
pub fn page(runs: &[Run], made: Option<u64>) -> String {
    let data = serde_json::to_string(&Page::of(runs)).expect("a page is made of maps with text as keys");
    let parts = [
        ("{{looks}}", LOOKS.to_owned()),
        (
            "{{made}}",
            made.map_or(String::new(), |seconds| seconds.to_string()),
        ),
        ("{{data}}", escaped(&data)),
        ("{{script}}", SCRIPTS.concat()),
    ];
    let mut page = String::new();
    let mut rest = FRAME;
    for (mark, text) in parts {
        let (before, after) = rest
            .split_once(mark)
            .expect("the frame has each mark, in this order");
        page += before;
        page += &text;
        rest = after;
    }
    page + rest
}

/// JSON that nothing in a page takes for a mark of its own, such as the end of the script that it stands
/// in: these characters occur in texts only, where they may be written by their numbers.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text += &format!("\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text
}

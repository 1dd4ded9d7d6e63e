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

#[cfg(test)]
mod tests {
    use plotters::style::RGBColor;

    use super::LOOKS;
    use crate::figure::vision::{EYES, distance, lab};

    /// The colours of the variables `--NAME0`, `--NAME1`, … in a part of the looks.
    fn colors(part: &str, name: &str) -> Vec<RGBColor> {
        let digits = |index: usize| Some(part.split_once(&format!("--{name}{index}: #"))?.1);
        (0..)
            .map_while(digits)
            .map(|digits| {
                let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits");
                RGBColor(byte(0), byte(2), byte(4))
            })
            .collect()
    }

    #[test]
    fn colours_are_told_apart_on_light_and_dark_pages_with_any_two_kinds_of_cones() {
        let (light, rest) = LOOKS
            .split_once(":root[data-theme=\"dark\"]")
            .expect("there are two");
        let (dark, _) = rest.split_once('}').expect("which end");
        for (part, name, count) in [(light, "c", 8), (dark, "c", 8), (light, "p", 6), (dark, "p", 6)] {
            let colors = colors(part, name);
            assert_eq!(colors.len(), count);
            for (index, &a) in colors.iter().enumerate() {
                for &b in &colors[index + 1..] {
                    for seen in &EYES {
                        // As for the figures: 2.3 is just seen, thin lines need several times that.
                        let distance = distance(lab(a, seen), lab(b, seen));
                        assert!(distance > 10.0, "{a:?} {b:?}: {distance}");
                    }
                }
            }
        }
    }
}

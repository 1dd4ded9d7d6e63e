//! The tables that texts, lists and tests are made from.

use crate::cell::Cell;
use crate::list::combinations;
use crate::normalization::*;
use crate::text::Values;

#[test]
fn lists_of_options_match_what_variants_read_and_print() {
    for variant in VARIANTS {
        let normalization: Normalization = variant.name.parse().unwrap();
        assert_eq!(normalization.variant(), *variant);
        assert_eq!(
            normalization.values().len(),
            variant.options.len(),
            "{}",
            variant.name
        );
        for (option, value) in variant.options.iter().zip(normalization.values()) {
            // Each default, given alone and by name, is accepted and changes nothing.
            let text = format!("{}({}={value})", variant.name, option.name);
            assert_eq!(text.parse(), Ok(normalization), "{text}");
            let Values::Choice(words) = option.values else {
                continue;
            };
            for word in words {
                // Each word is accepted, and printed again at its place.
                let text = format!("{}({}={word})", variant.name, option.name);
                let chosen: Normalization = text.parse().unwrap();
                let wanted = format!("{}={word}", option.name);
                assert!(chosen.to_string().contains(&wanted), "{text}: {chosen}");
            }
        }
    }
}

#[test]
fn default_sites_are_defined_and_in_every_cell() {
    for variant in VARIANTS {
        for site in variant.default_sites {
            assert!(variant.sites.contains(site), "{} at {site}", variant.name);
        }
        for cell in Cell::ALL {
            let sites = Sites::parse(cell, variant.name).unwrap();
            assert_eq!(
                sites == Sites::none(cell),
                variant.name == "none",
                "{}",
                variant.name
            );
        }
    }
}

#[test]
fn combinations_are_exactly_the_texts_that_parse() {
    let all: Vec<_> = combinations().collect();
    for cell in Cell::ALL {
        for site in crate::cell::Site::ALL {
            for variant in &VARIANTS[1..] {
                let text = format!("{site}={}", variant.name);
                let exists = all.iter().any(|combination| {
                    (combination.cell, combination.site) == (cell, site)
                        && combination.variant.name == variant.name
                });
                assert_eq!(Sites::parse(cell, &text).is_ok(), exists, "{cell}: {text}");
            }
        }
    }
    // Eight variants everywhere, two at the 2 products of each cell, and norm-propagation at the 4
    // sites h, x, c, out of an LSTM, at h, x, out of an RNN and at h, x of a GRU.
    assert_eq!(all.len(), 8 * (4 + 6 + 3) + 2 * 3 * 2 + 4 + 3 + 2);
}

//! What is true of every normalization at every site.

use super::super::Definition;
use super::described;
use crate::list::combinations;
use crate::text::Values;

#[test]
fn every_combination_names_its_site_and_its_symbol() {
    for combination in combinations() {
        let (cell, site, variant) = (combination.cell, combination.site, combination.variant);
        let text = combination.text();
        let description = described(cell, &text, "none");
        let [definition] = &description.definitions[..] else {
            panic!("{cell} {text}: {:?}", description.definitions);
        };
        assert_eq!(definition.symbol, variant.label, "{cell} {text}");
        assert_eq!(definition.sites, [site.name()], "{cell} {text}");
        assert!(
            definition.formula.starts_with(&format!("{}(", variant.label)),
            "{definition:?}"
        );
        let symbol = format!("{}(", variant.label);
        let with: Vec<_> = description
            .equations
            .iter()
            .filter(|line| line.contains(&symbol))
            .collect();
        assert_eq!(with.len(), 1, "{cell} {text}: {:?}", description.equations);
        let learned = description.parameters.tensors.iter();
        let own: Vec<_> = learned.filter(|tensor| tensor.path.contains("/norm_")).collect();
        for tensor in &own {
            let name = tensor.path.rsplit('/').next().unwrap();
            let letter = ["gamma", "beta", "alpha"]
                .iter()
                .position(|known| *known == name)
                .unwrap();
            let letter = ["γ", "β", "α"][letter];
            assert!(
                with[0].contains(&format!("{letter}_{site}")),
                "{cell} {text}: {with:?}"
            );
        }
        let letters = ["γ_", "β_", "α_"]
            .iter()
            .filter(|letter| with[0].contains(**letter))
            .count();
        assert_eq!(letters, own.len(), "{cell} {text}: {with:?}");
        assert!(
            description.to_string().contains(&definition.text),
            "{cell} {text}"
        );
    }
}

/// Norm propagation is left out: its gains are in constants that are computed of them.
#[test]
fn every_number_of_the_options_is_in_the_definition() {
    let others = combinations().filter(|found| found.variant.name != "norm-propagation");
    for combination in others {
        let numbers = combination
            .variant
            .options
            .iter()
            .enumerate()
            .filter(|(_, option)| matches!(option.values, Values::Number(_) | Values::Count(_)));
        for (i, option) in numbers {
            let number = match option.values {
                // Groups have to divide the units.
                Values::Count(_) => 4,
                _ => 0,
            };
            let value = if number > 0 {
                number.to_string()
            } else {
                format!("0.{}37", i + 1)
            };
            let value = if option.name == "rmax" {
                "7.125".to_owned()
            } else {
                value
            };
            let text = format!("{}({}={value})", combination.text(), option.name);
            let description = described(combination.cell, &text, "none");
            let Definition { formula, notes, .. } = &description.definitions[0];
            let found = notes.iter().chain([formula]).any(|line| line.contains(&value));
            assert!(found, "{text}: {formula} {notes:?}");
        }
    }
}

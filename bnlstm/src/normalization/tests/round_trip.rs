//! Printing and reading again changes nothing.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::cell::{Cell, Site};
use crate::normalization::*;
use crate::text::{OptionInfo, Range, Values};

/// Numbers that single precision holds, with all the digits of double precision.
fn finite() -> impl Strategy<Value = f64> {
    let any = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    prop_oneof![any.prop_map(|x| x.clamp(-3e38, 3e38)), -2.0..2.0,]
}

/// A value within the range of an option, as text.
fn value(option: &OptionInfo) -> BoxedStrategy<String> {
    let magnitude = || finite().prop_map(f64::abs);
    let number = match option.values {
        Values::Choice(words) => return prop::sample::select(words).prop_map(str::to_owned).boxed(),
        Values::Count(from) => return (from..=u32::MAX).prop_map(|count| count.to_string()).boxed(),
        Values::Number(Range::Finite) => finite().boxed(),
        Values::Number(Range::Positive) => magnitude().prop_map(|x| x.max(2e-38)).boxed(),
        Values::Number(Range::NotNegative) => magnitude().boxed(),
        Values::Number(Range::AtLeastOne) => magnitude().prop_map(|x| x.max(1.0)).boxed(),
        Values::Number(Range::BelowOne) => (0.0..0.999_999_9).boxed(),
    };
    number.prop_map(|number| format!("{number:?}")).boxed()
}

/// A variant with all its options.
fn normalization_text() -> impl Strategy<Value = String> {
    prop::sample::select(VARIANTS).prop_flat_map(|variant| {
        let values: Vec<_> = variant.options.iter().map(value).collect();
        values.prop_map(move |values| {
            let settings = variant.options.iter().zip(values);
            let settings: Vec<_> = settings
                .map(|(option, value)| format!("{}={value}", option.name))
                .collect();
            match settings.is_empty() {
                true => variant.name.to_owned(),
                false => format!("{}({})", variant.name, settings.join(",")),
            }
        })
    })
}

fn cell() -> impl Strategy<Value = Cell> {
    prop::sample::select(Cell::ALL.to_vec())
}

/// Sites of a cell: those of random normalizations that are defined where they were put.
fn sites() -> impl Strategy<Value = Sites> {
    let texts = prop::collection::vec(prop::option::of(normalization_text()), Site::ALL.len());
    (cell(), texts).prop_map(|(cell, texts)| {
        let given = Site::ALL.into_iter().zip(texts);
        let given = given.filter_map(|(site, text)| Some(format!("{site}={}", text?)));
        let right: Vec<String> = given.filter(|text| Sites::parse(cell, text).is_ok()).collect();
        match right.is_empty() {
            true => Sites::none(cell),
            false => Sites::parse(cell, &right.join(",")).unwrap(),
        }
    })
}

/// Texts that are nearly right, which random characters alone would never be.
fn nearly_right() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "h",
            "x",
            "c",
            "sum",
            "out",
            "batch",
            "layer",
            "none",
            "weight",
            "layer-gate",
            "gamma",
            "eps",
            "stats",
            "groups",
            "momentum",
            "shared",
            "gate",
            "sequence-wise",
            "0.1",
            "1e-5",
            "(",
            ")",
            ",",
            "=",
            " ",
            "\n",
            "γ",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn check(cell: Cell, text: &str) -> Result<(), TestCaseError> {
    match Sites::parse(cell, text) {
        Ok(sites) => prop_assert_eq!(Sites::parse(cell, &sites.to_string()), Ok(sites)),
        Err(error) => {
            prop_assert!(error.position() <= text.len());
            prop_assert!(text.is_char_boundary(error.position()));
            prop_assert!(error.to_string().ends_with('^'));
        }
    }
    if let Err(error) = text.parse::<Normalization>() {
        prop_assert!(error.position() <= text.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn printed_normalizations_parse_to_the_same(text in normalization_text()) {
        let value: Normalization = text.parse().unwrap();
        prop_assert_eq!(value.to_string().parse(), Ok(value));
    }

    #[test]
    fn printed_sites_parse_to_the_same(sites in sites()) {
        prop_assert_eq!(Sites::parse(sites.cell(), &sites.to_string()), Ok(sites));
        prop_assert_eq!(Text::from(sites).resolve(sites.cell()), Ok(sites));
    }

    #[test]
    fn a_bare_name_prints_as_its_sites(cell in cell(), text in normalization_text()) {
        let sites = Sites::parse(cell, &text).unwrap();
        prop_assert_eq!(Sites::parse(cell, &sites.to_string()), Ok(sites));
    }

    #[test]
    fn different_normalizations_have_different_labels(a in sites(), b in sites(), text in normalization_text()) {
        let bare = Sites::parse(a.cell(), &text).unwrap();
        for (a, b) in [(a, b), (a, bare), (b, bare)] {
            if a != b {
                prop_assert_ne!(a.label(), b.label());
            }
        }
    }

    #[test]
    fn random_text_never_panics(cell in cell(), text in ".*") {
        check(cell, &text)?;
    }

    #[test]
    fn nearly_right_text_never_panics(cell in cell(), text in nearly_right()) {
        check(cell, &text)?;
    }
}

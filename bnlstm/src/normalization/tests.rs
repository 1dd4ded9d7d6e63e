use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde::{Deserialize, Serialize};

use super::options::VariantOptions;
use super::*;

fn error(text: &str) -> (usize, String) {
    let error = text.parse::<Sites>().expect_err(text);
    (error.position(), error.to_string())
}

#[test]
fn options_left_out_take_their_defaults() {
    let batch = Normalization::Batch(BatchOptions::default());
    for text in [
        "batch",
        "batch()",
        " batch ( ) ",
        "batch(gamma=0.1)",
        "batch(momentum=.99)",
    ] {
        assert_eq!(text.parse(), Ok(batch), "{text}");
    }
    assert_eq!(
        "layer".parse(),
        Ok(Normalization::Layer(LayerOptions {
            gamma: 1.0,
            eps: 1e-5
        }))
    );
    assert_eq!("none()".parse(), Ok(Normalization::None));
}

#[test]
fn options_come_in_any_order_with_spaces() {
    let text = "batch( momentum = 0.9 ,stats=shared, eps=1e-3, gamma = -2 )";
    let expected = BatchOptions {
        gamma: -2.0,
        eps: 1e-3,
        stats: Stats::Shared,
        momentum: 0.9,
    };
    assert_eq!(text.parse(), Ok(Normalization::Batch(expected)));
}

#[test]
fn one_normalization_applies_to_all_sites() {
    let sites: Sites = "layer".parse().unwrap();
    assert_eq!(sites, Sites::all(LayerOptions::default().into()));
    assert_eq!(sites.to_string(), "layer(gamma=1,eps=1e-5)");
}

#[test]
fn missing_sites_have_none() {
    let sites: Sites = "c = layer , h=batch(gamma=1)".parse().unwrap();
    let batch = BatchOptions {
        gamma: 1.0,
        ..BatchOptions::default()
    };
    assert_eq!(*sites.at(Site::H), Normalization::Batch(batch));
    assert_eq!(*sites.at(Site::X), Normalization::None);
    assert_eq!(*sites.at(Site::C), Normalization::Layer(LayerOptions::default()));
    assert_eq!(
        sites.to_string(),
        "h=batch(gamma=1,eps=1e-5,stats=per-step,momentum=0.99),x=none,c=layer(gamma=1,eps=1e-5)"
    );
}

#[test]
fn errors_show_the_position_and_what_is_known() {
    assert_eq!(
        error("h=bacth(gamma=1)").1,
        "unknown normalization `bacth` (did you mean `batch`?); \
         known normalizations: none, batch, layer (at byte 2)\n  h=bacth(gamma=1)\n    ^"
    );
}

#[test]
fn every_kind_of_mistake_is_found_at_its_place() {
    let cases = [
        (
            "",
            0,
            "expected a normalization or a site, found the end of the text",
        ),
        (
            "spectral",
            0,
            "unknown normalization `spectral`; known normalizations: none, batch, lay",
        ),
        (
            "batch(gama=1)",
            6,
            "`gama` (did you mean `gamma`?); options of batch: gamma, eps, stats",
        ),
        (
            "layer(stats=shared)",
            6,
            "unknown option `stats`; options of layer: gamma, eps",
        ),
        ("none(gamma=1)", 5, "`none` has no options"),
        ("batch(eps=1,eps=2)", 12, "option `eps` is given twice"),
        (
            "batch(gamma=inf)",
            12,
            "option `gamma` must be a finite number, found `inf`",
        ),
        ("batch(gamma=NaN)", 12, "must be a finite number, found `NaN`"),
        ("batch(gamma=1e999)", 12, "must be a finite number, found `1e999`"),
        ("batch(gamma=one)", 12, "must be a finite number, found `one`"),
        (
            "batch(eps=0)",
            10,
            "option `eps` must be a finite number above 0, found `0`",
        ),
        (
            "layer(eps=-1)",
            10,
            "option `eps` must be a finite number above 0, found `-1`",
        ),
        (
            "batch(momentum=1)",
            15,
            "option `momentum` must be a number from 0 to below 1",
        ),
        (
            "batch(momentum=-0.1)",
            15,
            "must be a number from 0 to below 1, found `-0.1`",
        ),
        (
            "batch(stats=step)",
            12,
            "`stats` must be one of per-step, shared, found `step`",
        ),
        ("batch(gamma)", 11, "expected `=` and a value, found `)`"),
        ("batch(gamma=)", 12, "expected a value, found `)`"),
        ("batch(gamma=1", 5, "this `(` is not closed"),
        ("batch(", 6, "expected an option, found the end of the text"),
        ("batch(gamma=1 2)", 14, "expected `,` or `)`, found `2`"),
        ("batch(gamma=1,)", 14, "expected an option, found `)`"),
        ("batch)", 5, "expected the end of the text, found `)`"),
        ("batch layer", 6, "expected the end of the text, found `layer`"),
        ("batch,layer", 5, "expected the end of the text, found `,`"),
        ("y=batch", 0, "unknown site `y`; known sites: h, x, c"),
        ("h=batch,h=none", 8, "site `h` is given twice"),
        ("h=batch,", 8, "expected a site, found the end of the text"),
        (
            "h=batch,x",
            9,
            "expected `=` and a normalization, found the end of the text",
        ),
        ("h=", 2, "expected a normalization, found the end of the text"),
    ];
    for (text, position, message) in cases {
        let (found, shown) = error(text);
        assert_eq!(found, position, "{text}: {shown}");
        assert!(shown.contains(message), "{text}: {shown}");
        assert!(
            shown.contains(&format!("\n  {text}\n  {}^", " ".repeat(position))),
            "{shown}"
        );
    }
}

#[test]
fn caret_counts_characters_and_line_breaks_stay_out() {
    let (position, shown) = error("γ\n=batch");
    assert_eq!(position, 0);
    assert!(shown.ends_with("\n  γ =batch\n  ^"), "{shown}");
    let (position, shown) = error("h=batch(γγ=1)");
    assert_eq!(position, 8);
    assert!(shown.ends_with("\n  h=batch(γγ=1)\n          ^"), "{shown}");
    let (position, shown) = error("h=ββ x");
    assert_eq!(position, 7);
    assert!(shown.ends_with("\n  h=ββ x\n       ^"), "{shown}");
}

#[test]
fn a_single_normalization_takes_no_sites() {
    let error = "h=batch".parse::<Normalization>().unwrap_err();
    assert_eq!(error.position(), 1);
    assert!(matches!(error.problem(), Problem::Unexpected { .. }));
}

#[test]
fn serde_uses_the_text() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Config {
        norm: Sites,
        output: Normalization,
    }
    let config: Config = toml::from_str("norm = 'h=layer'\noutput = 'none'").unwrap();
    assert_eq!(config.norm.h, LayerOptions::default().into());
    let printed = toml::to_string(&config).unwrap();
    assert_eq!(
        printed,
        "norm = \"h=layer(gamma=1,eps=1e-5),x=none,c=none\"\noutput = \"none\"\n"
    );
    assert_eq!(toml::from_str::<Config>(&printed).unwrap(), config);
    let error = toml::from_str::<Config>("norm = 'lyer'\noutput = 'none'").unwrap_err();
    assert!(error.to_string().contains("did you mean `layer`?"), "{error}");
}

#[test]
fn lists_of_options_match_what_variants_read_and_print() {
    for variant in VARIANTS {
        let normalization: Normalization = variant.name.parse().unwrap();
        assert_eq!(normalization.variant(), variant);
        assert_eq!(
            normalization.parts().1.len(),
            variant.options.len(),
            "{}",
            variant.name
        );
        for (option, value) in variant.options.iter().zip(normalization.parts().1) {
            // Each default, given alone and by name, is accepted and changes nothing.
            let text = format!("{}({}={value})", variant.name, option.name);
            assert_eq!(text.parse(), Ok(normalization), "{text}");
        }
    }
    let Values::Choice(words) = BatchOptions::VARIANT.options[2].values else {
        panic!("stats is a choice");
    };
    for word in words {
        assert!(
            format!("batch(stats={word})").parse::<Normalization>().is_ok(),
            "{word}"
        );
    }
}

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        -2.0..2.0,
    ]
}

fn normalization() -> impl Strategy<Value = Normalization> {
    let eps = || finite().prop_map(|value| value.abs().max(f64::MIN_POSITIVE));
    let stats = prop_oneof![Just(Stats::PerStep), Just(Stats::Shared)];
    let batch = (finite(), eps(), stats, 0.0..1.0).prop_map(|(gamma, eps, stats, momentum)| BatchOptions {
        gamma,
        eps,
        stats,
        momentum,
    });
    let layer = (finite(), eps()).prop_map(|(gamma, eps)| LayerOptions { gamma, eps });
    prop_oneof![
        Just(Normalization::None),
        batch.prop_map(Normalization::Batch),
        layer.prop_map(Normalization::Layer),
    ]
}

/// Texts that are nearly right, which random characters alone would never be.
fn nearly_right() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "h", "x", "c", "batch", "layer", "none", "gamma", "eps", "stats", "momentum", "shared", "0.1",
            "1e-5", "(", ")", ",", "=", " ", "\n", "γ",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    match text.parse::<Sites>() {
        Ok(sites) => prop_assert_eq!(sites.to_string().parse(), Ok(sites)),
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
    fn printed_normalizations_parse_to_the_same(value in normalization()) {
        prop_assert_eq!(value.to_string().parse(), Ok(value));
    }

    #[test]
    fn printed_sites_parse_to_the_same(h in normalization(), x in normalization(), c in normalization()) {
        let sites = Sites { h, x, c };
        prop_assert_eq!(sites.to_string().parse(), Ok(sites));
    }

    #[test]
    fn random_text_never_panics(text in ".*") {
        check(&text)?;
    }

    #[test]
    fn nearly_right_text_never_panics(text in nearly_right()) {
        check(&text)?;
    }
}

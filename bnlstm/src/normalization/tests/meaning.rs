//! What texts mean in each cell.

use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Site};
use crate::normalization::*;

fn parse(cell: Cell, text: &str) -> Sites {
    Sites::parse(cell, text).unwrap_or_else(|error| panic!("{error}"))
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
    let layer = LayerOptions {
        gamma: 1.0,
        eps: 1e-5,
        groups: Groups::Whole,
    };
    assert_eq!("layer".parse(), Ok(Normalization::Layer(layer)));
    assert_eq!("none()".parse(), Ok(Normalization::None));
}

#[test]
fn options_come_in_any_order_with_spaces() {
    let text = "batch( padding=include, momentum = 0.9 ,stats=shared, eps=1e-3, gamma = -2 )";
    let expected = BatchOptions {
        gamma: -2.0,
        eps: 1e-3,
        stats: Stats::Shared,
        momentum: 0.9,
        padding: Padding::Include,
    };
    assert_eq!(text.parse(), Ok(Normalization::Batch(expected)));
}

#[test]
fn a_bare_name_stands_at_those_of_its_default_sites_that_the_cell_has() {
    let dyt = "dyt(gamma=1,alpha=0.5)";
    for (cell, sites) in [
        (Cell::Lstm, "h=DYT,x=DYT,c=DYT"),
        (Cell::Rnn, "h=DYT,x=DYT"),
        (Cell::Gru, "h=DYT,x=DYT"),
    ] {
        assert_eq!(parse(cell, "dyt").to_string(), sites.replace("DYT", dyt));
    }
    let propagation = "norm-propagation(gamma=2,cell=1)";
    let products = format!("h={propagation},x={propagation}");
    assert_eq!(parse(Cell::Gru, "norm-propagation").to_string(), products);
    let sites = format!("{products},out={propagation}");
    assert_eq!(parse(Cell::Rnn, "norm-propagation").to_string(), sites);
    assert_eq!(parse(Cell::Rnn, "none"), Sites::none(Cell::Rnn));
    assert_eq!(Sites::none(Cell::Rnn).to_string(), "none");
}

#[test]
fn a_bare_name_means_at_each_site_what_can_stand_there() {
    let sites = parse(Cell::Lstm, "batch(stats=sequence-wise,gamma=1)");
    let explicit = "h=batch(gamma=1),x=batch(gamma=1,stats=sequence-wise),c=batch(gamma=1)";
    assert_eq!(sites, parse(Cell::Lstm, explicit));
    let sites = parse(Cell::Lstm, "rms(groups=gate)");
    let explicit = "h=rms(groups=gate),x=rms(groups=gate),c=rms";
    assert_eq!(sites, parse(Cell::Lstm, explicit));
}

#[test]
fn missing_sites_have_none_and_are_not_printed() {
    let sites = parse(Cell::Lstm, "carry = layer , h=dyt(gamma=1), x=none");
    assert_eq!(*sites.at(Site::X), Normalization::None);
    assert_eq!(*sites.at(Site::C), Normalization::None);
    assert_eq!(*sites.at(Site::Carry), LayerOptions::default().into());
    assert_eq!(
        sites.to_string(),
        "h=dyt(gamma=1,alpha=0.5),carry=layer(gamma=1,eps=1e-5,groups=whole)"
    );
}

#[test]
fn presets_are_the_sites_that_they_name() {
    for preset in PRESETS {
        let sites = parse(Cell::Lstm, preset.name);
        assert_eq!(sites, parse(Cell::Lstm, preset.text), "{}", preset.name);
        assert!(VARIANTS.iter().all(|variant| variant.name != preset.name));
    }
    // TensorFlow normalizes the sum of both products gate by gate, and carries the normalized cell.
    let tensorflow = parse(Cell::Lstm, "layer-tensorflow");
    let given: Vec<Site> = tensorflow.iter().map(|(site, _)| site).collect();
    assert_eq!(given, [Site::Sum, Site::Carry]);
    assert_eq!(parse(Cell::Lstm, "layer-paper"), parse(Cell::Lstm, "layer"));
}

#[test]
fn statistics_are_those_over_the_batch() {
    for (text, has) in [
        ("none", false),
        ("layer", false),
        ("online", false),
        ("out=batch", true),
        ("h=layer,c=batch-renorm", true),
    ] {
        assert_eq!(parse(Cell::Lstm, text).has_statistics(), has, "{text}");
    }
}

#[test]
fn groups_must_divide_the_values_at_their_site() {
    let sites = parse(Cell::Lstm, "h=group(groups=4),c=group(groups=3)");
    assert_eq!(sites.check_features(6), Ok(()));
    let error = sites.check_features(5).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`group(gamma=1,eps=1e-5,groups=3)` at `c`: 3 groups do not divide 5 values; \
         give another number of groups or units"
    );
}

#[test]
fn serde_uses_the_text() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Config {
        norm: Text,
    }
    let config: Config = toml::from_str("norm = 'h=dyt'").unwrap();
    assert_eq!(toml::to_string(&config).unwrap(), "norm = \"h=dyt\"\n");
    let sites = config.norm.resolve(Cell::Gru).unwrap();
    let full = Config { norm: sites.into() };
    let printed = toml::to_string(&full).unwrap();
    assert_eq!(printed, "norm = \"h=dyt(gamma=1,alpha=0.5)\"\n");
    assert_eq!(toml::from_str::<Config>(&printed).unwrap(), full);
    let error = toml::from_str::<Config>("norm = 'lyer'").unwrap_err();
    assert!(error.to_string().contains("did you mean `layer`?"), "{error}");
}

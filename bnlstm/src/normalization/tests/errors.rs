//! Every mistake is found at its place, and says what is known.

use crate::cell::Cell;
use crate::normalization::*;
use crate::text::Problem;

fn error(cell: Cell, text: &str) -> (usize, String) {
    let error = Sites::parse(cell, text).expect_err(text);
    (error.position(), error.to_string())
}

#[track_caller]
fn check(cell: Cell, text: &str, position: usize, message: &str) {
    let (found, shown) = error(cell, text);
    assert_eq!(found, position, "{text}: {shown}");
    assert!(shown.contains(message), "{text}: {shown}");
    let caret = format!("\n  {text}\n  {}^", " ".repeat(position));
    assert!(shown.ends_with(&caret), "{shown}");
}

#[test]
fn errors_show_the_position_and_what_is_known() {
    let names: Vec<_> = VARIANTS.iter().map(|variant| variant.name).collect();
    let expected = format!(
        "unknown normalization `bacth` (did you mean `batch`?); \
         known normalizations: {} (at byte 2)\n  h=bacth(gamma=1)\n    ^",
        names.join(", ")
    );
    assert_eq!(error(Cell::Lstm, "h=bacth(gamma=1)").1, expected);
    // Alone, it could have been a preset too.
    let (_, shown) = error(Cell::Lstm, "layer-papr");
    assert!(shown.contains("(did you mean `layer-paper`?)"), "{shown}");
    assert!(
        shown.contains("none, batch, ") && shown.contains(", layer-burn (at"),
        "{shown}"
    );
}

#[test]
fn mistakes_of_names_and_grammar() {
    for (text, position, message) in [
        (
            "",
            0,
            "expected a normalization or a site, found the end of the text",
        ),
        (
            "spectral",
            0,
            "unknown normalization `spectral`; known normalizations: none, batch,",
        ),
        (
            "batch(gama=1)",
            6,
            "`gama` (did you mean `gamma`?); options of batch: gamma, eps, stats",
        ),
        (
            "dyt(stats=shared)",
            4,
            "unknown option `stats`; options of dyt: gamma, alpha",
        ),
        ("none(gamma=1)", 5, "`none` has no options; write just `none`"),
        (
            "layer-paper(eps=1)",
            12,
            "`layer-paper` has no options; write just `layer-paper`",
        ),
        (
            "h=layer-haste",
            2,
            "at several sites, `h=layer,x=layer,c=layer`; write it alone",
        ),
        ("batch(eps=1,eps=2)", 12, "option `eps` is given twice"),
        ("batch(gamma)", 11, "expected `=` and a value, found `)`"),
        ("batch(gamma=)", 12, "expected a value, found `)`"),
        ("batch(gamma=1", 5, "this `(` is not closed"),
        ("batch(", 6, "expected an option, found the end of the text"),
        ("batch(gamma=1 2)", 14, "expected `,` or `)`, found `2`"),
        ("batch(gamma=1,)", 14, "expected an option, found `)`"),
        ("batch)", 5, "expected the end of the text, found `)`"),
        ("batch layer", 6, "expected the end of the text, found `layer`"),
        ("batch,layer", 5, "expected the end of the text, found `,`"),
        (
            "y=batch",
            0,
            "unknown site `y`; known sites: h, x, sum, c, carry, out",
        ),
        ("h=batch,h=none", 8, "site `h` is given twice"),
        ("h=batch,", 8, "expected a site, found the end of the text"),
        (
            "h=batch,x",
            9,
            "expected `=` and a normalization, found the end of the text",
        ),
        ("h=", 2, "expected a normalization, found the end of the text"),
    ] {
        check(Cell::Lstm, text, position, message);
    }
}

#[test]
fn mistakes_of_values() {
    for (text, position, message) in [
        (
            "batch(gamma=inf)",
            12,
            "option `gamma` must be a number up to 3e38 in size, found `inf`",
        ),
        (
            "batch(gamma=NaN)",
            12,
            "must be a number up to 3e38 in size, found `NaN`",
        ),
        (
            "batch(gamma=1e999)",
            12,
            "must be a number up to 3e38 in size, found `1e999`",
        ),
        (
            "batch(gamma=one)",
            12,
            "must be a number up to 3e38 in size, found `one`",
        ),
        (
            "batch(eps=inf)",
            10,
            "option `eps` must be a number from 0 to 3e38, found `inf`",
        ),
        (
            "layer(eps=-1)",
            10,
            "option `eps` must be a number from 0 to 3e38, found `-1`",
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
            "one of per-step, shared, sequence-wise, found `step`",
        ),
        (
            "batch-renorm(stats=sequence-wise)",
            19,
            "one of per-step, shared, found",
        ),
        (
            "batch-renorm(rmax=0.5)",
            18,
            "`rmax` must be a number from 1 to 3e38",
        ),
        (
            "batch-renorm(dmax=-1)",
            18,
            "`dmax` must be a number from 0 to 3e38",
        ),
        (
            "batch-renorm(ramp=0.5)",
            18,
            "`ramp` must be a whole number from 0 to 4294967295",
        ),
        (
            "group(groups=0)",
            13,
            "`groups` must be a whole number from 1 to 4294967295",
        ),
        ("assorted-time(window=99999999999)", 21, "found `99999999999`"),
        (
            "norm-propagation(gamma=0)",
            23,
            "`gamma` must be a number from 2e-38 to 3e38",
        ),
        (
            "online(forward=1)",
            15,
            "`forward` must be a number from 0 to below 1",
        ),
        (
            "layer(groups=4)",
            13,
            "`groups` must be one of whole, gate, found `4`",
        ),
    ] {
        check(Cell::Lstm, text, position, message);
    }
}

#[test]
fn mistakes_of_places() {
    for (cell, text, position, message) in [
        (
            Cell::Gru,
            "h=dyt,c=dyt",
            6,
            "gru has no cell state; its sites are h, x, out (at",
        ),
        (
            Cell::Rnn,
            "carry=none",
            0,
            "rnn has no cell state; its sites are h, x, sum, out (at",
        ),
        (Cell::Gru, "sum=layer", 0, "gru has no `sum`: its reset gate"),
        (
            Cell::Gru,
            "h=norm-propagation,out=norm-propagation",
            19,
            "`norm-propagation` is not defined at `out` of `gru`: a GRU carries the sum",
        ),
        (
            Cell::Gru,
            " layer-burn",
            1,
            "`layer-burn` normalizes at `carry`, but gru has no cell state",
        ),
        (
            Cell::Lstm,
            "h=weight,c=weight",
            11,
            "`weight` is not defined at `c`; it is defined at products: h, x (at",
        ),
        (Cell::Lstm, "sum=cosine", 4, "it is defined at products: h, x"),
        (
            Cell::Lstm,
            "carry=norm-propagation",
            6,
            "`norm-propagation` is not defined at `carry`; it is defined at h, x, c, out",
        ),
        (
            Cell::Lstm,
            "h=batch(gamma=1,stats=sequence-wise)",
            22,
            "`stats=sequence-wise` cannot stand at `h`: it needs all steps beforehand, which only `x` has",
        ),
        (
            Cell::Lstm,
            "out=layer(groups=gate)",
            17,
            "`groups=gate` cannot stand at `out`: only the terms that go into the gates have them: h, x, sum",
        ),
        (
            Cell::Lstm,
            "c=rms(groups=gate)",
            13,
            "`groups=gate` cannot stand at `c`",
        ),
        (
            Cell::Lstm,
            "carry=assorted-time(groups=gate)",
            27,
            "cannot stand at `carry`",
        ),
    ] {
        check(cell, text, position, message);
    }
}

#[test]
fn caret_counts_characters_and_line_breaks_stay_out() {
    let (position, shown) = error(Cell::Lstm, "γ\n=batch");
    assert_eq!(position, 0);
    assert!(shown.ends_with("\n  γ =batch\n  ^"), "{shown}");
    let (position, shown) = error(Cell::Lstm, "h=batch(γγ=1)");
    assert_eq!(position, 8);
    assert!(shown.ends_with("\n  h=batch(γγ=1)\n          ^"), "{shown}");
    let (position, shown) = error(Cell::Lstm, "h=ββ x");
    assert_eq!(position, 7);
    assert!(shown.ends_with("\n  h=ββ x\n       ^"), "{shown}");
}

#[test]
fn a_single_normalization_takes_no_sites() {
    let error = "h=batch".parse::<Normalization>().unwrap_err();
    assert_eq!(error.position(), 1);
    assert!(matches!(error.problem(), Problem::Unexpected { .. }));
}

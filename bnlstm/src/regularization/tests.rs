use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn error(text: &str) -> (usize, String) {
    let error = text.parse::<Regularization>().expect_err(text);
    (error.position(), error.to_string())
}

#[test]
fn options_left_out_take_their_defaults() {
    let text = "zoneout(c=0.2), norm-stabilizer + weight-drop()";
    let expected = Regularization {
        zoneout: Some(Zoneout { h: 0.05, c: 0.2 }),
        weight_drop: Some(WeightDrop { p: 0.5 }),
        norm_stabilizer: Some(NormStabilizer { beta: 50.0 }),
        ..Regularization::default()
    };
    assert_eq!(text.parse(), Ok(expected));
    assert_eq!(
        expected.to_string(),
        "zoneout(h=0.05,c=0.2)+weight-drop(p=0.5)+norm-stabilizer(beta=50)"
    );
    assert_eq!(" none ".parse(), Ok(Regularization::default()));
    assert_eq!(Regularization::default().to_string(), "none");
}

#[test]
fn every_regularizer_of_the_list_can_be_named() {
    let names: Vec<_> = REGULARIZERS.iter().map(|regularizer| regularizer.name).collect();
    let all: Regularization = names.join("+").parse().unwrap();
    assert_eq!(all.texts().len(), REGULARIZERS.len());
    for (regularizer, text) in REGULARIZERS.iter().zip(all.texts()) {
        assert!(text.starts_with(&format!("{}(", regularizer.name)), "{text}");
        assert_eq!(text.matches('=').count(), regularizer.options.len(), "{text}");
        for option in regularizer.options {
            assert!(text.contains(&format!("{}=", option.name)), "{text}");
        }
    }
}

#[test]
fn every_kind_of_mistake_is_found_at_its_place() {
    for (text, position, message) in [
        ("", 0, "expected a regularizer, found the end of the text"),
        (
            "zonout",
            0,
            "unknown regularizer `zonout` (did you mean `zoneout`?); known regularizers: none, zoneout, rec",
        ),
        ("zoneout + none", 10, "unknown regularizer `none`"),
        ("zoneout+zoneout", 8, "regularizer `zoneout` is given twice"),
        (
            "weight-drop, zoneout(h=1)",
            23,
            "`h` must be a number from 0 to below 1, found `1`",
        ),
        (
            "weight-drop(q=0.1)",
            12,
            "unknown option `q`; options of weight-drop: p",
        ),
        ("variational(x=0.1,x=0.2)", 18, "option `x` is given twice"),
        ("norm-stabilizer(beta=-1)", 21, "a number from 0 to 3e38"),
        ("zoneout(h=0.1", 7, "this `(` is not closed"),
        ("zoneout+", 8, "expected a regularizer"),
        ("h=zoneout", 1, "expected the end of the text, found `=`"),
    ] {
        let (found, shown) = error(text);
        assert_eq!(found, position, "{text}: {shown}");
        assert!(shown.contains(message), "{text}: {shown}");
        let caret = format!("\n  {text}\n  {}^", " ".repeat(position));
        assert!(shown.ends_with(&caret), "{shown}");
    }
}

#[test]
fn a_cell_without_a_place_for_a_regularizer_is_an_error() {
    let check = |text: &str, cell| text.parse::<Regularization>().unwrap().check(cell);
    let error = check("zoneout(h=0.1)", Cell::Gru).unwrap_err();
    assert_eq!(error, "gru has no cell state; write zoneout(h=0.1,c=0)");
    assert_eq!(check("zoneout(h=0.1,c=0)", Cell::Gru), Ok(()));
    let error = check("recurrent-dropout", Cell::Rnn).unwrap_err();
    assert_eq!(
        error,
        "rnn has no candidate to drop; leave `recurrent-dropout` out"
    );
    let all = "zoneout+recurrent-dropout+variational+weight-drop+norm-stabilizer";
    assert_eq!(check(all, Cell::Lstm), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn printed_regularizations_parse_to_the_same(
        values in prop::array::uniform6(0.0..1.0),
        beta in 0.0..1e30,
        given in prop::array::uniform5(any::<bool>()),
    ) {
        let [h, c, drop, x, state, weight] = values;
        let regularization = Regularization {
            zoneout: given[0].then_some(Zoneout { h, c }),
            recurrent_dropout: given[1].then_some(RecurrentDropout { p: drop }),
            variational: given[2].then_some(Variational { x, h: state }),
            weight_drop: given[3].then_some(WeightDrop { p: weight }),
            norm_stabilizer: given[4].then_some(NormStabilizer { beta }),
        };
        prop_assert_eq!(regularization.to_string().parse(), Ok(regularization));
    }

    #[test]
    fn random_text_never_panics(text in "[a-z0-9(),=+ γ.-]{0,24}") {
        if let Err(error) = text.parse::<Regularization>() {
            prop_assert!(text.is_char_boundary(error.position()));
        }
    }
}

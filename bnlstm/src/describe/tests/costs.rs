//! Counts by hand, and how sequences run.

use super::super::Description;
use super::{CPU, REFERENCE, SIZES, model};
use crate::cell::Cell;
use crate::config::ModelConfig;

/// Two layers of both directions: only those of the first do without the gradient of their inputs.
#[test]
fn a_stack_counted_by_hand() {
    let model = ModelConfig {
        layers: 2,
        bidirectional: true,
        ..model(Cell::Gru, "h=cosine,x=weight,out=layer", "none", 4)
    };
    let description = Description::new(&model, SIZES, REFERENCE, false);
    // A cell: W_x [D, 12], W_h [4, 12], biases 12 + 4, h_0 4; γ of 12, 12 and 4, β of 4.
    let cell = |d: usize| d * 12 + 48 + 20;
    assert_eq!(description.parameters_without, 2 * cell(3) + 2 * cell(8));
    assert_eq!(
        description.parameters.total,
        description.parameters_without + 4 * 32
    );
    assert_eq!(description.statistics.total, 0);
    // 20 rows of inputs and states, 2 operations an element of a weight.
    let cost = &description.cost;
    assert_eq!(cost.forward_operations, 40 * 12 * (2 * (3 + 4) + 2 * (8 + 4)));
    assert_eq!(cost.backward_operations, 40 * 12 * (2 * (3 + 8) + 2 * (16 + 8)));
    // h_{t−1} and h_t at each step; W_h and W_x once.
    assert_eq!(cost.normalized_values, 4 * 5 * (4 + 4));
    assert_eq!(cost.normalized_weights, 12 * (2 * (3 + 4) + 2 * (8 + 4)));
    assert_eq!(
        description.equations[5..],
        [
            "x_t is h_t of the layer below, where there is one",
            "h_t of a layer is that of both directions, side by side",
            "h_0 is learned, the same for all examples",
        ]
    );
}

#[test]
fn what_makes_it_go_step_by_step() {
    let because = |cell, normalization, regularization| {
        // One vector of the widest, 16 numbers, fits.
        let model = model(cell, normalization, regularization, 16);
        Description::new(&model, SIZES, CPU, false).cost.unfused_because
    };
    for fused in [
        "none",
        "batch",
        "layer-gate",
        "weight",
        "batch-renorm",
        "x=assorted-time",
        "x=cosine,c=rms",
    ] {
        assert_eq!(because(Cell::Lstm, fused, "weight-drop"), None, "{fused}");
    }
    for (cell, normalization, regularization, expected) in [
        (
            Cell::Gru,
            "none",
            "none",
            "no device has sequences of this cell as one operation",
        ),
        (
            Cell::Lstm,
            "h=layer,carry=dyt",
            "none",
            "the operation has no normalization at carry (carry=dyt(gamma=1,alpha=0.5))",
        ),
        (
            Cell::Lstm,
            "c=group(groups=2)",
            "none",
            "the operation does not have the normalization that stands at c (c=group(gamma=1,eps=1e-5,groups=2))",
        ),
        (
            Cell::Lstm,
            "batch",
            "zoneout(h=0,c=0.5)",
            "zoneout_c changes what happens between two steps (zoneout(h=0,c=0.5))",
        ),
    ] {
        let reason = because(cell, normalization, regularization);
        assert_eq!(reason.as_deref(), Some(expected), "{normalization}");
    }
}

#[test]
fn a_measured_step_takes_time() {
    let model = model(Cell::Lstm, "batch", "norm-stabilizer", 4);
    let measured = Description::new(&model, SIZES, CPU, true).measured.unwrap();
    assert!(
        measured.milliseconds > 0.0 && measured.milliseconds_without > 0.0,
        "{measured:?}"
    );
    assert_eq!(
        measured.ratio,
        measured.milliseconds / measured.milliseconds_without
    );
}

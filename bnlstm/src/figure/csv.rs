//! The numbers of a figure, one line for each point.

use super::Figure;
use crate::number::shortest;

/// Header and points, with lines and fields as RFC 4180 has them, but line feeds alone.
pub(super) fn write(figure: &Figure) -> String {
    let mut text = format!(
        "curve,seed,{},{}\n",
        field(&figure.x_label),
        field(&figure.y_label)
    );
    for curve in &figure.curves {
        let label = field(&curve.label);
        for (seed, points) in &curve.seeds {
            for &(x, y) in points {
                text += &format!("{label},{seed},{},{}\n", shortest(x), shortest(y));
            }
        }
    }
    text
}

/// A field, in quotes if it needs them.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::figure::{Curve, Figure};

    #[test]
    fn numbers_keep_all_digits_and_labels_their_commas() {
        let mut figure = Figure::new("title", "epoch", "loss, \"nats\"");
        let points = vec![(1.0, 0.1 + 0.2), (2.0, f64::NAN)];
        figure
            .curves
            .push(Curve::new("batch(gamma=0.1,eps=1e-5)").with_seed(7, points));
        let lines = [
            "curve,seed,epoch,\"loss, \"\"nats\"\"\"",
            "\"batch(gamma=0.1,eps=1e-5)\",7,1,0.30000000000000004",
            "\"batch(gamma=0.1,eps=1e-5)\",7,2,NaN",
        ];
        assert_eq!(write(&figure), lines.join("\n") + "\n");
    }
}

//! The numbers of a figure, one line for each point.

use super::{Curve, Figure, Sheet};
use crate::number::shortest;

/// Header and points of a figure, with lines and fields as RFC 4180 has them, but line feeds alone.
pub(super) fn figure(figure: &Figure) -> String {
    let columns = Columns {
        panel: false,
        band: figure.curves.iter().any(|curve| curve.band.is_some()),
    };
    let mut text = columns.header(&figure.x_label, &figure.y_label);
    columns.write(figure, &mut text);
    text
}

/// The same of all panels, with their titles in a first column.
pub(super) fn sheet(sheet: &Sheet) -> String {
    let mut curves = sheet.panels.iter().flat_map(|panel| &panel.curves);
    let columns = Columns {
        panel: true,
        band: curves.any(|curve| curve.band.is_some()),
    };
    let x_label = common(sheet.panels.iter().map(|panel| panel.x_label.as_str()));
    let y_label = common(sheet.panels.iter().map(|panel| panel.y_label.as_str()));
    let mut text = columns.header(x_label.unwrap_or("x"), y_label.unwrap_or("y"));
    for panel in &sheet.panels {
        columns.write(panel, &mut text);
    }
    text
}

/// The label, if there is only one.
fn common<'l>(mut labels: impl Iterator<Item = &'l str>) -> Option<&'l str> {
    let first = labels.next()?;
    labels.all(|label| label == first).then_some(first)
}

/// Which columns there are beside curve, seed, x and y.
#[derive(Clone, Copy)]
struct Columns {
    panel: bool,
    /// Lower and upper ends of given bands.
    band: bool,
}

impl Columns {
    fn header(self, x_label: &str, y_label: &str) -> String {
        format!(
            "{}curve,seed,{},{}{}\n",
            if self.panel { "panel," } else { "" },
            field(x_label),
            field(y_label),
            if self.band { ",lower,upper" } else { "" },
        )
    }

    fn write(self, figure: &Figure, text: &mut String) {
        let panel = if self.panel {
            format!("{},", field(&figure.title))
        } else {
            String::new()
        };
        let no_band = if self.band { ",," } else { "" };
        for curve in &figure.curves {
            let start = format!("{panel}{}", field(&curve.label));
            for (seed, points) in &curve.seeds {
                for &(x, y) in points {
                    *text += &format!("{start},{seed},{},{}{no_band}\n", shortest(x), shortest(y));
                }
            }
            write_band(&start, curve, text);
        }
        for reference in &figure.references {
            let label = field(&reference.label);
            *text += &format!("{panel}{label},,,{}{no_band}\n", shortest(reference.y));
        }
    }
}

fn write_band(start: &str, curve: &Curve, text: &mut String) {
    for &(x, lower, upper) in curve.band.iter().flat_map(|band| &band.points) {
        let [x, lower, upper] = [x, lower, upper].map(shortest);
        *text += &format!("{start},,{x},,{lower},{upper}\n");
    }
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
    use super::{figure, sheet};
    use crate::figure::{Curve, Figure, Reference, Sheet};

    #[test]
    fn numbers_keep_all_digits_and_labels_their_commas() {
        let mut drawn = Figure::new("title", "epoch", "loss, \"nats\"");
        let points = vec![(1.0, 0.1 + 0.2), (2.0, f64::NAN)];
        drawn
            .curves
            .push(Curve::new("batch(gamma=0.1,eps=1e-5)").with_seed(7, points));
        let lines = [
            "curve,seed,epoch,\"loss, \"\"nats\"\"\"",
            "\"batch(gamma=0.1,eps=1e-5)\",7,1,0.30000000000000004",
            "\"batch(gamma=0.1,eps=1e-5)\",7,2,NaN",
        ];
        assert_eq!(figure(&drawn), lines.join("\n") + "\n");
    }

    #[test]
    fn bands_and_references_leave_out_what_they_have_not() {
        let mut drawn = Figure::new("title", "σ", "tanh′");
        let mean = Curve::new("mean").with_seed(0, vec![(0.5, 0.8)]);
        drawn
            .curves
            .push(mean.with_band("quartiles", vec![(0.5, 0.75, 0.9)]));
        drawn.references.push(Reference::new("no loss", 1.0));
        let lines = [
            "curve,seed,σ,tanh′,lower,upper",
            "mean,0,0.5,0.8,,",
            "mean,,0.5,,0.75,0.9",
            "no loss,,,1,,",
        ];
        assert_eq!(figure(&drawn), lines.join("\n") + "\n");
    }

    #[test]
    fn a_sheet_names_its_panels() {
        let mut drawn = Sheet::new("title");
        for (title, y_label) in [("mean", "mean of h"), ("variance, biased", "variance of h")] {
            let mut panel = Figure::new(title, "t", y_label);
            panel
                .curves
                .push(Curve::new("unit 3").with_seed(0, vec![(1.0, 2.0)]).thin());
            drawn.panels.push(panel);
        }
        let lines = [
            "panel,curve,seed,t,y",
            "mean,unit 3,0,1,2",
            "\"variance, biased\",unit 3,0,1,2",
        ];
        assert_eq!(sheet(&drawn), lines.join("\n") + "\n");
    }
}

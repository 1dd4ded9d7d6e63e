//! How each curve is drawn.

use plotters::style::RGBColor;

use super::color::{PALETTE_LEN, rgb};
use super::{Color, Curve, Figure, Line, Reference};

const CURVE_WIDTH: f64 = 2.5;
const THIN_WIDTH: f64 = 1.25;
const REFERENCE_WIDTH: f64 = 1.5;
const REFERENCE_COLOR: RGBColor = RGBColor(90, 90, 90);

/// Colour, width and pieces of a line; lengths in pixels of the figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub color: RGBColor,
    pub width: f64,
    /// Length of the pieces and of the spaces between them.
    pub dash: Option<(f64, f64)>,
}

impl Look {
    /// A line that is not broken.
    pub fn solid(color: RGBColor, width: f64) -> Self {
        Self {
            color,
            width,
            dash: None,
        }
    }

    /// The line of a reference.
    pub fn reference(reference: &Reference) -> Self {
        Self {
            color: reference.color.map_or(REFERENCE_COLOR, rgb),
            width: REFERENCE_WIDTH,
            dash: Some((2.0, 4.0)),
        }
    }

    /// The line of a curve; `index` counts the labels that have no colour of their own.
    fn curve(curve: &Curve, index: usize) -> Self {
        // A second and a third round through the palette are told from the first by their dashes.
        let line = match (curve.line, index / PALETTE_LEN % 3) {
            (Line::Solid, 1) if !curve.thin => Line::Dashed,
            (Line::Solid, 2) if !curve.thin => Line::Dotted,
            (line, _) => line,
        };
        Self {
            color: rgb(curve.color.unwrap_or(Color::Palette(index))),
            width: if curve.thin { THIN_WIDTH } else { CURVE_WIDTH },
            dash: match line {
                Line::Solid => None,
                Line::Dashed => Some((9.0, 6.0)),
                Line::Dotted => Some((3.0, 4.0)),
            },
        }
    }
}

/// The looks of the curves of each panel: equal labels get equal colours.
pub(super) fn looks(panels: &[&Figure]) -> Vec<Vec<Look>> {
    let mut labels: Vec<&str> = Vec::new();
    let all = panels.iter().flat_map(|panel| &panel.curves);
    for curve in all.filter(|curve| curve.color.is_none()) {
        if !labels.contains(&curve.label.as_str()) {
            labels.push(&curve.label);
        }
    }
    let look = |curve: &Curve| {
        let index = labels.iter().position(|label| *label == curve.label);
        // A curve with a colour of its own has that one, wherever its label is.
        Look::curve(curve, index.filter(|_| curve.color.is_none()).unwrap_or(0))
    };
    panels
        .iter()
        .map(|panel| panel.curves.iter().map(look).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Look, looks};
    use crate::figure::{Color, Curve, Figure, Line};

    fn panel(labels: &[&str]) -> Figure {
        let mut figure = Figure::new("", "x", "y");
        figure.curves = labels.iter().map(|label| Curve::new(*label)).collect();
        figure
    }

    #[test]
    fn equal_labels_look_equal_in_all_panels() {
        let (first, second) = (panel(&["a", "b"]), panel(&["b", "c", "a"]));
        let found = looks(&[&first, &second]);
        assert_eq!(found[1][0], found[0][1]);
        assert_eq!(found[1][2], found[0][0]);
        assert!(found[1][1] != found[0][0] && found[1][1] != found[0][1]);
    }

    #[test]
    fn twenty_four_curves_look_different() {
        let labels: Vec<String> = (0..25).map(|index| format!("curve {index}")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let found: Vec<Look> = looks(&[&panel(&labels)]).concat();
        for (index, look) in found[..24].iter().enumerate() {
            assert!(!found[..index].contains(look), "curve {index}");
        }
        assert_eq!(found[24], found[0]);
    }

    #[test]
    fn given_looks_are_kept_and_use_up_no_colour() {
        let mut figure = panel(&["a", "b", "c"]);
        figure.curves[0].color = Some(Color::Palette(3));
        figure.curves[1].line = Line::Dotted;
        figure.curves[2].thin = true;
        let found = looks(&[&figure]).concat();
        let plain = looks(&[&panel(&["a", "b", "c", "d"])]).concat();
        assert_eq!(found[0], plain[3]);
        assert_eq!(found[1].color, plain[0].color);
        assert!(found[1].dash.is_some() && found[1].dash != Some((9.0, 6.0)));
        assert!(found[2].width < found[0].width && found[2].color == plain[1].color);
    }
}

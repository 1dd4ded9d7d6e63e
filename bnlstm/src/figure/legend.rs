//! The legend: beside or below the axes, so that it never covers a curve.

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;
use plotters::style::{BLACK, RGBColor};

use super::Figure;
use super::canvas::{Canvas, DrawResult, Text};
use super::look::Look;
use super::text::{widest, wrap};

/// Length of the line before each label, and its distance to the text.
const SAMPLE: f64 = 40.0;
const SAMPLE_GAP: f64 = 12.0;
/// Half the height of the piece of the band behind it.
const HALF_BAND: f64 = 7.0;
/// Longest line of text before it is broken: beside and below the axes.
const BESIDE_WIDTH: f64 = 260.0;
const BELOW_WIDTH: f64 = 480.0;
const TEXT_SIZE: f64 = 20.0;
const LINE_HEIGHT: f64 = 25.0;
/// Space below an entry, and beside it where there are columns.
const ENTRY_GAP: f64 = 10.0;
const COLUMN_GAP: f64 = 32.0;
const NOTE_COLOR: RGBColor = RGBColor(90, 90, 90);

/// A label, broken into lines, and what it belongs to.
struct Entry {
    lines: Vec<String>,
    look: Look,
    has_band: bool,
    /// Place of the entry, from the corner of the legend.
    at: (f64, f64),
}

/// The labels of all curves and references, each once, and a note on what is drawn.
pub(super) struct Legend {
    entries: Vec<Entry>,
    note: Vec<String>,
    /// Middle or left end of the first line of the note.
    note_at: (f64, f64),
    note_align: HPos,
    pub width: f64,
    pub height: f64,
}

impl Legend {
    /// One column, to be drawn on the right.
    pub fn beside(panels: &[&Figure], looks: &[Vec<Look>], note: &[String]) -> Self {
        let mut entries = entries(panels, looks, BESIDE_WIDTH);
        let text = widest(entries.iter().flat_map(Entry::texts), TEXT_SIZE);
        let note_width = SAMPLE + SAMPLE_GAP + BESIDE_WIDTH;
        let note: Vec<_> = note
            .iter()
            .flat_map(|line| wrap(line, TEXT_SIZE, note_width))
            .collect();
        let mut y = 0.0;
        for entry in &mut entries {
            entry.at = (0.0, y);
            y += entry.height() + ENTRY_GAP;
        }
        let samples = if entries.is_empty() {
            0.0
        } else {
            SAMPLE + SAMPLE_GAP
        };
        let note_y = if entries.is_empty() { 0.0 } else { y + ENTRY_GAP };
        Self {
            width: (text + samples).max(widest(note.iter().map(String::as_str), TEXT_SIZE)),
            height: note_y + note.len() as f64 * LINE_HEIGHT,
            entries,
            note,
            note_at: (0.0, note_y + LINE_HEIGHT / 2.0),
            note_align: HPos::Left,
        }
    }

    /// Rows and columns in the middle of a width, to be drawn at the bottom.
    pub fn below(panels: &[&Figure], looks: &[Vec<Look>], note: &[String], width: f64) -> Self {
        let mut entries = entries(panels, looks, BELOW_WIDTH);
        let text = widest(entries.iter().flat_map(Entry::texts), TEXT_SIZE);
        let cell = SAMPLE + SAMPLE_GAP + text + COLUMN_GAP;
        // As many columns as there is room for, then only as many as the rows need.
        let most = (((width + COLUMN_GAP) / cell) as usize).max(1);
        let rows = entries.len().div_ceil(most);
        let columns = entries.len().div_ceil(rows.max(1)).max(1);
        let left = (width - (columns as f64 * cell - COLUMN_GAP)) / 2.0;
        let mut y = 0.0;
        for row in entries.chunks_mut(columns) {
            for (column, entry) in row.iter_mut().enumerate() {
                entry.at = (left + column as f64 * cell, y);
            }
            y += row.iter().map(Entry::height).fold(0.0, f64::max) + ENTRY_GAP;
        }
        let note = wrap(&note.join("; "), TEXT_SIZE, width);
        Self {
            width,
            height: y + note.len() as f64 * LINE_HEIGHT,
            entries,
            note,
            note_at: (width / 2.0, y + LINE_HEIGHT / 2.0),
            note_align: HPos::Center,
        }
    }

    /// Draws the legend with its corner at a point.
    pub fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, (left, top): (f64, f64)) -> DrawResult<B> {
        for entry in &self.entries {
            entry.draw(canvas, (left + entry.at.0, top + entry.at.1))?;
        }
        for (index, line) in self.note.iter().enumerate() {
            let text = Text {
                color: NOTE_COLOR,
                align: self.note_align,
                ..Text::centered(line, TEXT_SIZE)
            };
            let y = top + self.note_at.1 + index as f64 * LINE_HEIGHT;
            canvas.text(text, (left + self.note_at.0, y))?;
        }
        Ok(())
    }
}

impl Entry {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    fn height(&self) -> f64 {
        self.lines.len() as f64 * LINE_HEIGHT
    }

    /// A piece of the band, a piece of the line, and the label.
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<'_, B>, (left, top): (f64, f64)) -> DrawResult<B> {
        let (right, middle) = (left + SAMPLE, top + LINE_HEIGHT / 2.0);
        if self.has_band {
            let (above, below) = (middle - HALF_BAND, middle + HALF_BAND);
            let corners = [(left, above), (right, above), (right, below), (left, below)];
            canvas.band(&corners, self.look.color)?;
        }
        canvas.line(&[(left, middle), (right, middle)], self.look)?;
        for (index, line) in self.texts().enumerate() {
            let text = Text {
                color: BLACK,
                align: HPos::Left,
                ..Text::centered(line, TEXT_SIZE)
            };
            let y = middle + index as f64 * LINE_HEIGHT;
            canvas.text(text, (right + SAMPLE_GAP, y))?;
        }
        Ok(())
    }
}

/// Curves and references with a label, each label once.
fn entries(panels: &[&Figure], looks: &[Vec<Look>], width: f64) -> Vec<Entry> {
    let curves = panels.iter().zip(looks).flat_map(|(panel, looks)| {
        let listed = panel.curves.iter().zip(looks).filter(|(curve, _)| !curve.thin);
        listed.map(|(curve, look)| {
            let has_band = curve.band.is_some() || curve.seeds.len() > 1;
            (curve.label.as_str(), *look, has_band)
        })
    });
    let references = panels.iter().flat_map(|panel| &panel.references);
    let references = references.map(|line| (line.label.as_str(), Look::reference(line), false));
    let mut known: Vec<&str> = vec![""];
    let mut entries = Vec::new();
    for (label, look, has_band) in curves.chain(references) {
        if !known.contains(&label) {
            known.push(label);
            entries.push(Entry {
                lines: wrap(label, TEXT_SIZE, width),
                look,
                has_band,
                at: (0.0, 0.0),
            });
        }
    }
    entries
}

/// What lines and bands are, where nobody has said it.
pub(super) fn note(panels: &[&Figure]) -> Vec<String> {
    let curves = || panels.iter().flat_map(|panel| &panel.curves);
    let mut bands: Vec<&str> = Vec::new();
    for band in curves().filter_map(|curve| curve.band.as_ref()) {
        if !bands.contains(&band.label.as_str()) {
            bands.push(&band.label);
        }
    }
    let counts = curves().map(|curve| curve.seeds.len());
    let (least, most) = (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0));
    let mut note = match (least, most) {
        (_, 0 | 1) if !bands.is_empty() => Vec::new(),
        (_, 0 | 1) => vec!["one seed".to_owned()],
        (least, most) if least == most => vec![format!("mean over {most} seeds")],
        (least, most) => vec![format!("mean over {least} to {most} seeds")],
    };
    let deviation = |curve: &super::Curve| curve.band.is_none() && curve.seeds.len() > 1;
    if curves().any(deviation) {
        bands.push("± 1 standard deviation");
    }
    note.extend(bands.iter().map(|band| format!("band: {band}")));
    note
}

#[cfg(test)]
mod tests {
    use super::{Legend, note};
    use crate::figure::look::looks;
    use crate::figure::{Curve, Figure, Reference};

    fn panel(labels: &[&str]) -> Figure {
        let mut figure = Figure::new("", "x", "y");
        figure.curves = labels.iter().map(|label| Curve::new(*label)).collect();
        figure
    }

    fn labels(legend: &Legend) -> Vec<String> {
        legend.entries.iter().map(|entry| entry.lines.join(" ")).collect()
    }

    #[test]
    fn each_label_has_one_entry() {
        let mut first = panel(&["LSTM", "BN-LSTM", ""]);
        first.references.push(Reference::new("paper", 1.32));
        let mut second = panel(&["BN-LSTM", "unit 7", "RMS"]);
        second.curves[1].thin = true;
        second.references.push(Reference::new("paper", 1.38));
        let panels = [&first, &second];
        let found = Legend::below(&panels, &looks(&panels), &[], 1000.0);
        assert_eq!(labels(&found), ["LSTM", "BN-LSTM", "RMS", "paper"]);
        let found = Legend::beside(&panels[..1], &looks(&panels), &[]);
        assert_eq!(labels(&found), ["LSTM", "BN-LSTM", "paper"]);
    }

    #[test]
    fn rows_fill_the_width_and_never_pass_it() {
        let names: Vec<String> = (1..=10).map(|tenth| format!("γ = 0.{tenth}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let panels = [&panel(&names)];
        let found = Legend::below(&panels, &looks(&panels), &["one seed".to_owned()], 900.0);
        let mut places: Vec<(f64, f64)> = found.entries.iter().map(|entry| entry.at).collect();
        assert!(places.iter().all(|at| at.0 >= 0.0 && at.0 < 900.0));
        // Two rows of five, and the note below them.
        assert_eq!(places[0].1, places[4].1);
        assert!(places[5].1 > places[4].1 && places[5].0 == places[0].0);
        assert!(found.note_at.1 > places[9].1 && found.note_at.1 < found.height);
        places.dedup();
        assert_eq!(places.len(), 10);
    }

    #[test]
    fn the_note_tells_seeds_and_bands() {
        let seeds = |count: u64| {
            (0..count).fold(Curve::new("a"), |curve, seed| {
                curve.with_seed(seed, vec![(0.0, 1.0)])
            })
        };
        let figure = |curves: Vec<Curve>| Figure {
            curves,
            ..Figure::new("", "x", "y")
        };
        assert_eq!(note(&[&figure(vec![seeds(1)])]), ["one seed"]);
        let three = ["mean over 3 seeds", "band: ± 1 standard deviation"];
        assert_eq!(note(&[&figure(vec![seeds(3)]), &figure(vec![seeds(3)])]), three);
        let some = ["mean over 1 to 2 seeds", "band: ± 1 standard deviation"];
        assert_eq!(note(&[&figure(vec![seeds(1), seeds(2)])]), some);
        let given = seeds(1).with_band("quartiles", vec![]);
        assert_eq!(note(&[&figure(vec![given.clone(), given])]), ["band: quartiles"]);
    }
}

//! The legend: a column of its own on the right, so that it never covers a curve.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{DashedPathElement, PathElement, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};

use super::draw::DrawResult;
use super::style::{BAND_OPACITY, CurveStyle, Style};
use super::{Curve, text};

/// Length of the line before each label, and its distance to the text.
const SAMPLE: u32 = 40;
const GAP: u32 = 12;
/// Longest line of text before it is broken.
const TEXT_WIDTH: u32 = 260;
const TEXT_HEIGHT: u32 = 20;
const LINE_HEIGHT: u32 = 25;
const ENTRY_GAP: u32 = 10;
const NOTE_COLOR: RGBColor = RGBColor(90, 90, 90);

/// The labels of all curves, broken into lines, and a note on what is drawn.
pub(super) struct Legend {
    /// For each curve the lines of its label, and whether it has a band.
    entries: Vec<(Vec<String>, bool)>,
    note: Vec<String>,
    style: Style,
    text_width: u32,
}

impl Legend {
    /// Breaks the texts into lines so that the column stays narrow; the note has its own breaks too.
    pub fn new<B: DrawingBackend>(
        curves: &[Curve],
        note: &str,
        style: Style,
        area: &DrawingArea<B, Shift>,
    ) -> DrawResult<Self, B> {
        let font = style.text(TEXT_HEIGHT);
        let break_lines = |label: &str| text::wrap(label, &font, style.px(TEXT_WIDTH), area);
        let entry = |curve: &Curve| Ok((break_lines(&curve.label)?, curve.seeds.len() > 1));
        let entries = curves.iter().map(entry).collect::<DrawResult<Vec<_>, B>>()?;
        let note = note
            .lines()
            .map(break_lines)
            .collect::<Result<Vec<_>, _>>()?
            .concat();
        let mut text_width = 0;
        for line in entries.iter().flat_map(|(lines, _)| lines) {
            text_width = text_width.max(area.estimate_text_size(line, &font)?.0);
        }
        for line in &note {
            let width = area.estimate_text_size(line, &font)?.0;
            text_width = text_width.max(width.saturating_sub(style.px(SAMPLE + GAP)));
        }
        Ok(Self {
            entries,
            note,
            style,
            text_width,
        })
    }

    /// Width of the column.
    pub fn width(&self) -> u32 {
        self.text_width + self.style.px(SAMPLE + GAP)
    }

    /// Draws the column from the top of its area.
    pub fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> DrawResult<(), B> {
        let style = self.style;
        let font = style.text(TEXT_HEIGHT).pos(Pos::new(HPos::Left, VPos::Center));
        let middle = style.offset(LINE_HEIGHT) / 2;
        let mut y = 0;
        for (index, (lines, has_band)) in self.entries.iter().enumerate() {
            let curve = CurveStyle::of(index);
            if *has_band {
                self.draw_band(area, curve, y + middle)?;
            }
            self.draw_line(area, curve, y + middle)?;
            for line in lines {
                area.draw_text(line, &font, (style.offset(SAMPLE + GAP), y + middle))?;
                y += style.offset(LINE_HEIGHT);
            }
            y += style.offset(ENTRY_GAP);
        }
        y += style.offset(ENTRY_GAP);
        for line in &self.note {
            area.draw_text(line, &font.color(&NOTE_COLOR), (0, y + middle))?;
            y += style.offset(LINE_HEIGHT);
        }
        Ok(())
    }

    /// A piece of the band, behind the line.
    fn draw_band<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        curve: CurveStyle,
        middle: i32,
    ) -> DrawResult<(), B> {
        let half = self.style.offset(7);
        let corners = [(0, middle - half), (self.style.offset(SAMPLE), middle + half)];
        area.draw(&Rectangle::new(corners, curve.color.mix(BAND_OPACITY).filled()))
    }

    /// A piece of the line.
    fn draw_line<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        curve: CurveStyle,
        middle: i32,
    ) -> DrawResult<(), B> {
        let ends = [(0, middle), (self.style.offset(SAMPLE), middle)];
        let line = self.style.line(curve.color);
        match self.style.dash(curve) {
            None => area.draw(&PathElement::new(ends, line)),
            Some(dash) => area.draw(&DashedPathElement::new(ends, dash, dash, line)),
        }
    }
}

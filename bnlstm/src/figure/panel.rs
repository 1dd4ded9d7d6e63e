//! Drawing one panel.

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;
use plotters::style::{BLACK, RGBColor};

use super::canvas::{Canvas, DrawResult, Text};
use super::grid::{LABEL_SIZE, LINE, MARK, Panel, TICK_SIZE, TITLE_SIZE};
use super::look::Look;
use super::plot::Plot;
use super::{clip, text};

const GRID: RGBColor = RGBColor(222, 222, 222);

/// Draws grid, bands, lines, frame and texts of a panel; `looks` are those of its curves.
pub(super) fn draw<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    plot: &Plot<'_>,
    panel: &Panel,
    looks: &[Look],
) -> DrawResult<B> {
    draw_grid(canvas, plot, panel)?;
    for (curve, look) in plot.curves.iter().zip(looks) {
        for piece in &curve.bands {
            let upper = piece.iter().map(|&(x, _, upper)| (x, upper));
            let lower = piece.iter().rev().map(|&(x, lower, _)| (x, lower));
            let outline: Vec<_> = upper
                .chain(lower)
                .map(|point| plot.point(point, &panel.inner))
                .collect();
            canvas.band(&clip::polygon(&outline, &panel.inner), look.color)?;
        }
    }
    draw_references(canvas, plot, panel)?;
    for (curve, look) in plot.curves.iter().zip(looks) {
        for piece in &curve.lines {
            let points: Vec<_> = piece
                .iter()
                .map(|&point| plot.point(point, &panel.inner))
                .collect();
            for part in clip::line(&points, &panel.inner) {
                canvas.line(&part, *look)?;
            }
        }
    }
    canvas.frame(&panel.inner, BLACK)?;
    draw_ticks(canvas, plot, panel)?;
    draw_texts(canvas, panel)
}

fn draw_grid<B: DrawingBackend>(canvas: &Canvas<'_, B>, plot: &Plot<'_>, panel: &Panel) -> DrawResult<B> {
    let (inner, look) = (&panel.inner, Look::solid(GRID, 1.0));
    for tick in &panel.x_ticks {
        let x = inner.left + plot.x.place(tick.value) * inner.width();
        canvas.line(&[(x, inner.top), (x, inner.bottom)], look)?;
    }
    for tick in &panel.y_ticks {
        let y = inner.bottom - plot.y.place(tick.value) * inner.height();
        canvas.line(&[(inner.left, y), (inner.right, y)], look)?;
    }
    Ok(())
}

fn draw_references<B: DrawingBackend>(
    canvas: &Canvas<'_, B>,
    plot: &Plot<'_>,
    panel: &Panel,
) -> DrawResult<B> {
    let inner = &panel.inner;
    for reference in &plot.figure.references {
        let y = inner.bottom - plot.y.place(reference.y) * inner.height();
        for part in clip::line(&[(inner.left, y), (inner.right, y)], inner) {
            canvas.line(&part, Look::reference(reference))?;
        }
    }
    Ok(())
}

/// Marks outside of the frame, long ones with texts.
fn draw_ticks<B: DrawingBackend>(canvas: &Canvas<'_, B>, plot: &Plot<'_>, panel: &Panel) -> DrawResult<B> {
    let (inner, look) = (&panel.inner, Look::solid(BLACK, 1.0));
    let x_mark = |value: f64, length: f64| {
        let x = inner.left + plot.x.place(value) * inner.width();
        canvas.line(&[(x, inner.bottom), (x, inner.bottom + length)], look)?;
        Ok((x, inner.bottom + MARK + 4.0 + LINE * TICK_SIZE / 2.0))
    };
    let y_mark = |value: f64, length: f64| {
        let y = inner.bottom - plot.y.place(value) * inner.height();
        canvas.line(&[(inner.left - length, y), (inner.left, y)], look)?;
        Ok((inner.left - MARK - 4.0, y))
    };
    for tick in &panel.x_ticks {
        canvas.text(Text::centered(&tick.text, TICK_SIZE), x_mark(tick.value, MARK)?)?;
    }
    for tick in &panel.y_ticks {
        let text = Text {
            align: HPos::Right,
            ..Text::centered(&tick.text, TICK_SIZE)
        };
        canvas.text(text, y_mark(tick.value, MARK)?)?;
    }
    for value in plot.x.marks() {
        x_mark(value, MARK / 2.0)?;
    }
    for value in plot.y.marks() {
        y_mark(value, MARK / 2.0)?;
    }
    Ok(())
}

/// The title above the middle of the axes, and the labels at the edges of the panel.
fn draw_texts<B: DrawingBackend>(canvas: &Canvas<'_, B>, panel: &Panel) -> DrawResult<B> {
    let (outer, (middle, height)) = (&panel.outer, panel.inner.center());
    for (index, line) in panel.title.iter().enumerate() {
        let y = outer.top + (index as f64 + 0.5) * LINE * TITLE_SIZE;
        // Above the middle of the axes, unless the line is too long for that.
        let room = (outer.width() - text::width(line, TITLE_SIZE)).max(0.0) / 2.0;
        let x = outer.center().0 + (middle - outer.center().0).clamp(-room, room);
        canvas.text(Text::centered(line, TITLE_SIZE), (x, y))?;
    }
    for (index, line) in panel.x_label.iter().enumerate() {
        let up = panel.x_label.len() as f64 - index as f64 - 0.5;
        let y = outer.bottom - up * LINE * LABEL_SIZE;
        canvas.text(Text::centered(line, LABEL_SIZE), (middle, y))?;
    }
    for (index, line) in panel.y_label.iter().enumerate() {
        let text = Text {
            upright: true,
            ..Text::centered(line, LABEL_SIZE)
        };
        let x = outer.left + (index as f64 + 0.5) * LINE * LABEL_SIZE;
        canvas.text(text, (x, height))?;
    }
    Ok(())
}

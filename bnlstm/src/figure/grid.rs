//! Where panels, their texts and their axes are.

use super::clip::Rect;
use super::plot::Plot;
use super::text::{widest, width, wrap_evenly};
use super::ticks::Tick;

/// Sizes of the texts of a panel.
pub(super) const TITLE_SIZE: f64 = 24.0;
pub(super) const LABEL_SIZE: f64 = 23.0;
pub(super) const TICK_SIZE: f64 = 20.0;
/// Height of a line of text, as a part of its size.
pub(super) const LINE: f64 = 1.25;
/// Length of the marks at the ticks.
pub(super) const MARK: f64 = 6.0;
/// Space between marks, ticks, labels, and the title.
const SPACE: f64 = 8.0;
/// Space between panels.
const GAP: f64 = 28.0;
/// Ticks on an axis, at most.
const TICKS: usize = 10;
/// Distance between ticks on the vertical axis, at least.
const TICK_DISTANCE: f64 = 34.0;

/// One panel: its texts in lines, its ticks, and its places.
#[derive(Debug)]
pub(super) struct Panel {
    /// All of the panel.
    pub outer: Rect,
    /// What the axes enclose.
    pub inner: Rect,
    pub title: Vec<String>,
    pub x_label: Vec<String>,
    pub y_label: Vec<String>,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
}

/// Places panels row by row in an area, all of the same size, with axes of the same size.
pub(super) fn panels(plots: &[Plot<'_>], titles: bool, columns: usize, area: &Rect) -> Vec<Panel> {
    let rows = plots.len().div_ceil(columns);
    let mut panels: Vec<Panel> = plots
        .iter()
        .enumerate()
        .map(|(index, plot)| {
            let outer = cell(area, (index / columns, index % columns), (rows, columns));
            texts(plot, if titles { &plot.figure.title } else { "" }, outer)
        })
        .collect();
    let lines = |of: fn(&Panel) -> usize| panels.iter().map(of).max().unwrap_or(0) as f64;
    let (titles, x_labels) = (lines(|p| p.title.len()), lines(|p| p.x_label.len()));
    let y_labels = lines(|p| p.y_label.len());
    let top = if titles > 0.0 {
        block(titles, TITLE_SIZE)
    } else {
        TICK_SIZE / 2.0
    };
    let bottom = MARK + SPACE / 2.0 + LINE * TICK_SIZE + block(x_labels, LABEL_SIZE);

    let mut left: f64 = 0.0;
    for (panel, plot) in panels.iter_mut().zip(plots) {
        let most = ((panel.outer.height() - top - bottom) / TICK_DISTANCE) as usize;
        panel.y_ticks = plot.y.ticks(most.clamp(3, TICKS));
        left = left.max(widest_tick(&panel.y_ticks));
    }
    left += MARK + SPACE / 2.0 + block(y_labels, LABEL_SIZE);

    let mut right: f64 = 0.0;
    for (panel, plot) in panels.iter_mut().zip(plots) {
        // The last text may stand half beyond the axis: about one number of four digits.
        panel.x_ticks = x_ticks(plot, panel.outer.width() - left - 2.0 * TICK_SIZE);
        let last = panel.x_ticks.last();
        right = right.max(last.map_or(0.0, |tick| width(&tick.text, TICK_SIZE) / 2.0));
    }
    for panel in &mut panels {
        panel.inner = panel.outer.without(left, top, right, bottom);
    }
    panels
}

/// A cell of a grid, without the gaps between the cells.
fn cell(area: &Rect, (row, column): (usize, usize), (rows, columns): (usize, usize)) -> Rect {
    let width = (area.width() - GAP * (columns - 1) as f64) / columns as f64;
    let height = (area.height() - GAP * (rows - 1) as f64) / rows as f64;
    let left = area.left + column as f64 * (width + GAP);
    let top = area.top + row as f64 * (height + GAP);
    Rect {
        left,
        top,
        right: left + width,
        bottom: top + height,
    }
}

/// A panel with its texts broken to the width or height that they have about.
fn texts(plot: &Plot<'_>, title: &str, outer: Rect) -> Panel {
    let title = wrap_evenly(title, TITLE_SIZE, outer.width());
    let used = block(title.len() as f64, TITLE_SIZE) + LINE * TICK_SIZE + block(1.0, LABEL_SIZE) + MARK;
    Panel {
        outer,
        inner: outer,
        title,
        x_label: wrap_evenly(&plot.figure.x_label, LABEL_SIZE, outer.width() - 130.0),
        y_label: wrap_evenly(&plot.figure.y_label, LABEL_SIZE, outer.height() - used),
        x_ticks: Vec::new(),
        y_ticks: Vec::new(),
    }
}

/// Height of lines with the space after them.
fn block(lines: f64, size: f64) -> f64 {
    if lines > 0.0 {
        lines * LINE * size + SPACE
    } else {
        0.0
    }
}

fn widest_tick(ticks: &[Tick]) -> f64 {
    widest(ticks.iter().map(|tick| tick.text.as_str()), TICK_SIZE)
}

/// As many ticks as have their texts apart.
fn x_ticks(plot: &Plot<'_>, width: f64) -> Vec<Tick> {
    let apart = |ticks: &[Tick]| {
        let places: Vec<f64> = ticks
            .iter()
            .map(|tick| width * plot.x.place(tick.value))
            .collect();
        let distances = places.windows(2).map(|ends| ends[1] - ends[0]);
        let distance = distances.fold(f64::INFINITY, f64::min);
        distance >= widest_tick(ticks) + 0.7 * TICK_SIZE
    };
    let counts = || (2..=TICKS).rev().map(|most| plot.x.ticks(most));
    // Where even a few are too close, or only one is left, every second of more.
    let every_second = counts().map(|ticks| ticks.into_iter().step_by(2).collect());
    counts()
        .chain(every_second)
        .find(|ticks| ticks.len() >= 2 && apart(ticks))
        .unwrap_or_else(|| plot.x.ticks(2))
}

//! The whole picture: title, panels and legend.

use std::path::Path;

use nn::files;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;

use super::canvas::{Canvas, DrawResult, Text};
use super::clip::Rect;
use super::grid::{self, Panel};
use super::legend::{self, Legend};
use super::look::{Look, looks};
use super::plot::Plot;
use super::text::wrap_evenly;
use super::{Figure, FigureError, SIZE, Sheet, panel, raster, vector};

const MARGIN: f64 = 20.0;
const TITLE_SIZE: f64 = 30.0;
const TITLE_LINE: f64 = 38.0;
const TITLE_GAP: f64 = 14.0;
const LEGEND_GAP: f64 = 24.0;
/// Least width of a column of panels with its share of gaps and margins.
const COLUMN_WIDTH: u32 = 400;
/// Height of a row of panels as a part of the width of a panel; at least and at most.
const ROW_RATIO: f64 = 0.78;
const ROW_HEIGHT: (f64, f64) = (380.0, 700.0);

/// Everything at its place, in pixels.
pub(super) struct Page<'f> {
    pub size: (u32, u32),
    title: Vec<String>,
    plots: Vec<Plot<'f>>,
    looks: Vec<Vec<Look>>,
    pub panels: Vec<Panel>,
    legend: Legend,
    pub legend_at: (f64, f64),
}

impl<'f> Page<'f> {
    /// A figure with its legend on the right, or at the bottom if it is too long.
    pub fn figure(figure: &'f Figure, path: &Path) -> Result<Self, FigureError> {
        let plots = vec![Plot::new(figure, path)?];
        let looks = looks(&[figure]);
        let note = note(figure.note.as_ref(), &[figure]);
        let (width, height) = (f64::from(SIZE.0), f64::from(SIZE.1));
        let title = wrap_evenly(&figure.title, TITLE_SIZE, width - 2.0 * MARGIN);
        let whole = Rect {
            left: MARGIN,
            top: below_title(&title),
            right: width - MARGIN,
            bottom: height - MARGIN,
        };
        let beside = Legend::beside(&[figure], &looks, &note);
        let below = beside.height > whole.height();
        let (legend, area, legend_at, added) = if below {
            let legend = Legend::below(&[figure], &looks, &note, whole.width());
            let added = LEGEND_GAP + legend.height;
            (legend, whole, (MARGIN, whole.bottom + LEGEND_GAP), added)
        } else {
            let area = whole.without(0.0, 0.0, beside.width + LEGEND_GAP, 0.0);
            let corner = (area.right + LEGEND_GAP, area.top);
            (beside, area, corner, 0.0)
        };
        Ok(Self {
            size: (SIZE.0, (height + added).ceil() as u32),
            panels: grid::panels(&plots, false, 1, &area),
            legend_at,
            title,
            plots,
            looks,
            legend,
        })
    }

    /// A sheet with its legend at the bottom.
    pub fn sheet(sheet: &'f Sheet, path: &Path) -> Result<Self, FigureError> {
        if sheet.panels.is_empty() {
            return Err(FigureError::Empty {
                path: path.to_owned(),
                title: sheet.title.clone(),
            });
        }
        let figures: Vec<&Figure> = sheet.panels.iter().collect();
        let plots = figures
            .iter()
            .map(|figure| Plot::new(figure, path))
            .collect::<Result<Vec<_>, _>>()?;
        let (columns, looks) = (sheet.columns(), looks(&figures));
        let size_x = SIZE
            .0
            .max(COLUMN_WIDTH * u32::try_from(columns).expect("panels fit on a page"));
        let width = f64::from(size_x) - 2.0 * MARGIN;
        let legend = Legend::below(&figures, &looks, &note(sheet.note.as_ref(), &figures), width);
        let title = wrap_evenly(&sheet.title, TITLE_SIZE, width);
        let top = below_title(&title);
        let row = (ROW_RATIO * width / columns as f64).clamp(ROW_HEIGHT.0, ROW_HEIGHT.1);
        let bottom = top + row * plots.len().div_ceil(columns) as f64;
        let area = Rect {
            left: MARGIN,
            top,
            right: MARGIN + width,
            bottom,
        };
        let height = (bottom + LEGEND_GAP + legend.height + MARGIN).ceil();
        Ok(Self {
            size: (size_x, height as u32),
            panels: grid::panels(&plots, true, columns, &area),
            legend_at: (MARGIN, bottom + LEGEND_GAP),
            title,
            plots,
            looks,
            legend,
        })
    }

    /// Draws the page with `scale` units to a pixel.
    pub fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, scale: u32) -> DrawResult<B> {
        let canvas = Canvas::new(area, scale)?;
        let middle = f64::from(self.size.0) / 2.0;
        for (index, line) in self.title.iter().enumerate() {
            let y = MARGIN + (index as f64 + 0.5) * TITLE_LINE;
            canvas.text(Text::centered(line, TITLE_SIZE), (middle, y))?;
        }
        for ((plot, panel), looks) in self.plots.iter().zip(&self.panels).zip(&self.looks) {
            panel::draw(&canvas, plot, panel, looks)?;
        }
        self.legend.draw(&canvas, self.legend_at)
    }
}

/// Where the panels begin.
fn below_title(title: &[String]) -> f64 {
    let gap = if title.is_empty() { 0.0 } else { TITLE_GAP };
    MARGIN + title.len() as f64 * TITLE_LINE + gap
}

/// The given note, those of the panels, or what there is to say of the seeds.
fn note(given: Option<&String>, panels: &[&Figure]) -> Vec<String> {
    let mut notes: Vec<String> = match given {
        Some(note) => vec![note.clone()],
        None => panels.iter().filter_map(|panel| panel.note.clone()).collect(),
    };
    notes.dedup();
    if notes.is_empty() {
        notes = legend::note(panels);
    }
    notes
}

/// Writes a page or its numbers, by the name of the file.
pub(super) fn save<'f>(
    path: &Path,
    page: impl FnOnce() -> Result<Page<'f>, FigureError>,
    csv: impl FnOnce() -> String,
) -> Result<(), FigureError> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let contents = match extension.as_deref() {
        Some("png") => {
            let page = page()?;
            let pixels = raster::render(page.size, |area, scale| page.draw(area, scale))
                .map_err(FigureError::drawing(path))?;
            raster::encode_png(page.size, &pixels).map_err(FigureError::drawing(path))?
        }
        Some("svg") => {
            let page = page()?;
            vector::render(page.size, |area, scale| page.draw(area, scale))
                .map_err(FigureError::drawing(path))?
                .into_bytes()
        }
        Some("csv") => csv().into_bytes(),
        _ => {
            return Err(FigureError::UnknownFormat {
                path: path.to_owned(),
            });
        }
    };
    Ok(files::write_atomically(path, &contents)?)
}

//! The drawing of a figure, on any backend.

use std::path::Path;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon};
use plotters::prelude::{Cartesian2d, DrawingBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, RGBColor, WHITE};

use super::band::{BandPoint, pieces};
use super::legend::Legend;
use super::style::{BAND_OPACITY, CurveStyle, Style};
use super::{Figure, FigureError, clip, text, ticks};

/// The result of drawing on a backend.
pub(super) type DrawResult<T, B> = Result<T, DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

const MARGIN: u32 = 20;
const TITLE_HEIGHT: u32 = 30;
const TITLE_LINE: u32 = 38;
const LABEL_HEIGHT: u32 = 24;
const TICK_HEIGHT: u32 = 21;
const TICK_MARK: u32 = 6;
/// Ticks on an axis, at most; the drawing library chooses round numbers.
const TICKS: usize = 10;
const X_LABEL_AREA: u32 = 70;
const LEGEND_GAP: u32 = 30;
const GRID: RGBColor = RGBColor(222, 222, 222);

/// A figure with the numbers that its drawing needs.
pub(super) struct Plot<'f> {
    figure: &'f Figure,
    /// For each curve its pieces without gaps.
    curves: Vec<Vec<Vec<BandPoint>>>,
    x: (f64, f64),
    y: (f64, f64),
}

impl<'f> Plot<'f> {
    /// Computes bands and ranges; `path` is for errors.
    pub fn new(figure: &'f Figure, path: &Path) -> Result<Self, FigureError> {
        let curves: Vec<_> = figure.curves.iter().map(pieces).collect();
        let points = || curves.iter().flatten().flatten();
        let x = extent(points().map(|point| point.x));
        let heights = points().flat_map(|point| [point.mean - point.half, point.mean + point.half]);
        let (Some(x), Some(y)) = (x, extent(heights)) else {
            return Err(FigureError::Empty {
                path: path.to_owned(),
            });
        };
        let y = match figure.y_range {
            None => padded(widened(y)),
            Some((low, high)) if low < high && (high - low).is_finite() => (low, high),
            Some((low, high)) => {
                return Err(FigureError::Range {
                    path: path.to_owned(),
                    low,
                    high,
                });
            }
        };
        Ok(Self {
            figure,
            x: widened(x),
            y,
            curves,
        })
    }

    /// Draws all of the figure.
    pub fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, style: Style) -> DrawResult<(), B> {
        area.fill(&WHITE)?;
        let margin = style.px(MARGIN);
        let inner = area.margin(margin, margin, margin, margin);
        let legend = Legend::new(&self.figure.curves, &self.note(), style, &inner)?;
        let title = self.draw_title(&inner, style)?;
        let body = inner.margin(title, 0, 0, 0);
        let (left, right) = body.split_horizontally(body.dim_in_pixel().0 - legend.width());
        legend.draw(&right)?;
        let mut chart = self.draw_axes(&left.margin(0, 0, 0, style.px(LEGEND_GAP)), style)?;
        for (index, curve) in self.curves.iter().enumerate() {
            for piece in curve {
                self.draw_band(&mut chart, piece, CurveStyle::of(index))?;
            }
        }
        for (index, curve) in self.curves.iter().enumerate() {
            for piece in curve {
                self.draw_line(&mut chart, piece, CurveStyle::of(index), style)?;
            }
        }
        Ok(())
    }

    /// What lines and bands are.
    fn note(&self) -> String {
        let counts = self.figure.curves.iter().map(|curve| curve.seeds.len());
        let (least, most) = (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0));
        match (least, most) {
            (_, 0 | 1) => "one seed".to_owned(),
            (least, most) if least == most => {
                format!("mean over {most} seeds\nband: ± 1 standard deviation")
            }
            (least, most) => {
                format!("mean over {least} to {most} seeds\nband: ± 1 standard deviation")
            }
        }
    }

    /// Draws the title and returns its height.
    fn draw_title<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        style: Style,
    ) -> DrawResult<u32, B> {
        let font = style.text(TITLE_HEIGHT);
        let width = area.dim_in_pixel().0;
        let lines = text::wrap(&self.figure.title, &font, width, area)?;
        let font = font.pos(Pos::new(HPos::Center, VPos::Top));
        let middle = i32::try_from(width / 2).expect("a figure is narrower than 2³¹ pixels");
        let mut y = 0;
        let mut height = style.px(MARGIN);
        for line in &lines {
            area.draw_text(line, &font, (middle, y))?;
            y += style.offset(TITLE_LINE);
            height += style.px(TITLE_LINE);
        }
        Ok(height)
    }

    fn draw_axes<'a, B: DrawingBackend + 'a>(
        &self,
        area: &DrawingArea<B, Shift>,
        style: Style,
    ) -> DrawResult<Chart<'a, B>, B> {
        let font = style.text(TICK_HEIGHT);
        let y_ticks = ticks::widest(self.y, TICKS, &font, area)?;
        // The label, the ticks with their marks, and space between them.
        let y_label_area = y_ticks + style.px(LABEL_HEIGHT + 4 * TICK_MARK);
        let width = area.dim_in_pixel().0.saturating_sub(y_label_area);
        // Half a tick of space between two of them.
        let x_ticks = 2 * width / (3 * ticks::widest(self.x, TICKS, &font, area)?).max(1);
        let mut chart = ChartBuilder::on(area)
            .x_label_area_size(style.px(X_LABEL_AREA))
            .y_label_area_size(y_label_area)
            .build_cartesian_2d(self.x.0..self.x.1, self.y.0..self.y.1)?;
        chart
            .configure_mesh()
            .x_labels((x_ticks as usize).clamp(2, TICKS))
            .y_labels(TICKS)
            .x_desc(&self.figure.x_label)
            .y_desc(&self.figure.y_label)
            .x_label_formatter(&|value| ticks::text(*value, self.x))
            .y_label_formatter(&|value| ticks::text(*value, self.y))
            .label_style(font)
            .axis_desc_style(style.text(LABEL_HEIGHT))
            .axis_style(style.thin(BLACK))
            .bold_line_style(style.thin(GRID))
            .light_line_style(WHITE.mix(0.0))
            .set_all_tick_mark_size(style.px(TICK_MARK))
            .draw()?;
        Ok(chart)
    }

    fn draw_band<B: DrawingBackend>(
        &self,
        chart: &mut Chart<'_, B>,
        piece: &[BandPoint],
        curve: CurveStyle,
    ) -> DrawResult<(), B> {
        if piece.iter().all(|point| point.half == 0.0) {
            return Ok(());
        }
        let edge = |side: f64| -> Vec<_> {
            piece
                .iter()
                .map(|point| (point.x, point.mean + side * point.half))
                .collect()
        };
        let outline = clip::band(&edge(-1.0), &edge(1.0), self.y.0, self.y.1);
        let fill = curve.color.mix(BAND_OPACITY).filled();
        chart.draw_series([Polygon::new(outline, fill)])?;
        Ok(())
    }

    fn draw_line<B: DrawingBackend>(
        &self,
        chart: &mut Chart<'_, B>,
        piece: &[BandPoint],
        curve: CurveStyle,
        style: Style,
    ) -> DrawResult<(), B> {
        let means: Vec<_> = piece.iter().map(|point| (point.x, point.mean)).collect();
        for part in clip::line(&means, self.y.0, self.y.1) {
            let line = style.line(curve.color);
            if let [only] = part[..] {
                chart.draw_series([Circle::new(only, style.px(4), curve.color.filled())])?;
            } else if let Some(dash) = style.dash(curve) {
                let path = DashedPathElement::new(part, dash, dash, line);
                chart.draw_series([path])?;
            } else {
                chart.draw_series([PathElement::new(part, line)])?;
            }
        }
        Ok(())
    }
}

/// Least and greatest value, if there is any.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |found, value| {
        let (low, high) = found.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// A range of no extent made wide enough to draw.
fn widened((low, high): (f64, f64)) -> (f64, f64) {
    if low < high {
        return (low, high);
    }
    let half = if low == 0.0 { 0.5 } else { low.abs() / 2.0 };
    (low - half, high + half)
}

/// A range with 4 % more at both ends, so that no curve lies on the frame.
fn padded((low, high): (f64, f64)) -> (f64, f64) {
    let pad = 0.04 * (high - low);
    (low - pad, high + pad)
}

#[cfg(test)]
mod tests {
    use super::{extent, padded, widened};

    #[test]
    fn ranges_always_have_an_extent() {
        assert_eq!(extent([2.0, -1.0, 3.0].into_iter()), Some((-1.0, 3.0)));
        assert_eq!(extent(std::iter::empty()), None);
        assert_eq!(widened((0.0, 0.0)), (-0.5, 0.5));
        assert_eq!(widened((-4.0, -4.0)), (-6.0, -2.0));
        assert_eq!(widened((1.0, 2.0)), (1.0, 2.0));
        assert_eq!(padded((0.0, 100.0)), (-4.0, 104.0));
    }
}

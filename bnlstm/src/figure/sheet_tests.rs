use std::fs;
use std::io::BufReader;
use std::path::Path;

use super::page::Page;
use super::{Color, Curve, Figure, FigureError, Line, Reference, SIZE, Scale, Sheet};

/// Panels of gradients that vanish, on logarithmic axes, with a reference each.
fn sheet(panels: usize) -> Sheet {
    let mut sheet = Sheet::new("Gradients & norms, T < 65");
    for panel in 0..panels {
        let mut figure = Figure::new(format!("panel {panel}"), "time step", format!("norm {panel}"));
        figure.y_scale = Scale::Log;
        for (rate, line) in [(0.6, Line::Solid), (0.8, Line::Dashed), (0.9, Line::Dotted)] {
            let points = (0..64).map(|t| (f64::from(t), f64::powi(rate, t)));
            let curve = Curve::new(format!("rate {rate}")).with_seed(0, points.collect());
            figure
                .curves
                .push(curve.with_line(line).with_color(Color::Ordered(rate)));
        }
        figure.references.push(Reference::new("machine precision", 1e-9));
        sheet.panels.push(figure);
    }
    sheet
}

fn page(sheet: &Sheet) -> Page<'_> {
    Page::sheet(sheet, Path::new("sheet.png")).unwrap()
}

fn svg(save: impl FnOnce(&Path) -> Result<(), FigureError>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.svg");
    save(&path).unwrap();
    fs::read_to_string(path).unwrap()
}

/// Checks that each tag is closed in order, and that text has no character of markup; returns the
/// texts.
fn texts_of_xml(xml: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut texts = Vec::new();
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{text}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for part in text.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;", "apos;"]
                    .iter()
                    .any(|name| part.starts_with(name))
            );
        }
        let name = tag.split_whitespace().next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        texts.push(text.trim().to_owned());
    }
    assert!(open.is_empty(), "{open:?}");
    texts
}

#[test]
fn panels_and_legend_have_their_own_places() {
    for (count, columns) in [(1, 1), (2, 2), (3, 3), (4, 2), (4, 4), (5, 3)] {
        let mut sheet = sheet(count);
        sheet.columns = (count == 4).then_some(columns);
        assert_eq!(sheet.columns(), columns);
        let page = page(&sheet);
        let (width, height) = (f64::from(page.size.0), f64::from(page.size.1));
        for (index, panel) in page.panels.iter().enumerate() {
            let (outer, inner) = (&panel.outer, &panel.inner);
            assert!(outer.left >= 20.0 && outer.right <= width - 20.0);
            assert!(outer.top > 50.0 && outer.bottom < page.legend_at.1 && page.legend_at.1 < height);
            assert!(outer.left < inner.left && inner.right <= outer.right);
            assert!(outer.top < inner.top && inner.bottom < outer.bottom);
            assert!(inner.width() > 200.0 && inner.height() > 200.0, "{inner:?}");
            for other in &page.panels[..index] {
                let beside = other.outer.right < outer.left || outer.right < other.outer.left;
                let apart = beside || other.outer.bottom < outer.top;
                assert!(apart, "{outer:?} {:?}", other.outer);
                // The ends of sums of fractions of a pixel.
                assert!((other.inner.width() - inner.width()).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn texts_of_ticks_are_apart_and_within_the_panel() {
    let mut sheet = sheet(3);
    for (panel, most) in sheet.panels.iter_mut().zip([1e3, 1e5, 1e9]) {
        panel.x_range = Some((0.0, most));
    }
    // Only 10 000 is a multiple of 10 000 within these ends, and those of 5 000 are too close.
    sheet.panels[0].x_range = Some((50.0, 19_950.0));
    let page = page(&sheet);
    assert_eq!(page.panels[0].x_ticks[1].text, "15000");
    for (panel, figure) in page.panels.iter().zip(&sheet.panels) {
        let (least, most) = figure.x_range.unwrap();
        let ends: Vec<(f64, f64)> = panel
            .x_ticks
            .iter()
            .map(|tick| {
                let middle = panel.inner.left + (tick.value - least) / (most - least) * panel.inner.width();
                let half = super::text::width(&tick.text, super::grid::TICK_SIZE) / 2.0;
                (middle - half, middle + half)
            })
            .collect();
        assert!(ends.len() >= 2);
        assert!(
            ends.windows(2).all(|pair| pair[0].1 + 4.0 < pair[1].0),
            "{ends:?}"
        );
        // One unit of the measure of text.
        assert!(ends.last().unwrap().1 <= panel.outer.right + 0.1, "{ends:?}");
    }
}

#[test]
fn svg_is_well_formed_and_has_each_label_once() {
    let sheet = sheet(4);
    let texts = texts_of_xml(&svg(|path| sheet.save(path)));
    let times = |label: &str| texts.iter().filter(|text| *text == label).count();
    assert_eq!(times("Gradients &amp; norms, T &lt; 65"), 1);
    for label in [
        "panel 3",
        "norm 0",
        "rate 0.6",
        "rate 0.9",
        "machine precision",
        "one seed",
    ] {
        assert_eq!(times(label), 1, "{label}");
    }
    assert_eq!(times("time step"), 4);
    // Fourteen decades, some of them with texts, on four axes.
    assert_eq!(times("10⁻¹²"), 4);
    assert_eq!(times("10⁻⁶"), 4);
}

#[test]
fn png_has_the_size_of_the_page_and_the_colours_of_the_curves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sheet.png");
    let mut sheet = sheet(2);
    sheet.panels[1].curves.truncate(1);
    sheet.panels[1].curves[0].color = Some(Color::Palette(2));
    sheet.panels[1].curves[0].label = "other".to_owned();
    sheet.save(&path).unwrap();
    let mut reader = png::Decoder::new(BufReader::new(fs::File::open(&path).unwrap()))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), page(&sheet).size);
    assert_eq!(info.width, SIZE.0);
    let green = pixels
        .chunks_exact(3)
        .enumerate()
        .filter(|(_, pixel)| **pixel == [0, 158, 115]);
    let (left, right): (Vec<_>, Vec<_>) = green
        .map(|(index, _)| (index as u32 % info.width, index as u32 / info.width))
        .filter(|(_, y)| f64::from(*y) < page(&sheet).legend_at.1)
        .partition(|(x, _)| *x < info.width / 2);
    assert!(
        left.is_empty() && right.len() > 400,
        "{} {}",
        left.len(),
        right.len()
    );
}

#[test]
fn a_legend_that_is_too_long_goes_below() {
    let mut figure = Figure::new("many", "epoch", "loss");
    for index in 0..24u32 {
        let label = format!("batch(gamma=0.{index},eps=1e-5,stats=per-step,momentum=0.99)");
        figure
            .curves
            .push(Curve::new(label).with_seed(0, vec![(0.0, 0.0), (1.0, f64::from(index))]));
    }
    let path = Path::new("many.png");
    let page = |figure: &Figure| {
        let page = Page::figure(figure, path).unwrap();
        (page.size, page.panels[0].outer, page.legend_at)
    };
    let (size, outer, legend) = page(&figure);
    assert!(size.0 == SIZE.0 && size.1 > SIZE.1, "{size:?}");
    assert!(legend.1 > outer.bottom && outer.width() > 1100.0);
    let texts = texts_of_xml(&svg(|path| figure.save(path))).join("");
    assert!((0..24).all(|index| texts.contains(&format!("gamma=0.{index},"))));

    figure.curves.truncate(5);
    let (size, outer, legend) = page(&figure);
    assert_eq!(size, SIZE);
    assert!(legend.0 > outer.right);
}

#[test]
fn thin_curves_are_drawn_and_not_listed() {
    let mut sheet = Sheet::new("");
    let mut panel = Figure::new("", "t", "mean");
    for unit in 0..30u32 {
        let points = vec![(0.0, 0.0), (1.0, f64::from(unit))];
        panel
            .curves
            .push(Curve::new(format!("unit {unit}")).with_seed(0, points).thin());
    }
    panel.note = Some("30 units".to_owned());
    let with_all = panel.clone();
    panel.curves.clear();
    panel.curves.push(with_all.curves[29].clone());
    sheet.panels = vec![with_all, panel];
    let found = svg(|path| sheet.save(path));
    assert!(!found.contains("unit 7") && texts_of_xml(&found).contains(&"30 units".to_owned()));
    // The curve of unit 29 is in both panels, in one colour: the sixth of the palette.
    assert_eq!(found.matches("stroke=\"#E69F00\"").count(), 5);
}

#[test]
fn empty_sheets_and_panels_are_named() {
    let error = |sheet: &Sheet| sheet.save(Path::new("a.svg")).unwrap_err().to_string();
    assert!(error(&Sheet::new("nothing")).contains("no curve of \"nothing\""));
    let mut sheet = sheet(2);
    sheet.panels[1].curves = vec![Curve::new("a").with_seed(0, vec![(0.0, 0.0), (1.0, -1.0)])];
    let message = error(&sheet);
    assert!(
        message.contains("\"panel 1\"") && message.contains("above zero"),
        "{message}"
    );
}

#[test]
fn ranges_are_checked_for_the_scale_of_their_axis() {
    let mut figure = sheet(1).panels.remove(0);
    figure.y_range = Some((0.0, 1.0));
    let error = figure.save(Path::new("a.svg")).unwrap_err();
    assert!(matches!(error, FigureError::Range { axis: 'y', .. }), "{error}");
    figure.y_scale = Scale::Linear;
    figure.x_range = Some((3.0, 3.0));
    let error = figure.save(Path::new("a.svg")).unwrap_err();
    assert!(error.to_string().contains("the x range 3 to 3"), "{error}");
}

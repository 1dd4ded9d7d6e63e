use std::fs;
use std::io::BufReader;
use std::path::Path;

use super::{Curve, Figure, FigureError, SIZE};

/// Three settings with seeds that differ a little, as learning curves do.
fn figure() -> Figure {
    let labels = [
        "LSTM",
        "BN-LSTM, γ = 0.1",
        "batch(gamma=1,eps=1e-5,stats=per-step,momentum=0.99)",
    ];
    let mut figure = Figure::new("Permuted digits: test accuracy", "epoch", "test accuracy (%)");
    for (index, label) in labels.into_iter().enumerate() {
        let top = [28.0, 68.0, 25.0][index];
        let mut curve = Curve::new(label);
        for seed in 0..3u32 {
            let wave = |epoch: f64| (epoch * (1.3 + f64::from(seed)) + f64::from(seed)).sin();
            let value = |epoch: f64| 10.0 + (top - 10.0) * (1.0 - (-epoch / 6.0).exp());
            let epochs = (1..=20).map(f64::from);
            let points = epochs
                .map(|epoch| (epoch, value(epoch) + 1.5 * wave(epoch)))
                .collect();
            curve = curve.with_seed(u64::from(seed), points);
        }
        figure.curves.push(curve);
    }
    figure
}

fn decode(path: &Path) -> (u32, u32, Vec<u8>) {
    let decoder = png::Decoder::new(BufReader::new(fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

fn count(pixels: &[u8], color: [u8; 3]) -> usize {
    pixels.chunks_exact(3).filter(|pixel| *pixel == color).count()
}

#[test]
fn png_shows_each_curve_in_its_colour() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("curves.png");
    let mut figure = figure();
    figure.save(&path).unwrap();
    let (width, height, pixels) = decode(&path);
    assert_eq!((width, height), SIZE);
    for color in [[0, 114, 178], [213, 94, 0], [0, 158, 115]] {
        // A line of 3 pixels along 700 columns, and more; edges are mixed with white.
        assert!(
            count(&pixels, color) > 700,
            "{color:?}: {}",
            count(&pixels, color)
        );
    }
    assert_eq!(count(&pixels, [204, 121, 167]), 0);
    let frame = pixels
        .chunks_exact(3)
        .enumerate()
        .filter(|(_, pixel)| *pixel != [255, 255, 255]);
    // Nothing reaches the edge of the picture, where it would be cut.
    for (index, _) in frame {
        let (x, y) = (index as u32 % width, index as u32 / width);
        assert!(
            (8..width - 8).contains(&x) && (8..height - 8).contains(&y),
            "{x}, {y}"
        );
    }

    figure.curves.truncate(1);
    figure.save(&path).unwrap();
    assert_eq!(count(&decode(&path).2, [213, 94, 0]), 0);
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "a.svg", "a.csv"] {
        let path = folder.path().join(name);
        figure().save(&path).unwrap();
        let first = fs::read(&path).unwrap();
        figure().save(&path).unwrap();
        assert_eq!(first, fs::read(&path).unwrap(), "{name}");
    }
}

#[test]
fn svg_holds_all_texts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("curves.SVG");
    figure().save(&path).unwrap();
    let svg = fs::read_to_string(path).unwrap();
    assert!(
        svg.starts_with("<svg width=\"1200\" height=\"750\" stroke-linejoin=\"round\" viewBox="),
        "{}",
        &svg[..80]
    );
    assert!(svg.trim_end().ends_with("</svg>"));
    for text in [
        "Permuted digits: test accuracy",
        "epoch",
        "test accuracy (%)",
        "BN-LSTM, γ = 0.1",
    ] {
        assert!(svg.contains(&format!("\n{text}\n")), "{text}");
    }
    // Three bands, each with a sample in the legend.
    assert_eq!(svg.matches("<polygon").count(), 6);
}

#[test]
fn curves_stay_within_a_given_range() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.png");
    let mut figure = figure();
    figure.curves.remove(0);
    figure.curves.truncate(1);
    figure.y_range = Some((90.0, 100.0));
    figure.save(&path).unwrap();
    let (_, _, pixels) = decode(&path);
    // Only the sample in the legend is left: 40 by 3 pixels at most.
    let blue = count(&pixels, [0, 114, 178]);
    assert!((1..=120).contains(&blue), "{blue}");
}

#[test]
fn one_point_of_one_seed_can_be_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let mut figure = Figure::new("", "epoch", "loss");
    figure.curves.push(Curve::new("a").with_seed(0, vec![(1.0, 0.0)]));
    for name in ["a.png", "a.svg"] {
        figure.save(&folder.path().join(name)).unwrap();
    }
    let svg = fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert_eq!(svg.matches("<circle").count(), 1);
    assert!(svg.contains("one seed") && !svg.contains("<polygon"));
}

#[test]
fn more_curves_than_colours_are_dashed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.png");
    let mut figure = Figure::new("many", "epoch", "loss");
    for index in 0..10u32 {
        let points = vec![(0.0, f64::from(index)), (1.0, f64::from(index + 1))];
        figure
            .curves
            .push(Curve::new(format!("curve {index}")).with_seed(0, points));
    }
    figure.save(&path).unwrap();
    let with_all = count(&decode(&path).2, [0, 114, 178]);
    figure.curves.truncate(8);
    figure.save(&path).unwrap();
    assert!(with_all > count(&decode(&path).2, [0, 114, 178]));
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let error = |figure: &Figure, name: &str| figure.save(&folder.path().join(name)).unwrap_err();

    let unknown = error(&figure(), "curves.jpg");
    assert!(matches!(unknown, FigureError::UnknownFormat { .. }));
    assert!(
        unknown
            .to_string()
            .contains("curves.jpg: its name does not end in .png"),
        "{unknown}"
    );

    let mut diverged = Figure::new("", "epoch", "loss");
    assert!(matches!(error(&diverged, "a.svg"), FigureError::Empty { .. }));
    diverged
        .curves
        .push(Curve::new("a").with_seed(0, vec![(1.0, f64::NAN)]));
    assert!(matches!(error(&diverged, "a.png"), FigureError::Empty { .. }));

    for range in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        let figure = Figure {
            y_range: Some(range),
            ..figure()
        };
        assert!(
            matches!(error(&figure, "a.svg"), FigureError::Range { .. }),
            "{range:?}"
        );
    }

    let missing = error(&figure(), "no/folder.csv");
    assert!(missing.to_string().starts_with("figure "), "{missing}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

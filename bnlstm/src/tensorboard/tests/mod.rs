use std::fs;
use std::path::Path;

use super::EventWriter;
use crate::diagnostics::{Diagnostics, Gate, ParamUpdate, SiteMoments};
use crate::metrics::{Diagnosed, DivergedAt, Line, Measured, Record};
use crate::scores::Scores;
use crate::task::Metric;
use crate::trainer::Score;

mod random;
mod reader;

use reader::{CONFIG, event_file, files, histograms, points, scalars, texts, written};

fn score(loss: f64, accuracy: f64) -> Score {
    Score { loss, accuracy }
}

fn scores() -> Scores {
    Scores {
        batch: score(0.5, 0.75),
        running: score(1.5, 0.25),
        population: score(2.5, 0.5),
    }
}

fn evaluated(update: usize) -> Line {
    Line::Evaluated(Record {
        update,
        epoch: 1.25,
        learning_rate: 0.125,
        train_loss: 0.375,
        gradient_norm: 2.0,
        valid: scores(),
    })
}

fn diagnostics() -> Diagnostics {
    Diagnostics {
        gradient_norms: vec![0.5, 0.25, 4.0],
        gates: vec![Gate {
            cell: "lstm".to_owned(),
            gate: "f".to_owned(),
            low: 0.125,
            high: 0.25,
        }],
        sites: vec![SiteMoments {
            path: "lstm/norm_h".to_owned(),
            smallest_variance: vec![3.0, 2.0, 5.0],
            mean_distance: Some(0.5),
            variance_distance: None,
        }],
        updates: [("lstm/w_h", 4.0), ("lstm/b", 0.0)]
            .map(|(path, weight)| ParamUpdate {
                path: path.to_owned(),
                weight,
                change: 0.5,
            })
            .into(),
    }
}

#[test]
fn an_evaluation_has_these_points() {
    let points = written(&[evaluated(30)], Metric::Accuracy);
    assert_eq!(points[0].0, 30);
    let expected = [
        ("train/loss", 0.375),
        ("train/gradient_norm", 2.0),
        ("train/learning_rate", 0.125),
        ("train/epoch", 1.25),
        ("valid/loss/batch", 0.5),
        ("valid/accuracy_percent/batch", 75.0),
        ("valid/loss/running", 1.5),
        ("valid/accuracy_percent/running", 25.0),
        ("valid/loss/population", 2.5),
        ("valid/accuracy_percent/population", 50.0),
    ];
    assert_eq!(scalars(&points[0].1), expected);
    assert_eq!(points[0].1.len(), expected.len());
}

#[test]
fn the_end_has_these_points() {
    let measured = Line::Measured(Measured {
        update: 300,
        selected: 200,
        test: scores(),
    });
    let points = written(&[measured], Metric::ErrorRate);
    assert_eq!(points[0].0, 300);
    let expected = [
        ("test/loss/batch", 0.5),
        ("test/error_percent/batch", 25.0),
        ("test/loss/running", 1.5),
        ("test/error_percent/running", 75.0),
        ("test/loss/population", 2.5),
        ("test/error_percent/population", 50.0),
        ("test/selected_update", 200.0),
    ];
    assert_eq!(scalars(&points[0].1), expected);
}

#[test]
fn a_look_inside_has_these_points() {
    let line = Line::Diagnosed(Diagnosed {
        update: 7,
        diagnostics: diagnostics(),
    });
    let points = written(&[line], Metric::Accuracy);
    let (step, values) = &points[0];
    assert_eq!(*step, 7);
    let expected = [
        ("gradient/first_step", 0.5),
        ("gradient/last_step", 4.0),
        ("gradient/smallest", 0.25),
        ("gates/lstm/f/saturated_low", 0.125),
        ("gates/lstm/f/saturated_high", 0.25),
        ("statistics/lstm/norm_h/mean_distance", 0.5),
        ("statistics/lstm/norm_h/smallest_variance", 2.0),
        // The other parameter is 0.
        ("updates/lstm/w_h", 0.125),
    ];
    assert_eq!(scalars(values), expected);
    let histograms = histograms(values);
    assert_eq!(histograms.len(), 1);
    let (tag, histogram) = histograms[0];
    assert_eq!((tag, histogram.count), ("gradient/log10_norms", 3.0));
}

#[test]
fn a_look_that_shows_nothing_has_no_points() {
    let line = Line::Diagnosed(Diagnosed {
        update: 0,
        diagnostics: Diagnostics {
            gradient_norms: vec![],
            gates: vec![],
            sites: vec![],
            updates: vec![],
        },
    });
    assert_eq!(written(&[line], Metric::Accuracy), [(0, vec![])]);
}

#[test]
fn what_is_no_number_is_shown() {
    let mut diagnostics = diagnostics();
    diagnostics.gradient_norms = vec![1.0, f32::NAN, 0.5];
    let line = Line::Diagnosed(Diagnosed {
        update: 7,
        diagnostics,
    });
    let diverged = Line::Diverged(DivergedAt {
        update: 8,
        diverged: "lstm/h at step 3 is NaN".to_owned(),
    });
    let points = written(&[line, diverged], Metric::Accuracy);
    let (tag, smallest) = scalars(&points[0].1)[2];
    assert_eq!(tag, "gradient/smallest");
    assert!(smallest.is_nan());
    assert_eq!(points[1].0, 8);
    assert_eq!(
        texts(&points[1].1),
        [("diverged", "    lstm/h at step 3 is NaN\n".to_owned())]
    );
}

#[test]
fn every_metric_has_a_tag() {
    for (metric, name, value) in [
        (Metric::Accuracy, "accuracy_percent", 75.0),
        (Metric::ErrorRate, "error_percent", 25.0),
        (Metric::BitsPerCharacter, "bits_per_character", 0.721_347_5),
        (Metric::SquaredError, "squared_error", 0.5),
    ] {
        let points = written(&[evaluated(1)], metric);
        let expected = (format!("valid/{name}/batch"), value);
        let found = scalars(&points[0].1)[5];
        assert_eq!((found.0.to_owned(), found.1), expected);
    }
}

#[test]
fn a_run_that_is_taken_up_again_has_no_point_twice() {
    let folder = tempfile::tempdir().unwrap();
    // Of another program, and of nobody.
    let others = [
        "events.out.tfevents.1234567890.host",
        "events.out.tfevents.x.bnlstm.txt",
    ];
    for name in others {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let lines = [evaluated(10), evaluated(20), evaluated(30)];
    let mut first = EventWriter::create(folder.path(), CONFIG).unwrap();
    for line in &lines {
        first.add(line, Metric::Accuracy).unwrap();
    }
    drop(first);

    // Again and again: what is there of earlier files is the last one, without content.
    let mut last = event_file(folder.path());
    for kept in [2, 1] {
        let mut writer = EventWriter::create(folder.path(), CONFIG).unwrap();
        for line in &lines[..kept] {
            writer.add(line, Metric::Accuracy).unwrap();
        }
        let [before, after] = files(folder.path()).try_into().unwrap();
        assert_eq!(before, last);
        assert_eq!(fs::read(&before).unwrap(), b"");
        let steps: Vec<_> = points(&after).into_iter().map(|(step, _)| step).collect();
        assert_eq!(steps, [10, 20][..kept]);
        last = after;
    }
    for name in others {
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), name.as_bytes());
    }
}

#[test]
fn directories_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/tensorboard");
    EventWriter::create(&path, CONFIG).unwrap();
    assert_eq!(points(&event_file(&path)), []);
}

#[test]
fn a_file_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "keep").unwrap();
    let error = EventWriter::create(&path, CONFIG).unwrap_err().to_string();
    let start = format!("cannot create the directory {}: ", path.display());
    assert!(error.starts_with(&start), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"keep");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_names_file_and_remedy() {
    // This device answers every write with "no space left".
    let path = Path::new("/dev/full");
    let mut writer = EventWriter {
        path: path.to_owned(),
        file: fs::File::options().write(true).open(path).unwrap(),
        length: 0,
    };
    let error = writer
        .add(&evaluated(1), Metric::Accuracy)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot append events to /dev/full: "),
        "{error}"
    );
    assert!(error.ends_with("free some space, or choose a directory on another disk"));
}

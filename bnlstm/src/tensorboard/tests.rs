use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use prost::Message;

use super::event::{Content, Event, Histogram, SessionStatus, Value, What};
use super::{EventWriter, now, record};
use crate::diagnostics::{Diagnostics, Gate, ParamUpdate, SiteMoments};
use crate::metrics::{Diagnosed, DivergedAt, Line, Measured, Record};
use crate::scores::Scores;
use crate::task::Metric;
use crate::trainer::Score;

const CONFIG: &str = "[task]\nname = \"copy\"\n\nlength = 20";

/// The one event file of this program in a directory.
fn event_file(directory: &Path) -> PathBuf {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let ours: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "bnlstm"))
        .collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    ours.into_iter().next().unwrap()
}

/// All events of a file, whose lengths and checksums have to be right to its last byte.
fn events(path: &Path) -> Vec<Event> {
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_at(8);
        let data = checked(length, after);
        let size = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        let (event, after) = data.split_at(size);
        rest = checked(event, after);
        events.push(Event::decode(event).unwrap());
    }
    events
}

/// What comes after the checksum of `data`.
#[track_caller]
fn checked<'a>(data: &[u8], rest: &'a [u8]) -> &'a [u8] {
    let (sum, rest) = rest.split_at(4);
    assert_eq!(
        u32::from_le_bytes(sum.try_into().unwrap()),
        record::checksum(data)
    );
    rest
}

/// The values of the lines: step by step, without those that each file begins with.
fn points(path: &Path) -> Vec<(i64, Vec<Value>)> {
    let mut events = events(path).into_iter();
    let mut before = 0.0;
    let mut next = || {
        let event = events.next()?;
        assert!(before <= event.wall_time && event.wall_time <= now());
        before = event.wall_time;
        Some((event.step, event.what.unwrap()))
    };
    assert_eq!(next(), Some((0, What::FileVersion("brain.Event:2".to_owned()))));
    match next() {
        Some((0, What::Session(log))) => assert_eq!(log.status(), SessionStatus::Start),
        other => panic!("{other:?}"),
    }
    let mut summaries = std::iter::from_fn(next).map(|(step, what)| match what {
        What::Summary(summary) => (step, summary.values),
        other => panic!("{other:?}"),
    });
    let (step, config) = summaries.next().unwrap();
    assert_eq!(step, 0);
    assert_eq!(
        texts(&config),
        [(
            "config",
            "    [task]\n    name = \"copy\"\n    \n    length = 20\n".to_owned()
        )]
    );
    summaries.collect()
}

fn texts(values: &[Value]) -> Vec<(&str, String)> {
    let text = |value: &Value| match value.content.as_ref()? {
        Content::Tensor(tensor) => Some(String::from_utf8(tensor.strings[0].clone()).unwrap()),
        _ => None,
    };
    values
        .iter()
        .filter_map(|value| Some((value.tag.as_str(), text(value)?)))
        .collect()
}

fn scalars(values: &[Value]) -> Vec<(&str, f32)> {
    let scalar = |value: &Value| match value.content {
        Some(Content::Scalar(scalar)) => Some(scalar),
        _ => None,
    };
    values
        .iter()
        .filter_map(|value| Some((value.tag.as_str(), scalar(value)?)))
        .collect()
}

fn histograms(values: &[Value]) -> Vec<(&str, &Histogram)> {
    let mut histograms = Vec::new();
    for value in values {
        if let Some(Content::Histogram(histogram)) = &value.content {
            histograms.push((value.tag.as_str(), histogram));
        }
    }
    histograms
}

fn written(lines: &[Line], metric: Metric) -> Vec<(i64, Vec<Value>)> {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path(), CONFIG).unwrap();
    let path = event_file(folder.path());
    for (index, line) in lines.iter().enumerate() {
        writer.add(line, metric).unwrap();
        // Whoever looks on sees each line at once.
        assert_eq!(events(&path).len(), 3 + index + 1);
    }
    points(&path)
}

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
    let before = event_file(folder.path());
    drop(first);

    let mut second = EventWriter::create(folder.path(), CONFIG).unwrap();
    let after = event_file(folder.path());
    assert!(before < after, "{before:?} {after:?}");
    for line in &lines[..2] {
        second.add(line, Metric::Accuracy).unwrap();
    }
    let steps: Vec<_> = points(&after).into_iter().map(|(step, _)| step).collect();
    assert_eq!(steps, [10, 20]);
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

fn any_scores() -> impl Strategy<Value = Scores> {
    let score = (any::<f64>(), 0.0..=1.0).prop_map(|(loss, accuracy)| score(loss, accuracy));
    [score.clone(), score.clone(), score].prop_map(|[batch, running, population]| Scores {
        batch,
        running,
        population,
    })
}

fn any_record() -> impl Strategy<Value = Line> {
    let numbers = any::<[f64; 4]>();
    (0..usize::MAX / 2, numbers, any_scores()).prop_map(|(update, numbers, valid)| {
        let [epoch, learning_rate, train_loss, gradient_norm] = numbers;
        Line::Evaluated(Record {
            update,
            epoch,
            learning_rate,
            train_loss,
            gradient_norm,
            valid,
        })
    })
}

fn any_diagnosed() -> impl Strategy<Value = Line> {
    let gate = ("[a-z/]{1,8}", "[fiog]", any::<[f32; 2]>()).prop_map(|(cell, gate, [low, high])| Gate {
        cell,
        gate,
        low,
        high,
    });
    let variances = prop::collection::vec(any::<f32>(), 0..5);
    let distances = any::<[Option<f32>; 2]>();
    let site =
        ("[a-zµ/_]{1,20}", variances, distances).prop_map(|(path, smallest_variance, [mean, variance])| {
            SiteMoments {
                path,
                smallest_variance,
                mean_distance: mean,
                variance_distance: variance,
            }
        });
    let update = ("[a-z/]{1,9}", any::<[f32; 2]>()).prop_map(|(path, [weight, change])| ParamUpdate {
        path,
        weight,
        change,
    });
    let parts = (
        prop::collection::vec(any::<f32>().prop_map(f32::abs), 0..200),
        prop::collection::vec(gate, 0..5),
        prop::collection::vec(site, 0..5),
        prop::collection::vec(update, 0..5),
    );
    (0..usize::MAX / 2, parts).prop_map(|(update, (gradient_norms, gates, sites, updates))| {
        Line::Diagnosed(Diagnosed {
            update,
            diagnostics: Diagnostics {
                gradient_norms,
                gates,
                sites,
                updates,
            },
        })
    })
}

fn any_end() -> impl Strategy<Value = Line> {
    let measured = (0..usize::MAX / 2, any::<usize>(), any_scores()).prop_map(|(update, selected, test)| {
        Line::Measured(Measured {
            update,
            selected,
            test,
        })
    });
    let diverged = (0..usize::MAX / 2, any::<String>())
        .prop_map(|(update, diverged)| Line::Diverged(DivergedAt { update, diverged }));
    prop_oneof![measured, diverged]
}

/// Bits that a number and its like have in common: all NaN are one.
fn bits(number: f64) -> u32 {
    match number.is_nan() {
        true => f32::NAN.to_bits(),
        false => (number as f32).to_bits(),
    }
}

/// What a line has to be in the file, by looking for each of its numbers.
fn check(line: &Line, step: i64, values: &[Value]) {
    let found = scalars(values);
    let has = |tag: &str, number: f64| {
        let like = |&(name, scalar): &(&str, f32)| name == tag && bits(scalar.into()) == bits(number);
        assert!(found.iter().any(like), "{tag} {number}: {found:?}");
    };
    let update = match line {
        Line::Evaluated(record) => {
            has("train/loss", record.train_loss);
            has("train/gradient_norm", record.gradient_norm);
            has("valid/loss/running", record.valid.running.loss);
            has("valid/squared_error/population", record.valid.population.loss);
            assert_eq!(found.len(), 10);
            record.update
        }
        Line::Measured(measured) => {
            has("test/loss/batch", measured.test.batch.loss);
            assert_eq!(found.len(), 7);
            measured.update
        }
        Line::Diagnosed(Diagnosed { update, diagnostics }) => {
            check_inside(diagnostics, values, has);
            *update
        }
        Line::Diverged(at) => {
            assert_eq!(texts(values).len(), 1);
            at.update
        }
    };
    assert_eq!(step, update as i64);
}

fn check_inside(diagnostics: &Diagnostics, values: &[Value], has: impl Fn(&str, f64)) {
    for gate in &diagnostics.gates {
        let tag = format!("gates/{}/{}/saturated_high", gate.cell, gate.gate);
        has(&tag, gate.high.into());
    }
    for site in &diagnostics.sites {
        if let Some(distance) = site.mean_distance {
            has(
                &format!("statistics/{}/mean_distance", site.path),
                distance.into(),
            );
        }
    }
    let norms = &diagnostics.gradient_norms;
    if let Some(&norm) = norms.last() {
        has("gradient/last_step", norm.into());
    }
    let finite = norms.iter().filter(|norm| norm.is_finite()).count();
    let histograms = histograms(values);
    assert_eq!(histograms.len(), usize::from(finite > 0));
    for (_, histogram) in histograms {
        assert_eq!(histogram.count, finite as f64);
        assert_eq!(histogram.buckets.iter().sum::<f64>(), finite as f64);
        assert_eq!(histogram.limits.len(), histogram.buckets.len());
        assert!(histogram.limits.is_sorted());
        assert!(histogram.max < *histogram.limits.last().unwrap());
        assert!(histogram.min < histogram.limits[0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100,
        rng_seed: proptest::test_runner::RngSeed::Fixed(6),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_lines_are_read_back(
        lines in prop::collection::vec(prop_oneof![any_record(), any_diagnosed(), any_end()], 0..8)
    ) {
        let points = written(&lines, Metric::SquaredError);
        prop_assert_eq!(points.len(), lines.len());
        for (line, (step, values)) in lines.iter().zip(&points) {
            check(line, *step, values);
        }
    }
}

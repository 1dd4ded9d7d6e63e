//! Made-up runs, and what a page says about them.

mod made;

use std::fs;

use made::{Made, config};
use serde_json::Value;

use super::differences::Fields;
use super::groups::group;
use super::rows::{Row, half_width};
use super::series::{MOST, Series, spread};
use super::time::over_updates;
use super::*;
use crate::mean_std::MeanStd;
use crate::metrics::Timing;
use crate::task::{Metric, TaskConfig};

/// The data of a page, as its script reads them.
fn data(page: &str) -> Value {
    let begin = "<script type=\"application/json\" id=\"data\">\n";
    let (_, rest) = page.split_once(begin).expect("the page has data");
    let (json, _) = rest.split_once("\n</script>").expect("which end");
    serde_json::from_str(json).expect("they are JSON")
}

#[test]
fn runs_that_differ_only_in_seed_and_place_are_one_group() {
    let mut elsewhere = config("batch", 2);
    if let TaskConfig::Digits(digits) = &mut elsewhere.task {
        digits.data = Some("elsewhere".into());
    }
    let mut slow = config("batch", 1);
    slow.training.clip = 0.5;
    let runs = [
        Made::new(config("none", 1)).run(),
        Made::new(elsewhere).run(),
        Made::new(config("batch", 1)).run(),
        Made::new(slow).run(),
    ];
    let (groups, differences) = group(&runs);
    let found: Vec<(&str, Vec<u64>)> = groups
        .iter()
        .map(|group| {
            let seeds = group.runs.iter().map(|run| run.config.training.seed);
            (group.name.as_str(), seeds.collect())
        })
        .collect();
    let expected = [
        ("LSTM, clip=1", vec![1]),
        ("BN-LSTM γ=0.1, clip=1", vec![1, 2]),
        ("BN-LSTM γ=0.1, clip=0.5", vec![1]),
    ];
    assert_eq!(found, expected);
    assert_eq!(differences.fields, ["model.normalization", "training.clip"]);
    let clips = ["1", "1", "0.5"].map(|clip| Some(clip.to_owned()));
    assert_eq!(differences.values[1], clips);
}

#[test]
fn one_group_is_called_by_its_normalization_alone() {
    let runs = [
        Made::new(config("layer", 4)).run(),
        Made::new(config("layer", 5)).run(),
    ];
    let (groups, differences) = group(&runs);
    assert_eq!((groups.len(), groups[0].name.as_str()), (1, "LN-LSTM"));
    assert!(differences.fields.is_empty());
}

#[test]
fn names_count_what_is_too_much_and_stay_different() {
    let changed = |clip, batch, hidden_size, noise| {
        let mut config = config("none", 1);
        config.training.clip = clip;
        config.training.batch = batch;
        config.model.hidden_size = hidden_size;
        config.model.initial_noise = noise;
        Made::new(config).at(&format!("runs/{clip}"))
    };
    let runs = [
        changed(1.0, 10, 8, 0.0).run(),
        changed(2.0, 20, 9, 0.1).run(),
        changed(3.0, 20, 9, 0.1).run(),
    ];
    let (groups, _) = group(&runs);
    let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    let expected = [
        "LSTM, hidden_size=8, initial_noise=0, batch=10, 1 more",
        "LSTM, hidden_size=9, initial_noise=0.1, batch=20, 1 more, runs/2",
        "LSTM, hidden_size=9, initial_noise=0.1, batch=20, 1 more, runs/3",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_field_that_only_some_have_differs() {
    let mut steps = config("none", 1);
    (steps.training.epochs, steps.training.steps) = (None, Some(7));
    let runs = [Made::new(config("none", 1)).run(), Made::new(steps).run()];
    let (groups, differences) = group(&runs);
    assert_eq!(differences.fields, ["training.epochs", "training.steps"]);
    assert_eq!(differences.values[0], [Some("2".to_owned()), None]);
    let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["LSTM, epochs=2", "LSTM, steps=7"]);
    assert_eq!(Fields::of(&runs[1].config).get("training.steps"), Some("7"));
}

#[test]
fn intervals_are_those_of_students_distribution() {
    // Of 1, 2, 3: s = 1, and t of two degrees of freedom is 4.303.
    let half = half_width(MeanStd::of(&[1.0, 2.0, 3.0]), 3).unwrap();
    assert!((half - 4.302_652_73 / 3.0_f64.sqrt()).abs() < 1e-8, "{half}");
    assert_eq!(half_width(MeanStd::of(&[1.0]), 1), None);
}

#[test]
fn rows_are_over_seeds_and_leave_out_what_has_diverged() {
    let runs = [
        Made::new(config("none", 1))
            .scores(&[0.5, 0.8])
            .finished(0.7)
            .run(),
        Made::new(config("none", 2))
            .scores(&[0.6, 0.4])
            .finished(0.5)
            .run(),
        Made::new(config("none", 3)).scores(&[0.9]).diverged("loss").run(),
        Made::new(config("none", 4)).scores(&[0.7]).run(),
    ];
    let (groups, _) = group(&runs);
    let row = Row::of(&groups[0], Metric::Accuracy);
    // 80 and 60: the run that is under way may get better yet.
    assert_eq!(row.best.unwrap().text, "70.00 ± 14.14");
    let [population, running, batch] = row.test.map(|cell| cell.unwrap().text);
    // 70 and 50, with 1 and 2 less under running and batch statistics.
    assert_eq!(
        [population, running, batch],
        ["60.00 ± 14.14", "59.00 ± 14.14", "58.00 ± 14.14"]
    );
    assert_eq!(
        (row.updates.as_str(), row.epochs.as_str()),
        ("10 to 20", "1 to 2")
    );
    // 0.01 s for each of ten updates of an epoch, for all runs.
    assert_eq!(row.seconds.unwrap().text, "0.100 ± 0.000");
    let expected = [
        "2 finished",
        "seed 3 diverged at update 11: loss",
        "seed 4 under way, at update 10 of 20",
    ];
    assert_eq!(row.states, expected);
}

#[test]
fn a_group_that_has_nothing_yet_has_empty_cells() {
    let runs = [Made::new(config("none", 1)).run()];
    let (groups, _) = group(&runs);
    let row = Row::of(&groups[0], Metric::Accuracy);
    assert_eq!((row.best, row.seconds), (None, None));
    assert_eq!((row.updates.as_str(), row.epochs.as_str()), ("0", "–"));
    assert_eq!(row.states, ["seed 1 under way, at update 0"]);
}

#[test]
fn lines_of_time_that_went_back_do_not_count() {
    let line = |update, forward| Timing {
        update,
        forward,
        ..Timing::default()
    };
    let (sum, updates) = over_updates(&[line(10, 1.0), line(20, 1.0), line(15, 9.0), line(25, 2.0)]);
    assert_eq!((sum.forward, updates), (4.0, 30));
}

#[test]
fn thinning_keeps_extremes_and_ends() {
    let mut values: Vec<f64> = (0..10_000).map(|i| (f64::from(i) / 500.0).sin()).collect();
    values[4_321] = 50.0;
    values[8_765] = -50.0;
    let other: Vec<f64> = (0..9_000).map(|i| if i == 777 { 70.0 } else { 0.0 }).collect();
    let series = Series::over_steps(&[values, other], MOST);
    assert!(
        series.x.len() <= MOST && series.x.len() > MOST / 2,
        "{}",
        series.x.len()
    );
    assert!(series.x.is_sorted());
    assert_eq!((series.x[0], series.x.last()), (0.0, Some(&9_999.0)));
    let at = |x: f64, run: usize| series.runs[run][series.x.iter().position(|&other| other == x).unwrap()];
    assert_eq!(
        (at(4_321.0, 0), at(8_765.0, 0), at(777.0, 1)),
        (Some(50.0), Some(-50.0), Some(70.0))
    );
    assert_eq!(at(9_999.0, 1), None);
}

#[test]
fn short_series_stay_whole_and_values_that_are_none_are_gaps() {
    let runs = [
        vec![(10.0, 1.0), (20.0, f64::NAN)],
        vec![(20.0, 0.123_456_7), (30.0, f64::INFINITY)],
    ];
    let series = Series::of(&runs, MOST);
    assert_eq!(series.x, [10.0, 20.0, 30.0]);
    assert_eq!(
        series.runs,
        [vec![Some(1.0), None, None], vec![None, Some(0.12346), None]]
    );
    assert!(!series.is_empty() && Series::default().is_empty());
}

#[test]
fn a_choice_is_spread_from_the_first_to_the_last() {
    assert_eq!(spread(3, 16), [0, 1, 2]);
    assert_eq!(spread(101, 5), [0, 25, 50, 75, 100]);
    let found = spread(1_000_003, 16);
    assert_eq!((found.len(), found[0], found[15]), (16, 0, 1_000_002));
}

#[test]
fn the_metric_of_a_configuration_is_that_of_its_task() {
    for name in [
        "digits-quick",
        "charlm-quick",
        "qa-quick",
        "copy-quick",
        "adding-quick",
    ] {
        let preset = crate::presets::Preset::find(name).unwrap();
        let task = crate::settings::Settings::of_preset(preset)
            .config()
            .unwrap()
            .task;
        assert_eq!(task.metric(), task.load().unwrap().metric(), "{name}");
    }
}

/// Texts that would end the script or begin a comment in it, if they were left as they are.
const NASTY: &str = "</script><script>alert(1)</script><!-- <b> & {{script}} \u{2028}";

#[test]
fn no_text_breaks_out_of_the_data() {
    let runs = [Made::new(config("none", 1))
        .at(NASTY)
        .scores(&[0.5])
        .diverged(NASTY)
        .run()];
    let clean = page(&[Made::new(config("none", 1)).run()], None);
    let page = page(&runs, None);
    for mark in ["</script", "<script", "<!--", "<b>"] {
        let count = |text: &str| text.matches(mark).count();
        assert_eq!(count(&page), count(&clean), "{mark}");
    }
    let data = data(&page);
    assert_eq!(data["groups"][0]["runs"][0]["directory"], NASTY);
    let state = data["groups"][0]["row"]["states"][0].as_str().unwrap();
    assert!(state.ends_with(NASTY), "{state}");
}

#[test]
fn a_page_asks_for_nothing_elsewhere() {
    let page = page(&[Made::new(config("batch", 1)).looked_inside().run()], Some(1));
    for link in [
        "http:",
        "https:",
        "src=",
        "href=",
        "url(",
        "@import",
        "//cdn",
        "fetch(",
        "XMLHttpRequest",
    ] {
        assert!(!page.contains(link), "{link}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn equal_runs_give_equal_bytes_but_for_one_line() {
    let runs = [Made::new(config("batch", 1)).scores(&[0.5]).looked_inside().run()];
    assert_eq!(page(&runs, None), page(&runs, None));
    let [a, b] = [1, 1_700_000_000].map(|made| page(&runs, Some(made)));
    let different: Vec<_> = a.lines().zip(b.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(different.len(), 1);
    assert!(different[0].1.contains("id=\"made\""), "{different:?}");
    assert_eq!(a.lines().count(), b.lines().count());
}

#[test]
fn what_was_seen_inside_is_on_the_page() {
    let run = |seed| {
        Made::new(config("batch", seed))
            .scores(&[0.5, 0.6])
            .looked_inside()
            .run()
    };
    let data = data(&page(&[run(1), run(2)], None));
    let inside = &data["groups"][0]["inside"];
    let gradients = inside["gradients"].as_array().unwrap();
    let updates: Vec<&Value> = gradients.iter().map(|at| &at["update"]).collect();
    assert_eq!(updates, [0, 10]);
    assert_eq!(gradients[0]["series"]["runs"].as_array().unwrap().len(), 2);
    assert_eq!(gradients[1]["series"]["x"].as_array().unwrap().len(), 12);
    // Shares in %.
    assert_eq!(inside["gates"][0]["low"]["runs"][0][0], 25.0);
    assert_eq!(inside["sites"][0]["path"], "lstm/norm_h");
    // There is no distance before the population statistics are first estimated.
    assert_eq!(
        inside["sites"][0]["mean_distance"]["x"],
        serde_json::json!([10.0])
    );
    assert_eq!(inside["updates"][0]["ratio"]["runs"][1][0], 0.001);
    assert_eq!(data["groups"][0]["time"]["per_update"][1], 6.0);
}

#[test]
fn runs_are_found_below_and_once() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path();
    Made::new(config("none", 1)).scores(&[0.5]).write(&root.join("a"));
    Made::new(config("none", 2))
        .scores(&[0.5])
        .write(&root.join("runs/b"));
    Made::new(config("none", 3)).write(&root.join("x/y/c"));
    Made::new(config("none", 4)).write(&root.join("too/deep/to/be"));
    fs::create_dir(root.join("figures")).unwrap();
    fs::write(root.join("notes.txt"), "of no run").unwrap();
    let runs = gather(&[root.to_owned(), root.join("a")]).unwrap();
    let found: Vec<_> = runs
        .iter()
        .map(|run| run.path.strip_prefix(root).unwrap())
        .collect();
    assert_eq!(
        found
            .iter()
            .map(|path| path.to_str().unwrap())
            .collect::<Vec<_>>(),
        ["a", "runs/b", "x/y/c"]
    );
    assert_eq!(runs[0].records.len(), 1);
    assert_eq!(
        runs[0],
        Made::new(config("none", 1))
            .scores(&[0.5])
            .at(&root.join("a").display().to_string())
            .run()
    );
}

#[test]
fn what_is_wrong_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path();
    let error = |directory: &str| gather(&[root.join(directory)]).unwrap_err().to_string();
    fs::create_dir(root.join("empty")).unwrap();
    let text = error("empty");
    assert!(
        text.starts_with(&format!("no run in {}: ", root.join("empty").display())),
        "{text}"
    );
    assert!(
        text.contains("give a directory that `train` has written"),
        "{text}"
    );
    let text = error("nowhere");
    assert!(
        text.contains("nowhere") && text.contains("check the path"),
        "{text}"
    );
    Made::new(config("none", 1))
        .scores(&[0.5])
        .write(&root.join("damaged"));
    let metrics = root.join("damaged/metrics.jsonl");
    let lines = fs::read_to_string(&metrics).unwrap();
    fs::write(&metrics, format!("{lines}{{\"update\": 20, \"valid\": 3}}\n")).unwrap();
    let text = error("damaged");
    assert!(
        text.contains(&metrics.display().to_string()) && text.contains("line 2"),
        "{text}"
    );
    fs::write(root.join("damaged/config.toml"), "[task]\nname = \"chess\"\n").unwrap();
    let text = error("damaged");
    assert!(text.contains("config.toml") && text.contains("chess"), "{text}");
}

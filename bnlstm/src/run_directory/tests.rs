use std::fs;

use serde::Serialize;
use tempfile::TempDir;

use super::{Lines, Mark, RunDirectory, RunDirectoryError};

#[derive(Serialize)]
struct Record {
    epoch: usize,
    loss: f64,
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(directory: &RunDirectory) -> Vec<String> {
    let entries = fs::read_dir(directory.root()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn creation_makes_parents_and_leaves_no_probe() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path().join("runs/first"), false).unwrap();
    assert_eq!(names(&run), [".lock", "figures"]);
    assert_eq!(fs::read_dir(run.root().join("figures")).unwrap().count(), 0);
}

/// As two that start at the same time find it, or one that was interrupted at once.
#[test]
fn what_is_nothing_of_a_run_is_no_content() {
    let parent = temporary();
    fs::create_dir(parent.path().join("figures")).unwrap();
    fs::write(parent.path().join(".write-probe-1"), "").unwrap();
    RunDirectory::create(parent.path(), false).unwrap();
    fs::write(parent.path().join("figures/curve.png"), "").unwrap();
    let error = RunDirectory::create(parent.path(), false).unwrap_err();
    assert!(error.to_string().contains("it holds `figures`"), "{error}");
}

#[test]
fn an_empty_directory_is_taken() {
    let parent = temporary();
    RunDirectory::create(parent.path(), false).unwrap();
}

#[test]
fn a_directory_with_files_needs_force() {
    let parent = temporary();
    fs::write(parent.path().join("notes.txt"), "keep").unwrap();
    let error = RunDirectory::create(parent.path(), false)
        .unwrap_err()
        .to_string();
    assert!(error.contains(&parent.path().display().to_string()), "{error}");
    assert!(
        error.contains("`notes.txt`") && error.contains("--force"),
        "{error}"
    );

    let run = RunDirectory::create(parent.path(), true).unwrap();
    assert_eq!(names(&run), [".lock", "figures", "notes.txt"]);
    assert_eq!(fs::read(parent.path().join("notes.txt")).unwrap(), b"keep");
}

/// A file in the place of each that a run writes.
fn write_all(run: &RunDirectory, content: &str) {
    fs::create_dir_all(run.root().join("checkpoints")).unwrap();
    for path in [
        run.config(),
        run.metrics(),
        run.timings(),
        run.checkpoint(),
        run.figure("a.png"),
        run.root().join("checkpoints/update-000000001.safetensors"),
    ] {
        fs::write(path, content).unwrap();
    }
}

#[test]
fn force_puts_the_earlier_run_aside_until_the_new_one_has_a_checkpoint() {
    let parent = temporary();
    let earlier = RunDirectory::create(parent.path(), false).unwrap();
    write_all(&earlier, "earlier");
    drop(earlier);
    let run = RunDirectory::create(parent.path(), true).unwrap();
    assert_eq!(names(&run), [".lock", "figures", "replaced"]);
    let aside = RunDirectory::open(parent.path().join("replaced"));
    assert_eq!(fs::read(aside.checkpoint()).unwrap(), b"earlier");
    assert_eq!(fs::read(aside.figure("a.png")).unwrap(), b"earlier");

    // A run that fails gives its place back.
    fs::write(run.config(), "new").unwrap();
    run.put_back().unwrap();
    assert_eq!(fs::read(run.config()).unwrap(), b"earlier");
    assert_eq!(fs::read(run.figure("a.png")).unwrap(), b"earlier");
    assert!(!aside.root().exists());
    // There is nothing more to be given back.
    run.put_back().unwrap();
    assert_eq!(fs::read(run.config()).unwrap(), b"earlier");
    drop(run);

    // One that is killed before its first checkpoint is dropped by the next one.
    for content in ["killed", "second"] {
        let run = RunDirectory::create(parent.path(), true).unwrap();
        assert_eq!(fs::read(aside.checkpoint()).unwrap(), b"earlier");
        assert!(!run.checkpoint().exists());
        write_all(&run, content);
    }
    let run = RunDirectory::create(parent.path(), true).unwrap();
    write_all(&run, "third");
    run.drop_replaced().unwrap();
    assert!(!aside.root().exists());
    assert_eq!(fs::read(run.checkpoint()).unwrap(), b"third");
}

#[test]
fn one_program_at_a_time() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path(), false).unwrap();
    fs::write(run.config(), "").unwrap();
    let clone = run.clone();
    let refused = |result: Result<RunDirectory, RunDirectoryError>| {
        let text = result.unwrap_err().to_string();
        let holder = format!("process {} is at work there", std::process::id());
        assert!(text.contains(&holder), "{text}");
    };
    refused(RunDirectory::create(parent.path(), true));
    refused(RunDirectory::resume(parent.path()));
    drop(run);
    refused(RunDirectory::resume(parent.path()));
    drop(clone);
    drop(RunDirectory::resume(parent.path()).unwrap());
    RunDirectory::create(parent.path(), true).unwrap();
}

#[test]
fn only_a_run_is_resumed() {
    let parent = temporary();
    let error = RunDirectory::resume(parent.path()).unwrap_err().to_string();
    assert!(error.contains("holds no run: there is no config.toml"), "{error}");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn the_last_checkpoints_are_kept() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path(), false).unwrap();
    let mut before = None;
    for update in [100, 200, 300, 400] {
        run.write_checkpoint(format!("{update}").as_bytes(), before, 3)
            .unwrap();
        before = Some(update);
    }
    let found: Vec<String> = run
        .checkpoints()
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(found, ["400", "300", "200"]);
    run.write_checkpoint(b"500", before, 1).unwrap();
    assert_eq!(run.checkpoints(), [run.checkpoint()]);
}

fn lines(run: &RunDirectory) -> Lines {
    Lines::after(&run.metrics(), b"").unwrap()
}

#[test]
fn metrics_are_whole_lines_after_each_record() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path(), false).unwrap();
    let mut metrics = lines(&run);
    for epoch in 1..=3 {
        metrics
            .append(&Record {
                epoch,
                loss: 1.0 / epoch as f64,
            })
            .unwrap();
        let text = fs::read_to_string(run.metrics()).unwrap();
        assert!(text.ends_with("}\n"));
        assert_eq!(text.lines().count(), epoch);
        assert_eq!(metrics.mark(), Mark::of(text.as_bytes()));
    }
    let text = fs::read_to_string(run.metrics()).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    // The third part prints with all digits, so it reads back as the same number.
    assert_eq!(last["loss"].as_f64(), Some(1.0 / 3.0));
}

#[test]
fn lines_go_on_after_those_that_are_kept() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path(), false).unwrap();
    let mut metrics = lines(&run);
    let record = |epoch| Record { epoch, loss: 0.5 };
    metrics.append(&record(1)).unwrap();
    let mark = metrics.mark();
    metrics.append(&record(2)).unwrap();
    let content = fs::read(run.metrics()).unwrap();
    let (kept, after) = mark.split(&content).unwrap();
    assert_eq!(after, b"{\"epoch\":2,\"loss\":0.5}\n");
    // Whatever stands behind, even half a line, gives way.
    fs::write(run.metrics(), [&content[..], b"{\"ep"].concat()).unwrap();
    let mut metrics = Lines::after(&run.metrics(), kept).unwrap();
    assert_eq!(metrics.mark(), mark);
    metrics.append(&record(2)).unwrap();
    assert_eq!(fs::read(run.metrics()).unwrap(), content);
    // Other bytes before the mark, or too few of them.
    let mut changed = content.clone();
    changed[9] ^= 1;
    assert_eq!(mark.split(&changed), None);
    assert_eq!(mark.split(&content[..kept.len() - 1]), None);
}

#[test]
fn a_record_must_be_an_object() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path(), false).unwrap();
    let error = lines(&run).append(&[1, 2]).unwrap_err().to_string();
    assert!(
        error.contains("metrics.jsonl") && error.contains("`[1,2]`"),
        "{error}"
    );
    assert_eq!(fs::read(run.metrics()).unwrap(), b"");
}

#[test]
fn a_configuration_without_form_in_toml_is_refused() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path(), false).unwrap();
    let error = run.write_config(&7).unwrap_err();
    assert!(matches!(error, RunDirectoryError::Config { .. }), "{error}");
    assert!(error.to_string().contains("config.toml"), "{error}");
    assert!(!run.config().exists());
}

#[test]
fn a_file_in_place_of_the_directory_is_refused() {
    let parent = temporary();
    let path = parent.path().join("file");
    fs::write(&path, "kept").unwrap();
    for force in [false, true] {
        let error = RunDirectory::create(&path, force).unwrap_err();
        assert!(error.to_string().contains("is not a directory"), "{error}");
        let error = RunDirectory::create(path.join("below"), force).unwrap_err();
        assert!(matches!(error, RunDirectoryError::Io { .. }), "{error}");
        assert!(error.to_string().contains("check the path"), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"kept");
}

#[test]
fn directories_in_place_of_files_are_refused_before_a_run_starts() {
    let parent = temporary();
    fs::create_dir(parent.path().join("metrics.jsonl")).unwrap();
    let error = RunDirectory::create(parent.path(), true).unwrap_err().to_string();
    assert!(error.contains("metrics.jsonl is not a file"), "{error}");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let parent = temporary();
    let run = RunDirectory::create(parent.path(), false).unwrap();
    fs::create_dir(run.metrics()).unwrap();
    let error = Lines::after(&run.metrics(), b"").unwrap_err();
    assert!(matches!(error, RunDirectoryError::File(_)), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&run.metrics().display().to_string()), "{text}");
    assert!(
        text.ends_with("give the path of a file, not of a directory"),
        "{text}"
    );
    assert_eq!(names(&run), [".lock", "figures", "metrics.jsonl"]);
}

#[test]
fn numbered_directories_are_each_taken_once() {
    let parent = temporary();
    let runs = parent.path().join("runs");
    fs::create_dir_all(runs.join("train-2")).unwrap();
    fs::write(runs.join("train-3"), "a file").unwrap();
    let taken = std::thread::scope(|scope| {
        let create = || RunDirectory::create_numbered(&runs, "train").unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(create)).collect();
        let mut taken: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap().root().to_owned())
            .collect();
        taken.sort();
        taken
    });
    assert_eq!(
        taken,
        ["1", "4", "5", "6"].map(|n| runs.join(format!("train-{n}")))
    );
}

#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_refused_before_a_run_starts() {
    use std::os::unix::fs::PermissionsExt;

    let parent = temporary();
    let path = parent.path().join("closed");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write everywhere: compare with what the system itself allows.
    let allowed = fs::write(path.join("try"), "").is_ok();
    let created = RunDirectory::create(&path, true);
    assert_eq!(created.is_ok(), allowed);
    if let Err(error) = created {
        assert!(error.to_string().contains("give this user access"), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_names_file_and_remedy() {
    // This device answers every write with "no space left".
    let path = std::path::Path::new("/dev/full");
    let file = fs::File::options().write(true).open(path).unwrap();
    let mut metrics = Lines::over(path, file);
    let error = metrics
        .append(&Record { epoch: 1, loss: 0.0 })
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cannot append to /dev/full: "), "{error}");
    assert!(error.ends_with("free some space, or choose a directory on another disk"));
}

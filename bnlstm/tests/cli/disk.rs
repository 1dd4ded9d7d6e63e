//! Disks that are full or cannot be written to.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Outcome, PROGRAM, Workspace, files, tiny};

/// A small disk in memory, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    /// Mounts it at a new directory; none, and a line that says so, where this is not allowed.
    fn mount(path: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&path);
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        // Straight to stderr: the test harness hides what a passing test prints.
        let text = "disk tests: mounting is not allowed here, so only a limit of file sizes is tested";
        let _ = writeln!(std::io::stderr(), "{text}");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "umount");
    }
}

fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    while file.write_all(&[0; 512]).is_ok() {}
}

#[test]
fn a_full_disk_is_refused_before_training() {
    let workspace = Workspace::new();
    let Some(disk) = Disk::mount(workspace.path("disk"), "size=64k") else {
        return;
    };
    fill(&disk.0.join("filler"));
    workspace.run(&tiny("disk/run", &[])).fails(
        1,
        &[
            "cannot write a file in disk/run",
            "No space left",
            "free some space",
        ],
    );
    assert!(files(&disk.0.join("run")).is_empty());
}

#[test]
fn a_disk_that_fills_up_keeps_the_earlier_checkpoint() {
    let workspace = Workspace::new();
    let Some(disk) = Disk::mount(workspace.path("disk"), "size=400k") else {
        return;
    };
    workspace.run(&tiny("disk/run", &["--norm", "none"])).succeeds();
    keeps_checkpoint(&workspace, "disk/run", |workspace, arguments| {
        workspace.run(arguments)
    });
    drop(disk);
}

/// Works without rights: the system refuses to let a file grow beyond a limit.
#[test]
fn a_limit_of_file_sizes_keeps_the_earlier_checkpoint() {
    let workspace = Workspace::with_run(&["--norm", "none"]);
    keeps_checkpoint(&workspace, "run", |workspace, arguments| {
        // In blocks of 512 or 1024 bytes, by the shell. The signal would kill the program.
        let script = "trap '' XFSZ; ulimit -f 200; exec \"$@\"";
        let mut command = workspace.command("sh");
        let output = command
            .args(["-c", script, "sh", PROGRAM])
            .args(arguments)
            .output();
        Outcome::new(arguments.join(" "), output.unwrap())
    });
}

/// Replaces a small run by one whose checkpoint of half a megabyte does not fit.
fn keeps_checkpoint(workspace: &Workspace, run: &str, start: fn(&Workspace, &[&str]) -> Outcome) {
    let path = format!("{run}/checkpoint.safetensors");
    let before = workspace.read(&path);
    let options = ["--hidden-size", "128", "--epochs", "1", "--batch", "479"];
    let arguments = ["train", "--norm", "none", "--force", "--out", run];
    start(workspace, &[&arguments[..], &options].concat()).fails(
        1,
        &[
            &path,
            "cannot write the new content",
            "the old file is untouched",
            "free some space",
        ],
    );
    assert!(before == workspace.read(&path), "the checkpoint has changed");
    let paths = files(&workspace.path(run)).into_keys();
    let left: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The disk takes some checkpoints, and no more.
#[test]
fn a_disk_that_fills_up_during_a_run_keeps_the_last_good_checkpoint() {
    let workspace = Workspace::new();
    let Some(disk) = Disk::mount(workspace.path("disk"), "size=700k") else {
        return;
    };
    let run = [
        "train",
        "--norm",
        "none",
        "--hidden-size",
        "64",
        "--batch",
        "200",
        "--steps",
        "60",
        "--set",
        "checkpoints.every=10",
        "--set",
        "checkpoints.keep=9",
        "--out",
    ];
    workspace.run(&[&run[..], &["whole"]].concat()).succeeds();
    let outcome = workspace.run(&[&run[..], &["disk/run"]].concat());
    outcome.fails(1, &["disk/run", "No space left", "free some space"]);
    let found = files(&disk.0.join("run"));
    let checkpoints = found
        .keys()
        .filter(|path| path.to_string_lossy().ends_with(".safetensors"));
    assert!(checkpoints.count() >= 2, "{:?}", found.keys());
    assert!(!found.keys().any(|path| path.to_string_lossy().ends_with(".tmp")));
    workspace.run(&["eval", "disk/run"]).succeeds();

    // With more room it goes on, to the same bytes.
    fs::rename(workspace.path("whole"), workspace.path("kept")).unwrap();
    workspace.copy("disk/run", "whole");
    workspace.run(&["train", "--resume", "whole"]).succeeds();
    for name in ["metrics.jsonl", "checkpoint.safetensors"] {
        let [kept, whole] = ["kept", "whole"].map(|run| workspace.read(&format!("{run}/{name}")));
        assert!(kept == whole, "{name} differs");
    }
}

#[test]
fn a_directory_that_cannot_be_written_to() {
    let workspace = Workspace::new();
    let closed = workspace.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(closed.join("try"), "").is_err() {
        for out in ["closed", "closed/run"] {
            workspace.refuses(
                &tiny(out, &[]),
                1,
                &[out, "Permission denied", "give this user access"],
            );
        }
        return;
    }
    // The superuser may write everywhere but where the system makes all the files.
    let out = "/proc/self/x";
    workspace.refuses(&tiny(out, &[]), 1, &[out, "No such file or directory"]);
    assert!(!Path::new(out).exists());
}

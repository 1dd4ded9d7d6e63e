//! Checkpoints that cannot be written.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use autodiff::Device;
use nn::checkpoint::CheckpointError;
use nn::files::{FileError, Operation};

use crate::checkpoint::{DESIGN, Run, place};

fn run() -> Run<f64> {
    Run::trained(&Device::reference(), &DESIGN, 1)
}

/// The error of saving, which names the file.
#[track_caller]
fn refused(path: &Path) -> FileError {
    let error = run().save(path).expect_err("a fault");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    match error {
        CheckpointError::File(error) => error,
        other => panic!("{other}"),
    }
}

/// Names of the files in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_missing_directory() {
    let (directory, _) = place();
    let error = refused(&directory.path().join("missing").join("checkpoint"));
    assert_eq!(
        (error.operation, error.source.kind()),
        (Operation::Create, ErrorKind::NotFound)
    );
    assert!(names(directory.path()).is_empty());
}

#[test]
fn a_file_in_place_of_a_directory() {
    let (directory, path) = place();
    fs::write(&path, "old").expect("writing");
    let error = refused(&path.join("checkpoint"));
    assert_eq!(
        (error.operation, error.source.kind()),
        (Operation::Create, ErrorKind::NotADirectory)
    );
    assert_eq!(fs::read(&path).expect("reading"), b"old");
    assert_eq!(names(directory.path()), ["checkpoint.safetensors"]);
}

#[test]
fn a_directory_in_place_of_the_file() {
    let (directory, path) = place();
    fs::create_dir(&path).expect("a directory");
    fs::write(path.join("kept"), "old").expect("writing");
    assert_eq!(refused(&path).operation, Operation::Rename);
    assert_eq!(names(directory.path()), ["checkpoint.safetensors"]);
    assert_eq!(names(&path), ["kept"]);
}

/// The temporary file's name, which is longer, cannot be made, while the old file is there.
#[cfg(target_os = "linux")]
#[test]
fn a_failure_to_begin_keeps_the_old_file() {
    let (directory, _) = place();
    let name = "n".repeat(250);
    let path = directory.path().join(&name);
    fs::write(&path, "old").expect("writing");
    assert_eq!(refused(&path).operation, Operation::Create);
    assert_eq!(fs::read(&path).expect("reading"), b"old");
    assert_eq!(names(directory.path()), [name]);
}

/// Tells the process that a test starts which file to write.
#[cfg(unix)]
const PATH: &str = "CHECKPOINT_TEST_PATH";

/// In a process that may write only 512 bytes to a file, as on a disk that is nearly full.
#[cfg(unix)]
#[test]
fn running_out_of_space_keeps_the_old_file() {
    if let Some(path) = std::env::var_os(PATH) {
        let error = refused(Path::new(&path));
        assert_eq!(
            (error.operation, error.source.kind()),
            (Operation::Write, ErrorKind::FileTooLarge)
        );
        assert!(error.to_string().contains("free some space"), "{error}");
        return;
    }
    let (directory, path) = place();
    run().save(&path).expect("saving");
    let old = fs::read(&path).expect("reading");
    assert!(old.len() > 512);
    // The signal at the limit is ignored, so that the write fails with an error.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" --exact \"$1\"";
    let test = "unwritable::running_out_of_space_keeps_the_old_file";
    let output = std::process::Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().expect("this program"))
        .arg(test)
        .env(PATH, &path)
        .output()
        .expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(fs::read(&path).expect("reading"), old);
    assert_eq!(names(directory.path()), ["checkpoint.safetensors"]);
}

/// Permissions do not bind a superuser, whose write then has to succeed.
#[cfg(unix)]
#[test]
fn a_directory_without_permission() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, path) = place();
    fs::write(&path, "old").expect("writing");
    let allow = |mode: u32| {
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).expect("permissions");
    };
    allow(0o555);
    let bound = fs::write(directory.path().join("probe"), "").is_err();
    let result = run().save(&path);
    allow(0o755);
    if bound {
        let error = result.expect_err("no permission").to_string();
        assert!(error.contains("give this user access"), "{error}");
        assert_eq!(fs::read(&path).expect("reading"), b"old");
        assert_eq!(names(directory.path()), ["checkpoint.safetensors"]);
    } else {
        result.expect("a superuser may write");
        run().restore(&path).expect("a whole checkpoint");
    }
}

//! Runs the program in a directory of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bnlstm::cell::Cell;
use bnlstm::config::{
    CheckpointsConfig, DiagnosticsConfig, EvaluationConfig, ModelConfig, RecurrentInit, RunConfig,
    TrainingConfig,
};
use bnlstm::normalization::Sites;
use bnlstm::regularization::Regularization;
use bnlstm::task::{DigitsConfig, PixelOrder, TaskConfig};
use nn::optimizer::{OptimizerConfig, Schedule};
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_bnlstm");

/// Options of a run of three updates. 19 units are one vector of the widest, 16 numbers, and a rest.
pub const TINY: [&str; 6] = ["--hidden-size", "19", "--epochs", "1", "--batch", "399"];

/// `train` with [`TINY`] into `out`, and more options.
pub fn tiny<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "--out", out], &TINY[..], more].concat()
}

/// A temporary directory in which the program runs.
pub struct Workspace(TempDir);

impl Workspace {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A workspace with a finished tiny run in the directory `run`.
    pub fn with_run(more: &[&str]) -> Self {
        let workspace = Self::new();
        workspace.run(&tiny("run", more)).succeeds();
        workspace
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A command in this directory that is to be started.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).env_remove("BNLSTM_DATA");
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(PROGRAM).args(arguments).output().unwrap();
        Outcome::new(arguments.join(" "), output)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Copies a directory with all its files.
    pub fn copy(&self, from: &str, to: &str) {
        let status = self.command("cp").args(["-r", from, to]).status();
        assert!(status.unwrap().success());
    }

    /// Runs the program, which must fail and leave all files as they are.
    pub fn refuses(&self, arguments: &[&str], code: i32, parts: &[&str]) {
        let before = files(self.0.path());
        self.run(arguments).fails(code, parts);
        let after = files(self.0.path());
        let paths = before.keys().chain(after.keys());
        // What a killed program was writing is nobody's, and may be removed.
        let is_rest = |path: &Path| path.to_string_lossy().ends_with(".tmp") && !after.contains_key(path);
        let changed = paths.filter(|&path| before.get(path) != after.get(path) && !is_rest(path));
        let changed: BTreeSet<_> = changed.collect();
        assert!(changed.is_empty(), "{arguments:?} changed {changed:?}");
    }
}

/// All files and directories below a directory, with their content.
pub fn files(directory: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        // It says who was at work last.
        if path.ends_with(".lock") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
            found.insert(path, None);
        } else {
            let content = fs::read(&path).unwrap();
            found.insert(path, Some(content));
        }
    }
    found
}

/// What a run of the program did.
pub struct Outcome {
    command: String,
    code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn new(command: String, output: Output) -> Self {
        Self {
            command,
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The exit code; none if it was ended by a signal.
    pub fn code(&self) -> Option<i32> {
        self.code
    }

    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}: {}", self.command, self.stderr);
        self
    }

    /// Checks the exit code, and that the error says all of `parts`.
    #[track_caller]
    pub fn fails(&self, code: i32, parts: &[&str]) {
        let Self { command, stderr, .. } = self;
        assert_eq!(self.code, Some(code), "{command}: {stderr}");
        // What was stopped is no error, and can go on.
        assert!(code == 3 || stderr.contains("error: "), "{command}: {stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{command}: no `{part}` in: {stderr}");
        }
    }
}

/// The lines of a `metrics.jsonl`.
pub fn metrics(text: &str) -> Vec<serde_json::Value> {
    assert!(text.ends_with('\n'), "the last line is not complete: {text}");
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// A small run on permuted digits.
pub fn config(normalization: &str) -> RunConfig {
    RunConfig {
        task: TaskConfig::Digits(DigitsConfig {
            data: None,
            order: PixelOrder::Permuted { permutation_seed: 1 },
        }),
        model: ModelConfig {
            // One vector of the widest, 16 numbers, and a rest.
            hidden_size: 19,
            layers: 1,
            bidirectional: false,
            normalization: Sites::parse(Cell::Lstm, normalization).unwrap(),
            regularization: Regularization::default(),
            recurrent_init: RecurrentInit::IdentityG,
            forget_bias: 1.0,
            initial_noise: 0.0,
            reader: None,
        },
        optimizer: OptimizerConfig::Adam {
            learning_rate: 1e-2,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
        training: TrainingConfig {
            epochs: Some(1),
            steps: None,
            batch: 100,
            clip: 1.0,
            seed: 3,
            schedule: Schedule::default(),
        },
        evaluation: EvaluationConfig::default(),
        diagnostics: DiagnosticsConfig::default(),
        checkpoints: CheckpointsConfig::default(),
    }
}

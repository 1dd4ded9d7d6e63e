//! The `bnlstm` command line; see `bnlstm --help`.
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;

use bnlstm::commands::{self, Cli, Failure, Stopped};
use clap::Parser;

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if reader_left(&failure) => ExitCode::SUCCESS,
        Err(failure) => match failure.downcast_ref::<Stopped>() {
            Some(stopped) => {
                let _ = writeln!(io::stderr(), "{stopped}");
                ExitCode::from(stopped.code())
            }
            None => {
                // Unlike `eprintln!`, this does not panic where stderr is closed.
                let _ = writeln!(io::stderr(), "error: {failure}");
                ExitCode::FAILURE
            }
        },
    }
}

/// Whoever read our output, such as `head`, has seen enough: no reason to complain.
fn reader_left(failure: &Failure) -> bool {
    let error = failure.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

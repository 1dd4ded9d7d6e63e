//! Lines on stdout.

use std::fmt::Arguments;
use std::io::{self, Write};

use crate::task::Task;

/// Writes a line to stdout; unlike `println!`, a closed pipe is an error and no panic.
pub fn line(text: Arguments<'_>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_fmt(text)?;
    stdout.write_all(b"\n")
}

/// Says what is learned, and from which files.
pub fn describe_task(task: &dyn Task) -> io::Result<()> {
    line(format_args!("{}", task.description()))?;
    let files = task.provenance().iter();
    files
        .into_iter()
        .try_for_each(|file| line(format_args!("  {file}")))
}

//! Lines on stdout.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Writes a line to stdout; unlike `println!`, a closed pipe is an error and no panic.
pub fn line(text: Arguments<'_>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_fmt(text)?;
    stdout.write_all(b"\n")
}

//! One program at a time in a directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::Path;

use super::{RunDirectoryError, io_error};

/// The name of the file that is locked. It stays when the lock is gone, as removing it could take the
/// lock of another program away.
pub(super) const LOCK: &str = ".lock";

/// The same for what several programs write together, each for a moment.
pub(super) const SHARED_LOCK: &str = ".results.lock";

/// Waits until no other program writes what several write together, and keeps others out until the file
/// is closed.
pub(super) fn wait(root: &Path) -> Result<File, RunDirectoryError> {
    let path = root.join(SHARED_LOCK);
    let mut open = OpenOptions::new();
    let open = open.read(true).write(true).create(true).truncate(false);
    let file = open.open(&path).map_err(io_error("create a file in", root))?;
    match file.lock() {
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(io_error("lock", &path)(error)),
        _ => Ok(file),
    }
}

/// Locks a directory until the file is closed, which the system does also for a program that is killed.
pub(super) fn lock(root: &Path) -> Result<File, RunDirectoryError> {
    let path = root.join(LOCK);
    let mut open = OpenOptions::new();
    let open = open.read(true).write(true).create(true).truncate(false);
    let mut file = open.open(&path).map_err(io_error("create a file in", root))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Without the number the message is as true.
            let _ = file.read_to_string(&mut holder);
            return Err(RunDirectoryError::Locked {
                path: root.to_owned(),
                holder: holder.trim().parse().ok(),
            });
        }
        // Some network file systems have no locks; there nobody can be kept out.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => return Ok(file),
        Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
    }
    let number = format!("{}\n", std::process::id());
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(number.as_bytes()));
    written.map_err(io_error("write a file in", root))?;
    Ok(file)
}

//! Files that are either whole or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file beside its place and moves it there, so that an earlier file of that name is
/// lost only when its replacement is complete.
///
/// # Errors
/// Whatever the file system says; no partial file is left behind.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let partial = partial_path(path);
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&partial, path))
        .inspect_err(|_| {
            // The first error is the one to report; the partial file may not even exist.
            let _ = fs::remove_file(&partial);
        })
}

/// Where a file is written before it is complete.
pub(crate) fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// What a user can do about an error of the file system.
pub(crate) fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free space on that disk, or choose a directory on another one"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a directory you may write to"
        }
        io::ErrorKind::NotADirectory => "a part of the path is a file: choose another path",
        _ => "check the path and the disk, or choose another directory",
    }
}

#[cfg(test)]
mod tests {
    use super::{partial_path, remedy, replace};
    use std::fs;
    use std::io::{Error, ErrorKind};

    #[test]
    fn replaces_the_file_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_keeps_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("kept"), "kept").unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(fs::read(path.join("kept")).unwrap(), b"kept");
        assert!(!partial_path(&path).exists());
    }

    #[test]
    fn a_full_disk_has_its_own_remedy() {
        assert!(remedy(&Error::from(ErrorKind::StorageFull)).contains("free space"));
        assert!(remedy(&Error::from(ErrorKind::PermissionDenied)).contains("may write"));
    }
}

//! Reading files, and writing them so that a crash leaves either the old or the new content.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;

/// How many names are tried for a temporary file. Other names are taken only by other writers of
/// the same file at this moment, or left by killed ones.
const NAMES_TRIED: u32 = 1000;

/// A file operation that failed: names the path, the operation, the cause and the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot {operation}: {source}; {}", path.display(), remedy(source.kind()))]
pub struct FileError {
    /// The file that was to be read or written.
    pub path: PathBuf,
    /// The step that failed.
    pub operation: Operation,
    /// What the operating system reports.
    pub source: io::Error,
}

/// A step of reading or writing a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reading the whole file.
    Read,
    /// Creating the temporary file beside it.
    Create,
    /// Writing the content to the temporary file, down to the disk.
    Write,
    /// Putting the temporary file in the place of the old one.
    Rename,
    /// Writing the directory to the disk. The new content is in place when this fails, but may be
    /// lost again if the machine stops now.
    SyncDirectory,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read the file",
            Self::Create => "create a temporary file beside it",
            Self::Write => "write the new content to the disk (the old file is untouched)",
            Self::Rename => "put the new content in its place (the old file is untouched)",
            Self::SyncDirectory => "write its directory to the disk (the new content is in place)",
        })
    }
}

/// What a user can do about a failure of the file system.
pub fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space, or choose a directory on another disk"
        }
        ErrorKind::PermissionDenied => {
            "give this user access to the file and its directory, or choose another directory"
        }
        ErrorKind::ReadOnlyFilesystem => "choose a directory on a disk that can be written to",
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            "check the path, and that each directory on it exists"
        }
        ErrorKind::IsADirectory | ErrorKind::DirectoryNotEmpty | ErrorKind::InvalidInput => {
            "give the path of a file, not of a directory"
        }
        _ => "check the path and the disk, and try again",
    }
}

/// The content of a file.
///
/// # Errors
/// If the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, FileError> {
    let path = path.as_ref();
    fs::read(path).map_err(failed(path, Operation::Read))
}

/// Replaces the content of a file, or creates it, in one step: whoever opens `path` at any time,
/// also after a crash, finds the whole old or the whole new content.
///
/// The content goes to a temporary file in the same directory and down to the disk; then this file
/// takes the name `path`, and the directory is written to the disk. A symbolic link at `path` is
/// replaced, not followed.
///
/// # Errors
/// Any step that fails. The temporary file is removed and the old file is untouched, except that
/// after [`Operation::SyncDirectory`] the new content is in place.
pub fn write_atomically(path: impl AsRef<Path>, content: &[u8]) -> Result<(), FileError> {
    replace(path.as_ref(), |file| file.write_all(content))
}

/// [`write_atomically`] with a function that writes the content.
fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), FileError> {
    let (temporary, mut file) = Temporary::create(path).map_err(failed(path, Operation::Create))?;
    write(&mut file)
        .and_then(|()| file.sync_all())
        .map_err(failed(path, Operation::Write))?;
    drop(file);
    temporary
        .rename_to(path)
        .map_err(failed(path, Operation::Rename))?;
    sync_directory(directory_of(path)).map_err(failed(path, Operation::SyncDirectory))
}

fn failed(path: &Path, operation: Operation) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError {
        path,
        operation,
        source,
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes new names and renames in a directory last.
///
/// # Errors
/// If the directory cannot be read, or the disk refuses.
#[cfg(unix)]
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Directories cannot be synced by themselves on this system: the rename lasts once it returns.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A file that is removed when this value is dropped, unless it got its final name before.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    /// Creates a new file in the directory of `path`.
    fn create(path: &Path) -> io::Result<(Self, File)> {
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
        for number in 0..NAMES_TRIED {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{number}.tmp", process::id()));
            let temporary = directory_of(path).join(hidden);
            match File::create_new(&temporary) {
                Ok(file) => return Ok((Self::created(temporary), file)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    fn created(path: PathBuf) -> Self {
        Self { path, renamed: false }
    }

    /// Takes the place of the file at `path`.
    fn rename_to(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // The error that led here is the one to report; a file left behind does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn content_is_created_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        write_atomically(&path, b"first and longer").unwrap();
        assert_eq!(read(&path).unwrap(), b"first and longer");
        write_atomically(&path, b"second").unwrap();
        assert_eq!(read(&path).unwrap(), b"second");
        assert_eq!(names(folder.path()), ["state"]);
    }

    #[test]
    fn a_full_disk_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        write_atomically(&path, b"old").unwrap();
        let error = replace(&path, |file| {
            file.write_all(b"half of the new")?;
            // In the middle of writing, the temporary file is beside the old one.
            assert_eq!(names(folder.path()).len(), 2);
            Err(ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert_eq!(error.operation, Operation::Write);
        let text = error.to_string();
        assert!(text.starts_with(&path.display().to_string()), "{text}");
        assert!(text.contains("free some space"), "{text}");
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["state"]);
    }

    #[test]
    fn a_directory_in_the_way_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        fs::create_dir(&path).unwrap();
        let error = write_atomically(&path, b"new").unwrap_err();
        assert_eq!(error.operation, Operation::Rename);
        assert!(error.to_string().contains("not of a directory"), "{error}");
        assert_eq!(names(folder.path()), ["state"]);
    }

    #[test]
    fn a_missing_directory_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("state");
        let error = write_atomically(&path, b"new").unwrap_err();
        assert_eq!(error.operation, Operation::Create);
        assert!(
            error.to_string().contains("each directory on it exists"),
            "{error}"
        );
        let error = read(&path).unwrap_err();
        assert_eq!(error.operation, Operation::Read);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_path_without_a_file_name_is_reported() {
        let error = write_atomically("..", b"new").unwrap_err();
        assert_eq!(error.operation, Operation::Create);
        assert!(error.to_string().contains("not of a directory"), "{error}");
    }

    #[test]
    fn leftovers_of_killed_writers_do_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (leftover, _) = Temporary::create(&path).unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
        assert_eq!(fs::read(&leftover.path).unwrap(), b"");
        drop(leftover);
        assert_eq!(names(folder.path()), ["state"]);
    }

    #[test]
    fn remedies_follow_the_cause() {
        for (kind, part) in [
            (ErrorKind::StorageFull, "free some space"),
            (ErrorKind::QuotaExceeded, "free some space"),
            (ErrorKind::PermissionDenied, "give this user access"),
            (ErrorKind::ReadOnlyFilesystem, "can be written to"),
            (ErrorKind::NotADirectory, "check the path"),
            (ErrorKind::TimedOut, "try again"),
        ] {
            assert!(remedy(kind).contains(part), "{kind:?}");
        }
    }
}

//! The policy file, which people also edit themselves: made where there is none, or given another
//! text.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::whole::{Unfinished, sweep_folder_of};
use crate::failure::Failure;

/// Checks, before any request, that a file can be replaced. That it can be read is not checked
/// here.
///
/// # Errors
/// [`Failure::Usage`] where it is not a regular file, or it or its folder cannot be written to.
pub(crate) fn check_replaceable(path: &Path) -> Result<(), Failure> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let why = if !metadata.is_file() {
        "it is not a regular file".to_owned()
    } else if metadata.permissions().readonly() {
        "it is write-protected".to_owned()
    } else {
        let unfinished = path.canonicalize().and_then(|path| {
            sweep_folder_of(&path);
            Unfinished::new(&path)
        });
        match unfinished {
            Ok(_) => return Ok(()),
            Err(error) => error.to_string(),
        }
    };
    Err(Failure::usage(
        format!("{} cannot be changed: {why}", path.display()),
        "Name a file that this user may write, in a folder that this user may write to.",
    ))
}

/// Replaces a file's text. What a link leads to is replaced, not the link; owner and permissions
/// stay.
///
/// # Errors
/// [`Failure::Incomplete`] where the file is not what it was when it was read, or cannot be
/// written; then it stays as it is.
pub(crate) fn replace(path: &Path, read: &str, text: &str) -> Result<(), Failure> {
    let replaced = || -> io::Result<bool> {
        let path = path.canonicalize()?;
        let mut new = unfinished(&path, text)?;
        take_after(&path, new.file())?;
        // An editor may have saved it while the members were read.
        let is_same = fs::read(&path)? == read.as_bytes();
        if is_same {
            new.persist(&path)?;
        }
        Ok(is_same)
    };
    match replaced() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::incomplete(
            format!("{} was not changed: another program changed it meanwhile", path.display()),
            "Run again.",
        )),
        Err(error) => Err(unwritten(path, &error)),
    }
}

/// Gives a new file the owner and the permissions of the one that it stands in for.
fn take_after(old: &Path, new: &File) -> io::Result<()> {
    let metadata = fs::metadata(old)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        // Only the superuser can do that. For other users it is their own file, as a rule.
        let _ = fchown(new, Some(metadata.uid()), Some(metadata.gid()));
    }
    new.set_permissions(metadata.permissions())
}

/// Checks, before any request, that a file can be made.
///
/// # Errors
/// [`Failure::Usage`] where there is one already, or its folder cannot be written to.
pub(crate) fn check_new(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::usage(
            format!("{} exists already", path.display()),
            "Name another file, or move that one away.",
        ));
    }
    sweep_folder_of(path);
    Unfinished::new(path).map(|_| ()).map_err(|error| {
        Failure::usage(
            format!("{} cannot be made: {error}", path.display()),
            "Name a file in a folder that exists and that this user may write to.",
        )
    })
}

/// Makes a file with a text, unless there is one.
///
/// # Errors
/// [`Failure::Incomplete`] where there is one by now, or it cannot be written.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let created = unfinished(path, text).and_then(|new| new.persist_new(path));
    created.map_err(|error| unwritten(path, &error))
}

/// A text that is on the disk, and not at its path yet.
fn unfinished(path: &Path, text: &str) -> io::Result<Unfinished> {
    let mut new = Unfinished::new(path)?;
    new.file().write_all(text.as_bytes())?;
    new.file().sync_all()?;
    Ok(new)
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::incomplete(
        format!("{} could not be written, and is unchanged: {error}", path.display()),
        "Make room on the disk, or let this user write there, and run again.",
    )
}

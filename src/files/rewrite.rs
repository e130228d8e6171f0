//! A file that people keep under version control and edit themselves: made where there is none, or
//! replaced by another text, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::unfinished::{Unfinished, sweep_beside};
use crate::failure::Failure;

/// Sees, before anything is asked, that a file is there to be replaced. One that cannot be read is
/// left to whoever reads it.
///
/// # Errors
/// [`Failure::Usage`] where it is no regular file, is not to be written, or its folder takes none.
pub(crate) fn check_replaceable(path: &Path) -> Result<(), Failure> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let why = if !metadata.is_file() {
        "it is no regular file".to_owned()
    } else if metadata.permissions().readonly() {
        "it is write-protected".to_owned()
    } else {
        let unfinished = path.canonicalize().and_then(|path| {
            sweep_beside(&path);
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
    let replaced = || {
        let path = path.canonicalize()?;
        let mut new = Unfinished::new(&path)?;
        new.file().write_all(text.as_bytes())?;
        take_after(&path, new.file())?;
        new.file().sync_all()?;
        // Somebody may have saved it in an editor while the members were read.
        let is_same = fs::read(&path)? == read.as_bytes();
        if is_same {
            new.persist(&path)?;
        }
        Ok(is_same)
    };
    let written: io::Result<bool> = replaced();
    match written {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::incomplete(
            format!("{} was changed by somebody else meanwhile, and is left alone", path.display()),
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
        // Only the superuser can give files away; for anybody else it is theirs already, as a rule.
        let _ = fchown(new, Some(metadata.uid()), Some(metadata.gid()));
    }
    new.set_permissions(metadata.permissions())
}

/// Sees, before anything is asked, that a file can be made.
///
/// # Errors
/// [`Failure::Usage`] where there is one already, or its folder takes none.
pub(crate) fn check_new(path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::usage(
            format!("{} is there already, and is left alone", path.display()),
            "Name another file, or move that one out of the way.",
        ));
    }
    sweep_beside(path);
    Unfinished::new(path).map(|_| ()).map_err(|error| {
        Failure::usage(
            format!("{} cannot be made: {error}", path.display()),
            "Name a file in a folder that is there and that this user may write to.",
        )
    })
}

/// Makes a file with a text, unless there is one.
///
/// # Errors
/// [`Failure::Incomplete`] where there is one by now, or it cannot be written.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let created = || {
        let mut new = Unfinished::new(path)?;
        new.file().write_all(text.as_bytes())?;
        new.file().sync_all()?;
        new.persist_new(path)
    };
    let written: io::Result<()> = created();
    written.map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::incomplete(
        format!("{} could not be written, and is as it was: {error}", path.display()),
        "See that there is room and that this user may write there, and run again.",
    )
}

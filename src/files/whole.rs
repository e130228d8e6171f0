//! Whole or not at all: a file has another name until it is complete. It is removed when a signal
//! ends this process; what a killed process left is removed by the next one that writes there.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{NamedTempFile, TempPath};

use super::place::folder_of;

const PREFIX: &str = ".mfa-gate-";
const SUFFIX: &str = ".tmp";

/// The random part of a name, in letters and digits.
const RANDOM: usize = 6;

/// How often a file is made again where another run takes it away or is faster.
pub(super) const TRIES: usize = 16;

/// What a signal removes. A signal is for the whole process, and so is this list. Files are made
/// while it is locked, so that none is missed.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

pub(super) fn unfinished_files() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path of a file that a signal removes, until this is dropped.
struct Listed(PathBuf);

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished_files().remove(&self.0);
    }
}

/// A file that is not complete yet.
pub(super) struct Unfinished {
    // In this order: the file is removed, and then taken off the list.
    file: NamedTempFile,
    _listed: Listed,
}

impl Unfinished {
    /// Makes one that is to become `path`, in the same folder.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
        // Reports are ordinary files: the user's own umask decides who may read them.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        for _ in 0..TRIES {
            let unfinished = Unfinished::make(|| builder.tempfile_in(folder_of(path)))?;
            let is_swept = match unfinished.file.as_file().try_lock() {
                Ok(()) => !unfinished.path().exists(),
                Err(TryLockError::WouldBlock) => true,
                // Where there are no locks, nothing is swept.
                Err(TryLockError::Error(_)) => false,
            };
            if !is_swept {
                return Ok(unfinished);
            }
        }
        Err(io::Error::other("other runs keep removing unfinished files there"))
    }

    /// Makes an empty one at `path` itself, where there is no file: this shows whether a file of
    /// that name can be made.
    pub(super) fn probe(path: &Path) -> io::Result<Self> {
        Unfinished::make(|| {
            let file = OpenOptions::new().write(true).create_new(true).open(path)?;
            Ok(NamedTempFile::from_parts(file, TempPath::try_from_path(path)?))
        })
    }

    /// Makes a file that a signal removes from the start.
    fn make(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        #[cfg(unix)]
        super::signals::watch();
        let mut files = unfinished_files();
        let file = make()?;
        let path = file.path().to_owned();
        files.insert(path.clone());
        Ok(Unfinished { file, _listed: Listed(path) })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The file, to be written to.
    pub(super) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts it in its place, over a file that is there.
    pub(super) fn persist(self, path: &Path) -> io::Result<()> {
        self.file.persist(path)?;
        Ok(())
    }

    /// Puts it in its place, unless there is a file.
    pub(super) fn persist_new(self, path: &Path) -> io::Result<()> {
        self.file.persist_noclobber(path)?;
        Ok(())
    }
}

/// Removes what killed runs left in the folder of a file. A run that is alive has a lock on what
/// it writes.
pub(super) fn sweep_folder_of(path: &Path) {
    // What comes next says what is wrong with a folder that cannot be read or written to.
    for entry in fs::read_dir(folder_of(path)).into_iter().flatten().flatten() {
        let is_file = || entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_unfinished(&entry.file_name()) && is_file() {
            let left = entry.path();
            let file = OpenOptions::new().write(true).open(&left);
            if file.as_ref().is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = fs::remove_file(&left);
            }
        }
    }
}

/// Whether a name is one that this program gives to unfinished files.
fn is_unfinished(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_a_dead_run_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("report.json");
        let others = [".mfa-gate-abc123", ".mfa-gate-notes.tmp", ".mfa-gate-abc-23.tmp", "a.tmp"];
        for name in others.iter().chain(&[".mfa-gate-abc123.tmp"]) {
            fs::write(folder.path().join(name), "names").unwrap();
        }
        fs::create_dir(folder.path().join(".mfa-gate-folder.tmp")).unwrap();
        let mut alive = Unfinished::new(&target).unwrap();
        sweep_folder_of(&target);
        assert!(alive.path().exists());
        assert!(!folder.path().join(".mfa-gate-abc123.tmp").exists());
        let left = |name: &&str| folder.path().join(name).exists();
        assert!(others.iter().chain(&[".mfa-gate-folder.tmp"]).all(left));
        io::Write::write_all(alive.file(), b"text").unwrap();
        alive.persist(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"text");
        assert!(unfinished_files().iter().all(|path| path.parent() != Some(folder.path())));
    }
}

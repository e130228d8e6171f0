//! Files that are not to be seen yet. They are gone when this process is told to end; what a run
//! that was killed left behind is removed by the next one that writes there.

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

/// How often another name is tried where one that was just made is swept away.
const TRIES: usize = 16;

/// What a signal removes. A signal concerns the whole process, and so does this list. Files are
/// made while it is locked, so that none is missed.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished_files() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that a signal removes, as long as this exists.
struct Listed(PathBuf);

impl Listed {
    /// Makes a file that is on the list from the start.
    fn make<T>(make: impl FnOnce() -> io::Result<(T, PathBuf)>) -> io::Result<(T, Self)> {
        #[cfg(unix)]
        signals::watch();
        let mut files = unfinished_files();
        let (made, path) = make()?;
        files.insert(path.clone());
        Ok((made, Listed(path)))
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        unfinished_files().remove(&self.0);
    }
}

/// A file that nobody sees yet, in the folder where it will be.
pub(super) struct Unfinished {
    // In this order: the file is removed, and then taken off the list.
    file: NamedTempFile,
    _listed: Listed,
}

impl Unfinished {
    /// Makes one that is to become `path`.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
        // Reports are ordinary files: the user's own umask decides who may read them.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        for _ in 0..TRIES {
            let (file, _listed) = Listed::make(|| {
                let file = builder.tempfile_in(folder_of(path))?;
                let path = file.path().to_owned();
                Ok((file, path))
            })?;
            let is_swept = match file.as_file().try_lock() {
                Ok(()) => !file.path().exists(),
                Err(TryLockError::WouldBlock) => true,
                // Without locks nobody sweeps either.
                Err(TryLockError::Error(_)) => false,
            };
            if !is_swept {
                return Ok(Unfinished { file, _listed });
            }
        }
        Err(io::Error::other("other runs keep removing unfinished files there"))
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

/// An empty file that only shows whether its name can be had.
pub(super) struct Probe {
    // In this order, as above.
    path: TempPath,
    _listed: Listed,
}

impl Probe {
    /// Makes one, where there is no file.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let (path, _listed) = Listed::make(|| {
            OpenOptions::new().write(true).create_new(true).open(path)?;
            Ok((TempPath::try_from_path(path)?, path.to_owned()))
        })?;
        Ok(Probe { path, _listed })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes what killed runs left beside a file. A run that is alive has a lock on what it writes.
pub(super) fn sweep_beside(path: &Path) {
    // A folder that cannot be read or written to is the trouble of what comes next.
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

/// What SIGTERM, SIGINT and SIGHUP do: the unfinished files are removed, and the process ends by
/// the signal as it would have without that.
#[cfg(unix)]
mod signals {
    use std::os::raw::c_int;
    use std::sync::{Once, mpsc};
    use std::{fs, process, thread};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::unfinished_files;

    /// Listens from now on; nothing changes before the first file is made.
    pub(super) fn watch() {
        static WATCHED: Once = Once::new();
        WATCHED.call_once(|| {
            let (send, signals) = mpsc::channel::<Signals>();
            let wait = move || {
                let mut signals = signals.recv().ok()?;
                signals.forever().next().map(end)
            };
            // Where there is no thread to hear them, signals do what they did.
            if thread::Builder::new().spawn(wait).is_ok()
                && let Ok(signals) = Signals::new(heeded())
            {
                let _ = send.send(signals);
            }
        });
    }

    fn end(signal: c_int) {
        // The lock is kept, so that nobody makes another file.
        let files = unfinished_files();
        for path in &*files {
            let _ = fs::remove_file(path);
        }
        // The first process of a container is not ended by any signal's default.
        if process::id() != 1 {
            let _ = emulate_default_handler(signal);
        }
        process::exit(128 + signal)
    }

    /// The signals that end this process: one that is ignored, as under `nohup`, stays ignored.
    fn heeded() -> Vec<c_int> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = ignored(&status);
        let signals = [SIGHUP, SIGINT, SIGTERM].into_iter();
        signals.filter(|signal| ignored >> (signal - 1) & 1 == 0).collect()
    }

    /// The set of ignored signals, the first one in the lowest bit, as Linux tells it.
    fn ignored(status: &str) -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        line.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn ignored_signals_are_read_from_the_status() {
            assert_eq!(super::ignored("Name:\tx\nSigIgn:\t0000000000001001\n"), 0x1001);
            assert_eq!(super::ignored(""), 0);
        }
    }
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
        sweep_beside(&target);
        assert!(alive.file.path().exists());
        assert!(!folder.path().join(".mfa-gate-abc123.tmp").exists());
        let left = |name: &&str| folder.path().join(name).exists();
        assert!(others.iter().chain(&[".mfa-gate-folder.tmp"]).all(left));
        io::Write::write_all(alive.file(), b"text").unwrap();
        alive.persist(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"text");
        assert!(unfinished_files().iter().all(|path| path.parent() != Some(folder.path())));
    }
}

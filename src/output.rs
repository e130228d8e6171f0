//! Where reports go: checked and cleared before anything is asked, and written whole or not at
//! all. So a failed run leaves no report of an earlier one.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::NamedTempFile;

use crate::emit::Format;
use crate::failure::Failure;

/// A report that was asked for: `FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportArg {
    /// The format.
    pub format: Format,
    /// The file, or `-` for standard output.
    pub path: PathBuf,
}

/// A place that can be written to.
#[derive(Debug)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file that becomes visible when it is complete.
    File(PathBuf),
    /// Something that is there and is no regular file, such as a pipe.
    Special(PathBuf),
}

impl Target {
    /// Makes the parent folders of a path, removes an old file there, and sees that a new one can
    /// be made. Nothing at `inputs` is touched.
    ///
    /// # Errors
    /// A usage failure where the path is a folder, one of the inputs, or cannot be written.
    pub fn prepare(path: &Path, inputs: &[&Path]) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Target::Stdout);
        }
        let shown = path.display();
        let unwritable = |error: io::Error| {
            Failure::usage(
                format!("the report {shown} cannot be written: {error}"),
                "Name a file in a folder that this user may write to.",
            )
        };
        // Before the folders of a path are there, where it leads through `..` cannot be told.
        fs::create_dir_all(folder_of(path)).map_err(unwritable)?;
        if inputs.iter().any(|input| same_file(path, input)) {
            return Err(Failure::usage(
                format!("the report {shown} would overwrite a file that this run reads"),
                "Name another file for the report.",
            ));
        }
        if path.is_dir() {
            return Err(Failure::usage(
                format!("the report {shown} is a folder"),
                "Name a file in it.",
            ));
        }
        if is_special(path) {
            return Ok(Target::Special(path.into()));
        }
        // A link is kept, and what it leads to is replaced.
        let path = if path.is_symlink() { &resolved(path) } else { path };
        regular(path).map_err(unwritable)
    }

    /// Writes the whole target, or leaves none.
    ///
    /// # Errors
    /// Where `write` fails, or the target cannot take it.
    pub fn fill(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        match self {
            Target::Stdout => through_buffer(io::stdout().lock(), write),
            Target::Special(path) => {
                through_buffer(OpenOptions::new().write(true).open(path)?, write)
            }
            Target::File(path) => {
                let mut unfinished = unfinished(&path)?;
                through_buffer(unfinished.as_file_mut(), write)?;
                unfinished.persist(path)?;
                Ok(())
            }
        }
    }
}

/// Whether a path leads to something that is not to be removed or renamed: a pipe, a device, or
/// a stream of this process, which looks like a regular file where it is redirected to one.
fn is_special(path: &Path) -> bool {
    let of_the_system = |path: &Path| path.starts_with("/dev") || path.starts_with("/proc");
    let linked = path.read_link().is_ok_and(|target| of_the_system(&target));
    of_the_system(path) || linked || (path.exists() && !path.is_file())
}

fn regular(path: &Path) -> io::Result<Target> {
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path)?;
    }
    // What the file system says to the name itself is better heard now than after all requests.
    drop(OpenOptions::new().write(true).create_new(true).open(path)?);
    fs::remove_file(path)?;
    Ok(Target::File(path.into()))
}

/// A file that nobody sees yet, in the folder where it will be.
pub(crate) fn unfinished(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mfa-gate-");
    // Reports are ordinary files: the user's own umask decides who may read them.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

fn through_buffer(
    target: impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = BufWriter::with_capacity(1 << 17, target);
    write(&mut buffer)?;
    buffer.flush()
}

pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    resolved(one) == resolved(other)
}

/// The path without links and dots, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let beside = || Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.into())
}

/// The reports of a run.
#[derive(Debug)]
pub struct Reports(Vec<(ReportArg, Target)>);

impl Reports {
    /// Prepares every target.
    ///
    /// # Errors
    /// A usage failure where two reports go to one place, or [`Target::prepare`] fails.
    pub fn prepare(reports: &[ReportArg], inputs: &[&Path]) -> Result<Self, Failure> {
        // Once an old report is removed, a link to it leads nowhere that could be compared.
        for (position, report) in reports.iter().enumerate() {
            let earlier = reports.iter().take(position);
            if earlier.into_iter().any(|other| same_file(&other.path, &report.path)) {
                return Err(Failure::usage(
                    format!("two reports go to {}", report.path.display()),
                    "Give each report a file of its own; `-` can be used once.",
                ));
            }
        }
        let mut targets = Vec::with_capacity(reports.len());
        for report in reports {
            targets.push((report.clone(), Target::prepare(&report.path, inputs)?));
        }
        Ok(Reports(targets))
    }

    /// Whether one of them goes to standard output.
    pub fn use_stdout(&self) -> bool {
        self.0.iter().any(|(_, target)| matches!(target, Target::Stdout))
    }

    /// Writes every report, each in a thread of its own, and says which could not be written, and
    /// why.
    pub fn write(
        self,
        write: impl Fn(Format, &mut dyn Write) -> io::Result<()> + Sync,
    ) -> Vec<String> {
        let write = &write;
        thread::scope(|scope| {
            let writers: Vec<_> = self
                .0
                .into_iter()
                .map(|(report, target)| {
                    let format = report.format;
                    (report, scope.spawn(move || target.fill(|out| write(format, out))))
                })
                .collect();
            let failed = writers.into_iter().filter_map(|(report, writer)| {
                let stopped = |_| Err(io::Error::other("its writer stopped"));
                let error = writer.join().unwrap_or_else(stopped).err()?;
                let (format, path) = (report.format.id(), report.path.display());
                Some(format!("the {format} report {path} could not be written: {error}"))
            });
            failed.collect()
        })
    }
}

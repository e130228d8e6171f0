//! Where reports go: checked and cleared before anything is asked, and written whole or not at
//! all. So a failed run leaves no report of an earlier one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use super::PATIENCE;
use super::place::{folder_of, is_stdout, is_stream, leads_to, same_file};
use super::unfinished::{Probe, Unfinished, sweep_beside};
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
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file that becomes visible when it is complete.
    File(PathBuf),
    /// Something that is no regular file, such as a pipe, or a stream that was opened for this
    /// process: it is not to be removed.
    Special(PathBuf),
}

impl Target {
    /// Makes the parent folders of a path, removes an old file there, and sees that a new one can
    /// be made. Nothing at `inputs` is touched.
    ///
    /// # Errors
    /// A usage failure where the path is a folder, one of the inputs, or cannot be written.
    pub fn prepare(path: &Path, inputs: &[&Path]) -> Result<Self, Failure> {
        make_folder(path)?;
        let target = Target::find(path, inputs)?;
        target.clear(path, &[])?;
        Ok(target)
    }

    /// What a path stands for. Its folder has to exist.
    fn find(path: &Path, inputs: &[&Path]) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Target::Stdout);
        }
        let shown = path.display();
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
        let place = leads_to(path).map_err(|error| unwritable(path, &error))?;
        if is_stdout(&place) {
            return Ok(Target::Stdout);
        }
        // By the name as it was given, for some systems have devices by name in every folder.
        let is_special = is_stream(&place) || (path.exists() && !path.is_file());
        Ok(if is_special { Target::Special(path.into()) } else { Target::File(place) })
    }

    fn is_same(&self, other: &Self) -> bool {
        if let (Target::Special(one), Target::Special(other)) = (self, other) {
            same_file(one, other)
        } else {
            self == other
        }
    }

    /// Removes an old report, and sees that a new one can be made there: what the file system says
    /// to its name is better heard now than after all requests. As long as the probes of all
    /// reports exist, two names of one file show.
    fn clear(&self, path: &Path, probes: &[Probe]) -> Result<Option<Probe>, Failure> {
        let place = match self {
            Target::Stdout | Target::Special(_) => return Ok(None),
            Target::File(place) => place,
        };
        if probes.iter().any(|probe| same_file(probe.path(), place)) {
            return Err(twice(path));
        }
        sweep_beside(place);
        let cleared = match fs::remove_file(place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Probe::new(place),
        };
        cleared.map(Some).map_err(|error| unwritable(path, &error))
    }

    /// Writes the whole target, or leaves none.
    ///
    /// # Errors
    /// Where `write` fails, or the target cannot take it.
    pub fn fill(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        match self {
            Target::Stdout => through_buffer(io::stdout().lock(), write),
            Target::Special(path) => through_buffer(open_special(path)?, write),
            Target::File(path) => {
                let mut unfinished = Unfinished::new(&path)?;
                through_buffer(unfinished.file(), write)?;
                unfinished.persist(&path)
            }
        }
    }
}

/// Opens something to add to it: it may be a file that another program writes to as well. A pipe
/// is opened once somebody reads from it, which is not waited for without end.
fn open_special(path: PathBuf) -> io::Result<File> {
    let (send, opened) = channel();
    let open = move || drop(send.send(OpenOptions::new().append(true).open(path)));
    thread::Builder::new().spawn(open)?;
    opened.recv_timeout(PATIENCE).unwrap_or_else(|why| {
        Err(match why {
            RecvTimeoutError::Timeout => io::Error::new(
                io::ErrorKind::TimedOut,
                format!("nothing read from it for {} seconds", PATIENCE.as_secs()),
            ),
            RecvTimeoutError::Disconnected => io::Error::other("it could not be opened"),
        })
    })
}

/// Makes the folder of a report.
fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder_of(path)).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(
        format!("the report {} cannot be written: {error}", path.display()),
        "Name a file in a folder that this user may write to.",
    )
}

fn twice(path: &Path) -> Failure {
    Failure::usage(
        format!("two reports go to {}", path.display()),
        "Give each report a file of its own; standard output can be used once.",
    )
}

fn through_buffer(
    target: impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = BufWriter::with_capacity(1 << 17, target);
    write(&mut buffer)?;
    buffer.flush()
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
        // Before all folders are there, nobody can tell where a path through one of them leads.
        for report in reports {
            make_folder(&report.path)?;
        }
        let mut targets: Vec<(ReportArg, Target)> = Vec::with_capacity(reports.len());
        for report in reports {
            let target = Target::find(&report.path, inputs)?;
            if targets.iter().any(|(_, other)| other.is_same(&target)) {
                return Err(twice(&report.path));
            }
            targets.push((report.clone(), target));
        }
        let mut probes = Vec::with_capacity(targets.len());
        for (report, target) in &targets {
            probes.extend(target.clear(&report.path, &probes)?);
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

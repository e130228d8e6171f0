//! Where reports go. Before any request it is checked that each can be written, and the old one is
//! removed: a failed run leaves no report of an earlier one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use super::PATIENCE;
use super::place::{folder_of, is_stdout, is_stream, leads_to, same_file};
use super::whole::{TRIES, Unfinished, sweep_folder_of};
use crate::failure::Failure;

/// A place that can be written to.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file that becomes visible when it is complete.
    File(PathBuf),
    /// Not a regular file, such as a pipe, or a stream that was opened for this process. It must
    /// not be removed.
    Special(PathBuf),
}

impl Target {
    /// Makes the parent folders of paths, removes old files there, and checks that new ones can be
    /// made. Nothing at `inputs` is touched, and where a path is refused no folder is left.
    ///
    /// # Errors
    /// A usage failure where two of them are one place, or one is a folder, an input, or cannot be
    /// written.
    pub fn prepare_all(paths: &[&Path], inputs: &[&Path]) -> Result<Vec<Self>, Failure> {
        let mut made = Vec::new();
        let prepared = Target::prepare_in(paths, inputs, &mut made);
        if prepared.is_err() {
            // Those that are not empty stay.
            made.iter().for_each(|folder| drop(fs::remove_dir(folder)));
        }
        prepared
    }

    fn prepare_in(
        paths: &[&Path],
        inputs: &[&Path],
        made: &mut Vec<PathBuf>,
    ) -> Result<Vec<Self>, Failure> {
        // Where a path leads is only known once all folders exist.
        for path in paths {
            make_folder(path, made)?;
        }
        let mut targets: Vec<Target> = Vec::with_capacity(paths.len());
        for path in paths {
            let target = Target::find(path, inputs)?;
            if targets.iter().any(|other| other.is_same(&target)) {
                return Err(twice(path));
            }
            targets.push(target);
        }
        let mut probes = Vec::with_capacity(targets.len());
        for (path, target) in paths.iter().zip(&targets) {
            probes.extend(target.clear(path, &probes)?);
        }
        Ok(targets)
    }

    /// Prepares one target, as [`Target::prepare_all`] does.
    ///
    /// # Errors
    /// As [`Target::prepare_all`].
    pub fn prepare(path: &Path, inputs: &[&Path]) -> Result<Self, Failure> {
        let targets = Target::prepare_all(&[path], inputs)?;
        // One path has one target, and `-` is the one that needs no preparing.
        Ok(targets.into_iter().next().unwrap_or(Target::Stdout))
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

    /// Removes an old report, and makes an empty file in its place: the file system may refuse its
    /// name, which is better known before all requests than after them. As long as these files
    /// exist, two names of one file show as well.
    fn clear(&self, path: &Path, probes: &[Unfinished]) -> Result<Option<Unfinished>, Failure> {
        let place = match self {
            Target::Stdout | Target::Special(_) => return Ok(None),
            Target::File(place) => place,
        };
        if probes.iter().any(|probe| same_file(probe.path(), place)) {
            return Err(twice(path));
        }
        sweep_folder_of(place);
        // Another run with the same report may make a file there in between.
        for _ in 0..TRIES {
            let cleared = match fs::remove_file(place) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                Ok(()) | Err(_) => Unfinished::probe(place),
            };
            match cleared {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => thread::yield_now(),
                cleared => return cleared.map(Some).map_err(|error| unwritable(path, &error)),
            }
        }
        Err(unwritable(path, &io::Error::other("other runs keep making a file there")))
    }

    /// Writes the whole target, or leaves none.
    ///
    /// # Errors
    /// Where `write` fails, or the target cannot take it.
    pub fn fill(
        self,
        write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        match self {
            Target::Stdout => match through_buffer(io::stdout().lock(), write) {
                // A reader that went away, such as `head`, has seen what it wanted.
                Err(error) if is_broken_pipe(&error) => Ok(()),
                written => written,
            },
            Target::Special(path) => through_buffer(open_special(path)?, write),
            Target::File(path) => {
                let mut unfinished = Unfinished::new(&path)?;
                through_buffer(unfinished.file(), write)?;
                unfinished.persist(&path)?;
                Ok(())
            }
        }
    }
}

/// Opens a pipe or a stream to add to it, since another program may write to it as well. A pipe
/// opens once another program reads from it; that is not waited for without end.
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

/// Makes the folder of a report. Those that did not exist are noted, the deepest one first.
fn make_folder(path: &Path, made: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let folder = folder_of(path);
    let missing = folder.ancestors().take_while(|folder| !folder.exists());
    // `missing/..` was not made, and is a folder that is there.
    let missing = missing.filter(|folder| folder.file_name().is_some());
    made.splice(..0, missing.map(Path::to_owned));
    fs::create_dir_all(folder).map_err(|error| unwritable(path, &error))
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
        "Give each report another file; standard output can be used once.",
    )
}

/// Whether the reader of a stream went away.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn through_buffer(
    target: impl Write,
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut buffer = BufWriter::with_capacity(1 << 17, target);
    write(&mut buffer)?;
    buffer.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_may_prepare_the_same_report_at_the_same_time() {
        let folder = tempfile::tempdir().unwrap();
        let places: Vec<PathBuf> =
            (0..8).map(|number| folder.path().join(format!("{number}.csv"))).collect();
        let paths: Vec<&Path> = places.iter().map(PathBuf::as_path).collect();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        Target::prepare_all(&paths, &[]).unwrap();
                    }
                });
            }
        });
        assert!(paths.iter().all(|path| !path.exists()));
    }
}

//! The reports of a run: which format goes where, and that each is written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::anyhow;

use super::Format;
use crate::failure::Failure;
use crate::files::Target;
use crate::words::Word;

/// A report that was asked for: `FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportArg<F = Format> {
    /// The format.
    pub format: F,
    /// The file, or `-` for standard output.
    pub path: PathBuf,
}

/// The reports of a run.
#[derive(Debug)]
pub struct Reports<F = Format>(Vec<(ReportArg<F>, Target)>);

impl<F: Word> Reports<F> {
    /// Prepares every target.
    ///
    /// # Errors
    /// As [`Target::prepare_all`].
    pub fn prepare(reports: &[ReportArg<F>], inputs: &[&Path]) -> Result<Self, Failure> {
        let paths: Vec<&Path> = reports.iter().map(|report| &*report.path).collect();
        let targets = Target::prepare_all(&paths, inputs)?;
        Ok(Reports(reports.iter().cloned().zip(targets).collect()))
    }

    /// Whether one of them goes to standard output.
    pub fn use_stdout(&self) -> bool {
        self.0.iter().any(|(_, target)| matches!(target, Target::Stdout))
    }

    /// Writes every report, each in a thread of its own.
    pub fn write(self, write: impl Fn(F, &mut dyn Write) -> anyhow::Result<()> + Sync) -> Written {
        let write = &write;
        thread::scope(|scope| {
            let writers: Vec<_> = self
                .0
                .into_iter()
                .map(|(report, target)| {
                    let format = report.format;
                    let is_file = !matches!(target, Target::Stdout);
                    let writer = scope.spawn(move || target.fill(|out| write(format, out)));
                    (report, is_file, writer)
                })
                .collect();
            let mut written = Written::default();
            for (ReportArg { format, path }, is_file, writer) in writers {
                match writer.join().unwrap_or_else(|_| Err(anyhow!("its writer stopped"))) {
                    Ok(()) if is_file => written.files.push(path),
                    Ok(()) => {}
                    Err(error) => {
                        let place = match is_file {
                            true => path.display().to_string(),
                            false => "on standard output".to_owned(),
                        };
                        let report = format!("the {} report {place}", format.id());
                        written.lost.push(error.context(format!("{report} could not be written")));
                    }
                }
            }
            written
        })
    }
}

/// What became of the reports of a run.
#[derive(Debug, Default)]
pub struct Written {
    /// The files, in the order in which they were asked for.
    pub files: Vec<PathBuf>,
    /// Which reports could not be written, and why.
    pub lost: Vec<anyhow::Error>,
}

//! The reports of a run: which format goes where, and that each is written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, anyhow};

use super::Format;
use crate::failure::Failure;
use crate::files::Target;

/// A report that was asked for: `FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportArg {
    /// The format.
    pub format: Format,
    /// The file, or `-` for standard output.
    pub path: PathBuf,
}

/// The reports of a run.
#[derive(Debug)]
pub struct Reports(Vec<(ReportArg, Target)>);

impl Reports {
    /// Prepares every target.
    ///
    /// # Errors
    /// As [`Target::prepare_all`].
    pub fn prepare(reports: &[ReportArg], inputs: &[&Path]) -> Result<Self, Failure> {
        let paths: Vec<&Path> = reports.iter().map(|report| &*report.path).collect();
        let targets = Target::prepare_all(&paths, inputs)?;
        Ok(Reports(reports.iter().cloned().zip(targets).collect()))
    }

    /// Whether one of them goes to standard output.
    pub fn use_stdout(&self) -> bool {
        self.0.iter().any(|(_, target)| matches!(target, Target::Stdout))
    }

    /// Writes every report, each in a thread of its own, and gives which could not be written, and
    /// why.
    pub fn write(
        self,
        write: impl Fn(Format, &mut dyn Write) -> anyhow::Result<()> + Sync,
    ) -> Vec<anyhow::Error> {
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
                let written = writer.join().unwrap_or_else(|_| Err(anyhow!("its writer stopped")));
                let (format, path) = (report.format.id(), report.path.display());
                let unwritten = || format!("the {format} report {path} could not be written");
                written.with_context(unwritten).err()
            });
            failed.collect()
        })
    }
}

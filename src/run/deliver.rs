//! What a run leaves behind: the reports that were asked for, and the summary for a person.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Context, to_stdout};
use crate::cli::ReportArgs;
use crate::emit::console::Style;
use crate::emit::{self, ReportArg, Reports, Written, console};
use crate::env::{self, CREDENTIALS, file_of};
use crate::failure::{Exit, Failure};
use crate::redact::Redactor;
use crate::report::Report;
use crate::words::Word;

/// Runs a command with what replaces people by pseudonyms, where that is wanted: then nothing that
/// it says of a failure names people either.
pub(crate) fn redacted(
    args: &ReportArgs,
    context: &Context<'_>,
    run: impl FnOnce(Option<&Redactor>) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    if !args.redact {
        return run(None);
    }
    let redactor = Redactor::from_env(context.env)?;
    run(Some(&redactor)).map_err(Redactor::failure)
}

/// Checks and clears the places of reports, and checks the environment after that: a run that is
/// refused leaves no report of an earlier one. None of the places is one of these files, which the
/// command reads, or one that a variable names: the files of credentials, and the certificates to
/// trust.
pub(crate) fn prepare<'p, F: Word>(
    reports: &[ReportArg<F>],
    files: impl IntoIterator<Item = &'p PathBuf>,
    context: &Context<'_>,
) -> Result<Reports<F>, Failure> {
    let variables = CREDENTIALS.into_iter().map(file_of).chain(["SSL_CERT_FILE".to_owned()]);
    let named = variables.filter_map(|name| (context.env)(&name)).map(PathBuf::from);
    let read: Vec<PathBuf> = files.into_iter().cloned().chain(named).collect();
    let read: Vec<&Path> = read.iter().map(PathBuf::as_path).collect();
    let reports = Reports::prepare(reports, &read)?;
    env::check(context.variables)?;
    Ok(reports)
}

/// Where the summary goes: standard output, or standard error where a report took that.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    stdout_taken: bool,
}

impl Place {
    /// Where these reports leave room for it.
    pub(crate) fn beside<F: Word>(reports: &Reports<F>) -> Self {
        Place { stdout_taken: reports.use_stdout() }
    }

    /// Writes there, and gives why it could not be done.
    pub(crate) fn write(
        self,
        context: &Context<'_>,
        write: impl Fn(&mut dyn Write, Style) -> io::Result<()>,
    ) -> Option<anyhow::Error> {
        if self.stdout_taken {
            // Standard error is for people: what it cannot take does not change the verdict.
            let _ = write(&mut io::stderr().lock(), context.stderr);
            return None;
        }
        to_stdout(|out| write(out, context.stdout)).err()
    }
}

/// The reports of a run, as far as they could be written.
#[must_use]
pub(crate) struct Delivered {
    place: Place,
    written: Written,
}

/// Writes the reports.
pub(crate) fn deliver(report: &Report, reports: Reports, args: &ReportArgs) -> Delivered {
    let options = emit::Options { sarif_suppressed: args.sarif_suppressed };
    Delivered::by(reports, |format, out| emit::write(format, report, options, out))
}

impl Delivered {
    /// Writes the reports of whatever kind.
    pub(crate) fn by<F: Word>(
        reports: Reports<F>,
        write: impl Fn(F, &mut dyn Write) -> anyhow::Result<()> + Sync,
    ) -> Self {
        Delivered { place: Place::beside(&reports), written: reports.write(write) }
    }

    /// Writes the summary of a report.
    pub(crate) fn summary(self, report: &Report, context: &Context<'_>) -> Vec<anyhow::Error> {
        self.summary_by(context, |out, style| console::write(report, out, style))
    }

    /// Writes a summary, to standard error where a report took standard output, and gives what
    /// could not be written of it all.
    pub(crate) fn summary_by(
        self,
        context: &Context<'_>,
        summary: impl Fn(&mut dyn Write, Style) -> io::Result<()>,
    ) -> Vec<anyhow::Error> {
        let Delivered { place, written: Written { files, mut lost } } = self;
        lost.extend(place.write(context, |out, style| {
            summary(out, style)?;
            console::written(&files, out, style)
        }));
        lost
    }
}

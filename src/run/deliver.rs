//! What a run leaves behind: the reports that were asked for, and the summary for a person.

use std::io::{self, Write};

use super::{Context, to_stdout};
use crate::cli::ReportArgs;
use crate::emit::{self, Reports, Written, console};
use crate::failure::{Exit, Failure};
use crate::redact::Redactor;
use crate::report::Report;

/// Runs a command with what replaces people by pseudonyms, where that is wanted: then nothing that
/// it says of a failure names anybody either.
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

/// The reports of a run, as far as they could be written.
#[must_use]
pub(crate) struct Delivered {
    stdout_taken: bool,
    written: Written,
}

/// Writes the reports.
pub(crate) fn deliver(report: &Report, reports: Reports, args: &ReportArgs) -> Delivered {
    let stdout_taken = reports.use_stdout();
    let options = emit::Options { sarif_suppressed: args.sarif_suppressed };
    let write = |format, out: &mut dyn Write| emit::write(format, report, options, out);
    Delivered { stdout_taken, written: reports.write(write) }
}

impl Delivered {
    /// Writes the summary, to standard error where a report took standard output, and gives what
    /// could not be written of it all.
    pub(crate) fn summary(self, report: &Report, context: &Context<'_>) -> Vec<anyhow::Error> {
        let Delivered { stdout_taken, written: Written { files, mut lost } } = self;
        let write = |out: &mut dyn Write, style| {
            console::write(report, out, style)?;
            console::written(&files, out, style)
        };
        if stdout_taken {
            // Standard error is for people: what it cannot take does not change the verdict.
            let _ = write(&mut io::stderr().lock(), context.stderr);
        } else if let Err(error) = to_stdout(|out| write(out, context.stdout)) {
            lost.push(error);
        }
        lost
    }
}

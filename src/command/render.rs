//! `mfa-gate render`: saved reports in any format, several of them as one.

use std::path::{Path, PathBuf};

use super::deliver::{deliver, redacted};
use super::{Context, saved, whole};
use crate::cli::Render;
use crate::failure::{Exit, Failure};
use crate::files::Reports;
use crate::redact::Redactor;
use crate::report::{Clash, Report};

pub(super) fn run(args: &Render, context: &Context<'_>) -> Result<Exit, Failure> {
    redacted(&args.reports, context, |redactor| render(args, redactor, context))
}

fn render(
    args: &Render,
    redactor: Option<&Redactor>,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let credentials = context.credential_files();
    let saved: Vec<&Path> = args.saved.iter().map(PathBuf::as_path).collect();
    let inputs: Vec<&Path> =
        saved.iter().copied().chain(credentials.iter().map(PathBuf::as_path)).collect();
    let reports = Reports::prepare(&args.reports.report, &inputs)?;
    let report = merged(&saved)?;
    let mut report = saved::redacted(report, redactor);
    let delivered = deliver(&report, reports, &args.reports);
    // What is written tells of the run that was; how this one ends depends on the verdict alone.
    report.options.exit_zero = false;
    let lost = delivered.summary(&report, context);
    whole(report.exit(), &lost)
}

/// One report over all of them.
fn merged(paths: &[&Path]) -> Result<Report, Failure> {
    let mut paths = paths.iter();
    let first = paths.next().ok_or_else(|| {
        Failure::usage("there is no report to render", "Name what `check` wrote as JSON.")
    })?;
    let mut whole = saved::judged_again(first)?;
    if paths.len() == 0 {
        return Ok(whole);
    }
    for path in paths {
        let clash = whole.merge(saved::judged_again(path)?);
        clash.map_err(|clash| apart(path, &clash))?;
    }
    Ok(whole.judged_again())
}

/// Why there is no verdict over several reports.
fn apart(path: &Path, clash: &Clash) -> Failure {
    let what = format!("{} is not merged: {clash}", path.display());
    match clash {
        Clash::Setup(_) => Failure::usage(
            what,
            "Merge reports on different workspaces that were made with the same policy and \
             options, or render each of them alone.",
        ),
        Clash::Day { .. } => {
            Failure::incomplete(what, "Check all of the workspaces on one day, and merge again.")
        }
    }
}

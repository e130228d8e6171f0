//! `mfa-gate render`: saved reports in any format, several of them as one.

use std::path::{Path, PathBuf};

use crate::cli::Render;
use crate::emit::Reports;
use crate::failure::{Exit, Failure};
use crate::judge::Clash;
use crate::redact::Redactor;
use crate::report::{Report, Verdict};
use crate::run::deliver::{deliver, prepare, redacted};
use crate::run::{Context, saved, whole};

pub(super) fn run(args: &Render, context: &Context<'_>) -> Result<Exit, Failure> {
    let reports = prepare(&args.reports.report, &args.saved, context)?;
    redacted(&args.reports, context, |redactor| render(args, reports, redactor, context))
}

fn render(
    args: &Render,
    reports: Reports,
    redactor: Option<&Redactor>,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let pin = context.policy_pin(args.policy_sha256.as_ref())?;
    let report = merged(&args.saved)?;
    if let Some(why) = saved::other_policy(&report, pin.as_deref()) {
        let failure = Failure::incomplete(
            format!("the reports are not about the policy that was asked for: {why}"),
            "Have `mfa-gate check` write them with that policy.",
        );
        let violations = report.verdict == Verdict::Violations;
        return Err(if violations { failure.with_violations() } else { failure });
    }
    let mut report = saved::redacted(report, redactor);
    let delivered = deliver(&report, reports, &args.reports);
    // What is written tells of the run that was; how this one ends depends on the verdict alone.
    report.options.exit_zero = false;
    let lost = delivered.summary(&report, context);
    whole(report.exit(), &lost)
}

/// One report over all of them. Where there is none, a violation in any of them still counts.
fn merged(paths: &[PathBuf]) -> Result<Report, Failure> {
    let judged: Vec<(&Path, Result<Report, Failure>)> =
        paths.iter().map(|path| (path.as_path(), saved::judged_again(path))).collect();
    let violations = judged.iter().any(|(_, judged)| match judged {
        Ok(report) => report.verdict == Verdict::Violations,
        Err(failure) => failure.exit() == Exit::Violations,
    });
    let reports: Result<Vec<(&Path, Report)>, Failure> =
        judged.into_iter().map(|(path, judged)| Ok((path, judged?))).collect();
    let whole = reports.and_then(|reports| {
        let mut reports = reports.into_iter();
        let (_, first) = reports.next().ok_or_else(|| {
            Failure::usage("no report is named", "Name what `check` wrote as JSON.")
        })?;
        Report::merged(first, reports.collect()).map_err(|(path, clash)| apart(path, &clash))
    });
    whole.map_err(|failure| if violations { failure.with_violations() } else { failure })
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

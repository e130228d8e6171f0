//! `mfa-gate check`: the main job.

use std::path::{Path, PathBuf};

use crate::cli::Check;
use crate::emit::Reports;
use crate::emit::{Format, summary};
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::judge::Run;
use crate::policy::{self, Policy};
use crate::read::Roles;
use crate::redact::Redactor;
use crate::report::{Assurance, Changes, Options, PreviousReport, Report};
use crate::run::assess::{Assessed, Given, Terms, assess};
use crate::run::collect::not_live;
use crate::run::deliver::{deliver, redacted};
use crate::run::notify::Told;
use crate::run::workspaces::named;
use crate::run::{Context, commit, saved, whole};

/// What is said of an earlier run that is of no use.
const NOT_COMPARED: &str = "this run is not compared with an earlier one";

pub(super) fn run(args: &Check, context: &Context<'_>) -> Result<Exit, Failure> {
    redacted(&args.reports, context, |redactor| check(args, redactor, context))
}

fn check(
    args: &Check,
    redactor: Option<&Redactor>,
    context: &Context<'_>,
) -> Result<Exit, Failure> {
    let path = context.policy_path(args.policy.policy.as_ref());
    let named = context.files_of_variables();
    let files = [&args.members.members, &args.roster.roster, &args.connect.ca_cert, &args.previous];
    let files = files.into_iter().flatten().chain(&named).map(PathBuf::as_path);
    let inputs: Vec<&Path> = files.chain([&*path]).collect();
    let reports = Reports::prepare(&args.reports.report, &inputs)?;
    let pin = context.policy_pin(args.policy.policy_sha256.as_ref());
    let told = Told::prepare(args, context)?;
    let policy = policy::load(&path, pin.as_deref())?;
    let policy = policy.named(context.repository_path(&path).into());
    let previous = args.previous.as_deref().and_then(|path| earlier(path, redactor));
    let mut report = judge(policy, args, redactor, context)?;
    if let Some((earlier, previous)) = previous {
        report.previous = previous;
        report.changes = since(&earlier, &report);
    }

    let delivered = deliver(&report, reports, &args.reports);
    let lost = delivered.summary(&report, context);
    if context.is_pipe && report.assurance != Assurance::Live {
        log::warn!("this run is not live: {}", terminal(&summary::caveats(&report).join("; ")));
    }
    told.tell(&report, args);
    let ended = whole(report.exit(), &lost);
    // The process is about to end: giving back a large report piece by piece would take longer
    // than writing some of its formats.
    std::mem::forget(report);
    ended
}

/// The report of an earlier run. Whatever is wrong with it is said and changes nothing else: a first
/// run has none.
fn earlier(path: &Path, redactor: Option<&Redactor>) -> Option<(Report, Option<PreviousReport>)> {
    match saved::earlier(path, redactor) {
        Ok(earlier) => Some(earlier),
        Err(failure) => {
            let failure = if redactor.is_some() { Redactor::failure(failure) } else { failure };
            log::warn!("{NOT_COMPARED}. {failure}");
            None
        }
    }
}

/// What changed since an earlier run, if it knows people by the same names.
fn since(previous: &Report, report: &Report) -> Option<Changes> {
    if previous.redaction != report.redaction {
        log::warn!(
            "{NOT_COMPARED}, which names people by other pseudonyms: give both --redact and the \
             same MFA_GATE_REDACT_KEY"
        );
        return None;
    }
    Some(Changes::between(previous, report))
}

/// Reads the members, and judges them by the policy; redacted, where that is wanted.
fn judge(
    policy: Policy,
    args: &Check,
    redactor: Option<&Redactor>,
    context: &Context<'_>,
) -> Result<Report, Failure> {
    let options = Options {
        today: args.today.is_some(),
        members: args.members.members.is_some(),
        roster: args.roster.roster.is_some(),
        workspace: named(&args.members.workspace)?,
        ignore_exemptions: args.ignore_exemptions,
        strict: args.strict,
        exit_zero: args.exit_zero,
        redirected_by: Vec::new(),
    };
    let attests = args.reports.report.iter().any(|report| report.format == Format::InToto);
    let subject = commit::commit(args.subject.as_deref(), context)?;
    if attests && options.today {
        return Err(not_live());
    }
    if attests && subject.is_none() {
        return Err(Failure::usage(
            "an in-toto statement is about one commit, and none is named, or more than one",
            "Give --subject NAME=COMMIT. Without it, the variables of one CI system must name it.",
        ));
    }
    let given = Given { members: &args.members, roster: &args.roster, connect: &args.connect };
    let today = args.today.unwrap_or_else(|| context.today());
    let terms = Terms {
        redactor,
        today,
        ignore_exemptions: args.ignore_exemptions,
        strict: args.strict,
        must_be_live: attests,
        roles: Roles::Unasked,
        day_given: args.today.is_some(),
    };
    let Assessed { policy, evaluation, read_at, source, redirected_by } =
        assess(policy, given, terms, context)?;
    let options = Options { redirected_by, ..options };
    let options = if redactor.is_some() { options.redacted() } else { options };
    let run = Run { checked_at: read_at.unwrap_or(context.now), today, options, source, subject };
    let redaction = redactor.map(Redactor::redaction);
    Ok(Report { redaction, ..Report::new(run, &policy, evaluation) })
}

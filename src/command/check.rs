//! `mfa-gate check`: the main job.

use std::path::Path;

use crate::cli::Check;
use crate::emit::Reports;
use crate::emit::{Format, console, summary};
use crate::escape::terminal;
use crate::failure::{Exit, Failure, Problem};
use crate::judge::Run;
use crate::policy;
use crate::read::Roles;
use crate::redact::Redactor;
use crate::report::{Assurance, Changes, Commit, Options, PreviousReport, Report};
use crate::run::collect::Facts;
use crate::run::deliver::{Place, deliver, prepare, redacted};
use crate::run::notify::Notices;
use crate::run::policy_run::{Judged, PolicyRun, Terms};
use crate::run::workspaces::named;
use crate::run::{Context, commit, saved, whole};

/// What is said of an earlier run that cannot be compared.
const NOT_COMPARED: &str = "this run is not compared with an earlier one";

pub(super) fn run(args: &Check, context: &Context<'_>) -> Result<Exit, Failure> {
    let reports = reports(args, context)?;
    redacted(&args.reports, context, |redactor| {
        let plan = Plan::new(args, reports, redactor, context)?;
        let facts = plan.collect()?;
        let report = plan.judge(facts);
        plan.deliver(report)
    })
}

/// Where the reports go.
fn reports(args: &Check, context: &Context<'_>) -> Result<Reports, Failure> {
    let policy = context.policy_path(args.policy.policy.as_ref());
    let inputs = args.sources.files().chain(&args.previous).chain([&policy]);
    prepare(&args.reports.report, inputs, context)
}

/// What to do, by arguments and environment.
struct Plan<'a> {
    args: &'a Check,
    context: &'a Context<'a>,
    redactor: Option<&'a Redactor>,
    reports: Reports,
    notices: Notices<'a>,
    /// What is read, and by which policy it is judged.
    run: PolicyRun<'a>,
    options: Options,
    /// The commit that the run is made for.
    subject: Option<Commit>,
    /// The report of an earlier run, to compare this one with, and what this one names it by.
    previous: Option<(Report, Option<PreviousReport>)>,
}

impl<'a> Plan<'a> {
    /// Finds all that can be wrong with what was typed, before anything is asked.
    fn new(
        args: &'a Check,
        reports: Reports,
        redactor: Option<&'a Redactor>,
        context: &'a Context<'a>,
    ) -> Result<Self, Failure> {
        let notices = Notices::prepare(args, context)?;
        let path = context.policy_path(args.policy.policy.as_ref());
        let pin = context.policy_pin(args.policy.policy_sha256.as_ref())?;
        let policy = policy::load(&path, pin.as_deref())?;
        let policy = policy.named(context.repository_path(&path).into());
        let previous = args.previous.as_deref().and_then(|path| earlier(path, redactor));
        let options = options(args)?;
        let terms = Terms {
            given_day: args.today,
            ignore_exemptions: args.ignore_exemptions,
            strict: args.strict,
            roles: Roles::Welcome,
        };
        let run = PolicyRun::new(policy, &args.sources, terms, context)?;
        let subject = commit::commit(args.subject.as_deref(), context)?;
        if args.reports.report.iter().any(|report| report.format == Format::InToto) {
            demand_statement(&run, args, subject.as_ref())?;
        }
        Ok(Plan { args, context, redactor, reports, notices, run, options, subject, previous })
    }

    /// Reads the members, and what is known of them.
    fn collect(&self) -> Result<Facts, Failure> {
        self.run.collect()
    }

    /// Judges them by the policy.
    fn judge(&self, facts: Facts) -> Report {
        let Judged { policy, evaluation, read_at, source, redirected_by } =
            self.run.judge(facts, self.redactor);
        let options = Options { redirected_by, ..self.options.clone() };
        let run = Run {
            checked_at: read_at.unwrap_or(self.context.now),
            today: self.run.today,
            options: if self.redactor.is_some() { options.redacted() } else { options },
            source,
            subject: self.subject.clone(),
        };
        let redaction = self.redactor.map(Redactor::redaction);
        let mut report = Report { redaction, ..Report::new(run, &policy, evaluation) };
        if let Some((earlier, named)) = &self.previous {
            report.previous = named.clone();
            report.changes = since(earlier, &report);
        }
        report
    }

    /// Writes the reports and the summary, and sends what was asked for to Bitbucket and Slack.
    fn deliver(self, report: Report) -> Result<Exit, Failure> {
        let Plan { args, context, reports, notices, .. } = self;
        let place = Place::beside(&reports);
        let mut lost = deliver(&report, reports, &args.reports).summary(&report, context);
        if context.pipe.is_some() && report.assurance != Assurance::Live {
            let why = summary::not_live(&report).unwrap_or_default();
            log::warn!("this run is not live: {}", terminal(&why));
        }
        let sent = notices.tell(&report);
        lost.extend(place.write(context, |out, style| console::sent(&sent, out, style)));
        let ended = whole(report.exit(), &lost);
        // The process is about to end: giving back a large report piece by piece would take longer
        // than writing some of its formats.
        std::mem::forget(report);
        ended
    }
}

/// The flags that can change a verdict.
fn options(args: &Check) -> Result<Options, Failure> {
    Ok(Options {
        today: args.today.is_some(),
        members: args.sources.members.members.is_some(),
        roster: args.sources.roster.roster.is_some(),
        workspace: named(&args.sources.members.workspace)?,
        ignore_exemptions: args.ignore_exemptions,
        strict: args.strict,
        exit_zero: args.exit_zero,
        redirected_by: Vec::new(),
    })
}

/// Others rely on a statement: it needs answers of Bitbucket and Atlassian themselves, today, and
/// is about one commit.
fn demand_statement(
    run: &PolicyRun<'_>,
    args: &Check,
    subject: Option<&Commit>,
) -> Result<(), Failure> {
    if subject.is_none() {
        return Err(Failure::usage(
            "an in-toto statement is about one commit, and none is named, or more than one",
            "Give --subject NAME=COMMIT. Without it, the variables of one CI system must name it.",
        ));
    }
    if args.today.is_some() || !run.collector.is_live() {
        return Err(Failure::usage(
            "an in-toto statement needs a live run, and this one would not be live",
            "Omit --today, --members and other API hosts, or the statement.",
        ));
    }
    Ok(())
}

/// The report of an earlier run. Whatever is wrong with it is said and changes nothing else: a first
/// run has none.
fn earlier(path: &Path, redactor: Option<&Redactor>) -> Option<(Report, Option<PreviousReport>)> {
    match saved::earlier(path, redactor) {
        Ok(earlier) => Some(earlier),
        Err(failure) => {
            let failure = if redactor.is_some() { Redactor::failure(failure) } else { failure };
            let problem = Problem::from(failure);
            if matches!(path.try_exists(), Ok(false)) {
                let why = terminal(&problem.what).into_owned();
                log::warn!("{NOT_COMPARED}: {why}; this is normal in a first run");
            } else {
                log::warn!("{NOT_COMPARED}: {}", problem.lines());
            }
            None
        }
    }
}

/// What changed since an earlier run, if it knows people by the same names.
fn since(previous: &Report, report: &Report) -> Option<Changes> {
    if previous.redaction != report.redaction {
        log::warn!(
            "{NOT_COMPARED}, which names people by other pseudonyms\n  help: Give both --redact and \
             the same MFA_GATE_REDACT_KEY."
        );
        return None;
    }
    Some(Changes::between(previous, report))
}

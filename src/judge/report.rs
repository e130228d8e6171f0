//! The report of a run, made once and sorted once.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};

use crate::failure::Exit;
use crate::judge::Evaluation;
use crate::member::{Ids, Source, TwoFactor};
use crate::policy::{Exemption, Policy};
use crate::quote::Quotes;
use crate::reading::{Addresses, Coverage, MemberList, Reading};
use crate::report::{
    AppliedPolicy, Assurance, Commit, EffectivePolicy, Finding, JudgedExemption, JudgedMember,
    ListedMember, Options, Outcome, Provenance, Report, SCHEMA_VERSION, SCOPE, Severity, Snapshot,
    State, Summary, Tool, Verdict, Workspace, whole_seconds,
};
use crate::rule::Rule;

/// What a run knows about itself, besides policy and members.
#[derive(Clone, Debug)]
pub struct Run {
    /// When the members were read.
    pub checked_at: Timestamp,
    /// The day that exemptions were judged by.
    pub today: Date,
    /// The flags that can change the verdict.
    pub options: Options,
    /// Where the members came from.
    pub source: Provenance,
    /// The commit that it was made for.
    pub subject: Option<Commit>,
}

impl Report {
    /// The report of a run under a policy.
    pub fn new(run: Run, policy: &Policy, evaluation: Evaluation) -> Self {
        let Evaluation { workspaces, members, exemptions, findings } = evaluation;
        let checked: HashSet<&str> = workspaces.iter().map(|checked| &*checked.slug).collect();
        let named = policy.workspaces.iter().map(|entry| &entry.slug);
        let workspaces_not_checked =
            named.filter(|slug| !checked.contains(&***slug)).cloned().collect();
        let mut report = Report {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            scope: SCOPE.into(),
            assurance: Assurance::of(&run.options, &run.source),
            checked_at: whole_seconds(run.checked_at),
            today: run.today,
            verdict: verdict(&workspaces, &members, &findings),
            complete: workspaces.iter().all(|workspace| workspace.complete),
            exit_code: 0,
            options: run.options,
            source: run.source,
            subject: run.subject,
            policy: AppliedPolicy {
                path: policy.path.clone(),
                sha256: policy.sha256.clone(),
                effective: EffectivePolicy {
                    accept: policy.accept.clone(),
                    coverage: policy.coverage.clone(),
                    roster: policy.roster.kind(),
                    rules: policy.levels.clone(),
                    limits: policy.limits.clone(),
                    workspaces: policy.workspaces.iter().map(|entry| entry.slug.clone()).collect(),
                },
            },
            summary: summary(&members, &findings, &policy.accept),
            workspaces,
            workspaces_not_checked,
            members,
            exemptions,
            findings,
            previous: None,
            changes: None,
            redaction: None,
        };
        report.exit_code = report.exit().code();
        report
    }

    /// The exit code of the run, as far as it follows from this report. `--exit-zero` forgives
    /// violations, but not that another workspace could not be read.
    pub fn exit(&self) -> Exit {
        match self.verdict {
            Verdict::Compliant | Verdict::NotEnforced => Exit::Success,
            Verdict::Violations if !self.options.exit_zero => Exit::Violations,
            Verdict::Violations if self.complete => Exit::Success,
            Verdict::Violations | Verdict::Incomplete => Exit::Incomplete,
        }
    }
}

impl Snapshot {
    /// The members as they were read, with what `accept` makes of their evidence.
    pub fn new(
        checked_at: Timestamp,
        source: Provenance,
        accept: &[Source],
        mut readings: Vec<Reading>,
    ) -> Self {
        readings.sort_by(|a, b| a.workspace.cmp(&b.workspace));
        let workspaces: Vec<Workspace> = readings.iter().map(Workspace::from).collect();
        let mut members: Vec<ListedMember> = Vec::new();
        for reading in readings {
            let Ok(MemberList { members: mut list, .. }) = reading.members else { continue };
            list.sort_unstable_by(|a, b| a.key().cmp(b.key()));
            let listed = |member| ListedMember::new(&reading.workspace, member, accept);
            members.extend(list.into_iter().map(listed));
        }
        Snapshot {
            schema_version: SCHEMA_VERSION,
            tool: Tool::this(),
            checked_at: whole_seconds(checked_at),
            source,
            complete: workspaces.iter().all(|workspace| workspace.complete),
            workspaces,
            members,
        }
    }
}

/// What members and findings add up to. A report about no workspace proves nothing.
fn verdict(workspaces: &[Workspace], members: &[JudgedMember], findings: &[Finding]) -> Verdict {
    let error = |finding: &Finding| {
        finding.level == Severity::Error && finding.rule != Rule::WorkspaceIncomplete
    };
    if findings.iter().any(error) {
        Verdict::Violations
    } else if workspaces.is_empty() || workspaces.iter().any(|workspace| !workspace.complete) {
        Verdict::Incomplete
    } else if members.iter().any(|member| member.outcome == Outcome::Violation) {
        Verdict::NotEnforced
    } else {
        Verdict::Compliant
    }
}

fn summary(members: &[JudgedMember], findings: &[Finding], accept: &[Source]) -> Summary {
    let others: Vec<Source> =
        accept.iter().copied().filter(|source| *source != Source::Roster).collect();
    let mut summary = Summary { members: members.len() as u64, ..Summary::default() };
    for JudgedMember { member, outcome, .. } in members {
        match outcome {
            Outcome::Protected => {
                summary.protected += 1;
                if let Some(source) = member.decided_by {
                    *summary.protected_by.entry(source).or_default() += 1;
                }
                let alone = member.evidence.joined(&others).0 != TwoFactor::Enabled;
                summary.protected_by_roster_alone += u64::from(alone);
            }
            Outcome::Exempt => summary.exempt += 1,
            Outcome::Violation => summary.violations += 1,
            Outcome::NotApplicable => summary.not_applicable += 1,
        }
        summary.unknown += u64::from(member.two_factor == TwoFactor::Unknown);
    }
    for finding in findings {
        match finding.level {
            Severity::Error => summary.errors += 1,
            Severity::Warning => summary.warnings += 1,
        }
    }
    summary
}

impl From<&Reading> for Workspace {
    fn from(reading: &Reading) -> Self {
        let list = reading.members.as_ref();
        Workspace {
            slug: reading.workspace.clone(),
            source: reading.origin,
            complete: list.is_ok(),
            coverage: list.map_or_else(|_| Coverage::usual(), |list| list.coverage.clone()),
            completeness: list.ok().map(|list| list.completeness),
            error: list.err().map(|problem| problem.with(Quotes::Shown).what),
            members: list.map_or(0, |list| list.members.len() as u64),
            addresses_looked_up: list.is_ok_and(|list| list.addresses == Addresses::LookedUp),
            reported_size: reading.walk.reported_size,
            requests: reading.walk.requests,
            walks: reading.walk.walks,
            duration_ms: u64::try_from(reading.walk.duration.as_millis()).unwrap_or(u64::MAX),
            location: None,
        }
    }
}

impl JudgedExemption {
    /// An exemption of the policy and its state.
    pub(crate) fn new(exemption: &Exemption, state: State) -> Self {
        let Ids { account_id, uuid, email } = exemption.selector.ids();
        JudgedExemption {
            id: exemption.id.clone(),
            state,
            account_id: account_id.map(Into::into),
            uuid: uuid.map(Into::into),
            email: email.map(Into::into),
            name: exemption.name.clone(),
            category: exemption.category,
            reason: exemption.reason.clone(),
            compensating_controls: exemption.compensating_controls.clone(),
            owner: exemption.owner.clone(),
            approved_by: exemption.approved_by.clone(),
            ticket: exemption.ticket.clone(),
            starts: exemption.starts,
            expires: exemption.expires,
            workspaces: exemption.workspaces.clone(),
            location: exemption.location.clone(),
        }
    }
}

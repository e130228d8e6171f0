//! A saved report, judged again: its members' evidence, its exemptions and its effective policy
//! are taken as facts, and everything that was concluded from them is concluded anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::report::Run;
use crate::failure::Problem;
use crate::judge::{Judging, evaluate};
use crate::location::Location;
use crate::member::Member;
use crate::policy::{Exemption, MemberId, Policy, RosterSource, Selector, WorkspaceEntry};
use crate::reading::{Addresses, Completeness, Coverage, MemberList, Origin, Reading, Walk};
use crate::report::{Finding, JudgedExemption, Provenance, Redaction, Report, Workspace};
use crate::roster_kind::RosterKind;
use crate::rule::Rule;

impl Report {
    /// The same run, concluded anew from its facts; what else it claims is not looked at. Whether
    /// the facts can be believed is for [`Report::judged_again`] to say.
    pub(super) fn rejudged(&self) -> Report {
        let report = self.judged(self.applied_policy(), readings(self), self.source.clone());
        Report {
            previous: self.previous.clone(),
            changes: self.changes.clone(),
            redaction: self.redaction.clone(),
            ..report
        }
    }

    /// The same run, judged again once its people were concealed; an earlier run, which names
    /// others, is left out.
    pub(crate) fn concealed(
        &self,
        redaction: Redaction,
        conceal: impl FnOnce(&mut Policy, &mut [Reading], &mut Provenance),
    ) -> Report {
        let (mut policy, mut readings) = (self.applied_policy(), readings(self));
        for incomplete in readings.iter_mut().filter_map(|reading| reading.members.as_mut().err()) {
            // The reason may quote what a server said.
            *incomplete = Problem::new(
                "(withheld: the report that this one was made from says why)",
                "Look at the report that names people, where only you can see it.",
            );
        }
        let mut source = self.source.clone();
        conceal(&mut policy, &mut readings, &mut source);
        let mut report = self.judged(policy, readings, source);
        report.options = report.options.redacted();
        Report { redaction: Some(redaction), ..report }
    }

    fn judged(&self, policy: Policy, readings: Vec<Reading>, source: Provenance) -> Report {
        let judging = Judging {
            today: self.today,
            ignore_exemptions: self.options.ignore_exemptions,
            strict: self.options.strict,
            roster_as_of: source.roster_as_of(self.today),
            clock: source.clock.filter(|_| !self.options.today),
        };
        let evaluation = evaluate(&policy, readings, judging);
        let run = Run {
            checked_at: self.checked_at,
            today: self.today,
            options: self.options.clone(),
            source,
            subject: self.subject.clone(),
        };
        Report::new(run, &policy, evaluation)
    }

    /// The policy as the report has it.
    pub(super) fn applied_policy(&self) -> Policy {
        let effective = &self.policy.effective;
        let path = &self.policy.path;
        let placed = |slug: &str| {
            let workspace = self.workspaces.iter().find(|workspace| *workspace.slug == *slug)?;
            workspace.location.clone()
        };
        let entry = |slug: &Arc<str>| WorkspaceEntry {
            slug: slug.clone(),
            location: placed(slug).unwrap_or_else(|| Location::start_of(path.clone())),
        };
        Policy {
            path: path.clone(),
            sha256: self.policy.sha256.clone(),
            workspaces: effective.workspaces.iter().map(entry).collect(),
            accept: effective.accept.clone(),
            coverage: effective.coverage.clone(),
            roster: match effective.roster {
                RosterKind::Export => RosterSource::default(),
                RosterKind::Entra => RosterSource::Entra,
            },
            levels: effective.rules.allowed(),
            limits: effective.limits.clone(),
            exemptions: self.exemptions.iter().filter_map(exemption).collect(),
        }
    }
}

/// The exemption as the policy had it. One without a selector excuses no member, and makes the
/// report contradict itself.
fn exemption(judged: &JudgedExemption) -> Option<Exemption> {
    let email = judged.email.clone();
    let selector = match (&judged.account_id, &judged.uuid) {
        (Some(id), _) => Selector::Id { id: MemberId::AccountId(id.clone()), email },
        (None, Some(id)) => Selector::Id { id: MemberId::Uuid(id.clone()), email },
        (None, None) => Selector::Email(email?),
    };
    Some(Exemption {
        id: judged.id.clone(),
        selector,
        name: judged.name.clone(),
        category: judged.category,
        reason: judged.reason.clone(),
        compensating_controls: judged.compensating_controls.clone(),
        owner: judged.owner.clone(),
        approved_by: judged.approved_by.clone(),
        ticket: judged.ticket.clone(),
        starts: judged.starts,
        expires: judged.expires,
        workspaces: judged.workspaces.clone(),
        location: judged.location.clone(),
    })
}

/// What the report says to do about a workspace that it could not read.
fn advice(report: &Report, slug: &str) -> Option<String> {
    let about = |finding: &&Finding| {
        finding.rule == Rule::WorkspaceIncomplete && finding.workspace.as_deref() == Some(slug)
    };
    report.findings.iter().find(about).map(|finding| finding.help.clone())
}

/// The workspaces as they were read, each with the members that are listed of it.
fn readings(report: &Report) -> Vec<Reading> {
    let mut members: BTreeMap<&Arc<str>, Vec<Arc<Member>>> = BTreeMap::new();
    for judged in &report.members {
        members
            .entry(&judged.member.workspace)
            .or_default()
            .push(judged.member.clone().into_read());
    }
    let mut read = |workspace: &Workspace| {
        let members = members.remove(&workspace.slug).unwrap_or_default();
        reading(workspace, members, advice(report, &workspace.slug))
    };
    let mut readings: Vec<Reading> = report.workspaces.iter().map(&mut read).collect();
    // Only an edited report lists members of a workspace that it does not name. They count all the
    // same.
    readings.extend(members.into_iter().map(|(slug, members)| Reading {
        workspace: slug.clone(),
        origin: Origin::Snapshot,
        walk: Walk::default(),
        members: Ok(MemberList {
            members,
            completeness: Completeness::Asserted,
            addresses: Addresses::AsShown,
            coverage: Coverage::usual(),
        }),
    }));
    readings
}

fn reading(workspace: &Workspace, members: Vec<Arc<Member>>, advice: Option<String>) -> Reading {
    let walk = Walk {
        requests: workspace.requests,
        walks: workspace.walks,
        reported_size: workspace.reported_size,
        duration: Duration::from_millis(workspace.duration_ms),
    };
    Reading {
        workspace: workspace.slug.clone(),
        origin: workspace.source,
        walk,
        members: list(workspace, members, advice),
    }
}

/// The members, or why they were not read. Where they are listed they are judged, whatever else is
/// said of them: a violation counts in a report that contradicts itself too.
fn list(
    workspace: &Workspace,
    members: Vec<Arc<Member>>,
    advice: Option<String>,
) -> Result<MemberList, Problem> {
    if members.is_empty()
        && let Some(what) = workspace.error.clone()
    {
        let help = advice.unwrap_or_else(|| "Run `mfa-gate check` again.".into());
        return Err(Problem { what, help });
    }
    let addresses =
        if workspace.addresses_looked_up { Addresses::LookedUp } else { Addresses::AsShown };
    let completeness = workspace.completeness.unwrap_or(Completeness::Asserted);
    let coverage = workspace.coverage.clone();
    Ok(MemberList { members, completeness, addresses, coverage })
}

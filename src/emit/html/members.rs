//! The rows of the members' table. There may be a hundred thousand, so each is made when it is
//! written.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::emit::summary;
use crate::emit::summary::{Excuse, Exemptions};
use crate::member::{LONGEST_NAME, Role, Source, TwoFactor};
use crate::quote::shortened;
use crate::report::{Finding, JudgedMember, ListedMember, Outcome, Report};
use crate::roster_kind::RosterKind;

/// The members of a report, as rows.
pub(super) struct Members<'a> {
    /// The sources that have a column: those that the policy accepts, and others that were asked.
    sources: Vec<Source>,
    /// What the one that is called a roster in the policy is.
    roster: RosterKind,
    /// Whether more than one source can decide.
    pub(super) decided: bool,
    exemptions: Exemptions<'a>,
    /// Violations first, and owners before other members of the same outcome.
    pub(super) sorted: Vec<&'a JudgedMember>,
    /// Those that findings can be about, by workspace and key.
    violations: HashMap<(&'a str, &'a str), &'a JudgedMember>,
}

/// The order of the outcomes.
fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Violation => 0,
        Outcome::Exempt => 1,
        Outcome::Protected => 2,
        Outcome::NotApplicable => 3,
    }
}

impl<'a> Members<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let accept = &report.policy.effective.accept;
        let has_column = |source: &Source| {
            let was_asked = |judged: &JudgedMember| judged.member.evidence.said(*source).is_some();
            accept.contains(source) || report.members.iter().any(was_asked)
        };
        let mut sorted: Vec<&JudgedMember> = report.members.iter().collect();
        sorted
            .sort_by_key(|judged| (rank(judged.outcome), judged.member.role != Some(Role::Owner)));
        let is_violation = |judged: &&JudgedMember| judged.outcome == Outcome::Violation;
        let violations = report.members.iter().filter(is_violation);
        let subject = |judged: &'a JudgedMember| (&*judged.member.workspace, judged.member.key());
        Members {
            sources: Source::ALL.into_iter().filter(has_column).collect(),
            roster: report.policy.effective.roster,
            decided: accept.len() > 1,
            exemptions: Exemptions::of(report),
            sorted,
            violations: violations.map(|judged| (subject(judged), judged)).collect(),
        }
    }

    /// The headings of the sources' columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.sources.iter().map(|&source| self.roster.heading(source))
    }

    /// The member that a finding is about, if it is listed.
    pub(super) fn of(&self, finding: &Finding) -> Option<&'a JudgedMember> {
        let subject = (finding.workspace.as_deref()?, finding.key.as_deref()?);
        self.violations.get(&subject).copied()
    }

    /// What each source said of a member, in a word, with the class of its cell.
    pub(super) fn said(
        &self,
        judged: &JudgedMember,
    ) -> impl Iterator<Item = (&'static str, &'static str)> + use<'_, 'a> {
        let evidence = judged.member.evidence;
        self.sources.iter().map(move |&source| {
            let said = match evidence.said(source) {
                Some(TwoFactor::Enabled) => "yes",
                Some(TwoFactor::Disabled) => "no",
                Some(TwoFactor::Unknown) => "unknown",
                None => "not asked",
            };
            let class = match (source, self.roster) {
                (Source::Roster, RosterKind::Entra) => "entra",
                (Source::Bitbucket | Source::Atlassian | Source::Roster | Source::Sso, _) => {
                    source.id()
                }
            };
            (class, said)
        })
    }

    /// The source that decided, if any did.
    pub(super) fn decided_by(&self, judged: &JudgedMember) -> &'static str {
        judged.member.decided_by.map_or("", |source| self.roster.heading(source))
    }

    /// What excuses a member, if anything does.
    pub(super) fn excuse(&self, judged: &'a JudgedMember) -> Option<Excuse<'a>> {
        judged.exemption.is_some().then(|| self.exemptions.excuse(judged))
    }
}

/// The name that a member shows, where it is not the key.
pub(super) fn name(member: &ListedMember) -> Option<Cow<'_, str>> {
    let name = summary::shown_name(member).filter(|name| *name != member.key());
    name.map(|name| shortened(name, LONGEST_NAME))
}

/// The address, where it is not the key.
pub(super) fn other_email(member: &ListedMember) -> Option<&str> {
    member.email.as_deref().filter(|email| *email != member.key())
}

/// What there is to add to the outcome.
pub(super) fn because(judged: &JudgedMember) -> Option<String> {
    match (judged.outcome, judged.member.two_factor) {
        (Outcome::Protected | Outcome::Exempt, _) => None,
        (Outcome::Violation, TwoFactor::Unknown) => Some("second factor unknown".into()),
        (Outcome::Violation, TwoFactor::Enabled | TwoFactor::Disabled) => {
            Some("no second factor seen".into())
        }
        (Outcome::NotApplicable, _) => Some(summary::why_no_login(&judged.member)),
    }
}

//! What was found, by rule: what to do about it, and about which members, exemptions or workspaces.

use crate::emit::summary;
use crate::emit::summary::{count, number};
use crate::report::{Finding, Report, Severity};
use crate::rule::{Rule, Subject};

/// How many different pieces of advice a rule shows; its table has those of every finding.
const MOST_HELPS: usize = 3;

/// The findings of one rule and level.
pub(super) struct Group<'a> {
    /// The fragment that leads to it.
    pub(super) anchor: String,
    pub(super) title: &'static str,
    /// `error` or `warning`.
    pub(super) level: &'static str,
    pub(super) count: String,
    /// What to do, each advice once.
    pub(super) helps: Vec<&'a str>,
    pub(super) subject: Subject,
    pub(super) findings: Vec<&'a Finding>,
}

/// The groups, errors first, in the order of the rules.
pub(super) fn groups<'a>(report: &'a Report) -> Vec<Group<'a>> {
    let group = |(level, rule, findings): (Severity, Rule, Vec<&'a Finding>)| Group {
        anchor: format!("{}-{}", level.id(), rule.id()),
        title: rule.title(),
        level: level.id(),
        count: count(number(findings.len()), level.id()),
        helps: helps(&findings),
        subject: rule.subject(),
        findings,
    };
    summary::by_rule(report).map(group).collect()
}

/// Whether any of them lists members.
pub(super) fn are_about_members(groups: &[Group<'_>]) -> bool {
    groups.iter().any(|group| group.subject == Subject::Member)
}

/// The first different pieces of advice.
fn helps<'a>(findings: &[&'a Finding]) -> Vec<&'a str> {
    let mut helps: Vec<&str> = Vec::new();
    for finding in findings {
        if helps.len() < MOST_HELPS && !helps.contains(&&*finding.help) {
            helps.push(&finding.help);
        }
    }
    helps
}

impl Group<'_> {
    /// What to do about a finding, where that is not the same for the whole group.
    pub(super) fn own_help<'f>(&self, finding: &'f Finding) -> Option<&'f str> {
        (self.helps.len() > 1).then_some(&finding.help)
    }
}

/// What a finding about a member says beyond its columns: which exemptions do not apply, or all of
/// it where it is worded in another way.
pub(super) fn note(finding: &Finding) -> &str {
    match summary::who_and_seen(finding) {
        Some((_, seen)) => seen.split_once("; ").map_or("", |(_, note)| note),
        None => &finding.message,
    }
}

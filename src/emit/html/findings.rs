//! What was found, by rule: what to do about it.

use crate::emit::summary;
use crate::emit::summary::{count, number};
use crate::report::{Finding, Report, Severity};
use crate::rule::Rule;

/// How many different pieces of advice a rule shows; the table has those of every finding.
const MOST_HELPS: usize = 3;

/// What to do about the findings of one rule and level.
pub(super) struct Step<'a> {
    pub(super) title: &'static str,
    /// `error` or `warning`.
    pub(super) level: &'static str,
    /// How many findings there are.
    pub(super) count: String,
    /// What to do, each advice once.
    pub(super) helps: Vec<&'a str>,
}

/// The steps, errors first, in the order of the rules.
pub(super) fn steps(report: &Report) -> Vec<Step<'_>> {
    let levels = [Severity::Error, Severity::Warning];
    let all = levels.into_iter().flat_map(|level| Rule::ALL.map(|rule| (level, rule)));
    all.filter_map(|(level, rule)| step(report, level, rule)).collect()
}

fn step(report: &Report, level: Severity, rule: Rule) -> Option<Step<'_>> {
    let found = || summary::of_rule(report, rule).filter(move |finding| finding.level == level);
    found().next()?;
    let mut helps: Vec<&str> = Vec::new();
    for finding in found() {
        if helps.len() < MOST_HELPS && !helps.contains(&&*finding.help) {
            helps.push(&finding.help);
        }
    }
    Some(Step {
        title: rule.title(),
        level: summary::level(level),
        count: count(number(found().count()), summary::level(level)),
        helps,
    })
}

/// What to do about a finding, where it is not what its rule says.
pub(super) fn own_help(finding: &Finding) -> Option<&str> {
    (finding.help != finding.rule.help()).then_some(&finding.help)
}

//! The verdict, and what it rests on.

use std::fmt;

use super::{accepted, count, number, of_rule, outcomes, slugs, why_unchecked};
use crate::member::Role;
use crate::report::{Finding, Outcome, Report, Severity, Verdict, Workspace};
use crate::rule::{Rule, Subject};

/// The verdict and what it rests on, which claims no more than was seen.
pub(crate) struct Headline {
    /// The verdict in words.
    pub(crate) verdict: &'static str,
    /// Why, the worst first; never empty.
    pub(crate) reasons: Vec<String>,
}

impl fmt::Display for Headline {
    /// On one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.verdict, self.reasons.join("; "))
    }
}

/// The verdict of a report and what it rests on.
pub(crate) fn headline(report: &Report) -> Headline {
    headline_with(report, true)
}

/// The same, with `names` or without why a workspace could not be checked, which can name a member.
pub(crate) fn headline_with(report: &Report, names: bool) -> Headline {
    let read: Vec<&Workspace> =
        report.workspaces.iter().filter(|workspace| workspace.complete).collect();
    let thing = if read.len() > 1 { "membership" } else { "member" };
    let whole = format!(
        "{} of {}",
        count(report.summary.members, thing),
        slugs(read.iter().map(|workspace| &*workspace.slug))
    );
    let unprotected = |concerned: u64| {
        let have = if concerned == 1 { "has" } else { "have" };
        let seen_by = accepted(report, " or ");
        let owners = match unprotected_owners(report) {
            0 => String::new(),
            owners => format!(" ({})", count(owners, "owner")),
        };
        format!(
            "{concerned} of {whole}{owners} {have} no second factor seen by {seen_by} and no valid \
             exemption"
        )
    };
    let or = |reasons: Vec<String>, otherwise: &str| {
        if reasons.is_empty() { vec![otherwise.to_owned()] } else { reasons }
    };
    let (verdict, reasons) = match report.verdict {
        Verdict::Compliant => ("compliant", vec![format!("{whole}, {}", outcomes(report))]),
        Verdict::NotEnforced => {
            let unprotected = unprotected(report.summary.violations);
            ("not enforced", vec![unprotected, "the policy only warns of that".to_owned()])
        }
        Verdict::Violations => {
            let members = report.summary.violations;
            let members = (members > 0).then(|| unprotected(members));
            let about_exemptions = |finding: &&Finding| {
                finding.level == Severity::Error && finding.rule.subject() == Subject::Exemption
            };
            let exemptions = number(report.findings.iter().filter(about_exemptions).count());
            let exemptions = (exemptions > 0)
                .then(|| format!("{} about exemptions", count(exemptions, "error")));
            let owners = of_rule(report, Rule::TooManyOwners)
                .filter(|finding| finding.level == Severity::Error)
                .map(|finding| finding.message.clone());
            let unchecked = unchecked(report, names);
            let reasons =
                members.into_iter().chain(exemptions).chain(owners).chain(unchecked).collect();
            ("violations", or(reasons, "see the findings"))
        }
        Verdict::Incomplete => {
            let reasons = unchecked(report, names).into_iter().collect();
            ("incomplete", or(reasons, "not everything could be found out"))
        }
    };
    Headline { verdict, reasons }
}

/// How many owners have neither proof nor exemption.
fn unprotected_owners(report: &Report) -> u64 {
    let owners = report.members.iter().filter(|judged| judged.outcome == Outcome::Violation);
    number(owners.filter(|judged| judged.member.role == Some(Role::Owner)).count())
}

/// Which workspace could not be checked and why, or how many.
fn unchecked(report: &Report, names: bool) -> Option<String> {
    let unchecked = report.workspaces.iter().filter(|workspace| !workspace.complete);
    let unchecked: Vec<&Workspace> = unchecked.collect();
    match unchecked.as_slice() {
        [] => None,
        [one] if names => {
            Some(format!("{} could not be checked: {}", one.slug, why_unchecked(one)))
        }
        [one] => Some(format!("{} could not be checked", one.slug)),
        several => {
            let all = count(number(report.workspaces.len()), "workspace");
            Some(format!("{} of {all} could not be checked", several.len()))
        }
    }
}

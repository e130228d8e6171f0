//! What several formats say in the same words. Nothing here is escaped: the texts hold slugs,
//! names and reasons as they are.

mod caveats;
mod excuse;
mod headline;

use std::collections::HashSet;

use crate::member::{self, Kind, Source, TwoFactor};
use crate::reading::Completeness;
use crate::report::{
    EffectivePolicy, Finding, JudgedMember, ListedMember, Outcome, Provenance, Report, Severity,
    Workspace,
};
use crate::roster_kind::RosterKind;
use crate::rule::Rule;
pub(crate) use caveats::{caveats, clock, not_live, redacted, redirected, sign_on_hint, unseen};
pub(crate) use excuse::{Excuse, Exemptions, exempt};
pub(crate) use headline::{Headline, headline, headline_with};

/// How many workspaces a sentence names before it counts them.
const NAMED_WORKSPACES: usize = 3;

/// A number and the thing counted, such as `1 member` and `2 members`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// The numbers that are not 0, each with what it counts.
pub(crate) fn some<'w>(numbers: impl IntoIterator<Item = (u64, &'w str)>) -> Vec<String> {
    let some = numbers.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(number, what)| format!("{number} {what}")).collect()
}

/// The length of a list as the reports count.
pub(crate) fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A few slugs by name, or how many there are.
pub(crate) fn slugs<'a>(slugs: impl ExactSizeIterator<Item = &'a str>) -> String {
    if slugs.len() > NAMED_WORKSPACES {
        return count(number(slugs.len()), "workspace");
    }
    slugs.collect::<Vec<_>>().join(", ")
}

/// For a finding about a member: who it is, and what each source says and which exemptions do not
/// apply. The words that all findings of its rule share are omitted. `None` where the message is
/// worded in another way.
pub(crate) fn who_and_seen(finding: &Finding) -> Option<(&str, &str)> {
    let phrase = match finding.rule {
        Rule::TwoFactorDisabled => "no second factor seen by: ",
        Rule::TwoFactorUnknown => "second factor unknown to: ",
        Rule::ExemptionExpired
        | Rule::ExemptionOverLimit
        | Rule::ExemptionNotAllowed
        | Rule::ExemptionExpiring
        | Rule::ExemptionUnneeded
        | Rule::ExemptionUnused
        | Rule::TooManyOwners
        | Rule::WorkspaceIncomplete => return None,
    };
    let slug = finding.workspace.as_deref()?;
    finding.message.split_once(&format!(" in {slug}: {phrase}"))
}

/// What a finding is about: the key of a member, the id of an exemption, or a slug.
pub(crate) fn subject_of(finding: &Finding) -> &str {
    let subject = finding.key.as_deref().or(finding.exemption.as_deref());
    subject.or(finding.workspace.as_deref()).unwrap_or("policy")
}

/// The findings of one rule, in the report's order.
pub(crate) fn of_rule(report: &Report, rule: Rule) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(move |finding| finding.rule == rule)
}

/// The findings by level and rule, errors first.
pub(crate) fn by_rule(report: &Report) -> impl Iterator<Item = (Severity, Rule, Vec<&Finding>)> {
    let kinds = Severity::ALL.into_iter().flat_map(|level| Rule::ALL.map(|rule| (level, rule)));
    kinds.filter_map(|(level, rule)| {
        let found = of_rule(report, rule).filter(|finding| finding.level == level);
        let found: Vec<&Finding> = found.collect();
        (!found.is_empty()).then_some((level, rule, found))
    })
}

/// The sources whose proof counts, as findings name them.
pub(crate) fn accepted(report: &Report, separator: &str) -> String {
    let EffectivePolicy { accept, roster, .. } = &report.policy.effective;
    let names = accept.iter().map(|&source| roster.name_in_findings(source));
    names.collect::<Vec<_>>().join(separator)
}

/// How many members have which outcome. An outcome that no member has is omitted.
fn outcomes(report: &Report) -> String {
    let summary = &report.summary;
    let mut parts = Vec::new();
    if summary.protected > 0 {
        let roster = report.policy.effective.roster;
        let by = summary.protected_by.iter();
        let by = by.map(|(&by, number)| format!("{number} {}", roster.protection(by)));
        let by: Vec<_> = by.collect();
        parts.push(match by.as_slice() {
            [] => format!("{} protected", summary.protected),
            by => format!("{} protected ({})", summary.protected, by.join(", ")),
        });
    }
    let unknown = unknown_violations(report);
    let mut unproven = "without proof or exemption".to_owned();
    if unknown > 0 {
        let off = summary.violations.saturating_sub(unknown);
        unproven += &format!(" ({})", some([(off, "off"), (unknown, "unknown")]).join(", "));
    }
    parts.extend(some([
        (summary.exempt, "exempt"),
        (summary.violations, &*unproven),
        (summary.not_applicable, "not applicable"),
    ]));
    if parts.is_empty() { "none listed".into() } else { parts.join(", ") }
}

/// How many memberships there are, and of how many people, where several workspaces were read.
pub(crate) fn several_people(report: &Report) -> Option<String> {
    if report.workspaces.iter().filter(|workspace| workspace.complete).count() < 2 {
        return None;
    }
    let keys = report.members.iter().map(|judged| judged.member.key());
    let people = match number(keys.collect::<HashSet<_>>().len()) {
        1 => "1 person".to_owned(),
        people => format!("{people} people"),
    };
    Some(format!("{} of {people}", count(report.summary.members, "membership")))
}

/// The counts in one line.
pub(crate) fn counts(report: &Report) -> String {
    let members = several_people(report);
    let members = members.unwrap_or_else(|| count(report.summary.members, "member"));
    let outsiders = report.members.iter().filter(|judged| judged.member.access.is_some()).count();
    let outsiders = match outsiders {
        0 => String::new(),
        1 => " (1 is not a member of the workspace)".into(),
        more => format!(" ({more} are not members of the workspace)"),
    };
    format!("{members}{outsiders}: {}; {}", outcomes(report), findings(report))
}

/// How many members have neither proof nor exemption, and are unknown to every accepted source.
pub(crate) fn unknown_violations(report: &Report) -> u64 {
    let is_unknown = |judged: &&JudgedMember| {
        let JudgedMember { member, outcome, .. } = judged;
        *outcome == Outcome::Violation && member.two_factor == TwoFactor::Unknown
    };
    number(report.members.iter().filter(is_unknown).count())
}

/// How many members no accepted source knows, of those who log in.
pub(crate) fn unknown(report: &Report) -> u64 {
    let unknown = |judged: &&JudgedMember| {
        let JudgedMember { member, outcome, .. } = judged;
        member.two_factor == TwoFactor::Unknown && *outcome != Outcome::NotApplicable
    };
    number(report.members.iter().filter(unknown).count())
}

/// How many findings there are of each level.
pub(crate) fn findings(report: &Report) -> String {
    let summary = &report.summary;
    format!("{}, {}", count(summary.errors, "error"), count(summary.warnings, "warning"))
}

/// The name that the member shows, if any.
pub(crate) fn shown_name(member: &ListedMember) -> Option<&str> {
    member::shown_name([&member.display_name, &member.nickname])
}

/// Why no second factor is asked of a member whose outcome is "not applicable".
pub(crate) fn why_not_applicable(member: &ListedMember) -> String {
    format!("not applicable: {}", why_no_login(member))
}

/// The same without the outcome.
pub(crate) fn why_no_login(member: &ListedMember) -> String {
    match (&member.kind, &member.account_status) {
        (Kind::AppUser, _) => "an app's account, which does not log in".into(),
        (Kind::User | Kind::Other(_), Some(status)) => {
            format!("the account is {} and does not log in", status.as_str())
        }
        (Kind::User | Kind::Other(_), None) => "the account does not log in".into(),
    }
}

/// The sources that were asked as well as Bitbucket, a line each.
pub(crate) fn other_sources(source: &Provenance) -> Vec<String> {
    let organisation = source.atlassian.as_ref().map(|directory| {
        let accounts = match directory.accounts {
            Some(accounts) => count(accounts, "managed account"),
            None => "its directory could not be read".into(),
        };
        format!("Atlassian organisation {}: {accounts}", directory.organisation)
    });
    let roster = source.roster.as_ref().map(|roster| {
        let unmatched = match roster.unmatched {
            Some(unmatched) => format!("{unmatched} about no member"),
            None => "not all compared".into(),
        };
        let rows = count(roster.rows, "row");
        format!("roster {} of {}: {rows}, {unmatched}", roster.path, roster.as_of)
    });
    let entra = source.entra.as_ref().map(|asked| {
        let users = match asked.rows {
            Some(rows) => format!("{} in its list of registered methods", count(rows, "user")),
            None => "its lists could not be read".into(),
        };
        format!("Microsoft Entra tenant {} at {}: {users}", asked.tenant, asked.read_at)
    });
    organisation.into_iter().chain(roster).chain(entra).collect()
}

/// What protects a member: a proof that the policy accepts.
pub(crate) fn protected(by: Option<Source>, roster: RosterKind) -> String {
    match by {
        Some(source) => format!("protected ({})", roster.protection(source)),
        None => "protected".into(),
    }
}

/// A workspace in one line: how many members, and how it was read.
pub(crate) fn read(workspace: &Workspace) -> String {
    let how = read_how(workspace);
    if workspace.complete {
        format!("{}: {}, {how}", workspace.slug, count(workspace.members, "member"))
    } else {
        format!("{}: {how}", workspace.slug)
    }
}

fn why_unchecked(workspace: &Workspace) -> &str {
    workspace.error.as_deref().unwrap_or("nothing is known of its members")
}

/// How it is known that a workspace was read to its end, or why it could not be checked.
pub(crate) fn read_how(workspace: &Workspace) -> String {
    match workspace.completeness {
        _ if !workspace.complete => format!("could not be checked: {}", why_unchecked(workspace)),
        Some(Completeness::Size) => "complete by the server's own count".into(),
        Some(Completeness::LastPage) => "complete to the last page".into(),
        Some(Completeness::Asserted) => "taken to be complete, a CSV has no count".into(),
        None => "complete".into(),
    }
}

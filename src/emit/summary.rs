//! What several formats say in the same words. Nothing here is escaped: the texts hold slugs,
//! names and reasons as they are.

mod headline;

use std::collections::HashMap;
use std::fmt::Write;

use crate::member::{self, Kind, Source, TwoFactor};
use crate::reading::{Completeness, Origin};
use crate::report::{
    Assurance, Finding, JudgedExemption, JudgedMember, ListedMember, Outcome, Provenance,
    Redaction, Report, Severity, Workspace,
};
use crate::rule::Rule;
pub(crate) use headline::{Headline, bare_headline, headline};

/// How many workspaces a sentence names before it counts them.
const NAMED_WORKSPACES: usize = 3;

/// A number and the thing counted, such as `1 member` and `2 members`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
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

/// What a rule is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A member of a workspace.
    Member,
    /// An entry of the policy.
    Exemption,
    /// A workspace.
    Workspace,
}

/// What a rule is about.
pub(crate) fn subject(rule: Rule) -> Subject {
    match rule {
        Rule::TwoFactorDisabled | Rule::TwoFactorUnknown => Subject::Member,
        Rule::ExemptionExpired
        | Rule::ExemptionOverLimit
        | Rule::ExemptionNotAllowed
        | Rule::ExemptionExpiring
        | Rule::ExemptionUnneeded
        | Rule::ExemptionUnused => Subject::Exemption,
        Rule::WorkspaceIncomplete => Subject::Workspace,
    }
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

/// The exemptions by id.
pub(crate) fn exemptions(report: &Report) -> HashMap<&str, &JudgedExemption> {
    report.exemptions.iter().map(|own| (&*own.id, own)).collect()
}

/// `error` or `warning`.
pub(crate) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A source as people know it.
pub(crate) fn source(source: Source) -> &'static str {
    match source {
        Source::Bitbucket => "Bitbucket",
        Source::Atlassian => "Atlassian account",
        Source::Roster => "roster",
        Source::Sso => "delegated to the identity provider",
    }
}

/// A source in a word.
pub(crate) fn source_name(source: Source) -> &'static str {
    match source {
        Source::Bitbucket => "Bitbucket",
        Source::Atlassian => "Atlassian",
        Source::Roster => "Roster",
        Source::Sso => "SSO",
    }
}

/// How many members have which outcome, without those that nobody has.
fn outcomes(report: &Report) -> String {
    let summary = &report.summary;
    let mut parts = Vec::new();
    if summary.protected > 0 {
        let by = summary.protected_by.iter();
        let by: Vec<_> = by.map(|(own, number)| format!("{number} {}", source(*own))).collect();
        parts.push(match by.as_slice() {
            [] => format!("{} protected", summary.protected),
            by => format!("{} protected ({})", summary.protected, by.join(", ")),
        });
    }
    for (number, outcome) in [
        (summary.exempt, "exempt"),
        (summary.violations, "without proof or exemption"),
        (summary.not_applicable, "not applicable"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {outcome}"));
        }
    }
    if parts.is_empty() { "nobody listed".into() } else { parts.join(", ") }
}

/// The counts in one line.
pub(crate) fn counts(report: &Report) -> String {
    let summary = &report.summary;
    let mut line = format!("{}: {}", count(summary.members, "member"), outcomes(report));
    let unknown = unknown(report);
    if unknown > 0 {
        // Writing to a String cannot fail.
        let _ = write!(line, "; {unknown} unknown to every accepted source");
    }
    let _ = write!(line, "; {}", findings(report));
    line
}

/// How many members no accepted source knows, of those who log in: of others nobody asks it.
pub(crate) fn unknown(report: &Report) -> u64 {
    let unknown = |own: &&JudgedMember| {
        own.member.two_factor == TwoFactor::Unknown && own.outcome != Outcome::NotApplicable
    };
    number(report.members.iter().filter(unknown).count())
}

/// How many findings there are of each level.
pub(crate) fn findings(report: &Report) -> String {
    let summary = &report.summary;
    format!("{}, {}", count(summary.errors, "error"), count(summary.warnings, "warning"))
}

/// Why a report is not live, if it is not: by what it says of itself.
pub(crate) fn not_live(report: &Report) -> Option<String> {
    let what = match report.assurance {
        Assurance::Live => return None,
        Assurance::Offline => "offline",
        Assurance::Simulated => "simulated",
    };
    let from_file = report.workspaces.iter().filter(|own| own.source != Origin::Api);
    let from_file: Vec<&str> = from_file.map(|own| &*own.slug).collect();
    let was_asked = report.workspaces.iter().any(|own| own.requests > 0);
    let from = match &report.source.api_url {
        Some(url) if from_file.is_empty() && was_asked => format!("{url} was asked"),
        Some(url) if from_file.is_empty() => format!("{url} was to be asked"),
        Some(url) if from_file.len() < report.workspaces.len() => {
            let slugs = slugs(from_file.into_iter());
            format!("the members of {slugs} come from a file, {url} was asked for the rest")
        }
        Some(_) | None => "the members come from a file, Bitbucket was not asked".into(),
    };
    let other = report.source.atlassian.as_ref().filter(|own| !own.is_at_default());
    let other = other.map(|own| format!(", {} was asked for the organisation", own.api_url));
    let day = report.options.today.then(|| format!("; judged as of {}", report.today));
    let (other, day) = (other.unwrap_or_default(), day.unwrap_or_default());
    Some(format!("{what}: {from}{other}{day}"))
}

/// What a reader has to know before relying on the verdict, one sentence fragment each.
pub(crate) fn caveats(report: &Report) -> Vec<String> {
    let mut caveats = Vec::new();
    caveats.extend(not_live(report));
    caveats.extend(clock(&report.source));
    if !report.options.redirected_by.is_empty() {
        let by = report.options.redirected_by.iter().map(ToString::to_string);
        let by = by.collect::<Vec<_>>().join(", ");
        caveats.push(format!("redirected: {by} could answer in the place of a server"));
    }
    if !report.workspaces_not_checked.is_empty() {
        let selected = number(report.workspaces.len());
        let all = selected.saturating_add(number(report.workspaces_not_checked.len()));
        caveats.push(format!(
            "{selected} of {} selected, not checked: {}",
            count(all, "workspace"),
            slugs(report.workspaces_not_checked.iter().map(|slug| &**slug))
        ));
    }
    if let Some(Redaction { key_id, for_this_run }) = &report.redaction {
        let key = if *for_this_run {
            "the key is this run's alone".into()
        } else {
            format!("key fingerprint {key_id}")
        };
        caveats.push(format!(
            "redacted: people are named by pseudonyms ({key}), what people wrote is withheld"
        ));
    }
    let alone = report.summary.protected_by_roster_alone;
    if alone > 0 {
        let are = if alone == 1 { "is" } else { "are" };
        caveats.push(format!(
            "{} {are} protected by the roster alone, which says who registered a second factor, \
             not who is made to use it",
            count(alone, "member")
        ));
    }
    if report.options.ignore_exemptions {
        caveats.push("--ignore-exemptions: no exemption excuses anybody".into());
    }
    if report.options.strict {
        caveats.push("--strict: warnings are errors".into());
    }
    if report.options.exit_zero {
        caveats.push("--exit-zero: violations alone do not fail the run".into());
    }
    caveats
}

/// That the clock of the machine was not right, where that is to be said.
pub(crate) fn clock(source: &Provenance) -> Option<String> {
    let gap = source.clock.filter(|gap| gap.is_notable())?;
    Some(format!("the clock of the machine that asked is not right: {gap}"))
}

/// A hint for the case that many members fail and only Bitbucket's own flag counts, which does not
/// know about single sign-on or the Atlassian account.
pub(crate) fn sign_on_hint(report: &Report) -> Option<&'static str> {
    let summary = &report.summary;
    let applicable = summary.members.saturating_sub(summary.not_applicable);
    let many = summary.violations.saturating_mul(5) > applicable;
    (many && report.policy.effective.accept == [Source::Bitbucket]).then_some(
        "Bitbucket's flag is Bitbucket's own second step: whoever signs in through SSO, or has \
         two-step verification on the Atlassian account, can show as off here. `accept` in the \
         policy takes other proofs: the Atlassian organisation, or an identity provider's export.",
    )
}

/// A member for people: the name, and the key whole.
pub(crate) fn person(own: &ListedMember) -> String {
    member::label(&own.key, [&own.display_name, &own.nickname])
}

/// The name that the member shows, if any.
pub(crate) fn shown_name(own: &ListedMember) -> Option<&str> {
    member::shown_name([&own.display_name, &own.nickname])
}

/// Why no second factor is asked of a member whose outcome is "not applicable".
pub(crate) fn why_not_applicable(member: &ListedMember) -> String {
    format!("not applicable: {}", why_nobody_logs_in(member))
}

/// The same without the outcome.
pub(crate) fn why_nobody_logs_in(member: &ListedMember) -> String {
    match (&member.kind, &member.account_status) {
        (Kind::AppUser, _) => "an app's account, nobody logs in with it".into(),
        (Kind::User | Kind::Other(_), Some(status)) => {
            format!("the account is {}, nobody logs in with it", status.as_str())
        }
        (Kind::User | Kind::Other(_), None) => "nobody logs in with it".into(),
    }
}

/// Why a member is exempt, and until when.
pub(crate) fn why_exempt(id: &str, exemption: Option<&JudgedExemption>) -> String {
    match exemption {
        Some(own) => format!("exempt by {id} until {}: {}", own.expires, own.reason),
        None => format!("exempt by {id}"),
    }
}

/// What was asked beside Bitbucket, in a line each.
pub(crate) fn other_sources(source: &Provenance) -> Vec<String> {
    let organisation = source.atlassian.as_ref().map(|own| {
        let accounts = match own.accounts {
            Some(accounts) => count(accounts, "managed account"),
            None => "its directory could not be read".into(),
        };
        format!("Atlassian organisation {}: {accounts}", own.organisation)
    });
    let roster = source.roster.as_ref().map(|own| {
        let unmatched = match own.unmatched {
            Some(unmatched) => format!("{unmatched} about no member"),
            None => "not all compared".into(),
        };
        let rows = count(own.rows, "row");
        format!("roster {} of {}: {rows}, {unmatched}", own.path, own.as_of)
    });
    organisation.into_iter().chain(roster).collect()
}

/// What protects a member: a proof that the policy accepts.
pub(crate) fn protected(by: Option<Source>) -> &'static str {
    match by {
        Some(Source::Bitbucket) => "protected (Bitbucket)",
        Some(Source::Atlassian) => "protected (Atlassian account)",
        Some(Source::Roster) => "protected (roster)",
        Some(Source::Sso) => "protected (delegated to the identity provider)",
        None => "protected",
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

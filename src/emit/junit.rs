//! JUnit XML, valid against the schema of Jenkins' xUnit plugin (`junit-10.xsd`): a suite for each
//! workspace and one for the exemptions, failures first.
//!
//! GitLab shows the text of an element and Jenkins its `message`, so a reason is in both. Most
//! readers hide what a passed case says, so a warning is a skipped case.

mod xml;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;

use self::xml::Frame;
use super::summary;
use super::summary::Exemptions;
use crate::location::Location;
use crate::member::Role;
use crate::report::{
    Finding, JudgedExemption, JudgedMember, Outcome, Report, Severity, State, Workspace,
};
use crate::roster_kind::RosterKind;
use crate::rule::Rule;

/// The suite of the exemptions. No workspace has this name: a slug has no blank.
const EXEMPTIONS: &str = "policy exemptions";

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut notes = vec![summary::headline(report).to_string()];
    notes.extend(summary::caveats(report));
    let frame = Frame {
        package: &report.tool.name,
        file: &report.policy.path,
        timestamp: report.checked_at,
        notes: &notes,
    };
    let wording = Wording {
        exemptions: Exemptions::of(report),
        several_sources: report.policy.effective.accept.len() > 1,
        roster: report.policy.effective.roster,
    };
    writeln!(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites>")?;
    for (id, (name, cases)) in suites(report).into_iter().enumerate() {
        frame.suite(id, name, cases, &wording, out)?;
    }
    writeln!(out, "</testsuites>")?;
    Ok(())
}

/// A case. There may be a hundred thousand, so what it says is worked out when it is written.
#[derive(Clone, Copy)]
struct Case<'a> {
    about: About<'a>,
    finding: Option<&'a Finding>,
}

/// What a case is about.
#[derive(Clone, Copy)]
enum About<'a> {
    Member(&'a JudgedMember),
    Exemption(&'a JudgedExemption),
    /// A workspace that could not be read, or that has no members.
    Workspace(&'a Workspace),
    /// A finding about something that is not listed.
    Finding(&'a Finding),
    /// A report without workspaces.
    Nothing,
}

impl Case<'_> {
    /// Owners come before other members of the same result.
    fn is_about_an_owner(&self) -> bool {
        matches!(self.about, About::Member(judged) if judged.member.role == Some(Role::Owner))
    }
}

/// The result of a case, in the order in which they are written: Bitbucket shows the first hundred
/// failures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Failure,
    Error,
    Skipped,
    Passed,
}

/// What is said of a case.
struct Told<'a> {
    fate: Fate,
    type_: &'static str,
    /// Empty where there is nothing to say of a case that passed.
    message: Cow<'a, str>,
    help: Option<&'a str>,
    /// What to edit.
    place: Option<&'a Location>,
}

/// The suites by name, each with at least one case: readers would take an empty suite for a
/// workspace that was checked. Every finding becomes a case.
fn suites<'a>(report: &'a Report) -> Vec<(&'a str, Vec<Case<'a>>)> {
    let mut findings = Findings::new(&report.findings);
    let slugs = report.workspaces.iter().map(|workspace| (&*workspace.slug, Vec::new()));
    let mut suites: BTreeMap<&str, Vec<Case<'_>>> = slugs.collect();
    let mut member = |judged: &'a JudgedMember| {
        let finding = match judged.outcome {
            Outcome::Violation => findings.take(&judged.member.workspace, judged.member.key()),
            Outcome::Protected | Outcome::Exempt | Outcome::NotApplicable => None,
        };
        Case { about: About::Member(judged), finding }
    };
    for members in report.members.chunk_by(|a, b| a.member.workspace == b.member.workspace) {
        let slug = members.first().map_or("", |judged| &judged.member.workspace);
        suites.entry(slug).or_default().extend(members.iter().map(&mut member));
    }
    let exemption = |judged: &'a JudgedExemption| Case {
        about: About::Exemption(judged),
        finding: findings.take("", &judged.id),
    };
    let mut exemptions: Vec<Case<'_>> = report.exemptions.iter().map(exemption).collect();
    for finding in findings.rest() {
        let suite = match &finding.workspace {
            Some(slug) => suites.entry(slug).or_default(),
            None => &mut exemptions,
        };
        suite.push(Case { about: About::Finding(finding), finding: Some(finding) });
    }
    for workspace in &report.workspaces {
        let cases = suites.entry(&workspace.slug).or_default();
        let said = |case: &Case<'_>| case.finding.map(|finding| finding.rule);
        let unread = Some(Rule::WorkspaceIncomplete);
        if cases.is_empty() || !workspace.complete && cases.iter().all(|case| said(case) != unread)
        {
            cases.push(Case { about: About::Workspace(workspace), finding: None });
        }
    }
    let mut suites: Vec<_> = suites.into_iter().collect();
    if !exemptions.is_empty() {
        suites.push((EXEMPTIONS, exemptions));
    }
    if suites.is_empty() {
        suites.push(("workspaces", vec![Case { about: About::Nothing, finding: None }]));
    }
    suites
}

/// The findings that no case has yet.
struct Findings<'a> {
    /// By workspace and key of a member, or by nothing and the id of an exemption.
    by_subject: BTreeMap<(&'a str, &'a str), &'a Finding>,
    others: Vec<&'a Finding>,
}

impl<'a> Findings<'a> {
    fn new(findings: &'a [Finding]) -> Self {
        let mut sorted = Findings { by_subject: BTreeMap::new(), others: Vec::new() };
        for finding in findings {
            let subject = match (&finding.workspace, &finding.key, &finding.exemption) {
                (Some(slug), Some(key), None) => (&**slug, &**key),
                (None, _, Some(id)) => ("", &**id),
                (Some(_), _, Some(_)) | (Some(_), None, None) | (None, _, None) => {
                    sorted.others.push(finding);
                    continue;
                }
            };
            // The report lists the worst first: that one decides what becomes of a member.
            match sorted.by_subject.entry(subject) {
                Entry::Vacant(entry) => {
                    entry.insert(finding);
                }
                Entry::Occupied(_) => sorted.others.push(finding),
            }
        }
        sorted
    }

    fn take(&mut self, slug: &'a str, key: &'a str) -> Option<&'a Finding> {
        self.by_subject.remove(&(slug, key))
    }

    fn rest(self) -> impl Iterator<Item = &'a Finding> {
        self.by_subject.into_values().chain(self.others)
    }
}

/// What the texts of cases need to know about the report.
struct Wording<'a> {
    exemptions: Exemptions<'a>,
    /// Whether more than one source is accepted. Otherwise a member who passed needs no explanation.
    several_sources: bool,
    roster: RosterKind,
}

impl<'a> Wording<'a> {
    fn told(&self, case: &Case<'a>) -> Told<'a> {
        match (case.finding, case.about) {
            (Some(finding), _) | (None, About::Finding(finding)) => found(finding),
            (None, About::Member(judged)) => self.member(judged),
            (None, About::Exemption(judged)) => exemption(judged),
            (None, About::Workspace(workspace)) => {
                let unsaid = if workspace.complete { "no member is listed" } else { "not read" };
                let why = workspace.error.as_deref().unwrap_or(unsaid);
                failed(Rule::WorkspaceIncomplete, why)
            }
            (None, About::Nothing) => failed(Rule::WorkspaceIncomplete, "no workspace is listed"),
        }
    }

    fn member(&self, judged: &'a JudgedMember) -> Told<'a> {
        let (member, type_) = (&judged.member, judged.outcome.id());
        match judged.outcome {
            Outcome::Protected if self.several_sources => {
                passed(summary::protected(member.decided_by, self.roster))
            }
            Outcome::Protected => passed(""),
            Outcome::Exempt => {
                let excuse = self.exemptions.excuse(judged);
                let place = excuse.entry.map(|(_, exemption)| &exemption.location);
                skipped(type_, excuse.why(), place)
            }
            Outcome::NotApplicable => skipped(type_, summary::why_not_applicable(member), None),
            // Only an edited report has no finding for it. It must not pass because of that.
            Outcome::Violation => {
                let rule = member.rule();
                failed(rule, rule.description())
            }
        }
    }
}

/// What a finding says. A warning does not fail, and readers show the text of a skipped case.
fn found(finding: &Finding) -> Told<'_> {
    let (fate, message) = match finding.level {
        Severity::Error => (failure(finding.rule), Cow::Borrowed(&*finding.message)),
        Severity::Warning => (Fate::Skipped, format!("warning: {}", finding.message).into()),
    };
    let (help, place) = (Some(&*finding.help), Some(&finding.location));
    Told { fate, type_: finding.rule.id(), message, help, place }
}

/// A failure, or an error where the rule says that something is not known.
fn failure(rule: Rule) -> Fate {
    match rule {
        Rule::TwoFactorUnknown | Rule::WorkspaceIncomplete => Fate::Error,
        Rule::TwoFactorDisabled
        | Rule::ExemptionExpired
        | Rule::ExemptionOverLimit
        | Rule::ExemptionNotAllowed
        | Rule::ExemptionExpiring
        | Rule::ExemptionUnneeded
        | Rule::TooManyOwners
        | Rule::ExemptionUnused => Fate::Failure,
    }
}

/// A failure that the report has no finding for.
fn failed(rule: Rule, message: &str) -> Told<'_> {
    let (message, help) = (message.into(), Some(rule.help()));
    Told { fate: failure(rule), type_: rule.id(), message, help, place: None }
}

fn skipped<'a>(
    type_: &'static str,
    message: impl Into<Cow<'a, str>>,
    place: Option<&'a Location>,
) -> Told<'a> {
    Told { fate: Fate::Skipped, type_, message: message.into(), help: None, place }
}

fn passed<'a>(message: impl Into<Cow<'a, str>>) -> Told<'a> {
    Told { fate: Fate::Passed, type_: "", message: message.into(), help: None, place: None }
}

fn exemption(judged: &JudgedExemption) -> Told<'_> {
    if judged.state == State::Unresolved {
        let why = "its workspaces were not all read";
        return skipped(judged.state.id(), why, Some(&judged.location));
    }
    passed("")
}

//! JUnit XML, valid against the schema of Jenkins' xUnit plugin (`junit-10.xsd`): a suite a
//! workspace and one for the exemptions, what fails first.
//!
//! GitLab reads an element's text and Jenkins its `message`, so a reason stands in both. What a
//! passed case says is hidden by most, so a warning is a skipped case.

mod xml;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io;

use self::xml::Frame;
use super::rule_of;
use super::summary;
use super::summary::Subject;
use crate::location::Location;
use crate::report::{
    Finding, JudgedExemption, JudgedMember, ListedMember, Outcome, Report, Severity, State,
    Workspace,
};
use crate::rule::Rule;

/// The suite of the exemptions. No workspace is called so: a slug has no blank.
const EXEMPTIONS: &str = "policy exemptions";

/// Writes the report.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> anyhow::Result<()> {
    let mut said = vec![summary::headline(report).to_string()];
    said.extend(summary::caveats(report));
    let frame = Frame {
        package: &report.tool.name,
        file: &report.policy.path,
        timestamp: report.checked_at,
        said: &said,
    };
    writeln!(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites>")?;
    for (id, (name, mut cases)) in suites(report).into_iter().enumerate() {
        // Bitbucket shows the first hundred failures.
        cases.sort_by_key(|case| case.fate.rank());
        frame.suite(id, name, cases, out)?;
    }
    writeln!(out, "</testsuites>")?;
    Ok(())
}

/// A case: who or what it is about, and what became of it.
struct Case<'a> {
    about: About<'a>,
    fate: Retry<'a>,
}

/// What a case is about.
enum About<'a> {
    Member(&'a ListedMember),
    Exemption(&'a JudgedExemption),
    Workspace(&'a str),
}

/// What became of a case.
enum Retry<'a> {
    Failure(Told<'a>),
    Error(Told<'a>),
    Skipped(Told<'a>),
    /// And why, where there is anything to say.
    Passed(Option<String>),
}

impl Retry<'_> {
    /// Where it stands among the others.
    fn rank(&self) -> u8 {
        match self {
            Retry::Failure(_) => 0,
            Retry::Error(_) => 1,
            Retry::Skipped(_) => 2,
            Retry::Passed(_) => 3,
        }
    }
}

/// What is said of a case.
struct Told<'a> {
    type_: &'static str,
    message: Cow<'a, str>,
    help: Option<&'a str>,
    /// What to edit.
    place: Option<&'a Location>,
}

/// The suites by name, each with a case at least: one without would pass for a workspace that was
/// checked.
fn suites(report: &Report) -> Vec<(&str, Vec<Case<'_>>)> {
    let lookup = Lookup::new(report);
    let mut workspaces: BTreeMap<&str, Vec<Case<'_>>> = BTreeMap::new();
    for workspace in &report.workspaces {
        let cases = workspaces.entry(&workspace.slug).or_default();
        if !workspace.complete {
            cases.push(unread(workspace, &lookup));
        }
    }
    for judged in &report.members {
        let cases = workspaces.entry(&judged.member.workspace).or_default();
        cases.push(member(judged, &lookup));
    }
    for (slug, cases) in &mut workspaces {
        if cases.is_empty() {
            cases.push(nobody(slug));
        }
    }
    let mut suites: Vec<_> = workspaces.into_iter().collect();
    if !report.exemptions.is_empty() {
        let cases = report.exemptions.iter().map(|judged| exemption(judged, &lookup));
        suites.push((EXEMPTIONS, cases.collect()));
    }
    if suites.is_empty() {
        suites.push(("workspaces", vec![nobody("none")]));
    }
    suites
}

/// Findings and exemptions by whom they are about.
struct Lookup<'a> {
    members: HashMap<(&'a str, &'a str), &'a Finding>,
    by_exemption: HashMap<&'a str, &'a Finding>,
    workspaces: HashMap<&'a str, &'a Finding>,
    exemptions: HashMap<&'a str, &'a JudgedExemption>,
    /// Whether more than one source counts as proof.
    several_sources: bool,
}

impl<'a> Lookup<'a> {
    fn new(report: &'a Report) -> Self {
        let mut lookup = Lookup {
            members: HashMap::new(),
            by_exemption: HashMap::new(),
            workspaces: HashMap::new(),
            exemptions: summary::exemptions(report),
            several_sources: report.policy.effective.accept.len() > 1,
        };
        // The report lists the worst first, so the first finding about anything is the one kept.
        for finding in &report.findings {
            let workspace = finding.workspace.as_deref().unwrap_or_default();
            match summary::subject(finding.rule) {
                Subject::Member => {
                    let key = finding.key.as_deref().unwrap_or_default();
                    lookup.members.entry((workspace, key)).or_insert(finding);
                }
                Subject::Exemption => {
                    let id = finding.exemption.as_deref().unwrap_or_default();
                    lookup.by_exemption.entry(id).or_insert(finding);
                }
                Subject::Workspace => {
                    lookup.workspaces.entry(workspace).or_insert(finding);
                }
            }
        }
        lookup
    }
}

fn member<'a>(judged: &'a JudgedMember, lookup: &Lookup<'a>) -> Case<'a> {
    let member = &judged.member;
    let about = About::Member(member);
    match judged.outcome {
        Outcome::Protected => {
            // Where nothing but Bitbucket's word counts, there is nothing to tell.
            let why = lookup.several_sources.then(|| summary::protected(member.decided_by));
            Case { about, fate: Retry::Passed(why) }
        }
        Outcome::Exempt => {
            let id = judged.exemption.as_deref().unwrap_or_default();
            let exemption = lookup.exemptions.get(id).copied();
            let why = summary::why_exempt(id, exemption);
            let place = exemption.map(|exemption| &exemption.location);
            skipped(about, judged.outcome.id(), why.into(), place)
        }
        Outcome::NotApplicable => {
            let why = summary::why_not_applicable(member);
            skipped(about, judged.outcome.id(), why.into(), None)
        }
        Outcome::Violation => match lookup.members.get(&(&*member.workspace, &*member.key)) {
            Some(finding) => found(about, finding),
            // Only an edited report has none, and a violation must not pass for all that.
            None => {
                let rule = rule_of(member.two_factor);
                failed(about, rule, rule.description(), rule.help(), None)
            }
        },
    }
}

fn exemption<'a>(judged: &'a JudgedExemption, lookup: &Lookup<'a>) -> Case<'a> {
    let about = About::Exemption(judged);
    match (lookup.by_exemption.get(&*judged.id), judged.state) {
        (Some(finding), _) => found(about, finding),
        (None, State::Unresolved) => {
            let why = "its workspaces were not all read";
            skipped(about, judged.state.id(), why.into(), Some(&judged.location))
        }
        (
            None,
            State::Unused
            | State::Unneeded
            | State::NotAllowed
            | State::OverLimit
            | State::Expired
            | State::Scheduled
            | State::Expiring
            | State::Active,
        ) => Case { about, fate: Retry::Passed(None) },
    }
}

fn unread<'a>(workspace: &'a Workspace, lookup: &Lookup<'a>) -> Case<'a> {
    let about = About::Workspace(&workspace.slug);
    let rule = Rule::WorkspaceIncomplete;
    match lookup.workspaces.get(&*workspace.slug) {
        Some(finding) => {
            failed(about, rule, &finding.message, &finding.help, Some(&finding.location))
        }
        None => {
            let why = workspace.error.as_deref().unwrap_or(rule.description());
            failed(about, rule, why, rule.help(), None)
        }
    }
}

/// For a workspace, or a report, in which nobody is listed.
fn nobody(slug: &str) -> Case<'_> {
    let rule = Rule::WorkspaceIncomplete;
    failed(About::Workspace(slug), rule, "nobody is listed", rule.help(), None)
}

/// What a finding makes of a case: a warning is no failure, but it is said where it is read.
fn found<'a>(about: About<'a>, finding: &'a Finding) -> Case<'a> {
    let (rule, place) = (finding.rule, Some(&finding.location));
    match finding.level {
        Severity::Error => failed(about, rule, &finding.message, &finding.help, place),
        Severity::Warning => {
            let message = format!("warning: {}", finding.message).into();
            let help = Some(&*finding.help);
            let told = Told { type_: rule.id(), message, help, place };
            Case { about, fate: Retry::Skipped(told) }
        }
    }
}

/// A failure, or an error where the rule says that something is not known.
fn failed<'a>(
    about: About<'a>,
    rule: Rule,
    message: &'a str,
    help: &'a str,
    place: Option<&'a Location>,
) -> Case<'a> {
    let told = Told { type_: rule.id(), message: message.into(), help: Some(help), place };
    let fate = match rule {
        Rule::TwoFactorUnknown | Rule::WorkspaceIncomplete => Retry::Error(told),
        Rule::TwoFactorDisabled
        | Rule::ExemptionExpired
        | Rule::ExemptionOverLimit
        | Rule::ExemptionNotAllowed
        | Rule::ExemptionExpiring
        | Rule::ExemptionUnneeded
        | Rule::ExemptionUnused => Retry::Failure(told),
    };
    Case { about, fate }
}

fn skipped<'a>(
    about: About<'a>,
    type_: &'static str,
    message: Cow<'a, str>,
    place: Option<&'a Location>,
) -> Case<'a> {
    Case { about, fate: Retry::Skipped(Told { type_, message, help: None, place }) }
}

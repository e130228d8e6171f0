//! JUnit XML, valid against the schema of Jenkins' xUnit plugin (`junit-10.xsd`): a suite a
//! workspace and one for the exemptions, what fails first.
//!
//! GitLab reads an element's text and Jenkins its `message`, so a reason stands in both.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Write};

use jiff::Timestamp;
use junit_report::{Duration, Error, OffsetDateTime, TestCase, TestResult, TestSuite};

use super::words::{self, Subject};
use crate::escape::{xml_attribute, xml_cdata};
use crate::member::TwoFactor;
use crate::report::{
    Finding, JudgedExemption, JudgedMember, Outcome, Report, Severity, State, Workspace,
};
use crate::rule::Rule;

/// Writes the report. Its cases are held in memory, since the crate writes a finished tree.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut document = junit_report::Report::new();
    document.add_testsuites(suites(report));
    // The crate writes a few bytes at a time: too few for a call through a table each.
    let mut out = BufWriter::new(out);
    document.write_xml(&mut out).map_err(|error| match error {
        Error::Xml(error) => io::Error::other(error),
        Error::Io(error) => error,
    })?;
    out.write_all(b"\n")?;
    out.flush()
}

fn suites(report: &Report) -> Vec<TestSuite> {
    let lookup = Lookup::new(report);
    let mut workspaces: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for workspace in &report.workspaces {
        let counted = usize::try_from(workspace.members).unwrap_or(usize::MAX);
        let cases = workspaces.entry(&workspace.slug).or_default();
        cases.reserve_exact(counted.min(report.members.len()));
        if !workspace.complete {
            cases.push(unread(workspace, &lookup));
        }
    }
    for judged in &report.members {
        let cases = workspaces.entry(&judged.member.workspace).or_default();
        cases.push(member(judged, &lookup));
    }
    let mut suites: Vec<(String, Vec<TestCase>)> = workspaces
        .into_iter()
        .map(|(slug, mut cases)| {
            // A suite without a case would pass for a workspace that was checked.
            if cases.is_empty() {
                cases.push(nobody(slug));
            }
            (slug.to_owned(), cases)
        })
        .collect();
    if !report.exemptions.is_empty() {
        let cases = report.exemptions.iter().map(|own| exemption(own, &lookup)).collect();
        suites.push(("exemptions".to_owned(), cases));
    }
    if suites.is_empty() {
        suites.push(("workspaces".to_owned(), vec![nobody("none")]));
    }

    let timestamp = timestamp(report.checked_at);
    let said = std::iter::once(words::headline(report).to_string()).chain(words::caveats(report));
    let said = said.map(|line| xml_cdata(&line).into_owned()).collect::<Vec<_>>().join("\n");
    let suite = |(name, mut cases): (String, Vec<TestCase>)| {
        // By cached keys, since a stable sort of large cases would take half their memory again.
        cases.sort_by_cached_key(|case| rank(&case.result));
        TestSuite {
            name: xml_attribute(&name).into_owned(),
            package: report.tool.name.clone(),
            timestamp,
            hostname: "localhost".to_owned(),
            testcases: cases,
            system_out: Some(said.clone()),
            system_err: None,
        }
    };
    suites.into_iter().map(suite).collect()
}

/// What fails comes first: Bitbucket shows the first hundred failures.
fn rank(result: &TestResult) -> u8 {
    match result {
        TestResult::Failure { .. } => 0,
        TestResult::Error { .. } => 1,
        TestResult::Skipped | TestResult::SkippedWithCause { .. } => 2,
        TestResult::Success => 3,
    }
}

/// The time as the crate wants it, from the year 0 on: it cannot write an earlier one.
fn timestamp(at: Timestamp) -> OffsetDateTime {
    const YEAR_ZERO: i64 = -62_167_219_200;
    let seconds = at.as_second().max(YEAR_ZERO);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
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
            exemptions: words::exemptions(report),
            several_sources: report.policy.effective.accept.len() > 1,
        };
        // The report lists the worst first, so the first finding about anything is the one kept.
        for finding in &report.findings {
            let workspace = finding.workspace.as_deref().unwrap_or_default();
            match words::subject(finding.rule) {
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

fn member(judged: &JudgedMember, lookup: &Lookup<'_>) -> TestCase {
    let member = &judged.member;
    let (result, said) = match judged.outcome {
        Outcome::Protected => {
            // Where nothing but Bitbucket's word counts, there is nothing to tell.
            let several = lookup.several_sources;
            (TestResult::Success, several.then(|| words::protected(member.decided_by)))
        }
        Outcome::Exempt => {
            let id = judged.exemption.as_deref().unwrap_or_default();
            let why = words::why_exempt(id, lookup.exemptions.get(id).copied());
            (skipped(judged.outcome.id(), &why), None)
        }
        Outcome::NotApplicable => {
            (skipped(judged.outcome.id(), &words::why_not_applicable(member)), None)
        }
        Outcome::Violation => match lookup.members.get(&(&*member.workspace, &*member.key)) {
            Some(finding) => found(finding),
            // Only an edited report has none, and a violation must not pass for all that.
            None => {
                let rule = match member.two_factor {
                    TwoFactor::Unknown => Rule::TwoFactorUnknown,
                    TwoFactor::Enabled | TwoFactor::Disabled => Rule::TwoFactorDisabled,
                };
                (failed(rule, rule.description(), rule.help()), None)
            }
        },
    };
    case(words::person(member), class_of(&member.workspace), result, said)
}

fn exemption(own: &JudgedExemption, lookup: &Lookup<'_>) -> TestCase {
    let name = match &own.name {
        Some(name) => format!("{} ({name})", own.id),
        None => own.id.to_string(),
    };
    let (result, said) = match (lookup.by_exemption.get(&*own.id), own.state) {
        (Some(finding), _) => found(finding),
        (None, State::Unresolved) => {
            let why = "its workspaces were not all read";
            (skipped(own.state.id(), why), None)
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
        ) => (TestResult::Success, None),
    };
    case(name, "policy.exemptions".to_owned(), result, said)
}

fn unread(workspace: &Workspace, lookup: &Lookup<'_>) -> TestCase {
    let rule = Rule::WorkspaceIncomplete;
    let (message, help) = match lookup.workspaces.get(&*workspace.slug) {
        Some(finding) => (&*finding.message, &*finding.help),
        None => (workspace.error.as_deref().unwrap_or(rule.description()), rule.help()),
    };
    case(unread_name(&workspace.slug), class_of(&workspace.slug), failed(rule, message, help), None)
}

/// Names are unique over all suites: GitLab keeps the first of equal ones.
fn unread_name(slug: &str) -> String {
    format!("{} ({slug})", Rule::WorkspaceIncomplete.id())
}

/// For a workspace, or a report, in which nobody is listed.
fn nobody(slug: &str) -> TestCase {
    let rule = Rule::WorkspaceIncomplete;
    let result = failed(rule, "nobody is listed", rule.help());
    case(unread_name(slug), class_of(slug), result, None)
}

/// What a finding makes of a case: a warning is no failure, but it is said.
fn found(finding: &Finding) -> (TestResult, Option<String>) {
    match finding.level {
        Severity::Error => (failed(finding.rule, &finding.message, &finding.help), None),
        Severity::Warning => {
            let said = format!("warning: {}: {}", finding.rule.id(), finding.message);
            (TestResult::Success, Some(said))
        }
    }
}

/// A failure, or an error where the rule says that something is not known.
fn failed(rule: Rule, message: &str, help: &str) -> TestResult {
    let type_ = rule.id().to_owned();
    let cause = Some(format!("{}\nhelp: {}", xml_cdata(message), xml_cdata(help)));
    let message = xml_attribute(message).into_owned();
    match rule {
        Rule::TwoFactorUnknown | Rule::WorkspaceIncomplete => {
            TestResult::Error { type_, message, cause }
        }
        Rule::TwoFactorDisabled
        | Rule::ExemptionExpired
        | Rule::ExemptionOverLimit
        | Rule::ExemptionNotAllowed
        | Rule::ExemptionExpiring
        | Rule::ExemptionUnneeded
        | Rule::ExemptionUnused => TestResult::Failure { type_, message, cause },
    }
}

fn skipped(type_: &str, why: &str) -> TestResult {
    TestResult::SkippedWithCause {
        type_: type_.to_owned(),
        message: xml_attribute(why).into_owned(),
        cause: Some(xml_cdata(why).into_owned()),
    }
}

/// The class name of a workspace's cases. It has one dot, ours: Jenkins divides packages by dots.
fn class_of(workspace: &str) -> String {
    let workspace = xml_attribute(workspace);
    let mut class = String::with_capacity(10 + workspace.len());
    class.push_str("workspace.");
    class.extend(workspace.chars().map(|c| if c == '.' { '_' } else { c }));
    class
}

fn case(name: String, classname: String, result: TestResult, said: Option<String>) -> TestCase {
    let escaped = match xml_attribute(&name) {
        Cow::Borrowed(_) => None,
        Cow::Owned(escaped) => Some(escaped),
    };
    let mut name = escaped.unwrap_or(name);
    name.shrink_to_fit();
    TestCase {
        name,
        time: Duration::ZERO,
        result,
        classname: Some(classname),
        filepath: None,
        system_out: said.map(|said| xml_cdata(&said).into_owned()),
        system_err: None,
    }
}

//! An in-toto statement that a commit was checked, with the verdict as its test result:
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>.
//!
//! Statements end up in public logs, so this one names rules and workspaces, and no member.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use super::summary;
use crate::ci::build_link;
use crate::report::{Finding, Report, Severity, Verdict};
use crate::rule::{Level, Rule, Subject};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: [Resource<'a>; 1],
    predicate_type: &'static str,
    predicate: TestResult<'a>,
}

/// A resource descriptor of in-toto.
#[derive(Serialize)]
struct Resource<'a> {
    name: &'a str,
    digest: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<&'a str, &'a str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TestResult<'a> {
    result: &'static str,
    configuration: [Resource<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    passed_tests: BTreeSet<String>,
    warned_tests: BTreeSet<String>,
    failed_tests: BTreeSet<String>,
}

/// Writes the statement.
///
/// # Errors
/// Those of `out`, and where a report proves nothing about any commit: one that is not live, is
/// incomplete, or has no subject.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> anyhow::Result<()> {
    ensure!(report.is_live(), "a run that is not live attests nothing");
    let result = match report.verdict {
        Verdict::Compliant if report.summary.warnings == 0 => "PASSED",
        Verdict::Compliant | Verdict::NotEnforced => "WARNED",
        Verdict::Violations => "FAILED",
        Verdict::Incomplete => bail!("a run that is incomplete attests nothing"),
    };
    let subject = report.subject.as_ref();
    let subject = subject.context("the run does not know which commit it is about")?;
    let found = |level| {
        let found = report.findings.iter().filter(move |finding| finding.level == level);
        found.map(test).collect::<BTreeSet<String>>()
    };
    let (failed_tests, mut warned_tests) = (found(Severity::Error), found(Severity::Warning));
    warned_tests.retain(|test| !failed_tests.contains(test));
    let mut passed_tests: BTreeSet<String> = tests(report).collect();
    passed_tests.retain(|test| !failed_tests.contains(test) && !warned_tests.contains(test));
    let policy = &report.policy;
    let unseen = summary::unseen(&policy.effective.coverage);
    let statement = Statement {
        kind: "https://in-toto.io/Statement/v1",
        subject: [Resource {
            name: &subject.name,
            digest: BTreeMap::from([(&*subject.algorithm, &*subject.digest)]),
            annotations: None,
        }],
        predicate_type: "https://in-toto.io/attestation/test-result/v0.1",
        predicate: TestResult {
            result,
            configuration: [Resource {
                name: &policy.path,
                digest: BTreeMap::from([("sha256", &*policy.sha256)]),
                annotations: unseen.map(|unseen| BTreeMap::from([("coverage", unseen)])),
            }],
            url: build_link(&report.source.ci),
            passed_tests,
            warned_tests,
            failed_tests,
        },
    };
    serde_json::to_writer_pretty(&mut *out, &statement)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// The test that a finding is about: a rule in a workspace, or a rule about the policy's entries.
fn test(finding: &Finding) -> String {
    match &finding.workspace {
        Some(workspace) => named(workspace, finding.rule),
        None => named("policy", finding.rule),
    }
}

/// Every test of a run: a rule that the policy lets pass tests nothing, and a workspace that was not
/// read says nothing of its members.
fn tests(report: &Report) -> impl Iterator<Item = String> {
    let policy = &report.policy.effective;
    let is_on = |rule: &Rule| {
        let is_limited = *rule != Rule::TooManyOwners || policy.limits.max_owners.is_some();
        policy.rules.of(*rule) != Level::Allow && is_limited
    };
    Rule::ALL.into_iter().filter(is_on).flat_map(|rule| {
        let workspaces = report.workspaces.iter();
        let places: Vec<&str> = match rule.subject() {
            Subject::Member => workspaces
                .filter(|workspace| workspace.complete)
                .map(|workspace| &*workspace.slug)
                .collect(),
            Subject::Workspace => workspaces.map(|workspace| &*workspace.slug).collect(),
            Subject::Exemption => vec!["policy"],
        };
        places.into_iter().map(move |place| named(place, rule))
    })
}

fn named(place: &str, rule: Rule) -> String {
    format!("{place}/{}", rule.id())
}

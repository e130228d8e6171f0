//! The in-toto statement: the fields of the published predicate, and nobody's name.
//!
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>

use std::sync::Arc;

use jiff::tz::TimeZone;
use mfa_gate::emit::{self, Format};
use mfa_gate::reading::{Coverage, Origin};
use mfa_gate::report::{
    Assurance, Commit, Finding, Options, Provenance, Report, Severity, Verdict,
};
use mfa_gate::rule::{Level, Rule};
use serde_json::{Value, json};

use crate::fixture::{compliant, report, written};

const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

/// A live run, about a commit.
pub(crate) fn about_a_commit(mut report: Report) -> Report {
    report.assurance = Assurance::Live;
    report.today = report.checked_at.to_zoned(TimeZone::UTC).date();
    report.options = Options { today: false, members: false, ..report.options };
    report.source = Provenance {
        api_url: Some("https://api.bitbucket.org/2.0".into()),
        ..Provenance::default()
    };
    for workspace in &mut report.workspaces {
        workspace.source = Origin::Api;
    }
    for judged in &mut report.members {
        Arc::make_mut(&mut judged.member.member).evidence.atlassian = None;
    }
    report.subject = Some(Commit {
        name: "git+https://bitbucket.org/acme/shop".into(),
        algorithm: "gitCommit".into(),
        digest: HASH.into(),
    });
    report
}

fn statement(report: &Report) -> Value {
    serde_json::from_str(&written(Format::InToto, report)).unwrap()
}

/// The names of a list of tests.
fn tests(statement: &Value, list: &str) -> Vec<String> {
    let tests = statement["predicate"][list].as_array().unwrap();
    tests.iter().map(|test| test.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_fields_are_those_of_the_predicate() {
    let mut report = about_a_commit(compliant());
    for (name, value) in [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_RUN_ID", "43"),
    ] {
        report.source.ci.insert(name.into(), value.into());
    }
    let passed: Vec<String> = [
        "acme/two-factor-disabled",
        "acme/two-factor-unknown",
        "acme/workspace-incomplete",
        "policy/exemption-expired",
        "policy/exemption-expiring",
        "policy/exemption-not-allowed",
        "policy/exemption-over-limit",
        "policy/exemption-unneeded",
        "policy/exemption-unused",
    ]
    .map(str::to_owned)
    .into();
    let wanted = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": "git+https://bitbucket.org/acme/shop",
            "digest": {"gitCommit": HASH},
        }],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "PASSED",
            "configuration": [{
                "name": "policies/two factor.yaml",
                "digest": {"sha256": "1".repeat(64)},
                "annotations": {
                    "coverage": "people with access to single repositories were not looked at",
                },
            }],
            "url": "https://github.com/acme/shop/actions/runs/43",
            "passedTests": passed,
            "warnedTests": [],
            "failedTests": [],
        },
    });
    assert_eq!(statement(&report), wanted);
    report.source.ci.clear();
    assert_eq!(statement(&report)["predicate"].get("url"), None);
    report.policy.effective.coverage = vec![Coverage::Members, Coverage::Repositories];
    assert_eq!(statement(&report)["predicate"]["configuration"][0].get("annotations"), None);
}

/// A finding of the shared report about a rule, at a level.
fn finding(rule: Rule, level: Severity) -> Finding {
    let found = report().findings.into_iter().find(|finding| finding.rule == rule);
    Finding { level, ..found.unwrap() }
}

#[test]
fn warnings_are_warned_tests() {
    let mut report = about_a_commit(compliant());
    report.findings = vec![finding(Rule::ExemptionExpiring, Severity::Warning)];
    report.summary.warnings = 1;
    let warned = statement(&report);
    assert_eq!(warned["predicate"]["result"], "WARNED");
    assert_eq!(tests(&warned, "warnedTests"), ["policy/exemption-expiring"]);
    assert!(!tests(&warned, "passedTests").contains(&"policy/exemption-expiring".to_owned()));

    report.verdict = Verdict::NotEnforced;
    report.findings = vec![finding(Rule::TwoFactorDisabled, Severity::Warning)];
    let warned = statement(&report);
    assert_eq!(warned["predicate"]["result"], "WARNED");
    assert_eq!(tests(&warned, "warnedTests"), ["acme/two-factor-disabled"]);
    assert_eq!(tests(&warned, "failedTests"), [""; 0]);
}

#[test]
fn errors_are_failed_tests_and_nobody_is_named() {
    let mut report = about_a_commit(report());
    // A warning about what fails elsewhere in the same workspace is no second result.
    report.findings.push(finding(Rule::TwoFactorDisabled, Severity::Warning));
    let failed = statement(&report);
    assert_eq!(failed["predicate"]["result"], "FAILED");
    assert_eq!(
        tests(&failed, "failedTests"),
        [
            "acme-labs/workspace-incomplete",
            "acme/two-factor-disabled",
            "acme/two-factor-unknown",
            "policy/exemption-expired",
        ]
    );
    let warned = ["policy/exemption-expiring", "policy/exemption-unneeded"];
    assert_eq!(tests(&failed, "warnedTests"), warned);
    // Nothing is known of the members of a workspace that was not read.
    let passed = tests(&failed, "passedTests");
    assert!(passed.iter().all(|test| !test.starts_with("acme-labs/")), "{passed:?}");
    assert!(passed.contains(&"acme/workspace-incomplete".to_owned()), "{passed:?}");

    let text = failed.to_string();
    for own in report.members.iter().map(|judged| &judged.member) {
        let shown = [&own.account_id, &own.uuid, &own.email, &own.nickname, &own.display_name];
        for value in shown.into_iter().flatten().filter(|value| !value.is_empty()) {
            assert!(!text.contains(&**value), "{value} is in {text}");
        }
    }
    for exemption in &report.exemptions {
        assert!(!text.contains(&*exemption.reason), "{text}");
    }
}

#[test]
fn a_rule_that_is_off_tests_nothing() {
    let mut report = about_a_commit(compliant());
    report.policy.effective.rules =
        std::collections::BTreeMap::from([(Rule::ExemptionUnused, Level::Allow)]).into();
    let all = statement(&report).to_string();
    assert!(!all.contains("exemption-unused"), "{all}");
    assert!(all.contains("exemption-unneeded"), "{all}");
}

#[test]
fn what_proves_nothing_is_not_written() {
    let mut incomplete = about_a_commit(report());
    incomplete.verdict = Verdict::Incomplete;
    let without = Report { subject: None, ..about_a_commit(compliant()) };
    let mut offline = about_a_commit(compliant());
    offline.assurance = Assurance::Offline;
    let cases = [(incomplete, "incomplete"), (without, "which commit"), (offline, "not live")];
    for (report, why) in cases {
        let mut out = Vec::new();
        let options = emit::Options::default();
        let error = emit::write(Format::InToto, &report, options, &mut out).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(out, b"", "half a statement");
    }
}

//! The published schemas, and what the readers of each format ask for beyond them.

use std::collections::{BTreeMap, HashSet};
use std::process::Command;
use std::sync::Arc;

use mfa_gate::emit::Format;
use mfa_gate::report::{Finding, Report, Severity};
use mfa_gate::rule::Rule;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

use crate::fixture::{compliant, named, report, written};

/// The schema of SARIF 2.1.0 with errata 01, from OASIS.
const SARIF_SCHEMA: &str = include_str!("../data/sarif-schema-2.1.0.json");

fn sarif_of(report: &Report) -> Value {
    let log: Value = serde_json::from_str(&written(Format::Sarif, report)).unwrap();
    let schema: Value = serde_json::from_str(SARIF_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    log["runs"][0].clone()
}

#[test]
fn sarif_is_valid() {
    sarif_of(&report());
    sarif_of(&named("[x](javascript:1) {0} \u{202e}"));
    let run = sarif_of(&compliant());
    assert_eq!(run["results"], Value::Array(Vec::new()));
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert_eq!(run["automationDetails"]["id"], "mfa-gate/acme/");
}

#[test]
fn sarif_is_what_github_takes() {
    let run = sarif_of(&report());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        let tags = rule["properties"]["tags"].as_array().unwrap();
        assert!(tags.len() <= 10 && tags.iter().any(|tag| tag == "security"));
        assert_eq!(tags.iter().collect::<HashSet<_>>().len(), tags.len());
        let severity = rule["properties"]["security-severity"].as_str().unwrap();
        assert!(severity.parse::<f64>().is_ok_and(|score| score > 0.0 && score < 10.0));
    }
    let mut fingerprints = HashSet::new();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "policies/two%20factor.yaml");
        assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line >= 1));
        let fingerprint = &result["partialFingerprints"]["primaryLocationLineHash"];
        assert!(fingerprints.insert(fingerprint.as_str().unwrap().to_owned()));
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn a_fingerprint_outlives_lines_and_wording() {
    let hashes = |report: &Report| {
        let run = sarif_of(report);
        let results = run["results"].as_array().unwrap().iter();
        results.map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
    };
    let mut moved = report();
    for finding in &mut moved.findings {
        finding.location.line += 3;
        finding.location.end_line += 3;
        finding.message.push('!');
    }
    assert_eq!(hashes(&moved), hashes(&report()));
}

#[test]
fn sarif_stops_at_what_github_takes_and_says_so() {
    let mut large = report();
    let one: Finding = large.findings[1].clone();
    large.findings =
        (0..25_002).map(|at| Finding { key: Some(at.to_string().into()), ..one.clone() }).collect();
    let log: Value = serde_json::from_str(&written(Format::Sarif, &large)).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 25_000);
    let said = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    let text = said.last().unwrap()["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("2 of 25002 results are left out"), "{text}");
}

/// An attribute as it is read back.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).unwrap()?;
    Some(attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned())
}

/// The cases of each suite: name, class name and what became of it.
pub(crate) fn cases(xml: &str) -> BTreeMap<String, Vec<(String, String, String)>> {
    let mut suites: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let mut reader = Reader::from_str(xml);
    let mut suite = String::new();
    loop {
        let event = reader.read_event().unwrap();
        let (Event::Start(element) | Event::Empty(element)) = &event else {
            if matches!(event, Event::Eof) {
                return suites;
            }
            continue;
        };
        match element.name().as_ref() {
            "testsuite" => {
                suite = attribute(element, "name").unwrap();
                assert!(suites.insert(suite.clone(), Vec::new()).is_none(), "{suite} twice");
            }
            "testcase" => {
                assert_eq!(attribute(element, "time").as_deref(), Some("0"));
                let name = attribute(element, "name").unwrap();
                let class = attribute(element, "classname").unwrap();
                suites.get_mut(&suite).unwrap().push((name, class, "passed".to_owned()));
            }
            "failure" | "error" | "skipped" => {
                assert!(!attribute(element, "message").unwrap().is_empty());
                let outcome = element.name().as_ref().to_owned();
                suites.get_mut(&suite).unwrap().last_mut().unwrap().2 = outcome;
            }
            _ => {}
        }
    }
}

#[test]
fn junit_puts_failures_first_and_names_each_case_once() {
    for (suite, cases) in cases(&written(Format::Junit, &named("J. R. \"Bob\""))) {
        let order = ["failure", "error", "skipped", "passed"];
        let ranks: Vec<_> =
            cases.iter().map(|case| order.iter().position(|own| *own == case.2)).collect();
        assert!(ranks.is_sorted(), "{suite}: {ranks:?}");
        let names: HashSet<_> = cases.iter().map(|case| &case.0).collect();
        assert_eq!(names.len(), cases.len());
        assert!(cases.iter().all(|case| case.1.matches('.').count() == 1));
    }
}

#[test]
fn a_warning_is_skipped_in_junit_and_says_itself_and_its_place() {
    let mut report = report();
    report.findings.iter_mut().for_each(|finding| finding.level = Severity::Warning);
    let xml = written(Format::Junit, &report);
    let cases = cases(&xml);
    for (suite, name) in [("acme", "Ben"), ("acme", "木村"), ("policy exemptions", "EX-10")] {
        let case = cases[suite].iter().find(|case| case.0.starts_with(name));
        assert_eq!(case.map(|case| &*case.2), Some("skipped"), "{name}");
    }
    assert!(xml.contains("<skipped type=\"two-factor-disabled\" message=\"warning: Ben"));
    assert!(xml.contains("<![CDATA[warning: Ben <script>"));
}

#[test]
fn whatever_junit_complains_of_has_its_place_in_the_policy() {
    let report = report();
    let xml = written(Format::Junit, &report);
    assert_eq!(xml.matches(" file=\"policies/two factor.yaml\"").count(), 3);
    for finding in &report.findings {
        let text = format!(
            "{}\nhelp: {}\npolicy: policies/two factor.yaml:{}]]>",
            finding.message, finding.help, finding.location.line
        );
        assert!(xml.contains(&text), "{text}");
    }
    // A member that an exemption excuses, and an exemption that nothing is known about.
    for line in [8, 19] {
        assert!(xml.contains(&format!("policy: policies/two factor.yaml:{line}]]></skipped>")));
    }
}

#[test]
fn no_workspace_shares_a_suite_with_the_exemptions() {
    let mut report = report();
    for judged in &mut report.members {
        judged.member.workspace = "exemptions".into();
    }
    report.workspaces[0].slug = "exemptions".into();
    let cases = cases(&written(Format::Junit, &report));
    assert_eq!(cases["exemptions"].len(), report.members.len());
    assert_eq!(cases["policy exemptions"].len(), report.exemptions.len());
}

#[test]
fn a_violation_without_a_finding_still_fails_in_junit() {
    let mut report = report();
    report.findings.clear();
    let cases = cases(&written(Format::Junit, &report));
    assert_eq!(cases["acme"].iter().filter(|case| case.2 == "failure").count(), 1);
    assert_eq!(cases["acme"].iter().filter(|case| case.2 == "error").count(), 1);
    assert_eq!(cases["acme-labs"][0].2, "error");
}

#[test]
fn every_finding_is_a_case_in_junit() {
    let mut report = report();
    let ben = report.findings[1].clone();
    let unlisted = Finding { key: Some("557058:gone".into()), ..ben.clone() };
    let of_workspace = Finding { key: None, rule: Rule::TwoFactorUnknown, ..ben.clone() };
    let unlisted_exemption =
        Finding { exemption: Some("EX-99".into()), ..report.findings[0].clone() };
    report.findings.extend([ben, unlisted, of_workspace, unlisted_exemption]);
    let cases = cases(&written(Format::Junit, &report));
    let failing = cases.values().flatten().filter(|case| case.2 == "failure" || case.2 == "error");
    let errors = report.findings.iter().filter(|finding| finding.level == Severity::Error);
    assert_eq!(failing.count(), errors.count());
    for (suite, name) in [
        ("acme", "two-factor-disabled (557058:1f0c2b3d-0000-4000-8000-000000000002)"),
        ("acme", "two-factor-disabled (557058:gone)"),
        ("acme", "two-factor-unknown (acme)"),
        ("policy exemptions", "exemption-expired (EX-99)"),
    ] {
        assert!(cases[suite].iter().any(|case| case.0 == name), "{name}: {cases:?}");
    }
}

#[test]
fn junit_writes_a_large_suite_in_one_piece() {
    let mut large = report();
    let one = large.members[0].clone();
    large.members = (0..2_500)
        .map(|number| {
            let mut judged = one.clone();
            let member = Arc::make_mut(&mut judged.member.member);
            member.account_id = Some(format!("557058:{number}").into());
            judged
        })
        .collect();
    let xml = written(Format::Junit, &large);
    assert_eq!(xml.matches("<testsuite id=\"0\"").count(), 1);
    assert!(xml.contains(" tests=\"2502\""), "{}", xml.get(..500).unwrap());
    assert_eq!(cases(&xml)["acme"].len(), 2_502);
}

#[test]
fn junit_always_has_a_case_and_an_empty_workspace_does_not_pass() {
    let mut empty = compliant();
    empty.members.clear();
    assert_eq!(cases(&written(Format::Junit, &empty))["acme"][0].2, "error");
    empty.workspaces.clear();
    let cases = cases(&written(Format::Junit, &empty));
    assert_eq!(cases.values().flatten().count(), 1);
}

#[test]
fn junit_can_write_whatever_time_a_report_tells() {
    for (told, written_as) in
        [("-000009-01-01T00:00:00Z", "0000-01-01"), ("9999-12-30T22:00:00Z", "9999-12-30")]
    {
        let report = Report { checked_at: told.parse().unwrap(), ..report() };
        let xml = written(Format::Junit, &report);
        assert!(xml.contains(&format!("timestamp=\"{written_as}T")), "{xml}");
    }
}

#[test]
fn junit_is_valid_where_xmllint_is_installed() {
    let directory = tempfile::tempdir().unwrap();
    for (at, report) in [report(), compliant(), named("]]>\0\u{fffe}\r\n<")].iter().enumerate() {
        let file = directory.path().join(format!("{at}.xml"));
        std::fs::write(&file, written(Format::Junit, report)).unwrap();
        let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/junit-10.xsd");
        let checked =
            Command::new("xmllint").args(["--noout", "--schema", schema]).arg(file).output();
        let Ok(checked) = checked else { return };
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}

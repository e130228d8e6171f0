//! SARIF as its viewers show it, who know less of the standard than it says.

use mfa_gate::emit::{self, Format};
use mfa_gate::escape::sarif_message;
use mfa_gate::report::Report;
use proptest::prelude::*;
use serde_json::Value;

use crate::escaping::text;
use crate::fixture::{named, report, written};

fn run(report: &Report) -> Value {
    let log: Value = serde_json::from_str(&written(Format::Sarif, report)).unwrap();
    log["runs"][0].clone()
}

/// Whether a viewer would find a link: one that knows backslashes, or one that does not.
fn has_link(text: &str) -> bool {
    text.contains("](") || text.contains("://")
}

#[test]
fn no_text_of_a_member_is_a_link() {
    for name in [
        "[Confirm your account](https://evil.example)",
        r"\[Confirm](https://evil.example)",
        r"[Confirm\](https://evil.example)",
        r"[Confirm\\](1)",
        "[[a](b)](c)",
        "[](https://evil.example)",
        "<https://evil.example>",
        "https://evil.example",
    ] {
        let run = run(&named(name));
        let results = run["results"].as_array().unwrap().iter();
        let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        for said in results.chain(notifications) {
            let text = said["message"]["text"].as_str().unwrap();
            assert!(!has_link(text), "{text}");
        }
    }
}

#[test]
fn ids_have_no_braces_in_messages() {
    const UUID: &str = "1f0c2b3d-0000-4000-8000-000000000001";
    for (text, shown) in [
        (format!("Gus ({{{UUID}}}) in acme"), format!("Gus ({UUID}) in acme")),
        (format!("{{{UUID}}}{{{UUID}}}"), format!("{UUID}{UUID}")),
        (format!("{{{{{UUID}}}}}"), format!("{{{{{UUID}}}}}")),
        (format!("{{{UUID}"), format!("{{{{{UUID}")),
        ("{0} {}".to_owned(), "{{0}} {{}}".to_owned()),
    ] {
        assert_eq!(sarif_message(&text), shown);
    }
}

#[test]
fn a_run_and_its_rules_have_the_names_and_times_that_readers_want() {
    let report = report();
    let run = run(&report);
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["fullName"], format!("mfa-gate {}", report.tool.version));
    for rule in driver["rules"].as_array().unwrap() {
        let (id, name) = (rule["id"].as_str().unwrap(), rule["name"].as_str().unwrap());
        assert_eq!(name.to_ascii_lowercase(), id.replace('-', ""));
        assert_eq!(name.matches(|c: char| c.is_ascii_uppercase()).count(), id.split('-').count());
    }
    assert_eq!(driver["rules"][0]["name"], "TwoFactorDisabled");
    assert_eq!(run["invocations"][0]["endTimeUtc"], "2026-10-20T06:00:00Z");
}

/// The last result of a report, with the exempt members.
fn last_suppressed(report: &Report) -> Value {
    let mut out = Vec::new();
    let options = emit::Options { sarif_suppressed: true };
    emit::write(Format::Sarif, report, options, &mut out).unwrap();
    let log: Value = serde_json::from_slice(&out).unwrap();
    log["runs"][0]["results"].as_array().unwrap().last().unwrap().clone()
}

#[test]
fn a_suppression_has_no_status() {
    let result = last_suppressed(&report());
    let keys: Vec<&String> = result["suppressions"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["justification", "kind"]);
}

#[test]
fn an_exempt_member_is_listed_without_an_entry_for_the_exemption() {
    let mut report = report();
    report.exemptions.clear();
    let result = last_suppressed(&report);
    assert_eq!(result["suppressions"][0]["justification"], "exempt by EX-7");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "policies/two%20factor.yaml");
    assert_eq!(place["region"]["startLine"], 1);
    for format in [Format::Html, Format::Junit, Format::Markdown] {
        assert!(written(format, &report).contains("EX-7"), "{format:?}");
    }
}

proptest! {
    #[test]
    fn no_message_has_a_link(text in text(), more in r"[\[\]()\\{}:/ a]{0,12}") {
        let shown = sarif_message(&format!("{text}{more}")).into_owned();
        prop_assert!(!has_link(&shown), "{:?}", shown);
    }
}

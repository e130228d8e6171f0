//! Which reports count: those that are live, complete and what `check` wrote.

use mfa_gate::report::Report;
use serde_json::json;

use super::{POLICY, Reports, at, members};
use crate::live;
use crate::support::policy;

/// Ten days of which the fifth has a report that was made in another way.
fn with_fifth(report: &Report) -> Reports {
    let reports = Reports::daily([1, 2, 3, 4, 6, 7, 8, 9, 10]);
    reports.write("05 02:00", &super::json(report));
    reports
}

#[test]
fn an_edited_report_is_no_evidence() {
    let reports = Reports::daily(1..=10);
    let mut edited = reports.read("05 02:00");
    edited["summary"]["members"] = json!(4);
    reports.write("05 02:00", &edited.to_string());
    let audited = reports.audit(&["--max-gap", "50h"]);
    audited.ends(3, "gaps");
    audited.says("1 report is not evidence");
    audited.says("reports/05-02-00.json of 2025-09-05 02:00 UTC: not evidence: it contradicts");
    // One that shows a violation all the same fails like one.
    reports.look("05 02:00", &[("acme", members(0..2, [2]))]);
    let mut edited = reports.read("05 02:00");
    edited["verdict"] = json!("compliant");
    reports.write("05 02:00", &edited.to_string());
    let audited = reports.audit(&[]);
    audited.ends(1, "violations");
    audited.says("violations: a report that is not evidence shows violations all the same");
    audited.says("judging again gives \"violations\"; it shows violations all the same");
    // What is outside of the period has no say in it.
    reports.audit_of("06", "10", &["--max-gap", "50h"]).ends(0, "covered");
}

#[test]
fn an_exemption_that_the_policy_file_does_not_have_is_no_evidence() {
    let exempting = policy(
        "acme",
        "exemptions:\n  - {id: EX-1, account_id: \
         \"557058:00000000-0000-4000-8000-000000000002\", reason: a bot, expires: 2025-10-30}\n",
    );
    let seen = [("acme", members(0..2, [2]))];
    let mut edited = live::report(&exempting, at("05 02:00"), &seen);
    edited.policy.sha256 = live::report(POLICY, at("05 02:00"), &seen).policy.sha256;
    let audited = with_fifth(&edited).audit(&["--max-gap", "50h"]);
    audited.ends(3, "gaps");
    audited.says("it has other exemptions than the reports before it have of the same policy file");
}

#[test]
fn a_truncated_report_is_no_evidence() {
    for kept in [0, 20, 400, 1500] {
        let reports = Reports::daily(1..=10);
        let whole = reports.sandbox.read(&Reports::name("05 02:00"));
        assert!(whole.len() > kept);
        reports.write("05 02:00", &whole[..kept]);
        let audited = reports.audit(&["--max-gap", "50h"]);
        audited.ends(3, "gaps");
        audited.is("/summary/not_evidence", 1);
        audited.says("reports/05-02-00.json");
    }
}

#[test]
fn another_workspace_counts_for_itself() {
    let zeta = policy("zeta", "");
    let other = live::report(&zeta, at("05 02:00"), &[("zeta", members([], [7]))]);
    let audited = with_fifth(&other).audit(&["--workspace", "acme"]);
    audited.ends(3, "gaps");
    audited.is("/summary/people", 3);
    audited.is("/workspaces/0/gaps/0/length_s", 2 * 86_400);
}

#[test]
fn a_period_without_a_look_says_where_the_reports_are_and_what_to_do() {
    let reports = Reports::daily([1, 2, 9]);
    let audited = reports.audit_of("04", "07", &[]);
    audited.ends(3, "gaps");
    audited.says("no complete reading by a live report within the period");
    audited.says("3 reports are outside of it");
    audited.says("help: Give the reports of runs within the period");
    assert!(!audited.outcome.stdout.contains("0 of 0"), "{}", audited.outcome.stdout);
    let audited = reports.audit_of("01", "09", &[]);
    audited.ends(3, "gaps");
    audited.says("help: Give the reports that are missing from the gaps.");
}

#[test]
fn what_is_not_live_counts_for_nothing() {
    let exposed = [("acme", members(0..2, [2]))];
    let simulated = live::judged(POLICY, at("05 02:00"), &exposed, |run| run.options.today = true);
    let elsewhere = live::judged(POLICY, at("05 02:00"), &exposed, |run| {
        run.source.api_url = Some("http://127.0.0.1:8080/2.0".into());
    });
    let ignored = live::judged(POLICY, at("05 02:00"), &exposed, |run| {
        run.options.ignore_exemptions = true;
    });
    for (report, why) in [
        (simulated, "simulated"),
        (elsewhere, "simulated"),
        (ignored, "exemptions_ignored"),
        (offline(), "offline"),
    ] {
        let reports = with_fifth(&report);
        let audited = reports.audit(&[]);
        audited.ends(3, "gaps");
        audited.is("/not_counted/0/why", why);
        audited.is("/summary/exposed_people", 0);
        reports.audit(&["--max-gap", "50h"]).ends(0, "covered");
    }
}

/// A report on a file of members.
fn offline() -> Report {
    let exposed = [("acme", members(0..2, [2]))];
    let mut report = live::judged(POLICY, at("05 02:00"), &exposed, |run| {
        run.options.members = true;
        run.source.api_url = None;
        run.source.inputs =
            vec![mfa_gate::report::Input { path: "members.json".into(), sha256: "0".repeat(64) }];
    });
    report.workspaces[0].source = mfa_gate::reading::Origin::SavedPages;
    report
}

#[test]
fn an_incomplete_report_counts_for_nothing() {
    let seen = [("acme", Err("the credential was refused"))];
    let audited = with_fifth(&live::report(POLICY, at("05 02:00"), &seen)).audit(&[]);
    audited.ends(3, "gaps");
    audited.is("/summary/looks", 9);
    audited.is("/not_counted/0/workspace", "acme");
    audited.says("acme: not read to the end: the credential was refused");
    // Another workspace of the same report was looked at.
    let both = policy("acme, labs", "");
    let seen = [("acme", Err("the credential was refused")), ("labs", members(0..2, []))];
    let audited = with_fifth(&live::report(&both, at("05 02:00"), &seen)).audit(&[]);
    audited.is("/workspaces/1/looks/0/at", "2025-09-05T02:00:00Z");
}

#[test]
fn a_duplicate_is_one_report() {
    let reports = Reports::daily(1..=10);
    let text = reports.sandbox.read(&Reports::name("05 02:00"));
    std::fs::create_dir_all(reports.sandbox.path("reports/a/b")).unwrap();
    reports.sandbox.write("reports/a/b/again.json", text);
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.is("/summary/looks", 10);
    audited.is("/files/duplicates", 1);
}

#[test]
fn other_files_are_passed_over() {
    let reports = Reports::daily(1..=10);
    let before = reports.audit(&[]).json;
    reports.sandbox.write("reports/members.json", r#"{"schema_version":1,"members":[]}"#);
    reports.sandbox.write("reports/list.JSON", "[1, 2]");
    reports.sandbox.write("reports/notes.txt", "not JSON");
    let audited = reports.audit(&["-v"]);
    audited.ends(0, "covered");
    audited.is("/files/other_json", 2);
    assert!(audited.outcome.stderr.contains("reports/members.json is not a report"));
    assert!(!audited.outcome.stderr.contains("notes.txt"));
    // An earlier audit may lie among the reports, and is not counted where it is written anew.
    let args = ["audit", "reports", "--from=2025-09-01", "--to=2025-09-10"];
    for _ in 0..2 {
        let json = ["--report=json=reports/audit.json"];
        assert_eq!(reports.sandbox.run(&[&args[..], &json].concat()).code, 0);
    }
    let again = reports.sandbox.json("reports/audit.json");
    assert_eq!(again["summary"], before["summary"]);
    assert_eq!(again["files"]["other_json"], 2);
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_a_folder_are_no_reports_and_are_named() {
    use std::os::unix::fs::symlink;
    let reports = Reports::daily(1..=10);
    let place = |name: &str| reports.sandbox.path(&format!("reports/{name}"));
    // An editor's lock, and a link that leads back up.
    symlink("nobody@nowhere.1", place(".#notes")).unwrap();
    symlink(".", place("again")).unwrap();
    reports.audit(&[]).ends(0, "covered");
    symlink("removed.json", place("latest.json")).unwrap();
    symlink("loop.json", place("loop.json")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(place("pipe.json")).status().unwrap();
    assert!(made.success());
    let audited = reports.audit(&[]);
    audited.ends(3, "gaps");
    audited.is("/summary/not_evidence", 3);
    audited.is("/summary/looks", 10);
    audited.says("reports/latest.json: not evidence: it cannot be read");
    audited.says("reports/loop.json: not evidence: it cannot be read");
    audited.says("reports/pipe.json: not evidence: it is not a regular file");
}

#[test]
fn no_report_is_overwritten_and_none_at_all_is_a_usage_error() {
    let reports = Reports::daily(1..=3);
    let args = ["audit", "reports", "--from=2025-09-01", "--to=2025-09-03"];
    let name = Reports::name("02 02:00");
    let before = reports.sandbox.read(&name);
    let over = reports.sandbox.run(&[&args[..], &[&format!("--report=json={name}")]].concat());
    assert_eq!(over.code, 2, "{}", over.stderr);
    assert_eq!(reports.sandbox.read(&name), before);
    for missing in ["nowhere", "empty"] {
        std::fs::create_dir_all(reports.sandbox.path("empty")).unwrap();
        let args = ["audit", missing, "--from=2025-09-01", "--to=2025-09-03"];
        let outcome = reports.sandbox.run(&args);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(missing), "{}", outcome.stderr);
    }
}

#[test]
fn redacted_reports_audit_like_others() {
    // A uuid whose account id is known has another pseudonym.
    let exempting = format!(
        "{POLICY}exemptions: [{{id: EX-1, uuid: \"{{00000000-0000-4000-8000-000000000003}}\", \
         reason: Its factor moves, expires: 2025-12-31}}]\n"
    );
    let reports = Reports::new();
    for day in 1..=10 {
        let exempt = (day < 7).then_some(3);
        let seen = members(0..3, exempt);
        reports.look_by(&exempting, &format!("{day:02} 02:00"), &[("acme", seen)]);
    }
    reports.look("04 02:00", &[("acme", members(0..2, [2]))]);
    reports.look("05 02:00", &[("acme", members(0..2, [2]))]);
    let plain = reports.audit(&[]);
    let redact = |key: &str, day: i8| {
        let name = Reports::name(&format!("{day:02} 02:00"));
        let out = format!("--report=json={name}.tmp");
        let args = ["render", &name, "--redact", &out];
        let outcome = reports.sandbox.run_with(&args, &[("MFA_GATE_REDACT_KEY", key)]);
        assert!(outcome.code < 2, "{}", outcome.stderr);
        let path = |name: &str| reports.sandbox.path(name);
        std::fs::rename(path(&format!("{name}.tmp")), path(&name)).unwrap();
    };
    let key = "a-key-of-more-than-sixteen-bytes";
    redact(key, 1);
    let mixed = reports.audit(&[]).outcome;
    assert_eq!(mixed.code, 2, "{}", mixed.stdout);
    assert!(mixed.stderr.contains("names people otherwise"), "{}", mixed.stderr);
    (2..=10).for_each(|day| redact(key, day));
    let audited = reports.audit(&[]);
    audited.ends(1, "violations");
    assert_eq!(audited.json["summary"], plain.json["summary"]);
    audited.says("redacted: people are named by pseudonyms");
    assert!(!audited.outcome.stdout.contains("Member 2"));
    // What is quoted of a refused report may name people.
    let mut edited = reports.read("06 02:00");
    edited["verdict"] = json!("of Ada");
    edited["findings"] = json!(["Ada"]);
    reports.write("06 02:00", &edited.to_string());
    let audited = reports.audit(&[]);
    audited.is("/summary/not_evidence", 1);
    assert!(!audited.outcome.stdout.contains("Ada"), "{}", audited.outcome.stdout);
    assert!(!audited.json.to_string().contains("Ada"));
    reports.look("03 02:00", &[("acme", members(0..3, []))]);
    redact("another-key-of-more-than-sixteen", 3);
    assert_eq!(reports.audit(&[]).outcome.code, 2);
}

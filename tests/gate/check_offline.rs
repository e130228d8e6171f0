//! `check` and `members` on files in place of the API.

use crate::support::{Outcome, Sandbox, policy, row, rows};
use serde_json::{Value, json};

fn page(members: &[Value], size: usize, number: usize, next: bool) -> Value {
    let mut page = json!({"pagelen": 100, "size": size, "page": number, "values": members});
    if next {
        let at = "https://api.bitbucket.org/2.0/workspaces/acme/members";
        page["next"] = json!(format!("{at}?page={}", number + 1));
    }
    page
}

/// The exit code of a check of saved pages, and why a workspace was incomplete.
fn check(pages: &[Value]) -> (i32, String) {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    sandbox.write("members.json", pages.iter().map(|page| format!("{page}\n")).collect::<String>());
    let outcome =
        sandbox.run(&["check", "--members", "members.json", "--report", "json=report.json"]);
    let report = sandbox.json("report.json");
    let error = report["workspaces"][0]["error"].as_str().unwrap_or_default().to_owned();
    (outcome.code, error)
}

#[test]
fn saved_pages_are_read_completely_or_not_at_all() {
    let all = rows(0..150, true);
    let (one, two) = all.split_at(100);
    let complete = [page(one, 150, 1, true), page(two, 150, 2, false)];
    assert_eq!(check(&complete), (0, String::new()));

    let (code, why) = check(&[page(one, 150, 1, true)]);
    assert_eq!(code, 3);
    assert!(why.contains("next"), "{why}");

    let (code, why) = check(&[page(one, 151, 1, true), page(two, 151, 2, false)]);
    assert_eq!(code, 3);
    assert!(why.contains("151") && why.contains("150"), "{why}");

    let twice: Vec<Value> = two[..49].iter().chain(&one[..1]).cloned().collect();
    let (code, why) = check(&[page(one, 150, 1, true), page(&twice, 150, 2, false)]);
    assert_eq!(code, 3);
    assert!(why.contains("twice"), "{why}");
}

#[test]
fn no_member_and_no_such_workspace_are_incomplete() {
    assert_eq!(check(&[page(&[], 0, 1, false)]).0, 3);
    let mut elsewhere = row(1, Some(json!(true)));
    elsewhere["workspace"] = json!({"slug": "other"});
    assert_eq!(check(&[page(&[elsewhere], 1, 1, false)]).0, 3);
}

#[test]
fn a_workspace_in_which_no_member_can_log_in_is_incomplete() {
    let mut closed = row(1, Some(json!(true)));
    closed["user"]["account_status"] = json!("closed");
    let mut app = row(2, None);
    app["user"]["type"] = json!("app_user");
    let (code, why) = check(&[page(&[closed.clone(), app.clone()], 2, 1, false)]);
    assert_eq!(code, 3);
    assert!(why.contains("none of the listed members can log in"), "{why}");
    let owner = row(3, Some(json!(true)));
    assert_eq!(check(&[page(&[closed, app, owner], 3, 1, false)]), (0, String::new()));
}

const EXPORT: &str = "\u{feff}Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\r\n\
    \"Lovelace, Ada\",Ada@acme.example,2026-08-01,Yes,Yes\r\n\
    X (INACTIVE),x@acme.example,2026-08-01,No,Yes\r\n\
    Gone (INACTIVE),gone@acme.example,,No,No\r\n\
    Build bot,Bot@Acme.example,,no,yes\r\n";

fn check_export(export: &str, exemption: &str) -> (Outcome, Option<Value>) {
    let sandbox = Sandbox::new();
    let exemptions =
        format!("exemptions:\n  - {{id: EX-1, {exemption}, reason: a bot, expires: 2026-09-30}}\n");
    sandbox.write("policy.yaml", policy("acme", &exemptions));
    sandbox.write("export.csv", export);
    let args = ["check", "--members", "export.csv", "--today", "2026-09-01"];
    let outcome = sandbox.run(&[&args[..], &["--report", "json=report.json"]].concat());
    let report = sandbox.path("report.json").exists().then(|| sandbox.json("report.json"));
    (outcome, report)
}

#[test]
fn the_user_export_is_judged_by_email() {
    let (outcome, report) = check_export(EXPORT, "email: bot@acme.example");
    let report = report.unwrap();
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let outcomes: Vec<(&str, &str)> = report["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (member["key"].as_str().unwrap(), member["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("ada@acme.example", "protected"),
            ("bot@acme.example", "exempt"),
            ("gone@acme.example", "not_applicable"),
            ("x@acme.example", "violation"),
        ]
    );
    assert_eq!(report["workspaces"][0]["completeness"], "asserted");
    assert_eq!(report["assurance"], "simulated");
}

#[test]
fn an_exemption_without_email_cannot_be_matched_against_an_export() {
    let id = "account_id: \"557058:00000000-0000-4000-8000-000000000001\"";
    let (outcome, _) = check_export(EXPORT, id);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stdout.contains("EX-1"), "{}", outcome.stdout);
}

#[test]
fn an_export_with_another_value_is_refused() {
    let (outcome, report) =
        check_export(&EXPORT.replace(",no,yes", ",maybe,yes"), "email: bot@acme.example");
    assert_eq!((outcome.code, report), (2, None));
    assert!(outcome.stderr.contains("maybe") && outcome.stderr.contains('5'), "{}", outcome.stderr);
}

#[test]
fn a_quote_in_a_name_swallows_nobody() {
    let swallowed = EXPORT.replace("X (INACTIVE),", "\"Mal,").replace("Gone (INACTIVE),", "Ann\",");
    let (outcome, report) = check_export(&swallowed, "email: bot@acme.example");
    assert_eq!((outcome.code, report), (2, None));
    assert!(outcome.stderr.contains("a whole row"), "{}", outcome.stderr);
}

const NEXT: &str = "https://api.bitbucket.org/2.0/workspaces/acme/members?page=2";

#[test]
fn a_last_page_that_is_full_and_gives_no_count_proves_nothing() {
    let full = json!({"pagelen": 10, "values": rows(0..10, true)});
    let (code, why) = check(&[full]);
    assert_eq!(code, 3, "{why}");
    let open = json!({"pagelen": 10, "page": 1, "values": rows(0..9, true)});
    assert_eq!(check(&[open]).0, 0);
    let other = json!({"pagelen": 100, "page": 2, "values": rows(10..19, true)});
    let first = json!({"pagelen": 10, "page": 1, "next": NEXT, "values": rows(0..10, true)});
    let (code, why) = check(&[first, other]);
    assert_eq!(code, 3);
    assert!(why.contains("different lengths"), "{why}");
}

#[test]
fn what_members_writes_can_be_checked() {
    let sandbox = Sandbox::new();
    let mut members = rows(0..3, true);
    members.push(row(3, Some(json!(false))));
    sandbox.write("pages.json", page(&members, 4, 1, false).to_string());
    sandbox.write("policy.yaml", policy("acme", ""));
    let args = ["members", "--workspace", "acme", "--members", "pages.json"];
    let listed = sandbox.run(&[&args[..], &["--report", "json=snapshot.json"]].concat());
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    let mut snapshot = sandbox.json("snapshot.json");
    snapshot["checked_at"] = json!("2026-01-02T03:04:05Z");
    sandbox.write("snapshot.json", snapshot.to_string());
    let args = ["check", "--members", "snapshot.json", "--report", "json=report.json"];
    let checked = sandbox.run(&args);
    assert_eq!(checked.code, 1, "{}", checked.stderr);
    let report = sandbox.json("report.json");
    assert_eq!(report["checked_at"], "2026-01-02T03:04:05Z", "when the members were read");
    let all = sandbox.run(&["members", "--members", "snapshot.json", "--report", "csv"]);
    assert_eq!((all.code, all.stdout.lines().count()), (0, 5));
}

#[test]
fn a_file_that_is_missing_or_not_understood_is_a_usage_error() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    sandbox.write("page.html", "<!doctype html><title>Log in</title>");
    sandbox.write("broken.json", "{\"values\": [");
    for file in ["missing.json", "page.html", "broken.json", "."] {
        let outcome = sandbox.run(&["check", "--members", file]);
        assert_eq!(outcome.code, 2, "{file}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(file) && outcome.stderr.contains("help:"));
    }
}

#[test]
fn a_source_that_nobody_was_asked_about_is_a_usage_error() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", "accept: [bitbucket, atlassian]\n"));
    sandbox.write("pages.json", page(&rows(0..3, true), 3, 1, false).to_string());
    let offline = sandbox.run(&["check", "--members", "pages.json"]);
    assert_eq!(offline.code, 2);
    assert!(offline.stderr.contains("atlassian"), "{}", offline.stderr);
    assert_eq!(sandbox.run(&["check"]).code, 2);
}

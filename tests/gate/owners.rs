//! Owners of a workspace: first in every format, limited by the policy, and never exempt by default.

use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Bitbucket, Sandbox, policy, row, rows};

/// Members 1 to 3 of acme; those with these numbers own it, and the first is protected.
fn acme(owners: &[usize]) -> Bitbucket {
    let server = Bitbucket::start();
    let rows: Vec<Value> = (1..=3).map(|number| row(number, Some(json!(number == 1)))).collect();
    server.workspace("acme", &rows);
    server.permission("acme", "owner");
    let owners: Vec<&Value> = owners.iter().map(|number| &rows[number - 1]).collect();
    server.owners("acme", &owners);
    server
}

fn id(number: usize) -> String {
    format!("557058:00000000-0000-4000-8000-{number:012}")
}

#[test]
fn an_unprotected_owner_is_first_in_every_format_and_called_an_owner() {
    let (sandbox, server) = (Sandbox::new(), acme(&[3]));
    sandbox.write("policy.yaml", policy("acme", "limits: {max_owners: 3}\n"));
    let formats = ["json", "junit", "sarif", "csv", "markdown", "html", "github"];
    let reports: Vec<String> =
        formats.iter().map(|format| format!("--report={format}=out/{format}")).collect();
    let args: Vec<&str> = ["check"].into_iter().chain(reports.iter().map(String::as_str)).collect();
    let outcome = sandbox.run_against(&server, &args);
    assert_eq!(outcome.code, 1);
    let report = sandbox.json("out/json");
    assert_eq!(report["findings"][0]["key"], id(3));
    assert_eq!(report["findings"][0]["role"], "owner");
    let unwrapped = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let console = unwrapped(&outcome.stdout);
    assert!(console.contains("2 of 3 members of acme (1 owner) have"), "{console}");
    let texts = formats.iter().map(|format| sandbox.read(&format!("out/{format}")));
    for (text, format) in texts.chain([console]).zip(formats.iter().chain(&["console"])) {
        assert!(text.to_lowercase().contains("owner"), "{format}: {text}");
        if *format == "csv" || *format == "html" || *format == "json" {
            continue;
        }
        assert!(text.contains("Owner Member 3"), "{format}: {text}");
        let place = |number| text.find(&format!("Member {number}")).unwrap();
        assert!(place(3) < place(2), "{format}: {text}");
    }
}

#[test]
fn roles_that_may_not_be_read_change_no_verdict_unless_a_limit_needs_them() {
    let (sandbox, server) = (Sandbox::new(), Bitbucket::start());
    server.workspace("acme", &[row(1, Some(json!(true)))]);
    // Nothing answers at the address of the owners.
    for (more, code) in [("", 0), ("limits: {max_owners: 3}\n", 3)] {
        sandbox.write("policy.yaml", policy("acme", more));
        let outcome = sandbox.run_against(&server, &["check"]);
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        let said = outcome.stdout.contains("who owns the workspace could not be");
        assert_eq!(said, code == 3, "{}", outcome.stdout);
    }
    // A file knows no roles.
    let page = json!({"size": 1, "page": 1, "values": [row(1, Some(json!(true)))]});
    sandbox.write("members.json", page.to_string());
    let outcome = sandbox.run(&["check", "--members", "members.json"]);
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    assert!(outcome.stdout.contains("limits.max_owners"), "{}", outcome.stdout);
}

#[test]
fn a_server_that_keeps_owners_back_takes_nothing_from_the_members() {
    let at = |answer| Mock::given(path("/2.0/workspaces/acme/permissions")).respond_with(answer);
    let limited = ResponseTemplate::new(429).insert_header("Retry-After", "86400");
    for (case, answer) in [
        ("fails for ever", ResponseTemplate::new(500)),
        ("hangs", ResponseTemplate::new(200).set_delay(Duration::from_secs(86_400))),
        ("asks to wait", limited),
    ] {
        let (sandbox, server) = (Sandbox::new(), Bitbucket::start());
        server.workspace("acme", &[rows(1..150, true), rows(150..151, false)].concat());
        server.mount(at(answer));
        sandbox.write("policy.yaml", policy("acme", ""));
        // With one request at a time, the second page has to get past the owners.
        let args = ["check", "--concurrency=1", "--deadline=20s", "--report=json=report.json"];
        let outcome = sandbox.run_against(&server, &args);
        assert_eq!(outcome.code, 1, "{case}: {}", outcome.stdout);
        let report = sandbox.json("report.json");
        assert_eq!(report["members"].as_array().unwrap().len(), 150, "{case}");
        assert_eq!(report["findings"][0]["key"], id(150), "{case}");
        assert_eq!(report["findings"][0]["role"], Value::Null, "{case}");
    }
}

#[test]
fn roles_are_told_without_a_limit_and_in_the_list_of_members() {
    let (sandbox, server) = (Sandbox::new(), acme(&[3]));
    sandbox.write("policy.yaml", policy("acme", ""));
    let outcome = sandbox.run_against(&server, &["check", "--report=json=report.json"]);
    assert_eq!(outcome.code, 1, "{}", outcome.stdout);
    assert_eq!(sandbox.json("report.json")["findings"][0]["key"], id(3));
    assert_eq!(sandbox.json("report.json")["findings"][0]["role"], "owner");
    let list = sandbox.run_against(&server, &["members", "--workspace=acme", "--report=json"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    let roles =
        list["members"].as_array().unwrap().iter().filter(|member| member["role"] == "owner");
    assert_eq!(roles.count(), 1, "{list}");
}

#[test]
fn more_owners_than_allowed_are_a_violation() {
    let server = acme(&[1, 2, 3]);
    let levels = "rules: {two-factor-disabled: warn}\n";
    for (limits, code) in [
        ("limits: {max_owners: 2}\n", 1),
        ("limits: {max_owners: 3}\n", 0),
        ("limits: {max_owners: 2}\n# rule\n", 1),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", policy("acme", &format!("{levels}{limits}")));
        let outcome = sandbox.run_against(&server, &["check", "--report=json=report.json"]);
        assert_eq!(outcome.code, code, "{}", outcome.stdout);
        let report = sandbox.json("report.json");
        let findings = report["findings"].as_array().unwrap().iter();
        let found = findings.filter(|finding| finding["rule"] == "too-many-owners").count();
        assert_eq!(found, usize::from(code == 1));
        let verified = sandbox.run(&["verify", "report.json"]);
        assert_eq!(verified.code, code, "{}", verified.stderr);
        let said = "the workspace acme has 3 owners, and `limits.max_owners` allows 2";
        assert_eq!(outcome.stdout.contains(said), code == 1, "{}", outcome.stdout);
    }
    let sandbox = Sandbox::new();
    let warn = "rules: {two-factor-disabled: warn, too-many-owners: warn}\n";
    sandbox.write("policy.yaml", policy("acme", &format!("{warn}limits: {{max_owners: 2}}\n")));
    assert_eq!(sandbox.run_against(&server, &["check"]).code, 0);
}

#[test]
fn init_exempts_no_owner_unless_it_is_told_to() {
    let server = acme(&[1, 3]);
    let init = ["policy", "init", "--workspace=acme", "--exempt-current"];
    let sandbox = Sandbox::new();
    let outcome = sandbox.run_against(&server, &init);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let said = "1 owner who would fail today: not exempt";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
    let written = sandbox.read("policy.yaml");
    assert!(written.contains(&id(2)) && !written.contains(&id(3)), "{written}");
    let sandbox = Sandbox::new();
    let outcome = sandbox.run_against(&server, &[&init[..], &["--exempt-owners"]].concat());
    let written = sandbox.read("policy.yaml");
    assert!(written.contains(&id(2)) && written.contains(&id(3)), "{written}");
    assert!(outcome.stdout.contains("an owner is exempt"), "{}", outcome.stdout);
}

#[test]
fn add_says_that_the_member_is_an_owner() {
    let server = acme(&[2]);
    for number in [2, 3] {
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", policy("acme", ""));
        let who = id(number);
        let args = ["policy", "add", &who, "--id=EX-1", "--reason=a test", "--days=30"];
        let outcome = sandbox.run_against(&server, &args);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let said = outcome.stderr.contains("is an owner of acme");
        assert_eq!(said, number == 2, "{}", outcome.stderr);
    }
}

//! `members`: which members are listed, what of them, and where it goes.

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Bitbucket, Outcome, Sandbox, row, rows};

/// Protected, off, unknown, and an account that nobody logs in with.
fn four() -> Vec<Value> {
    let mut members = rows(0..1, true);
    members.extend([row(1, Some(json!(false))), row(2, Some(json!(null)))]);
    let mut closed = row(3, Some(json!(false)));
    closed["user"]["account_status"] = json!("closed");
    members.push(closed);
    members
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("pages.json", json!({"size": 4, "values": four()}).to_string());
    sandbox
}

fn list(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    let members = ["members", "--workspace", "acme", "--members", "pages.json"];
    sandbox.run(&[&members[..], args].concat())
}

/// The numbers of the members that a table names.
fn listed(outcome: &Outcome) -> Vec<usize> {
    (0..4).filter(|number| outcome.stdout.contains(&format!("Member {number} "))).collect()
}

#[test]
fn only_some_members_are_listed() {
    let sandbox = sandbox();
    for (args, right) in [
        (&[][..], &[0, 1, 2, 3][..]),
        (&["--only", "unprotected"], &[1, 2]),
        (&["--only", "unknown"], &[2]),
        (&["--only", "unknown", "--only", "unprotected"], &[1, 2]),
    ] {
        let outcome = list(&sandbox, args);
        assert_eq!((outcome.code, &*listed(&outcome)), (0, right), "{args:?}: {}", outcome.stdout);
        let counted = format!("{} of 4 members listed\n", right.len());
        assert_eq!(outcome.stdout.contains(&counted), right.len() < 4, "{}", outcome.stdout);
    }
    let table = list(&sandbox, &["--only", "unknown", "--report", "csv"]);
    assert_eq!((table.code, table.stdout.lines().count()), (0, 2), "{}", table.stdout);
    assert_eq!(list(&sandbox, &["--only", "everybody"]).code, 2);
}

#[test]
fn a_list_of_some_members_is_no_snapshot() {
    let sandbox = sandbox();
    sandbox.write("old.json", "{}");
    let outcome = list(&sandbox, &["--only", "unprotected", "--report", "json=old.json"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--only leaves members out"), "{}", outcome.stderr);
    assert_eq!(sandbox.read("old.json"), "{}", "nothing was touched");
}

#[test]
fn owners_are_listed_where_they_are_known() {
    let owners = json!({"pagelen": 100, "values": [
        {"type": "workspace_membership", "permission": "owner", "user": four()[1]["user"]},
    ]});
    let server = Bitbucket::start();
    server.workspace("acme", &four());
    server.permission("acme", "owner");
    let args = ["members", "--workspace", "acme", "--only", "owners"];
    let at = path("/2.0/workspaces/acme/permissions");
    let answer = ResponseTemplate::new(200).set_body_json(owners);
    server.mount(Mock::given(method("GET")).and(at).respond_with(answer));
    let outcome = Sandbox::new().run_against(&server, &args);
    assert_eq!((outcome.code, listed(&outcome)), (0, vec![1]), "{}", outcome.stderr);

    // Saved pages do not say it, and a server may refuse to.
    let unsaid = list(&sandbox(), &["--only", "owners"]);
    assert_eq!(unsaid.code, 3, "{}", unsaid.stderr);
    assert!(unsaid.stderr.contains("not known who owns"), "{}", unsaid.stderr);
    let silent = Bitbucket::start();
    silent.workspace("acme", &four());
    silent.permission("acme", "owner");
    assert_eq!(Sandbox::new().run_against(&silent, &args).code, 3);
}

#[test]
fn a_list_is_written_as_reports_are() {
    let sandbox = sandbox();
    let reports = ["--report", "json=a/b.json", "--report", "csv=c.csv", "--report", "text"];
    let outcome = list(&sandbox, &reports);
    assert_eq!((outcome.code, listed(&outcome)), (0, vec![0, 1, 2, 3]), "{}", outcome.stderr);
    assert_eq!(sandbox.json("a/b.json")["members"].as_array().unwrap().len(), 4);
    assert_eq!(sandbox.read("c.csv").lines().count(), 5);
    for (report, said) in [
        ("html=a.html", "write one of `text`, `json`, `csv`"),
        ("members.json", "write json=members.json"),
        ("json=pages.json", "pages.json"),
        ("json=-", "standard output"),
    ] {
        let outcome = list(&sandbox, &["--report", "csv", "--report", report]);
        assert_eq!(outcome.code, 2, "{report}");
        assert!(outcome.stderr.contains(said), "{report}: {}", outcome.stderr);
    }
}

#[test]
fn the_policy_says_which_workspaces_are_listed() {
    let server = Bitbucket::start();
    for slug in ["acme", "beta"] {
        server.workspace(slug, &four());
        server.permission(slug, "owner");
    }
    let sandbox = Sandbox::new();
    let members = |args: &[&str]| sandbox.run_against(&server, &[&["members"], args].concat());
    let none = members(&[]);
    assert_eq!(none.code, 2, "{}", none.stdout);
    assert!(none.stderr.contains("no workspace is named"), "{}", none.stderr);

    sandbox.write("policy.yaml", "version: 1\nworkspaces: [acme]\n");
    sandbox.write("other.yaml", "version: 1\nworkspaces: [beta]\n");
    let asked = |outcome: &Outcome, slug| outcome.stdout.contains(slug);
    for (args, slug) in [
        (&[][..], "acme"),
        (&["--policy", "other.yaml"], "beta"),
        (&["--workspace", "beta"], "beta"),
    ] {
        let outcome = members(&[&["--report", "csv"], args].concat());
        assert_eq!(outcome.code, 0, "{args:?}: {}", outcome.stderr);
        for other in ["acme", "beta"] {
            assert_eq!(asked(&outcome, other), other == slug, "{args:?}: {}", outcome.stdout);
        }
    }
    let over_it = members(&["--report", "csv=policy.yaml"]);
    assert_eq!(over_it.code, 2, "{}", over_it.stderr);

    // What it says is not passed over in silence.
    sandbox.write("policy.yaml", "version: 1\nworkspaces: acme\n");
    assert_eq!(members(&[]).code, 2);
    assert_eq!(members(&["--workspace", "acme"]).code, 2);
    assert_eq!(members(&["--policy", "missing.yaml", "--workspace", "acme"]).code, 2);
}

/// More than a pipe holds, to a reader that is gone.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_no_list_as_a_failure() {
    let sandbox = Sandbox::new();
    let many = json!({"size": 3000, "values": rows(0..3000, true)});
    sandbox.write("pages.json", many.to_string());
    sandbox.write("policy.yaml", "version: 1\nworkspaces: [acme]\n");
    for args in [
        "members --workspace acme --report csv",
        "members --workspace acme --report json",
        "members --workspace acme",
        "check --report csv",
        "check --report json",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut gate = std::process::Command::new(env!("CARGO_BIN_EXE_mfa-gate"));
        gate.args(args.split(' ')).args(["--members", "pages.json"]).env_clear();
        let ended = gate.current_dir(sandbox.path(".")).stdout(writer).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{args}: {said}");
        assert!(!said.contains("written"), "{args}: {said}");
    }
}

//! Reports that were saved: redacted by `render`, and compared with a redacted run.

use serde_json::{Value, json};

use super::people::{KEY, account_id, email, leaves_no_name, name, row, uuid};
use crate::support::{Outcome, Sandbox, policy};

const OTHER: (&str, &str) = ("MFA_GATE_REDACT_KEY", "another-key-of-32-bytes-for-tests");

/// A folder with a report that names everybody.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let exemption = format!(
        "exemptions:\n  - id: EX-1\n    account_id: \"{}\"\n    reason: {} asked\n    \
         expires: 2026-10-01\n",
        account_id(9),
        name(9)
    );
    sandbox.write("policy.yaml", policy("acme", &exemption));
    members(&sandbox, 10);
    check(&sandbox, &["--report=json=named.json"], &[]);
    sandbox
}

/// A file of members, those from the sixth on without a second factor.
fn members(sandbox: &Sandbox, count: usize) {
    let rows: Vec<Value> = (0..count).map(|number| row(number, number < 6)).collect();
    sandbox.write("members.json", json!({"size": count, "values": rows}).to_string());
}

fn check(sandbox: &Sandbox, more: &[&str], env: &[(&str, &str)]) -> Outcome {
    let args = ["check", "--members=members.json", "--today=2026-09-01"];
    let outcome = sandbox.run_with(&[&args[..], more].concat(), env);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    outcome
}

const FORMATS: [&str; 7] = [
    "--report=json=r.json",
    "--report=junit=r.xml",
    "--report=sarif=r.sarif",
    "--report=csv=r.csv",
    "--report=markdown=r.md",
    "--report=html=r.html",
    "--report=github=r.txt",
];
const FILES: [&str; 7] = ["r.json", "r.xml", "r.sarif", "r.csv", "r.md", "r.html", "r.txt"];

#[test]
fn a_saved_report_is_redacted_as_its_run_would_have_been() {
    let sandbox = sandbox();
    check(&sandbox, &["--redact", "--report=json=r.json"], &[KEY]);
    let redacted = sandbox.read("r.json");
    let render = [&["render", "named.json", "--redact"], &FORMATS[..]].concat();
    let outcome = sandbox.run_with(&render, &[KEY]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    leaves_no_name(&outcome, &sandbox, &FILES);
    let timeless = |text: &str| {
        let mut report: Value = serde_json::from_str(text).unwrap();
        report["checked_at"] = json!(null);
        report
    };
    assert_eq!(timeless(&sandbox.read("r.json")), timeless(&redacted));
    // What is redacted already stays as it is, whatever the key.
    let again = ["render", "r.json", "--redact", "--report=json=again.json"];
    assert_eq!(sandbox.run_with(&again, &[OTHER]).code, 1);
    assert_eq!(sandbox.read("again.json"), sandbox.read("r.json"));
}

#[test]
fn parts_are_merged_whether_they_are_redacted_or_not() {
    let sandbox = sandbox();
    let exemption = |of: &str, selector: &str| {
        format!(
            "exemptions:\n  - id: EX-1\n    {selector}\n    reason: {} asked\n    \
             workspaces: [{of}]\n    expires: 2026-10-01\n",
            name(8)
        )
    };
    let selectors = [
        format!("account_id: \"{}\"", account_id(8)),
        format!("uuid: \"{}\"", uuid(8)),
        format!("email: {}", email(8)),
    ];
    // The rows of one page are of a single workspace: here each is in both.
    let listed = |slug: &str| {
        let mut rows: Vec<Value> = (0..10).map(|number| row(number, number < 6)).collect();
        for row in &mut rows {
            row["workspace"] = json!({"slug": slug});
        }
        json!({"size": rows.len(), "values": rows}).to_string()
    };
    sandbox.write("members.json", listed("acme") + &listed("labs"));
    let of = ["acme", "labs", "acme, labs"];
    for (of, selector) in of.iter().flat_map(|of| selectors.iter().map(move |own| (of, own))) {
        sandbox.write("policy.yaml", policy("acme, labs", &exemption(of, selector)));
        let part = |slug: &str, to: &str, more: &[&str]| {
            let (slug, to) = (format!("--workspace={slug}"), format!("--report=json={to}"));
            check(&sandbox, &[&[&*slug, &*to], more].concat(), &[KEY]);
        };
        for slug in ["acme", "labs"] {
            part(slug, &format!("{slug}.json"), &[]);
            part(slug, &format!("{slug}.redacted.json"), &["--redact"]);
        }
        check_both(&sandbox);
        for parts in [["acme.json", "labs.json"], ["acme.redacted.json", "labs.redacted.json"]] {
            let args = [&["render", "--redact", "--report=json=merged.json"], &parts[..]].concat();
            let outcome = sandbox.run_with(&args, &[KEY]);
            assert_eq!(outcome.code, 1, "{parts:?} of {of}, {selector}: {}", outcome.stderr);
            leaves_no_name(&outcome, &sandbox, &["merged.json"]);
            let (merged, whole) = (sandbox.json("merged.json"), sandbox.json("whole.json"));
            assert_eq!(merged["members"], whole["members"]);
            assert_eq!(merged["exemptions"], whole["exemptions"], "{of}, {selector}");
        }
    }
}

fn check_both(sandbox: &Sandbox) {
    let both = ["--workspace=acme", "--workspace=labs"];
    check(sandbox, &[&both[..], &["--redact", "--report=json=whole.json"]].concat(), &[KEY]);
}

#[test]
fn what_a_server_said_of_somebody_is_withheld_from_a_saved_report_too() {
    let sandbox = sandbox();
    let mut report = sandbox.json("named.json");
    report["workspaces"][0]["complete"] = json!(false);
    report["workspaces"][0]["error"] = json!("Bitbucket refused: Ada Qzxlace has left");
    report["members"] = json!([]);
    report["summary"]["members"] = json!(0);
    report["complete"] = json!(false);
    sandbox.write("unread.json", report.to_string());
    let render = [&["render", "unread.json", "--redact"], &FORMATS[..]].concat();
    let outcome = sandbox.run_with(&render, &[KEY]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    leaves_no_name(&outcome, &sandbox, &FILES);
}

#[test]
fn a_report_that_only_claims_to_be_redacted_is_redacted() {
    let sandbox = sandbox();
    let mut report = sandbox.json("named.json");
    report["redaction"] = json!({"key_id": "0011223344556677", "for_this_run": true});
    sandbox.write("claims.json", report.to_string());
    let render = [&["render", "claims.json", "--redact"], &FORMATS[..]].concat();
    let outcome = sandbox.run_with(&render, &[KEY]);
    leaves_no_name(&outcome, &sandbox, &FILES);
}

#[test]
fn what_is_named_in_a_redacted_report_is_redacted() {
    let sandbox = sandbox();
    check(&sandbox, &["--redact", "--report=json=first.json"], &[KEY]);
    members(&sandbox, 12);
    let args = ["--redact", "--previous=first.json", "--report=json=redacted.json"];
    check(&sandbox, &args, &[KEY]);
    let redacted = sandbox.json("redacted.json");
    for (place, named) in [
        ("/source/inputs/0/path", json!(format!("{}.json", name(1)))),
        ("/source/ci", json!({"BITBUCKET_BRANCH": name(1)})),
        ("/options/redirected_by", json!([{"by": "--ca-cert", "to": name(1)}])),
        ("/changes/staying/0/key", json!(account_id(1))),
        ("/changes/new/0/name", json!(name(1))),
        ("/members/0/uuid", json!(format!("person-{}", name(1)))),
    ] {
        let mut report = redacted.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        report.pointer_mut(parent).unwrap()[key] = named;
        sandbox.write("edited.json", report.to_string());
        let render = [&["render", "edited.json", "--redact"], &FORMATS[..]].concat();
        let outcome = sandbox.run_with(&render, &[KEY]);
        assert_ne!(outcome.code, 2, "{place}: {}", outcome.stderr);
        if outcome.stderr.contains("contradicts itself") {
            continue;
        }
        leaves_no_name(&outcome, &sandbox, &FILES);
    }
}

#[test]
fn an_earlier_run_is_compared_where_it_has_the_same_pseudonyms() {
    let sandbox = sandbox();
    let to = "--report=json=first.json";
    let compared = |env: &[(&str, &str)], previous: &str, more: &[&str]| {
        let previous = format!("--previous={previous}");
        let args = [&[&*previous, "--report=json=second.json", "--report=html=r.html"], more];
        let outcome = check(&sandbox, &args.concat(), env);
        (sandbox.json("second.json")["changes"].clone(), outcome)
    };
    check(&sandbox, &["--redact", to], &[KEY]);
    members(&sandbox, 12);
    for (previous, env) in [("first.json", KEY), ("named.json", KEY), ("named.json", OTHER)] {
        let (changes, outcome) = compared(&[env], previous, &["--redact", "-vv"]);
        let count = |list: &str| changes[list].as_array().unwrap().len();
        assert_eq!((count("new"), count("fixed"), count("staying")), (2, 0, 3), "{previous}");
        leaves_no_name(&outcome, &sandbox, &["second.json", "r.html"]);
    }
    // Without a key of its own, too, since the earlier one is given the key of this run.
    assert!(!compared(&[], "named.json", &["--redact"]).0.is_null());

    for (env, more) in [(&[OTHER][..], &["--redact"][..]), (&[], &["--redact"]), (&[], &[])] {
        let (changes, outcome) = compared(env, "first.json", more);
        assert!(changes.is_null(), "{changes}");
        assert!(outcome.stderr.contains("by other pseudonyms"), "{}", outcome.stderr);
    }
}

#[test]
fn a_saved_report_that_is_none_is_not_quoted() {
    let sandbox = sandbox();
    let broken = sandbox.read("named.json").replace("\"user\"", "[\"Qzx\"]");
    assert!(broken.contains("[\"Qzx\"]"));
    let odd = sandbox.read("named.json").replace("\"enabled\"", "\"qzx\"");
    for text in [broken, odd] {
        sandbox.write("broken.json", text);
        let outcome = sandbox.run_with(&["render", "broken.json", "--redact"], &[KEY]);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        leaves_no_name(&outcome, &sandbox, &[]);
        let outcome = check(&sandbox, &["--redact", "--previous=broken.json"], &[KEY]);
        assert!(outcome.stderr.contains("not compared"), "{}", outcome.stderr);
        leaves_no_name(&outcome, &sandbox, &[]);
    }
}

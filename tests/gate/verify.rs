//! `verify`: the verdict again, from the evidence.

use crate::support::{Outcome, Sandbox, policy, row};
use serde_json::{Value, json};

/// A report on three members: one is off, one is exempt and one is protected.
fn report(sandbox: &Sandbox) -> Value {
    checked(sandbox, false)
}

/// The same where the first one is protected too.
fn compliant(sandbox: &Sandbox) -> Value {
    checked(sandbox, true)
}

fn checked(sandbox: &Sandbox, first: bool) -> Value {
    let entry = "exemptions:\n  - {id: EX-1, account_id: \
        \"557058:00000000-0000-4000-8000-000000000001\", reason: a bot, expires: 2026-09-30}\n";
    sandbox.write("policy.yaml", policy("acme", entry));
    let members =
        [row(0, Some(json!(first))), row(1, Some(json!(false))), row(2, Some(json!(true)))];
    let page = json!({"size": 3, "page": 1, "values": members});
    sandbox.write("members.json", page.to_string());
    let args = ["check", "--members", "members.json", "--today", "2026-09-01"];
    let outcome = sandbox.run(&[&args[..], &["--report", "json=report.json"]].concat());
    assert_eq!(outcome.code, i32::from(!first), "{}", outcome.stderr);
    sandbox.json("report.json")
}

fn verify(sandbox: &Sandbox, report: &Value, more: &[&str]) -> Outcome {
    sandbox.write("saved.json", report.to_string());
    sandbox.run(&[&["verify", "saved.json"], more].concat())
}

#[test]
fn a_report_gives_its_own_verdict() {
    let sandbox = Sandbox::new();
    let mut report = report(&sandbox);
    let again = verify(&sandbox, &report, &["--max-age", "26h", "--workspace", "acme"]);
    assert_eq!(again.code, 1, "{}{}", again.stdout, again.stderr);
    assert!(again.stdout.contains("no second factor seen by bitbucket"), "{}", again.stdout);

    report["members"][0]["evidence"]["bitbucket"] = json!("enabled");
    report["members"][0]["two_factor"] = json!("enabled");
    report["members"][0]["outcome"] = json!("protected");
    for more in [&[][..], &["-q"]] {
        let cleared = verify(&sandbox, &report, more);
        assert_eq!(cleared.code, 3, "the findings say otherwise: {}", cleared.stdout);
        assert!(cleared.stderr.contains("`verdict` is \"violations\""), "{}", cleared.stderr);
    }
}

#[test]
fn conclusions_without_evidence_count_for_nothing() {
    let sandbox = Sandbox::new();
    let mut edited = report(&sandbox);
    edited["verdict"] = json!("compliant");
    edited["exit_code"] = json!(0);
    edited["findings"] = json!([]);
    edited["members"][0]["outcome"] = json!("protected");
    edited["members"][0]["two_factor"] = json!("enabled");
    edited["options"]["exit_zero"] = json!(true);
    let judged = verify(&sandbox, &edited, &[]);
    assert_eq!(judged.code, 1);
    assert!(judged.stderr.contains("shows violations all the same"), "{}", judged.stderr);
    assert!(judged.stderr.contains("compliant"), "{}", judged.stderr);
}

#[test]
fn the_effective_policy_decides() {
    let sandbox = Sandbox::new();
    let original = report(&sandbox);

    let mut expired = original.clone();
    expired["members"][0]["evidence"]["bitbucket"] = json!("enabled");
    expired["exemptions"][0]["expires"] = json!("2026-08-31");
    assert_eq!(verify(&sandbox, &expired, &[]).code, 1);

    let mut warned = original.clone();
    warned["policy"]["effective"]["rules"]["two-factor-disabled"] = json!("warn");
    assert_eq!(verify(&sandbox, &warned, &[]).code, 3, "it claims violations");

    let mut allowed = original;
    allowed["policy"]["effective"]["rules"]["two-factor-disabled"] = json!("allow");
    assert_eq!(verify(&sandbox, &allowed, &[]).code, 1, "no policy may allow that");
}

#[test]
fn a_report_that_does_not_add_up_is_incomplete() {
    let sandbox = Sandbox::new();
    let original = compliant(&sandbox);
    let edits: [fn(&mut Value); 10] = [
        |report| {
            report["members"] = json!([]);
            report["summary"]["members"] = json!(0);
            report["workspaces"] = json!([]);
            report["policy"]["effective"]["workspaces"] = json!([]);
        },
        |report| report["complete"] = json!(false),
        |report| report["workspaces"][0]["error"] = json!("it was refused"),
        |report| {
            report["members"].as_array_mut().unwrap().remove(0);
            report["summary"]["members"] = json!(2);
            report["workspaces"][0]["members"] = json!(2);
            report["workspaces"][0]["completeness"] = json!("last_page");
        },
        |report| {
            let mut twice = report["members"][2].clone();
            twice.as_object_mut().unwrap().remove("account_id");
            twice["key"] = twice["uuid"].clone();
            report["members"][0] = twice;
        },
        |report| {
            report["members"].as_array_mut().unwrap().remove(0);
        },
        |report| {
            report["members"].as_array_mut().unwrap().remove(0);
            report["workspaces"][0]["members"] = json!(2);
        },
        |report| {
            let twice = report["members"][2].clone();
            report["members"][0] = twice;
        },
        |report| {
            report["members"] = json!([]);
            report["workspaces"] = json!([]);
        },
        |report| {
            report["members"][0]["workspace"] = json!("elsewhere");
            report["workspaces"][0]["members"] = json!(2);
            report["workspaces"][0]["reported_size"] = json!(2);
        },
    ];
    for (number, edit) in edits.iter().enumerate() {
        let mut edited = original.clone();
        edit(&mut edited);
        let judged = verify(&sandbox, &edited, &[]);
        assert_eq!(judged.code, 3, "edit {number}: {}{}", judged.stdout, judged.stderr);
    }
}

#[test]
fn evidence_that_is_not_what_was_asked_for_is_refused() {
    let sandbox = Sandbox::new();
    let original = compliant(&sandbox);
    assert_eq!(verify(&sandbox, &original, &[]).code, 0);
    let digest = original["policy"]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(verify(&sandbox, &original, &["--policy-sha256", &digest]).code, 0);

    let other = "0".repeat(64);
    for (demand, help) in [
        (&["--workspace", "beta"][..], "a run that checks beta"),
        (&["--policy-sha256", &other], "the policy that is pinned"),
        (&["--require-live"], "without --members"),
    ] {
        let judged = verify(&sandbox, &original, demand);
        assert_eq!(judged.code, 3, "{demand:?}: {}", judged.stderr);
        assert!(
            judged.stderr.contains("is not the evidence that was asked for"),
            "{}",
            judged.stderr
        );
        assert!(judged.stderr.contains(help), "{}", judged.stderr);
    }
    assert_eq!(verify(&sandbox, &original, &["--policy-sha256", "abc"]).code, 2);
    let mut old = original.clone();
    old["checked_at"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(verify(&sandbox, &old, &[]).code, 0);
    let judged = verify(&sandbox, &old, &["--max-age", "26h", "--require-live"]);
    assert_eq!(judged.code, 3);
    let said = " old, and may be 26 h old at most; it is not live, but simulated\n  \
                help: Run the gate again; its schedule may have stopped. Run it without --members";
    assert!(judged.stderr.contains(said), "{}", judged.stderr);
    let mut future = original;
    future["checked_at"] = json!("2999-01-01T00:00:00Z");
    let judged = verify(&sandbox, &future, &[]);
    assert_eq!(judged.code, 3);
    assert!(judged.stderr.contains("help: Set the clock of this machine"), "{}", judged.stderr);
}

#[test]
fn a_live_report_is_live_in_every_part() {
    let sandbox = Sandbox::new();
    let mut live = compliant(&sandbox);
    live["assurance"] = json!("live");
    live["options"]["today"] = json!(false);
    live["options"]["members"] = json!(false);
    live["source"] = json!({"inputs": [], "ci": {}, "api_url": "https://api.bitbucket.org/2.0"});
    live["workspaces"][0]["source"] = json!("api");
    live["checked_at"] = json!("2026-09-01T12:00:00Z");
    assert_eq!(verify(&sandbox, &live, &["--require-live"]).code, 0);
    for (pointer, value) in [
        ("/assurance", json!("offline")),
        ("/options/today", json!(true)),
        ("/options/members", json!(true)),
        ("/today", json!("2026-08-31")),
        ("/source/api_url", json!("http://127.0.0.1:8080/2.0")),
        ("/workspaces/0/source", json!("saved_pages")),
    ] {
        let mut edited = live.clone();
        *edited.pointer_mut(pointer).unwrap() = value;
        assert_eq!(verify(&sandbox, &edited, &["--require-live"]).code, 3, "{pointer}");
    }
}

#[test]
fn what_is_no_report_is_a_usage_error() {
    let sandbox = Sandbox::new();
    let mut later = report(&sandbox);
    later["schema_version"] = json!(2);
    for no_report in [later, json!({}), json!([]), json!("compliant")] {
        assert_eq!(verify(&sandbox, &no_report, &[]).code, 2, "{no_report}");
    }
    assert_eq!(sandbox.run(&["verify", "missing.json"]).code, 2);
}

#[test]
fn another_version_may_word_its_findings_otherwise() {
    let sandbox = Sandbox::new();
    let mut older = report(&sandbox);
    older["findings"][0]["message"] = json!("Member 0 has no second factor");
    let refused = verify(&sandbox, &older, &[]);
    assert!(refused.stderr.contains("`findings[0].message`"), "{}", refused.stderr);
    older["tool"]["version"] = json!("0.0.9");
    let judged = verify(&sandbox, &older, &[]);
    assert_eq!((judged.code, &*judged.stderr), (1, ""));
    assert!(judged.stdout.contains("no second factor seen by bitbucket"), "{}", judged.stdout);
    // What it found is compared all the same.
    older["findings"][0]["level"] = json!("warning");
    let refused = verify(&sandbox, &older, &[]);
    assert!(refused.stderr.contains("`findings[0].level`"), "{}", refused.stderr);
}

#[test]
fn a_refusal_names_nobody_where_that_is_not_wanted() {
    let sandbox = Sandbox::new();
    let mut edited = report(&sandbox);
    edited["findings"][0]["message"] = json!("Ada Lovelace is to blame");
    sandbox.write("edited.json", edited.to_string());
    let outcome = sandbox.run(&["render", "--redact", "edited.json"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("contradicts itself"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("Ada"), "{}", outcome.stderr);
}

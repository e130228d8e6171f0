//! `--previous`: what is new, fixed and as before, which changes no verdict.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Bitbucket, Outcome, Sandbox, policy, row, rows, unwrapped};

/// Members by number and flag.
fn members(flags: &[(usize, bool)]) -> Vec<Value> {
    flags.iter().map(|&(number, flag)| row(number, Some(json!(flag)))).collect()
}

fn key(number: usize) -> String {
    format!("557058:00000000-0000-4000-8000-{number:012}")
}

/// An exemption on one line.
fn exemption(id: &str, number: usize, expires: &str) -> String {
    let id_of = key(number);
    format!("  - {{id: {id}, account_id: \"{id_of}\", reason: a test, expires: {expires}}}\n")
}

/// A folder with saved pages of `acme` under two names, then and now.
fn sandbox(then: &[Value], now: &[Value]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    for (name, rows) in [("then.json", then), ("now.json", now)] {
        let page = json!({"pagelen": 100, "size": rows.len(), "page": 1, "values": rows});
        sandbox.write(name, page.to_string());
    }
    sandbox
}

const JUDGED: [&str; 3] = ["check", "--today", "2026-09-01"];

/// The earlier run.
fn first(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    let args = ["--members", "then.json", "--report=json=first.json"];
    sandbox.run(&[&JUDGED[..], &args, more].concat())
}

/// The run that is compared with it.
fn second(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    let args = ["--members", "now.json", "--report=json=second.json", "--previous=first.json"];
    let reports = ["--report=markdown=summary.md"];
    sandbox.run(&[&JUDGED[..], &args, &reports, more].concat())
}

/// Of each concern of a list what it is about, and how it was settled.
fn list(sandbox: &Sandbox, name: &str) -> Vec<(String, Option<String>)> {
    let report = sandbox.json("second.json");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let concerns = report["changes"][name].as_array().unwrap().iter();
    let about = |own: &Value| text(&own["key"]).or_else(|| text(&own["exemption"])).unwrap();
    concerns.map(|own| (about(own), text(&own["settled"]))).collect()
}

fn nothing_is_compared(sandbox: &Sandbox) {
    for name in ["new", "fixed", "staying"] {
        assert_eq!(list(sandbox, name), [], "{name}");
    }
}

#[test]
fn members_come_and_go() {
    let mut gone = row(5, Some(json!(false)));
    gone["user"]["account_status"] = json!("inactive");
    let then = members(&[(1, false), (2, false), (3, false), (4, true), (5, false), (6, false)]);
    let mut now = members(&[(1, false), (2, true), (4, false), (6, false), (7, false)]);
    now.push(gone);
    let sandbox = sandbox(&then, &now);
    assert_eq!(first(&sandbox, &[]).code, 1);
    // Number six is excused by a policy that is another one by now.
    let exempt = policy("acme", &format!("exemptions:\n{}", exemption("EX-6", 6, "2026-10-30")));
    sandbox.write("policy.yaml", exempt);
    let outcome = second(&sandbox, &[]);
    assert_eq!(outcome.code, 1);
    assert_eq!(list(&sandbox, "new"), [(key(4), None), (key(7), None)]);
    let settled = |number, how: &str| (key(number), Some(how.to_owned()));
    assert_eq!(
        list(&sandbox, "fixed"),
        [
            settled(2, "protected"),
            settled(3, "left"),
            settled(5, "not_applicable"),
            settled(6, "exempt"),
        ]
    );
    assert_eq!(list(&sandbox, "staying"), [(key(1), None)]);

    for said in [
        "2 new, 4 fixed, 1 as before",
        "new Member 4 (557058:00000000-0000-4000-8000-000000000004) in acme: No second factor",
        "fixed Member 2 (557058:00000000-0000-4000-8000-000000000002) in acme: protected now",
        "fixed Member 3 (557058:00000000-0000-4000-8000-000000000003) in acme: not in the workspace",
        "the policy has changed since",
    ] {
        assert!(unwrapped(&outcome.stdout).contains(said), "{said} is not in\n{}", outcome.stdout);
    }
    let summary = sandbox.read("summary.md");
    for said in ["2 new, 4 fixed, 1 as before", "### New", "### Fixed", "protected now"] {
        assert!(summary.contains(said), "{said} is not in\n{summary}");
    }
    let quiet = second(&sandbox, &["--quiet"]);
    assert!(!quiet.stdout.contains("as before"), "{}", quiet.stdout);
}

#[test]
fn an_exemption_that_has_run_out_is_new_and_one_that_is_gone_is_fixed() {
    let now = members(&[(1, false), (2, false), (3, true), (4, true)]);
    let sandbox = sandbox(&now, &now);
    let entries = |ids: &[(&str, usize, &str)]| -> String {
        ids.iter().map(|(id, number, expires)| exemption(id, *number, expires)).collect()
    };
    let with = |ids: &[(&str, usize, &str)]| {
        sandbox.write("policy.yaml", policy("acme", &format!("exemptions:\n{}", entries(ids))));
    };
    let unneeded = ("unneeded", 3, "2026-10-30");
    with(&[
        ("ending", 1, "2026-09-05"),
        ("renewed", 2, "2026-09-05"),
        unneeded,
        ("gone", 4, "2026-10-30"),
    ]);
    first(&sandbox, &[]);
    with(&[("ending", 1, "2026-08-30"), ("renewed", 2, "2026-10-30"), unneeded]);
    second(&sandbox, &[]);
    assert_eq!(list(&sandbox, "new"), [(key(1), None), ("ending".into(), None)]);
    let settled = |id: &str, how: &str| (id.to_owned(), Some(how.to_owned()));
    assert_eq!(
        list(&sandbox, "fixed"),
        [settled("renewed", "in_order"), settled("gone", "removed")]
    );
    assert_eq!(list(&sandbox, "staying"), [("unneeded".into(), None)]);
    // Warnings that count as errors now are the same concerns.
    second(&sandbox, &["--strict"]);
    assert_eq!(list(&sandbox, "staying"), [("unneeded".into(), None)]);
    // Ignored exemptions are not gone.
    second(&sandbox, &["--ignore-exemptions"]);
    assert_eq!(list(&sandbox, "fixed"), []);
}

#[test]
fn an_exemption_with_another_problem_is_not_as_before() {
    let then = members(&[(1, false), (2, false), (3, false)]);
    let now = members(&[(1, true), (2, false), (3, false)]);
    let sandbox = sandbox(&then, &now);
    let with = |ids: &[(&str, usize, &str)]| {
        let entries = ids.iter().map(|(id, number, expires)| exemption(id, *number, expires));
        let entries: String = entries.collect();
        sandbox.write("policy.yaml", policy("acme", &format!("exemptions:\n{entries}")));
    };
    with(&[
        ("protected", 1, "2026-08-30"),
        ("renewed", 2, "2026-08-30"),
        ("same", 3, "2026-08-30"),
    ]);
    first(&sandbox, &[]);
    with(&[
        ("protected", 1, "2026-08-30"),
        ("renewed", 2, "2026-09-05"),
        ("same", 3, "2026-08-30"),
    ]);
    for more in [&[][..], &["--strict"]] {
        let outcome = second(&sandbox, more);
        let exemptions = |name: &str| -> Vec<(String, Option<String>)> {
            let all = list(&sandbox, name).into_iter();
            all.filter(|(about, _)| !about.starts_with("557058:")).collect()
        };
        let named = |id: &str| (id.to_owned(), None);
        assert_eq!(exemptions("new"), [named("renewed"), named("protected")], "{more:?}");
        let settled = |id: &str| (id.to_owned(), Some("less_serious".to_owned()));
        assert_eq!(exemptions("fixed"), [settled("protected"), settled("renewed")], "{more:?}");
        assert_eq!(exemptions("staying"), [named("same")], "{more:?}");
        assert!(outcome.stdout.contains("less serious now"), "{}", outcome.stdout);
    }
}

#[test]
fn an_earlier_report_that_contradicts_itself_is_not_compared() {
    let all = members(&[(1, true), (2, true)]);
    let sandbox = sandbox(&all, &all);
    first(&sandbox, &[]);
    let mut edited = sandbox.json("first.json");
    edited["members"][0]["outcome"] = json!("violation");
    sandbox.write("first.json", edited.to_string());
    let outcome = second(&sandbox, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    for said in ["is not compared", "first.json contradicts itself", "`members[0].outcome`"] {
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
    assert_eq!(sandbox.json("second.json")["changes"], Value::Null);
}

#[test]
fn what_one_run_did_not_read_is_not_compared() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, false));
    server.permission("acme", "owner");
    server.refuse("labs", 403, json!({"type": "error", "error": {"message": "no"}}));
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme, labs", ""));
    let check = |more: &[&str]| sandbox.run_against(&server, &[&["check"], more].concat());
    check(&["--report=json=first.json"]);
    let outcome = check(&["--report=json=second.json", "--previous=first.json"]);
    assert_eq!(list(&sandbox, "staying").len(), 3);
    assert_eq!(sandbox.json("second.json")["changes"]["not_compared"], json!(["labs"]));
    assert!(outcome.stdout.contains("1 workspace not compared: labs. Both"), "{}", outcome.stdout);

    // An export has no ids: each of its rows may be any member of the API's list.
    let export = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
                  Somebody,somebody@acme.example,2026-08-30,No,Yes\n";
    sandbox.write("export.csv", export);
    let workspace = ["--workspace=acme", "--previous=first.json", "--report=json=second.json"];
    let outcome = check(&[&workspace[..], &["--members=export.csv"]].concat());
    nothing_is_compared(&sandbox);
    let said = outcome.stdout.contains("UTC: not compared\n");
    assert!(said && !outcome.stdout.contains("0 new"), "{}", outcome.stdout);
    assert_eq!(sandbox.json("second.json")["changes"]["not_compared"], json!(["acme", "labs"]));

    // Without an address, a row is somebody else in the next export.
    sandbox.write("export.csv", export.replace("somebody@acme.example", ""));
    let run = ["--workspace=acme", "--members=export.csv"];
    check(&[&run[..], &["--report=json=first.json"]].concat());
    check(&[&run[..], &["--report=json=second.json", "--previous=first.json"]].concat());
    nothing_is_compared(&sandbox);
}

#[test]
fn an_exemption_that_nothing_can_be_said_of_is_not_settled() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    server.workspace("labs", &rows(0..3, true));
    let sandbox = Sandbox::new();
    let unneeded = format!("exemptions:\n{}", exemption("unneeded", 1, "2026-10-30"));
    sandbox.write("policy.yaml", policy("acme, labs", &unneeded));
    let check = |more: &[&str]| sandbox.run_against(&server, &[&JUDGED[..], more].concat());
    check(&["--report=json=first.json"]);
    let narrowed = ["--workspace=acme", "--previous=first.json", "--report=json=second.json"];
    check(&narrowed);
    nothing_is_compared(&sandbox);
}

#[test]
fn somebody_with_another_key_is_the_same_person() {
    let mut without_account = members(&[(1, false), (2, false), (3, true)]);
    for row in &mut without_account {
        row["user"].as_object_mut().unwrap().remove("account_id");
    }
    let mut one_without = members(&[(1, false), (2, false), (3, true)]);
    one_without[1]["user"].as_object_mut().unwrap().remove("account_id");
    for then in [without_account, one_without] {
        let sandbox = sandbox(&then, &members(&[(1, false), (2, true), (3, true)]));
        first(&sandbox, &[]);
        second(&sandbox, &[]);
        let fixed = list(&sandbox, "fixed");
        assert_eq!(fixed.len(), 1, "{fixed:?}");
        assert_eq!(fixed[0].1.as_deref(), Some("protected"), "{fixed:?}");
        assert_eq!((list(&sandbox, "new").len(), list(&sandbox, "staying").len()), (0, 1));
    }
}

#[test]
fn it_changes_no_verdict() {
    let sandbox = sandbox(&members(&[(1, true)]), &members(&[(1, true)]));
    first(&sandbox, &[]);
    let report = sandbox.read("first.json");
    for (what, text) in [
        ("nothing", ""),
        ("no report", "{}"),
        ("half of one", &report[..report.len() / 2]),
        ("another version", &report.replacen("\"schema_version\": 1", "\"schema_version\": 9", 1)),
    ] {
        sandbox.write("first.json", text);
        let outcome = second(&sandbox, &[]);
        assert_eq!(outcome.code, 0, "{what}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("is not compared"), "{what}: {}", outcome.stderr);
        assert_eq!(sandbox.json("second.json")["changes"], Value::Null, "{what}");
    }
    std::fs::remove_file(sandbox.path("first.json")).unwrap();
    let outcome = second(&sandbox, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("cannot be read"), "{}", outcome.stderr);
    let warned = "warning: this run is not compared with an earlier one: the report \
                  first.json cannot be read";
    for more in [&[][..], &["-q"]] {
        let outcome = second(&sandbox, more);
        assert!(outcome.stderr.starts_with(warned), "{}", outcome.stderr);
        let end = "; this is normal in a first run\n";
        assert!(outcome.stderr.ends_with(end), "{}", outcome.stderr);
    }

    // It is an input, which no report may overwrite.
    sandbox.write("first.json", &report);
    let outcome = second(&sandbox, &["--report=csv=first.json"]);
    assert_eq!(outcome.code, 2);
    assert_eq!(sandbox.read("first.json"), report);
}

#[test]
fn a_hostile_name_of_then_stays_text() {
    let mut then = row(1, Some(json!(false)));
    then["user"]["display_name"] = json!("::error::\u{1b}[31m <b>x</b> | @all");
    let sandbox = sandbox(&[then, row(2, Some(json!(true)))], &members(&[(2, true)]));
    first(&sandbox, &[]);
    let outcome = second(&sandbox, &[]);
    assert!(outcome.stdout.contains("fixed \\u{3a}:error::\\u{1b}[31m"), "{}", outcome.stdout);
    let summary = sandbox.read("summary.md");
    assert!(!summary.contains("<b>") && !summary.contains('\u{1b}'), "{summary}");
}

#[test]
fn a_report_names_the_one_before_it() {
    let members = members(&[(1, true)]);
    let sandbox = sandbox(&members, &members);
    // There is none before the first one.
    assert_eq!(first(&sandbox, &["--previous", "none.json"]).code, 0);
    assert_eq!(sandbox.json("first.json")["previous"], Value::Null);
    assert_eq!(second(&sandbox, &[]).code, 0);
    let named = sandbox.json("second.json")["previous"].clone();
    let digest = Sha256::digest(sandbox.read("first.json"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let checked_at = sandbox.json("first.json")["checked_at"].clone();
    assert_eq!(named, json!({"sha256": digest, "checked_at": checked_at}));
    let verified = sandbox.run(&["verify", "second.json"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    assert!(verified.stdout.contains(&format!("after the report {digest}")), "{}", verified.stdout);
    // A digest of what names people is not told where nobody is to be named.
    assert_eq!(second(&sandbox, &["--redact"]).code, 0);
    assert_eq!(sandbox.json("second.json")["previous"], Value::Null);
    sandbox.run(&["render", "--redact", "second.json", "--report=json=again.json"]);
    assert_eq!(sandbox.json("again.json")["previous"], Value::Null);
}

//! This machine's clock, compared with what the servers' answers say.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, ResponseTemplate};

use crate::raw::{Raw, send};
use crate::support::{Bitbucket, EMAIL, Sandbox, TOKEN, day, policy, row, rows};

/// A server whose answers are dated so many seconds before this machine's clock.
fn dated(seconds: u64) -> Bitbucket {
    let server = Bitbucket::start();
    let date = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(seconds));
    let mut listed = rows(0..2, true);
    listed.push(row(2, Some(json!(false))));
    let page = json!({"values": listed, "size": 3, "page": 1, "pagelen": 100});
    let answer = ResponseTemplate::new(200).set_body_json(page).insert_header("date", &*date);
    server.mount(Mock::given(path("/2.0/workspaces/acme/members")).respond_with(answer));
    let refused = ResponseTemplate::new(404).insert_header("date", &*date);
    server.mount(Mock::given(any()).respond_with(refused).with_priority(9));
    server
}

/// A policy that exempts the one without a second factor.
fn exempting(expires: &str) -> String {
    let id = row(2, None)["user"]["account_id"].as_str().unwrap().to_owned();
    let entry = "id: EX-1\n    reason: It signs in from one machine alone.";
    let more =
        format!("exemptions:\n  - {entry}\n    account_id: \"{id}\"\n    expires: {expires}\n");
    policy("acme", &more)
}

const FORMATS: [&str; 6] = ["json", "junit", "sarif", "markdown", "html", "github"];

#[test]
fn a_clock_that_is_an_hour_wrong_judges_nobody() {
    // By the servers it is two days later, and the exemption is over. By those of the second case
    // it is two days earlier, which proves no less that one of the clocks is wrong.
    for ahead in [2 * 86_400, 3_700] {
        let (server, sandbox) = (dated(ahead), Sandbox::new());
        sandbox.write("policy.yaml", exempting(&day(1)));
        let outcome = sandbox.run_against(&server, &["check", "--report", "json=out.json"]);
        assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
        assert!(
            outcome.stdout.contains("the clock of this machine is wrong"),
            "{}",
            outcome.stdout
        );
        let report = sandbox.json("out.json");
        assert_eq!(report["verdict"], "incomplete");
        let told = report["source"]["clock"]["ahead_s"].as_u64().unwrap();
        assert!((ahead - 60..ahead + 60).contains(&told), "{told}");
        let verified = sandbox.run(&["verify", "out.json"]);
        assert_eq!(verified.code, 3, "{}{}", verified.stdout, verified.stderr);
        assert!(verified.stdout.contains("clock"), "{}", verified.stdout);

        let listed = sandbox.run_against(&server, &["members", "--workspace", "acme"]);
        assert_eq!(listed.code, 3, "{}{}", listed.stdout, listed.stderr);
        assert!(listed.stdout.contains("Member 1"), "{}", listed.stdout);
        let doctor = sandbox.run_against(&server, &["doctor", "--workspace", "acme"]);
        assert_eq!(doctor.code, 3, "{}{}", doctor.stdout, doctor.stderr);
        let add = ["policy", "add", "nick1", "--id", "EX-2", "--reason", "It is new.", "--expires"];
        let ends = day(9);
        let add = [&add[..], &[&*ends]].concat();
        let added = sandbox.run_against(&server, &add);
        assert_eq!(added.code, 3, "{}{}", added.stdout, added.stderr);
        assert!(!sandbox.read("policy.yaml").contains("EX-2"));
    }
}

#[test]
fn a_clock_that_is_minutes_wrong_is_noted_in_every_report() {
    let (server, sandbox) = (dated(1_200), Sandbox::new());
    sandbox.write("policy.yaml", exempting(&day(60)));
    let reports = FORMATS.map(|format| format!("{format}=out/{format}"));
    let mut args = vec!["check", "-q"];
    reports.iter().for_each(|report| args.extend(["--report", report]));
    let outcome = sandbox.run_against(&server, &args);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    let note = "the clock of the machine that asked is not right";
    assert!(outcome.stdout.replace("\n      ", " ").contains(note), "{}", outcome.stdout);
    for format in &FORMATS[1..] {
        assert!(sandbox.read(&format!("out/{format}")).contains(note), "{format}");
    }
    let verified = sandbox.run(&["verify", "out/json"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    assert!(verified.stdout.contains("is not right"), "{}", verified.stdout);
    let listed = sandbox.run_against(&server, &["members", "--workspace", "acme"]);
    assert!(listed.code == 0 && listed.stdout.contains(note), "{}", listed.stdout);

    // What is in the evidence counts, and not what was made of it.
    let mut report = sandbox.json("out/json");
    report["source"]["clock"]["ahead_s"] = json!(-3_601);
    sandbox.write("out/json", report.to_string());
    let verified = sandbox.run(&["verify", "out/json"]);
    assert_eq!(verified.code, 3, "{}", verified.stdout);
    report["source"]["clock"]["ahead_s"] = json!(i64::MIN);
    sandbox.write("out/json", report.to_string());
    assert_eq!(sandbox.run(&["verify", "out/json"]).code, 3);
}

#[test]
fn a_day_that_is_given_does_not_hang_on_the_clock() {
    let (server, sandbox) = (dated(7_300), Sandbox::new());
    sandbox.write("policy.yaml", exempting("2026-02-01"));
    let args = ["check", "--today", "2026-01-06", "--report", "json=out.json"];
    let outcome = sandbox.run_against(&server, &args);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("is not right"), "{}", outcome.stdout);
    assert_eq!(sandbox.run(&["verify", "out.json"]).code, 0);
}

#[test]
fn an_answer_without_a_time_says_nothing() {
    for header in ["", "Date: yesterday\r\n", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nAge: 9\r\n"] {
        let server = Raw::start(move |_, stream| {
            let page = json!({"values": rows(0..3, true), "size": 3, "page": 1, "pagelen": 100});
            send(stream, "200 OK", header, page.to_string().as_bytes())
        });
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", policy("acme", ""));
        let url = format!("{}/2.0", server.origin());
        let env = [
            ("BITBUCKET_API_URL", &*url),
            ("BITBUCKET_EMAIL", EMAIL),
            ("BITBUCKET_API_TOKEN", TOKEN),
        ];
        let outcome = sandbox.run_with(&["check", "--report", "json=out.json"], &env);
        assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(sandbox.json("out.json")["source"]["clock"], Value::Null);
    }
}

//! `mfa-gate pipe` with the variables of the Bitbucket Pipe.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::slack::Slack;
use crate::support::{BASIC, Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, rows};

/// A workspace with these flags, and a folder with a policy about it.
pub(crate) fn ground(flag: bool) -> (Bitbucket, Sandbox) {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, flag));
    server.permission("acme", "owner");
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    (server, sandbox)
}

/// Runs the pipe as its image does, with a token and these variables.
pub(crate) fn run(server: &Bitbucket, sandbox: &Sandbox, variables: &[(&str, &str)]) -> Outcome {
    let url = server.api_url();
    let own =
        [("BITBUCKET_API_URL", &*url), ("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let outcome = sandbox.run_with(&["pipe"], &[&own[..], variables].concat());
    for secret in [TOKEN, BASIC] {
        assert!(!outcome.stdout.contains(secret), "a secret is on stdout");
        assert!(!outcome.stderr.contains(secret), "a secret is on stderr");
    }
    outcome
}

#[test]
fn it_ends_as_check_does() {
    for (flag, code, failures) in [(true, 0, 0), (false, 1, 3)] {
        let (server, sandbox) = ground(flag);
        let outcome = run(&server, &sandbox, &[]);
        assert_eq!(outcome.code, code, "{}", outcome.stderr);
        let junit = sandbox.read("test-results/mfa-gate.xml");
        assert_eq!(junit.matches("<testcase").count(), 3, "{junit}");
        assert_eq!(junit.matches("<failure").count(), failures, "{junit}");
        assert!(outcome.stdout.contains("3 members"), "{}", outcome.stdout);
        assert!(!outcome.stderr.contains("DEBUG"), "{}", outcome.stderr);
    }
    let (server, sandbox) = ground(true);
    sandbox.write("policy.yaml", policy("unread", ""));
    assert_eq!(run(&server, &sandbox, &[]).code, 3);
    assert_eq!(run(&server, &sandbox, &[("POLICY", "missing.yaml")]).code, 2);
    assert!(!sandbox.path("test-results/mfa-gate.xml").exists(), "it is of an earlier run");
}

#[test]
fn reports_go_to_their_folder() {
    let (server, sandbox) = ground(false);
    let outcome = run(&server, &sandbox, &[("REPORTS", "out/a b")]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert_eq!(sandbox.json("out/a b/mfa-gate.json")["verdict"], "violations");
    assert_eq!(sandbox.json("out/a b/mfa-gate.sarif")["version"], "2.1.0");
    assert!(sandbox.read("out/a b/mfa-gate.md").contains("violations"));
    assert!(sandbox.read("out/a b/mfa-gate.html").contains("<span>violations</span>"));
    assert!(sandbox.path("test-results/mfa-gate.xml").exists());
}

#[test]
fn a_run_is_compared_with_the_report_of_the_last_one() {
    let (server, sandbox) = ground(false);
    let with = |previous| [("REPORTS", "out"), ("PREVIOUS", previous)];
    let first = run(&server, &sandbox, &with("last.json"));
    assert_eq!(first.code, 1, "a report that is missing changes no verdict: {}", first.stderr);
    assert!(first.stderr.contains("last.json"), "{}", first.stderr);
    sandbox.write("last.json", sandbox.read("out/mfa-gate.json"));
    assert_eq!(run(&server, &sandbox, &with("last.json")).code, 1);
    let changes = &sandbox.json("out/mfa-gate.json")["changes"];
    assert_eq!(changes["staying"].as_array().map(Vec::len), Some(3), "{changes}");

    let over_it = run(&server, &sandbox, &with("out/mfa-gate.json"));
    assert_eq!(over_it.code, 2, "{}", over_it.stderr);
    assert!(sandbox.path("out/mfa-gate.json").exists(), "what is read is not removed");
}

#[test]
fn workspaces_are_divided_by_whatever_stands_between() {
    let (server, sandbox) = ground(true);
    for slug in ["beta", "gamma", "delta"] {
        server.workspace(slug, &rows(0..1, true));
    }
    sandbox.write("policy.yaml", "version: 1\n");
    let variables = [("WORKSPACES", "acme, beta\r\n gamma\ndelta,"), ("REPORTS", "out")];
    let outcome = run(&server, &sandbox, &variables);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let report = sandbox.json("out/mfa-gate.json");
    let slugs: Vec<&Value> =
        report["workspaces"].as_array().unwrap().iter().map(|own| &own["slug"]).collect();
    assert_eq!(slugs, ["acme", "beta", "delta", "gamma"]);
    // Without them, the pipeline's own.
    let outcome = run(&server, &sandbox, &[("BITBUCKET_WORKSPACE", "acme")]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let outcome = run(&server, &sandbox, &[("WORKSPACES", " , ")]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
}

#[test]
fn values_arrive_as_they_are() {
    let odd = "a b;$(touch x)`id`' --exit-zero\u{e9}.yaml";
    let (server, sandbox) = ground(false);
    sandbox.write(odd, policy("acme", ""));
    let outcome = run(&server, &sandbox, &[("POLICY", odd)]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(!sandbox.path("x").exists());
    for (name, value) in [
        ("POLICY", "--exit-zero"),
        ("POLICY_SHA256", "--exit-zero"),
        ("WORKSPACES", "--exit-zero"),
        ("ROSTER_AS_OF", "--exit-zero"),
        ("SLACK", "--exit-zero"),
        ("VERIFY", "--help"),
        ("VERIFY", "-"),
    ] {
        let outcome = run(&server, &sandbox, &[(name, value)]);
        assert_eq!(outcome.code, 2, "{name}: {}{}", outcome.stdout, outcome.stderr);
    }
    let outcome = run(&server, &sandbox, &[("SLACK", "https://hooks.example/very-secret")]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("very-secret"), "{}", outcome.stderr);
    let outcome = run(&server, &sandbox, &[("ROSTER_AS_OF", "x\n::error::y\u{1b}[2J")]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("\n::error::"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the pipe's variables do not fit"), "{}", outcome.stderr);
}

#[test]
fn what_is_wrong_with_a_variable_names_it() {
    let (server, sandbox) = ground(true);
    sandbox.write("r.csv", "email,mfa\n");
    let pin = "0".repeat(64);
    let verify = [("VERIFY", "r.json"), ("POLICY_SHA256", &*pin), ("WORKSPACES", "acme")];
    for (variables, said) in [
        (&[("POLICY", "no.yaml")][..], "Name the policy with POLICY, or write a first one"),
        (&[("POLICY_SHA256", "abc")], "Give POLICY_SHA256 the 64 hexadecimal digits"),
        (&[("POLICY_SHA256", &pin)], "pin the new digest with POLICY_SHA256;"),
        (&[("ROSTER", "r.csv")], "ROSTER r.csv has no date"),
        (&[("ROSTER", "r.csv")], "exported with ROSTER_AS_OF YYYY-MM-DD."),
        (&[("ROSTER_AS_OF", "2026-09-01")], "is given without ROSTER\n"),
        (&[("ROSTER_AS_OF", "yesterday")], "do not fit: `ROSTER_AS_OF` does not take `yesterday`"),
        (&[&verify[..], &[("MAX_AGE", "1d")]].concat(), "do not fit: `MAX_AGE` does not take `1d`"),
    ] {
        let outcome = run(&server, &sandbox, variables);
        assert_eq!(outcome.code, 2, "{variables:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{variables:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_variable_that_the_pipeline_does_not_have_is_unset() {
    let (server, sandbox) = ground(true);
    let unset = [
        ("BITBUCKET_ACCESS_TOKEN", "${BITBUCKET_ACCESS_TOKEN}"),
        ("BITBUCKET_CLIENT_ID", "$BITBUCKET_CLIENT_ID"),
        ("ATLASSIAN_ORG_ID", ""),
        ("SLACK_WEBHOOK_URL", "${SLACK_WEBHOOK_URL}"),
    ];
    let outcome = run(&server, &sandbox, &unset);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn debugging_shows_every_request() {
    let (server, sandbox) = ground(false);
    let outcome = run(&server, &sandbox, &[("DEBUG", "true")]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let requests = server.requests();
    assert_eq!(outcome.stderr.matches("DEBUG request").count(), requests.len());
    for request in requests {
        assert!(outcome.stderr.contains(request.url.path()), "{}", outcome.stderr);
    }
}

#[test]
fn evidence_is_judged_again() {
    let (server, sandbox) = ground(true);
    assert_eq!(run(&server, &sandbox, &[("REPORTS", "out")]).code, 0);
    let asked = server.requests().len();
    let verify = ("VERIFY", "out/mfa-gate.json");
    let pin = Sha256::digest(sandbox.read("policy.yaml"));
    let pin: String = pin.iter().map(|byte| format!("{byte:02x}")).collect();
    let (pin, acme) = (("POLICY_SHA256", &*pin), ("WORKSPACES", "acme"));
    // What a mock server says is not live, which the pipe insists on.
    let outcome = sandbox.run_with(&["pipe"], &[verify, pin, acme]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("not live"), "{}", outcome.stderr);
    let mut live = sandbox.json("out/mfa-gate.json");
    live["assurance"] = json!("live");
    live["source"]["api_url"] = json!("https://api.bitbucket.org/2.0");
    sandbox.write("out/mfa-gate.json", live.to_string());
    let other = "0".repeat(64);
    for (variables, code) in [
        (&[pin, acme][..], 0),
        (&[pin, acme, ("MAX_AGE", "1h")], 0),
        (&[pin, ("WORKSPACES", "labs")], 3),
        (&[("POLICY_SHA256", &*other), acme], 3),
        (&[pin, acme, ("MAX_AGE", "1ns")], 3),
        (&[pin, acme, ("MAX_AGE", "soon")], 2),
        // Anybody's report would do.
        (&[pin], 2),
        (&[acme], 2),
    ] {
        let outcome = sandbox.run_with(&["pipe"], &[&[verify], variables].concat());
        assert_eq!(outcome.code, code, "{variables:?}: {}", outcome.stderr);
    }
    assert_eq!(server.requests().len(), asked);
    let missing = [("VERIFY", "missing.json"), pin, acme];
    assert_eq!(sandbox.run_with(&["pipe"], &missing).code, 2);
    for other in
        [("ROSTER", "r.csv"), ("REPORTS", "out"), ("PREVIOUS", "p.json"), ("SLACK", "always")]
    {
        let outcome = sandbox.run_with(&["pipe"], &[verify, pin, acme, other]);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(other.0), "{}", outcome.stderr);
    }
    let outcome = run(&server, &sandbox, &[("MAX_AGE", "1h")]);
    assert_eq!(outcome.code, 2, "the age of what? {}", outcome.stderr);
}

#[test]
fn evidence_of_the_day_before_yesterday_is_too_old() {
    let (server, sandbox) = ground(true);
    assert_eq!(run(&server, &sandbox, &[("REPORTS", "out")]).code, 0);
    let mut report = sandbox.json("out/mfa-gate.json");
    report["assurance"] = json!("live");
    report["source"]["api_url"] = json!("https://api.bitbucket.org/2.0");
    let pin = report["policy"]["sha256"].as_str().unwrap().to_owned();
    for (hours, code) in [(25, 0), (27, 3)] {
        let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        let then = then.round(jiff::Unit::Second).unwrap();
        report["checked_at"] = json!(then.to_string());
        report["today"] = json!(then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
        sandbox.write("out/mfa-gate.json", report.to_string());
        let variables =
            [("VERIFY", "out/mfa-gate.json"), ("POLICY_SHA256", &*pin), ("WORKSPACES", "acme")];
        let outcome = sandbox.run_with(&["pipe"], &variables);
        assert_eq!(outcome.code, code, "{hours} hours: {}{}", outcome.stdout, outcome.stderr);
        let longer = [&variables[..], &[("MAX_AGE", "48h")]].concat();
        assert_eq!(sandbox.run_with(&["pipe"], &longer).code, 0);
    }
}

#[test]
fn a_run_that_is_not_live_is_warned_of() {
    let (server, sandbox) = ground(true);
    let outcome = run(&server, &sandbox, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let said = "warning: this run is not live: simulated";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
}

#[test]
fn what_is_neither_true_nor_false_is_refused() {
    let (server, sandbox) = ground(true);
    for (name, variables) in [
        ("CODE_INSIGHTS", &[("CODE_INSIGHTS", "yes")][..]),
        ("INSIGHTS_NAMES", &[("CODE_INSIGHTS", "true"), ("INSIGHTS_NAMES", "1")]),
        ("REDACT", &[("REDACT", "1")]),
        ("SLACK_NAMES", &[("SLACK_NAMES", "no")]),
        ("DEBUG", &[("DEBUG", "1")]),
    ] {
        let outcome = run(&server, &sandbox, variables);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(name), "{}", outcome.stderr);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn nobody_is_named_when_asked_for() {
    let (server, sandbox) = ground(false);
    let key = ("REDACT_KEY", "a-key-of-at-least-16-bytes");
    let ids = |variables: &[(&str, &str)]| {
        let outcome = run(&server, &sandbox, variables);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let report = sandbox.read("out/mfa-gate.json");
        let said = outcome.stdout + &outcome.stderr + &report;
        assert!(!said.contains("557058:") && !said.contains(key.1), "{said}");
        sandbox.json("out/mfa-gate.json")["members"].clone()
    };
    let (redact, reports) = (("REDACT", "True"), ("REPORTS", "out"));
    let by_key = ids(&[redact, reports, key]);
    assert_eq!(by_key, ids(&[redact, reports, key]));
    let default = ("REDACT_KEY", "${REDACT_KEY}");
    assert_ne!(ids(&[redact, reports, default]), ids(&[redact, reports, default]));
    let short = run(&server, &sandbox, &[redact, ("REDACT_KEY", "too-short")]);
    assert_eq!(short.code, 2, "{}", short.stderr);
    assert!(!short.stderr.contains("too-short"), "{}", short.stderr);
    assert!(!short.stderr.contains("MFA_GATE_"), "the pipe's own name: {}", short.stderr);
}

#[test]
fn nobody_is_named_by_the_log_of_every_request_either() {
    let (server, sandbox) = (Bitbucket::start(), Sandbox::new());
    let error = json!({"type": "error", "error": {"message": "Ada Lovelace is busy"}});
    server.refuse("acme", 503, error);
    sandbox.write("policy.yaml", policy("acme", ""));
    let debug = ("DEBUG", "true");
    let named = run(&server, &sandbox, &[debug]);
    assert!(named.stderr.contains("why=Bitbucket answered 503: Ada Lovelace"), "{}", named.stderr);
    let redacted = run(&server, &sandbox, &[debug, ("REDACT", "True")]);
    assert!(redacted.stderr.contains("why=Bitbucket answered 503: (withheld)"));
    let said = redacted.stdout + &redacted.stderr;
    assert!(!said.contains("Lovelace"), "{said}");
}

#[test]
fn slack_has_a_shorter_name_here() {
    let (server, sandbox) = ground(true);
    let outcome = run(&server, &sandbox, &[("SLACK", "always")]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    let outcome =
        run(&server, &sandbox, &[("SLACK_WEBHOOK_URL", "http://hooks.example/very-secret")]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("plain http"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("MFA_GATE_"), "the pipe's own name: {}", outcome.stderr);
    assert!(!outcome.stderr.contains("very-secret"), "{}", outcome.stderr);

    let slack = Slack::answering(wiremock::ResponseTemplate::new(404));
    let variables = [("SLACK", "always"), ("SLACK_WEBHOOK_URL", &*slack.webhook())];
    let outcome = run(&server, &sandbox, &variables);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("set SLACK_WEBHOOK_URL to it"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("MFA_GATE_"), "the pipe's own name: {}", outcome.stderr);
}

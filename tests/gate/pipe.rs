//! `mfa-gate pipe` with the variables of the Bitbucket Pipe, and the file that declares them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{BASIC, Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, rows};

/// A workspace with these flags, and a folder with a policy about it.
fn ground(flag: bool) -> (Bitbucket, Sandbox) {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, flag));
    server.permission("acme", "owner");
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    (server, sandbox)
}

/// Runs the pipe as its image does, with a token and these variables.
fn run(server: &Bitbucket, sandbox: &Sandbox, variables: &[(&str, &str)]) -> Outcome {
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
fn a_variable_that_the_pipeline_does_not_have_is_unset() {
    let (server, sandbox) = ground(true);
    let unset = [
        ("BITBUCKET_ACCESS_TOKEN", "${BITBUCKET_ACCESS_TOKEN}"),
        ("BITBUCKET_CLIENT_ID", "$BITBUCKET_CLIENT_ID"),
        ("ATLASSIAN_ORG_ID", ""),
        ("SLACK_WEBHOOK_URL", "${SLACK_WEBHOOK_URL}"),
        ("VERIFY", ""),
    ];
    let outcome = run(&server, &sandbox, &unset);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn a_demand_that_the_pipeline_does_not_have_is_not_passed_over() {
    let (server, sandbox) = ground(true);
    std::fs::create_dir_all(sandbox.path("test-results")).unwrap();
    sandbox.write("test-results/mfa-gate.xml", "an earlier run's");
    for name in ["POLICY_SHA256", "WORKSPACES", "MAX_AGE", "VERIFY", "ROSTER", "REDACT"] {
        let outcome = run(&server, &sandbox, &[(name, &format!("${name}"))]);
        assert_eq!(outcome.code, 2, "{name}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(name), "{}", outcome.stderr);
    }
    assert!(server.requests().is_empty());
    assert!(!sandbox.path("test-results/mfa-gate.xml").exists(), "an old report is left");
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
}

#[test]
fn what_is_neither_true_nor_false_is_refused() {
    let (server, sandbox) = ground(true);
    for (name, variables) in [
        ("CODE_INSIGHTS", &[("CODE_INSIGHTS", "yes")][..]),
        ("INSIGHTS_NAMES", &[("CODE_INSIGHTS", "true"), ("INSIGHTS_NAMES", "1")]),
        ("REDACT", &[("REDACT", "1")]),
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
    let unset = ("REDACT_KEY", "${REDACT_KEY}");
    assert_ne!(ids(&[redact, reports, unset]), ids(&[redact, reports, unset]));
    let short = run(&server, &sandbox, &[redact, ("REDACT_KEY", "too-short")]);
    assert_eq!(short.code, 2, "{}", short.stderr);
    assert!(!short.stderr.contains("too-short"), "{}", short.stderr);
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
    assert!(!outcome.stderr.contains("very-secret"), "{}", outcome.stderr);
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn declared() -> Value {
    serde_saphyr::from_str(&file("pipe.yml")).unwrap()
}

/// Every name in quotes that could be a variable.
fn quoted(source: &str) -> BTreeSet<String> {
    let is_name = |text: &&str| {
        let shouted = text.chars().all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_'));
        shouted && text.starts_with(|c: char| c.is_ascii_uppercase())
    };
    source.split('"').filter(is_name).map(str::to_owned).collect()
}

#[test]
fn the_pipe_declares_what_it_reads_and_nothing_else() {
    let declared = declared();
    let names: Vec<&str> = declared["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    let declared_names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names.len(), declared_names.len(), "one is declared twice");

    let source = file("src/command/pipe.rs");
    let (source, _) = source.split_once("#[cfg(test)]").unwrap();
    let mut read = quoted(source);
    // What Pipelines sets itself, and what the program calls the webhook.
    assert!(read.remove("BITBUCKET_PIPELINE_UUID"));
    assert!(read.remove("MFA_GATE_SLACK_WEBHOOK_URL"));
    assert!(read.remove("MFA_GATE_REDACT_KEY"));
    let credentials = quoted(&file("src/variable.rs"));
    let credentials = credentials.into_iter().filter(|name| !name.starts_with("MFA_GATE_"));
    read.extend(credentials);
    assert_eq!(declared_names, read);

    let readme = file("README.md");
    let (_, section) = readme.split_once("\n## As a Bitbucket Pipe\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    for name in declared_names {
        assert!(section.contains(&format!("`{name}`")), "{name} is not in the README");
    }
}

#[test]
fn the_pipe_is_declared_as_pipes_are() {
    let pipe = declared();
    for key in ["name", "image", "category", "description", "repository"] {
        assert!(pipe[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
    }
    for who in ["maintainer", "vendor"] {
        assert!(pipe[who]["name"].is_string(), "{who}");
        assert!(pipe[who]["website"].as_str().unwrap().starts_with("https://"), "{who}");
    }
    assert!(!pipe["tags"].as_array().unwrap().is_empty());
    let image = format!("ghcr.io/mfa-gate/mfa-gate:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(pipe["image"], image);
    assert!(file("README.md").contains(&format!("- pipe: docker://{image}\n")));
    let credentials = ["EMAIL", "TOKEN", "CLIENT_ID", "SECRET", "ORG_ID", "_KEY", "WEBHOOK_URL"];
    for variable in pipe["variables"].as_array().unwrap() {
        let name = variable["name"].as_str().unwrap();
        if credentials.iter().any(|part| name.ends_with(part)) {
            assert_eq!(variable["default"], format!("${{{name}}}"), "a secured variable");
        }
    }
}

//! Which key gives which pseudonyms, and that nobody learns it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::people::{KEY, leaves_no_name, row};
use crate::support::{Sandbox, policy};

const CHECK: [&str; 6] =
    ["check", "--redact", "--members", "members.json", "--report", "json=r.json"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    let rows: Vec<Value> = (0..20).map(|number| row(number, number > 5)).collect();
    sandbox.write("members.json", json!({"size": rows.len(), "values": rows}).to_string());
    sandbox
}

/// The pseudonyms of a run, and what it says of its key.
fn pseudonyms(sandbox: &Sandbox, env: &[(&str, &str)]) -> (BTreeSet<String>, Value) {
    let outcome = sandbox.run_with(&CHECK, env);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    leaves_no_name(&outcome, sandbox, &["r.json"]);
    let said = outcome.stdout + &outcome.stderr + &sandbox.read("r.json");
    assert!(!said.contains("bytes-for-tests") && !said.contains("another-key"), "{said}");
    let report = sandbox.json("r.json");
    let members = report["members"].as_array().unwrap().iter();
    let ids = members.flat_map(|own| ["key", "uuid", "email"].map(|key| own[key].to_string()));
    (ids.filter(|id| id != "null").collect(), report["redaction"].clone())
}

#[test]
fn one_key_gives_one_pseudonym_and_another_gives_another() {
    let sandbox = sandbox();
    let first = pseudonyms(&sandbox, &[KEY]);
    assert_eq!(first.1["for_this_run"], false);
    assert_eq!(first, pseudonyms(&sandbox, &[KEY]));
    sandbox.write("key.txt", format!("{}\n", KEY.1));
    assert_eq!(first, pseudonyms(&sandbox, &[("MFA_GATE_REDACT_KEY_FILE", "key.txt")]));
    let mut others = vec![first];
    for env in [&[(KEY.0, "another-key-of-16-bytes")][..], &[], &[(KEY.0, "")]] {
        others.push(pseudonyms(&sandbox, env));
    }
    for (number, (ids, redaction)) in others.iter().enumerate() {
        assert_eq!(redaction["for_this_run"], number > 1);
        for (other, key) in others.iter().skip(number + 1) {
            assert!(ids.is_disjoint(other));
            assert_ne!(redaction["key_id"], key["key_id"]);
        }
    }
}

#[test]
fn a_key_that_is_none_is_refused_before_anything_is_read() {
    let sandbox = sandbox();
    sandbox.write("key.txt", "short-key\n");
    let file = "MFA_GATE_REDACT_KEY_FILE";
    for (env, said) in [
        (&[(KEY.0, "0123456789abcde")][..], "shorter than 16 bytes"),
        (&[(KEY.0, "a key with its blanks")], "a blank"),
        (&[(file, "key.txt")], "shorter than 16 bytes"),
        (&[(file, "missing.txt")], "missing.txt"),
        (&[(file, "key.txt"), KEY], "both set"),
    ] {
        let outcome = sandbox.run_with(&CHECK, env);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        for secret in [KEY.1, "0123456789abcde", "a key with", "short-key"] {
            assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
        }
        assert!(!sandbox.path("r.json").exists());
    }
    let long = sandbox.run_with(&CHECK, &[(KEY.0, "0123456789abcdef")]);
    assert_eq!(long.code, 1, "16 bytes will do: {}", long.stderr);
    let args = ["check", "--members", "members.json"];
    assert_eq!(sandbox.run_with(&args, &[(KEY.0, "short")]).code, 1, "nobody asked for it");
}

#[test]
fn no_report_replaces_the_key() {
    let sandbox = sandbox();
    sandbox.write("key.txt", KEY.1);
    let env = [("MFA_GATE_REDACT_KEY_FILE", "key.txt")];
    let outcome = sandbox.run_with(&[&CHECK[..], &["--report", "csv=key.txt"]].concat(), &env);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert_eq!(sandbox.read("key.txt"), KEY.1);
    let outcome = sandbox.run_with(&["check", "--redact", "--policy", "key.txt"], &env);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(KEY.1), "{}", outcome.stderr);
}

//! The JSON Schema says the same of a policy as the program, as far as a schema can.
//!
//! A JSON document is YAML too, so one text serves both.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

use mfa_gate::policy::{parse, schema};
use serde_json::{Value, json};

/// A policy with one exemption, changed by `change`.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = json!({
        "version": 1,
        "workspaces": ["acme", "acme-labs"],
        "accept": ["bitbucket", "sso"],
        "roster": {"email": "Email", "mfa": "MFA"},
        "rules": {"exemption-unused": "allow", "two-factor-unknown": "warn"},
        "limits": {"max_days": 90, "require": ["owner", "starts"], "admins": "deny"},
        "exemptions": [{
            "id": "EX-7",
            "account_id": "557058:1f0c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f",
            "email": "build-bot@acme.example",
            "name": "Build bot ✓",
            "category": "service-account",
            "reason": "one line\nand another",
            "compensating_controls": ["IP allowlist"],
            "owner": "platform@acme.example",
            "approved_by": "security@acme.example",
            "ticket": "SEC-123",
            "starts": "2026-08-01",
            "expires": "2026-10-29",
            "workspaces": ["acme"],
        }],
    });
    change(&mut policy);
    policy
}

fn exemption(key: &str, value: Value) -> Value {
    changed(|policy| policy["exemptions"][0][key] = value)
}

fn without(key: &str) -> Value {
    changed(|policy| {
        policy["exemptions"][0].as_object_mut().unwrap().remove(key);
    })
}

fn top(key: &str, value: Value) -> Value {
    changed(|policy| policy[key] = value)
}

fn accepted_by_program(policy: &Value) -> Result<(), String> {
    let text = serde_json::to_string_pretty(policy).unwrap();
    parse("policy.yaml".into(), text.as_bytes()).map(|_| ()).map_err(|error| error.to_string())
}

fn uuid() -> Value {
    json!("{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}")
}

#[test]
fn the_schema_accepts_what_the_program_accepts() {
    let schema = jsonschema::validator_for(&schema().to_value()).unwrap();
    let selected_by = |key: &str, value: Value| {
        changed(|policy| {
            let exemption = policy["exemptions"][0].as_object_mut().unwrap();
            exemption.remove("account_id");
            exemption.remove("email");
            exemption.insert(key.to_owned(), value);
        })
    };
    let cases = [
        changed(|_| {}),
        json!({"version": 1}),
        top("exemptions", json!([])),
        top("limits", json!({})),
        top("rules", json!({})),
        top("roster", json!({})),
        top("limits", json!({"max_days": u32::MAX, "max_exemptions": 0, "require": []})),
        selected_by("uuid", uuid()),
        selected_by("email", json!("A.b+c@x-y.example")),
        selected_by("account_id", json!("5b10ac8d82e05b22cc7d4ef5")),
        selected_by("account_id", json!("qm:a_b.c-d:1")),
        without("account_id"),
        without("workspaces"),
        without("name"),
        exemption("compensating_controls", json!([])),
        exemption("compensating_controls", json!(["one\ntwo", "three"])),
        exemption("reason", json!("  ü 漢 😀 ")),
        exemption("id", json!("\u{a0}x")),
    ];
    for policy in cases {
        assert_eq!(accepted_by_program(&policy), Ok(()), "{policy}");
        assert!(schema.is_valid(&policy), "{policy}");
    }
}

#[test]
fn both_refuse_what_has_the_wrong_structure() {
    let schema = jsonschema::validator_for(&schema().to_value()).unwrap();
    let cases = [
        json!(null),
        json!([]),
        json!({}),
        top("version", json!(2)),
        top("version", json!("1")),
        top("expires", json!("2026-10-29")),
        top("workspaces", json!([])),
        top("workspaces", json!("acme")),
        top("workspaces", json!(["acme", "acme"])),
        top("workspaces", json!(["Acme"])),
        top("workspaces", json!([".."])),
        top("workspaces", json!([""])),
        top("workspaces", json!(null)),
        top("accept", json!([])),
        top("accept", json!(["okta"])),
        top("accept", json!(["sso", "sso"])),
        top("roster", json!({"email": " "})),
        top("roster", json!({"mail": "Mail"})),
        top("rules", json!({"two-factor-disabled": "allow"})),
        top("rules", json!({"two-factor-unknown": "allow"})),
        top("rules", json!({"workspace-incomplete": "deny"})),
        top("rules", json!({"exemption-unused": "error"})),
        top("rules", json!({"exemption-unused": true})),
        top("rules", json!({"exemption-forgotten": "warn"})),
        top("limits", json!({"max_days": -1})),
        top("limits", json!({"max_days": 1.5})),
        top("limits", json!({"max_days": "90"})),
        top("limits", json!({"max_days": 4294967296u64})),
        top("limits", json!({"require": ["reason"]})),
        top("limits", json!({"require": ["owner", "owner"]})),
        top("limits", json!({"admins": "never"})),
        top("limits", json!({"max": 1})),
        top("exemptions", json!({})),
        top("exemptions", json!(["EX-7"])),
        without("id"),
        without("reason"),
        without("expires"),
        changed(|policy| {
            let exemption = policy["exemptions"][0].as_object_mut().unwrap();
            exemption.remove("account_id");
            exemption.remove("email");
        }),
        exemption("uuid", uuid()),
        exemption("nickname", json!("ada")),
        exemption("expire", json!("2026-10-29")),
        exemption("id", json!(7)),
        exemption("id", json!("")),
        exemption("id", json!("a\nb")),
        exemption("owner", json!(" \u{a0}")),
        exemption("owner", json!("a\u{7}")),
        exemption("owner", json!("a\u{9b}")),
        exemption("owner", json!(null)),
        exemption("reason", json!(true)),
        exemption("reason", json!("\n")),
        exemption("reason", json!("a\u{1b}")),
        exemption("account_id", json!("557058:1f0c…")),
        exemption("account_id", json!("557058:...")),
        exemption("account_id", json!("557058:*")),
        exemption("account_id", json!("a b")),
        exemption("account_id", json!("557058:1\n")),
        exemption("email", json!("*@acme.example")),
        exemption("email", json!("ada")),
        exemption("email", json!("ada@acme")),
        exemption("category", json!("vip")),
        exemption("compensating_controls", json!("VPN")),
        exemption("compensating_controls", json!([" "])),
        exemption("starts", json!("2026-8-1")),
        exemption("starts", json!("2026-13-01")),
        exemption("expires", json!("never")),
        exemption("expires", json!(null)),
        exemption("workspaces", json!([])),
        exemption("workspaces", json!(["acme", "acme"])),
        changed(|policy| {
            let exemption = policy["exemptions"][0].as_object_mut().unwrap();
            exemption.remove("account_id");
            exemption.insert("uuid".to_owned(), json!("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"));
        }),
    ];
    for policy in cases {
        assert!(accepted_by_program(&policy).is_err(), "{policy}");
        assert!(!schema.is_valid(&policy), "{policy}");
    }
}

#[test]
fn the_schema_explains_every_key() {
    let schema = schema().to_value();
    let properties = &schema["properties"];
    let objects = ["rules", "roster", "limits"].map(|name| &properties[name]);
    for object in objects.into_iter().chain([&schema, &properties["exemptions"]["items"]]) {
        assert_eq!(object["additionalProperties"], json!(false), "{object}");
        for (key, property) in object["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{key}");
        }
    }
}

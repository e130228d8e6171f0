//! What reports say of Microsoft Entra, and what becomes of them later.

use serde_json::json;

use super::{ALONE, Entra, POLICY, TENANT, Tenant};
use crate::support::policy;

#[test]
fn a_snapshot_holds_what_entra_said_until_it_is_too_old() {
    let entra = Entra::with(2);
    entra.serve(Tenant::of(0..2));
    entra.ground.sandbox.write("policy.yaml", policy("acme", POLICY));
    let list = ["members", "--policy", "policy.yaml", "--report", "json=m.json"];
    let outcome = entra.run(&list, &ALONE);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    let mut snapshot = entra.ground.sandbox.json("m.json");
    assert_eq!(snapshot["source"]["entra"]["tenant"], TENANT);
    assert_eq!(snapshot["members"][0]["evidence"]["roster"], "enabled");
    let asked = entra.asked();

    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let unset = [&ALONE[..], &names.map(|name| (name, ""))].concat();
    let check = ["check", "--members", "m.json", "--report", "json=report.json"];
    let outcome = entra.run(&check, &unset);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(entra.asked(), asked, "the file has it");
    let again = entra.ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);

    snapshot["source"]["entra"]["read_at"] = json!("2020-01-01T00:00:00Z");
    entra.ground.sandbox.write("m.json", snapshot.to_string());
    assert_eq!(entra.run(&check, &unset).code, 3, "it is too old");
    // What it said on an unknown day is forgotten, so nothing is known of these two.
    snapshot["source"].as_object_mut().unwrap().remove("entra");
    entra.ground.sandbox.write("m.json", snapshot.to_string());
    assert_eq!(entra.run(&check, &unset).code, 2);
}

#[test]
fn evidence_without_its_source_is_no_evidence() {
    let entra = Entra::with(2);
    entra.serve(Tenant::of(0..2));
    let mut report = entra.check().report;
    report["source"].as_object_mut().unwrap().remove("entra");
    entra.ground.sandbox.write("edited.json", report.to_string());
    let outcome = entra.ground.sandbox.run(&["verify", "edited.json"]);
    assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_redacted_report_conceals_the_tenant() {
    let entra = Entra::with(2);
    entra.serve(Tenant::of(0..2));
    let key = [&ALONE[..], &[("MFA_GATE_REDACT_KEY", "a-key-for-pseudonyms-0123")]].concat();
    let checked = entra.check_by(POLICY, &["--redact", "-vv"], &key);
    assert_eq!(checked.code, 0, "{}", checked.console);
    let tenant = checked.report["source"]["entra"]["tenant"].as_str().unwrap();
    assert!(tenant.starts_with("tenant-"), "{tenant}");
    let report = checked.report.to_string();
    assert!(!report.contains(TENANT) && !report.contains("acme.example"), "{report}");
    let again = entra.ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    // One that holds the tenant itself is not redacted, whatever it says.
    let mut report = checked.report;
    report["source"]["entra"]["tenant"] = json!(TENANT);
    entra.ground.sandbox.write("edited.json", report.to_string());
    let args = ["render", "edited.json", "--redact", "--report", "json=again.json"];
    assert_eq!(entra.run(&args, &key).code, 0);
    assert!(!entra.ground.sandbox.read("again.json").contains(TENANT));
}

#[test]
fn the_pipe_takes_the_credential() {
    let entra = Entra::with(2);
    entra.serve(Tenant::of(0..2));
    entra.ground.sandbox.write("policy.yaml", policy("acme", POLICY));
    let env = [&ALONE[..], &[("AZURE_FEDERATED_TOKEN_FILE", "$AZURE_FEDERATED_TOKEN_FILE")]];
    let outcome = entra.run(&["pipe"], &env.concat());
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(entra.asked(), (1, 2));
}

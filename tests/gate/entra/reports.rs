//! What reports say of Microsoft Entra, and what becomes of them later.

use serde_json::json;

use super::{ALONE, Entra, POLICY, TENANT, Tenant};
use crate::organisation::Ground;
use crate::support::{policy, rows};

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
    let old = entra.run(&check, &unset);
    assert_eq!(old.code, 3, "it is too old");
    let said = format!("{}{}", old.stdout, old.stderr);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Microsoft Entra was asked"), "{said}");
    assert!(said.contains("on 2020-01-01, and at most 7 are allowed"), "{said}");
    assert!(said.contains("Ask it again: omit --members") && !said.contains("roster"), "{said}");
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

/// Readers see the provider's name, and none of the policy's word for it.
#[test]
fn readers_are_told_of_microsoft_entra() {
    let entra = Entra::with(3);
    let mut tenant = Tenant::of(0..1);
    tenant.add(1, &json!({}), &json!({"isMfaRegistered": false, "isMfaCapable": false}));
    entra.serve(tenant);
    let formats = ["html=r.html", "markdown=r.md", "junit=r.xml", "sarif=r.sarif", "github=r.txt"];
    let reports: Vec<&str> = formats.iter().flat_map(|format| ["--report", format]).collect();
    let checked = entra.check_by(POLICY, &reports, &ALONE);
    assert_eq!(checked.code, 1, "{}", checked.console);
    assert_eq!(checked.report["policy"]["effective"]["roster"], "entra");
    assert_eq!(checked.report["policy"]["effective"]["accept"], json!(["bitbucket", "roster"]));
    let console = checked.console.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "no second factor seen by bitbucket or Microsoft Entra",
        "1 member is protected by Microsoft Entra alone",
        "bitbucket (off), Microsoft Entra (off)",
        "1 protected (1 Microsoft Entra)",
    ] {
        assert!(console.contains(said), "{said}: {console}");
    }
    let read = |name: &str| entra.ground.sandbox.read(name);
    let files = ["r.html", "r.md", "r.xml", "r.sarif", "r.txt"];
    let told = files.map(read);
    for (file, text) in files.iter().zip(&told) {
        assert!(text.contains("Microsoft Entra"), "{file}: {text}");
        for hidden in ["the roster", "(roster)", "1 roster", ">Roster<", "roster (", ", Roster"] {
            assert!(!text.contains(hidden), "{file} says {hidden}: {text}");
        }
    }

    // A saved report is read in the same words.
    assert_eq!(entra.ground.sandbox.run(&["verify", "report.json"]).code, 1);
    let render = [&["render", "report.json"], &reports[..]].concat();
    let outcome = entra.ground.sandbox.run(&render);
    assert_eq!(outcome.code, 1, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(files.map(read), told);

    let list = entra.run(&["members", "--policy", "policy.yaml", "--evidence"], &ALONE).stdout;
    assert!(list.contains("BITBUCKET  MICROSOFT ENTRA"), "{list}");
    assert!(list.contains("protected (Microsoft Entra)") && !list.contains("ROSTER"), "{list}");
}

#[test]
fn an_entra_that_no_member_needed_has_its_name() {
    let ground = Ground::with(&rows(0..2, true));
    let entra = Entra::beside(ground, 2);
    let checked = entra.check_by(POLICY, &["--report", "html=r.html"], &ALONE);
    assert_eq!((checked.code, entra.asked()), (0, (0, 0)), "{}", checked.console);
    let page = entra.ground.sandbox.read("r.html");
    assert!(page.contains("<dd>Bitbucket, Microsoft Entra</dd>"), "{page}");
}

/// What a file says of an export is not said of Microsoft Entra, whatever the policy asks for.
#[test]
fn an_export_in_a_file_is_not_called_microsoft_entra() {
    let entra = Entra::with(2);
    entra.serve(Tenant::of(0..2));
    entra.ground.sandbox.write("policy.yaml", policy("acme", POLICY));
    let list = ["members", "--policy", "policy.yaml", "--report", "json=m.json"];
    assert_eq!(entra.run(&list, &ALONE).code, 0);
    let mut snapshot = entra.ground.sandbox.json("m.json");
    let source = snapshot["source"].as_object_mut().unwrap();
    let asked = source.remove("entra").unwrap();
    let day = asked["read_at"].as_str().unwrap().split('T').next().unwrap();
    let hash = "0".repeat(64);
    source
        .insert("roster".into(), json!({"path": "r.csv", "sha256": hash, "as_of": day, "rows": 2}));
    entra.ground.sandbox.write("m.json", snapshot.to_string());
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"];
    let unset = [&ALONE[..], &names.map(|name| (name, ""))].concat();
    let check = ["check", "--members", "m.json", "--report", "json=report.json"];
    let outcome = entra.run(&check, &unset);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(said.contains("roster") && !said.contains("Microsoft Entra"), "{said}");
    let again = entra.ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
}

//! How the program is run, and what is handed on.

use std::fs;
use std::path::Path;

use super::release::{ReleasePage, right_sums};
use super::runner::{FORK, Job, VERSION, text, yaml};
use serde_json::json;

use crate::support::{Bitbucket, policy, rows};

#[test]
fn a_compliant_workspace_passes() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..120, true));
    let mut job = Job::checking(&server);
    job.set("upload-sarif", "true");
    let ran = job.run();
    ran.ends(0, "compliant");
    let outputs = &ran.outputs;
    assert_eq!(outputs["exit-code"], "0");
    assert_eq!((&*outputs["members"], &*outputs["violations"]), ("120", "0"));
    assert_eq!(job.sandbox.json(&outputs["json-file"])["verdict"], "compliant");
    assert!(job.sandbox.read(&outputs["junit-file"]).contains("<testsuite"));
    assert!(job.sandbox.json(&outputs["sarif-file"])["runs"].is_array());
    assert!(job.sandbox.read(&outputs["html-file"]).starts_with("<!DOCTYPE html>"));
    assert_eq!(ran.uploaded.as_ref(), Some(&outputs["sarif-file"]), "an upload closes alerts");
    // Beside the policy it would warn of each fingerprint.
    let beside = ran.checkout_path.unwrap();
    assert_eq!(fs::read_dir(beside).unwrap().count(), 0);
    assert!(ran.summary.contains("compliant"), "{}", ran.summary);
}

#[test]
fn a_run_is_compared_with_the_report_of_the_last_one() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let mut job = Job::checking(&server);
    job.set("previous", "last.json");
    let ran = job.run();
    ran.ends(1, "violations");
    job.sandbox.write("last.json", job.sandbox.read(&ran.outputs["json-file"]));
    let ran = job.run();
    ran.ends(1, "violations");
    let changes = &job.sandbox.json(&ran.outputs["json-file"])["changes"];
    assert_eq!(changes["staying"].as_array().map(Vec::len), Some(2), "{changes}");

    job.set("previous", &ran.outputs["json-file"]);
    let refused = job.run();
    assert_eq!(refused.code, 2, "{}", refused.log);
    refused.says("would overwrite a file that this run reads");
    assert!(job.sandbox.path(&ran.outputs["json-file"]).exists(), "what is read is not removed");
}

#[test]
fn violations_fail_and_are_shown() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let mut job = Job::checking(&server);
    let ran = job.run();
    ran.ends(1, "violations");
    assert_eq!(ran.outputs["exit-code"], "1");
    assert_eq!((&*ran.outputs["members"], &*ran.outputs["violations"]), ("2", "2"));
    ran.says("::error file=policy.yaml");
    assert_eq!(ran.uploaded, None, "nobody asked for it");
    assert!(ran.summary.contains("Member 1"), "{}", ran.summary);

    job.set("upload-sarif", "true");
    let ran = job.run();
    assert_eq!(ran.uploaded.as_ref(), Some(&ran.outputs["sarif-file"]));

    job.set("args", "--redact");
    job.env.insert("MFA_GATE_REDACT_KEY".into(), "a-key-of-at-least-16-bytes".into());
    let ran = job.run();
    ran.ends(1, "violations");
    assert!(!ran.summary.contains("Member 1"), "{}", ran.summary);
    assert!(ran.summary.contains("person-"), "{}", ran.summary);
    let report = job.sandbox.json(&ran.outputs["json-file"]);
    assert_eq!(report["redaction"]["for_this_run"], false, "the key arrives");

    job.set("args", "--exit-zero");
    let ran = job.run();
    ran.ends(0, "violations");
    assert_eq!(ran.outputs["exit-code"], "0");
}

#[test]
fn an_incomplete_run_is_not_uploaded() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    server.refuse("labs", 403, serde_json::json!({"type": "error"}));
    let mut job = Job::checking(&server);
    job.sandbox.write("policy.yaml", policy("acme, labs", ""));
    job.set("upload-sarif", "true");
    let ran = job.run();
    ran.ends(1, "violations");
    assert_eq!(ran.uploaded, None, "the alerts of the unread workspace would be closed");

    job.set("workspaces", "labs");
    let ran = job.run();
    ran.ends(3, "incomplete");
    assert_eq!(ran.outputs["exit-code"], "3");
    assert_eq!(ran.uploaded, None);
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_could_not_be_written_is_incomplete() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, true));
    let mut job = Job::checking(&server);
    job.set("upload-sarif", "true");
    job.set("args", "--report=csv=/dev/full");
    let ran = job.run();
    ran.ends(3, "incomplete");
    assert_eq!(ran.uploaded, None);
}

#[test]
fn a_wrong_policy_is_an_error_and_leaves_no_report_of_an_earlier_run() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, true));
    let mut job = Job::checking(&server);
    job.run().ends(0, "compliant");
    job.set("policy-sha256", &"0".repeat(64));
    let ran = job.run();
    ran.ends(2, "error");
    assert_eq!(ran.outputs["exit-code"], "2");
    assert!(ran.outputs["json-file"].is_empty() && ran.outputs["members"].is_empty());
    assert!(!job.sandbox.path("mfa-gate-reports/mfa-gate.json").exists());
    assert!(ran.summary.contains("mfa-gate: error"), "{}", ran.summary);
}

#[test]
fn a_program_that_ends_well_without_a_verdict_does_not_pass() {
    let mut job = Job::new();
    job.asks_for_help();
    let ran = job.run();
    ran.ends(3, "incomplete");
    ran.says("without a verdict");
}

const HOSTILE: &str =
    "a b'\"`touch \"$HOME/run\"`$(touch \"$HOME/run\");touch run|x &&\n*::error::x";

#[test]
fn inputs_arrive_as_they_are() {
    let mut job = Job::new();
    job.records_arguments();
    for input in ["policy", "policy-sha256", "roster", "roster-as-of"] {
        job.set(input, HOSTILE);
    }
    // Below a folder, since a path may not hold everything.
    job.set("reports", "re ports/$(touch run)'\"\n;x");
    job.set("workspaces", " acme, la`b`s\r\n\n$(touch run);x ,");
    job.set("args", "--strict\n\n--report=csv=$(touch run) `touch run`;*\n  two words \r\n-vv");
    let ran = job.run();
    ran.ends(2, "error");
    let arguments = job.recorded();
    let folder = &job.inputs["reports"];
    let expected = [
        "check".into(),
        "--report=github=-".into(),
        format!("--report=json={folder}/mfa-gate.json"),
        format!("--report=junit={folder}/mfa-gate.xml"),
        format!("--report=sarif={folder}/mfa-gate.sarif"),
        format!("--report=html={folder}/mfa-gate.html"),
        arguments[6].clone(),
        "--strict".into(),
        "--report=csv=$(touch run) `touch run`;*".into(),
        "  two words ".into(),
        "-vv".into(),
        "--workspace=acme".into(),
        "--workspace=la`b`s".into(),
        "--workspace=$(touch run);x".into(),
        format!("--policy-sha256={HOSTILE}"),
        format!("--policy={HOSTILE}"),
        format!("--roster={HOSTILE}"),
        format!("--roster-as-of={HOSTILE}"),
    ];
    assert_eq!(arguments, expected);
    assert!(arguments[6].starts_with("--report=markdown="), "{}", arguments[6]);
    for place in ["run", "home/run"] {
        assert!(!job.sandbox.path(place).exists(), "an input was executed");
    }
}

#[test]
fn installing_executes_no_input() {
    for input in ["version", "sha256", "build-from-source"] {
        let page = ReleasePage::with(&right_sums());
        let mut job = Job::installing(&page);
        job.set(input, HOSTILE);
        job.run().ends(2, "");
        assert!(!job.sandbox.path("run").exists() && !job.sandbox.path("home/run").exists());
    }
}

#[test]
fn a_path_with_a_line_break_sets_no_other_output() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let mut job = Job::checking(&server);
    // The other one looks like an option.
    for folder in ["x\nverdict<<E\ncompliant\nE\n", "-n"] {
        job.set("reports", folder);
        let ran = job.run();
        ran.ends(1, "violations");
        assert_eq!(ran.outputs["exit-code"], "1", "{}", ran.log);
        assert_eq!(ran.outputs["json-file"], format!("{folder}/mfa-gate.json"));
    }
}

#[test]
fn credentials_are_no_arguments_and_empty_inputs_hide_none() {
    let mut job = Job::new();
    job.records_arguments();
    let script = r#"printf '%s\0' "$@" >"$HOME/arguments"; env >"$HOME/env"; exit 2"#;
    job.stub("record", script);
    let secrets = [
        "bitbucket-email",
        "bitbucket-api-token",
        "bitbucket-access-token",
        "bitbucket-client-id",
        "bitbucket-client-secret",
        "atlassian-org-id",
        "atlassian-api-key",
        "azure-tenant-id",
        "azure-client-id",
        "azure-client-secret",
        "azure-federated-token-file",
        "slack-webhook-url",
    ];
    for input in secrets {
        job.set(input, &format!("secret of {input} $(x)"));
    }
    let ran = job.run();
    assert!(!job.recorded().concat().contains("secret"), "{:?}", job.recorded());
    assert!(!ran.log.contains("secret") && !ran.summary.contains("secret"));
    let env = format!("\n{}", job.sandbox.read("home/env"));
    for input in secrets {
        let name = input.to_uppercase().replace('-', "_").replace("SLACK", "MFA_GATE_SLACK");
        assert!(env.contains(&format!("\n{name}=secret of {input} $(x)\n")), "{name}");
        job.set(input, "");
    }
    job.env.insert("BITBUCKET_ACCESS_TOKEN".into(), "of the job".into());
    job.run();
    assert!(job.sandbox.read("home/env").contains("BITBUCKET_ACCESS_TOKEN=of the job\n"));
}

#[test]
fn a_day_or_members_cannot_be_smuggled_in() {
    let mut job = Job::new();
    job.records_arguments();
    for arguments in [
        "--today\n2026-01-01",
        "--today=2026-01-01",
        "--strict\n--members=x.json",
        "--members\r\nx",
    ] {
        job.set("args", arguments);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("args may not contain --");
        assert!(!job.sandbox.path("home/arguments").exists());
    }
}

#[test]
fn missing_credentials_fail_unless_a_fork_is_skipped() {
    let mut job = Job::new();
    job.sandbox.write("policy.yaml", policy("acme", ""));
    let ran = job.run();
    ran.ends(2, "error");
    ran.says("BITBUCKET_API_TOKEN");

    job.set("on-missing-credentials", "skip");
    job.run().ends(2, "error");
    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request".into());
    job.github.insert(FORK.into(), "acme/security".into());
    job.run().ends(2, "error");

    job.github.insert(FORK.into(), "stranger/security".into());
    let ran = job.run();
    ran.ends(0, "skipped");
    ran.says("::warning title=mfa-gate::skipped");
    assert!(ran.summary.contains("This is no verdict"), "{}", ran.summary);
    assert!(ran.outputs.iter().all(|(name, value)| name == "verdict" || value.is_empty()));
    for said in [&ran.log, &ran.summary] {
        assert!(!said.contains("compliant"), "{said}");
    }

    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request_target".into());
    job.run().ends(2, "error");
    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request".into());
    job.set("on-missing-credentials", "ignore");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("must be fail or skip");
    assert!(ran.summary.contains("must be fail or skip"), "{}", ran.summary);
}

#[test]
fn a_fork_with_credentials_is_not_skipped() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let mut job = Job::checking(&server);
    job.set("on-missing-credentials", "skip");
    job.env.insert("GITHUB_EVENT_NAME".into(), "pull_request".into());
    job.github.insert(FORK.into(), "stranger/security".into());
    job.run().ends(1, "violations");
}

#[test]
fn a_report_is_verified_without_a_token() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    server.workspace("labs", &rows(0..2, true));
    let mut job = Job::checking(&server);
    job.sandbox.write("policy.yaml", policy("acme, labs", ""));
    for (workspace, code, verdict) in [("acme", 1, "violations"), ("labs", 0, "compliant")] {
        job.set("verify", "");
        job.set("policy-sha256", "none");
        job.set("reports", workspace);
        job.set("workspaces", workspace);
        job.run().ends(code, verdict);

        // The folder of the evidence is the usual one, and the evidence stays.
        let evidence = format!("{workspace}/mfa-gate.json");
        job.set("verify", &evidence);
        let ran = job.run();
        ran.ends(2, "");
        ran.says("verify needs policy-sha256 and workspaces");
        let report = job.sandbox.json(&evidence);
        job.set("policy-sha256", report["policy"]["sha256"].as_str().unwrap());
        job.set("workspaces", " , ");
        job.run().ends(2, "");
        job.set("workspaces", workspace);
        // What a mock server says is not live.
        let ran = job.run();
        ran.ends(3, "incomplete");
        ran.says("it is not live");
        assert!(ran.summary.contains("it is not live"), "{}", ran.summary);
        assert!(ran.outputs["assurance"].is_empty());

        let mut report = report;
        report["assurance"] = json!("live");
        report["source"]["api_url"] = json!("https://api.bitbucket.org/2.0");
        job.sandbox.write(&evidence, report.to_string());
        let ran = job.run();
        ran.ends(code, verdict);
        assert_eq!(ran.outputs["assurance"], "live");
        assert!(ran.summary.contains(&format!("    {verdict}: ")), "{}", ran.summary);
        assert!(ran.outputs["json-file"].is_empty());

        let then = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(27);
        let then = then.round(jiff::Unit::Second).unwrap();
        report["checked_at"] = json!(then.to_string());
        report["today"] = json!(then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
        job.sandbox.write(&evidence, report.to_string());
        for (max_age, code, verdict) in [
            ("", 3, "incomplete"),
            ("26h", 3, "incomplete"),
            ("28h", code, verdict),
            ("soon", 2, "error"),
        ] {
            job.set("max-age", max_age);
            job.run().ends(code, verdict);
        }
        job.set("max-age", "26h");
        job.set("workspaces", "elsewhere");
        job.run().ends(3, "incomplete");
    }
    job.set("verify", "missing.json");
    job.run().ends(2, "error");
    job.set("verify", "--help");
    job.run().ends(2, "error");
    job.set("policy", "policy.yaml");
    let ran = job.run();
    ran.ends(2, "");
    ran.says("does nothing else");
}

#[test]
fn the_action_keeps_its_own_rules() {
    let action = yaml("action.yml");
    let whole = action.to_string();
    for input in action["inputs"].as_object().unwrap().keys() {
        assert!(whole.contains(&format!("inputs.{input} ")), "{input} is not used");
    }
    for step in action["runs"]["steps"].as_array().unwrap() {
        if let Some(run) = step.get("run") {
            assert!(!text(run).contains("${{"), "an expression would be pasted into a script");
        }
    }
    let scripts = ["common.sh", "install.sh", "run.sh"].map(|name| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action").join(name)).unwrap()
    });
    assert!(scripts.iter().all(|script| !script.contains("eval ")));
    let used = format!("- uses: mfa-gate/mfa-gate@v{VERSION}\n");
    for page in ["README.md", "docs/github-action.md", "docs/recipes.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        assert!(text.contains(&used), "the example of {page} is of another version");
    }
}

//! A file that holds a credential is read as nothing else, by whatever name it is given.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{EMAIL, Sandbox, TOKEN, day, policy};

/// The names of the token's file: its own, a hard link, a link, and one through a linked folder.
const NAMES: [&str; 4] = ["token", "hard", "soft", "linked/token"];

const API: [&str; 2] = ["--api-url", "https://127.0.0.1:9/2.0"];

/// A folder with a valid policy and a token under several names.
fn sandbox() -> Sandbox {
    let sandbox = super::sandbox();
    sandbox.write("policy.yaml", policy("acme", "accept: [bitbucket, roster]\n"));
    sandbox.write("token", format!("{TOKEN}\n"));
    fs::hard_link(sandbox.path("token"), sandbox.path("hard")).unwrap();
    symlink("token", sandbox.path("soft")).unwrap();
    symlink(".", sandbox.path("linked")).unwrap();
    sandbox
}

/// Runs the binary with the token's file as the credential, and sees that its text is nowhere.
fn run(sandbox: &Sandbox, args: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let credential = [("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN_FILE", "token")];
    let outcome = sandbox.run_with(args, &[&credential[..], env].concat());
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!said.contains("very-secret"), "{args:?} {env:?}: {said}");
    for entry in fs::read_dir(sandbox.path("")).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&entry).unwrap_or_default();
        let is_token = text.trim() == TOKEN;
        assert!(is_token || !text.contains("very-secret"), "{args:?} {env:?}: {entry:?}");
    }
    (outcome.code, said)
}

#[test]
fn no_input_of_any_command_shows_the_token() {
    let roster = ["--roster-as-of", "2026-09-01"];
    let check = &["check", "--today", "2026-09-01"][..];
    let offline = &["--members", "members.json"][..];
    let expires = day(30);
    let add = ["policy", "add", "nick0", "--id=EX-1", "--reason=r", "--expires", &*expires];
    let add = &add[..];
    let init = &["policy", "init", "--policy", "new.yaml", "--workspace", "acme"][..];
    let sandbox = sandbox();
    for name in NAMES {
        let inputs: Vec<Vec<&str>> = vec![
            [check, offline, &["--policy", name]].concat(),
            [check, &["--members", name]].concat(),
            [check, offline, &["--roster", name], &roster].concat(),
            [check, &API, &["--ca-cert", name], &["--policy", "plain.yaml"]].concat(),
            [&["members", "--members", name][..]].concat(),
            [&["members"], offline, &["--roster", name], &roster].concat(),
            [&["members"], offline, &["--policy", name]].concat(),
            [&["members", "--workspace", "acme", "--ca-cert", name][..], &API].concat(),
            vec!["verify", name],
            vec!["render", name, "--report", "csv=out.csv"],
            vec!["policy", "lint", "--policy", name],
            [add, offline, &["--policy", name]].concat(),
            [add, &["--members", name]].concat(),
            [add, &API, &["--ca-cert", name]].concat(),
            [&["policy", "prune"], offline, &["--policy", name]].concat(),
            vec!["policy", "prune", "--members", name],
            [&["policy", "prune"], offline, &["--roster", name], &roster].concat(),
            [init, &["--exempt-current", "--members", name]].concat(),
            [init, &["--exempt-current"], offline, &["--roster", name], &roster].concat(),
            [&["doctor", "--ca-cert", name][..], &API].concat(),
        ];
        sandbox.write("plain.yaml", policy("acme", ""));
        for args in inputs {
            let (code, said) = run(&sandbox, &args, &[]);
            assert_eq!(code, 2, "{args:?}: {said}");
            assert!(said.contains("BITBUCKET_API_TOKEN_FILE"), "{args:?}: {said}");
        }
        // These go on without the file.
        let previous = ["--policy", "plain.yaml", "--previous", name];
        assert_eq!(run(&sandbox, &[check, offline, &previous].concat(), &[]).0, 0);
        run(&sandbox, &["doctor", "--policy", name, "--api-url", "http://127.0.0.1:9"], &[]);
    }
}

#[test]
fn no_variable_that_names_an_input_shows_the_token() {
    let sandbox = sandbox();
    for name in NAMES {
        let pipe = [("WORKSPACES", "acme"), ("POLICY_SHA256", "0".repeat(64).leak())];
        for (args, env) in [
            (&["check"][..], &[("MFA_GATE_POLICY", name)][..]),
            (&["policy", "lint"], &[("MFA_GATE_POLICY", name)]),
            (&["policy", "prune", "--members", "members.json"], &[("MFA_GATE_POLICY", name)]),
            (&["pipe"], &[("POLICY", name)]),
            (&["pipe"], &[("ROSTER", name), ("ROSTER_AS_OF", "2026-09-01")]),
            (&["pipe"], &[("VERIFY", name), pipe[0], pipe[1]]),
            // As an organisation's id or a client's it would be part of what is logged.
            (&["members", "--workspace", "acme"], &[("ATLASSIAN_ORG_ID_FILE", name)]),
            (&["check"], &[("MFA_GATE_REDACT_KEY_FILE", name), ("BITBUCKET_EMAIL_FILE", "token")]),
        ] {
            let (code, said) = run(&sandbox, args, env);
            assert_eq!(code, 2, "{args:?} {env:?}: {said}");
        }
    }
    fs::remove_file(sandbox.path("policy.yaml")).unwrap();
    fs::hard_link(sandbox.path("token"), sandbox.path("policy.yaml")).unwrap();
    for args in [&["check"][..], &["policy", "lint"]] {
        let (code, said) = run(&sandbox, args, &[]);
        assert_eq!(code, 2, "the default path: {said}");
    }
}

#[test]
fn the_file_of_every_credential_is_guarded() {
    let sandbox = sandbox();
    for name in [
        "BITBUCKET_EMAIL",
        "BITBUCKET_API_TOKEN",
        "BITBUCKET_ACCESS_TOKEN",
        "BITBUCKET_CLIENT_ID",
        "BITBUCKET_CLIENT_SECRET",
        "ATLASSIAN_ORG_ID",
        "ATLASSIAN_API_KEY",
        "MFA_GATE_SLACK_WEBHOOK_URL",
        "MFA_GATE_REDACT_KEY",
    ] {
        let file = format!("{name}_FILE");
        let outcome =
            sandbox.run_with(&["policy", "lint", "--policy", "hard"], &[(&file, "token")]);
        assert_eq!(outcome.code, 2);
        assert!(!outcome.stderr.contains("very-secret"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&file), "{}", outcome.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_environment_of_a_process_is_no_input() {
    let sandbox = sandbox();
    for args in [
        &["policy", "lint", "--policy", "/proc/self/environ"][..],
        &["check", "--members", "/proc/thread-self/environ"],
    ] {
        let outcome = sandbox.run_with(args, &[("BITBUCKET_API_TOKEN", TOKEN)]);
        assert_eq!(outcome.code, 2);
        assert!(!outcome.stderr.contains("very-secret"), "{}", outcome.stderr);
    }
}

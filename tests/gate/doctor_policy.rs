//! `doctor` with a policy: what ends `check` with exit code 2 is failed here.

use crate::support::{Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, rows};

/// A workspace in which all is well, and what `doctor` says with this policy.
fn doctor(policy: &str, args: &[&str], env: &[(&str, &str)]) -> Outcome {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    server.permission("acme", "owner");
    let url = server.api_url();
    let url = ("BITBUCKET_API_URL", &*url);
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy);
    let token = [url, ("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let env = [&token[..], env].concat();
    let check = sandbox.run_with(&[&["check"], args].concat(), &env);
    let outcome = sandbox.run_with(&[&["doctor"], args].concat(), &env);
    // What `check` refuses is never passed.
    assert!(outcome.code != 0 || check.code != 2 || outcome.stdout.contains("--roster"));
    outcome
}

#[test]
fn a_source_that_is_accepted_and_not_asked_is_failed() {
    for (more, grade, said, code) in [
        ("accept: [bitbucket]", "ok", "acme", 0),
        ("accept: [bitbucket, atlassian]", "failed", "ATLASSIAN_ORG_ID", 3),
        ("accept: [roster]\nroster: {from: entra}", "failed", "AZURE_TENANT_ID", 3),
        ("accept: [sso]\nroster: {from: entra}", "failed", "Microsoft Entra", 3),
        ("accept: [bitbucket, roster]", "unknown", "--roster-as-of", 0),
        ("accept: [bitbucket, sso]", "unknown", "--roster-as-of", 0),
    ] {
        let outcome = doctor(&policy("acme", &format!("{more}\n")), &[], &[]);
        assert_eq!(outcome.code, code, "{more}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains(said), "{more}: {}", outcome.stdout);
        let is_graded = outcome.stdout.lines().any(|line| line.starts_with(grade));
        assert!(is_graded, "{more}: {}", outcome.stdout);
        assert!(!outcome.stdout.contains("warning"), "{more}: {}", outcome.stdout);
    }
}

#[test]
fn a_workspace_that_the_policy_does_not_list_is_failed() {
    let outcome = doctor(&policy("labs", ""), &["--workspace", "acme"], &[]);
    assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
    let said = "failed   policy: the policy does not list the workspace acme\n";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("It lists labs."), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("acme: role"), "the rest is said: {}", outcome.stdout);
    for (listed, named) in [("acme", &["--workspace", "acme"][..]), ("acme, labs", &[])] {
        let outcome = doctor(&policy(listed, ""), named, &[]);
        assert!(!outcome.stdout.contains("does not list"), "{}", outcome.stdout);
    }
    let unlisted = doctor("version: 1\n", &["--workspace", "acme"], &[]);
    assert_eq!(unlisted.code, 0, "{}{}", unlisted.stdout, unlisted.stderr);
}

#[test]
fn a_policy_that_cannot_be_used_is_failed() {
    let right = policy("acme", "");
    let pin = "0".repeat(64);
    for (text, args, env) in [
        ("version: 1\nworkspaces: acme\n", &["--workspace", "acme"][..], &[][..]),
        (&*right, &["--policy", "missing.yaml", "--workspace", "acme"], &[]),
        (&*right, &["--workspace", "acme"], &[("MFA_GATE_POLICY", "missing.yaml")]),
        (&*right, &["--workspace", "acme", "--policy-sha256", &*pin], &[]),
    ] {
        let outcome = doctor(text, args, env);
        assert_eq!(outcome.code, 3, "{args:?}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.starts_with("failed   policy: "), "{}", outcome.stdout);
        assert!(outcome.stdout.contains("acme: role"), "the rest is said: {}", outcome.stdout);
    }
}

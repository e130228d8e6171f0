//! Credentials and keys of the pipe that the pipeline does not have: a variable that holds its own
//! name, or nothing.

use crate::pipe::{ground, run};
use crate::support::{EMAIL, Outcome, TOKEN};

const SETTINGS: &str = "in the repository's settings";

/// What a variable may hold that the pipeline does not have.
fn forms(name: &str) -> [String; 3] {
    [String::new(), format!("${name}"), format!("${{{name}}}")]
}

#[track_caller]
fn refuses(variables: &[(&str, &str)], said: &[&str]) -> Outcome {
    let (server, sandbox) = ground(true);
    let outcome = run(&server, &sandbox, variables);
    assert_eq!(outcome.code, 2, "{variables:?}: {}{}", outcome.stdout, outcome.stderr);
    for said in said {
        assert!(outcome.stderr.contains(said), "{said} is not in {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("--"), "an option: {}", outcome.stderr);
    assert!(server.requests().is_empty(), "{variables:?}");
    outcome
}

#[test]
fn a_message_that_is_asked_for_needs_its_webhook() {
    let name = "SLACK_WEBHOOK_URL";
    for asked in [("SLACK", "always"), ("SLACK", "violations"), ("SLACK_NAMES", "true")] {
        for unset in forms(name) {
            refuses(&[asked, (name, &unset)], &[name, asked.0, SETTINGS]);
        }
        let outcome = refuses(&[asked], &[name, asked.0, SETTINGS]);
        assert!(!outcome.stderr.contains("MFA_GATE_"), "{}", outcome.stderr);
    }
}

#[test]
fn a_key_that_is_given_must_be_one() {
    let (name, redact) = ("REDACT_KEY", ("REDACT", "true"));
    for unset in ["", "$REDACT_KEY"] {
        refuses(&[redact, (name, unset)], &[name, SETTINGS, "omit REDACT_KEY"]);
    }
    let (server, sandbox) = ground(true);
    // As the default of `pipe.yml` has it where the repository has no such variable.
    for variables in [&[redact][..], &[redact, (name, "${REDACT_KEY}")]] {
        let outcome = run(&server, &sandbox, variables);
        assert_eq!(outcome.code, 0, "{variables:?}: {}", outcome.stderr);
    }
}

#[test]
fn half_a_credential_is_said_to_lack_its_variable() {
    for (set, name) in [
        (("BITBUCKET_EMAIL", EMAIL), "BITBUCKET_API_TOKEN"),
        (("BITBUCKET_API_TOKEN", TOKEN), "BITBUCKET_EMAIL"),
        (("ATLASSIAN_ORG_ID", "1"), "ATLASSIAN_API_KEY"),
    ] {
        for unset in forms(name) {
            refuses(&[set, (name, &unset)], &[name, SETTINGS]);
        }
    }
    // None at all.
    let unset = [("BITBUCKET_EMAIL", "$BITBUCKET_EMAIL"), ("BITBUCKET_API_TOKEN", "")];
    refuses(&unset, &["BITBUCKET_EMAIL holds the name of a variable", SETTINGS]);
}

#[test]
fn what_is_not_asked_for_is_unset_and_said_to_be() {
    let (server, sandbox) = ground(true);
    for name in ["SLACK_WEBHOOK_URL", "ATLASSIAN_API_KEY", "BITBUCKET_ACCESS_TOKEN", "REDACT_KEY"] {
        for unset in [String::new(), format!("${name}")] {
            let outcome = run(&server, &sandbox, &[(name, &unset)]);
            assert_eq!(outcome.code, 0, "{name}: {}", outcome.stderr);
            let said = outcome.stderr.lines().filter(|line| line.starts_with("warning: "));
            assert!(said.into_iter().any(|line| line.contains(name)), "{}", outcome.stderr);
        }
        // The default of `pipe.yml` is no one's wish.
        let outcome = run(&server, &sandbox, &[(name, &format!("${{{name}}}"))]);
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains(name), "{}", outcome.stderr);
    }
}

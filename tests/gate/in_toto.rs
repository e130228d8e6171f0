//! An in-toto statement needs a live run about a commit; every other one is refused before anything
//! is asked. No test is live, so what is written is tested beside the other formats.

use serde_json::json;

use crate::organisation::{Ground, KEY, ORG};
use crate::support::{Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, rows};

const SUBJECT: &str =
    "git+https://bitbucket.org/acme/shop=0123456789abcdef0123456789abcdef01234567";

/// A folder with a policy about acme and its members in a file.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    let page = json!({"pagelen": 100, "size": 1, "page": 1, "values": rows(0..1, true)});
    sandbox.write("members.json", page.to_string());
    // That of an earlier run must not stay.
    sandbox.write("statement.json", "{}");
    sandbox
}

/// Runs `check` for a statement, as whoever has a token would.
fn attest(sandbox: &Sandbox, more: &[&str], env: &[(&str, &str)]) -> Outcome {
    let own = [("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    // Where a refusal were missing, Bitbucket itself would be asked: not for long.
    let args = ["check", "--deadline", "2s", "--report", "in-toto=statement.json"];
    sandbox.run_with(&[&args[..], more].concat(), &[&own[..], env].concat())
}

fn is_refused(sandbox: &Sandbox, outcome: &Outcome, said: &str) {
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(said), "{said} is not in {}", outcome.stderr);
    assert!(!sandbox.path("statement.json").exists(), "there is a statement");
}

#[test]
fn what_is_not_live_attests_nothing() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    let url = server.api_url();
    // A port that nobody listens on: who would ask it would end with 3.
    let nowhere = "http://127.0.0.1:9/2.0";
    let subject = ["--subject", SUBJECT];
    for more in [
        &["--today", "2026-09-01"][..],
        &["--members", "members.json"],
        &["--api-url", &url],
        &["--api-url", nowhere],
        &["--api-url", "https://api.bitbucket.org.example/2.0"],
    ] {
        let sandbox = sandbox();
        let outcome = attest(&sandbox, &[&subject[..], more].concat(), &[]);
        is_refused(&sandbox, &outcome, "needs a live run");
    }
    let sandbox = sandbox();
    let outcome = attest(&sandbox, &subject, &[("BITBUCKET_API_URL", &url)]);
    is_refused(&sandbox, &outcome, "needs a live run");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn an_organisation_elsewhere_attests_nothing() {
    let ground = Ground::with(&rows(0..3, true));
    let there = ground.organisation.url();
    for accept in ["", "accept: [bitbucket, atlassian]\n"] {
        let sandbox = sandbox();
        sandbox.write("policy.yaml", policy("acme", accept));
        let env =
            [("ATLASSIAN_API_URL", &*there), ("ATLASSIAN_ORG_ID", ORG), ("ATLASSIAN_API_KEY", KEY)];
        let outcome = attest(&sandbox, &["--subject", SUBJECT], &env);
        is_refused(&sandbox, &outcome, "needs a live run");
    }
    assert_eq!(ground.asked(), (0, 0));
}

#[test]
fn a_statement_is_about_a_commit() {
    let server = Bitbucket::start();
    let url = server.api_url();
    for env in [
        &[][..],
        &[("BITBUCKET_WORKSPACE", "acme"), ("BITBUCKET_REPO_SLUG", "shop")],
        &[
            ("BITBUCKET_WORKSPACE", "acme"),
            ("BITBUCKET_REPO_SLUG", "shop"),
            ("BITBUCKET_COMMIT", "main"),
        ],
        &[("GITHUB_SERVER_URL", "https://github.com"), ("GITHUB_REPOSITORY", "acme/shop")],
        // Of two, nobody knows which is meant.
        &[
            ("BITBUCKET_WORKSPACE", "acme"),
            ("BITBUCKET_REPO_SLUG", "shop"),
            ("BITBUCKET_COMMIT", "0123456789abcdef0123456789abcdef01234567"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_SHA", "f123456789abcdef0123456789abcdef01234567"),
        ],
    ] {
        let sandbox = sandbox();
        let outcome = attest(&sandbox, &["--api-url", &url], env);
        is_refused(&sandbox, &outcome, "none is named");
        assert!(outcome.stderr.contains("--subject"), "{}", outcome.stderr);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_subject_is_a_name_and_a_digest() {
    let server = Bitbucket::start();
    let url = server.api_url();
    for subject in ["", "shop", "shop=main", "=0123456789abcdef0123456789abcdef01234567", "x=md5:0"]
    {
        // It is looked at whether or not there is a statement to write.
        let sandbox = sandbox();
        let subject = format!("--subject={subject}");
        let outcome = attest(&sandbox, &["--api-url", &url, &subject], &[]);
        is_refused(&sandbox, &outcome, "--subject is not NAME=DIGEST");
        let outcome = sandbox.run_against(&server, &["check", &subject]);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn the_report_holds_the_subject() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    let sandbox = sandbox();
    let hash = "0123456789ABCDEF0123456789abcdef01234567";
    let args = ["check", "--report", "json=report.json", "--subject"];
    let subject = format!("shop={hash}");
    let outcome = sandbox.run_against(&server, &[&args[..], &[&subject]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let wanted = json!({"name": "shop", "algorithm": "gitCommit", "digest": hash.to_lowercase()});
    assert_eq!(sandbox.json("report.json")["subject"], wanted);
}

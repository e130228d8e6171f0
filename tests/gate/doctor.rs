//! `doctor` against a mock Bitbucket.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Bitbucket, Outcome, Sandbox, TOKEN, policy, row, rows};

/// An answer with everything that `doctor` looks at in its headers.
fn answer(values: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .insert_header("x-credential-type", "apitoken")
        .insert_header("x-oauth-scopes", "read:workspace:bitbucket")
        .insert_header("x-accepted-oauth-scopes", "read:workspace:bitbucket")
        .insert_header("x-ratelimit-limit", "1000, 1000;w=3600")
        .insert_header("x-ratelimit-remaining", "990")
        .insert_header("x-ratelimit-reset", "1200")
        .set_body_json(json!({"values": values, "size": values.len(), "page": 1}))
}

fn serve(server: &Bitbucket, slug: &str, answer: ResponseTemplate) {
    let at = format!("/2.0/workspaces/{slug}/members");
    server.mount(Mock::given(path(at)).respond_with(answer));
}

fn doctor(server: &Bitbucket, more: &[&str]) -> Outcome {
    Sandbox::new().run_against(server, &[&["doctor", "--workspace", "acme"], more].concat())
}

/// The line about a subject.
fn line<'a>(outcome: &'a Outcome, subject: &str) -> &'a str {
    let about =
        |line: &&str| line.split_once(subject).is_some_and(|(_, rest)| rest.starts_with(':'));
    let found = outcome.stdout.lines().find(about);
    assert!(found.is_some(), "nothing about {subject} in {}", outcome.stdout);
    found.unwrap()
}

#[test]
fn all_is_well() {
    let server = Bitbucket::start();
    serve(&server, "acme", answer(&rows(0..3, true)));
    server.permission("acme", "owner");
    let outcome = doctor(&server, &[]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    for (subject, says) in [
        ("credential", "auditor@acme.example"),
        ("credential", "apitoken"),
        ("scopes", "read:workspace:bitbucket"),
        ("acme: role", "`owner`"),
        ("acme: second factor", "shown for 3 of the 3"),
        ("clock", "as those of the servers"),
        ("rate limit", "990 left"),
    ] {
        let line = line(&outcome, subject);
        assert!(line.starts_with("ok ") && line.contains(says), "{line}");
    }
    assert_eq!(outcome.stdout.lines().count(), 6, "{}", outcome.stdout);
    assert_eq!(doctor(&server, &["-q"]).stdout, "");
}

#[test]
fn what_should_be_looked_at() {
    let server = Bitbucket::start();
    let earlier = SystemTime::now() - Duration::from_secs(20 * 60);
    let date = httpdate::fmt_http_date(earlier);
    let nothing = ResponseTemplate::new(404).insert_header("date", &*date);
    server.mount(Mock::given(any()).respond_with(nothing).with_priority(9));
    let odd = answer(&rows(0..3, true))
        .insert_header("date", &*date)
        .insert_header("x-oauth-scopes", "read:workspace:bitbucket, ::warning::x")
        .insert_header("x-ratelimit-remaining", "1");
    serve(&server, "acme", odd);
    let outcome = doctor(&server, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    for subject in ["acme: role", "clock", "rate limit"] {
        assert!(line(&outcome, subject).starts_with("warning "), "{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains(" ::"), "{}", outcome.stdout);
}

#[test]
fn somebody_who_is_not_shown_anything() {
    let server = Bitbucket::start();
    let hidden: Vec<Value> = (0..3).map(|number| row(number, None)).collect();
    serve(&server, "acme", answer(&hidden));
    server.permission("acme", "member");
    let outcome = doctor(&server, &[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    for (subject, says) in
        [("acme: role", "`member`, not `owner`"), ("acme: second factor", "0 of the 3")]
    {
        let line = line(&outcome, subject);
        assert!(line.starts_with("failed ") && line.contains(says), "{line}");
    }
    assert!(outcome.stdout.contains("help: Use the credential of an admin"), "{}", outcome.stdout);
}

#[test]
fn a_credential_that_is_refused() {
    let server = Bitbucket::start();
    let message = format!("Token {TOKEN} is invalid");
    server.refuse("acme", 401, json!({"type": "error", "error": {"message": message}}));
    let outcome = doctor(&server, &[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    assert!(line(&outcome, "credential").starts_with("failed "), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("Token *** is invalid"), "{}", outcome.stdout);
}

#[test]
fn which_workspaces_are_looked_at() {
    let server = Bitbucket::start();
    for slug in ["acme", "beta"] {
        serve(&server, slug, answer(&rows(0..1, true)));
        server.permission(slug, "owner");
    }
    let url = server.api_url();
    let credential = ("BITBUCKET_ACCESS_TOKEN", "ATCTxyz");
    let env = [("BITBUCKET_API_URL", &*url), credential, ("BITBUCKET_WORKSPACE", "beta")];
    let sandbox = Sandbox::new();
    let none = sandbox.run_with(&["doctor"], &env[..2]);
    assert_eq!(none.code, 2, "{}", none.stdout);

    sandbox.write("policy.yaml", "version: 1\nworkspaces: acme\n");
    let by_pipeline = sandbox.run_with(&["doctor"], &env);
    assert!(by_pipeline.stdout.starts_with("warning  policy: policy.yaml cannot be used"));
    assert!(by_pipeline.stdout.contains("beta: "), "{}", by_pipeline.stdout);

    sandbox.write("policy.yaml", policy("acme", ""));
    let by_policy = sandbox.run_with(&["doctor"], &env);
    assert!(by_policy.stdout.contains("acme: "), "{}", by_policy.stdout);
    assert!(!by_policy.stdout.contains("beta: "), "{}", by_policy.stdout);

    let no_credential = sandbox.run(&["doctor"]);
    assert_eq!(no_credential.code, 2);
    assert!(no_credential.stderr.contains("BITBUCKET_EMAIL"), "{}", no_credential.stderr);
}

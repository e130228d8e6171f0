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

/// What is said of a subject, on one line, without what to do about it.
fn line(outcome: &Outcome, subject: &str) -> String {
    let about = |line: &str| line.get(9..).is_some_and(|rest| rest.starts_with(subject));
    let is_more = |line: &&str| line.starts_with("         ") && !line.contains("help: ");
    let mut lines = outcome.stdout.lines().skip_while(|line| !about(line)).peekable();
    assert!(lines.peek().is_some(), "nothing about {subject} in {}", outcome.stdout);
    let first = lines.next().into_iter();
    let lines: Vec<&str> = first.chain(lines.take_while(is_more)).map(str::trim).collect();
    lines.join(" ")
}

/// What is shown, with what differs from run to run taken out.
fn shown(outcome: &Outcome, server: &Bitbucket) -> String {
    let text = outcome.stdout.replace(&server.api_url(), "API");
    match text.split_once("clock: ").map(|(before, rest)| (before, rest.split_once(" ahead"))) {
        Some((before, Some((_, rest)))) => format!("{before}clock: SOME TIME ahead{rest}"),
        Some((_, None)) | None => text,
    }
}

#[test]
fn all_is_well() {
    let server = Bitbucket::start();
    serve(&server, "acme", answer(&rows(0..3, true)));
    server.permission("acme", "owner");
    let outcome = doctor(&server, &[]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    insta::assert_snapshot!(shown(&outcome, &server), @r"
    ok       credential: the API token of auditor@acme.example (BITBUCKET_EMAIL,
             BITBUCKET_API_TOKEN); Bitbucket calls it apitoken
    unknown  expiry: Bitbucket does not tell when it expires; an API token lasts a
             year at most
             help: Look the day up where the account manages its API tokens, and
               enter it in a calendar.
    ok       scopes: read:workspace:bitbucket (required: read:workspace:bitbucket)
    ok       acme: role: `owner`
    ok       acme: second factor: shown for 3 of the 3 active members on the first
             page
    unknown  acme: repositories: people with access to single repositories could not
             be listed: Bitbucket answered 404 and gave no reason
             help: The policy does not look at them, so nothing is missing.
    ok       clock: as those of the servers that were asked
    ok       rate limit: limit 1000, 1000;w=3600, 990 left, lifted in 1200 s;
             reading takes about 3 requests
    ");
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
    assert!(!outcome.stdout.contains(" ::"), "{}", outcome.stdout);
    insta::assert_snapshot!(shown(&outcome, &server), @r"
    ok       credential: the API token of auditor@acme.example (BITBUCKET_EMAIL,
             BITBUCKET_API_TOKEN); Bitbucket calls it apitoken
    unknown  expiry: Bitbucket does not tell when it expires; an API token lasts a
             year at most
             help: Look the day up where the account manages its API tokens, and
               enter it in a calendar.
    warning  scopes: read:workspace:bitbucket, \u{3a}:warning::x (required:
             read:workspace:bitbucket)
             help: It can do more than it has to: make a credential with
               read:workspace:bitbucket and nothing else.
    unknown  acme: role: Bitbucket answered 404 and gave no reason
             help: Check the workspace's slug, and that the account of
               BITBUCKET_EMAIL is a member of it: to others Bitbucket says that
               there is none.
    ok       acme: second factor: shown for 3 of the 3 active members on the first
             page
    unknown  acme: repositories: people with access to single repositories could not
             be listed: Bitbucket answered 404 and gave no reason
             help: The policy does not look at them, so nothing is missing.
    warning  clock: SOME TIME ahead of those of the servers that were asked
             help: Set this machine's clock: the day that it shows decides which
               exemptions are in force.
    warning  rate limit: limit 1000, 1000;w=3600, 1 left, lifted in 1200 s; reading
             takes about 3 requests
             help: Wait until the limit is lifted, or use an account that does
               nothing else.
    ");
}

#[test]
fn somebody_who_is_not_shown_anything() {
    let server = Bitbucket::start();
    let hidden: Vec<Value> = (0..3).map(|number| row(number, None)).collect();
    serve(&server, "acme", answer(&hidden));
    server.permission("acme", "member");
    let outcome = doctor(&server, &[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    insta::assert_snapshot!(shown(&outcome, &server), @r"
    ok       credential: the API token of auditor@acme.example (BITBUCKET_EMAIL,
             BITBUCKET_API_TOKEN); Bitbucket calls it apitoken
    unknown  expiry: Bitbucket does not tell when it expires; an API token lasts a
             year at most
             help: Look the day up where the account manages its API tokens, and
               enter it in a calendar.
    ok       scopes: read:workspace:bitbucket (required: read:workspace:bitbucket)
    failed   acme: role: `member`, not `owner`: Bitbucket shows the second factor of
             others to admins only
             help: Use the credential of an owner of the workspace.
    failed   acme: second factor: shown for 0 of the 3 active members on the first
             page
             help: Use the credential of an owner of the workspace.
    unknown  acme: repositories: people with access to single repositories could not
             be listed: Bitbucket answered 404 and gave no reason
             help: The policy does not look at them, so nothing is missing.
    ok       clock: as those of the servers that were asked
    ok       rate limit: limit 1000, 1000;w=3600, 990 left, lifted in 1200 s;
             reading takes about 3 requests
    ");
}

#[test]
fn a_credential_that_is_refused() {
    let server = Bitbucket::start();
    let message = format!("Token {TOKEN} is invalid");
    server.refuse("acme", 401, json!({"type": "error", "error": {"message": message}}));
    let outcome = doctor(&server, &[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    insta::assert_snapshot!(shown(&outcome, &server), @r"
    failed   credential: the API token of auditor@acme.example (BITBUCKET_EMAIL,
             BITBUCKET_API_TOKEN) was refused
             help: See why below.
    unknown  acme: role: Bitbucket answered 404 and gave no reason
             help: Check the workspace's slug, and that the account of
               BITBUCKET_EMAIL is a member of it: to others Bitbucket says that
               there is none.
    failed   acme: second factor: Bitbucket answered 401: Token *** is invalid
             help: Check that BITBUCKET_EMAIL is the address of the Atlassian
               account that made BITBUCKET_API_TOKEN. The token may have expired or
               been revoked, or the owner who made it may have left; make a new one
               with the scope read:workspace:bitbucket.
    unknown  acme: repositories: people with access to single repositories could not
             be listed: Bitbucket answered 404 and gave no reason
             help: The policy does not look at them, so nothing is missing.
    ");
}

#[test]
fn a_credential_that_was_not_judged_is_not_accused() {
    for status in [404, 500, 503] {
        let server = Bitbucket::start();
        server.refuse("acme", status, json!({"type": "error"}));
        let outcome = doctor(&server, &[]);
        assert_eq!(outcome.code, 3, "{}", outcome.stdout);
        let said = line(&outcome, "credential");
        assert!(said.starts_with("unknown "), "{status}: {}", outcome.stdout);
        assert!(!said.contains("not accepted"), "{status}: {}", outcome.stdout);
    }
    // One that is refused in one workspace, where the other does not answer.
    let server = Bitbucket::start();
    server.refuse("acme", 503, json!({"type": "error"}));
    server.refuse("beta", 401, json!({"type": "error"}));
    let outcome = doctor(&server, &["--workspace", "beta"]);
    assert!(line(&outcome, "credential").starts_with("failed "), "{}", outcome.stdout);
}

/// Everything that is not as it should be comes with what to do.
#[test]
fn what_is_unknown_comes_with_what_to_do() {
    let server = Bitbucket::start();
    let mut members = rows(0..2, true);
    members.push(row(2, None));
    server.workspace("acme", &members);
    server.permission("acme", "owner");
    let outcome = doctor(&server, &[]);
    let words: Vec<&str> = outcome.stdout.split_whitespace().collect();
    let said = "`mfa-gate explain two-factor-unknown`";
    assert!(words.join(" ").contains(said), "{}", outcome.stdout);
    let graded = |line: &&str| ["unknown ", "warning "].iter().any(|grade| line.starts_with(grade));
    let troubles = outcome.stdout.lines().filter(graded).count();
    assert!(troubles > 3, "{}", outcome.stdout);
    assert_eq!(outcome.stdout.matches("help: ").count(), troubles, "{}", outcome.stdout);
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
    assert!(by_pipeline.stdout.starts_with("failed   policy: policy.yaml cannot be used"));
    assert!(by_pipeline.stdout.contains("beta: "), "{}", by_pipeline.stdout);

    sandbox.write("policy.yaml", policy("acme", ""));
    let by_policy = sandbox.run_with(&["doctor"], &env);
    assert!(by_policy.stdout.contains("acme: "), "{}", by_policy.stdout);
    assert!(!by_policy.stdout.contains("beta: "), "{}", by_policy.stdout);

    let no_credential = sandbox.run(&["doctor"]);
    assert_eq!(no_credential.code, 2);
    assert!(no_credential.stderr.contains("BITBUCKET_EMAIL"), "{}", no_credential.stderr);
}

#[test]
fn how_long_a_credential_lasts_and_where_it_comes_from() {
    let server = Bitbucket::start();
    serve(&server, "acme", answer(&rows(0..1, true)));
    let sandbox = Sandbox::new();
    sandbox.write("token", "ATCTxyz\n");
    let path = sandbox.path("token");
    let file = path.display().to_string();
    let url = server.api_url();
    let env = [("BITBUCKET_API_URL", &*url), ("BITBUCKET_ACCESS_TOKEN_FILE", &*file)];
    let doctor = || sandbox.run_with(&["doctor", "--workspace", "acme"], &env);
    let said = doctor();
    let credential = "ok credential: a workspace access token (BITBUCKET_ACCESS_TOKEN_FILE)";
    let words = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(line(&said, "credential")).starts_with(credential), "{}", said.stdout);
    assert!(line(&said, "expiry").starts_with("unknown "), "{}", said.stdout);
    // What could not be asked is neither right nor wrong.
    assert!(line(&said, "acme: role").starts_with("unknown "), "{}", said.stdout);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for (mode, is_warned_of) in [(0o644, true), (0o640, true), (0o600, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let said = doctor();
            let warning = "warning  token file: other users of this machine can read";
            assert_eq!(said.stdout.contains(warning), is_warned_of, "{mode:o}: {}", said.stdout);
            assert_eq!(said.code, 0, "{}", said.stdout);
        }
    }
}

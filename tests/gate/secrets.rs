//! All secrets of a run, masked wherever any of them comes back.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::organisation::account;
use crate::support::{
    BASIC, Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, day, named, policy, row, rows, unwrapped,
};

const KEY: &str = "ATCTT3xFfGN0-organisation-key=5F2E";
const WEBHOOK: &str = "/services/T0123/B0456/w3bhookEndOfIt";
const REDACT_KEY: &str = "a-key-for-pseudonyms-0123";
const PROXY: &str = "http://ada:proxy-p%40ssword@proxy.invalid:3128";
const OTHER: &str = "the-secret-of-a-consumer-that-is-not-used";

/// Everything that must not be seen, as it is.
const HIDDEN: [&str; 8] =
    [TOKEN, KEY, "w3bhookEndOfIt", REDACT_KEY, "proxy-p@ssword", "proxy-p%40ssword", OTHER, BASIC];

fn run(sandbox: &Sandbox, server: &Bitbucket, args: &[&str]) -> Outcome {
    sandbox.write("consumer", format!("{OTHER}\n"));
    let url = server.api_url();
    let [webhook, organisation] = [WEBHOOK, ""].map(|path| url.replace("/2.0", path));
    let env = [
        ("BITBUCKET_API_URL", &*url),
        ("MFA_GATE_AUTH", "api-token"),
        ("BITBUCKET_EMAIL", EMAIL),
        ("BITBUCKET_API_TOKEN", TOKEN),
        ("BITBUCKET_CLIENT_SECRET_FILE", "consumer"),
        ("ATLASSIAN_ORG_ID", "acme-org"),
        ("ATLASSIAN_API_KEY", KEY),
        ("ATLASSIAN_API_URL", &*organisation),
        ("MFA_GATE_REDACT_KEY", REDACT_KEY),
        ("MFA_GATE_SLACK_WEBHOOK_URL", &*webhook),
        ("HTTPS_PROXY", PROXY),
        ("GITHUB_REF", KEY),
    ];
    let outcome = sandbox.run_with(args, &env);
    hides(&outcome.stdout, "stdout");
    hides(&outcome.stderr, "stderr");
    outcome
}

fn hides(text: &str, what: &str) {
    let lower = text.to_ascii_lowercase();
    for hidden in HIDDEN {
        assert!(!lower.contains(&hidden.to_ascii_lowercase()), "{hidden} is in {what}: {text}");
    }
}

/// A secret as servers and those who write to them may put it.
fn ways(secret: &str) -> [String; 7] {
    let each = |write: &dyn Fn(char) -> String| secret.chars().map(write).collect::<String>();
    [
        secret.to_owned(),
        secret.to_ascii_uppercase(),
        each(&|c| format!("%{:02x}", u32::from(c))),
        each(&|c| format!("&#{};", u32::from(c))),
        each(&|c| format!("\\u{:04x}", u32::from(c))),
        each(&|c| format!("{c}\n")),
        BASE64_STANDARD.encode(format!("{EMAIL}:{secret}")),
    ]
}

#[test]
fn a_secret_that_comes_back_as_a_name_is_in_no_report() {
    let secrets = [TOKEN, KEY, REDACT_KEY, "proxy-p@ssword", OTHER, WEBHOOK, "w3bhookEndOfIt"];
    let names: Vec<String> = secrets.into_iter().flat_map(ways).collect();
    let listed: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(number, name)| named(number, name, &format!("I am {name}")))
        .collect();
    let (server, sandbox) = (Bitbucket::start(), Sandbox::new());
    server.workspace("acme", &listed);
    sandbox.write("policy.yaml", policy("acme", ""));
    let formats = ["json", "junit", "sarif", "csv", "markdown", "html", "github"];
    let reports = formats.map(|format| format!("{format}=out/{format}"));
    let mut args = vec!["check", "-vv"];
    reports.iter().for_each(|report| args.extend(["--report", report]));
    let outcome = run(&sandbox, &server, &args);
    assert_eq!(outcome.code, 1, "{}{}", outcome.stdout, outcome.stderr);
    for format in formats {
        let written = sandbox.read(&format!("out/{format}"));
        hides(&written, format);
        assert!(written.replace('\\', "").contains("I am ***"), "{format}: {written}");
    }
    let report = sandbox.json("out/json");
    assert_eq!(report["source"]["ci"]["GITHUB_REF"], "***");
    for member in report["members"].as_array().unwrap() {
        let name = member["display_name"].as_str().unwrap();
        assert!(name.trim_end() == "I am ***", "{name:?}");
    }
    let nobody = ResponseTemplate::new(200)
        .set_body_json(json!({"data": [account(0, Some(false))], "links": {}}));
    let search = path("/admin/v2/orgs/acme-org/directories/-/users/search");
    server.mount(Mock::given(search).respond_with(nobody));
    let listed = run(&sandbox, &server, &["members", "--workspace", "acme"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
}

#[test]
fn a_name_without_end_is_no_name() {
    for field in ["account_id", "display_name", "account_status", "type"] {
        let mut member = row(1, Some(json!(true)));
        member["user"][field] = json!("%25".repeat(1 << 16));
        let (server, sandbox) = (Bitbucket::start(), Sandbox::new());
        server.workspace("acme", &[member]);
        sandbox.write("policy.yaml", policy("acme", ""));
        let outcome = run(&sandbox, &server, &["check"]);
        assert_eq!(outcome.code, 3, "{field}: {}{}", outcome.stdout, outcome.stderr);
        let said = "a name, id or address of a member has 196608 bytes";
        assert!(unwrapped(&outcome.stdout).contains(said), "{field}: {}", outcome.stdout);
    }
}

#[test]
fn nobody_is_named_by_a_secret() {
    for field in ["account_id", "uuid"] {
        let mut member = row(1, Some(json!(true)));
        member["user"][field] = json!(KEY);
        let (server, sandbox) = (Bitbucket::start(), Sandbox::new());
        server.workspace("acme", &[row(0, Some(json!(true))), member]);
        sandbox.write("policy.yaml", policy("acme", ""));
        let outcome = run(&sandbox, &server, &["check", "--report", "json=out.json"]);
        assert_eq!(outcome.code, 3, "{}{}", outcome.stdout, outcome.stderr);
        let said = "holds a secret of this run";
        assert!(unwrapped(&outcome.stdout).contains(said), "{}", outcome.stdout);
        hides(&sandbox.read("out.json"), "the report");
    }
}

#[test]
fn one_server_is_told_nothing_of_another_by_messages() {
    for secret in [TOKEN, KEY, REDACT_KEY, OTHER] {
        for way in ways(secret) {
            let (server, sandbox) = (Bitbucket::start(), Sandbox::new());
            server.refuse("acme", 403, json!({"error": {"message": format!("no {way}")}}));
            sandbox.write("policy.yaml", policy("acme", ""));
            let outcome = run(&sandbox, &server, &["check", "-vv"]);
            assert_eq!(outcome.code, 3, "{}", outcome.stderr);
            assert!(outcome.stdout.contains("403: no ***"), "{way}: {}", outcome.stdout);
        }
    }
}

#[test]
fn messages_about_policies_inputs_and_arguments_show_no_secret() {
    let (server, sandbox) = (Bitbucket::start(), Sandbox::new());
    server.workspace("acme", &rows(0..1, true));
    sandbox.write("wrong.yaml", policy("acme", &format!("{TOKEN}: {KEY}\n")));
    sandbox.write("wrong.csv", format!("Public Name,{OTHER}\nAda,{KEY}\n"));
    sandbox.write("policy.yaml", policy("acme", ""));
    let wrong: [&[&str]; 6] = [
        &["policy", "lint", "--policy", "wrong.yaml"],
        &["check", "--policy", "wrong.yaml"],
        &["check", "--members", "wrong.csv"],
        &["check", "--color", TOKEN],
        &["check", "--workspace", TOKEN],
        &["explain", KEY],
    ];
    for args in wrong {
        let outcome = run(&sandbox, &server, args);
        assert_eq!(outcome.code, 2, "{args:?}: {}", outcome.stderr);
    }
    // A reason is written in every report that names the exemption.
    let id = row(0, None)["user"]["account_id"].as_str().unwrap().to_owned();
    let entry = format!("reason: Its token is {TOKEN}\n    account_id: \"{id}\"");
    let more = format!("exemptions:\n  - id: EX-1\n    {entry}\n    expires: {}\n", day(30));
    sandbox.write("policy.yaml", policy("acme", &more));
    let outcome = run(&sandbox, &server, &["check", "--report", "json=out.json"]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    hides(&sandbox.read("out.json"), "the report");
}

#[test]
fn the_pipe_knows_its_secrets_by_names_of_its_own() {
    let sandbox = Sandbox::new();
    let listed = [named(0, "0", REDACT_KEY)];
    let page = json!({"values": listed, "size": 1, "page": 1});
    let server = Bitbucket::start();
    let answer = ResponseTemplate::new(200).set_body_json(page);
    server.mount(Mock::given(path("/2.0/workspaces/acme/members")).respond_with(answer));
    sandbox.write("policy.yaml", policy("acme", ""));
    let url = server.api_url();
    let env = [
        ("BITBUCKET_API_URL", &*url),
        ("BITBUCKET_EMAIL", EMAIL),
        ("BITBUCKET_API_TOKEN", TOKEN),
        ("REDACT_KEY", REDACT_KEY),
    ];
    let outcome = sandbox.run_with(&["pipe"], &env);
    assert_eq!(outcome.code, 1, "{}{}", outcome.stdout, outcome.stderr);
    hides(&outcome.stdout, "stdout");
    assert!(outcome.stdout.contains("*** ("), "{}", outcome.stdout);
    // A variable of another kind that holds a token by mistake.
    let wrong = [&env[..], &[("MAX_AGE", TOKEN), ("VERIFY", "report.json")]].concat();
    let outcome = sandbox.run_with(&["pipe"], &wrong);
    assert_eq!(outcome.code, 2, "{}{}", outcome.stdout, outcome.stderr);
    hides(&outcome.stderr, "stderr");
}

#[test]
fn the_token_that_is_granted_is_as_secret_as_what_it_is_granted_for() {
    let (server, sandbox) = (Bitbucket::start(), Sandbox::new());
    let granted = "granted-for-two-hours-0123456789";
    let grant = ResponseTemplate::new(200).set_body_json(json!({"access_token": granted}));
    server.mount(
        Mock::given(method("POST")).and(path("/site/oauth2/access_token")).respond_with(grant),
    );
    let page = json!({"values": [named(0, granted, granted)], "size": 1});
    let page = ResponseTemplate::new(200).set_body_json(page);
    server.mount(Mock::given(path("/2.0/workspaces/acme/members")).respond_with(page));
    sandbox.write("policy.yaml", policy("acme", ""));
    let url = server.api_url();
    let env = [
        ("BITBUCKET_API_URL", &*url),
        ("BITBUCKET_CLIENT_ID", "consumer"),
        ("BITBUCKET_CLIENT_SECRET", OTHER),
    ];
    let args = ["check", "-vv", "--report", "json=out.json"];
    let outcome = sandbox.run_with(&args, &env);
    assert_eq!(outcome.code, 1, "{}{}", outcome.stdout, outcome.stderr);
    for text in [outcome.stdout, outcome.stderr, sandbox.read("out.json")] {
        assert!(!text.contains(granted), "{text}");
    }
}

#[test]
fn quotes_around_a_token_are_no_part_of_it() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    sandbox.write("token", format!("'{TOKEN}'\n"));
    let quoted = format!("\"{TOKEN}\"");
    for (name, value) in [("BITBUCKET_API_TOKEN", &*quoted), ("BITBUCKET_API_TOKEN_FILE", "token")]
    {
        let outcome = sandbox.run_with(&["check"], &[("BITBUCKET_EMAIL", EMAIL), (name, value)]);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        let says = format!("{name} holds quotes around its value");
        assert!(outcome.stderr.contains(&says), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains(TOKEN));
    }
}

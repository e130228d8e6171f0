//! What goes wrong is said without naming anybody, also where it is not known yet who there is.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::people::{KEY, account_id, email, leaves_no_name, row, uuid};
use crate::organisation::{Directory, Ground, TODAY, account, refusal};
use crate::support::{Outcome, Sandbox, policy, unwrapped};

/// An exemption of somebody, with reasons that name others.
fn exempting(selector: &str) -> String {
    format!(
        "exemptions:\n  - id: EX-1\n    {selector}\n    reason: Ada9 Qzxlace is ill\n    \
         compensating_controls: [Ada9 Qzxlace watches]\n    ticket: SEC-1\n    \
         owner: Qzx Owner\n    expires: 2026-02-01\n"
    )
}

/// Checks what a run came to, and that it named nobody.
fn ended(outcome: &Outcome, sandbox: &Sandbox, code: i32, said: &str) {
    let text = format!("{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(outcome.code, code, "{text}");
    assert!(unwrapped(&text).contains(said), "{said} is not in {text}");
    leaves_no_name(outcome, sandbox, &["r.json", "r.xml", "r.sarif", "r.md"]);
}

const CHECK: [&str; 9] = [
    "check",
    "--redact",
    "-vv",
    "--today",
    TODAY,
    "--report=json=r.json",
    "--report=junit=r.xml",
    "--report=sarif=r.sarif",
    "--report=markdown=r.md",
];

/// Runs `check` against both servers, by a policy about acme that says this too.
fn check(ground: &Ground, more_policy: &str, more: &[&str], code: i32, said: &str) {
    ground.sandbox.write("policy.yaml", policy("acme", more_policy));
    let outcome = ground.run(&[&CHECK[..], more].concat(), &[KEY]);
    ended(&outcome, &ground.sandbox, code, said);
}

/// Runs `check` on files, with nobody to ask.
fn check_files(sandbox: &Sandbox, more: &[&str], code: i32, said: &str) {
    ended(&sandbox.run_with(&[&CHECK[..], more].concat(), &[KEY]), sandbox, code, said);
}

/// An error of Bitbucket that names somebody.
fn naming() -> Value {
    json!({"type": "error", "error": {"message": format!("Ada1 Qzxlace, {}: no", account_id(1))}})
}

#[test]
fn a_server_that_names_people() {
    for status in [403, 500] {
        let ground = Ground::with(&[]);
        ground.bitbucket.refuse("labs", status, naming());
        ground.sandbox.write("policy.yaml", policy("labs", &exempting("email: a@qzx.example")));
        let outcome = ground.run(&CHECK, &[KEY]);
        let said = format!("Bitbucket answered {status}: (withheld)");
        ended(&outcome, &ground.sandbox, 3, &said);
        let exemption = &ground.sandbox.json("r.json")["exemptions"][0];
        for text in [&exemption["reason"], &exemption["compensating_controls"][0]] {
            assert_eq!(text, "(withheld)", "{exemption:#}");
        }
        assert_eq!(exemption["ticket"], "(withheld)");
        assert_eq!(exemption["owner"], "(withheld)");
    }
    // What is no list of members holds whatever it holds.
    let ground = Ground::with(&[]);
    ground.bitbucket.refuse("labs", 200, json!({"values": [row(1, true), {"user": "Ada Qzx"}]}));
    ground.sandbox.write("policy.yaml", policy("labs", ""));
    let outcome = ground.run(&CHECK, &[KEY]);
    ended(&outcome, &ground.sandbox, 3, "it starts with \"(withheld)\"");
    // The caller's permission is a word of Bitbucket's; it is not ours either.
    let ground = Ground::seen_by("qzx", &[row(1, true), crate::support::row(2, None)]);
    check(&ground, "", &[], 3, "does not see");
}

#[test]
fn lists_that_do_not_add_up() {
    let twice = [row(1, true), row(2, true), row(1, true)];
    check(&Ground::with(&twice), "", &[], 3, "the member (withheld) was listed twice");

    // Ids are opaque: one that looks like none is one too.
    let mut odd = [row(1, true), row(2, true)];
    for member in &mut odd {
        member["user"]["account_id"] = json!("qzx-1");
    }
    check(&Ground::with(&odd), "", &[], 3, "the member (withheld) was listed twice");

    let mut shared = [row(1, false), row(2, false)];
    shared[1]["user"]["email"] = shared[0]["user"]["email"].clone();
    let exemption = exempting(&format!("email: {}", email(1)));
    check(&Ground::with(&shared), &exemption, &[], 3, "two members are said to have");

    let ground = Ground::with(&[row(1, false), row(2, false)]);
    ground.organisation.answer(99, refusal(403, "not for Ada1 Qzxlace"));
    check(&ground, "accept: [bitbucket, atlassian]\n", &[], 3, "Atlassian answered 403");

    let ground = Ground::with(&[row(1, false), row(2, false)]);
    let mut accounts = vec![account(1, Some(true)); 2];
    for account in &mut accounts {
        account["accountId"] = json!(account_id(1));
    }
    ground.organisation.serve(Directory { doubled_walks: 2, ..Directory::of(accounts) });
    check(&ground, "accept: [bitbucket, atlassian]\n", &[], 3, "listed twice");

    // Bitbucket answers a search with something else.
    let ground = Ground::with(&[row(3, false)]);
    let exemption = exempting("email: other@qzx.example");
    check(&ground, &exemption, &[], 3, "could not be looked up");
}

#[test]
fn rosters_that_contradict_themselves() {
    let by_policy = "accept: [bitbucket, roster]\n";
    let (id, address) = (account_id(1), email(1));
    for (text, code, said) in [
        (format!("account_id,email,mfa\n{id},,yes\n,{address},no\n"), 3, "line 2 and line 3"),
        (format!("email,mfa\n{address},yes\n{address},no\n"), 2, "yes on line 2"),
        (format!("email,mfa\n{address},Qzx\n"), 2, "roster.csv:2"),
        (format!("{address},Ada1 Qzxlace\n{address},no\n"), 2, "roster.csv:1"),
        (format!("email;mfa,sso\n{address};yes,no\n"), 2, "semicolons"),
        (format!("email,mfa\n{address},yes,no\n"), 2, "roster.csv:2"),
        ("email,mfa\nother@qzx.example,yes\n".to_owned(), 3, "about a member"),
    ] {
        let ground = Ground::with(&[row(1, false)]);
        let args = ground.roster(text);
        check(&ground, by_policy, &args, code, said);
    }
    let mut odd = row(1, false);
    odd["user"]["account_id"] = json!("qzx-1");
    let ground = Ground::with(&[odd]);
    let args = ground.roster(format!("account_id,email,mfa\nqzx-1,,yes\n,{address},no\n"));
    check(&ground, by_policy, &args, 3, "itself about (withheld): line 2 and line 3");
}

#[test]
fn files_that_are_not_understood() {
    let export = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n";
    let rows = json!([row(1, true), row(2, true)]);
    for (text, code, said) in [
        (format!("{{\"values\": {rows}, \"size\": 3}}"), 3, "and listed 2"),
        (format!("{{\"values\": {rows} "), 2, "members.json:1"),
        (json!({"values": [{"user": "Ada Qzx"}]}).to_string(), 2, "members.json:1"),
        (json!({"values": [row(1, true), row(1, true)], "size": 2}).to_string(), 3, "twice"),
        (naming().to_string(), 2, "an error that Bitbucket answered"),
        ("Ada Qzx,ada@qzx.example,,No,Yes\n".to_owned(), 2, "neither JSON nor"),
        (format!("{export}Ada Qzx,ada@qzx.example,,Qzx,Yes\n"), 2, "members.json:2"),
        (format!("{export}A,ada@qzx.example,,No,Yes\nB,ada@qzx.example,,No,Yes\n"), 3, "twice"),
        (format!("[{rows}]"), 2, "members.json:1"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", policy("acme", ""));
        sandbox.write("members.json", text);
        check_files(&sandbox, &["--members", "members.json"], code, said);
    }
    // An exemption that such a list cannot be asked about.
    let sandbox = Sandbox::new();
    let selector = format!("account_id: {}", account_id(1));
    sandbox.write("policy.yaml", policy("acme", &exempting(&selector)));
    sandbox.write("export.csv", format!("{export}Ada9 Qzxlace,ada@qzx.example,,No,Yes\n"));
    check_files(&sandbox, &["--members", "export.csv"], 3, "which member exemption exemption-");
    // What went wrong when a list was made was said then, with names.
    let list = json!({
        "schema_version": 1,
        "tool": {"name": "mfa-gate", "version": "0"},
        "checked_at": "2026-01-06T00:00:00Z",
        "source": {"inputs": [], "ci": {}},
        "complete": false,
        "workspaces": [{
            "slug": "acme", "source": "api", "complete": false, "error": "no Ada Qzx here",
            "members": 0, "requests": 1, "walks": 1, "duration_ms": 1,
        }],
        "members": [],
    });
    sandbox.write("list.json", list.to_string());
    check_files(&sandbox, &["--members", "list.json"], 3, "when the members file was made");
}

#[test]
fn policies_that_are_wrong() {
    let sandbox = Sandbox::new();
    let (id, uuid) = (account_id(1), uuid(1).to_uppercase());
    let wrong = format!(
        "exemptions:\n  - id: Qzx\n    account_id: \"{id} \"\n    reason: Ada Qzx\n    \
         expires: 2026-02-01\n  - id: Qzx\n    uuid: \"{uuid}\"\n    qzx: 1\n    reason: r\n    \
         expires: 2026-02-30\n"
    );
    sandbox.write("policy.yaml", policy("acme", &wrong));
    let lint = sandbox.run(&["policy", "lint"]);
    let places = lint.stderr.lines().filter_map(|line| line.split_once("--> policy.yaml:"));
    let places: Vec<&str> = places.map(|(_, place)| place).collect();
    assert_eq!(places.len(), 5, "{}", lint.stderr);
    check_files(&sandbox, &[], 2, &places.join(", "));
    sandbox.write("policy.yaml", policy("acme", "exemptions: [Ada Qzx: {"));
    check_files(&sandbox, &[], 2, "policy.yaml is not a valid policy");
}

#[test]
fn roles_that_are_not_known() {
    let sandbox = Sandbox::new();
    let exemption = exempting(&format!("account_id: {}", account_id(1)));
    sandbox.write("policy.yaml", policy("acme", &format!("{exemption}limits: {{admins: deny}}\n")));
    sandbox.write(
        "members.json",
        json!({"size": 2, "values": [row(1, false), row(9, true)]}).to_string(),
    );
    check_files(&sandbox, &["--members", "members.json"], 3, "the role of person-");
}

#[test]
fn what_slack_and_insights_answer_to_a_message_names_no_one() {
    let slack = crate::slack::Slack::answering(
        ResponseTemplate::new(403).set_body_string("not for Ada1 Qzxlace"),
    );
    let webhook = slack.webhook();
    let ground = Ground::with(&[row(1, false)]);
    let wrong = wiremock::Mock::given(wiremock::matchers::path_regex("/reports/"));
    ground.bitbucket.mount(wrong.respond_with(ResponseTemplate::new(403).set_body_json(naming())));
    ground.sandbox.write("policy.yaml", policy("acme", ""));
    let mut env = vec![KEY, ("MFA_GATE_SLACK_WEBHOOK_URL", &*webhook)];
    env.extend(crate::insights::OF);
    let outcome = ground.run(&[&CHECK[..], &["--code-insights"]].concat(), &env);
    ended(&outcome, &ground.sandbox, 1, "Slack answered 403: (withheld)");
    assert!(outcome.stderr.contains("Code Insights could not be written"), "{}", outcome.stderr);
}

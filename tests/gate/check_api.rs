//! `check` against a mock Bitbucket over HTTP.

use crate::support::{Bitbucket, Sandbox, policy, row, rows, unwrapped};
use serde_json::{Value, json};

/// What a run with a JSON report came to.
struct Checked {
    code: i32,
    report: Value,
    console: String,
}

impl Checked {
    fn count(&self, rule: &str) -> usize {
        let findings = self.report["findings"].as_array().unwrap();
        findings.iter().filter(|finding| finding["rule"] == rule).count()
    }
}

fn check(server: &Bitbucket, policy: &str, more: &[&str]) -> Checked {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy);
    let args = [&["check", "--report", "json=out/report.json"], more].concat();
    let outcome = sandbox.run_against(server, &args);
    let report = sandbox.json("out/report.json");
    assert_eq!(
        report["exit_code"], outcome.code,
        "{}\n{}\n{report:#}",
        outcome.stdout, outcome.stderr
    );
    Checked { code: outcome.code, report, console: outcome.stdout + &outcome.stderr }
}

#[test]
fn members_are_listed_of_the_policys_workspaces() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    server.permission("acme", "owner");
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    let outcome = sandbox.run_against(&server, &["members", "--policy", "policy.yaml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("acme: 3 members"), "{}", outcome.stdout);
}

#[test]
fn three_pages_with_three_off_two_null_and_one_absent() {
    let server = Bitbucket::start();
    let mut members = rows(0..244, true);
    members.extend(rows(244..247, false));
    members.extend((247..249).map(|number| row(number, Some(Value::Null))));
    members.push(row(249, None));
    server.workspace("acme", &members);
    server.permission("acme", "owner");

    let checked = check(&server, &policy("acme", ""), &[]);
    assert_eq!(checked.code, 1);
    assert_eq!(checked.report["verdict"], "violations");
    assert_eq!(checked.count("two-factor-disabled"), 3);
    assert_eq!(checked.count("two-factor-unknown"), 3);
    assert_eq!(checked.report["findings"].as_array().unwrap().len(), 6);
    assert_eq!(checked.report["members"].as_array().unwrap().len(), 250);
    let workspace = &checked.report["workspaces"][0];
    assert_eq!(workspace["completeness"], "size");
    assert_eq!(workspace["reported_size"], 250);
    assert_eq!(workspace["walks"], 1);
    assert_eq!(workspace["requests"], server.requests().len());
    assert_eq!(checked.report["assurance"], "simulated");
    assert!(checked.console.contains("no second factor seen by bitbucket"), "{}", checked.console);
}

#[test]
fn everybody_enabled_is_compliant() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..250, true));
    let checked = check(&server, &policy("acme", ""), &[]);
    assert_eq!(checked.code, 0);
    assert_eq!(checked.report["verdict"], "compliant");
    assert_eq!(
        server.requests().len(),
        3 + 1,
        "pages and owners: nobody is asked what the caller is"
    );
}

#[test]
fn a_caller_who_is_no_admin_accuses_nobody() {
    let server = Bitbucket::start();
    let members: Vec<Value> = (0..150).map(|number| row(number, None)).collect();
    server.workspace("acme", &members);
    server.permission("acme", "member");
    let checked = check(&server, &policy("acme", ""), &[]);
    assert_eq!(checked.code, 3);
    assert_eq!(checked.report["verdict"], "incomplete");
    assert_eq!(checked.report["members"], json!([]));
    assert_eq!(checked.count("workspace-incomplete"), 1);
    assert!(checked.console.contains("does not see"), "{}", checked.console);
}

#[test]
fn a_caller_who_sees_only_its_own_flag_accuses_nobody() {
    let server = Bitbucket::start();
    let mut members = rows(0..1, true);
    members.extend((1..300).map(|number| row(number, Some(Value::Null))));
    server.workspace("acme", &members);
    server.permission("acme", "member");
    let checked = check(&server, &policy("acme", ""), &[]);
    assert_eq!(checked.code, 3);
    assert_eq!(checked.count("two-factor-unknown"), 0);
}

#[test]
fn an_owner_who_is_shown_no_flag_accuses_no_one() {
    let server = Bitbucket::start();
    let members: Vec<Value> = (0..5).map(|number| row(number, Some(Value::Null))).collect();
    server.workspace("acme", &members);
    server.permission("acme", "owner");
    let checked = check(&server, &policy("acme", ""), &[]);
    assert_eq!(checked.code, 3);
    let said = "did not show the flag of any member";
    assert!(unwrapped(&checked.console).contains(said), "{}", checked.console);
}

#[test]
fn no_members_is_incomplete() {
    let server = Bitbucket::start();
    server.workspace("acme", &[]);
    let checked = check(&server, &policy("acme", ""), &[]);
    assert_eq!((checked.code, checked.count("workspace-incomplete")), (3, 1));
}

#[test]
fn a_refused_workspace_is_incomplete_and_a_violation_elsewhere_outranks_it() {
    for (flag, code) in [(true, 3), (false, 1)] {
        let server = Bitbucket::start();
        server.workspace("acme", &rows(0..3, flag));
        let message = "You do not have access to view this workspace.";
        server.refuse("beta", 403, json!({"type": "error", "error": {"message": message}}));
        let checked = check(&server, &policy("acme, beta", ""), &[]);
        assert_eq!(checked.code, code);
        assert_eq!(checked.report["complete"], false);
        assert_eq!(checked.count("workspace-incomplete"), 1);
        assert!(unwrapped(&checked.console).contains(message), "{}", checked.console);
    }
}

#[test]
fn exit_zero_forgives_violations_and_not_an_unread_workspace() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, false));
    server.refuse("beta", 403, json!({"type": "error", "error": {"message": "no"}}));
    let alone = check(&server, &policy("acme", ""), &["--exit-zero"]);
    assert_eq!((alone.code, &alone.report["verdict"]), (0, &json!("violations")));
    assert!(alone.console.contains("--exit-zero"), "{}", alone.console);
    let both = check(&server, &policy("acme, beta", ""), &["--exit-zero"]);
    assert_eq!((both.code, &both.report["verdict"]), (3, &json!("violations")));
}

#[test]
fn two_factor_disabled_as_a_warning_is_not_enforced_and_strict_enforces_it() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, false));
    let policy = policy("acme", "rules: {two-factor-disabled: warn}\n");
    let lax = check(&server, &policy, &[]);
    assert_eq!((lax.code, &lax.report["verdict"]), (0, &json!("not_enforced")));
    let strict = check(&server, &policy, &["--strict"]);
    assert_eq!((strict.code, &strict.report["verdict"]), (1, &json!("violations")));
    assert!(strict.console.contains("--strict"), "{}", strict.console);
}

#[test]
fn a_narrowed_run_says_so() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    let checked = check(&server, &policy("acme, beta", ""), &["--workspace", "acme"]);
    assert_eq!(checked.code, 0);
    assert_eq!(checked.report["workspaces_not_checked"], json!(["beta"]));
    assert!(checked.console.contains("1 of 2 workspaces"), "{}", checked.console);
}

#[test]
fn an_exemption_until_9999_is_over_the_limit() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..1, false));
    let policy = policy(
        "acme",
        "exemptions:\n  - id: EX-1\n    account_id: \
         \"557058:00000000-0000-4000-8000-000000000000\"\n    reason: none\n    expires: 9999-12-31\n",
    );
    let checked = check(&server, &policy, &[]);
    assert_eq!(checked.code, 1);
    assert_eq!(checked.report["exemptions"][0]["state"], "over_limit");
    assert_eq!(checked.count("exemption-over-limit"), 1);
    let ignored = check(&server, &policy, &["--ignore-exemptions"]);
    assert_eq!((ignored.code, ignored.count("exemption-over-limit")), (1, 0));
}

#[test]
fn owners_are_read_where_the_policy_forbids_exempting_them() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..2, false));
    let owner = json!({"permission": "owner", "user": {"uuid": row(0, None)["user"]["uuid"]}});
    let body = json!({"pagelen": 100, "size": 1, "page": 1, "values": [owner]});
    use wiremock::matchers::{path, query_param};
    server.mount(
        wiremock::Mock::given(path("/2.0/workspaces/acme/permissions"))
            .and(query_param("q", "permission=\"owner\""))
            .respond_with(wiremock::ResponseTemplate::new(200).set_body_json(body)),
    );
    let entry = |id: &str, number: usize| {
        format!(
            "  - id: {id}\n    account_id: \"557058:00000000-0000-4000-8000-{number:012}\"\n    \
             reason: none\n    expires: 2026-09-30\n"
        )
    };
    let exemptions = entry("EX-0", 0) + &entry("EX-1", 1);
    let policy = policy("acme", &format!("limits: {{admins: deny}}\nexemptions:\n{exemptions}"));
    let checked = check(&server, &policy, &["--today", "2026-09-01"]);
    assert_eq!(checked.code, 1);
    assert_eq!(checked.report["exemptions"][0]["state"], "not_allowed");
    assert_eq!(checked.report["exemptions"][1]["state"], "active");
    assert_eq!(checked.report["members"][0]["role"], "owner");
    assert_eq!(checked.report["members"][1]["role"], "member");
}

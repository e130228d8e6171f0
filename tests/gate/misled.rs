//! Answers that look right and are not what was asked for: of another workspace, of another day, or
//! of lists that do not meet.

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Bitbucket, Outcome, Sandbox, policy, row, rows, unwrapped};

/// A list on one page.
fn page(values: &[Value]) -> Value {
    json!({"values": values, "size": values.len(), "page": 1, "pagelen": 100})
}

/// Has the server answer at the end of acme's address.
fn serve(server: &Bitbucket, end: &str, answer: ResponseTemplate) {
    let at = format!("/2.0/workspaces/acme/{end}");
    server.mount(Mock::given(method("GET")).and(path(at)).respond_with(answer));
}

fn check(server: &Bitbucket, more: &str) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", more));
    sandbox.run_against(server, &["check"])
}

fn is_incomplete(outcome: &Outcome, said: &str) {
    let all = format!("{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(outcome.code, 3, "{all}");
    assert!(unwrapped(&all).contains(said), "{all}");
}

/// Rows that name a workspace, though they are asked not to.
fn of(slug: &str, numbers: std::ops::Range<usize>) -> Vec<Value> {
    let mut rows = rows(numbers, true);
    rows.iter_mut().for_each(|row| row["workspace"] = json!({"slug": slug}));
    rows
}

#[test]
fn members_of_another_workspace_are_not_taken_for_those_of_this_one() {
    for (rows, code) in [
        (of("acme", 0..3), 0),
        (of("labs", 0..3), 3),
        ([of("acme", 0..2), of("labs", 2..3)].concat(), 3),
        ([of("acme", 0..100), of("labs", 100..103)].concat(), 3),
        // Bitbucket may do as it is asked on one page and not on the other.
        ([of("acme", 0..100), rows(100..103, true)].concat(), 0),
    ] {
        let server = Bitbucket::start();
        server.workspace("acme", &rows);
        let outcome = check(&server, "");
        match code {
            0 => assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr),
            _ => is_incomplete(&outcome, "Bitbucket answered with people of"),
        }
    }
}

#[test]
fn what_a_cache_kept_says_nothing_about_today() {
    for (age, code) in [("0", 0), ("120", 0), ("86400", 3), ("99999999999999999999999", 3)] {
        let server = Bitbucket::start();
        let answer = ResponseTemplate::new(200).set_body_json(page(&rows(0..3, true)));
        serve(&server, "members", answer.insert_header("age", age));
        let outcome = check(&server, "");
        match code {
            0 => assert_eq!(outcome.code, 0, "{age}: {}{}", outcome.stdout, outcome.stderr),
            _ => is_incomplete(&outcome, "Bitbucket did not answer: a cache answered in its place"),
        }
        let asked = server.requests().remove(0);
        assert_eq!(asked.headers["cache-control"], "no-cache");
    }
}

/// A list of people, the first of which has no second factor and is exempt, and what the list of owners
/// holds.
fn exempting(owners: &[Value]) -> Outcome {
    let server = Bitbucket::start();
    let mut members = rows(0..3, true);
    members[0] = row(0, Some(json!(false)));
    let id = members[0]["user"]["account_id"].as_str().unwrap().to_owned();
    server.workspace("acme", &members);
    let answer = ResponseTemplate::new(200).set_body_json(page(owners));
    serve(&server, "permissions", answer);
    let expires = crate::support::day(30);
    check(
        &server,
        &format!(
            "limits: {{admins: deny}}\nexemptions:\n  - {{id: EX-1, account_id: \"{id}\", reason: \
             a test, expires: {expires}}}\n"
        ),
    )
}

#[test]
fn an_owner_who_is_on_no_list_of_members_makes_both_doubtful() {
    let owner = |number: usize, slug: &str| json!({"permission": "owner", "user": row(number, None)["user"], "workspace": {"slug": slug}});
    let outcome = exempting(&[owner(1, "acme")]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    is_incomplete(
        &exempting(&[owner(1, "acme"), owner(9, "acme")]),
        "is not on the list of members",
    );
    is_incomplete(&exempting(&[owner(1, "labs")]), "people of the workspace labs");
    // A uuid that is written in another way would let an owner pass for one who is none.
    let mut shouted = owner(0, "acme");
    shouted["user"]["uuid"] = json!("{00000000-0000-4000-8000-00000000000A}");
    is_incomplete(&exempting(&[owner(1, "acme"), shouted]), "is not on the list of members");
}

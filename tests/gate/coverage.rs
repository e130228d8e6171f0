//! `coverage: [members, repositories]`: people who can get at a repository and are not members.

use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, ResponseTemplate};

use crate::organisation::{Checked, Directory, Ground, TODAY, account};
use crate::support::{Bitbucket, Sandbox, authorised, policy, row, rows};

/// No organisation is asked.
const ALONE: [(&str, &str); 2] = [("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_KEY", "")];

/// Who is looked at.
pub(crate) const BOTH: &str = "coverage: [members, repositories]\n";

const AT: &str = "/2.0/workspaces/acme/permissions/repositories";

/// A row of the list of permissions: what a person may do in a repository. Bitbucket was not seen
/// to show the flag here.
pub(crate) fn grant(number: usize, repository: &str, permission: &str) -> Value {
    json!({
        "type": "repository_permission",
        "permission": permission,
        "user": row(number, None)["user"],
        "repository": {
            "type": "repository",
            "uuid": format!("{{{repository}}}"),
            "full_name": format!("acme/{repository}"),
            "name": repository,
        },
    })
}

pub(crate) fn serve(server: &Bitbucket, grants: &[Value]) {
    let page = json!({"pagelen": 100, "size": grants.len(), "page": 1, "values": grants});
    answer(server, ResponseTemplate::new(200).set_body_json(page));
}

fn answer(server: &Bitbucket, answer: ResponseTemplate) {
    server.mount(Mock::given(method("GET")).and(path(AT)).and(authorised).respond_with(answer));
}

/// Two members with a second factor, and three other people, one with access to two repositories. A
/// member is on the other list too.
fn ground() -> Ground {
    let ground = Ground::with(&rows(0..2, true));
    let grants = [
        grant(10, "app", "read"),
        grant(1, "app", "admin"),
        grant(11, "app", "write"),
        grant(10, "site", "admin"),
        grant(12, "site", "read"),
    ];
    serve(&ground.bitbucket, &grants);
    ground
}

fn member(checked: &Checked, number: usize) -> &Value {
    let ends = format!("{number:012}");
    let members = checked.report["members"].as_array().unwrap();
    members.iter().find(|member| member["key"].as_str().unwrap().ends_with(&ends)).unwrap()
}

#[test]
fn people_who_are_not_members_are_judged_and_marked() {
    let ground = ground();
    let formats = [
        "--report=csv=r.csv",
        "--report=junit=r.xml",
        "--report=sarif=r.sarif",
        "--report=markdown=r.md",
        "--report=html=r.html",
        "--report=github=r.txt",
    ];
    let checked = ground.check_by(BOTH, &formats, &[]);
    assert_eq!(checked.code, 1, "{}", checked.console);
    assert_eq!(checked.report["members"].as_array().unwrap().len(), 5, "each is judged once");
    assert_eq!(checked.report["summary"]["violations"], 3);
    let access = json!({"repositories": 2, "permission": "admin"});
    assert_eq!(member(&checked, 10)["access"], access);
    assert!(member(&checked, 1)["access"].is_null());
    assert_eq!(
        checked.report["policy"]["effective"]["coverage"],
        json!(["members", "repositories"])
    );
    let said = "not a member; access to 2 repositories, at most admin";
    for file in ["r.csv", "r.xml", "r.sarif", "r.md", "r.html", "r.txt"] {
        let text = ground.sandbox.read(file).replace("&#32;", " ");
        assert!(text.contains(said), "{file}: {text}");
        assert!(text.contains("not a member; access to 1 repository, write"), "{file}: {text}");
        assert!(!text.contains("were not looked at"), "{file}: {text}");
    }
    let console = checked.console.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(console.contains(said), "{console}");
    assert!(console.contains("(3 are not members of the workspace)"), "{console}");
    let verified = ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(verified.code, 1, "{}", verified.stderr);
}

#[test]
fn without_it_every_report_says_who_was_not_looked_at() {
    let ground = ground();
    let formats = [
        "--report=junit=r.xml",
        "--report=sarif=r.sarif",
        "--report=markdown=r.md",
        "--report=html=r.html",
        "--report=github=r.txt",
    ];
    let checked = ground.check_by("", &formats, &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);
    let said = "people with access to single repositories were not looked at";
    for file in ["r.xml", "r.sarif", "r.md", "r.html", "r.txt"] {
        assert!(ground.sandbox.read(file).contains(said), "{file}");
    }
    assert!(checked.console.contains(said), "{}", checked.console);
    let listed = ground.run(&["members"], &ALONE);
    assert!(listed.stdout.contains(&format!("\n{said}\n")), "{}", listed.stdout);
    assert_eq!(checked.report["policy"]["effective"]["coverage"], json!(["members"]));
    assert!(!ground.bitbucket.requests().iter().any(|request| request.url.path() == AT));
}

#[test]
fn who_is_not_looked_at_any_more_is_not_fixed() {
    let ground = ground();
    assert_eq!(ground.check_by(BOTH, &["--report=json=first.json"], &[]).code, 1);
    let narrow = ground.check_by("", &["--previous=first.json"], &[]);
    assert_eq!(narrow.code, 0, "{}", narrow.console);
    assert_eq!(narrow.report["changes"]["fixed"], json!([]));
    // One who is a member with a second factor by now is seen all the same.
    let later = Ground::with(&[rows(0..2, true), rows(11..12, true)].concat());
    later.sandbox.write("first.json", ground.sandbox.read("first.json"));
    let narrow = later.check_by("", &["--previous=first.json"], &[]);
    assert_eq!(narrow.report["changes"]["fixed"][0]["settled"], "protected");
    assert_eq!(narrow.report["changes"]["fixed"][1], Value::Null);
    // One who was looked for and not found is gone.
    serve(&later.bitbucket, &[grant(12, "site", "read")]);
    let wide = later.check_by(BOTH, &["--previous=first.json"], &[]);
    assert_eq!(wide.report["changes"]["fixed"][0]["settled"], "left");
    assert_eq!(wide.report["changes"]["fixed"][1]["settled"], "protected");
}

#[test]
fn other_sources_and_exemptions_work_for_them_too() {
    let ground = ground();
    let accounts = (10..13).map(|number| {
        let mut account = account(number, Some(true));
        account["accountId"] = row(number, None)["user"]["account_id"].clone();
        account
    });
    ground.organisation.serve(Directory::of(accounts.collect()));
    let by_organisation = format!("{BOTH}accept: [bitbucket, atlassian]\n");
    let checked = ground.check_by(&by_organisation, &[], &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert_eq!(member(&checked, 12)["decided_by"], "atlassian");

    let id = |number: usize| row(number, None)["user"]["account_id"].as_str().unwrap().to_owned();
    let listed = format!("account_id,mfa\n{},yes\n{},yes\n{},yes\n", id(10), id(11), id(12));
    let by_roster = format!("{BOTH}accept: [bitbucket, roster]\n");
    let checked = ground.check_by(&by_roster, &ground.roster(listed), &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);

    let exemption = |number: usize| {
        let id = id(number);
        format!(
            "  - id: EX-{number}\n    account_id: \"{id}\"\n    reason: A contractor\n    \
             expires: 2026-02-01\n"
        )
    };
    let exemptions: String = (10..13).map(exemption).collect();
    // Who is not a member owns nothing.
    let by_exemption = format!("{BOTH}limits: {{admins: deny}}\nexemptions:\n{exemptions}");
    let owner = json!({"permission": "owner", "user": row(0, None)["user"]});
    let owners = json!({"values": [owner], "size": 1, "page": 1, "pagelen": 100});
    ground.bitbucket.mount(
        Mock::given(path("/2.0/workspaces/acme/permissions"))
            .respond_with(ResponseTemplate::new(200).set_body_json(owners)),
    );
    let checked = ground.check_by(&by_exemption, &[], &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert_eq!(checked.report["summary"]["exempt"], 3);
}

#[test]
fn who_is_not_a_member_can_be_exempted_by_the_program() {
    let ground = ground();
    ground.bitbucket.owners("acme", &[&row(0, None)]);
    let demands = format!("{BOTH}limits: {{admins: deny}}\n");
    ground.sandbox.write("policy.yaml", policy("acme", &demands));
    let add = ["policy", "add", "nick11", "--id=EX-1", "--reason=a contractor", "--days=30"];
    let added = ground.run(&add, &ALONE);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let named = "account_id: \"557058:00000000-0000-4000-8000-000000000011\"";
    assert!(ground.sandbox.read("policy.yaml").contains(named));
    let narrow = policy("acme", "");
    ground.sandbox.write("policy.yaml", &narrow);
    assert_eq!(ground.run(&add, &ALONE).code, 2);
    assert_eq!(ground.sandbox.read("policy.yaml"), narrow);
}

#[test]
fn a_list_that_cannot_be_read_is_no_list() {
    let refused = json!({"type": "error", "error": {"message": "no scope"}});
    let elsewhere = {
        let mut grant = grant(10, "app", "read");
        grant["repository"]["full_name"] = json!("labs/app");
        json!({"pagelen": 100, "size": 1, "page": 1, "values": [grant]})
    };
    let short = json!({"pagelen": 100, "size": 2, "page": 1, "values": [grant(10, "app", "read")]});
    let twice = [grant(10, "app", "read"), grant(10, "app", "write")];
    let twice = json!({"pagelen": 100, "size": 2, "page": 1, "values": twice});
    let next = |server: &Bitbucket| {
        format!("{}/workspaces/acme/permissions/repositories?page=2", server.api_url())
    };
    let mut both_ways = [grant(10, "app", "read"), grant(10, "site", "read")];
    for (row, flag) in both_ways.iter_mut().zip([true, false]) {
        row["user"]["has_2fa_enabled"] = json!(flag);
    }
    let both_ways = json!({"pagelen": 100, "size": 2, "page": 1, "values": both_ways});
    for (status, body, says, help) in [
        (403, refused.clone(), "Bitbucket answered 403", "read:repository:bitbucket"),
        (500, refused, "Bitbucket answered 500", "Without `repositories` in `coverage`"),
        (200, elsewhere, "the repository labs/app", "Check the slug"),
        (200, short, "Bitbucket counts 2 members and listed 1", "Try again"),
        (200, twice, "was listed twice", "Try again"),
        (200, both_ways, "with two-step verification and without", "Try again"),
    ] {
        let ground = Ground::with(&rows(0..2, true));
        let reply = ResponseTemplate::new(status).insert_header("Retry-After", "0");
        answer(&ground.bitbucket, reply.set_body_json(body));
        let checked = ground.check_by(BOTH, &[], &[]);
        checked.is_incomplete("people with access to single repositories could not be listed");
        let said = &checked.report["findings"][0];
        assert!(said["message"].as_str().unwrap().contains(says), "{said}");
        assert!(said["help"].as_str().unwrap().contains(help), "{said}");
    }
    let ground = Ground::with(&rows(0..2, true));
    let many: Vec<Value> = (0..100).map(|number| grant(number, "app", "read")).collect();
    let mut page = json!({"pagelen": 100, "size": 100_001, "page": 1, "values": many});
    page["next"] = json!(next(&ground.bitbucket));
    answer(&ground.bitbucket, ResponseTemplate::new(200).set_body_json(page));
    let checked = ground.check_by(BOTH, &[], &[]);
    checked.is_incomplete("they fill more than 1000 pages");
    let listed = ground.run(&["members"], &ALONE);
    assert!(!listed.stdout.contains("were not looked at"), "{}", listed.stdout);
}

#[test]
fn every_page_is_read() {
    let ground = Ground::with(&rows(0..2, true));
    let first: Vec<Value> = (10..110).map(|number| grant(number, "app", "read")).collect();
    let second = [grant(10, "site", "write"), grant(200, "site", "write")];
    let next =
        format!("{}/workspaces/acme/permissions/repositories?page=2", ground.bitbucket.api_url());
    let mut one = json!({"pagelen": 100, "size": 102, "page": 1, "values": first});
    one["next"] = json!(next);
    let two = json!({"pagelen": 100, "size": 102, "page": 2, "values": second});
    for (page, body) in [(None, one), (Some("2"), two)] {
        let mock = Mock::given(method("GET")).and(path(AT)).and(authorised);
        let mock = match page {
            None => mock.and(query_param_is_missing("page")),
            Some(number) => mock.and(query_param("page", number)),
        };
        ground.bitbucket.mount(mock.respond_with(ResponseTemplate::new(200).set_body_json(body)));
    }
    let checked = ground.check_by(BOTH, &[], &[]);
    assert_eq!(checked.report["summary"]["violations"], 101, "{}", checked.console);
    assert_eq!(member(&checked, 10)["access"], json!({"repositories": 2, "permission": "write"}));
}

#[test]
fn a_file_has_to_hold_them() {
    let ground = ground();
    ground.sandbox.write("policy.yaml", policy("acme", BOTH));
    let args = ["members", "--policy", "policy.yaml", "--workspace", "acme"];
    let json = ground.run(&[&args[..], &["--report", "json=list.json"]].concat(), &ALONE);
    assert_eq!(json.code, 0, "{}", json.stderr);
    let text = ground.run(&args, &ALONE);
    assert!(text.stdout.contains("not a member; access to 2 repositories, at most admin"));
    assert!(!text.stdout.contains("were not looked at"), "{}", text.stdout);
    let offline = ["check", "--today", TODAY, "--members", "list.json"];
    let checked = ground.sandbox.run(&[&offline[..], &["--report", "json=r.json"]].concat());
    assert_eq!(checked.code, 1, "{}", checked.stdout);
    assert_eq!(ground.sandbox.json("r.json")["summary"]["violations"], 3);
    assert_eq!(ground.sandbox.run(&["verify", "r.json"]).code, 1);
    // A policy that does not look at them does not judge them.
    ground.sandbox.write("policy.yaml", policy("acme", ""));
    let checked = ground.sandbox.run(&offline);
    assert_eq!(checked.code, 0, "{}", checked.stdout);

    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", BOTH));
    sandbox.write("members.json", json!({"size": 2, "values": rows(0..2, true)}).to_string());
    let checked = sandbox.run(&["check", "--today", TODAY, "--members", "members.json"]);
    assert_eq!(checked.code, 3, "{}", checked.stdout);
    let said = checked.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("does not hold the people with access to single repositories"), "{said}");
}

#[test]
fn the_doctor_says_whether_they_can_be_listed() {
    let ground = ground();
    ground.sandbox.write("policy.yaml", policy("acme", BOTH));
    let seen = ground.run(&["doctor"], &ALONE);
    assert_eq!(seen.code, 0, "{}", seen.stdout);
    let says =
        "ok       acme: repositories: people with access to single repositories can be listed";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&seen.stdout).contains(&words(says)), "{}", seen.stdout);
    for (policy_says, code, grade) in [(BOTH, 3, "failed"), ("", 0, "unknown")] {
        let ground = Ground::with(&rows(0..2, true));
        answer(&ground.bitbucket, ResponseTemplate::new(403));
        ground.sandbox.write("policy.yaml", policy("acme", policy_says));
        let refused = ground.run(&["doctor"], &ALONE);
        assert_eq!(refused.code, code, "{}", refused.stdout);
        let line = refused.stdout.lines().find(|line| line.contains("acme: repositories")).unwrap();
        assert!(line.starts_with(grade), "{}", refused.stdout);
    }
}

#[test]
fn flags_and_states_are_taken_where_the_list_shows_them() {
    let ground = Ground::with(&rows(0..2, true));
    let mut grants: Vec<Value> = (10..14).map(|number| grant(number, "app", "read")).collect();
    grants[0]["user"]["has_2fa_enabled"] = json!(true);
    grants[1]["user"]["has_2fa_enabled"] = json!(false);
    grants[2]["user"]["type"] = json!("app_user");
    grants[3]["user"]["account_status"] = json!("closed");
    serve(&ground.bitbucket, &grants);
    let checked = ground.check_by(BOTH, &[], &[]);
    assert_eq!(checked.code, 1, "{}", checked.console);
    let outcomes = [10, 11, 12, 13].map(|number| member(&checked, number)["outcome"].clone());
    assert_eq!(outcomes, ["protected", "violation", "not_applicable", "not_applicable"]);
    let asked = ground.bitbucket.requests().into_iter().find(|request| request.url.path() == AT);
    let fields = asked.unwrap().url.query().unwrap().to_owned();
    assert!(fields.contains("%2Bvalues.user.has_2fa_enabled"), "{fields}");
}

#[test]
fn a_list_that_does_not_come_ends_with_the_deadline() {
    let ground = Ground::with(&rows(0..2, true));
    let late = ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(300));
    answer(&ground.bitbucket, late);
    let checked = ground.check_by(BOTH, &["--deadline", "5s"], &[]);
    checked.is_incomplete("5s");
}

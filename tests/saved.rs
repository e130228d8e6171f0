//! Saved reports that were edited: what each edit is refused for, and what is still accepted.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "shared/live.rs"]
mod live;

use jiff::Timestamp;
use mfa_gate::judge::Refusal;
use mfa_gate::member::{Member, TwoFactor};
use mfa_gate::quote::Quotes;
use mfa_gate::report::Report;
use serde_json::{Value, json};

const POLICY: &str = "\
version: 1
workspaces: [acme]
exemptions:
  - {id: EX-1, account_id: \"557058:00000000-0000-4000-8000-000000000001\", reason: a bot,
     expires: 2026-09-30}
";

fn at() -> Timestamp {
    "2026-09-01T12:00:00Z".parse().unwrap()
}

/// A live report on three members of `acme`: two are protected, and one is exempt.
fn report() -> Value {
    let flags = [TwoFactor::Enabled, TwoFactor::Disabled, TwoFactor::Enabled];
    let members = flags.into_iter().enumerate().map(|(number, flag)| live::member(number, flag));
    let report = live::report(POLICY, at(), &[("acme", Ok(members.collect()))]);
    serde_json::to_value(report).unwrap()
}

/// The same, of pages that were saved.
fn offline() -> Value {
    let mut report = report();
    for (pointer, value) in [
        ("/assurance", json!("offline")),
        ("/options/members", json!(true)),
        ("/source", json!({"inputs": [{"path": "members.json", "sha256": "0"}], "ci": {}})),
        ("/workspaces/0/source", json!("saved_pages")),
    ] {
        set(&mut report, pointer, value);
    }
    report
}

/// Sets a value; `-` is the end of a list.
fn set(report: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = report.pointer_mut(parent).unwrap();
    match parent.as_array_mut() {
        Some(list) if key == "-" => list.push(value),
        Some(list) => list[key.parse::<usize>().unwrap()] = value,
        None => parent[key] = value,
    }
}

fn read(report: &Value) -> Result<Report, Refusal> {
    Report::from_saved(report.to_string().as_bytes())
}

/// Why a report is refused.
fn contradiction(read: Result<Report, Refusal>) -> String {
    match read {
        Err(Refusal::Contradiction(contradiction)) => {
            Quotes::Shown.resolve(&contradiction.why).into_owned()
        }
        other => panic!("{other:?}"),
    }
}

fn assert_refused(mut report: Value, edits: &[(&str, Value)], expected: &str) {
    for (pointer, value) in edits {
        set(&mut report, pointer, value.clone());
    }
    assert_eq!(contradiction(read(&report)), expected, "{edits:?}");
}

fn assert_accepted(mut report: Value, edits: &[(&str, Value)]) {
    for (pointer, value) in edits {
        set(&mut report, pointer, value.clone());
    }
    assert_eq!(read(&report).err(), None, "{edits:?}");
}

#[test]
fn a_policy_that_no_file_could_hold() {
    for (pointer, value, why) in [
        ("accept", json!([]), "its policy accepts no proof, or the same one twice"),
        (
            "accept",
            json!(["bitbucket", "bitbucket"]),
            "its policy accepts no proof, or the same one twice",
        ),
        (
            "coverage",
            json!([]),
            "its policy does not look at the members, or names a kind of people twice",
        ),
        (
            "coverage",
            json!(["members", "members"]),
            "its policy does not look at the members, or names a kind of people twice",
        ),
        (
            "coverage",
            json!(["members", "repositories"]),
            "others were looked at in the workspace acme than it demands",
        ),
        ("workspaces", json!(["acme", "acme"]), "its policy names a workspace twice"),
        ("workspaces", json!(["beta"]), "the workspace acme is not one of its policy"),
    ] {
        assert_refused(report(), &[(&format!("/policy/effective/{pointer}"), value)], why);
    }
    let twice = report()["exemptions"][0].clone();
    assert_refused(report(), &[("/exemptions/-", twice)], "it has the exemption EX-1 twice");
    let why = "its exemption EX-1 does not say which member it is about";
    assert_refused(report(), &[("/exemptions/0/account_id", Value::Null)], why);
}

#[test]
fn what_was_not_read_was_not_looked_at() {
    let policy = "version: 1\nworkspaces: [acme]\ncoverage: [members, repositories]\n";
    let unread = live::report(policy, at(), &[("acme", Err("it was refused"))]);
    assert_accepted(serde_json::to_value(unread).unwrap(), &[]);
}

#[test]
fn a_run_that_nobody_could_start() {
    let wanted = "/policy/effective/workspaces";
    let names_beta = (wanted, json!(["acme", "beta"]));
    assert_refused(
        report(),
        &[names_beta.clone(), ("/options/workspace", json!(["beta"]))],
        "it is not about all workspaces that were selected",
    );
    let not_checked = ("/workspaces_not_checked", json!(["beta"]));
    assert_refused(
        report(),
        &[names_beta.clone(), not_checked.clone()],
        "workspaces were not checked although all were selected",
    );
    let selected = ("/options/workspace", json!(["acme"]));
    assert_accepted(report(), &[names_beta, not_checked, selected]);

    let other_day = ("/today", json!("2026-09-02"));
    assert_refused(
        report(),
        std::slice::from_ref(&other_day),
        "it was made on 2026-09-01, and judged by 2026-09-02",
    );
    assert_accepted(offline(), std::slice::from_ref(&other_day));
    let simulated = ("/assurance", json!("simulated"));
    assert_accepted(report(), &[other_day, simulated, ("/options/today", json!(true))]);
}

#[test]
fn members_come_from_the_api_or_from_a_file() {
    let from_file = "it disagrees with itself on whether members came from a file";
    let asked = "it disagrees with itself on whether the API was asked";
    let url = json!("https://api.bitbucket.org/2.0");
    let inputs = offline()["source"]["inputs"].clone();
    for (edit, why) in [
        (("/options/members", json!(true)), from_file),
        (("/source/inputs", inputs), from_file),
        (("/source/api_url", Value::Null), asked),
    ] {
        assert_refused(report(), &[edit], why);
    }
    for (edit, why) in [
        (("/options/members", json!(false)), from_file),
        (("/source/inputs", json!([])), from_file),
        (("/source/api_url", url), asked),
    ] {
        assert_refused(offline(), &[edit], why);
    }
    assert_accepted(offline(), &[]);
}

#[test]
fn evidence_comes_from_a_source_that_was_asked() {
    let roster = json!({"path": "roster.csv", "sha256": "0", "as_of": "2026-09-01", "rows": 3});
    let roster = ("/source/roster", roster);
    let with_roster = ("/options/roster", json!(true));
    let why = "it disagrees with itself on whether there was a roster";
    assert_refused(report(), std::slice::from_ref(&roster), why);
    assert_refused(report(), std::slice::from_ref(&with_roster), why);
    assert_refused(offline(), std::slice::from_ref(&with_roster), why);
    assert_accepted(report(), &[roster.clone(), with_roster.clone()]);
    // A saved list tells of the roster that it was made with.
    assert_accepted(offline(), std::slice::from_ref(&roster));

    let entra = json!({
        "login_url": "https://login.microsoftonline.com",
        "graph_url": "https://graph.microsoft.com",
        "tenant": "acme.example",
        "read_at": "2026-09-01T12:00:00Z",
        "requests": 2,
    });
    let atlassian =
        json!({"api_url": "https://api.atlassian.com", "organisation": "acme", "requests": 2});
    let (entra, atlassian) = (("/source/entra", entra), ("/source/atlassian", atlassian));
    let said = |source: &str, what: Value| (format!("/members/0/evidence/{source}"), what);
    let why = "it has evidence of a source that it does not name";
    for (source, named) in [
        ("sso", vec![roster.clone(), with_roster.clone()]),
        ("roster", vec![roster, with_roster]),
        ("roster", vec![entra.clone()]),
        ("atlassian", vec![atlassian]),
    ] {
        let (pointer, what) = said(source, json!("enabled"));
        let edit = (&*pointer, what);
        assert_refused(report(), std::slice::from_ref(&edit), why);
        assert_accepted(report(), &[&*named, &[edit]].concat());
    }
    let (pointer, what) = said("sso", json!("enabled"));
    assert_refused(report(), &[entra, (&pointer, what)], why);
    // Of a saved list it is not known who was asked.
    let (pointer, what) = said("atlassian", json!("enabled"));
    assert_accepted(offline(), &[(&pointer, what)]);
}

#[test]
fn a_list_is_complete_in_a_way_that_its_source_has() {
    let shape = "of the workspace acme, the list cannot be complete in the way that is stated";
    let count = "of the workspace acme, 3 members are listed and 4 were counted";
    let accepted = "";
    let export = "user_export";
    for (source, completeness, size, why) in [
        ("saved_pages", "size", json!(3), accepted),
        ("saved_pages", "size", json!(4), count),
        ("saved_pages", "size", Value::Null, shape),
        ("saved_pages", "last_page", Value::Null, accepted),
        ("saved_pages", "last_page", json!(3), shape),
        ("saved_pages", "asserted", Value::Null, shape),
        ("snapshot", "size", json!(3), accepted),
        ("snapshot", "asserted", Value::Null, accepted),
        ("snapshot", "asserted", json!(3), accepted),
        ("snapshot", "asserted", json!(4), shape),
        (export, "asserted", Value::Null, accepted),
        (export, "asserted", json!(3), shape),
        (export, "size", json!(3), shape),
        (export, "last_page", Value::Null, shape),
    ] {
        let edits = [
            ("/workspaces/0/source", json!(source)),
            ("/workspaces/0/completeness", json!(completeness)),
            ("/workspaces/0/reported_size", size),
        ];
        if why.is_empty() {
            assert_accepted(offline(), &edits);
        } else {
            assert_refused(offline(), &edits, why);
        }
    }
    let edits = [
        ("/workspaces/0/completeness", json!("asserted")),
        ("/workspaces/0/reported_size", Value::Null),
    ];
    assert_refused(report(), &edits, shape);
}

#[test]
fn a_list_holds_each_member_of_its_workspace_once() {
    let mut elsewhere = report()["members"][0].clone();
    elsewhere["workspace"] = json!("beta");
    let why = "it lists members of the workspace beta, which it does not name";
    assert_refused(report(), &[("/members/-", elsewhere)], why);

    let access = json!({"repositories": 1, "permission": "read"});
    let why = "of the workspace acme, people are listed who were not looked for";
    assert_refused(report(), &[("/members/0/access", access.clone())], why);
    let covers = json!(["members", "repositories"]);
    assert_accepted(
        report(),
        &[
            ("/members/0/access", access),
            ("/policy/effective/coverage", covers.clone()),
            ("/workspaces/0/coverage", covers),
            ("/workspaces/0/reported_size", json!(2)),
        ],
    );

    for id in ["account_id", "uuid"] {
        let of_another = report()["members"][1][id].clone();
        let why = format!(
            "of the workspace acme, the member {} was listed twice",
            of_another.as_str().unwrap()
        );
        assert_refused(report(), &[(&format!("/members/0/{id}"), of_another)], &why);
    }

    let id = report()["members"][0]["account_id"].clone();
    let why = format!(
        "of the workspace acme, the member {} has another key than its ids make",
        id.as_str().unwrap()
    );
    let uuid = report()["members"][0]["uuid"].clone();
    for key in [json!("ada"), json!(""), uuid] {
        assert_refused(report(), &[("/members/0/key", key)], &why);
    }
}

#[test]
fn an_address_in_capitals_was_edited() {
    let in_lower_case = of_two(|member| {
        member.email = member.account_id.as_ref().map(|_| "ada@acme.example".into())
    });
    let mut report = serde_json::to_value(in_lower_case.unwrap()).unwrap();
    report["members"][0]["email"] = json!("Ada@acme.example");
    let why = contradiction(read(&report));
    assert!(why.contains("email") && why.contains("Ada@acme.example"), "{why}");
}

/// Reads the report on two members.
fn of_two(change: impl Fn(&mut Member)) -> Result<Report, Refusal> {
    let mut members = [0, 1].map(|number| live::member(number, TwoFactor::Enabled)).to_vec();
    members.iter_mut().for_each(change);
    let policy = "version: 1\nworkspaces: [acme]\n";
    read(&serde_json::to_value(live::report(policy, at(), &[("acme", Ok(members))])).unwrap())
}

#[test]
fn an_address_tells_members_apart_only_where_they_have_no_id() {
    let email = || Some("team@acme.example".into());
    assert!(of_two(|member| member.email = email()).is_ok());
    assert!(of_two(|member| (member.email, member.uuid) = (email(), None)).is_ok());
    assert!(of_two(|member| (member.email, member.account_id) = (email(), None)).is_ok());
    let nameless = of_two(|member| {
        (member.email, member.account_id, member.uuid) = (email(), None, None);
    });
    let why = "of the workspace acme, the member team@acme.example was listed twice";
    assert_eq!(contradiction(nameless), why);
    let by_row = of_two(|member| {
        (member.given_key, member.account_id, member.uuid) =
            (Some("row 2: Ada".into()), None, None);
    });
    let why = "of the workspace acme, the member row 2: Ada was listed twice";
    assert_eq!(contradiction(by_row), why);
}

#[test]
fn a_claim_that_judging_again_does_not_confirm() {
    let long = "x".repeat(100);
    let cut = format!("`tool.name` is \"{}… where judging again gives \"mfa-gate\"", &long[..59]);
    for (pointer, value, why) in [
        ("/summary/members", json!(4), "`summary.members` is 4 where judging again gives 3"),
        (
            "/exemptions/0/state",
            json!("expired"),
            "`exemptions[0].state` is \"expired\" where judging again gives \"active\"",
        ),
        (
            "/members/0/decided_by",
            Value::Null,
            "`members[0].decided_by` is missing where judging again gives \"bitbucket\"",
        ),
        (
            "/workspaces_not_checked",
            json!(["acme"]),
            "workspaces were not checked although all were selected",
        ),
        ("/tool/name", json!(long), &cut),
    ] {
        assert_refused(report(), &[(pointer, value)], why);
    }
    let selected = ("/options/workspace", json!(["acme"]));
    assert_refused(
        report(),
        &[selected, ("/workspaces_not_checked", json!(["acme"]))],
        "`workspaces_not_checked` has 1 entries where judging again gives 0",
    );
    // The verdict comes first, since everything else may follow from it.
    assert_refused(
        report(),
        &[("/verdict", json!("violations")), ("/exit_code", json!(1))],
        "`verdict` is \"violations\" where judging again gives \"compliant\"",
    );
}

#[test]
fn findings_of_another_version_are_given_in_the_words_of_this_one() {
    let members = vec![live::member(0, TwoFactor::Disabled)];
    let policy = "version: 1\nworkspaces: [acme]\n";
    let own = live::report(policy, at(), &[("acme", Ok(members))]);
    let mut report = serde_json::to_value(&own).unwrap();
    for field in ["message", "help"] {
        set(&mut report, &format!("/findings/0/{field}"), json!("other words"));
    }
    let claim = "`findings[0].help` is \"other words\" where judging again gives";
    assert!(contradiction(read(&report)).starts_with(claim));
    set(&mut report, "/tool/version", json!("0.0.9"));
    assert_eq!(read(&report).unwrap(), own);
    // What else it found is compared all the same.
    set(&mut report, "/findings/0/level", json!("warning"));
    let claim = "`findings[0].level` is \"warning\" where judging again gives \"error\"";
    assert_eq!(contradiction(read(&report)), claim);
}

#[test]
fn a_report_that_is_refused_may_show_violations_all_the_same() {
    let shows = |flag: TwoFactor| {
        let members = vec![live::member(0, flag)];
        let report =
            live::report("version: 1\nworkspaces: [acme]\n", at(), &[("acme", Ok(members))]);
        let mut report = serde_json::to_value(report).unwrap();
        set(&mut report, "/tool/name", json!("another"));
        match read(&report) {
            Err(Refusal::Contradiction(contradiction)) => contradiction.violations,
            other => panic!("{other:?}"),
        }
    };
    assert!(shows(TwoFactor::Disabled));
    assert!(!shows(TwoFactor::Enabled));
}

#[test]
fn members_of_a_workspace_that_claims_to_be_unread_count_all_the_same() {
    let members = vec![live::member(0, TwoFactor::Disabled)];
    let report = live::report("version: 1\nworkspaces: [acme]\n", at(), &[("acme", Ok(members))]);
    let mut report = serde_json::to_value(report).unwrap();
    set(&mut report, "/workspaces/0/complete", json!(false));
    set(&mut report, "/workspaces/0/error", json!("it was refused"));
    let Err(Refusal::Contradiction(refused)) = read(&report) else { panic!("accepted") };
    assert!(refused.violations);
}

#[test]
fn what_is_said_of_other_reports_is_taken_over() {
    let mut report = report();
    let previous = json!({"sha256": "0".repeat(64), "checked_at": "2026-08-31T12:00:00Z"});
    let redaction = json!({"key_id": "0011223344556677", "for_this_run": false});
    let policy = &report["policy"]["sha256"];
    let earlier = json!({"checked_at": "2026-08-31T12:00:00Z", "verdict": "compliant", "policy_sha256": policy});
    let changes = json!({
        "previous": earlier,
        "new": [], "fixed": [], "staying": [], "not_compared": ["acme"],
    });
    set(&mut report, "/previous", previous);
    set(&mut report, "/redaction", redaction);
    set(&mut report, "/changes", changes);
    assert_eq!(read(&report).unwrap(), serde_json::from_value(report).unwrap());
}

#[test]
fn a_clock_is_not_asked_where_the_day_was_given() {
    let clock = ("/source/clock", json!({"ahead_s": 7200}));
    let simulated = ("/assurance", json!("simulated"));
    assert_accepted(report(), &[clock.clone(), simulated, ("/options/today", json!(true))]);
    let mut report = report();
    set(&mut report, clock.0, clock.1);
    assert!(contradiction(read(&report)).contains("judging again gives \"incomplete\""));
}

#[test]
fn a_document_that_is_not_a_report_of_this_version() {
    let read = |text: &str| Report::from_saved(text.as_bytes());
    assert_eq!(read(r#"{"schema_version": 2, "members": 7}"#), Err(Refusal::Version(2)));
    let mut later = report();
    later["schema_version"] = json!(2);
    assert_eq!(read(&later.to_string()), Err(Refusal::Version(2)));
    for text in [r#"{"schema_version": 1}"#, r#"{"schema_version": "1"}"#, "{}", "[]", "7"] {
        assert!(matches!(read(text), Err(Refusal::NoReport(_))), "{text}");
    }
}

#[test]
fn a_report_with_a_key_twice_is_read_both_ways() {
    let protected = r#""bitbucket":"enabled""#;
    let exposed = r#""bitbucket":"disabled""#;
    let shows = |first: &str, last: &str| {
        let members = vec![live::member(0, TwoFactor::Enabled)];
        let report =
            live::report("version: 1\nworkspaces: [acme]\n", at(), &[("acme", Ok(members))]);
        let mut report = serde_json::to_value(report).unwrap();
        // One value of each kind.
        set(&mut report, "/source/clock", json!({"ahead_s": -5}));
        set(&mut report, "/subject", Value::Null);
        let text = report.to_string();
        assert_eq!(text.matches(protected).count(), 1);
        let text = text.replace(protected, &format!("{first},{last}"));
        match Report::from_saved(text.as_bytes()) {
            Err(Refusal::Contradiction(contradiction)) => {
                assert!(contradiction.why.contains("duplicate field `bitbucket`"));
                contradiction.violations
            }
            other => panic!("{other:?}"),
        }
    };
    assert!(shows(protected, exposed));
    assert!(shows(exposed, protected));
    assert!(!shows(protected, protected));
}

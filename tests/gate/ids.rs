//! Ids that a list writes in capitals or does not show: nobody is accused for that.

use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::organisation::{Directory, Ground, TODAY, account, id};
use crate::support::{row, rows, unwrapped};

/// A list of three whose second and third member have no second factor, without one kind of id.
fn without(kind: &str) -> Vec<Value> {
    let flag = |number| Some(json!(number == 0));
    let mut rows: Vec<Value> = (0..3).map(|number| row(number, flag(number))).collect();
    for row in &mut rows {
        row["user"].as_object_mut().unwrap().remove(kind);
    }
    rows
}

/// The same as a page that somebody saved.
fn saved(rows: &[Value]) -> String {
    json!({"page": 1, "pagelen": 100, "size": rows.len(), "values": rows}).to_string()
}

const EXPORT: &str = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
                      Ada,ada@acme.example,,Yes,Yes\nBob,bob@acme.example,,No,Yes\n";

const LISTED: [&str; 2] = ["--members", "listed"];

#[test]
fn a_uuid_in_capitals_is_the_same_one() {
    let (capitals, small) =
        ("{ABCDEF00-0000-4000-8000-000000000001}", "{abcdef00-0000-4000-8000-000000000001}");
    let mut shouted = rows(0..2, false);
    shouted[1]["user"]["uuid"] = json!(capitals);
    let permission = |row: &Value, uuid: &str| {
        let mut user = row["user"].clone();
        user["uuid"] = json!(uuid);
        json!({"permission": "owner", "user": user})
    };
    for (in_list, of_owner) in [(capitals, small), (small, capitals)] {
        shouted[1]["user"]["uuid"] = json!(in_list);
        shouted[0]["user"]["has_2fa_enabled"] = json!(true);
        let ground = Ground::with(&shouted);
        let owners = json!({"values": [permission(&shouted[1], of_owner)], "pagelen": 100, "size": 1, "page": 1});
        let answer = ResponseTemplate::new(200).set_body_json(owners);
        ground
            .bitbucket
            .mount(Mock::given(path("/2.0/workspaces/acme/permissions")).respond_with(answer));
        let exempt = |limits: &str| {
            format!(
                "{limits}exemptions:\n- {{id: EX-1, uuid: \"{small}\", reason: a bot, expires: {TODAY}}}\n"
            )
        };
        let checked = ground.check_by(&exempt(""), &[], &[]);
        assert_eq!(checked.code, 0, "{}", checked.console);
        assert_eq!(checked.member(1)["outcome"], "exempt");
        let denied = ground.check_by(&exempt("limits: {admins: deny}\n"), &[], &[]);
        assert_eq!(denied.count("exemption-not-allowed"), 1, "an owner: {}", denied.console);
    }
}

#[test]
fn a_roster_by_id_alone_accuses_nobody_who_shows_none() {
    let ground = Ground::with(&without("account_id"));
    ground.sandbox.write("listed", EXPORT);
    // The one row is about Ada, who has a second factor already; the other may be about anybody.
    let with_ada = format!("account_id,email,mfa\n,ada@acme.example,yes\n{},,yes\n", id(7));
    let ids_alone = format!("account_id,mfa\n{},yes\n", id(7));
    for (members, text) in [(&[][..], &ids_alone), (&LISTED, &ids_alone), (&LISTED, &with_ada)] {
        let checked = ground.check("bitbucket, roster", &[members, &ground.roster(text)].concat());
        checked.is_incomplete("by account id alone");
        let said = "a roster with ids and e-mail addresses";
        assert!(unwrapped(&checked.console).contains(said), "{}", checked.console);
    }
    // A row that clears nobody, or by a word that does not count, is no reason to wait.
    for (accept, heading, said) in [
        ("bitbucket, roster", "account_id,email,mfa,sso", "no,yes"),
        ("bitbucket, sso", "account_id,email,sso,mfa", "no,yes"),
        ("bitbucket, sso", "account_id,email,sso,mfa", ",yes"),
    ] {
        let text = format!("{heading}\n,bob@acme.example,no,no\n{},,{said}\n", id(7));
        let roster = ground.roster(text);
        let checked = ground.check(accept, &[&LISTED[..], &roster].concat());
        assert_eq!(checked.code, 1, "{}", checked.console);
    }
    // Nor is one that has the address beside the id, or one that nobody needs.
    let beside = format!("account_id,email,mfa\n{},bob@acme.example,yes\n", id(7));
    let checked =
        ground.check("bitbucket, roster", &[&LISTED[..], &ground.roster(beside)].concat());
    assert_eq!(checked.code, 0, "{}", checked.console);
    ground.sandbox.write("listed", EXPORT.replace(",No,", ",Yes,"));
    let alone = ground.roster(format!("account_id,mfa\n{},yes\n", id(7)));
    let checked = ground.check("bitbucket, roster", &[&LISTED[..], &alone].concat());
    assert_eq!(checked.code, 0, "{}", checked.console);
}

#[test]
fn an_export_that_says_nothing_of_a_flag_is_not_told_as_off() {
    let ground = Ground::with(&[]);
    ground.sandbox.write("listed", EXPORT.replace(",No,", ", ,"));
    let checked = ground.check("bitbucket", &LISTED);
    assert_eq!((checked.count("two-factor-unknown"), checked.count("two-factor-disabled")), (1, 0));
    let roster = ground.roster("email,mfa\nbob@acme.example,yes\n");
    let checked = ground.check("bitbucket, roster", &[&LISTED[..], &roster].concat());
    assert_eq!(checked.code, 0, "{}", checked.console);
}

#[test]
fn what_to_select_by_is_said_where_an_id_is_not_shown() {
    let uuid = "{00000000-0000-4000-8000-000000000001}";
    for (hidden, selector, help) in [
        ("account_id", format!("account_id: '{}'", id(1)), "Use `uuid` instead of `account_id`"),
        ("uuid", format!("uuid: '{uuid}'"), "Use `account_id` instead of `uuid`"),
        (
            "account_id",
            format!("account_id: '{}', email: ada@acme.example", id(1)),
            "Use `uuid` instead of `account_id`",
        ),
    ] {
        let exempt =
            format!("exemptions:\n- {{id: EX-1, {selector}, reason: a bot, expires: {TODAY}}}\n");
        let rows = without(hidden);
        let ground = Ground::with(&rows);
        ground.sandbox.write("listed", saved(&rows));
        for members in [&[][..], &LISTED] {
            let checked = ground.check_by(&exempt, members, &[]);
            checked.is_incomplete("it is not known which member exemption EX-1 is about");
            let said = checked.console.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(help), "{}", checked.console);
        }
    }
}

#[test]
fn a_list_without_account_ids_is_not_blamed_on_the_organisation_or_the_roster() {
    let ground = Ground::with(&[]);
    ground.sandbox.write("listed", saved(&without("account_id")));
    ground.organisation.serve(Directory::of((0..3).map(|own| account(own, Some(true))).collect()));
    let checked = ground.check("bitbucket, atlassian", &LISTED);
    checked.is_incomplete("no member's is shown");
    assert!(!checked.console.contains("Check ATLASSIAN_ORG_ID"), "{}", checked.console);

    let roster = ground.roster("email,mfa\nbob@acme.example,yes\n");
    let without_organisation =
        [("ATLASSIAN_API_URL", ""), ("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_KEY", "")];
    let args = [&LISTED[..], &roster].concat();
    let checked = ground.check_by("accept: [bitbucket, roster]\n", &args, &without_organisation);
    checked.is_incomplete("does not give every member's address");
    assert!(!checked.console.contains("a roster with account ids"), "{}", checked.console);
    assert!(!checked.console.contains("ATLASSIAN_ORG_ID"), "{}", checked.console);
}

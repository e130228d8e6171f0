//! Where sources say too little, or two things at once, nobody passes and nobody is accused.

use serde_json::json;

use crate::organisation::{Directory, Ground, TODAY, account, id};
use crate::support::{policy, row, rows};

/// A member's row that shows an address.
fn with_email(number: usize, flag: bool, email: &str) -> serde_json::Value {
    let mut row = row(number, Some(json!(flag)));
    row["user"]["email"] = json!(email);
    row
}

#[test]
fn an_address_of_two_accounts_of_the_organisation_clears_nobody() {
    // Bitbucket's own export has no ids, so that its people are known by address alone.
    let export = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
                  Bob,bob@acme.example,,No,Yes\nZoe,zoe@acme.example,,Yes,Yes\n";
    for order in [[true, false], [false, true]] {
        let ground = Ground::with(&[]);
        ground.sandbox.write("export.csv", export);
        let mut accounts = vec![account(70, Some(order[0])), account(71, Some(order[1]))];
        for account in &mut accounts {
            account["email"] = json!("bob@acme.example");
        }
        accounts.push(account(72, Some(true)));
        accounts[2]["email"] = json!("zoe@acme.example");
        ground.organisation.serve(Directory::of(accounts));
        let checked = ground.check("bitbucket, atlassian", &["--members", "export.csv"]);
        assert_eq!(checked.code, 1, "{}", checked.console);
        assert_eq!(checked.report["assurance"], "simulated");
    }
}

#[test]
fn whose_flag_is_hidden_is_not_accused_by_another_source() {
    let ground = Ground::seen_by("member", &[row(0, None), row(1, None)]);
    let roster = ground.roster(format!("account_id,mfa\n{},yes\n{},no\n", id(0), id(1)));
    let checked = ground.check("bitbucket, roster", &roster);
    checked.is_incomplete("this credential does not see");
}

#[test]
fn a_directory_that_says_nothing_of_anybody_is_none() {
    for change in [("claimStatus", json!(null)), ("accountStatus", json!("unheard-of"))] {
        let ground = Ground::with(&rows(0..2, false));
        let mut accounts = vec![account(0, Some(true)), account(1, Some(true))];
        for account in &mut accounts {
            account[change.0] = change.1.clone();
        }
        ground.organisation.serve(Directory::of(accounts));
        let checked = ground.check("bitbucket, atlassian", &[]);
        assert_eq!(checked.code, 3, "{}", checked.console);
    }
}

#[test]
fn a_list_that_knows_less_than_the_organisation_is_not_the_last_word() {
    let ground = Ground::with(&rows(0..2, false));
    ground.organisation.serve(Directory::of(vec![account(0, Some(true))]));
    let list = ground.run(&["members", "--workspace", "acme", "--report", "json"], &[]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    let later = Ground::with(&[]);
    let both = vec![account(0, Some(true)), account(1, Some(true))];
    later.organisation.serve(Directory::of(both));
    later.sandbox.write("members.json", list.stdout);
    let checked = later.check("bitbucket, atlassian", &["--members", "members.json"]);
    assert_eq!(checked.code, 0, "{}", checked.console);
}

#[test]
fn a_word_in_place_of_an_id_leaves_the_address() {
    let ground = Ground::with(&[
        with_email(0, true, "ada@acme.example"),
        with_email(1, false, "bob@acme.example"),
    ]);
    let text = "account_id,email,mfa\nN/A,bob@acme.example,yes\n";
    let roster = ground.roster(text);
    let checked = ground.check("bitbucket, roster", &roster);
    assert_eq!(checked.code, 0, "{}", checked.console);
}

#[test]
fn a_column_that_the_policy_does_not_name_is_not_taken_for_ids() {
    let ground = Ground::with(&[with_email(0, false, "bob@acme.example")]);
    let roster = ground.roster("account_id,UPN,MFA\n1001,bob@acme.example,yes\n");
    let named = "accept: [bitbucket, roster]\nroster: {email: UPN, mfa: MFA}\n";
    let checked = ground.check_by(named, &roster, &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);
}

/// Checks acme and labs with a roster: exit code, what was said, and the report.
fn both(ground: &Ground, roster: &[&str]) -> (i32, String, serde_json::Value) {
    let by = policy("acme, labs", "accept: [bitbucket, roster]\n");
    ground.sandbox.write("policy.yaml", by);
    let args = ["check", "--today", TODAY, "--report", "json=report.json"];
    let outcome = ground.run(&[&args[..], roster].concat(), &[]);
    (outcome.code, outcome.stdout + &outcome.stderr, ground.sandbox.json("report.json"))
}

#[test]
fn a_workspace_that_was_not_read_may_be_the_one_the_roster_is_about() {
    let ground = Ground::with(&rows(0..1, false));
    ground.bitbucket.refuse("labs", 403, json!({"error": {"message": "no"}}));
    let roster = ground.roster(format!("account_id,mfa\n{},yes\n", id(77)));
    let (code, console, report) = both(&ground, &roster);
    assert_eq!(code, 1, "a violation is no less one: {console}");
    assert_eq!(report["source"]["roster"].get("unmatched"), None);
}

#[test]
fn a_workspace_that_needs_no_roster_does_not_vouch_for_it() {
    let ground = Ground::with(&[with_email(0, false, "zoe@acme.example")]);
    ground.bitbucket.workspace("labs", &rows(10..12, true));
    let roster = ground.roster("email,mfa\nstranger@acme.example,yes\n");
    let (code, console, _) = both(&ground, &roster);
    assert_eq!(code, 3, "{console}");
    assert!(console.contains("none of the 1 rows"), "{console}");
}

#[test]
fn an_address_that_two_have_matters_only_where_it_is_asked_for() {
    let ground = Ground::with(&rows(0..2, false));
    let mut accounts = vec![account(0, Some(true)), account(1, Some(true))];
    accounts[1]["email"] = accounts[0]["email"].clone();
    let email = accounts[0]["email"].as_str().unwrap().to_owned();
    ground.organisation.serve(Directory::of(accounts));
    let checked = ground.check("bitbucket, atlassian", &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);
    let exempt = format!(
        "accept: [bitbucket, atlassian]\nexemptions:\n- {{id: EX-1, email: {email}, reason: a bot, \
         expires: 2026-10-29}}\n"
    );
    let checked = ground.check_by(&exempt, &[], &[]);
    assert_eq!(checked.code, 3, "{}", checked.console);
    assert!(checked.console.contains("two members are said to have"), "{}", checked.console);
}

#[test]
fn why_an_address_is_not_known_is_said() {
    let ground = Ground::with(&rows(0..1, false));
    let pages = json!({"size": 1, "page": 1, "pagelen": 100, "values": rows(0..1, false)});
    ground.sandbox.write("pages.json", pages.to_string());
    ground.organisation.answer(9, crate::organisation::refusal(401, "Unauthorized"));
    let roster = ground.roster("email,mfa\nbob@acme.example,yes\n");
    let args = [&["--members", "pages.json"], &roster[..]].concat();
    let checked = ground.check("bitbucket, roster", &args);
    checked.is_incomplete("does not give every member's address");
    assert!(checked.console.contains("401: Unauthorized"), "{}", checked.console);
    assert!(!checked.console.contains("set ATLASSIAN_ORG_ID"), "{}", checked.console);
}

#[test]
fn an_account_that_is_not_active_does_not_take_an_address_along() {
    let export = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\n\
                  Ada,ada@acme.example,,No,Yes\n";
    for gone_last in [true, false] {
        let mut accounts = vec![account(1, Some(true)), account(9, Some(false))];
        accounts[1]["accountStatus"] = json!("inactive");
        for account in &mut accounts {
            account["email"] = json!("ada@acme.example");
        }
        if !gone_last {
            accounts.reverse();
        }
        let ground = Ground::with(&[]);
        ground.sandbox.write("export.csv", export);
        ground.organisation.serve(Directory::of(accounts));
        let checked = ground.check("bitbucket, atlassian", &["--members", "export.csv"]);
        assert_eq!(checked.code, 0, "{}", checked.console);
    }
}

#[test]
fn an_address_that_nobody_vouches_for_exempts_nobody() {
    let ground = Ground::with(&rows(0..1, false));
    let mut accounts = vec![account(0, Some(false)), account(9, Some(true))];
    accounts[0]["claimStatus"] = json!("unmanaged");
    let email = accounts[0]["email"].as_str().unwrap().to_owned();
    ground.organisation.serve(Directory { lists_unmanaged: true, ..Directory::of(accounts) });
    let exempt = format!(
        "exemptions:\n- {{id: EX-1, email: {email}, reason: a bot, expires: 2026-10-29}}\n"
    );
    let checked = ground.check_by(&exempt, &[], &[]);
    assert_ne!(checked.code, 0, "{}", checked.console);
}

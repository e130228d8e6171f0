//! Which members other sources clear, which nothing clears, and what is asked for that.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::organisation::{AS_OF, Directory, Ground, KEY, ORG, TODAY, account, id, refusal};
use crate::support::{row, rows, unwrapped};

/// A workspace of ten members; Bitbucket shows five as off.
fn ten() -> Ground {
    let mut members = rows(0..5, true);
    members.extend(rows(5..10, false));
    Ground::with(&members)
}

/// A roster with a row for each of these, by id.
fn roster(numbers: std::ops::Range<usize>, mfa: &str) -> String {
    let rows: String = numbers.map(|number| format!("{},{mfa}\n", id(number))).collect();
    format!("account_id,mfa\n{rows}")
}

#[test]
fn the_organisation_clears_four_of_five() {
    let ground = ten();
    let accounts = (5..10).map(|number| account(number, Some(number != 9))).collect();
    ground.organisation.serve(Directory::of(accounts));
    let checked = ground.check("bitbucket, atlassian", &[]);
    assert_eq!(checked.code, 1);
    assert_eq!(checked.report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(checked.report["findings"][0]["rule"], "two-factor-disabled");
    assert_eq!(checked.report["findings"][0]["account_id"], id(9));
    assert!(checked.console.contains("4 Atlassian account"), "{}", checked.console);
    assert!(checked.console.contains("5 Bitbucket"), "{}", checked.console);
    let seen =
        "Member 9 (557058:00000000-0000-4000-8000-000000000009): bitbucket (off), atlassian (off)";
    assert!(unwrapped(&checked.console).contains(seen), "{}", checked.console);
    assert_eq!(checked.report["source"]["atlassian"]["accounts"], 5);
    assert_eq!(checked.report["assurance"], "simulated");
}

#[test]
fn an_organisation_that_cannot_be_read_accuses_nobody() {
    let ground = ten();
    ground.organisation.answer(9, refusal(403, "Forbidden"));
    let checked = ground.check("bitbucket, atlassian", &[]);
    checked.is_incomplete("Forbidden");
    assert!(!checked.console.contains("no second factor seen"), "{}", checked.console);
    // What the others say is enough where they clear everybody.
    let roster = ground.roster(roster(5..10, "yes"));
    let cleared = ground.check("bitbucket, atlassian, roster", &roster);
    assert_eq!(cleared.code, 0, "{}", cleared.console);
    assert_eq!(cleared.report["source"].get("atlassian"), None);
}

#[test]
fn a_source_that_no_member_needs_is_not_asked() {
    let ground = Ground::with(&rows(0..10, true));
    ground.organisation.answer(9, refusal(401, "Unauthorized"));
    let checked = ground.check("bitbucket, atlassian", &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert_eq!(ground.asked(), (2, 0));
    assert_eq!(checked.report["source"].get("atlassian"), None);
}

#[test]
fn a_member_who_does_not_log_in_needs_no_source() {
    let mut members = rows(0..3, true);
    for (number, (key, value)) in
        [("account_status", "closed"), ("type", "app_user")].iter().enumerate()
    {
        let mut odd = row(number + 3, Some(json!(false)));
        odd["user"][*key] = json!(value);
        members.push(odd);
    }
    let ground = Ground::with(&members);
    assert_eq!(ground.check("bitbucket, atlassian", &[]).code, 0);
    assert_eq!(ground.organisation.requests().len(), 0);
}

#[test]
fn one_workspace_that_needs_it_does_not_take_the_other_along() {
    let ground = ten();
    ground.bitbucket.workspace("beta", &rows(20..23, true));
    ground.organisation.answer(9, refusal(401, "Unauthorized"));
    ground.sandbox.write(
        "policy.yaml",
        "version: 1\nworkspaces: [acme, beta]\naccept: [bitbucket, atlassian]\n",
    );
    let outcome = ground.run(&["check", "--report", "json=report.json"], &[]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let report = ground.sandbox.json("report.json");
    let slugs: Vec<&Value> =
        report["members"].as_array().unwrap().iter().map(|own| &own["workspace"]).collect();
    assert_eq!(slugs, ["beta", "beta", "beta"]);
    assert_eq!(ground.organisation.requests().len(), 1, "it is asked once for all");
}

#[test]
fn a_roster_about_somebody_else_accuses_nobody() {
    let ground = ten();
    for accept in ["bitbucket, roster", "roster"] {
        let args = ground.roster(roster(70..80, "yes"));
        ground.check(accept, &args).is_incomplete("is about a member");
    }
}

#[test]
fn rows_about_no_member_are_counted() {
    let ground = ten();
    let args = ground.roster(roster(7..20, "yes"));
    let checked = ground.check("bitbucket, roster", &args);
    assert_eq!(checked.code, 1);
    let said = &checked.report["source"]["roster"];
    assert_eq!((&said["rows"], &said["unmatched"]), (&json!(13), &json!(10)));
    assert_eq!(said["as_of"], AS_OF);
    let summary = &checked.report["summary"];
    assert_eq!(summary["protected_by"], json!({"bitbucket": 5, "roster": 3}));
    assert_eq!(summary["protected_by_roster_alone"], 3);
    assert!(checked.console.contains("protected by the roster alone"), "{}", checked.console);
    assert!(checked.console.contains("10 about no member"), "{}", checked.console);
}

#[test]
fn rows_of_one_person_that_disagree_accuse_nobody() {
    let ground = ten();
    ground.organisation.serve(Directory::of(vec![account(6, Some(false))]));
    for (first, second) in [("yes", "no"), ("no", "yes")] {
        let rows = format!(
            "account_id,email,mfa\n{},,{first}\n{},,yes\n,MEMBER6@acme.example,{second}\n",
            id(6),
            id(7)
        );
        let checked = ground.check("bitbucket, roster", &ground.roster(rows));
        checked.is_incomplete("contradicts itself");
        for part in [&*id(6), "line 2", "line 4"] {
            assert!(checked.console.contains(part), "{part}: {}", checked.console);
        }
    }
}

#[test]
fn one_address_of_two_accounts_does_not_make_them_one_person() {
    let ground = Ground::with(&rows(0..2, false));
    let rows = format!("account_id,email,mfa\n{},n/a,yes\n{},n/a,\n", id(0), id(1));
    let checked = ground.check("roster", &ground.roster(rows));
    assert_eq!(checked.code, 1, "{}", checked.console);
    assert_eq!(checked.member(0)["outcome"], "protected");
    assert_eq!(checked.member(1)["two_factor"], "unknown", "no row says it of this one");
}

#[test]
fn an_address_beside_another_id_clears_nobody() {
    let ground = Ground::with(&rows(0..2, false));
    ground
        .organisation
        .serve(Directory::of(vec![account(0, Some(false)), account(1, Some(false))]));
    let rows = format!(
        "account_id,email,mfa\n{},member0@acme.example,yes\n{},member1@acme.example,yes\n",
        id(70),
        id(1)
    );
    let checked = ground.check("roster", &ground.roster(rows));
    assert_eq!(checked.member(0)["evidence"]["roster"], "unknown");
    assert_eq!(checked.member(1)["evidence"]["roster"], "enabled");
}

#[test]
fn members_shows_a_column_a_source() {
    let mut accounts: Vec<Value> = vec![account(0, Some(true)), account(1, Some(false))];
    accounts.push(account(77, Some(true)));
    let ground =
        Ground::with(&[row(0, Some(json!(false))), row(1, Some(json!(true))), row(2, None)]);
    ground.organisation.serve(Directory::of(accounts));
    let text = format!("account_id,mfa,sso\n{},,yes\n{},no,no\n", id(0), id(1));
    let roster = ground.roster(text);
    let args = [&["members", "--workspace", "acme", "--evidence"], &roster[..]].concat();
    let outcome = ground.run(&args, &[]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let last = |number: usize, line: &str| -> Vec<String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        words[words.len() - number..].to_vec()
    };
    let line = |start: &str| outcome.stdout.lines().find(|line| line.starts_with(start)).unwrap();
    for (start, cells) in [
        ("NAME", ["TWO-FACTOR", "BITBUCKET", "ATLASSIAN", "ROSTER", "SSO"]),
        ("Member 0", ["account)", "no", "yes", "unknown", "yes"]),
        ("Member 1", ["(Bitbucket)", "yes", "no", "no", "unknown"]),
        ("Member 2", ["unknown", "unknown", "unknown", "unknown", "unknown"]),
    ] {
        assert_eq!(last(5, line(start)), cells, "{}", outcome.stdout);
    }
    let without = ground.run(
        &["members", "--workspace", "acme", "--evidence"],
        &[("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_KEY", "")],
    );
    assert!(without.stdout.lines().next().unwrap().ends_with("BITBUCKET"), "{}", without.stdout);
    let plain = ground.run(&["members", "--workspace", "acme"], &[]);
    assert!(plain.stdout.lines().next().unwrap().ends_with("TWO-FACTOR"), "{}", plain.stdout);
    let first = plain.stdout.lines().nth(1).unwrap();
    assert!(first.ends_with("protected (Atlassian account)"), "the organisation counts: {first}");
}

#[test]
fn doctor_looks_at_the_organisation_too() {
    let subject = format!("organisation {ORG}: ");
    for (answer, code, grade, says) in [
        (None, 0, "ok ", "shown for 2 of the 2 active managed accounts"),
        (Some(refusal(401, &format!("not {KEY}"))), 3, "failed ", "401: not ***"),
        (
            Some(ResponseTemplate::new(200).set_body_json(json!({"data": [account(0, None)]}))),
            0,
            "warning ",
            "shown for 0 of the 1",
        ),
    ] {
        let ground = ten();
        match answer {
            Some(answer) => ground.organisation.answer(9, answer),
            None => {
                let mut accounts = vec![account(0, Some(true)), account(1, Some(false))];
                accounts.push(account(2, Some(true)));
                accounts[2]["accountStatus"] = json!("inactive");
                ground.organisation.serve(Directory::of(accounts));
            }
        }
        let outcome = ground.run(&["doctor", "--workspace", "acme"], &[]);
        assert_eq!(outcome.code, code, "{}{}", outcome.stdout, outcome.stderr);
        let shown = crate::support::unwrapped(&outcome.stdout);
        let seen = format!("{grade}{subject}");
        let (_, rest) = shown.split_once(&seen).unwrap_or_else(|| panic!("{shown}"));
        assert!(rest.contains(says), "{rest}");
        let none = [("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_KEY", "")];
        let without = ground.run(&["doctor", "--workspace", "acme"], &none);
        assert!(!without.stdout.contains("organisation"), "{}", without.stdout);
    }
}

#[test]
fn a_day_in_the_report_is_the_one_that_was_given() {
    let ground = ten();
    let args = ground.roster(roster(5..10, "enabled"));
    let checked = ground.check("bitbucket, roster", &args);
    assert_eq!(checked.code, 0);
    assert_eq!(checked.report["today"], TODAY);
    assert_eq!(checked.report["options"]["roster"], true);
    assert_eq!(checked.report["source"]["roster"]["path"], "roster.csv");
}

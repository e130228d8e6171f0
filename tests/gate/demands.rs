//! What has to be there for a source that counts: without it nobody is asked and nobody judged.

use serde_json::json;

use crate::organisation::{AS_OF, Directory, Ground, KEY, TODAY, account, id};
use crate::support::{Outcome, policy, rows};

/// Two members that Bitbucket shows as off, and an organisation that clears both.
fn two() -> Ground {
    let ground = Ground::with(&rows(0..2, false));
    let accounts = vec![account(0, Some(true)), account(1, Some(true))];
    ground.organisation.serve(Directory::of(accounts));
    ground
}

/// Runs `check` with arguments and variables that will not do: nobody is asked.
fn refused(ground: &Ground, accept: &str, more: &[&str], env: &[(&str, &str)]) -> Outcome {
    ground.sandbox.write("policy.yaml", policy("acme", &format!("accept: [{accept}]\n")));
    let before = ground.asked();
    let args = ["check", "--today", TODAY, "--report", "json=report.json"];
    let outcome = ground.run(&[&args[..], more].concat(), env);
    assert_eq!(outcome.code, 2, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(ground.asked(), before, "somebody was asked: {}", outcome.stderr);
    outcome
}

/// Checks that the message names all of this.
fn names(outcome: &Outcome, parts: &[&str]) {
    for part in parts {
        assert!(outcome.stderr.contains(part), "{part} is not named: {}", outcome.stderr);
    }
}

const BOTH: &str = "account_id,mfa,sso\n557058:00000000-0000-4000-8000-000000000000,yes,yes\n";

#[test]
fn an_organisation_takes_an_id_and_a_key() {
    let ground = two();
    let (no_id, no_key) = (("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_KEY", ""));
    for accept in ["atlassian", "bitbucket, atlassian"] {
        let neither = refused(&ground, accept, &[], &[no_id, no_key]);
        names(&neither, &["`atlassian`", "ATLASSIAN_ORG_ID", "ATLASSIAN_API_KEY"]);
    }
    // Half of it is a mistake whether or not it would be asked.
    for accept in ["bitbucket", "bitbucket, atlassian"] {
        let no_id = refused(&ground, accept, &[], &[no_id]);
        names(&no_id, &["ATLASSIAN_ORG_ID is not", "ATLASSIAN_API_KEY is set"]);
        let no_key = refused(&ground, accept, &[], &[no_key]);
        names(&no_key, &["ATLASSIAN_API_KEY is not", "ATLASSIAN_ORG_ID is set"]);
    }
    for url in ["http://api.atlassian.com", "ftp://127.0.0.1", "nowhere"] {
        let elsewhere = refused(&ground, "atlassian", &[], &[("ATLASSIAN_API_URL", url)]);
        names(&elsewhere, &["ATLASSIAN_API_URL"]);
    }
}

#[test]
fn a_key_may_come_from_a_file() {
    let ground = two();
    ground.sandbox.write("key", format!("{}\n", crate::organisation::KEY));
    let from_file = [("ATLASSIAN_API_KEY", ""), ("ATLASSIAN_API_KEY_FILE", "key")];
    let checked = ground.check_by("accept: [atlassian]\n", &[], &from_file);
    assert_eq!(checked.code, 0, "{}", checked.console);
    // A report is never written over it.
    refused(&ground, "atlassian", &["--report", "csv=key"], &from_file);
    assert!(ground.sandbox.path("key").exists());
}

#[test]
fn a_roster_that_counts_has_to_be_there_with_its_column() {
    let ground = two();
    for (accept, source) in [("roster", "`roster`"), ("bitbucket, sso", "`sso`")] {
        names(&refused(&ground, accept, &[], &[]), &[source, "--roster", "--roster-as-of"]);
    }
    for (heading, accept, missing) in [
        ("account_id,sso", "bitbucket, roster", "mfa: HEADING"),
        ("account_id,sso", "sso, roster", "mfa: HEADING"),
        ("account_id,mfa", "sso", "sso: HEADING"),
        (
            "account_id,mfa",
            "roster, sso",
            "sso: HEADING}. If the file has none, take `sso` out of `accept`",
        ),
        ("name,mfa", "roster", "email: HEADING"),
    ] {
        let args = ground.roster(format!("{heading}\n{},yes\n", id(0)));
        names(&refused(&ground, accept, &args, &[]), &["roster.csv", missing]);
    }
    for broken in
        ["", "account_id,mfa\n", "account_id,mfa\na,perhaps\n", "account_id;mfa,sso\na;yes,no\n"]
    {
        let args = ground.roster(broken);
        names(&refused(&ground, "roster", &args, &[]), &["roster.csv"]);
    }
    let missing = ["--roster", "missing.csv", "--roster-as-of", AS_OF];
    names(&refused(&ground, "roster", &missing, &[]), &["missing.csv"]);
}

#[test]
fn rows_of_one_account_that_disagree_are_named() {
    let ground = two();
    for key in [id(0), "a@acme.example".to_owned()] {
        let heading = if key.contains('@') { "email" } else { "account_id" };
        let args = ground.roster(format!("{heading},mfa\n{key},yes\nx@y.example,yes\n{key},no\n"));
        names(&refused(&ground, "roster", &args, &[]), &[&key, "line 2", "line 4"]);
    }
}

#[test]
fn a_roster_that_does_not_count_is_a_mistake() {
    let ground = two();
    let args = ground.roster(BOTH);
    for accept in ["bitbucket", "bitbucket, atlassian"] {
        names(&refused(&ground, accept, &args, &[]), &["roster.csv", "accept"]);
    }
}

#[test]
fn a_roster_is_of_a_day() {
    let ground = two();
    let args = ground.roster(BOTH);
    names(&refused(&ground, "roster", &args[..2], &[]), &["--roster-as-of"]);
    names(&refused(&ground, "bitbucket", &args[2..], &[]), &["--roster-as-of", "without --roster"]);
    for day in ["2026-01-08", "2027-01-05", "yesterday", "2026-02-30", ""] {
        let future = ["--roster", "roster.csv", "--roster-as-of", day];
        names(&refused(&ground, "roster", &future, &[]), &["--roster-as-of"]);
    }
    // Where it is tomorrow already, rosters are of tomorrow.
    let tomorrow = ["--roster", "roster.csv", "--roster-as-of", "2026-01-07"];
    assert_eq!(ground.check("roster", &tomorrow).code, 1);
}

#[test]
fn a_roster_that_is_too_old_asks_nobody_and_is_reported() {
    for (limits, last, first) in [
        ("", "2025-12-30", "2025-12-29"),
        ("limits: {roster_max_age_days: 1}\n", AS_OF, "2026-01-04"),
    ] {
        for accept in ["roster", "bitbucket, sso"] {
            let ground = two();
            ground.roster(BOTH);
            let check = |day: &str| {
                let formats = ["junit", "sarif", "csv", "markdown", "html", "github"];
                let reports = formats.map(|format| format!("{format}=out/{format}"));
                let mut more = vec!["--roster", "roster.csv", "--roster-as-of", day];
                reports.iter().for_each(|report| more.extend(["--report", report]));
                let policy = format!("accept: [{accept}]\n{limits}");
                let checked = ground.check_by(&policy, &more, &[]);
                let text =
                    |format: &&str| !ground.sandbox.read(&format!("out/{format}")).is_empty();
                assert!(formats.iter().all(text), "a report is empty");
                checked
            };
            let old = check(first);
            old.is_incomplete("days old");
            assert_eq!(ground.asked(), (0, 0), "{}", old.console);
            assert_eq!(old.report["source"]["roster"]["as_of"], json!(first));
            assert_eq!(check(last).code, 1, "the last day counts");
        }
    }
}

#[test]
fn columns_have_the_names_that_the_policy_gives() {
    let ground = two();
    let rows = format!("Who,Second,mfa\n{},no,yes\n{},yes,no\n", id(0), id(1));
    let named = "accept: [roster]\nroster: {account_id: Who, mfa: Second}\n";
    let checked = ground.check_by(named, &ground.roster(rows), &[]);
    assert_eq!(checked.member(0)["two_factor"], "disabled");
    assert_eq!(checked.member(1)["two_factor"], "enabled");
    let other = "accept: [roster]\nroster: {account_id: Whose}\n";
    ground.sandbox.write("policy.yaml", policy("acme", other));
    let args = ["check", "--today", TODAY, "--roster", "roster.csv", "--roster-as-of", AS_OF];
    let outcome = ground.run(&args, &[]);
    assert_eq!(outcome.code, 2);
    names(&outcome, &["Whose", "roster.csv"]);
}

#[test]
fn a_file_that_holds_a_credential_is_not_read_as_anything_else() {
    let ground = Ground::with(&rows(0..1, true));
    ground.sandbox.write("key.txt", KEY);
    ground.sandbox.write("policy.yaml", policy("acme", "accept: [bitbucket, roster]\n"));
    let env = [("ATLASSIAN_API_KEY", ""), ("ATLASSIAN_API_KEY_FILE", "key.txt")];
    for options in
        [&["--members", "key.txt"][..], &["--roster", "key.txt", "--roster-as-of", AS_OF]]
    {
        let outcome = ground.run(&[&["check", "--today", TODAY], options].concat(), &env);
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains("it holds a credential"), "{}", outcome.stderr);
    }
    assert_eq!(ground.asked(), (0, 0));
}

#[test]
fn no_way_through_a_folder_that_is_not_there_leads_a_report_over_an_input() {
    let ground = Ground::with(&rows(0..1, true));
    let text = policy("acme", "");
    ground.sandbox.write("policy.yaml", &text);
    let outcome = ground.run(&["check", "--report", "json=new/../policy.yaml"], &[]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("would overwrite"), "{}", outcome.stderr);
    assert_eq!(ground.sandbox.read("policy.yaml"), text);
}

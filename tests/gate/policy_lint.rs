//! `policy lint`: what it says of a policy that is valid, and that `check` agrees.

use serde_json::json;

use crate::organisation::id;
use crate::support::{Outcome, Sandbox, day, row};

const TODAY: &str = "2026-09-01";

fn lint(policy: &str, more: &[&str]) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy);
    sandbox.run(&[&["policy", "lint", "--today", TODAY], more].concat())
}

/// A policy with these limits and exemptions, each an id, a first day, if any, and a last one.
fn policy(limits: &str, exemptions: &[(&str, &str, &str)]) -> String {
    let entry = |(number, (name, starts, expires)): (usize, &(&str, &str, &str))| {
        let starts = if starts.is_empty() { String::new() } else { format!("starts: {starts}, ") };
        format!(
            "  - {{id: {name}, account_id: '{}', reason: r, {starts}expires: {expires}}}\n",
            id(number)
        )
    };
    let entries: String = exemptions.iter().enumerate().map(entry).collect();
    format!("version: 1\nworkspaces: [acme]\nlimits: {limits}\nexemptions:\n{entries}")
}

#[test]
fn exemptions_without_effect_or_near_their_end_are_warnings() {
    for (limits, exemption, said) in [
        ("{max_days: 90}", ("A", "2026-08-01", "2027-08-01"), "runs for 365 days"),
        ("{}", ("A", "", "2036-01-01"), "without `limits.max_days` the limit is 366"),
        ("{}", ("A", "", "2026-08-31"), "ended on 2026-08-31"),
        ("{}", ("A", "", "2026-09-15"), "ends on 2026-09-15"),
        ("{warn_before_days: 30}", ("A", "", "2026-10-01"), "ends on 2026-10-01"),
        ("{}", ("A", "2026-09-02", "2026-12-01"), "starts on 2026-09-02"),
        ("{max_exemptions: 0}", ("A", "", "2026-12-01"), "is one too many: the limit is 0"),
    ] {
        let policy = policy(limits, &[exemption]);
        let outcome = lint(&policy, &[]);
        assert_eq!(outcome.code, 0, "{policy}{}", outcome.stderr);
        assert!(outcome.stderr.starts_with("warning: exemption A ("), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(" --> policy.yaml:5:"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("= help: "), "{}", outcome.stderr);
        assert!(outcome.stdout.contains(": valid; "), "{}", outcome.stdout);
        assert!(outcome.stdout.contains("; 1 warning\n"), "{}", outcome.stdout);
        assert_eq!(lint(&policy, &["--strict"]).code, 1, "{policy}");
        let quiet = lint(&policy, &["-q"]);
        assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", &*outcome.stderr));
    }
}

#[test]
fn there_is_no_warning_without_a_reason() {
    for (limits, exemption) in [
        ("{}", ("A", "", "2026-09-16")),
        ("{}", ("A", "2026-09-01", "2027-09-02")),
        ("{max_days: 90}", ("A", "2026-08-01", "2026-10-30")),
        ("{max_exemptions: 1, warn_before_days: 0}", ("A", "", "2026-09-02")),
        ("{}\nrules: {exemption-expiring: allow}", ("A", "", "2026-09-02")),
    ] {
        let policy = policy(limits, &[exemption]);
        let outcome = lint(&policy, &["--strict"]);
        assert_eq!((outcome.code, &*outcome.stderr), (0, ""), "{policy}");
    }
    let wrong = lint("version: 2\n", &["--strict"]);
    assert_eq!(wrong.code, 2, "a policy that is wrong stays 2");
}

#[test]
fn today_is_the_real_day_unless_it_is_given() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("{}", &[("A", "", &day(-1)), ("B", "", &day(100))]));
    let outcome = sandbox.run(&["policy", "lint"]);
    assert!(outcome.stderr.contains("exemption A ("), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("exemption B ("), "{}", outcome.stderr);
}

#[test]
fn an_unusual_account_id_is_a_warning() {
    for (id, is_usual) in [
        ("ada", false),
        ("ada.lovelace", false),
        ("5b10ac8d82e05b22cc7d4ef", false),
        ("5b10ac8d82e05b22cc7d4ez5", false),
        ("5b10ac8d82e05b22cc7d4ef5", true),
        ("557058:f58131cb-b67d-43c7-b30d-6b58d40bd077", true),
        ("qm:1:2", true),
    ] {
        let policy = format!(
            "version: 1\nexemptions:\n  - {{id: A, account_id: \"{id}\", reason: r, expires: 2026-12-01}}\n"
        );
        let outcome = lint(&policy, &[]);
        assert_eq!(outcome.code, 0, "{id}");
        assert_eq!(outcome.stderr.is_empty(), is_usual, "{id}: {}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("is it a user name?"), !is_usual, "{id}");
        assert_eq!(lint(&policy, &["--strict"]).code, i32::from(!is_usual), "{id}");
    }
}

/// `lint` says what `check` makes of an exemption for a member that needs it.
#[test]
fn check_agrees() {
    let exemptions = [
        ("LONG", "2026-08-01", "2027-01-01"),
        ("OVER", "2026-08-01", "2026-08-31"),
        ("LATER", "2026-09-02", "2026-10-30"),
        ("SOON", "2026-08-01", "2026-09-15"),
        ("FINE", "2026-08-01", "2026-10-30"),
        ("MANY", "2026-08-02", "2026-10-31"),
    ];
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("{max_days: 90, max_exemptions: 4}", &exemptions));
    let rows: Vec<_> =
        (0..exemptions.len()).map(|number| row(number, Some(json!(false)))).collect();
    sandbox.write("members.json", json!({"size": rows.len(), "values": rows}).to_string());
    let check = ["check", "--members", "members.json", "--today", TODAY, "--report", "json=a.json"];
    sandbox.run(&check);
    let report = sandbox.json("a.json");
    let linted = sandbox.run(&["policy", "lint", "--today", TODAY]).stderr;
    let said = |state: &str| match state {
        "over_limit" => &["runs for", "one too many"][..],
        "expired" => &["ended on"],
        "scheduled" => &["starts on"],
        "expiring" => &["ends on"],
        "active" => &[],
        other => panic!("{other}"),
    };
    let states = report["exemptions"].as_array().unwrap();
    assert_eq!(states.len(), exemptions.len());
    for exemption in states {
        let (name, state) = (&exemption["id"], exemption["state"].as_str().unwrap());
        let name = format!("exemption {} (", name.as_str().unwrap());
        let line = linted.lines().find(|line| line.contains(&name)).unwrap_or_default();
        let said = said(state);
        assert_eq!(line.is_empty(), said.is_empty(), "{name} {state}: {linted}");
        assert!(said.is_empty() || said.iter().any(|said| line.contains(said)), "{state}: {line}");
    }
    let found: Vec<&str> =
        states.iter().map(|exemption| exemption["state"].as_str().unwrap()).collect();
    assert_eq!(found, ["over_limit", "expired", "scheduled", "expiring", "active", "over_limit"]);
}

#[test]
fn a_hostile_id_stays_in_its_line() {
    let policy = "version: 1\nexemptions:\n  - {id: \"::error::x\\u202e\", account_id: \"a\", \
                  reason: r, expires: 2026-12-01}\n";
    let outcome = lint(policy, &[]);
    assert!(!outcome.stderr.contains("\u{202e}"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(" ::error"), "{}", outcome.stderr);
}

#[test]
fn every_problem_and_every_warning_is_shown_with_its_line() {
    let broken = "version: 1\nworkspaces: [acme, Labs]\naccept: bitbucket, sso\nrules:\n  \
                  two-factor-unknown: allow\nlimits: {max_days: 30 days}\nexemptions:\n  - id: EX-1\n    \
                  nickname: ada\n    reason: r\n    expires: 2026-02-30\n";
    let outcome = lint(broken, &[]);
    assert_eq!((outcome.code, &*outcome.stdout), (2, ""));
    insta::assert_snapshot!(outcome.stderr, @r"
    error: `Labs` is not a workspace slug
     --> policy.yaml:2:20
      |
    2 | workspaces: [acme, Labs]
      |                    ^^^^
      |
      = help: slugs are in lower case, without spaces: write `labs`

    error: `accept` must be a list, not text
     --> policy.yaml:3:9
      |
    3 | accept: bitbucket, sso
      |         ^^^^^^^^^^^^^^
      |
      = help: write `accept: [bitbucket, sso]`

    error: `two-factor-unknown` cannot be set to `allow`
     --> policy.yaml:5:23
      |
    5 |   two-factor-unknown: allow
      |                       ^^^^^
      |
      = help: write one of `deny`, `warn`: this rule cannot be switched off; exempt single members under `exemptions`

    error: `max_days` must be a whole number from 0 to 4294967295
     --> policy.yaml:6:20
      |
    6 | limits: {max_days: 30 days}
      |                    ^^^^^^^
      |
      = help: write `max_days: 30`

    error: `nickname` cannot select a member
     --> policy.yaml:9:5
      |
    9 |     nickname: ada
      |     ^^^^^^^^
      |
      = help: names are not unique and can change, so anyone could take the name of an exempt member. Write `account_id`; `mfa-gate members --workspace SLUG` lists it

    error: `2026-02-30` is not a valid date
      --> policy.yaml:11:14
       |
    11 |     expires: 2026-02-30
       |              ^^^^^^^^^^
       |
       = help: that month has 28 days: its last day is `2026-02-28`

    error: policy.yaml has 6 problems
    ");

    let warned = policy(
        "{max_days: 10, roster_max_age_days: 3}\nroster: {email: Mail}\nrules: \
         {exemption-not-allowed: warn}",
        &[("A", "2026-08-01", "2026-08-31"), ("B", "2026-09-02", "2026-09-09")],
    );
    let outcome = lint(&warned, &[]);
    assert_eq!(outcome.code, 0);
    insta::assert_snapshot!(outcome.stderr, @r"
    warning: every exemption is expiring from its first day: `max_days` is not more than `warn_before_days`
     --> policy.yaml:3:10
      |
    3 | limits: {max_days: 10, roster_max_age_days: 3}
      |          ^^^^^^^^
      |
      = help: Set `limits.warn_before_days` to fewer days than `limits.max_days`.

    warning: `roster_max_age_days` has no effect: `accept` contains neither `roster` nor `sso`
     --> policy.yaml:3:24
      |
    3 | limits: {max_days: 10, roster_max_age_days: 3}
      |                        ^^^^^^^^^^^^^^^^^^^
      |
      = help: Add `roster` or `sso` to `accept`, or delete `roster_max_age_days`.

    warning: `roster` has no effect: `accept` contains neither `roster` nor `sso`
     --> policy.yaml:4:1
      |
    4 | roster: {email: Mail}
      | ^^^^^^
      |
      = help: Add `roster` or `sso` to `accept`, or delete `roster`.

    warning: the rule `exemption-not-allowed` has no effect: owners may be exempt
     --> policy.yaml:5:9
      |
    5 | rules: {exemption-not-allowed: warn}
      |         ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: Set `limits.admins` to `deny`, or delete the rule.

    warning: exemption A (557058:00000000-0000-4000-8000-000000000000) runs for 30 days, 2026-08-01 to 2026-08-31; the limit is 10
     --> policy.yaml:7:6
      |
    7 |   - {id: A, account_id: '557058:00000000-0000-4000-8000-000000000000', reason: r, starts: 2026-08-01, expires: 2026-08-31}
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: Move `expires` closer, delete exemptions that are not needed, or have the owner of the policy raise `limits`.

    warning: exemption B (557058:00000000-0000-4000-8000-000000000001) starts on 2026-09-02
     --> policy.yaml:8:6
      |
    8 |   - {id: B, account_id: '557058:00000000-0000-4000-8000-000000000001', reason: r, starts: 2026-09-02, expires: 2026-09-09}
      |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: It has no effect before that day. If it is needed now, set `starts` to an earlier date.
    ");
    assert_eq!(lint(&warned, &["--strict"]).code, 1);
}

#[test]
fn settings_that_have_an_effect_are_no_warning() {
    let rule = "version: 1\nworkspaces: [acme]\nrules: {too-many-owners: warn}\n";
    let without = lint(rule, &[]).stderr;
    assert!(without.contains("`too-many-owners` has no effect"), "{without}");
    let with = lint(&format!("{rule}limits: {{max_owners: 3}}\n"), &["--strict"]);
    assert_eq!((with.code, &*with.stderr), (0, ""));

    let used = policy(
        "{max_days: 30, roster_max_age_days: 3, admins: deny}\nroster: {email: Mail}\naccept: \
         [bitbucket, sso]\nrules: {exemption-not-allowed: warn}",
        &[],
    );
    let used = used.replace("exemptions:\n", "");
    let outcome = lint(&used, &["--strict"]);
    assert_eq!((outcome.code, &*outcome.stderr), (0, ""));
}

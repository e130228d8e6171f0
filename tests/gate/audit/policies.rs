//! Policies and exemptions over the period, and what changed in them.

use mfa_gate::member::{Role, TwoFactor};
use serde_json::{Value, json};

use super::{POLICY, Reports, members};
use crate::live;
use crate::support::policy;

const MEMBER: &str = "557058:00000000-0000-4000-8000-000000000002";

/// A policy with an exemption of member number two.
fn exempting(expires: &str, more: &str) -> String {
    let entry = format!(
        "exemptions:\n  - {{id: EX-7, account_id: \"{MEMBER}\", reason: a bot, \
         approved_by: security@acme.example, expires: {expires}{more}}}\n"
    );
    policy("acme", &entry)
}

/// Looks by these policies, at which member number two has no second factor.
fn looks(policies: &[(std::ops::RangeInclusive<i8>, &str)]) -> Reports {
    let reports = Reports::new();
    for (days, policy) in policies {
        for day in days.clone() {
            let seen = [("acme", members(0..2, [2]))];
            reports.look_by(policy, &format!("{day:02} 02:00"), &seen);
        }
    }
    reports
}

#[test]
fn an_exemption_that_is_extended_in_time_covers() {
    let (first, second) = (exempting("2025-09-05", ""), exempting("2025-09-30", ", ticket: SEC-9"));
    let reports = looks(&[(1..=5, &first), (6..=10, &second)]);
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.is("/exemptions/0/days_needed", 10);
    audited.is("/people/2/looks/exempt", 10);
    audited.is(
        "/policy_changes/0/exemptions/0",
        json!({
            "exemption": "EX-7", "change": "extended", "expired": "2025-09-05",
            "expires": "2025-09-30", "fields": ["ticket"], "approved_by": "security@acme.example",
        }),
    );
    audited.says("exemption EX-7: extended from 2025-09-05 to 2025-09-30, changed: ticket");
    audited.is("/policies/0/reports", 5);
    audited.is("/summary/exposed_people", 0);
}

#[test]
fn an_exemption_that_expired_in_use_does_not() {
    let first = exempting("2025-09-05", "");
    let audited = looks(&[(1..=10, &first)]).audit(&[]);
    audited.ends(1, "violations");
    audited.is("/people/2/exposures/0/first_seen", "2025-09-06T02:00:00Z");
    audited.is(
        "/people/2/looks",
        json!({
            "protected": 0, "exempt": 5, "unprotected": 5, "unknown": 0, "not_applicable": 0,
        }),
    );
    audited.is("/exemptions/0/days_in_force", 5);
    audited.is("/exemptions/0/states/1/state", "expired");
    audited.is("/broken_rules/0/rule", "exemption-expired");
    audited.is("/broken_rules/0/reports", 5);
    audited.says(
        "EX-7: in force on 5 days, needed on 5 days; expiring 2025-09-01 to 2025-09-05, expired",
    );
}

#[test]
fn every_kind_of_change_is_said() {
    let entry = |id: &str, number: usize, expires: &str, reason: &str| {
        format!(
            "  - {{id: {id}, account_id: \"557058:00000000-0000-4000-8000-{number:012}\", \
             reason: {reason}, expires: {expires}}}\n"
        )
    };
    let file = |most: usize, entries: &[String]| {
        let entries = entries.concat();
        policy("acme", &format!("limits: {{max_exemptions: {most}}}\nexemptions:\n{entries}"))
    };
    let same = "2025-10-01";
    let before = [("A", 11), ("B", 12), ("C", 13)].map(|(id, at)| entry(id, at, same, "one"));
    let after = [("B", 12, "2025-09-20", "one"), ("C", 13, same, "two"), ("D", 14, same, "one")];
    let after = after.map(|(id, at, expires, reason)| entry(id, at, expires, reason));
    let (before, after) = (file(3, &before), file(4, &after));
    let reports = Reports::new();
    for day in 1..=10 {
        let policy = if day < 6 { &before } else { &after };
        reports.look_by(policy, &format!("{day:02} 02:00"), &[("acme", members(0..3, []))]);
    }
    let audited = reports.audit(&[]);
    let changes = audited.json["policy_changes"][0]["exemptions"].as_array().unwrap();
    let text = |change: &Value, field: &str| change[field].as_str().unwrap().to_owned();
    let kind = |change: &Value| format!("{} {}", text(change, "exemption"), text(change, "change"));
    let kinds: Vec<String> = changes.iter().map(kind).collect();
    assert_eq!(kinds, ["A removed", "B shortened", "C reworded", "D added"]);
    audited.is("/policy_changes/0/settings/0/setting", "limits.max_exemptions");
    // What is taken back is a change as well.
    reports.look_by(&before, "10 03:00", &[("acme", members(0..3, []))]);
    reports.audit(&[]).is("/policy_changes/1/exemptions/0/change", "added");
}

#[test]
fn a_rule_that_only_warns_any_more_is_said() {
    let strict = policy("acme", "rules: {two-factor-unknown: deny}\n");
    let lax = policy("acme", "rules: {two-factor-disabled: warn}\n");
    let reports = Reports::new();
    for day in 1..=10 {
        let policy = if day < 6 { &strict } else { &lax };
        reports.look_by(policy, &format!("{day:02} 02:00"), &[("acme", members(0..3, []))]);
    }
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.says("note: the rule two-factor-disabled went from deny to warn on 2025-09-06 02:00");
    // And hides nobody.
    reports.look_by(&lax, "08 02:00", &[("acme", members(0..2, [2]))]);
    reports.audit(&[]).ends(1, "violations");
}

#[test]
fn only_the_policies_that_are_allowed_count() {
    let other = policy("acme", "# another file\n");
    let reports = Reports::daily(1..=5);
    for day in 6..=10 {
        reports.look_by(&other, &format!("{day:02} 02:00"), &[("acme", members(0..3, []))]);
    }
    let digests = [1, 2].map(|at| {
        let digest = reports.audit(&[]).json["policies"][at - 1]["sha256"].clone();
        digest.as_str().unwrap().to_owned()
    });
    let [first, second] = digests.each_ref().map(String::as_str);
    reports.audit(&["--policy-sha256", first, "--policy-sha256", second]).ends(0, "covered");
    let audited = reports.audit(&["--policy-sha256", first]);
    audited.ends(3, "gaps");
    audited.says("1 policy file is not allowed");
    audited.is("/policies/1/allowed", false);
    // The days on which the other one was used are not in this period.
    reports.audit_of("01", "05", &["--policy-sha256", first]).ends(0, "covered");
    let outcome = reports.sandbox.run_with(
        &["audit", "reports", "--from=2025-09-01", "--to=2025-09-10"],
        &[("MFA_GATE_POLICY_SHA256", second)],
    );
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    assert_ne!(POLICY, other);
}

#[test]
fn another_rule_of_level_deny_is_a_violation() {
    let file = policy(
        "acme",
        "limits: {max_days: 10}\nexemptions:\n  - {id: EX-1, account_id: \
        \"557058:00000000-0000-4000-8000-000000000002\", reason: a bot, starts: 2025-08-30, \
        expires: 2025-10-30}\n",
    );
    let reports = Reports::new();
    for day in 1..=10 {
        let seen = [("acme", members(0..2, [2]))];
        reports.look_by(&file, &format!("{day:02} 02:00"), &seen);
    }
    let audited = reports.audit(&[]);
    audited.ends(1, "violations");
    audited.is("/broken_rules/0/exemption", "EX-1");
    // A limit that an earlier policy did not have is called that.
    for day in 1..=2 {
        let seen = [("acme", members(0..2, [2]))];
        reports.look_by(&exempting("2025-10-30", ""), &format!("{day:02} 02:00"), &seen);
    }
    reports.audit(&[]).says("limits.max_days: no limit before, 10 now");
}

#[test]
fn a_change_that_several_runs_follow_is_one_change() {
    let both = [policy("acme, labs", ""), policy("acme, labs", "limits: {max_owners: 3}\n")];
    let reports = Reports::new();
    for day in 1..=10_usize {
        for (slug, time) in [("acme", "02:00"), ("labs", "02:05")] {
            let at = super::at(&format!("{day:02} {time}"));
            let mut seen = vec![live::member(1, TwoFactor::Enabled)];
            seen[0].role = Some(Role::Owner);
            let report = live::judged(&both[day / 6], at, &[(slug, Ok(seen))], |run| {
                run.options.workspace = vec![slug.into()];
            });
            reports.write(&format!("{day:02} {time}"), &super::json(&report));
        }
    }
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.is("/policy_changes/0/times", 1);
    audited.is("/policy_changes/1", Value::Null);
}

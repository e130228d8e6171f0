//! Looks, gaps and the borders of the period; which workspaces are to be looked at.

use serde_json::json;

use super::{Reports, members};
use crate::support::policy;

#[test]
fn a_period_without_gap_and_exposure_is_covered() {
    let audited = Reports::daily(1..=10).audit(&[]);
    audited.ends(0, "covered");
    audited.says("longest time without a look: 24 h");
    audited.is("/summary/looks", 10);
    audited.is("/summary/people", 3);
    audited.is("/workspaces/0/gaps", json!([]));
    audited.is("/workspaces/0/days/9/state", "compliant");
}

#[test]
fn a_gap_is_found_in_the_middle_at_the_start_and_at_the_end() {
    for (days, from, to, said) in [
        (vec![1, 2, 5, 6, 7, 8, 9, 10], "02T02:00:00Z", "05T02:00:00Z", "no look for 3 days, "),
        (vec![3, 4, 5, 6, 7, 8, 9, 10], "01T00:00:00Z", "03T02:00:00Z", "no look for 2 days 2 h"),
        (vec![1, 2, 3, 4, 5, 6, 7, 8], "08T02:00:00Z", "11T00:00:00Z", "no look for 2 days 22 h"),
    ] {
        let audited = Reports::daily(days).audit(&[]);
        audited.ends(3, "gaps");
        audited.says(said);
        audited.is("/summary/gaps", 1);
        audited.is("/workspaces/0/gaps/0/from", format!("2025-09-{from}"));
        audited.is("/workspaces/0/gaps/0/to", format!("2025-09-{to}"));
    }
    // What is no gap with another limit.
    Reports::daily([1, 3, 5, 7, 9]).audit(&["--max-gap", "48h"]).ends(0, "covered");
    Reports::daily([1, 3, 5, 7, 9]).audit(&["--max-gap", "47h"]).ends(3, "gaps");
}

#[test]
fn no_look_at_all_is_a_gap() {
    let reports = Reports::new();
    reports.look("20 02:00", &[("acme", members(0..3, []))]);
    let audited = reports.audit(&[]);
    audited.ends(3, "gaps");
    audited.is("/files/after", 1);
    reports.audit(&["--workspace", "acme"]).is("/workspaces/0/gaps/0/length_s", 10 * 86_400);
}

#[test]
fn the_last_look_before_the_period_says_how_it_began() {
    let reports = Reports::daily(4..=10);
    // The third of September, half a day before the first look of the period.
    reports.look("03 23:00", &[("acme", members(0..3, []))]);
    let audited = reports.audit_of("04", "10", &["--max-gap", "25h"]);
    audited.ends(0, "covered");
    audited.is("/files/before", 1);
    audited.is("/workspaces/0/look_before", "2025-09-03T23:00:00Z");
    // One that was made long ago does not say so.
    reports.remove("03 23:00");
    reports.look("01 00:00", &[("acme", members(0..3, []))]);
    let audited = reports.audit_of("04", "10", &[]);
    audited.ends(3, "gaps");
    audited.is("/workspaces/0/gaps/0/from", "2025-09-01T00:00:00Z");
}

#[test]
fn borders_count_to_the_second() {
    let reports = Reports::daily(2..=9);
    for time in ["01 00:00:00", "10 02:00:00", "10 23:59:59"] {
        reports.look(time, &[("acme", members(0..3, []))]);
    }
    // A member is exposed in the first second after the period.
    reports.look("11 00:00:00", &[("acme", members(0..2, [2]))]);
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.is("/summary/looks", 11);
    reports.look("10 23:59:58", &[("acme", members(0..2, [2]))]);
    reports.audit(&[]).ends(1, "violations");
}

#[test]
fn a_period_that_is_not_over_or_turned_round_is_a_usage_error() {
    let reports = Reports::daily(1..=10);
    let turned = reports.audit_of("10", "01", &[]).outcome;
    assert_eq!(turned.code, 2);
    assert!(turned.stderr.contains("ends before it begins"), "{}", turned.stderr);
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    for (to, code) in [("2999-01-01", 2), (&today, 2), ("2025-09-10", 0)] {
        let args = ["audit", "reports", "--from", "2025-09-01", "--to", to];
        let outcome = reports.sandbox.run(&args);
        assert_eq!(outcome.code, code, "{to}: {}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("is not over"), code == 2, "{}", outcome.stderr);
    }
    for wrong in [&["--from", "2025-09-31"][..], &["--max-gap", "0s"], &["--report", "sarif"]] {
        let args = ["audit", "reports", "--to", "2025-09-10"];
        assert_eq!(reports.sandbox.run(&[&args, wrong].concat()).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_workspace_counts_from_the_policy_that_adds_it() {
    let both = policy("acme, labs", "");
    let reports = Reports::daily(1..=5);
    for day in 6..=10 {
        let seen = [("acme", members(0..3, [])), ("labs", members(0..2, []))];
        reports.look_by(&both, &format!("{day:02} 02:00"), &seen);
    }
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.is("/workspaces/1/from", "2025-09-06T02:00:00Z");
    audited.is("/workspaces/1/days/0/state", "out_of_scope");
    audited.says("labs: 5 looks, 5 compliant; longest time without a look: 24 h; added on 2025-09-06 02:00 UTC");
    audited.says(r#"workspaces: ["acme"] before, ["acme","labs"] now"#);
    // A policy that names it is all it takes: nobody need have looked at it.
    let reports = Reports::daily(1..=5);
    for day in 6..=10 {
        let seen = [("acme", members(0..3, [])), ("labs", Err("the token cannot see it"))];
        reports.look_by(&both, &format!("{day:02} 02:00"), &seen);
    }
    let audited = reports.audit(&[]);
    audited.ends(3, "gaps");
    audited.is("/workspaces/1/gaps/0/from", "2025-09-06T02:00:00Z");
    audited.says("not read to the end: the token cannot see it");
}

#[test]
fn a_workspace_that_was_renamed_counts_until_the_policy_that_drops_it() {
    let renamed = policy("acme-inc", "");
    let reports = Reports::daily(1..=5);
    for day in 6..=10 {
        reports.look_by(&renamed, &format!("{day:02} 02:00"), &[("acme-inc", members(0..3, []))]);
    }
    let audited = reports.audit(&[]);
    audited.ends(0, "covered");
    audited.is("/workspaces/0/until", "2025-09-06T02:00:00Z");
    audited.says(
        "note: acme has been in no policy since 2025-09-06 02:00 UTC, and needs no look from then on",
    );
    audited.says("acme: 5 looks, 5 compliant; longest time without a look: 24 h; in no policy since 2025-09-06");
    // On the last day too.
    reports.audit_of("01", "06", &[]).says("note: acme has been in no policy since 2025-09-06");
    // Who asks for it asks for the whole period.
    reports.audit(&["--workspace", "acme"]).ends(3, "gaps");
}

#[test]
fn policies_that_are_used_side_by_side_drop_nothing_of_each_other() {
    let labs = policy("labs", "");
    let reports = Reports::daily(1..=4);
    for day in 1..=10 {
        reports.look_by(&labs, &format!("{day:02} 03:00"), &[("labs", members(0..2, []))]);
    }
    let audited = reports.audit(&[]);
    audited.ends(3, "gaps");
    audited.is("/workspaces/0/slug", "acme");
    audited.is("/workspaces/0/gaps/0/to", "2025-09-11T00:00:00Z");
    audited.is("/workspaces/1/gaps", json!([]));
    audited.is("/policy_changes", json!([]));
    reports.audit(&["--workspace", "labs"]).ends(0, "covered");
}

#[test]
fn a_policy_drops_a_workspace_once_and_only_when_it_is_new() {
    // The runs of acme alone go on when those of both have stopped.
    let both = policy("acme, labs", "");
    let seen = [("acme", members(0..3, [])), ("labs", members(0..2, []))];
    let reports = Reports::daily(1..=10);
    (1..=5).for_each(|day| reports.look_by(&both, &format!("{day:02} 03:00"), &seen));
    let audited = reports.audit(&[]);
    audited.ends(3, "gaps");
    audited.is("/workspaces/1/gaps/0/to", "2025-09-11T00:00:00Z");
    // Each run looks at one workspace of its policy.
    let others = policy("docs, labs", "");
    let reports = Reports::daily(1..=10);
    for (day, slug) in [(1, "labs"), (5, "docs")] {
        let seen = [(slug, members(0..2, []))];
        reports.look_by(&others, &format!("{day:02} 03:00"), &seen);
    }
    reports.audit(&[]).is("/policy_changes", json!([]));
}

#[test]
fn a_policy_of_which_no_workspace_was_ever_read_leaves_a_gap() {
    let labs = policy("labs", "");
    let reports = Reports::daily(1..=10);
    for day in 1..=10 {
        let refused = [("labs", Err("the credential was refused"))];
        reports.look_by(&labs, &format!("{day:02} 03:00"), &refused);
    }
    let audited = reports.audit(&[]);
    audited.ends(3, "gaps");
    audited.says("labs: no look for 9 days 21 h, from 2025-09-01 03:00 UTC");
    audited.is("/workspaces/0/gaps", json!([]));
    reports.audit(&["--workspace", "acme"]).ends(0, "covered");
}

#[test]
fn a_change_of_another_policy_drops_nothing() {
    // The schedule of acme stopped, and within a day the policy of labs was edited.
    let reports = Reports::daily(1..=5);
    for day in 1..=10 {
        let labs = policy("labs", if day < 6 { "" } else { "# edited\n" });
        reports.look_by(&labs, &format!("{day:02} 03:00"), &[("labs", members(0..2, []))]);
    }
    let audited = reports.audit(&[]);
    audited.ends(3, "gaps");
    audited.is("/workspaces/0/gaps/0/to", "2025-09-11T00:00:00Z");
}

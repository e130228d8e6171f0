//! People: who was exposed, for how long at least and at most.

use mfa_gate::member::{Access, Member, Permission, TwoFactor};
use serde_json::{Value, json};

use super::{Reports, members};
use crate::live;
use crate::support::policy;

/// Member number two is exposed on these days of ten.
fn exposed_on(days: &[i8]) -> Reports {
    let reports = Reports::daily(1..=10);
    for day in days {
        reports.look(&format!("{day:02} 02:00"), &[("acme", members(0..2, [2]))]);
    }
    reports
}

#[test]
fn an_exposure_has_its_bounds() {
    let audited = exposed_on(&[3, 4, 5, 6, 7]).audit(&[]);
    audited.ends(1, "violations");
    audited
        .says("violations: 1 member with no second factor seen and no valid exemption, at 5 of 10");
    audited.says(
        "Member 2 (557058:00000000-0000-4000-8000-000000000002) in acme: no second factor seen, \
         at least 4 days (2025-09-03 02:00 UTC to 2025-09-07 02:00 UTC, 5 looks); at most 6 days \
         (2025-09-02 02:00 UTC to 2025-09-08 02:00 UTC); then protected",
    );
    audited.is("/people/2/exposures/0/at_least_s", 4 * 86_400);
    audited.is("/people/2/exposures/0/at_most_s", 6 * 86_400);
    audited.is("/people/2/looks/unprotected", 5);
    audited.is("/people/2/looks/protected", 5);
    audited.is("/workspaces/0/days/2/state", "violations");
    audited.is("/people/0/exposures", json!([]));
}

#[test]
fn what_was_not_seen_is_not_claimed() {
    // Seen once; from the first look on; until the last look.
    let audited = exposed_on(&[5]).audit(&[]);
    audited.says("seen once, 2025-09-05 02:00 UTC; at most 2 days");
    audited.is("/people/2/exposures/0/at_least_s", 0);
    let audited = exposed_on(&[1, 2]).audit(&[]);
    audited.says("no look before, ended by 2025-09-03 02:00 UTC");
    audited.is("/people/2/exposures/0/at_most_s", Value::Null);
    let audited = exposed_on(&[9, 10]).audit(&[]);
    audited.says("after 2025-09-08 02:00 UTC, not seen to end");
    audited.is("/people/2/exposures/0/ended", Value::Null);
    // Not known is not off.
    let reports = Reports::daily(1..=10);
    let unknown = vec![live::member(0, TwoFactor::Enabled), live::member(1, TwoFactor::Unknown)];
    reports.look("04 02:00", &[("acme", Ok(unknown))]);
    let audited = reports.audit(&[]);
    audited.ends(1, "violations");
    audited.says("in acme: second factor unknown, seen once");
    audited.is("/people/1/looks/unknown", 1);
}

#[test]
fn an_exposure_that_began_before_the_period_counts_from_its_start() {
    let reports = exposed_on(&[3, 4, 5]);
    let audited = reports.audit_of("05", "10", &[]);
    audited.ends(1, "violations");
    audited.is("/people/2/exposures/0/first_seen", "2025-09-03T02:00:00Z");
    audited.is("/people/2/looks/unprotected", 1);
    // One that was not seen within the period is none of it.
    reports.audit_of("06", "10", &[]).ends(0, "covered");
}

#[test]
fn a_gap_and_an_exposure_are_both_said() {
    let reports = exposed_on(&[3]);
    reports.remove("07 02:00");
    reports.remove("08 02:00");
    let audited = reports.audit(&[]);
    audited.ends(1, "violations");
    audited.says("1 gap of more than 26 h without a look");
    audited.says("1 member with no second factor seen");
}

#[test]
fn a_member_who_left_and_came_back_has_two_stays() {
    let reports = Reports::daily(1..=10);
    for day in [3, 4, 7, 8] {
        reports.look(&format!("{day:02} 02:00"), &[("acme", members(0..2, [2]))]);
    }
    for day in 5..=6 {
        reports.look(&format!("{day:02} 02:00"), &[("acme", members(0..2, []))]);
    }
    let audited = reports.audit(&[]);
    audited.ends(1, "violations");
    audited.is("/people/2/exposures/0/ended", "left");
    audited.is("/people/2/exposures/0/look_after", "2025-09-05T02:00:00Z");
    audited.is("/people/2/exposures/1/look_before", "2025-09-06T02:00:00Z");
    audited.is("/people/2/exposures/1/first_seen", "2025-09-07T02:00:00Z");
    audited.is(
        "/people/2/stays",
        json!([
            {"first": "2025-09-01T02:00:00Z", "last": "2025-09-04T02:00:00Z"},
            {"first": "2025-09-07T02:00:00Z", "last": "2025-09-10T02:00:00Z"},
        ]),
    );
}

#[test]
fn the_same_person_with_another_id_is_the_same_person() {
    let reports = Reports::daily(1..=10);
    for day in 4..=6 {
        let mut by_uuid = live::member(2, TwoFactor::Disabled);
        by_uuid.account_id = None;
        let seen = vec![live::member(0, TwoFactor::Enabled), by_uuid];
        reports.look(&format!("{day:02} 02:00"), &[("acme", Ok(seen))]);
    }
    let audited = reports.audit(&[]);
    audited.is("/summary/people", 3);
    audited.is("/people/2/looks/unprotected", 3);
    audited.is("/people/2/key", "557058:00000000-0000-4000-8000-000000000002");
}

#[test]
fn who_is_no_member_is_missed_only_where_such_people_are_looked_at() {
    let wide = policy("acme", "coverage: [members, repositories]\n");
    let with_outsider = |two_factor| {
        let mut outsider = live::member(7, two_factor);
        outsider.access = Some(Access { repositories: 1, permission: Permission::Write });
        let members = (0..3).map(|number| live::member(number, TwoFactor::Enabled));
        [("acme", Ok(members.chain([outsider]).collect::<Vec<_>>()))]
    };
    let reports = Reports::daily(1..=10);
    for day in [1, 4, 7] {
        let seen = with_outsider(TwoFactor::Disabled);
        reports.look_by(&wide, &format!("{day:02} 03:00"), &seen);
    }
    let audited = reports.audit(&[]);
    audited.ends(1, "violations");
    audited.says("at least 6 days (2025-09-01 03:00 UTC to 2025-09-07 03:00 UTC, 3 looks); no look before, not seen to end");
    audited.is("/people/3/stays/1", Value::Null);
    audited.says("note: people with access to single repositories were not looked at in some runs");
    // The next look that would show such people ends it.
    reports.look_by(&wide, "09 03:00", &[("acme", members(0..3, []))]);
    let audited = reports.audit(&[]);
    audited.says("ended by 2025-09-09 03:00 UTC; then not in the workspace any more");
    // Without such a look nothing is known of them.
    let audited = Reports::daily(1..=10).audit(&[]);
    audited.ends(0, "covered");
    audited.says("note: people with access to single repositories were not looked at");
    assert!(!audited.outcome.stdout.contains("in some runs"));
}

#[test]
fn someone_who_becomes_a_member_or_is_one_no_more_was_seen_before() {
    let wide = policy("acme", "coverage: [members, repositories]\n");
    let access = Access { repositories: 1, permission: Permission::Write };
    let with = |number, two_factor, access| {
        let one = Member { access, ..live::member(number, two_factor) };
        let members = (0..2).map(|number| live::member(number, TwoFactor::Enabled));
        [("acme", Ok(members.chain([one]).collect::<Vec<_>>()))]
    };
    // A member at the look before, which did not look at others.
    let reports = Reports::daily(1..=10);
    reports.look_by(&wide, "04 03:00", &with(2, TwoFactor::Disabled, Some(access)));
    let audited = reports.audit(&[]);
    audited.is("/people/2/exposures/0/look_before", "2025-09-04T02:00:00Z");
    audited.is("/people/2/exposures/0/at_most_s", 86_400);
    // Not a member at the looks in between, which would not have seen it.
    let reports = Reports::daily(1..=10);
    reports.look_by(&wide, "01 03:00", &with(7, TwoFactor::Enabled, Some(access)));
    reports.look("05 02:00", &with(7, TwoFactor::Disabled, None));
    let audited = reports.audit(&[]);
    audited.is("/people/3/exposures/0/look_before", "2025-09-01T03:00:00Z");
    audited.is("/people/3/exposures/0/ended", "left");
}

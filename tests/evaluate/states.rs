//! Each state of an exemption, and each verdict, by example.

use super::*;

#[test]
fn every_state_of_an_exemption() {
    use Severity::{Error, Warning};
    let off = TwoFactor::Disabled;
    let owner = Member { role: Some(Role::Owner), ..member(4, off) };
    let gone = Member { account_status: Some(AccountStatus::Closed), ..member(3, off) };
    let members = vec![
        member(2, TwoFactor::Enabled),
        gone,
        owner,
        member(5, off),
        member(6, off),
        member(7, off),
        member(8, off),
        member(9, off),
    ];
    let scheduled = Exemption {
        starts: Some(date(2026, 9, 2)),
        ..exemption(17, "scheduled", 7, date(2026, 10, 1))
    };
    let unresolved = Exemption {
        workspaces: vec!["beta".into()],
        ..exemption(20, "unresolved", 10, date(2026, 10, 1))
    };
    let mut policy = policy(vec![
        Exemption {
            workspaces: vec!["acme".into()],
            ..exemption(11, "unused", 1, date(2026, 10, 1))
        },
        Exemption {
            workspaces: vec!["acme".into()],
            ..exemption(12, "unneeded", 2, date(2026, 10, 1))
        },
        Exemption {
            workspaces: vec!["acme".into()],
            ..exemption(13, "inapplicable", 3, date(2026, 10, 1))
        },
        exemption(14, "not allowed", 4, date(2026, 10, 1)),
        exemption(15, "over limit", 5, date(9999, 12, 31)),
        exemption(16, "expired", 6, date(2026, 8, 31)),
        scheduled,
        exemption(18, "expiring", 8, TODAY),
        exemption(19, "active", 9, date(2026, 9, 16)),
        unresolved,
    ]);
    policy.limits.admins = Admins::Deny;
    let readings = vec![
        read("acme", members),
        read("acme-labs", vec![member(9000, TwoFactor::Enabled)]),
        unread("beta"),
    ];
    let evaluation = evaluate(&policy, readings, judging());

    assert_eq!(
        states(&evaluation),
        [
            State::Unused,
            State::Unneeded,
            State::Unneeded,
            State::NotAllowed,
            State::OverLimit,
            State::Expired,
            State::Scheduled,
            State::Expiring,
            State::Active,
            State::Unresolved,
        ]
    );
    let outcomes: Vec<Outcome> =
        evaluation.members.iter().take(8).map(|judged| judged.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Protected,
            Outcome::NotApplicable,
            Outcome::Violation,
            Outcome::Violation,
            Outcome::Violation,
            Outcome::Violation,
            Outcome::Exempt,
            Outcome::Exempt,
        ]
    );
    assert_eq!(
        rules(&evaluation),
        [
            (Rule::TwoFactorDisabled, Error, 2),
            (Rule::TwoFactorDisabled, Error, 2),
            (Rule::TwoFactorDisabled, Error, 2),
            (Rule::TwoFactorDisabled, Error, 2),
            (Rule::WorkspaceIncomplete, Error, 4),
            (Rule::ExemptionExpired, Error, 16),
            (Rule::ExemptionOverLimit, Error, 15),
            (Rule::ExemptionNotAllowed, Error, 14),
            (Rule::ExemptionExpiring, Warning, 18),
            (Rule::ExemptionUnneeded, Warning, 12),
            (Rule::ExemptionUnneeded, Warning, 13),
            (Rule::ExemptionUnused, Warning, 11),
        ]
    );
}

#[test]
fn the_last_day_and_the_first_day_belong_to_the_exemption() {
    let state = |starts: Option<Date>, expires: Date| {
        let policy = policy(vec![Exemption { starts, ..exemption(9, "one", 1, expires) }]);
        evaluate(&policy, all_read(vec![member(1, TwoFactor::Disabled)]), judging()).exemptions[0]
            .state
    };
    assert_eq!(state(None, date(2026, 8, 31)), State::Expired);
    assert_eq!(state(None, TODAY), State::Expiring);
    assert_eq!(state(None, date(2026, 9, 15)), State::Expiring);
    assert_eq!(state(None, date(2026, 9, 16)), State::Active);
    assert_eq!(state(Some(TODAY), date(2026, 9, 16)), State::Active);
    assert_eq!(state(Some(date(2026, 9, 2)), date(2026, 9, 16)), State::Scheduled);
    assert_eq!(state(None, date(2027, 9, 2)), State::Active);
    assert_eq!(state(None, date(2027, 9, 3)), State::OverLimit);
}

#[test]
fn max_days_counts_from_start_to_end() {
    let state = |expires: Date| {
        let starts = Some(date(2026, 8, 1));
        let mut policy = policy(vec![Exemption { starts, ..exemption(9, "one", 1, expires) }]);
        policy.limits.max_days = Some(90);
        evaluate(&policy, all_read(vec![member(1, TwoFactor::Disabled)]), judging()).exemptions[0]
            .state
    };
    assert_eq!(state(date(2026, 10, 30)), State::Active);
    assert_eq!(state(date(2026, 10, 31)), State::OverLimit);
}

#[test]
fn beyond_max_exemptions_those_that_expire_last_do_not_count() {
    let mut policy = policy(vec![
        exemption(9, "late", 1, date(2026, 12, 1)),
        exemption(10, "early", 2, date(2026, 10, 1)),
        exemption(11, "between", 3, date(2026, 11, 1)),
    ]);
    policy.limits.max_exemptions = Some(2);
    let members = (1..=3).map(|number| member(number, TwoFactor::Disabled)).collect();
    let evaluation = evaluate(&policy, all_read(members), judging());
    assert_eq!(states(&evaluation), [State::OverLimit, State::Active, State::Active]);
}

#[test]
fn a_valid_exemption_excuses_and_the_others_raise_nothing() {
    let by_uuid = Exemption {
        selector: Selector::Id { id: MemberId::Uuid("{0001}".into()), email: None },
        ..exemption(10, "valid", 1, date(2026, 12, 1))
    };
    let policy = policy(vec![exemption(9, "expired", 1, date(2026, 8, 1)), by_uuid]);
    let evaluation = evaluate(&policy, all_read(vec![member(1, TwoFactor::Disabled)]), judging());
    assert_eq!(states(&evaluation), [State::Expired, State::Active]);
    assert_eq!(evaluation.members[0].exemption.as_deref(), Some("valid"));
    assert_eq!(evaluation.findings, []);
}

#[test]
fn an_email_beside_an_id_counts_only_where_the_id_is_not_known() {
    let selector = Selector::Id {
        id: MemberId::AccountId(account(1)),
        email: Some("ada@acme.example".into()),
    };
    let policy = policy(vec![Exemption { selector, ..exemption(9, "one", 1, date(2026, 12, 1)) }]);
    let email = Some("ada@acme.example".into());
    let from_export = Member {
        account_id: None,
        uuid: None,
        email: email.clone(),
        ..member(1, TwoFactor::Disabled)
    };
    let outcome =
        |member: Member| evaluate(&policy, all_read(vec![member]), judging()).members[0].outcome;
    assert_eq!(outcome(from_export), Outcome::Exempt);
    let namesake = Member { email, ..member(2, TwoFactor::Disabled) };
    assert_eq!(outcome(namesake), Outcome::Violation);
}

#[test]
fn what_cannot_be_told_is_incomplete() {
    let why = |policy: &Policy, members: Vec<Member>| {
        let evaluation = evaluate(policy, all_read(members), judging());
        evaluation.workspaces[0].error.clone().unwrap_or_default()
    };
    assert!(why(&policy(Vec::new()), Vec::new()).contains("no members at all"));

    let by_email = Exemption {
        selector: Selector::Email("ada@acme.example".into()),
        ..exemption(9, "EX-7", 1, date(2026, 12, 1))
    };
    let said = why(&policy(vec![by_email]), vec![member(1, TwoFactor::Enabled)]);
    assert!(said.contains("EX-7") && said.contains("e-mail address"), "{said}");

    let mut forbidding = policy(vec![exemption(9, "EX-8", 1, date(2026, 12, 1))]);
    forbidding.limits.admins = Admins::Deny;
    let roleless = Member { role: None, ..member(1, TwoFactor::Disabled) };
    let said = why(&forbidding, vec![roleless]);
    assert!(said.contains("limits.admins: deny"), "{said}");
}

#[test]
fn a_violation_outranks_an_unread_workspace() {
    let policy = policy(Vec::new());
    let verdict = |members| {
        let readings = vec![read("acme", members), unread("acme-labs"), unread("beta")];
        let report = report(&policy, readings, judging());
        (report.verdict, report.exit_code)
    };
    assert_eq!(verdict(vec![member(1, TwoFactor::Disabled)]), (Verdict::Violations, 1));
    assert_eq!(verdict(vec![member(1, TwoFactor::Enabled)]), (Verdict::Incomplete, 3));
}

#[test]
fn a_two_factor_rule_that_warns_is_not_enforced() {
    let mut policy = policy(Vec::new());
    policy.levels = Levels::from(
        [(Rule::TwoFactorDisabled, Level::Warn)]
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>(),
    );
    let members = vec![member(1, TwoFactor::Disabled)];
    let lax = report(&policy, all_read(members.clone()), judging());
    assert_eq!((lax.verdict, lax.exit_code), (Verdict::NotEnforced, 0));
    let strict = report(&policy, all_read(members), Judging { strict: true, ..judging() });
    assert_eq!((strict.verdict, strict.exit_code), (Verdict::Violations, 1));
}

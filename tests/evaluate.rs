//! Evaluation: each state of an exemption by example, and what must hold of every input.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};

use mfa_gate::failure::Problem;
use mfa_gate::judge::Run;
use mfa_gate::judge::{Evaluation, Judging, evaluate};
use mfa_gate::location::Location;
use mfa_gate::member::{AccountStatus, Evidence, Kind, Member, Role, Source, TwoFactor};
use mfa_gate::policy::{
    Admins, Exemption, Levels, Limits, MemberId, Policy, RosterSource, Selector, WorkspaceEntry,
};
use mfa_gate::reading::{Addresses, Completeness, Coverage, MemberList, Origin, Reading, Walk};
use mfa_gate::report::{
    Changes, Concern, DirectoryRecord, Options, Outcome, Provenance, Report, RosterRecord,
    Severity, State, Verdict,
};
use mfa_gate::rule::{Level, Rule};
use proptest::prelude::*;

const TODAY: Date = date(2026, 9, 1);
const SLUGS: [&str; 3] = ["acme", "acme-labs", "beta"];

fn judging() -> Judging {
    Judging {
        today: TODAY,
        ignore_exemptions: false,
        strict: false,
        roster_as_of: Some(TODAY),
        clock: None,
    }
}

fn at_line(line: u32) -> Location {
    Location { path: "policy.yaml".into(), line, column: 3, end_line: line, end_column: 9 }
}

fn policy(exemptions: Vec<Exemption>) -> Policy {
    let entry =
        |(line, slug): (u32, &str)| WorkspaceEntry { slug: slug.into(), location: at_line(line) };
    Policy {
        path: "policy.yaml".into(),
        sha256: "0".repeat(64).into(),
        workspaces: (2..).zip(SLUGS).map(entry).collect(),
        coverage: vec![Coverage::Members],
        accept: vec![Source::Bitbucket],
        roster: RosterSource::default(),
        levels: Levels::default(),
        limits: Limits::default(),
        exemptions,
    }
}

fn account(number: usize) -> Box<str> {
    format!("557058:{number:04}").into()
}

fn member(number: usize, bitbucket: TwoFactor) -> Member {
    Member {
        account_id: Some(account(number)),
        uuid: Some(format!("{{{number:04}}}").into()),
        email: None,
        nickname: Some(format!("nick{number}").into()),
        display_name: Some(format!("Member {number}").into()),
        kind: Kind::User,
        account_status: Some(AccountStatus::Active),
        access: None,
        role: Some(Role::Member),
        row: None,
        evidence: Evidence { bitbucket: Some(bitbucket), ..Evidence::default() },
    }
}

fn exemption(line: u32, id: &str, number: usize, expires: Date) -> Exemption {
    Exemption {
        id: id.into(),
        selector: Selector::Id { id: MemberId::AccountId(account(number)), email: None },
        name: None,
        category: None,
        reason: "a test".into(),
        compensating_controls: Vec::new(),
        owner: None,
        approved_by: None,
        ticket: None,
        starts: None,
        expires,
        workspaces: Vec::new(),
        location: at_line(line),
    }
}

fn read(slug: &str, members: Vec<Member>) -> Reading {
    Reading {
        workspace: slug.into(),
        origin: Origin::Api,
        walk: Walk { reported_size: Some(members.len() as u64), ..Walk::default() },
        members: Ok(MemberList {
            members,
            completeness: Completeness::Size,
            addresses: Addresses::AsShown,
            coverage: vec![Coverage::Members],
        }),
    }
}

fn unread(slug: &str) -> Reading {
    Reading {
        workspace: slug.into(),
        origin: Origin::Api,
        walk: Walk::default(),
        members: Err(Problem { what: "it was refused".into(), help: "Ask.".into() }),
    }
}

/// All of the policy's workspaces, the first with these members, the others with one who is fine.
fn all_read(members: Vec<Member>) -> Vec<Reading> {
    let fine = || vec![member(9000, TwoFactor::Enabled)];
    vec![read(SLUGS[0], members), read(SLUGS[1], fine()), read(SLUGS[2], fine())]
}

fn report(policy: &Policy, readings: Vec<Reading>, judging: Judging) -> Report {
    let run = Run {
        checked_at: Timestamp::UNIX_EPOCH,
        today: judging.today,
        options: Options {
            today: true,
            roster: judging.roster_as_of.is_some(),
            strict: judging.strict,
            ignore_exemptions: judging.ignore_exemptions,
            ..Options::default()
        },
        source: Provenance {
            api_url: Some("https://api.bitbucket.org/2.0".into()),
            atlassian: Some(DirectoryRecord {
                api_url: "https://api.atlassian.com/".into(),
                organisation: "an-organisation".into(),
                accounts: None,
                requests: 0,
            }),
            roster: judging.roster_as_of.map(|as_of| RosterRecord {
                path: "roster.csv".into(),
                sha256: "0".repeat(64),
                as_of,
                rows: 9,
                unmatched: None,
            }),
            ..Provenance::default()
        },
        subject: None,
    };
    Report::new(run, policy, evaluate(policy, readings, judging))
}

fn states(evaluation: &Evaluation) -> Vec<State> {
    evaluation.exemptions.iter().map(|judged| judged.state).collect()
}

fn rules(evaluation: &Evaluation) -> Vec<(Rule, Severity, u32)> {
    let shown = evaluation.findings.iter();
    shown.map(|finding| (finding.rule, finding.level, finding.location.line)).collect()
}

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

// What must hold of every input.

fn two_factor() -> impl Strategy<Value = TwoFactor> {
    prop_oneof![
        3 => Just(TwoFactor::Enabled),
        3 => Just(TwoFactor::Disabled),
        2 => Just(TwoFactor::Unknown),
    ]
}

fn any_member(number: usize) -> impl Strategy<Value = Member> {
    let kind = prop_oneof![
        6 => Just(Kind::User),
        1 => Just(Kind::AppUser),
        1 => Just(Kind::Other("team".into())),
    ];
    let status = prop_oneof![
        6 => Just(Some(AccountStatus::Active)),
        1 => Just(Some(AccountStatus::Inactive)),
        1 => Just(Some(AccountStatus::Other("new".into()))),
        1 => Just(None),
    ];
    let role = prop_oneof![Just(Role::Owner), Just(Role::Member)];
    let says = || proptest::option::of(two_factor());
    let evidence =
        (says(), says(), says(), says()).prop_map(|(bitbucket, atlassian, roster, sso)| Evidence {
            bitbucket,
            atlassian,
            roster,
            sso,
        });
    (kind, status, role, evidence).prop_map(move |(kind, account_status, role, evidence)| Member {
        kind,
        account_status,
        role: Some(role),
        evidence,
        ..member(number, TwoFactor::Unknown)
    })
}

fn any_readings() -> impl Strategy<Value = Vec<Reading>> {
    let workspace = |slug: &'static str| {
        let everybody: Vec<_> = (0..8).map(any_member).collect();
        let present = proptest::collection::vec(any::<bool>(), 8);
        (everybody, present, proptest::bool::weighted(0.85)).prop_map(
            move |(members, present, complete)| {
                let here = members.into_iter().zip(present);
                let members: Vec<Member> =
                    here.filter_map(|(member, here)| here.then_some(member)).collect();
                if complete { read(slug, members) } else { unread(slug) }
            },
        )
    };
    (workspace(SLUGS[0]), workspace(SLUGS[1]), workspace(SLUGS[2]))
        .prop_map(|(a, b, c)| vec![a, b, c])
}

fn any_day() -> impl Strategy<Value = Date> {
    (-30i64..500).prop_map(|days| TODAY.checked_add(jiff::Span::new().days(days)).unwrap())
}

fn any_exemption(position: usize) -> impl Strategy<Value = Exemption> {
    let workspaces = proptest::sample::subsequence(SLUGS.to_vec(), 0..=2);
    let starts = proptest::option::of(any_day());
    (0usize..10, any::<bool>(), any_day(), starts, workspaces).prop_map(
        move |(number, by_uuid, expires, starts, workspaces)| {
            let id = if by_uuid {
                MemberId::Uuid(format!("{{{number:04}}}").into())
            } else {
                MemberId::AccountId(account(number))
            };
            Exemption {
                selector: Selector::Id { id, email: None },
                starts: starts.filter(|starts| *starts <= expires),
                workspaces: workspaces.into_iter().map(Arc::from).collect(),
                ..exemption(10 + position as u32, &format!("EX-{position}"), number, expires)
            }
        },
    )
}

fn any_accept() -> impl Strategy<Value = Vec<Source>> {
    proptest::sample::subsequence(Source::ALL.to_vec(), 1..=4).prop_shuffle()
}

fn any_levels() -> impl Strategy<Value = Levels> {
    let level = |rule: Rule| {
        let allowed = match rule.allowed_levels() {
            [] => vec![Level::Deny],
            levels => levels.to_vec(),
        };
        proptest::sample::select(allowed).prop_map(move |level| (rule, level))
    };
    Rule::ALL
        .map(level)
        .to_vec()
        .prop_map(|set| Levels::from(set.into_iter().collect::<std::collections::BTreeMap<_, _>>()))
}

fn any_limits() -> impl Strategy<Value = Limits> {
    let admins = prop_oneof![Just(Admins::Allow), Just(Admins::Deny)];
    let days = proptest::option::of(1u32..400);
    (admins, days, proptest::option::of(0u32..4), 0u32..60).prop_map(
        |(admins, max_days, max_exemptions, warn_before_days)| Limits {
            admins,
            max_days,
            max_exemptions,
            warn_before_days,
            ..Limits::default()
        },
    )
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let exemptions: Vec<_> = (0..5).map(any_exemption).collect();
    (exemptions, 0usize..=5, any_accept(), any_levels(), any_limits()).prop_map(
        |(mut exemptions, count, accept, levels, limits)| {
            exemptions.truncate(count);
            Policy { accept, levels, limits, ..policy(exemptions) }
        },
    )
}

/// A policy at default levels, without a limit on how many exemptions there are.
fn plain_policy() -> impl Strategy<Value = Policy> {
    any_policy().prop_map(|mut policy| {
        policy.levels = Levels::default();
        policy.limits.max_exemptions = None;
        policy
    })
}

/// The errors about members: who is concerned, and by which rule.
fn accused(report: &Report) -> Vec<(Rule, String, String)> {
    let errors = report.findings.iter().filter(|finding| finding.level == Severity::Error);
    errors
        .filter_map(|finding| {
            let key = finding.key.as_deref()?;
            Some((finding.rule, finding.workspace.as_deref()?.to_owned(), key.to_owned()))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_member_has_one_outcome_and_unknown_stays_unknown(
        policy in any_policy(), readings in any_readings(), strict: bool, ignore_exemptions: bool,
    ) {
        let judging = Judging { strict, ignore_exemptions, ..judging() };
        let evaluation = evaluate(&policy, readings.clone(), judging);
        let complete = |slug: &str| {
            evaluation.workspaces.iter().any(|workspace| &*workspace.slug == slug && workspace.complete)
        };
        let mut expected: Vec<(Arc<str>, Member)> = Vec::new();
        for reading in readings.into_iter().filter(|reading| complete(&reading.workspace)) {
            let members = reading.members.unwrap().members.into_iter();
            expected.extend(members.map(|member| (reading.workspace.clone(), member)));
        }
        expected.sort_by(|a, b| (&a.0, a.1.key()).cmp(&(&b.0, b.1.key())));
        prop_assert_eq!(evaluation.members.len(), expected.len());
        for (judged, (workspace, member)) in evaluation.members.iter().zip(&expected) {
            prop_assert_eq!(&judged.member.workspace, workspace);
            prop_assert_eq!(&*judged.member.key, member.key());
            let said: Vec<TwoFactor> =
                policy.accept.iter().map(|source| member.evidence.of(*source)).collect();
            let enabled = said.contains(&TwoFactor::Enabled);
            let disabled = said.contains(&TwoFactor::Disabled);
            prop_assert_eq!(judged.outcome == Outcome::Protected, enabled && member.applicable());
            let is_unknown = !enabled && !disabled;
            prop_assert_eq!(judged.member.two_factor == TwoFactor::Unknown, is_unknown);
            prop_assert_eq!(judged.member.decided_by.is_none(), is_unknown);
            prop_assert_eq!(judged.outcome == Outcome::Exempt, judged.exemption.is_some());
            let about = |finding: &&mfa_gate::report::Finding| {
                finding.key.as_deref() == Some(member.key())
                    && finding.workspace.as_ref() == Some(workspace)
            };
            let rules: Vec<Rule> =
                evaluation.findings.iter().filter(about).map(|finding| finding.rule).collect();
            let expected = match (judged.outcome, disabled) {
                (Outcome::Violation, true) => vec![Rule::TwoFactorDisabled],
                (Outcome::Violation, false) => vec![Rule::TwoFactorUnknown],
                _ => vec![],
            };
            prop_assert_eq!(rules, expected);
        }
    }

    #[test]
    fn adding_an_exemption_creates_no_violation_elsewhere(
        policy in plain_policy(), added in any_exemption(7), readings in any_readings(),
    ) {
        let mut more = policy.clone();
        more.exemptions.push(added);
        let before = report(&policy, readings.clone(), judging());
        let after = report(&more, readings, judging());
        let was_accused = accused(&before);
        for accusation in accused(&after) {
            prop_assert!(was_accused.contains(&accusation), "{accusation:?} is new");
        }
        for finding in &after.findings {
            let own = finding.exemption.as_deref() == Some("EX-7");
            let known = before.findings.iter().any(|other| {
                other.rule == finding.rule && other.key == finding.key
                    && other.workspace == finding.workspace && other.exemption == finding.exemption
            });
            prop_assert!(
                finding.level == Severity::Warning || own || known, "{finding:?} is new"
            );
        }
    }

    #[test]
    fn removing_an_exemption_turns_no_failing_run_green(
        policy in plain_policy(), readings in any_readings(), which in any::<proptest::sample::Index>(),
    ) {
        prop_assume!(!policy.exemptions.is_empty());
        let mut fewer = policy.clone();
        fewer.exemptions.remove(which.index(policy.exemptions.len()));
        let before = report(&policy, readings.clone(), judging());
        let after = report(&fewer, readings, judging());
        prop_assert!(before.exit_code == 0 || after.exit_code != 0);
    }

    #[test]
    fn compliant_means_nobody_is_unprotected_without_a_valid_exemption(
        policy in any_policy(), readings in any_readings(), strict: bool,
    ) {
        let judging = Judging { strict, ..judging() };
        let report = report(&policy, readings.clone(), judging);
        let unprotected = |member: &Member| {
            member.applicable() && member.evidence.joined(&policy.accept).0 != TwoFactor::Enabled
        };
        let excused = |slug: &str, member: &Member| policy.exemptions.iter().any(|exemption| {
            let named = match &exemption.selector {
                Selector::Id { id: MemberId::AccountId(id), .. } => member.account_id.as_ref() == Some(id),
                Selector::Id { id: MemberId::Uuid(id), .. } => member.uuid.as_ref() == Some(id),
                Selector::Email(_) => false,
            };
            named && exemption.applies_to(slug)
                && exemption.expires >= TODAY
                && exemption.starts.is_none_or(|starts| starts <= TODAY)
                && (policy.limits.admins == Admins::Allow || member.role != Some(Role::Owner))
        });
        if report.verdict == Verdict::Compliant {
            prop_assert!(report.complete && report.exit_code == 0);
            for reading in &readings {
                let roll = reading.members.as_ref().expect("a compliant run read everything");
                prop_assert!(!roll.members.is_empty());
                for member in &roll.members {
                    prop_assert!(!unprotected(member) || excused(&reading.workspace, member));
                }
            }
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(
        policy in any_policy(), readings in any_readings(), rotation in 0usize..8,
    ) {
        let mut shuffled = readings.clone();
        shuffled.rotate_left(1);
        for reading in &mut shuffled {
            if let Ok(roll) = &mut reading.members {
                roll.members.reverse();
                let middle = rotation.min(roll.members.len());
                roll.members.rotate_left(middle);
            }
        }
        prop_assert_eq!(report(&policy, readings, judging()), report(&policy, shuffled, judging()));
    }

    #[test]
    fn a_report_judged_again_says_the_same(
        policy in any_policy(), readings in any_readings(), strict: bool,
    ) {
        let original = report(&policy, readings, Judging { strict, ..judging() });
        let text = serde_json::to_string(&original).unwrap();
        let saved: Report = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&saved, &original);
        prop_assert_eq!(saved.judged_again(), Ok(original.clone()));
        prop_assert_eq!(Report::from_saved(text.as_bytes()), Ok(original));
    }

    #[test]
    fn reports_on_single_workspaces_merge_into_the_report_on_all(
        policy in any_policy(), readings in any_readings(), strict: bool, ignore_exemptions: bool,
        first in 0usize..3,
    ) {
        let judging = Judging { strict, ignore_exemptions, ..judging() };
        let mut whole = report(&policy, readings.clone(), judging);
        // Each part asked the organisation for itself.
        if let Some(asked) = &mut whole.source.atlassian { asked.requests = 3; }
        whole.options.workspace = SLUGS.map(Arc::from).into();
        whole.options.workspace.rotate_left(first);
        let mut parts: Vec<Report> = readings
            .iter()
            .map(|reading| {
                let mut part = report(&policy, vec![reading.clone()], judging);
                part.options.workspace = vec![reading.workspace.clone()];
                if let Some(asked) = &mut part.source.atlassian { asked.requests = 1; }
                part.judged_again().expect("it says what is true")
            })
            .collect();
        parts.rotate_left(first);
        let first = parts.remove(0);
        let merged = Report::merged(first, parts.into_iter().map(|part| ((), part)).collect()).expect("they have one policy");
        prop_assert_eq!(merged.judged_again(), Ok(merged.clone()));
        prop_assert_eq!(merged, whole);
    }

    #[test]
    fn every_concern_is_new_fixed_or_staying_where_both_runs_know(
        before in any_policy(), after in any_policy(),
        then in any_readings(), now in any_readings(), strict: bool,
    ) {
        let previous = report(&before, then, judging());
        let current = report(&after, now, Judging { strict, ..judging() });
        let changes = Changes::between(&previous, &current);
        let read = |report: &Report, slug: &str| {
            report.workspaces.iter().any(|own| &*own.slug == slug && own.complete)
        };
        for workspace in &current.workspaces {
            let slug = &*workspace.slug;
            let both = read(&previous, slug) && read(&current, slug);
            prop_assert_eq!(changes.not_compared.iter().any(|own| &**own == slug), !both);
            let of = |concerns: &[Concern]| -> Vec<String> {
                let own = concerns.iter().filter(|own| own.workspace.as_deref() == Some(slug));
                own.map(|own| own.key.as_deref().unwrap().to_owned()).collect()
            };
            let (new, fixed, staying) = (of(&changes.new), of(&changes.fixed), of(&changes.staying));
            if !both {
                prop_assert!(new.is_empty() && fixed.is_empty() && staying.is_empty());
                continue;
            }
            let unprotected = |report: &Report| -> BTreeSet<String> {
                let own = report.members.iter().filter(|own| &*own.member.workspace == slug);
                own.filter(|own| own.outcome == Outcome::Violation)
                    .map(|own| own.member.key.to_string())
                    .collect()
            };
            let (then, now) = (unprotected(&previous), unprotected(&current));
            let sorted = |keys: Vec<String>| keys.into_iter().collect::<BTreeSet<_>>();
            prop_assert_eq!(sorted(new), &now - &then);
            prop_assert_eq!(sorted(fixed), &then - &now);
            prop_assert_eq!(sorted(staying), &now & &then);
        }
        let same = Changes::between(&current, &current);
        prop_assert!(same.new.is_empty() && same.fixed.is_empty());
    }
}

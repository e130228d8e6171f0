//! Any members, readings and policies.

use super::*;

pub(super) fn two_factor() -> impl Strategy<Value = TwoFactor> {
    prop_oneof![
        3 => Just(TwoFactor::Enabled),
        3 => Just(TwoFactor::Disabled),
        2 => Just(TwoFactor::Unknown),
    ]
}

pub(super) fn any_member(number: usize) -> impl Strategy<Value = Member> {
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

pub(super) fn any_readings() -> impl Strategy<Value = Vec<Reading>> {
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

pub(super) fn any_day() -> impl Strategy<Value = Date> {
    (-30i64..500).prop_map(|days| TODAY.checked_add(jiff::Span::new().days(days)).unwrap())
}

pub(super) fn any_exemption(position: usize) -> impl Strategy<Value = Exemption> {
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

pub(super) fn any_accept() -> impl Strategy<Value = Vec<Source>> {
    proptest::sample::subsequence(Source::ALL.to_vec(), 1..=4).prop_shuffle()
}

pub(super) fn any_levels() -> impl Strategy<Value = Levels> {
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

pub(super) fn any_limits() -> impl Strategy<Value = Limits> {
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

pub(super) fn any_policy() -> impl Strategy<Value = Policy> {
    let exemptions: Vec<_> = (0..5).map(any_exemption).collect();
    (exemptions, 0usize..=5, any_accept(), any_levels(), any_limits()).prop_map(
        |(mut exemptions, count, accept, levels, limits)| {
            exemptions.truncate(count);
            Policy { accept, levels, limits, ..policy(exemptions) }
        },
    )
}

/// A policy at default levels, without a limit on how many exemptions there are.
pub(super) fn plain_policy() -> impl Strategy<Value = Policy> {
    any_policy().prop_map(|mut policy| {
        policy.levels = Levels::default();
        policy.limits.max_exemptions = None;
        policy
    })
}

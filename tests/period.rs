//! A period by property: what is said of it follows from its looks and claims no more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "shared/live.rs"]
mod live;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mfa_gate::judge::{Auditor, Filed, Period};
use mfa_gate::member::{Member, Role, TwoFactor};
use mfa_gate::report::{
    Audit, FileCounts, Gap, NotCounted, OutcomeCounts, PeriodVerdict, PreviousReport, Report,
    State, Why,
};
use proptest::collection::btree_map;
use proptest::prelude::*;

const DAY: i64 = 86_400;
/// The period has as many days, and so many lie before it.
const DAYS: i64 = 12;
const BEFORE: i64 = 4;

/// What is seen of three members: whether each is there, and has a second factor.
type Seen = [Option<TwoFactor>; 3];

/// Looks at one workspace, by seconds from the start of the period.
type Looks = BTreeMap<i64, Seen>;

fn looks() -> impl Strategy<Value = Looks> {
    let flag = prop_oneof![
        4 => Just(Some(TwoFactor::Enabled)),
        3 => Just(Some(TwoFactor::Disabled)),
        1 => Just(Some(TwoFactor::Unknown)),
        2 => Just(None),
    ];
    // Hours, and seconds around the borders of days.
    let time = (-BEFORE..DAYS + 1, 0..24_i64, -1..=1_i64)
        .prop_map(|(day, hour, second)| day * DAY + hour * 3600 + second);
    btree_map(time, [flag.clone(), flag.clone(), flag], 0..24)
}

fn start() -> Timestamp {
    date(2026, 3, 1).to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// The report of a live look. Another member, who is protected, is always there.
fn report(at: Timestamp, seen: &Seen) -> Report {
    let protected = live::member(9, TwoFactor::Enabled);
    let seen = seen.iter().enumerate();
    let seen = seen.filter_map(|(number, flag)| Some(live::member(number, (*flag)?)));
    let members = Ok(seen.chain([protected]).collect());
    live::report("version: 1\nworkspaces: [acme]\n", at, &[("acme", members)])
}

fn period(from: i64, to: i64) -> Period {
    let day =
        |number: i64| (start() + SignedDuration::from_secs(number * DAY)).to_zoned(TimeZone::UTC);
    Period {
        from: day(from).date(),
        to: day(to).date(),
        max_gap: SignedDuration::from_hours(26),
        workspaces: vec!["acme".into()],
        policy_sha256: Vec::new(),
    }
}

/// The audit of some days of the period, the first and the last of which are given.
fn audit(looks: &Looks, from: i64, to: i64) -> Audit {
    let mut auditor = Auditor::new(period(from, to));
    for (second, seen) in looks {
        let checked_at = start() + SignedDuration::from_secs(*second);
        let filed = Filed { checked_at, sha256: second.to_string().into(), path: "".into() };
        auditor.add(&filed, &report(checked_at, seen)).unwrap();
    }
    auditor.finish(&HashSet::<Arc<str>>::new(), FileCounts::default())
}

fn whole(looks: &Looks) -> Audit {
    audit(looks, 0, DAYS - 1)
}

fn seconds(at: Timestamp) -> i64 {
    at.duration_since(start()).as_secs()
}

fn is_exposed(seen: &Seen, key: &str) -> bool {
    let number: usize = key.rsplit('-').next().unwrap().parse().unwrap();
    matches!(seen.get(number), Some(Some(TwoFactor::Disabled | TwoFactor::Unknown)))
}

/// The looks of each member that are in an exposure, counted from nothing but what was seen.
fn exposed_looks(looks: &Looks, key: &str) -> u64 {
    let within = looks.range(0..DAYS * DAY);
    within.filter(|(_, seen)| is_exposed(seen, key)).count() as u64
}

fn gaps(audit: &Audit) -> &[Gap] {
    &audit.workspaces.first().unwrap().gaps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn covered_means_looked_at_and_compliant(looks in looks()) {
        let audit = whole(&looks);
        let mut times: Vec<i64> = looks.keys().copied().filter(|at| *at < DAYS * DAY).collect();
        let first = times.iter().position(|at| *at >= 0).unwrap_or(times.len());
        let opening = if first == 0 { 0 } else { times[first - 1] };
        times.drain(..first);
        times.push(DAYS * DAY);
        let mut last = opening;
        let mut is_apace = true;
        for at in times {
            is_apace &= at <= 0 || at - last <= 26 * 3600;
            last = at;
        }
        let within = || looks.range(0..DAYS * DAY);
        let is_clean = within().all(|(_, seen)| {
            seen.iter().all(|flag| matches!(flag, None | Some(TwoFactor::Enabled)))
        });
        let expected = match (is_clean, is_apace && within().count() > 0) {
            (false, _) => PeriodVerdict::Violations,
            (true, true) => PeriodVerdict::Covered,
            (true, false) => PeriodVerdict::Gaps,
        };
        prop_assert_eq!(audit.verdict, expected);
        prop_assert_eq!(gaps(&audit).is_empty(), is_apace);
    }

    #[test]
    fn an_exposure_claims_what_was_seen(looks in looks()) {
        for person in whole(&looks).people {
            let mut counted = 0;
            for exposure in &person.exposures {
                let (first, last) = (seconds(exposure.first_seen), seconds(exposure.last_seen));
                prop_assert!(last >= 0);
                prop_assert_eq!(exposure.at_least_s, last - first);
                // In between it was exposed at every look, and just outside at none.
                let inside: Vec<_> = looks.range(first..=last).collect();
                prop_assert!(inside.iter().all(|(_, seen)| is_exposed(seen, &person.key)));
                prop_assert_eq!(inside.len() as u64, exposure.looks);
                counted += inside.iter().filter(|(at, _)| **at >= 0).count() as u64;
                let before = looks.range(..first).next_back();
                prop_assert_eq!(exposure.look_before.map(seconds), before.map(|(at, _)| *at));
                prop_assert!(before.is_none_or(|(_, seen)| !is_exposed(seen, &person.key)));
                let after = looks.range(last + 1..DAYS * DAY).next();
                prop_assert_eq!(exposure.look_after.map(seconds), after.map(|(at, _)| *at));
                prop_assert!(after.is_none_or(|(_, seen)| !is_exposed(seen, &person.key)));
                prop_assert!(exposure.at_most_s.is_none_or(|most| most > exposure.at_least_s));
            }
            prop_assert_eq!(counted, exposed_looks(&looks, &person.key));
            prop_assert_eq!(counted, person.looks.unprotected + person.looks.unknown);
        }
    }

    #[test]
    fn another_look_makes_no_gap_longer(looks in looks(), more in looks()) {
        let before = whole(&looks);
        let mut with_more = looks;
        with_more.extend(more);
        let after = whole(&with_more);
        for gap in gaps(&after) {
            // A first look before the period says that it began earlier, and no more than that.
            let is_in = |other: &Gap| (other.from <= gap.from || gap.from < start()) && other.to >= gap.to;
            prop_assert!(gaps(&before).iter().any(is_in) , "{:?}", gap);
        }
    }

    #[test]
    fn two_halves_say_what_the_whole_says(looks in looks(), border in 1..DAYS - 1) {
        let parts = [audit(&looks, 0, border - 1), audit(&looks, border, DAYS - 1)];
        let whole = whole(&looks);
        let of_parts = |count: fn(&Audit) -> u64| parts.iter().map(count).sum::<u64>();
        prop_assert_eq!(of_parts(|own| own.summary.looks), whole.summary.looks);
        let bad = |own: &Audit| own.summary.looks_with_violations;
        prop_assert_eq!(of_parts(bad), bad(&whole));
        let mut counts: BTreeMap<&str, Vec<OutcomeCounts>> = BTreeMap::new();
        for person in parts.iter().flat_map(|part| &part.people) {
            counts.entry(&person.key).or_default().push(person.looks);
        }
        prop_assert_eq!(counts.len(), whole.people.len());
        for person in &whole.people {
            let protected = counts[&*person.key].iter().map(|own| own.protected).sum::<u64>();
            prop_assert_eq!(protected, person.looks.protected);
        }
        // What does not cross the border is the same.
        let at = border * DAY;
        let apart = |from: Option<Timestamp>, to: Option<Timestamp>| {
            to.is_some_and(|to| seconds(to) < at) || from.is_some_and(|from| seconds(from) >= at)
        };
        let exposures = |audit: &Audit| -> Vec<_> {
            let people = audit.people.iter();
            let all = people.flat_map(|own| own.exposures.iter().map(|it| (own.key.clone(), it.clone())));
            let mut all: Vec<_> = all.filter(|(_, it)| apart(Some(it.first_seen), it.look_after)).collect();
            all.sort_by_key(|(key, it)| (key.clone(), it.first_seen));
            all
        };
        let mut of_both: Vec<_> = parts.iter().flat_map(exposures).collect();
        of_both.sort_by_key(|(key, it)| (key.clone(), it.first_seen));
        of_both.dedup();
        prop_assert_eq!(of_both, exposures(&whole));
        let gaps = |audit: &Audit| -> Vec<Gap> {
            gaps(audit).iter().filter(|gap| apart(Some(gap.from), Some(gap.to))).cloned().collect()
        };
        let of_both: Vec<Gap> = parts.iter().flat_map(gaps).collect();
        // The second half begins with a look before it, so no gap begins at the border itself.
        let from_border = |gap: &Gap| seconds(gap.from) == at && !looks.contains_key(&at);
        let of_both: Vec<Gap> = of_both.into_iter().filter(|gap| !from_border(gap)).collect();
        prop_assert_eq!(of_both, gaps(&whole));
    }

    #[test]
    fn every_day_has_its_state(looks in looks()) {
        let audit = whole(&looks);
        let days = &audit.workspaces.first().unwrap().days;
        prop_assert_eq!(days.len() as i64, DAYS);
        for (number, day) in (0_i64..).zip(days) {
            let count = looks.range(number * DAY..(number + 1) * DAY).count();
            prop_assert_eq!(day.looks as usize, count);
            let within = || looks.range(number * DAY..(number + 1) * DAY);
            let mut flags = within().flat_map(|(_, seen)| seen);
            let is_clean = flags.all(|flag| matches!(flag, None | Some(TwoFactor::Enabled)));
            match (within().next(), is_clean) {
                (None, _) => {
                    let is_in = |gap: &Gap| {
                        seconds(gap.from) < (number + 1) * DAY && seconds(gap.to) > number * DAY
                    };
                    let expected = if gaps(&audit).iter().any(is_in) { "gap" } else { "no_look" };
                    prop_assert_eq!(day.state.id(), expected);
                }
                (Some(_), true) => prop_assert_eq!(day.state.id(), "compliant"),
                (Some(_), false) => prop_assert_eq!(day.state.id(), "violations"),
            }
        }
    }
}

// By example: borders, and what policies and workspaces have to do with each other.

const HOUR: i64 = 3600;

/// A report that was made so many seconds after the start of the period.
fn made(second: i64, policy: &str, lists: &[(&str, Vec<Member>)]) -> (Filed, Report) {
    let checked_at = start() + SignedDuration::from_secs(second);
    let lists: Vec<_> = lists.iter().map(|(slug, members)| (*slug, Ok(members.clone()))).collect();
    let filed = Filed { checked_at, sha256: second.to_string().into(), path: "".into() };
    (filed, live::report(policy, checked_at, &lists))
}

/// The audit of what the policies name.
fn audit_of(reports: &[(Filed, Report)]) -> Audit {
    let mut auditor = Auditor::new(Period { workspaces: Vec::new(), ..period(0, DAYS - 1) });
    for (filed, report) in reports {
        auditor.add(filed, report).unwrap();
    }
    auditor.finish(&HashSet::new(), FileCounts::default())
}

fn protected() -> Vec<Member> {
    vec![live::member(0, TwoFactor::Enabled)]
}

fn exempting(slugs: &str, more: &str) -> String {
    let account = "557058:00000000-0000-4000-8000-000000000001";
    format!(
        "version: 1\nworkspaces: [{slugs}]\nexemptions:\n  - {{id: EX-1, account_id: \"{account}\", \
         reason: a bot, {more}}}\n"
    )
}

#[test]
fn an_exemption_is_in_force_from_its_first_day_to_its_last() {
    let policy = exempting("acme", "starts: 2026-03-04, expires: 2026-03-09");
    let members = vec![live::member(1, TwoFactor::Disabled)];
    // Two looks a day.
    let looks = (0..DAYS * 2).map(|half| half * 12 * HOUR + HOUR);
    let reports: Vec<_> =
        looks.map(|second| made(second, &policy, &[("acme", members.clone())])).collect();
    let audit = audit_of(&reports);
    let exemption = audit.exemptions.first().unwrap();
    assert_eq!((exemption.days_in_force, exemption.days_needed), (6, 6));
    let states = exemption.states.iter().map(|span| (span.state, span.reports));
    let expected = [(State::Scheduled, 6), (State::Expiring, 12), (State::Expired, 6)];
    assert_eq!(states.collect::<Vec<_>>(), expected);
}

#[test]
fn an_exemption_is_shown_as_it_was_last() {
    let policies =
        ["2026-03-05", "2026-03-25"].map(|day| exempting("acme", &format!("expires: {day}")));
    let members = vec![live::member(1, TwoFactor::Disabled)];
    let reports =
        [0, 1].map(|day| made(day as i64 * DAY, &policies[day], &[("acme", members.clone())]));
    let audit = audit_of(&reports);
    assert_eq!(audit.exemptions.first().unwrap().entry.expires, date(2026, 3, 25));
}

#[test]
fn policies_side_by_side_do_not_follow_each_other() {
    let acme = exempting("acme", "expires: 2026-03-25");
    let edited = format!("{acme}# edited\n");
    let beta = "version: 1\nworkspaces: [beta]\n".to_owned();
    let at =
        |hour: i64, policy: &str, slug: &str| made(hour * HOUR, policy, &[(slug, protected())]);
    let mut reports = vec![
        at(1, &acme, "acme"),
        at(2, &beta, "beta"),
        at(3, &acme, "acme"),
        at(4, &beta, "beta"),
        at(5, &edited, "acme"),
    ];
    let names: BTreeMap<Box<str>, &str> = [(0, "acme"), (1, "beta"), (4, "edited")]
        .map(|(number, name): (usize, _)| (reports[number].1.policy.sha256.clone(), name))
        .into();
    let changes = |reports: &[(Filed, Report)]| -> Vec<(&str, &str, u64, usize)> {
        let changes = audit_of(reports).policy_changes.into_iter();
        changes
            .map(|change| {
                let [from, to] = [&change.from, &change.to].map(|sha256| names[&**sha256]);
                (from, to, change.times, change.exemptions.len())
            })
            .collect()
    };
    // A policy of another workspace may be the same one after a workspace was renamed, unless the
    // first one is used again.
    assert_eq!(changes(&reports[..2]), [("acme", "beta", 1, 1)]);
    assert_eq!(changes(&reports), [("acme", "edited", 1, 0)]);
    reports.extend([at(6, &acme, "acme"), at(7, &edited, "acme"), at(8, &edited, "acme")]);
    assert_eq!(changes(&reports), [("acme", "edited", 2, 0), ("edited", "acme", 1, 0)]);
}

#[test]
fn a_workspace_that_was_dropped_as_the_period_began_is_not_part_of_it() {
    let both = "version: 1\nworkspaces: [acme, beta]\n";
    let one = "version: 1\nworkspaces: [acme]\n";
    let lists = [("acme", protected()), ("beta", protected())];
    let slugs = |second: i64| -> Vec<Arc<str>> {
        let audit = audit_of(&[made(-HOUR, both, &lists), made(second, one, &lists[..1])]);
        audit.workspaces.into_iter().map(|workspace| workspace.slug).collect()
    };
    assert_eq!(slugs(0), ["acme".into()]);
    assert_eq!(slugs(1), ["acme".into(), "beta".into()]);
}

#[test]
fn a_day_without_a_look_is_not_in_the_gap_that_follows_it() {
    let policy = "version: 1\nworkspaces: [acme]\n";
    let looks =
        [-HOUR, DAY - HOUR, 2 * DAY].map(|second| made(second, policy, &[("acme", protected())]));
    let days = &audit_of(&looks).workspaces[0].days;
    let states: Vec<&str> = days.iter().take(4).map(|day| day.state.id()).collect();
    assert_eq!(states, ["compliant", "no_look", "compliant", "gap"]);
}

#[test]
fn a_gap_that_ends_as_the_period_begins_is_not_part_of_it() {
    let policy = "version: 1\nworkspaces: [acme]\n";
    let looks = [-3 * DAY, 0].map(|second| made(second, policy, &[("acme", protected())]));
    let audit = audit_of(&looks);
    let gaps: Vec<i64> = gaps(&audit).iter().map(|gap| seconds(gap.from)).collect();
    assert_eq!(gaps, [0]);
}

#[test]
fn a_broken_rule_is_about_its_workspace_alone() {
    let policy = "version: 1\nworkspaces: [acme, beta]\nlimits: {max_owners: 1}\nrules: {too-many-owners: deny}\n";
    let listed =
        |number, role| Member { role: Some(role), ..live::member(number, TwoFactor::Enabled) };
    let acme = vec![listed(1, Role::Owner), listed(2, Role::Owner)];
    let lists = [("acme", acme), ("beta", vec![listed(3, Role::Owner)])];
    let audit = audit_of(&[made(0, policy, &lists)]);
    let looks = audit.workspaces.iter().flat_map(|workspace| &workspace.looks);
    assert_eq!(looks.map(|look| look.compliant).collect::<Vec<_>>(), [false, true]);

    let mut auditor =
        Auditor::new(Period { workspaces: vec!["beta".into()], ..period(0, DAYS - 1) });
    let (filed, report) = made(0, policy, &lists);
    auditor.add(&filed, &report).unwrap();
    assert_eq!(auditor.finish(&HashSet::new(), FileCounts::default()).broken_rules, []);
}

#[test]
fn what_is_not_evidence_counts_within_the_period() {
    let policy = "version: 1\nworkspaces: [acme]\n";
    for (second, counts) in [(-1, 0), (0, 1), (DAYS * DAY - 1, 1), (DAYS * DAY, 0)] {
        let mut auditor = Auditor::new(period(0, DAYS - 1));
        let (filed, report) = made(HOUR, policy, &[("acme", protected())]);
        auditor.add(&filed, &report).unwrap();
        auditor.refuse(
            NotCounted {
                checked_at: Some(start() + SignedDuration::from_secs(second)),
                path: "edited.json".into(),
                report: None,
                workspace: None,
                why: Why::NotEvidence,
                detail: None,
            },
            true,
        );
        let audit = auditor.finish(&HashSet::new(), FileCounts::default());
        assert_eq!(audit.summary.not_evidence, counts, "{second}");
        assert_eq!(audit.verdict == PeriodVerdict::Violations, counts == 1, "{second}");
    }
}

#[test]
fn a_chain_breaks_where_a_report_of_the_period_is_missing() {
    let policy = "version: 1\nworkspaces: [acme]\n";
    for (second, from_before) in [(-1, 1), (0, 0)] {
        let (filed, mut report) = made(HOUR, policy, &[("acme", protected())]);
        let checked_at = start() + SignedDuration::from_secs(second);
        report.previous = Some(PreviousReport { sha256: "0".repeat(64).into(), checked_at });
        let chain = audit_of(&[(filed, report)]).chain;
        assert_eq!(
            (chain.from_before, chain.breaks.len()),
            (from_before, 1 - from_before as usize)
        );
    }
}

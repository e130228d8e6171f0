//! What a report may claim, given what the server saw.

use std::collections::{BTreeMap, BTreeSet};

use mfa_gate::member::{Source, TwoFactor};
use mfa_gate::report::{JudgedMember, Outcome, Report, Verdict};

use crate::answer::{Page, Position, Wants};
use crate::evidence;
use crate::history::{Flag, Person, account_id};
use crate::schedule::{Ids, Permission, Schedule};
use crate::server::{Log, SECRETS, Served};

/// How a schedule ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// Everybody of one state is reported, and protected.
    Compliant,
    /// Everybody of one state is reported, and somebody is not protected.
    Violations,
    /// The answers agreed with each other, and yet were of no single state.
    Undetectable,
    /// The report says that it does not know.
    Incomplete,
}

/// A page that the last walk is built on, and when it was served.
#[derive(Clone, Copy)]
struct Basis<'a> {
    tick: usize,
    page: &'a Page,
    /// Whether it says that another one follows; where all fields were spelled out and none of them
    /// says anything of the list, the answer before it said so.
    next: bool,
}

/// Checks a report against the truth.
///
/// # Errors
/// What the report says and could have known to be wrong.
pub(crate) fn check(schedule: &Schedule, log: &Log, report: &Report) -> Result<End, String> {
    nothing_leaked(schedule, log, report)?;
    let code = match report.verdict {
        Verdict::Compliant => 0,
        Verdict::Violations => 1,
        Verdict::Incomplete => 3,
        Verdict::NotEnforced => return Err("no rule of the policy warns".into()),
    };
    if (report.exit().code(), report.exit_code) != (code, code) {
        return Err(format!("{:?} with exit code {}", report.verdict, report.exit().code()));
    }
    if schedule.ids != Ids::Both {
        return told_apart(report);
    }
    as_it_is(schedule, report)?;
    if report.verdict == Verdict::Incomplete {
        let silent = report.members.is_empty() && !report.complete;
        return silent
            .then_some(End::Incomplete)
            .ok_or("incomplete, and judged all the same".into());
    }
    let reported: BTreeMap<&str, &JudgedMember> =
        report.members.iter().map(|judged| (judged.member.key(), judged)).collect();
    // A list that did not add up is read again in turn; one from which somebody may have left, side
    // by side. If nobody had, the list before the look-up of addresses is the one that is reported.
    let built = |until, in_turn| {
        let basis = basis(&log.served[..until], &reported, in_turn)?;
        agrees(&basis, &reported).map(|()| basis)
    };
    let all = log.served.len();
    let looked_up = log.looked_up.last().map_or(all, |last| last.tick);
    let basis = built(all, true)
        .or_else(|_| built(all, false))
        .or_else(|_| built(looked_up, true))
        .or_else(|_| built(looked_up, false))?;
    evidence::check(schedule, log, report)?;
    for judged in report.members.iter().filter(|judged| judged.outcome == Outcome::Violation) {
        if report.verdict == Verdict::Compliant {
            return Err(format!("compliant in spite of {}", judged.member.key()));
        }
    }
    if is_one_state(schedule, &basis, &reported)? {
        Ok(if code == 0 { End::Compliant } else { End::Violations })
    } else {
        Ok(End::Undetectable)
    }
}

/// Checks that no member of a list of unknown length is judged.
fn told_apart(report: &Report) -> Result<End, String> {
    if report.verdict == Verdict::Incomplete {
        return Ok(End::Incomplete);
    }
    let members = || report.members.iter().map(|judged| &judged.member);
    let one_kind = members().all(|member| member.account_id.is_some())
        || members().all(|member| member.uuid.is_some());
    let told_apart = report.members.len() < 2 || one_kind;
    told_apart
        .then_some(End::Undetectable)
        .ok_or("rows that may be of one person were judged".into())
}

/// Checks that nobody was asked who was not named, and that each server got its own credential and
/// the report none.
fn nothing_leaked(schedule: &Schedule, log: &Log, report: &Report) -> Result<(), String> {
    if log.other_was_asked {
        return Err("the other server was asked".into());
    }
    if log.organisation.any && schedule.elsewhere.organisation.is_none() {
        return Err("an organisation was asked that nobody named".into());
    }
    if log.tenant.any && schedule.elsewhere.tenant.is_none() {
        return Err("a tenant was asked that nobody named".into());
    }
    let of_others = log.organisation.complaints.iter().chain(&log.tenant.complaints);
    if let Some(complaint) = log.complaints.iter().chain(of_others).next() {
        return Err(complaint.clone());
    }
    let text = format!("{report:?}");
    let shown = SECRETS.into_iter().find(|secret| text.contains(secret));
    shown.map_or(Ok(()), |secret| Err(format!("the report shows {secret}")))
}

/// Checks the verdict and every outcome where the reader has no excuse: nothing changes, nothing
/// breaks, and whoever is asked knows these people.
fn as_it_is(schedule: &Schedule, report: &Report) -> Result<(), String> {
    let elsewhere = &schedule.elsewhere;
    let people = schedule.history.at(0);
    let roster = elsewhere.roster.as_ref();
    let (organisation, tenant) = (elsewhere.organisation.as_ref(), elsewhere.tenant.as_ref());
    let no_lookup = roster.is_none_or(|it| it.needs_no_lookup()) && tenant.is_none();
    let harmless = schedule.harmless()
        && organisation.is_none_or(|it| it.harmless() && it.knows(people))
        && roster.is_none_or(|it| it.is_clear() && it.knows(people))
        && tenant.is_none_or(|it| it.harmless() && it.knows(people))
        // Only an admin is believed to have been shown that nobody has an address.
        && (no_lookup || elsewhere.lookup.is_right() && schedule.permission == Permission::Owner);
    let checked = || people.iter().filter(|person| person.logs_in());
    let truth: BTreeMap<String, TwoFactor> =
        checked().map(|person| (person.account_id(), evidence::truth(schedule, person))).collect();
    // A credential that sees nobody's flag, or may not, makes "unknown" mean nothing.
    let hidden = |person: &&Person| {
        truth.get(&person.account_id()) != Some(&TwoFactor::Enabled)
            && flagged(person.flag) == TwoFactor::Unknown
    };
    let sighted = !elsewhere.accepts(Source::Bitbucket)
        || checked().find(hidden).is_none()
        || schedule.permission == Permission::Owner
            && people.iter().any(|person| flagged(person.flag) != TwoFactor::Unknown);
    if !harmless || !sighted {
        return Ok(());
    }
    let right = if truth.is_empty() {
        // Every workspace has an owner who logs in.
        Verdict::Incomplete
    } else if truth.values().all(|&known| known == TwoFactor::Enabled) {
        Verdict::Compliant
    } else {
        Verdict::Violations
    };
    if report.verdict != right {
        return Err(format!("nothing went wrong, and {right:?} was expected"));
    }
    for judged in report.members.iter().filter(|it| it.outcome != Outcome::NotApplicable) {
        let (key, said) = (judged.member.key(), judged.member.two_factor);
        if truth.get(key) != Some(&said) {
            return Err(format!("nothing went wrong, and {key} is {said:?}: {truth:?}"));
        }
    }
    Ok(())
}

/// The pages of the last walk, each as it was used: a page may have been sent several times, to
/// tries that failed, or with other fields.
fn basis<'a>(
    served: &'a [Served],
    reported: &BTreeMap<&str, &JudgedMember>,
    in_turn: bool,
) -> Result<Vec<Basis<'a>>, String> {
    let starts = |served: &Served| {
        served.position == Position::Start && served.wants == Wants::More && served.page.is_some()
    };
    let start = served.iter().rposition(starts).ok_or("no first page was ever sent")?;
    let mut sent: BTreeMap<Position, Vec<Basis<'_>>> = BTreeMap::new();
    // What is left of a walk that was given up may arrive while the next one reads page by page.
    let in_turn =
        in_turn && served[..start].iter().any(|served| served.position != Position::Start);
    let mut at = 1;
    for (tick, served) in served.iter().enumerate().skip(start) {
        if let Position::Number(number) = served.position {
            if in_turn && number != at && number != at + 1 {
                continue;
            }
            at = number;
        }
        if let Some(page) = &served.page {
            let tries = sent.entry(served.position).or_default();
            let before = tries.last().filter(|_| page.body.get("pagelen").is_none());
            let next = before.map_or(page.next, |before| before.next);
            tries.push(Basis { tick, page, next });
        }
    }
    // Or it asks for pages that are there no more.
    let is_last = |tries: &Vec<Basis<'_>>| tries.iter().all(|basis| !basis.next);
    let last = sent.iter().find(|(_, tries)| is_last(tries)).map(|(&position, _)| position);
    if let Some(Position::Number(last)) = last {
        sent.retain(|&position, _| position <= Position::Number(last));
    }
    for (position, tries) in &sent {
        let ids = |wants: &dyn Fn(Wants) -> bool| {
            let tries = tries.iter().rfind(|basis| wants(served[basis.tick].wants));
            tries.map(|basis| basis.page.rows.iter().map(|person| person.id).collect::<Vec<_>>())
        };
        let spelled_out = ids(&|wants| wants == Wants::SpelledOut);
        let before = ids(&|wants| wants != Wants::SpelledOut);
        if spelled_out.is_some_and(|again| before.is_some_and(|before| before != again)) {
            return Err(format!(
                "the page at {position:?} held others when it was asked for again"
            ));
        }
    }
    let used = |(position, tries): (Position, Vec<Basis<'a>>)| {
        let fitting = tries
            .into_iter()
            .filter(|basis| basis.page.rows.iter().all(|&person| is_reported(person, reported)));
        fitting.max_by_key(|basis| basis.page.rows.len()).ok_or_else(|| {
            format!("the page at {position:?} was sent, and is not what was reported")
        })
    };
    sent.into_iter().map(used).collect()
}

/// What a flag says.
pub(crate) fn flagged(flag: Flag) -> TwoFactor {
    match flag {
        Flag::On => TwoFactor::Enabled,
        Flag::Off => TwoFactor::Disabled,
        Flag::Null | Flag::Absent => TwoFactor::Unknown,
    }
}

/// Whether a row is reported, as it was shown.
fn is_reported(person: Person, reported: &BTreeMap<&str, &JudgedMember>) -> bool {
    reported.get(&*person.account_id()).is_some_and(|judged| {
        let logs_in = judged.outcome != Outcome::NotApplicable;
        let said = judged.member.evidence.bitbucket;
        (logs_in, said) == (person.logs_in(), Some(flagged(person.flag)))
    })
}

/// Whether the pages agree with each other and with the report: everything that a reader can tell
/// without asking twice.
fn agrees(basis: &[Basis<'_>], reported: &BTreeMap<&str, &JudgedMember>) -> Result<(), String> {
    let count = reported.len();
    let rows: usize = basis.iter().map(|basis| basis.page.rows.len()).sum();
    if rows != count {
        return Err(format!("{rows} rows were sent, and {count} members are reported"));
    }
    let mut sizes = basis.iter().filter_map(|basis| basis.page.size);
    if let Some(size) = sizes.find(|&size| size != count as u64) {
        return Err(format!("a page counts {size} members, and {count} are reported"));
    }
    if basis.iter().all(|basis| basis.next) {
        return Err("no page was the last one".into());
    }
    Ok(())
}

/// Whether the members are those of one state that the walk saw. They have to be where nobody
/// joined or left between its pages.
fn is_one_state(
    schedule: &Schedule,
    basis: &[Basis<'_>],
    reported: &BTreeMap<&str, &JudgedMember>,
) -> Result<bool, String> {
    let ids = |tick| -> BTreeSet<String> {
        schedule.history.ids(tick).into_iter().map(account_id).collect()
    };
    let seen: BTreeSet<BTreeSet<String>> = basis.iter().map(|basis| ids(basis.tick)).collect();
    let found: BTreeSet<String> = reported.keys().map(|&key| key.to_owned()).collect();
    let one = seen.contains(&found);
    if seen.len() == 1 && !one {
        return Err("nobody joined or left, and others are reported than were members".into());
    }
    Ok(one)
}

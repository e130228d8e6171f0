//! Chaos: thousands of servers, each with its own way to fail, and what must hold against all of
//! them.
//!
//! A seed makes a [`schedule::Schedule`]: who is in the workspace and how that changes with every
//! request, how the server pages, what it says about the list, and what becomes of its answers.
//! Half of the schedules have more to ask than Bitbucket, and a policy that accepts it: an Atlassian
//! [`organisation`] with its own server and key, whose directory changes and whose pages fail in the
//! same ways; an identity provider; or both. The provider's [`roster`] is a file, by account ids or
//! by addresses whose owners Bitbucket is asked for, or it comes from the two servers of a Microsoft
//! Entra [`tenant`]. Some of the other schedules have company: up to four more workspaces at the
//! same server, each with its own schedule, all read at once, and each compared with what its own
//! server knows. The reader walks it over real connections, the report is made as `mfa-gate check`
//! makes it, and [`verdict::check`] compares it with what the servers know to be true.
//!
//! # What must hold
//!
//! Never a panic, never a run far past the deadline, never a connection to the server that no one
//! named, nor to an organisation or tenant that was not named; to each server its own credential, and
//! none in the report. Where nothing changes and nothing breaks, the right verdict, and of each
//! member what the accepted sources say together. And whatever the verdict, unless it is "incomplete"
//! and lists no member:
//!
//! 1. The members reported are the rows of the pages of the last walk (or of the last one before
//!    addresses were looked up, where the last one found the same people), all of them, none twice,
//!    each as it was shown: protected, unprotected and unknown alike.
//! 2. Every size that these pages state is the number of members reported, and one of the pages was
//!    the last.
//! 3. Where no member joined or left between the first and the last of these pages, the members are
//!    exactly those of the workspace.
//! 4. Outcome and deciding source of each member follow from its evidence, by the order in which the
//!    policy accepts sources.
//! 5. What the organisation is reported to say was read from the first page of its directory to the
//!    last, as the cursors led, no account twice. A member that it protects was listed as active,
//!    managed and with two-step verification. A member who is not on these pages is unknown to it.
//! 6. What the roster is reported to say stands in a row about that member: one with the account id,
//!    or one without any id and with the address. What Microsoft Entra is reported to say follows from
//!    its two lists, each read from the first page to the last as its links led, no user twice. A
//!    member that it protects has an address that no other user has, and that user is enabled and
//!    capable of a method that counts. All others are unknown to it, except enabled members of the
//!    tenant without such a method.
//! 7. Every accepted source was asked about a member who is accused, the organisation and the tenant
//!    to the last page; and no row of the roster clears the member, nor an organisation or a tenant
//!    that did not fail.
//! 8. No answer was believed that cannot say who has an address: one with people who were not asked
//!    for or who show none, one page of several, a refusal.
//! 9. No member is accused that the roster or Microsoft Entra clears by address, and that had left
//!    when Bitbucket was asked for addresses last.
//! 10. Where two rows may be of one person, no member is judged.
//! 11. Where Bitbucket protects every member and its word counts, there is no connection to the
//!     organisation or to Microsoft, and no address is looked up. Where Bitbucket and the organisation
//!     protect every member, there is no connection to Microsoft.
//!
//! # What cannot be promised
//!
//! "The members are exactly those of one moment" does not follow from any walk through pages. Let a
//! member on page 1 leave after it was read, and another join at the end: page 2 has moved up by one,
//! so one member was on no page, and yet every page states the same size, as many rows came, and none
//! came twice. The answers are, to the letter, those of a workspace in which nothing happened. A
//! reader would have to see the list twice to have a chance of noticing, and even then could not be
//! sure. The same goes for sizes that are missing or out of date. Such ends are counted as
//! [`verdict::End::Undetectable`] and have to stay rare; points 1 and 2 hold for them as well.
//!
//! An organisation and a tenant state no size at all: a page that their cursors leap over, a row that
//! is missing, or an account that switches two-step verification between the question for those with
//! it and the question for those without, is missed without a trace. So is a member that Bitbucket
//! omits when it is asked for addresses. All of them are then unknown to that source, which clears
//! no member.
//!
//! # Running it
//!
//! `CHAOS_SEED=7 cargo test --test chaos -- --nocapture` runs one schedule and shows it;
//! `CHAOS_SCHEDULES=100000` runs more of them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that meets the unexpected fails, and says what it met"
)]

mod answer;
mod dice;
mod directory;
mod elsewhere;
mod evidence;
mod gate;
mod graph;
mod history;
mod http;
mod listing;
mod lookup;
mod microsoft;
mod organisation;
mod paging;
mod provider;
mod reception;
mod roster;
mod schedule;
mod server;
mod tenant;
mod verdict;
mod weather;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mfa_gate::member::Source;
use mfa_gate::report::{Outcome, Report};
use schedule::Schedule;
use server::Log;
use verdict::End;

/// Who ends so long past the deadline was not stopped by it, however busy the machine is.
const GRACE: Duration = Duration::from_secs(30);

/// More than there are cores: servers wait most of the time.
const WORKERS: usize = 4;

/// What a roster is called that comes from Microsoft Entra.
const ENTRA: &str = "entra";

/// What came of one schedule.
enum Fate {
    /// It ended so, and these proved somebody's second factor.
    Ended(End, BTreeSet<&'static str>),
    Wrong(String),
}

impl Fate {
    /// How it ended, or what to complain about.
    fn end(self, seed: u64) -> Result<(End, BTreeSet<&'static str>), String> {
        let why = match self {
            Fate::Ended(end, proof) => return Ok((end, proof)),
            Fate::Wrong(why) => why,
        };
        Err(format!("{why}; again with CHAOS_SEED={seed} cargo test --test chaos -- --nocapture"))
    }
}

#[test]
fn no_verdict_but_the_right_one() {
    if let Ok(seed) = std::env::var("CHAOS_SEED") {
        return alone(seed.parse().unwrap());
    }
    let count = std::env::var("CHAOS_SCHEDULES").map_or(2_000, |count| count.parse().unwrap());
    let (next, fates) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= count {
                        break;
                    }
                    let (fate, _) = run(&Schedule::run(seed));
                    fates.lock().unwrap().push((seed, fate));
                }
            });
        }
    });
    let mut ends: BTreeMap<End, u64> = BTreeMap::new();
    let mut proofs: BTreeMap<(&str, End), u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (seed, fate) in fates.into_inner().unwrap() {
        match fate.end(seed) {
            Ok((end, proof)) => {
                *ends.entry(end).or_default() += 1;
                for source in proof {
                    *proofs.entry((source, end)).or_default() += 1;
                }
            }
            Err(complaint) => wrong.push(complaint),
        }
    }
    assert!(wrong.is_empty(), "{} schedules went wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} schedules: {ends:?}\nsomebody is protected by: {proofs:?}");
    let share = |end| ends.get(&end).copied().unwrap_or_default() as f64 / count as f64;
    // The test says something only where all of it comes about.
    assert!(share(End::Compliant) > 0.15, "{ends:?}");
    assert!(share(End::Violations) > 0.05, "{ends:?}");
    assert!(share(End::Incomplete) > 0.15, "{ends:?}");
    assert!(share(End::Undetectable) < 0.10, "{ends:?}");
    for source in Source::ALL.map(Source::id).into_iter().chain([ENTRA]) {
        let proven = |end| proofs.get(&(source, end)).copied().unwrap_or_default();
        let (compliant, violations) = (proven(End::Compliant), proven(End::Violations));
        assert!(compliant * 200 > count && violations * 400 > count, "{source}: {proofs:?}");
    }
}

/// Runs one schedule, and shows what happened.
fn alone(seed: u64) {
    let schedules = Schedule::run(seed);
    println!("{schedules:#?}");
    let (fate, logs) = run(&schedules);
    println!("{logs:#?}");
    println!("seed {seed}: {:?}", fate.end(seed).unwrap());
}

fn run(schedules: &[Schedule]) -> (Fate, Vec<Log>) {
    let (outcome, logs) = server::play(schedules, |addresses| {
        catch_unwind(AssertUnwindSafe(|| {
            let started = Instant::now();
            let readings = gate::read(addresses, schedules);
            let took = started.elapsed();
            assert_eq!(readings.len(), schedules.len(), "each workspace is read once");
            let judge = |(reading, schedule)| gate::judge(reading, schedule);
            (took, readings.into_iter().zip(schedules).map(judge).collect::<Vec<Report>>())
        }))
    });
    let Ok((took, reports)) = outcome else {
        return (Fate::Wrong("it panicked".into()), logs);
    };
    let deadline = schedules[0].deadline;
    if took > deadline + GRACE {
        let by = took - deadline;
        return (Fate::Wrong(format!("it ended {by:?} past the deadline")), logs);
    }
    let mut fates = schedules.iter().zip(&logs).zip(&reports).map(|((schedule, log), report)| {
        match verdict::check(schedule, log, report) {
            Ok(end) => {
                let proof = report.members.iter().filter(|it| it.outcome == Outcome::Protected);
                let is_entra =
                    |source| source == Source::Roster && schedule.elsewhere.tenant.is_some();
                let named = |source: Source| if is_entra(source) { ENTRA } else { source.id() };
                let proof = proof.filter_map(|it| it.member.decided_by);
                Fate::Ended(end, proof.map(named).collect())
            }
            Err(why) => {
                let (slug, verdict, read) = (schedule.slug, report.verdict, &report.workspaces);
                Fate::Wrong(format!("{slug}: {why} ({verdict:?}, {read:?})"))
            }
        }
    });
    // A run is as wrong as any of its workspaces, and else counts as the first.
    let first = fates.next().unwrap();
    let wrong = fates.find(|fate| matches!(fate, Fate::Wrong(_)));
    let fate = match (first, wrong) {
        (Fate::Ended(..), Some(wrong)) => wrong,
        (first, _) => first,
    };
    drop(fates);
    (fate, logs)
}

//! The state of each exemption on one day.

use std::collections::HashSet;

use jiff::civil::Date;

use crate::policy::{Admins, Exemption, Limits, Policy};
use crate::reading::Reading;
use crate::report::State;

/// How long after today an exemption may end where the policy sets no `max_days`.
pub(super) const MAX_DAYS_AHEAD: i64 = 366;

/// What was seen of the members that an exemption is about.
#[derive(Clone, Copy, Default)]
pub(super) struct Sightings {
    /// There is one.
    pub(super) any: bool,
    /// One of them is neither protected nor inapplicable.
    pub(super) needing: bool,
    /// One of them owns a workspace.
    pub(super) owner: bool,
}

/// What the states of all exemptions are judged by.
pub(super) struct Calendar<'p> {
    policy: &'p Policy,
    /// What each exemption is before anybody is looked at, in the order given.
    standings: Vec<State>,
    /// The slugs of the workspaces that were read to the end.
    read: HashSet<&'p str>,
    /// Whether these are all of the policy's.
    all_read: bool,
}

impl<'p> Calendar<'p> {
    pub(super) fn new(
        policy: &'p Policy,
        exemptions: &[Exemption],
        today: Date,
        readings: &'p [Reading],
    ) -> Self {
        let read: HashSet<&str> = readings
            .iter()
            .filter(|reading| reading.members.is_ok())
            .map(|reading| &*reading.workspace)
            .collect();
        let all = &policy.workspaces;
        let all_read = !all.is_empty() && all.iter().all(|entry| read.contains(&*entry.slug));
        let standings = standings(exemptions, &policy.limits, today);
        Calendar { policy, standings, read, all_read }
    }

    /// The state of each exemption, in the order given.
    pub(super) fn states(&self, exemptions: &[Exemption], seen: &[Sightings]) -> Vec<State> {
        exemptions
            .iter()
            .zip(seen)
            .zip(&self.standings)
            .map(|((exemption, &seen), &standing)| self.state(exemption, seen, standing))
            .collect()
    }

    /// The first state that fits. Nothing but a member that needs the exemption proves that it
    /// is neither unused nor unneeded, so everything after those two waits for one.
    fn state(&self, exemption: &Exemption, seen: Sightings, standing: State) -> State {
        if !seen.needing {
            return match (self.read_everywhere(exemption), seen.any) {
                (false, _) => State::Unresolved,
                (true, false) => State::Unused,
                (true, true) => State::Unneeded,
            };
        }
        if seen.owner && self.policy.limits.admins == Admins::Deny {
            State::NotAllowed
        } else {
            standing
        }
    }

    fn read_everywhere(&self, exemption: &Exemption) -> bool {
        let read = |slug: &str| self.read.contains(slug);
        if exemption.workspaces.is_empty() {
            self.all_read
        } else {
            exemption.workspaces.iter().all(|slug| read(slug))
        }
    }
}

/// What each exemption is on a day for a member that needs it: all that can be known of its state
/// without looking at a member. In the order given.
pub(crate) fn standings(exemptions: &[Exemption], limits: &Limits, today: Date) -> Vec<State> {
    let surplus = surplus(exemptions, limits);
    let standing = |(position, exemption): (usize, &Exemption)| {
        let days_left = days(today, exemption.expires);
        if surplus.contains(&position) || is_too_long(exemption, limits, today) {
            State::OverLimit
        } else if days_left < 0 {
            State::Expired
        } else if exemption.starts.is_some_and(|starts| starts > today) {
            State::Scheduled
        } else if days_left <= i64::from(limits.warn_before_days) {
            State::Expiring
        } else {
            State::Active
        }
    };
    exemptions.iter().enumerate().map(standing).collect()
}

/// Whether an exemption runs longer than the policy allows.
pub(crate) fn is_too_long(exemption: &Exemption, limits: &Limits, today: Date) -> bool {
    match limits.max_days {
        // The policy asks for `starts` here; without it the length is unbounded.
        Some(max) => {
            exemption.starts.is_none_or(|starts| days(starts, exemption.expires) > i64::from(max))
        }
        None => days(today, exemption.expires) > MAX_DAYS_AHEAD,
    }
}

/// The positions of the exemptions beyond `max_exemptions`: those that expire last.
fn surplus(exemptions: &[Exemption], limits: &Limits) -> HashSet<usize> {
    let Some(max) = limits.max_exemptions else { return HashSet::new() };
    let mut by_end: Vec<(Date, usize)> = exemptions
        .iter()
        .enumerate()
        .map(|(position, exemption)| (exemption.expires, position))
        .collect();
    by_end.sort_unstable();
    by_end.into_iter().skip(max as usize).map(|(_, position)| position).collect()
}

/// Whole days from one day to another; negative where the other comes first.
pub(super) fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

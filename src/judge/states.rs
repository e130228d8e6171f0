//! The state of each exemption on one day.

use std::cell::Cell;
use std::collections::HashSet;

use jiff::civil::Date;

use super::Judging;
use crate::policy::{Admins, Exemption, Limits, Policy};
use crate::report::{State, Workspace};

/// How long after today an exemption may end where the policy sets no `max_days`.
pub(super) const MAX_DAYS_AHEAD: i64 = 366;

/// An exemption, and what the members that it is about have to do with it. Several members lead to
/// one exemption, and one exemption is found by several ids.
pub(super) struct Candidate<'p> {
    pub(super) exemption: &'p Exemption,
    /// Its position in the policy, to sort by.
    pub(super) position: usize,
    /// Its state for a member that needs it.
    standing: State,
    seen: Cell<Seen>,
}

/// What was seen of the members that an exemption is about.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// There is one.
    any: bool,
    /// One of them is neither protected nor inapplicable.
    needing: bool,
    /// One of them owns a workspace.
    owner: bool,
    /// One of them is excused by this exemption, or by none.
    decided: bool,
}

impl<'p> Candidate<'p> {
    /// The exemptions of a policy that count, in its order.
    pub(super) fn all(policy: &'p Policy, judging: Judging) -> Vec<Self> {
        let exemptions = if judging.ignore_exemptions { &[] } else { &*policy.exemptions };
        standings(exemptions, &policy.limits, judging.today)
            .into_iter()
            .enumerate()
            .map(|(position, (exemption, standing))| Candidate {
                exemption,
                position,
                standing,
                seen: Cell::default(),
            })
            .collect()
    }

    /// Notes a member that it is about.
    pub(super) fn saw(&self, needing: bool, owner: bool) {
        let seen = self.seen.get();
        self.seen.set(Seen {
            any: true,
            needing: seen.needing | needing,
            owner: seen.owner | owner,
            ..seen
        });
    }

    /// Notes that a member's outcome depends on it.
    pub(super) fn decides(&self) {
        self.seen.set(Seen { decided: true, ..self.seen.get() });
    }

    /// Whether a member's outcome depends on its state. One that does not excuse is worth a finding
    /// only where no other one excuses the member, and an expiring one only where it excuses.
    pub(super) fn matters(&self) -> bool {
        self.seen.get().decided
    }
}

/// What the states of all exemptions depend on, besides the members they are about.
pub(super) struct States<'p> {
    policy: &'p Policy,
    /// The slugs of the workspaces that were read to the end.
    read: HashSet<&'p str>,
    /// Whether these are all of the policy's.
    all_read: bool,
}

impl<'p> States<'p> {
    pub(super) fn new(policy: &'p Policy, workspaces: &'p [Workspace]) -> Self {
        let complete = workspaces.iter().filter(|workspace| workspace.complete);
        let read: HashSet<&str> = complete.map(|workspace| &*workspace.slug).collect();
        let all = &policy.workspaces;
        let all_read = !all.is_empty() && all.iter().all(|entry| read.contains(&*entry.slug));
        States { policy, read, all_read }
    }

    /// The first state that fits, once all members were seen. Nothing but a member that needs the
    /// exemption proves that it is neither unused nor unneeded, so every other state waits for one.
    pub(super) fn of(&self, candidate: &Candidate<'_>) -> State {
        let seen = candidate.seen.get();
        if !seen.needing {
            return match (self.read_everywhere(candidate.exemption), seen.any) {
                (false, _) => State::Unresolved,
                (true, false) => State::Unused,
                (true, true) => State::Unneeded,
            };
        }
        if seen.owner && self.policy.limits.admins == Admins::Deny {
            State::NotAllowed
        } else {
            candidate.standing
        }
    }

    fn read_everywhere(&self, exemption: &Exemption) -> bool {
        if exemption.workspaces.is_empty() {
            self.all_read
        } else {
            exemption.workspaces.iter().all(|slug| self.read.contains(&**slug))
        }
    }
}

/// What each exemption is on a day for a member that needs it: all that can be known of its state
/// without looking at a member. In the order given.
pub(crate) fn standings<'e>(
    exemptions: &'e [Exemption],
    limits: &Limits,
    today: Date,
) -> Vec<(&'e Exemption, State)> {
    let surplus = surplus(exemptions, limits);
    let standing = |(position, exemption): (usize, &'e Exemption)| {
        let days_left = days(today, exemption.expires);
        let state = if surplus.contains(&position) || is_too_long(exemption, limits, today) {
            State::OverLimit
        } else if days_left < 0 {
            State::Expired
        } else if exemption.starts.is_some_and(|starts| starts > today) {
            State::Scheduled
        } else if days_left <= i64::from(limits.warn_before_days) {
            State::Expiring
        } else {
            State::Active
        };
        (exemption, state)
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
    let mut by_end: Vec<(usize, &Exemption)> = exemptions.iter().enumerate().collect();
    by_end.sort_by_key(|(_, exemption)| exemption.expires);
    by_end.into_iter().skip(max as usize).map(|(position, _)| position).collect()
}

/// Whole days from one day to another; negative where the other comes first.
pub(super) fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

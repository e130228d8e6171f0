//! The accounts that an organisation knows of, and how they change while somebody reads them.

use crate::dice::Dice;
use crate::history;

/// Changes stop after as many requests.
const EVENTFUL: usize = 40;

/// Accounts from this number on are of nobody in the workspace.
const STRANGERS: usize = 1_000;

/// An account of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: usize,
    /// Whether it has two-step verification.
    pub(crate) two_step: bool,
    pub(crate) claim: &'static str,
    pub(crate) status: &'static str,
}

impl Account {
    /// What the organisation can tell of it.
    pub(crate) fn two_step(self) -> Option<bool> {
        (self.claim == "managed" && self.status == "active").then_some(self.two_step)
    }

    pub(crate) fn account_id(self) -> String {
        history::account_id(self.id)
    }
}

/// How a directory is, each in a hundred.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// How many members are in it.
    pub(crate) listed: usize,
    /// How many accounts have no two-step verification.
    pub(crate) without: usize,
    /// How many accounts are not managed, or not active.
    pub(crate) odd: usize,
    /// How many requests see another directory than the one before.
    pub(crate) changes: usize,
    /// How many accounts there are of people who are no members; no share.
    pub(crate) strangers: usize,
}

/// The directory at every moment: one tick passes with each request.
#[derive(Debug)]
pub(crate) struct Directory {
    states: Vec<Vec<Account>>,
}

impl Directory {
    pub(crate) fn new(dice: &mut Dice, members: &[usize], habits: Habits) -> Self {
        let listed: Vec<usize> =
            members.iter().copied().filter(|_| dice.percent(habits.listed)).collect();
        let strangers = STRANGERS..STRANGERS + habits.strangers;
        let mut ids: Vec<usize> = listed.into_iter().chain(strangers).collect();
        dice.shuffle(&mut ids);
        let first: Vec<Account> = ids.into_iter().map(|id| account(dice, id, habits)).collect();
        let mut states = vec![first];
        while states.len() < EVENTFUL && habits.changes > 0 {
            let mut state = states.last().unwrap().clone();
            if dice.percent(habits.changes) {
                let newcomer = account(dice, 2 * STRANGERS + states.len(), habits);
                change(dice, &mut state, newcomer);
            }
            states.push(state);
        }
        Directory { states }
    }

    /// The accounts after as many requests.
    pub(crate) fn at(&self, tick: usize) -> &Vec<Account> {
        &self.states[tick.min(self.states.len() - 1)]
    }

    /// Whether nothing ever changes.
    pub(crate) fn still(&self) -> bool {
        self.states.len() == 1
    }
}

fn account(dice: &mut Dice, id: usize, habits: Habits) -> Account {
    let (mut claim, mut status) = ("managed", "active");
    if dice.percent(habits.odd) {
        match dice.of(0..=2) {
            0 => claim = "unmanaged",
            1 => status = dice.pick(&["inactive", "closed"]),
            _ => (claim, status) = ("unmanaged", "inactive"),
        }
    }
    Account { id, two_step: !dice.percent(habits.without), claim, status }
}

/// Somebody comes, goes, switches two-step verification, or is deactivated; or the directory lists
/// the same accounts in another order.
fn change(dice: &mut Dice, state: &mut Vec<Account>, newcomer: Account) {
    let what = dice.of(0..=9);
    if state.is_empty() || matches!(what, 0..=2) {
        state.insert(dice.of(0..=state.len()), newcomer);
        return;
    }
    let at = dice.of(0..=state.len() - 1);
    match what {
        3..=4 => drop(state.remove(at)),
        5..=7 => state[at].two_step = !state[at].two_step,
        8 => state[at].status = "inactive",
        _ => dice.shuffle(state),
    }
}

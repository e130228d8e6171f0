//! Who is in the workspace, and how that changes while somebody reads it.

use std::collections::BTreeSet;

use crate::dice::Dice;

/// Changes stop after as many requests.
const EVENTFUL: usize = 60;

/// What the server says of somebody's second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    On,
    Off,
    Null,
    Absent,
}

/// A member of the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// Counts up as people join, and is never used again.
    pub(crate) id: usize,
    pub(crate) flag: Flag,
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
}

impl Person {
    /// Whether a second factor can be asked of this account.
    pub(crate) fn logs_in(self) -> bool {
        self.kind != "app_user" && self.status == "active"
    }

    pub(crate) fn account_id(self) -> String {
        account_id(self.id)
    }
}

pub(crate) fn account_id(id: usize) -> String {
    format!("557058:00000000-0000-4000-8000-{id:012}")
}

/// The e-mail address of somebody's account.
pub(crate) fn address(id: usize) -> String {
    format!("somebody+{id}@acme.example")
}

/// Everybody at one moment, in the order in which they are listed.
pub(crate) type State = Vec<Person>;

/// How much happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How many requests in a hundred see another list than the one before.
    pub(crate) changes: usize,
    /// How many members in a hundred have no second factor, or none that is shown.
    pub(crate) unprotected: usize,
}

/// The list at every moment: one tick passes with each request.
#[derive(Debug)]
pub(crate) struct History {
    states: Vec<State>,
}

impl History {
    pub(crate) fn new(dice: &mut Dice, members: usize, pace: Pace) -> Self {
        let mut joined = 0;
        let mut newcomer = |dice: &mut Dice| {
            joined += 1;
            person(dice, joined, pace.unprotected)
        };
        let mut states: Vec<State> = vec![(0..members).map(|_| newcomer(dice)).collect()];
        while states.len() < EVENTFUL && pace.changes > 0 {
            let mut state = states.last().unwrap().clone();
            if dice.percent(pace.changes) {
                change(dice, &mut state, &mut newcomer);
            }
            states.push(state);
        }
        History { states }
    }

    /// A list that somebody without a second factor leaves after as many requests.
    pub(crate) fn with_a_leaver(self, dice: &mut Dice, requests: usize) -> Self {
        let all = self.at(0).clone();
        let leaver = dice.of(0..=all.len() - 1);
        let mut all: State = all;
        all[leaver].flag = Flag::Off;
        let mut others = all.clone();
        others.remove(leaver);
        let mut states = vec![all; requests];
        states.push(others);
        History { states }
    }

    /// The list after as many requests.
    pub(crate) fn at(&self, tick: usize) -> &State {
        &self.states[tick.min(self.states.len() - 1)]
    }

    /// Who was a member after as many requests.
    pub(crate) fn ids(&self, tick: usize) -> BTreeSet<usize> {
        self.at(tick).iter().map(|person| person.id).collect()
    }

    /// Whoever is a member at some time or other.
    pub(crate) fn everybody(&self) -> Vec<usize> {
        let ids: BTreeSet<usize> = self.states.iter().flatten().map(|person| person.id).collect();
        ids.into_iter().collect()
    }

    /// Whether nothing ever changes.
    pub(crate) fn still(&self) -> bool {
        self.states.len() == 1
    }
}

fn person(dice: &mut Dice, id: usize, unprotected: usize) -> Person {
    let flag = if dice.percent(unprotected) {
        dice.pick(&[Flag::Off, Flag::Off, Flag::Off, Flag::Null, Flag::Absent])
    } else {
        Flag::On
    };
    let kind = if dice.percent(3) { dice.pick(&["app_user", "team"]) } else { "user" };
    let status = if dice.percent(3) { dice.pick(&["inactive", "closed"]) } else { "active" };
    Person { id, flag, kind, status }
}

/// Somebody joins, leaves, does both (so that the number stays), switches the second factor, or
/// the server lists the same people in another order. Nobody leaves last.
fn change(dice: &mut Dice, state: &mut State, newcomer: &mut impl FnMut(&mut Dice) -> Person) {
    let what = dice.of(0..=9);
    if matches!(what, 0..=2 | 6..=7) && state.len() > 1 {
        state.remove(dice.of(0..=state.len() - 1));
    }
    if matches!(what, 3..=7) {
        // Bitbucket does not say where in the list somebody new appears.
        let at = if dice.percent(50) { state.len() } else { dice.of(0..=state.len()) };
        let person = newcomer(dice);
        state.insert(at, person);
    }
    if what == 8 {
        let at = dice.of(0..=state.len() - 1);
        state[at].flag = dice.pick(&[Flag::On, Flag::Off]);
    }
    if what == 9 {
        dice.shuffle(state);
    }
}

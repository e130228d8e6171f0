//! What an organisation's server does to one reader: everything that follows from a seed.

use crate::dice::Dice;
use crate::directory::{Directory, Habits};
use crate::history::State;
use crate::paging::{Ending, Paging};
use crate::weather::Weather;

/// What rows say of two-step verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flags {
    Shown,
    /// Nothing, so that those with it and those without have to be asked for.
    Hidden,
    /// Only some rows say it.
    Patchy,
}

/// What becomes of the question for those with two-step verification, or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Kept,
    Ignored,
    /// It is forgotten where a cursor comes along.
    Forgotten,
}

/// What cursors look like, which is no reader's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    Plain,
    /// With every character that an address or JSON has a use for.
    Odd,
    /// Like the address of the server that listens beside this one.
    Address,
}

/// What rows show of e-mail addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addresses {
    Shown,
    Shouted,
    /// Only some rows show one.
    Patchy,
    Hidden,
}

/// An organisation, and how its server fails.
#[derive(Debug)]
pub(crate) struct Organisation {
    pub(crate) directory: Directory,
    pub(crate) paging: Paging,
    /// The status that a search gets where there is none.
    pub(crate) search_is_gone: Option<u16>,
    pub(crate) flags: Flags,
    pub(crate) filter: Filter,
    /// Whether accounts are listed that the organisation does not manage, although it was asked
    /// for the others.
    pub(crate) lists_unmanaged: bool,
    pub(crate) looks: Looks,
    pub(crate) addresses: Addresses,
    /// Whether pages say nothing about what follows them.
    pub(crate) bare: bool,
    /// The status that every request gets.
    pub(crate) refuses: Option<u16>,
    pub(crate) weather: Weather,
}

impl Organisation {
    pub(crate) fn new(dice: &mut Dice, members: &[usize]) -> Self {
        let mut habits = Habits {
            listed: dice.pick(&[100, 100, 100, 80, 80, 0]),
            without: dice.pick(&[0, 0, 0, 10, 40]),
            odd: dice.pick(&[0, 0, 0, 15]),
            changes: if dice.percent(65) { 0 } else { dice.of(1..=60) },
            strangers: dice.of(0..=12),
        };
        let bare = dice.percent(6);
        if bare && dice.percent(50) {
            habits.strangers = dice.of(80..=130);
        }
        let mut organisation = Organisation {
            directory: Directory::new(dice, members, habits),
            paging: Paging::new(dice),
            search_is_gone: dice.percent(25).then(|| dice.pick(&[404, 410])),
            flags: dice.pick(&[Flags::Shown, Flags::Shown, Flags::Hidden]),
            filter: Filter::Kept,
            lists_unmanaged: dice.percent(40),
            looks: dice.pick(&[Looks::Plain, Looks::Odd, Looks::Address]),
            addresses: dice.pick(&[Addresses::Shown, Addresses::Shouted, Addresses::Hidden]),
            bare,
            refuses: dice.percent(6).then(|| dice.pick(&[401, 403, 404])),
            weather: Weather::new(dice),
        };
        if bare {
            organisation.paging.size = 100;
        }
        if dice.percent(30) {
            organisation.lie(dice);
        }
        organisation
    }

    /// Makes the server say something that is not so.
    fn lie(&mut self, dice: &mut Dice) {
        match dice.of(0..=9) {
            0 => self.flags = Flags::Patchy,
            1..=2 => {
                self.flags = Flags::Hidden;
                self.filter = dice.pick(&[Filter::Ignored, Filter::Forgotten]);
            }
            3 => self.addresses = Addresses::Patchy,
            _ => self.paging.lie(dice),
        }
    }

    /// Whether it may be waited for in vain.
    pub(crate) fn stuck(&self) -> bool {
        self.weather == Weather::Stuck || self.paging.ending == Ending::Endless
    }

    /// Whether the reader has no excuse.
    pub(crate) fn harmless(&self) -> bool {
        self.directory.still()
            && self.weather == Weather::Calm
            && self.filter == Filter::Kept
            && self.flags != Flags::Patchy
            && self.paging.honest()
            && (!self.bare || self.directory.at(0).len() < self.paging.size)
            && self.refuses.is_none()
    }

    /// Whether any of these people are on its lists.
    pub(crate) fn knows(&self, people: &State) -> bool {
        let listed = self.directory.at(0).iter();
        let mut listed = listed.filter(|it| self.lists_unmanaged || it.claim == "managed");
        listed.any(|account| people.iter().any(|person| person.id == account.id))
    }
}

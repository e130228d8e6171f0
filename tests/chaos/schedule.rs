//! What one server does to one reader: everything that follows from a seed.

use std::time::Duration;

use crate::dice::Dice;
use crate::elsewhere::{Elsewhere, Plan};
use crate::history::{History, Pace};
use crate::weather::{Fault, RETRY_AFTER, Weather};

/// How the next page is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor {
    /// `page=2`.
    Numbered,
    /// An opaque word that stands for a place in the list.
    Offset,
    /// An opaque word that stands for the last member seen; such a server lists by age.
    After,
}

/// What the pages say about how many members there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// How many there are at that moment.
    Live,
    /// Nothing.
    Missing,
    /// Now and then how many there are.
    Sometimes,
    /// How many there were some requests ago.
    Stale,
    /// One too many.
    TooMany,
}

/// What the pages say about which one they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    Right,
    Missing,
    Wrong,
}

/// Which ids the rows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Account id and uuid.
    Both,
    /// None.
    Neither,
    /// Every other row an account id alone, the others a uuid alone.
    OneOrTheOther,
}

/// What becomes of `fields`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fields {
    /// `next` repeats them.
    Kept,
    /// `next` drops them, so that later pages come without the flag unless it is asked for.
    Lost,
    /// As lost; and where every field is spelled out, the answer says nothing about the list.
    LostAndBare,
    /// As lost; and to spell them out is of no use.
    Deaf,
}

/// How the list ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The last page has no `next`.
    Plain,
    /// It leads back to the first page, by the address that was asked first.
    First,
    /// It leads to page 1 by another address.
    FirstRespelled,
    /// It leads to itself.
    Itself,
    /// It leads to the last page again, by a new address each time.
    Endless,
    /// A page before the last one has no `next`.
    Early,
}

/// Where a `next` leads that must not be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detour {
    /// To the server that listens beside this one.
    Beside,
    /// There too, as it looks to whoever compares only the beginning of the address.
    BesideInDisguise,
    /// To another resource of this one.
    OtherPath,
}

/// What the question for the caller's own permission is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Owner,
    Member,
    Unavailable,
}

/// The workspaces of one run at most.
const SLUGS: [&str; 5] = ["acme", "beta", "core", "docs", "edge"];

/// One workspace at its server, what there is beside it, and how long the reader is given.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) slug: &'static str,
    /// Whether nothing befalls the requests about others: a server that asks for patience asks it
    /// of all.
    in_peace: bool,
    pub(crate) history: History,
    /// How many rows a page has, whatever was asked for.
    pub(crate) page_size: usize,
    pub(crate) cursor: Cursor,
    pub(crate) size: Size,
    pub(crate) numbers: Numbers,
    pub(crate) fields: Fields,
    pub(crate) ending: Ending,
    /// The page whose `next` leads away, and where.
    pub(crate) detour: Option<(usize, Detour)>,
    /// The page in whose place the one before is sent once more.
    pub(crate) repeats: Option<usize>,
    /// The page that the `next` before it leaps over.
    pub(crate) leaps: Option<usize>,
    /// The page that holds a row less than it should, unless it is the last one.
    pub(crate) short: Option<usize>,
    /// Which ids the rows have.
    pub(crate) ids: Ids,
    pub(crate) permission: Permission,
    pub(crate) weather: Weather,
    /// What else may prove a second factor.
    pub(crate) elsewhere: Elsewhere,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
}

impl Schedule {
    pub(crate) fn new(seed: u64) -> Self {
        let dice = &mut Dice::new(&[seed]);
        let plan = Plan::new(seed);
        let unprotected = if dice.percent(70) { 0 } else { dice.of(1..=60) };
        let unprotected = plan.unprotected().unwrap_or(unprotected);
        let spared = plan.spares_bitbucket();
        let changes = if dice.percent(55) || spared { 0 } else { dice.of(1..=60) };
        let members = dice.of(1..=30);
        let mut history = History::new(dice, members, Pace { changes, unprotected });
        let page_size = dice.of(3..=10);
        if plan.loses_somebody() {
            let dice = &mut Dice::new(&[seed, 16]);
            history = history.with_a_leaver(dice, members.div_ceil(page_size));
        }
        let elsewhere = Elsewhere::new(plan, &history);
        let weather = if spared { Weather::Calm } else { Weather::new(dice) };
        let mut schedule = Schedule {
            seed,
            slug: SLUGS[0],
            in_peace: true,
            history,
            page_size,
            cursor: dice.pick(&[Cursor::Numbered, Cursor::Numbered, Cursor::Offset, Cursor::After]),
            size: dice.pick(&[Size::Live, Size::Live, Size::Live, Size::Missing, Size::Sometimes]),
            numbers: dice.pick(&[Numbers::Right, Numbers::Right, Numbers::Missing]),
            fields: dice.pick(&[Fields::Kept, Fields::Kept, Fields::Lost, Fields::LostAndBare]),
            ending: Ending::Plain,
            detour: None,
            repeats: None,
            leaps: None,
            short: None,
            ids: Ids::Both,
            permission: dice.pick(&[
                Permission::Owner,
                Permission::Owner,
                Permission::Member,
                Permission::Unavailable,
            ]),
            weather,
            elsewhere,
            timeout: Duration::from_secs(120),
            deadline: Duration::from_secs(600),
        };
        if dice.percent(35) && !spared {
            schedule.lie(dice);
        }
        let stuck = schedule.weather == Weather::Stuck
            || schedule.ending == Ending::Endless
            || schedule.elsewhere.stuck();
        if stuck {
            schedule.timeout = Duration::from_millis(dice.of(50..=200) as u64);
            schedule.deadline = Duration::from_millis(dice.of(100..=400) as u64);
        }
        schedule
    }

    /// The workspaces of a run: one, or now and then several that are read at once. These have
    /// Bitbucket alone to ask, and all the time that they need.
    pub(crate) fn run(seed: u64) -> Vec<Self> {
        let dice = &mut Dice::new(&[seed, 30]);
        let first = Schedule::new(seed);
        if !first.is_sociable() || dice.percent(60) {
            return vec![first];
        }
        let others = (0..).map(|at| Schedule::new(Dice::new(&[seed, 31, at]).roll()));
        let company = others.filter(Schedule::is_sociable).take(dice.of(1..=SLUGS.len() - 1));
        let mut run: Vec<Self> = [first].into_iter().chain(company).collect();
        let calm = run.iter().all(|schedule| schedule.weather == Weather::Calm);
        for (schedule, slug) in run.iter_mut().zip(SLUGS) {
            (schedule.slug, schedule.in_peace) = (slug, calm);
        }
        run
    }

    fn is_sociable(&self) -> bool {
        self.elsewhere.is_empty() && self.deadline >= Duration::from_secs(600)
    }

    /// Makes the server say something that is not so.
    fn lie(&mut self, dice: &mut Dice) {
        let page = dice.of(1..=3);
        match dice.of(0..=14) {
            0..=1 => self.size = Size::Stale,
            2 => self.size = Size::TooMany,
            3 => self.numbers = Numbers::Wrong,
            4 => self.fields = Fields::Deaf,
            5 => self.ending = dice.pick(&[Ending::First, Ending::FirstRespelled, Ending::Itself]),
            6 => self.ending = dice.pick(&[Ending::Itself, Ending::Endless]),
            7..=8 => {
                let detours = [Detour::Beside, Detour::BesideInDisguise, Detour::OtherPath];
                self.detour = Some((page, dice.pick(&detours)));
            }
            9 => self.repeats = Some(page + 1),
            // Where no page states a size, a list that just stops is a list that is over.
            10 => {
                self.size = Size::Live;
                self.ending = Ending::Early;
            }
            11 => self.short = Some(page),
            12 => self.ids = dice.pick(&[Ids::Neither, Ids::OneOrTheOther]),
            // A page that is leapt over is missed by its number, stated by it or in its address, or
            // by the count.
            _ => {
                if self.numbers != Numbers::Right && self.cursor != Cursor::Numbered {
                    self.size = Size::Live;
                }
                self.leaps = Some(page + 1);
            }
        }
    }

    /// What becomes of the answer to one try of asking for one page.
    pub(crate) fn fault(&self, page: usize, attempt: usize) -> Fault {
        self.weather.fault(self.seed, page, attempt, RETRY_AFTER)
    }

    /// Whether the reader has no excuse: nothing changes, nothing breaks, and the server does
    /// nothing that the real one might not do as well.
    pub(crate) fn harmless(&self) -> bool {
        // A last page that is full does not prove without a count that it is the last.
        let full_end = self.history.at(0).len().is_multiple_of(self.page_size);
        let honest = match self.size {
            Size::Live => true,
            Size::Missing | Size::Sometimes => !full_end,
            Size::Stale | Size::TooMany => false,
        };
        honest
            && self.history.still()
            && self.weather == Weather::Calm
            && self.in_peace
            && self.numbers != Numbers::Wrong
            && self.fields != Fields::Deaf
            && self.ending == Ending::Plain
            && self.detour.is_none()
            && self.repeats.is_none()
            && self.leaps.is_none()
            && self.short.is_none()
            && self.ids == Ids::Both
    }
}

//! How a server cuts its lists into pages, and how that goes wrong.

use std::ops::Range;

use crate::dice::Dice;

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The first one.
    Start,
    /// The one that starts after so many rows; the second figure tells apart cursors that mean the
    /// same.
    Offset(usize, usize),
    /// The one after the row with that number.
    After(usize),
}

/// How a list ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The last page leads nowhere.
    Plain,
    /// It leads back to the first page.
    First,
    /// It leads to itself.
    Itself,
    /// It leads to the last page again, by another cursor each time.
    Endless,
    /// A page before the last one leads nowhere.
    Early,
}

/// The pages of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    /// How many rows a page has.
    pub(crate) size: usize,
    /// Whether cursors stand for the last row seen, and lists are sorted by age.
    pub(crate) by_age: bool,
    pub(crate) ending: Ending,
    /// The page in whose place the one before is sent once more.
    pub(crate) repeats: Option<usize>,
    /// The page that the cursor before it leaps over.
    pub(crate) leaps: Option<usize>,
}

impl Place {
    /// The place that a cursor stands for.
    pub(crate) fn parse(cursor: &str) -> Option<Self> {
        let mut numbers = cursor.get(1..)?.split('-').map(str::parse);
        match cursor.get(..1)? {
            "o" => Some(Place::Offset(numbers.next()?.ok()?, numbers.next()?.ok()?)),
            "a" => Some(Place::After(numbers.next()?.ok()?)),
            _ => None,
        }
    }

    pub(crate) fn cursor(self) -> String {
        match self {
            Place::Start => "o0-0".into(),
            Place::Offset(offset, again) => format!("o{offset}-{again}"),
            Place::After(id) => format!("a{id}"),
        }
    }
}

impl Paging {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        Paging {
            size: dice.of(2..=10),
            by_age: dice.percent(40),
            ending: Ending::Plain,
            repeats: None,
            leaps: None,
        }
    }

    /// Makes the pages say something that is not so.
    pub(crate) fn lie(&mut self, dice: &mut Dice) {
        let page = dice.of(2..=4);
        match dice.of(0..=5) {
            0..=1 => self.ending = dice.pick(&[Ending::First, Ending::Itself, Ending::Itself]),
            2 => self.ending = dice.pick(&[Ending::Endless, Ending::Early]),
            3..=4 => self.repeats = Some(page),
            _ => self.leaps = Some(page),
        }
    }

    pub(crate) fn honest(self) -> bool {
        self.ending == Ending::Plain && self.repeats.is_none() && self.leaps.is_none()
    }

    /// Where a page starts on a list of rows with these numbers.
    fn offset(ids: &[usize], place: Place) -> usize {
        match place {
            Place::Start => 0,
            Place::Offset(offset, _) => offset,
            Place::After(last) => ids.iter().take_while(|id| **id <= last).count(),
        }
    }

    /// The number of a page, from 1.
    pub(crate) fn number(self, ids: &[usize], place: Place) -> usize {
        Self::offset(ids, place) / self.size + 1
    }

    /// The rows of a page.
    pub(crate) fn rows(self, ids: &[usize], place: Place) -> Range<usize> {
        let mut from = Self::offset(ids, place);
        if self.repeats == Some(self.number(ids, place)) {
            from = from.saturating_sub(self.size);
        }
        from.min(ids.len())..(from + self.size).min(ids.len())
    }

    /// The place after a page.
    pub(crate) fn next(self, ids: &[usize], place: Place) -> Option<Place> {
        let (from, number) = (Self::offset(ids, place), self.number(ids, place));
        let mut after = from + self.size;
        let early = self.ending == Ending::Early && number == 1;
        if after < ids.len() && !early {
            if self.leaps == Some(number + 1) {
                after += self.size;
            }
            let last = ids.get(after - 1).copied().unwrap_or(usize::MAX);
            return Some(if self.by_age { Place::After(last) } else { Place::Offset(after, 0) });
        }
        match (self.ending, place) {
            (Ending::Plain | Ending::Early, _) => None,
            (Ending::First, _) => Some(Place::Offset(0, 0)),
            (Ending::Itself, Place::Start) => Some(Place::Offset(0, 0)),
            (Ending::Itself, place) => Some(place),
            (Ending::Endless, Place::Offset(_, again)) => Some(Place::Offset(from, again + 1)),
            (Ending::Endless, _) => Some(Place::Offset(from, 1)),
        }
    }
}

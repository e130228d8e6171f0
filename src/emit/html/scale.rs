//! A line of time, from the start of one day to the end of another: where something stands on it.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The least width of a bar: what is short is seen as well.
const LEAST: u64 = 50;

/// How many months are named, which is what fits on a telephone.
const NAMED_MONTHS: usize = 6;

/// A share of something, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Percent(pub(super) u64);

impl Percent {
    pub(super) const WHOLE: u64 = 10_000;

    pub(super) fn of(part: u64, whole: u64) -> Self {
        Percent(part.saturating_mul(Self::WHOLE).checked_div(whole).unwrap_or(0))
    }

    pub(super) fn at_least(self, least: u64) -> Self {
        Percent(self.0.max(least))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}%", self.0 / 100, self.0 % 100)
    }
}

pub(super) struct Scale {
    first: Date,
    last: Date,
}

/// The first day of a month.
pub(super) struct Month {
    pub(super) at: Percent,
    /// Year and month, where there is room for them.
    pub(super) name: Option<String>,
}

/// A part of the line.
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) start: Percent,
    pub(super) width: Percent,
}

impl Scale {
    pub(super) fn new(first: Date, last: Date) -> Self {
        Scale { first, last }
    }

    pub(super) fn at(&self, at: Timestamp) -> Percent {
        let (start, end) = (start_of(self.first), end_of(self.last));
        let seconds = |to: Timestamp| u64::try_from(to.duration_since(start).as_secs());
        let [part, whole] = [at.min(end), end].map(|to| seconds(to).unwrap_or(0));
        Percent::of(part, whole)
    }

    /// From a time, or the start of the line, to another, or its end.
    pub(super) fn bar(
        &self,
        class: &'static str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Bar {
        let start = from.map_or(Percent(0), |from| self.at(from));
        let end = to.map_or(Percent(Percent::WHOLE), |to| self.at(to));
        let width = Percent(end.0.saturating_sub(start.0)).at_least(LEAST);
        Bar { class, start: Percent(start.0.min(Percent::WHOLE - LEAST)), width }
    }

    /// Every month that begins on the line, and the names of some, evenly chosen.
    pub(super) fn months(&self) -> Vec<Month> {
        let all = self.first.first_of_month().series(1.month());
        let all = all.take_while(|day| *day <= self.last);
        let days: Vec<Date> = all.filter(|day| *day >= self.first).collect();
        let step = days.len().div_ceil(NAMED_MONTHS).max(1);
        let month = |(place, day): (usize, &Date)| Month {
            at: self.at(start_of(*day)),
            name: place.is_multiple_of(step).then(|| day.strftime("%Y-%m").to_string()),
        };
        days.iter().enumerate().map(month).collect()
    }
}

/// The first moment of a day, UTC.
pub(super) fn start_of(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |start| start.timestamp())
}

/// The first moment after a day, UTC.
pub(super) fn end_of(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, start_of)
}

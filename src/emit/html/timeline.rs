//! The exemptions on a line of days: when each begins and ends, and where today is.

use jiff::ToSpan;
use jiff::civil::Date;

use super::Percent;
use super::exemptions::state;
use crate::emit::summary::number;
use crate::report::{JudgedExemption, Report};

/// How far the line goes back and ahead of today, at most, in days.
const BACK: i64 = 185;
const AHEAD: i64 = 400;

/// How far it goes in any case.
const MARGIN: i64 = 45;

/// The least width of a bar: one day is seen as well.
const LEAST: u64 = 40;

/// How many exemptions are drawn; the table has them all.
const MOST: usize = 60;

/// How many months are named, which is what fits on a telephone.
const NAMED_MONTHS: usize = 6;

/// The line, with the exemptions that end first.
pub(super) struct Timeline<'a> {
    /// Where today is.
    pub(super) today: Percent,
    /// The beginnings of months.
    pub(super) months: Vec<Month>,
    /// The exemptions, those first that end first.
    pub(super) bars: Vec<Bar<'a>>,
    /// How many exemptions are not drawn.
    pub(super) left_out: u64,
}

/// The first day of a month.
pub(super) struct Month {
    pub(super) at: Percent,
    /// Year and month, where there is room for them.
    pub(super) name: Option<String>,
}

/// One exemption.
pub(super) struct Bar<'a> {
    pub(super) exemption: &'a JudgedExemption,
    /// Its place in the policy, from 1.
    pub(super) place: usize,
    pub(super) state: &'static str,
    /// The part of the line that it covers.
    pub(super) start: Percent,
    pub(super) width: Percent,
    /// Whether it ended before the line begins.
    pub(super) before: bool,
    /// Whether it goes on after the line ends, or begins there.
    pub(super) beyond: bool,
}

/// A stretch of whole months.
struct Window {
    first: Date,
    days: i64,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let window = Window::around(report);
        let mut bars: Vec<Bar<'a>> = report
            .exemptions
            .iter()
            .enumerate()
            .map(|(at, exemption)| window.bar(at + 1, exemption))
            .collect();
        bars.sort_by_key(|bar| bar.exemption.expires);
        let left_out = number(bars.len().saturating_sub(MOST));
        bars.truncate(MOST);
        Timeline {
            today: window.at(days(window.first, report.today)),
            months: window.months(),
            bars,
            left_out,
        }
    }
}

/// How many days lie between two.
fn days(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

impl Window {
    /// From the first beginning to the last end, as far as a person looks back or ahead.
    fn around(report: &Report) -> Self {
        let today = report.today;
        let of_all = || report.exemptions.iter();
        let ends = of_all().map(|exemption| days(today, exemption.expires));
        let starts = of_all().filter_map(|exemption| Some(days(today, exemption.starts?)));
        let first = starts.chain(ends.clone()).min().unwrap_or(0).clamp(-BACK, -MARGIN);
        let last = ends.max().unwrap_or(0).clamp(MARGIN, AHEAD);
        let day = |ahead: i64| today.saturating_add(ahead.days());
        let first = day(first).first_of_month();
        let last = day(last).last_of_month();
        Window { first, days: days(first, last) + 1 }
    }

    /// A day of the window, counted from its first.
    fn at(&self, day: i64) -> Percent {
        let whole = |days: i64| u64::try_from(days).unwrap_or(0);
        Percent::of(whole(day.clamp(0, self.days)), whole(self.days))
    }

    fn bar<'a>(&self, place: usize, exemption: &'a JudgedExemption) -> Bar<'a> {
        // An exemption without a first day has always been valid.
        let start = exemption.starts.map_or(0, |starts| days(self.first, starts));
        // Valid to the end of its last day.
        let end = days(self.first, exemption.expires) + 1;
        let (from, to) = (self.at(start), self.at(end));
        Bar {
            exemption,
            place,
            state: state(exemption.state),
            start: from,
            width: Percent(to.0.saturating_sub(from.0)).at_least(LEAST),
            before: end <= 0,
            beyond: end > self.days,
        }
    }

    /// Every month, and the names of some, evenly chosen.
    fn months(&self) -> Vec<Month> {
        let end = self.first.saturating_add(self.days.days());
        let months: Vec<Date> = self.first.series(1.month()).take_while(|day| *day < end).collect();
        let step = months.len().div_ceil(NAMED_MONTHS).max(1);
        let month = |(at, day): (usize, &Date)| Month {
            at: self.at(days(self.first, *day)),
            name: at.is_multiple_of(step).then(|| day.strftime("%Y-%m").to_string()),
        };
        months.iter().enumerate().map(month).collect()
    }
}

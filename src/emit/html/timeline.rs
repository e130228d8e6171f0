//! The exemptions on a line of days: when each begins and ends, and where today is.

use jiff::ToSpan;
use jiff::civil::Date;

use super::scale::{Bar, Month, Percent, Scale, end_of, start_of};
use crate::emit::summary::{count, number};
use crate::report::{JudgedExemption, Report};

/// How far the line goes back and ahead of today, at most, in days.
const BACK: i32 = 185;
const AHEAD: i32 = 400;

/// How far it goes in any case.
const MARGIN: i32 = 45;

/// How many exemptions are drawn; the table has them all.
const MOST: usize = 60;

/// The line, with the exemptions that end first.
pub(super) struct Timeline<'a> {
    /// Where today is.
    pub(super) today: Percent,
    /// The beginnings of months.
    pub(super) months: Vec<Month>,
    /// The exemptions, those first that end first.
    pub(super) lines: Vec<Line<'a>>,
    /// How many exemptions are not drawn.
    pub(super) left_out: u64,
}

/// One exemption.
pub(super) struct Line<'a> {
    pub(super) exemption: &'a JudgedExemption,
    /// Its place in the policy, from 1.
    pub(super) place: usize,
    pub(super) bar: Bar,
    /// Whether it ended before the line begins.
    pub(super) before: bool,
    /// Whether it goes on after the line ends, or begins there.
    pub(super) beyond: bool,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let (first, last) = window(report);
        let scale = Scale::new(first, last);
        let line = |(place, exemption): (usize, &'a JudgedExemption)| Line {
            exemption,
            place,
            // An exemption without a first day has always been valid.
            bar: scale.bar(
                exemption.state.id(),
                exemption.starts.map(start_of),
                Some(end_of(exemption.expires)),
            ),
            before: exemption.expires < first,
            beyond: exemption.expires > last,
        };
        let mut lines: Vec<Line<'a>> = (1..).zip(&report.exemptions).map(line).collect();
        lines.sort_by_key(|line| line.exemption.expires);
        let left_out = number(lines.len().saturating_sub(MOST));
        lines.truncate(MOST);
        let today = scale.at(start_of(report.today));
        Timeline { today, months: scale.months(), lines, left_out }
    }
}

/// Whole months, from the first beginning to the last end, as far as a person looks back or ahead.
fn window(report: &Report) -> (Date, Date) {
    let days = |day: Date| (day - report.today).get_days();
    let ends = report.exemptions.iter().map(|exemption| days(exemption.expires));
    let starts = report.exemptions.iter().filter_map(|exemption| exemption.starts.map(days));
    let first = starts.chain(ends.clone()).min().unwrap_or(0).clamp(-BACK, -MARGIN);
    let last = ends.max().unwrap_or(0).clamp(MARGIN, AHEAD);
    let day = |ahead: i32| report.today.saturating_add(ahead.days());
    (day(first).first_of_month(), day(last).last_of_month())
}

/// How far a day is from another.
pub(super) fn distance(today: Date, day: Date) -> String {
    let days = (day - today).get_days();
    let number = count(days.unsigned_abs().into(), "day");
    match days {
        0 => "today".into(),
        1.. => format!("in {number}"),
        ..0 => format!("{number} ago"),
    }
}

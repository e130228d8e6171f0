//! One workspace over the period: the stretches without a look, and what each day showed.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Period, start_of};
use crate::report::{AuditedWorkspace, Day, DayState, Gap, Look};

/// What the looks show of a workspace that was to be looked at `from` a time `until` another.
pub(super) fn workspace(
    slug: Arc<str>,
    from: Timestamp,
    until: Timestamp,
    looks: &[Look],
    period: &Period,
) -> AuditedWorkspace {
    // None is later: who looks at a workspace names it, so it is looked at no more from then on.
    let (before, within) = looks.split_at(looks.partition_point(|look| look.at < from));
    let look_before = before.last().map(|look| look.at);
    let times = within.iter().map(|look| look.at);
    let stretches = stretches(from, until, look_before, times);
    let length = |(from, to): (Timestamp, Timestamp)| to.duration_since(from);
    let longest = stretches.iter().copied().map(length).max().unwrap_or(SignedDuration::ZERO);
    let too_long = stretches.into_iter().filter(|stretch| length(*stretch) > period.max_gap);
    let gap = |(from, to)| Gap { from, to, length_s: length((from, to)).as_secs() };
    let gaps: Vec<Gap> = too_long.map(gap).collect();
    AuditedWorkspace {
        days: days(from, until, within, &gaps, period),
        slug,
        from,
        until,
        look_before,
        longest_stretch_s: longest.as_secs(),
        gaps,
        looks: within.to_vec(),
    }
}

/// The stretches without a look that reach into the time from which a workspace is to be looked at,
/// until it is not any more. The first one begins with the last look before that, where there is one.
fn stretches(
    from: Timestamp,
    until: Timestamp,
    look_before: Option<Timestamp>,
    looks: impl Iterator<Item = Timestamp>,
) -> Vec<(Timestamp, Timestamp)> {
    let mut last = look_before.unwrap_or(from);
    let mut stretches = Vec::new();
    for to in looks.chain([until]) {
        if to > from {
            stretches.push((last, to));
        }
        last = to;
    }
    stretches
}

/// Every day of the period, with what its looks showed.
fn days(
    from: Timestamp,
    until: Timestamp,
    looks: &[Look],
    gaps: &[Gap],
    period: &Period,
) -> Vec<Day> {
    let mut days = Vec::new();
    let mut looks = looks.iter().peekable();
    let mut gaps = gaps.iter().peekable();
    let series = period.from.series(1.day()).take_while(|day| *day <= period.to);
    for day in series {
        let (start, end) = (start_of(day), end_of(day));
        let (mut number, mut is_compliant) = (0, true);
        while let Some(look) = looks.next_if(|look| look.at < end) {
            number += 1;
            is_compliant &= look.compliant;
        }
        while gaps.next_if(|gap| gap.to <= start).is_some() {}
        let is_in_gap = gaps.peek().is_some_and(|gap| gap.from < end);
        let state = match number {
            0 if end <= from || start >= until => DayState::OutOfScope,
            0 if is_in_gap => DayState::Gap,
            0 => DayState::NoLook,
            _ if is_compliant => DayState::Compliant,
            _ => DayState::Violations,
        };
        days.push(Day { day, looks: number, state });
    }
    days
}

fn end_of(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, start_of)
}

/// The day of a moment, UTC.
pub(super) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

//! What the page says of an exemption.

use jiff::civil::Date;

use crate::emit::summary::count;
use crate::report::{JudgedExemption, State};

/// A state, in words.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Unused => "unused",
        State::Unneeded => "not needed",
        State::NotAllowed => "not allowed",
        State::OverLimit => "over the limit",
        State::Expired => "expired",
        State::Scheduled => "scheduled",
        State::Expiring => "expiring",
        State::Active => "active",
        State::Unresolved => "unresolved",
    }
}

/// The ids and the address that it selects by, whole.
pub(super) fn selectors(exemption: &JudgedExemption) -> impl Iterator<Item = &str> {
    let selectors = [&exemption.account_id, &exemption.uuid, &exemption.email];
    selectors.into_iter().filter_map(Option::as_deref)
}

/// How far a day is from another.
pub(super) fn distance(today: Date, day: Date) -> String {
    let days = day.duration_since(today).as_hours() / 24;
    let number = count(days.unsigned_abs(), "day");
    match days {
        0 => "today".into(),
        1.. => format!("in {number}"),
        ..0 => format!("{number} ago"),
    }
}

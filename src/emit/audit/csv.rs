//! CSV: one row a person and workspace, with what was seen over the period. Those who were exposed
//! come first.

use std::io;

use crate::emit::csv::Table;
use crate::member::Role;
use crate::report::{Audit, Person};

const HEADINGS: [&str; 20] = [
    "name",
    "key",
    "workspace",
    "exposures",
    "exposed_first",
    "exposed_last",
    "exposed_at_least_s",
    "exposed_at_most_s",
    "first_seen",
    "last_seen",
    "stays",
    "looks",
    "protected",
    "exempt",
    "unprotected",
    "unknown",
    "not_applicable",
    "role",
    "account_id",
    "uuid",
];

/// Writes the people.
pub(super) fn write(audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new(HEADINGS, out)?;
    let (exposed, others): (Vec<_>, Vec<_>) =
        audit.people.iter().partition(|person| !person.exposures.is_empty());
    for person in exposed.into_iter().chain(others) {
        table.row(row(person))?;
    }
    table.finish()
}

/// The cells, in the order of [`HEADINGS`]. What is not known is empty: the most that an exposure
/// lasted, where there is no look before or after.
fn row(person: &Person) -> [String; HEADINGS.len()] {
    let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or_default().to_owned();
    let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let (exposures, stays, looks) = (&person.exposures, &person.stays, person.looks);
    let most: Option<i64> = exposures.iter().map(|exposure| exposure.at_most_s).sum();
    let least: i64 = exposures.iter().map(|exposure| exposure.at_least_s).sum();
    let seen =
        looks.protected + looks.exempt + looks.unprotected + looks.unknown + looks.not_applicable;
    let is_exposed = !exposures.is_empty();
    [
        text(&person.name),
        person.key.to_string(),
        person.workspace.to_string(),
        exposures.len().to_string(),
        time(exposures.first().map(|exposure| exposure.first_seen)),
        time(exposures.last().map(|exposure| exposure.last_seen)),
        if is_exposed { least.to_string() } else { String::new() },
        most.filter(|_| is_exposed).map(|most| most.to_string()).unwrap_or_default(),
        time(stays.first().map(|stay| stay.first)),
        time(stays.last().map(|stay| stay.last)),
        stays.len().to_string(),
        seen.to_string(),
        looks.protected.to_string(),
        looks.exempt.to_string(),
        looks.unprotected.to_string(),
        looks.unknown.to_string(),
        looks.not_applicable.to_string(),
        person.role.map_or("", Role::id).into(),
        text(&person.account_id),
        text(&person.uuid),
    ]
}

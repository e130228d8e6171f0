//! An exemption as YAML text. Whatever a text says, it becomes one scalar: nothing in it can end the
//! value, begin another one, or hide from whoever reads the file.

use std::fmt::Write;

use jiff::civil::Date;

use super::Exemption;
use crate::yaml::quotes::{Quotes, key, quoted, word};

/// The keys of an exemption with their values as YAML, in the order of the documentation.
pub(super) fn fields(exemption: &Exemption, quotes: Quotes) -> Vec<(String, String)> {
    let (account_id, uuid, email) = exemption.selector.parts();
    let word = |text: &str| word(text, quotes);
    let days = |day: Option<Date>| {
        day.map(|day| match quotes {
            Quotes::Needed => day.to_string(),
            Quotes::Everywhere => quoted(&day.to_string()),
        })
    };
    let list = |texts: Vec<String>| (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")));
    let controls = exemption.compensating_controls.iter().map(|control| quoted(control));
    let fields = [
        ("id", Some(word(&exemption.id))),
        ("account_id", account_id.map(quoted)),
        ("uuid", uuid.map(quoted)),
        ("email", email.map(word)),
        ("name", exemption.name.as_deref().map(quoted)),
        ("category", exemption.category.map(|category| word(category.id()))),
        ("reason", Some(quoted(&exemption.reason))),
        ("compensating_controls", list(controls.collect())),
        ("owner", exemption.owner.as_deref().map(word)),
        ("approved_by", exemption.approved_by.as_deref().map(word)),
        ("ticket", exemption.ticket.as_deref().map(word)),
        ("starts", days(exemption.starts)),
        ("expires", days(Some(exemption.expires))),
        ("workspaces", list(exemption.workspaces.iter().map(|slug| word(slug)).collect())),
    ];
    let written = fields.into_iter().filter_map(|(key, value)| Some((key, value?)));
    written.map(|(name, value)| (key(name, quotes), value)).collect()
}

/// An exemption as an entry of a block list: lines that end with `newline`, the dash `indent`
/// columns from the left and the keys `gap` columns from the dash.
pub(super) fn block(exemption: &Exemption, indent: usize, gap: usize, newline: &str) -> String {
    let mut out = String::new();
    for (number, (key, value)) in fields(exemption, Quotes::Needed).into_iter().enumerate() {
        let dash = if number == 0 { "-" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(out, "{:indent$}{dash:gap$}{key}: {value}{newline}", "");
    }
    out
}

/// An exemption as a flow mapping on one line.
pub(super) fn flow(exemption: &Exemption, quotes: Quotes) -> String {
    let fields = fields(exemption, quotes).into_iter();
    let fields: Vec<String> = fields.map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

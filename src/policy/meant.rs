//! What was meant by a value of another type than its key takes. A help repeats all of the value in
//! the right form, or says the form and gives an example as an example: it never loses a part.

use super::keys::{Key, Takes};
use super::values;
use crate::suggest::{listed, nearest};
use crate::yaml::node::{Mapping, Sequence, Value};
use crate::yaml::quotes::{Quotes, quoted, word};

/// Longer values are not repeated.
const LONGEST: usize = 200;

/// What to write in place of the value of a key.
pub(super) fn help(key: Key<'_>, value: &Value) -> String {
    let meant = match key.takes {
        Takes::Version => None,
        Takes::Number => number(value),
        Takes::Text | Takes::AccountId | Takes::Uuid | Takes::Email => return text(key, value),
        Takes::Date => match value.scalar() {
            Some(scalar) => return values::read_date(scalar).err().unwrap_or_else(|| form_of(key)),
            None => only_scalar(value).map(str::to_owned),
        },
        Takes::Word(words) => only_scalar(value).and_then(|one| known(one, &words())),
        Takes::Words(words) => listed_in(value).and_then(|items| {
            let words = words();
            items.iter().map(|item| known(item, &words)).collect::<Option<Vec<_>>>().map(brackets)
        }),
        Takes::Slugs => listed_in(value)
            .map(|items| brackets(items.iter().map(|item| word(item, Quotes::Needed)).collect())),
        Takes::Texts => value.scalar().map(|text| brackets(vec![word(text, Quotes::Needed)])),
        Takes::Mapping => pairs(value),
        Takes::Entries => None,
    };
    match meant.filter(|meant| meant.len() <= LONGEST) {
        Some(meant) => format!("write `{}: {meant}`", key.name),
        None => form_of(key),
    }
}

/// What to write in place of an entry of a list.
pub(super) fn item_help(key: Key<'_>, value: &Value) -> String {
    let is_free = matches!(key.takes, Takes::Slugs | Takes::Texts);
    let help = match value {
        Value::Boolean(plain) | Value::Number(plain) if is_free => {
            Some(format!("quote it: `\"{plain}\"`"))
        }
        Value::Mapping(mapping) if matches!(key.takes, Takes::Texts) => {
            pair(mapping).map(|pair| format!("quote it: `{}`", quoted(&pair)))
        }
        Value::Sequence(_) => scalars(value).map(each_alone),
        Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Mapping(_)
        | Value::Invalid => None,
    };
    help.filter(|help| help.len() <= LONGEST).unwrap_or_else(|| form_of(key))
}

/// What to write where several entries stand in one.
pub(super) fn each_alone<'t>(entries: impl IntoIterator<Item = &'t str>) -> String {
    format!("write each as an entry of its own: {}", listed(entries))
}

/// The words of a text, however they are separated.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    let bare = parts.map(|part| part.trim_matches(['[', ']', '"', '\'', '-']));
    bare.filter(|part| !part.is_empty())
}

/// What a key takes, in words.
pub(super) fn form_of(key: Key<'_>) -> String {
    let Key { example, takes, .. } = key;
    match takes {
        Takes::Version => format!("write `{example}`"),
        Takes::Number => format!("write plain digits, as in `{example}`"),
        Takes::Text => format!("write text, as in `{example}`"),
        Takes::AccountId | Takes::Uuid | Takes::Email => {
            format!("write one, as in `{example}`; each member needs an exemption of its own")
        }
        Takes::Date => "write the date as `YYYY-MM-DD`".into(),
        Takes::Word(words) => format!("write one of {}", listed(words())),
        Takes::Words(words) => {
            format!("write one or more of {} in brackets, as in `{example}`", listed(words()))
        }
        Takes::Slugs | Takes::Texts => format!("write a list in brackets, as in `{example}`"),
        Takes::Mapping => format!("write keys and values, as in `{example}`"),
        Takes::Entries => format!(
            "write `{example}` for none; else write `- ` before the first key of each entry, and \
             indent its other keys as far as that one"
        ),
    }
}

/// What to write where text is wanted.
fn text(key: Key<'_>, value: &Value) -> String {
    let is_free = matches!(key.takes, Takes::Text);
    let meant = match value {
        Value::Boolean(plain) | Value::Number(plain)
            if is_free || matches!(key.takes, Takes::AccountId) =>
        {
            return format!("quote it: `\"{plain}\"`");
        }
        Value::Mapping(mapping) => match in_braces(mapping) {
            Some(inner) => {
                let text = match key.takes {
                    Takes::Uuid => format!("{{{}}}", inner.to_ascii_lowercase()),
                    Takes::Text => format!("{{{inner}}}"),
                    // Neither an account id nor an address has braces.
                    Takes::Version
                    | Takes::Number
                    | Takes::AccountId
                    | Takes::Email
                    | Takes::Date
                    | Takes::Word(_)
                    | Takes::Words(_)
                    | Takes::Slugs
                    | Takes::Texts
                    | Takes::Mapping
                    | Takes::Entries => inner.to_owned(),
                };
                return format!("text in braces needs quotes: `{}`", quoted(&text));
            }
            None => pair(mapping).filter(|_| is_free).map(|pair| quoted(&pair)),
        },
        Value::Sequence(_) => scalars(value).and_then(|entries| match *entries {
            [one] => Some(word(one, Quotes::Needed)),
            [..] => is_free.then(|| quoted(&entries.join(", "))),
        }),
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::Text(_) | Value::Invalid => {
            None
        }
    };
    match meant.filter(|meant| meant.len() <= LONGEST) {
        Some(meant) => format!("write `{}: {meant}`", key.name),
        None => form_of(key),
    }
}

/// The number that a value is, however it is written: `"90"`, `90 days`, `090`, `[90]`.
fn number(value: &Value) -> Option<String> {
    let text = value.scalar().or_else(|| only_scalar(value))?;
    let text = text.trim().trim_end_matches([',', ';']).to_ascii_lowercase();
    let text =
        ["days", "day", "d"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(&text);
    let text = text.trim().trim_start_matches('+').replace('_', "");
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => &text,
    };
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    whole.parse::<u32>().ok().map(|number| number.to_string())
}

/// The known word that a text is, but for a slip.
fn known(text: &str, words: &[&'static str]) -> Option<String> {
    nearest(text, words.iter().copied()).map(str::to_owned)
}

/// The entries of what is no list: the words of a text, or what stands in braces.
fn listed_in(value: &Value) -> Option<Vec<&str>> {
    let entries: Vec<&str> = match value {
        Value::Mapping(mapping) => bare_keys(mapping)?,
        Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Sequence(_)
        | Value::Invalid => words(value.scalar()?).collect(),
    };
    (!entries.is_empty()).then_some(entries)
}

/// The keys of a mapping in which none has a value: what stands in braces without colons.
fn bare_keys(mapping: &Mapping) -> Option<Vec<&str>> {
    let entries = mapping.entries.iter();
    entries.map(|entry| matches!(entry.value.value, Value::Null).then_some(&*entry.key)).collect()
}

fn brackets(entries: Vec<String>) -> String {
    format!("[{}]", entries.join(", "))
}

/// The scalars of a list that holds at least one and nothing else.
fn scalars(value: &Value) -> Option<Vec<&str>> {
    let Value::Sequence(Sequence { items, complete: true }) = value else { return None };
    let scalars: Vec<&str> = items.iter().map(|item| item.value.scalar()).collect::<Option<_>>()?;
    (!scalars.is_empty()).then_some(scalars)
}

/// The scalar of a list that holds nothing else.
fn only_scalar(value: &Value) -> Option<&str> {
    match *scalars(value)? {
        [one] => Some(one),
        [..] => None,
    }
}

/// What stands in braces without a colon.
fn in_braces(mapping: &Mapping) -> Option<&str> {
    match *bare_keys(mapping)? {
        [one] => Some(one),
        [..] => None,
    }
}

/// A mapping of one key to one scalar, as text with a colon in it.
fn pair(mapping: &Mapping) -> Option<String> {
    match &*mapping.entries {
        [entry] => Some(format!("{}: {}", entry.key, entry.value.value.scalar()?)),
        [..] => None,
    }
}

/// The keys and scalars of a list of mappings, as one mapping.
fn pairs(value: &Value) -> Option<String> {
    let Value::Sequence(Sequence { items, complete: true }) = value else { return None };
    let mut pairs = Vec::new();
    for item in items {
        let Value::Mapping(Mapping { entries, .. }) = &item.value else { return None };
        for entry in entries {
            let value = word(entry.value.value.scalar()?, Quotes::Needed);
            pairs.push(format!("{}: {value}", word(&entry.key, Quotes::Needed)));
        }
    }
    (!pairs.is_empty()).then(|| format!("{{{}}}", pairs.join(", ")))
}

//! What was meant by a value of another type than its key takes. A help repeats all of the value in
//! the right form, or says the form and gives an example: it never loses a part.

use super::dates::read_date;
use super::keys::{Key, POLICY, Takes};
use super::values::Form;
use crate::reading::Coverage;
use crate::suggest::{each_alone, listed, nearest, words};
use crate::yaml::node::{Mapping, Sequence, Value};
use crate::yaml::quotes::{Quoting, quoted, word};

/// Longer values are not repeated.
const LONGEST: usize = 200;

/// What to write in place of the value of a key.
pub(super) fn help(key: Key, value: &Value) -> String {
    let meant = match key.takes {
        Takes::Number => number(value),
        Takes::Text(form) => return text(key, form, value),
        Takes::Date => match value.scalar() {
            Some(scalar) => return read_date(scalar).err().unwrap_or_else(|| form_of(key)),
            None => only_scalar(value).map(str::to_owned),
        },
        Takes::Word(words) => only_scalar(value).and_then(|one| known(one, &(words.all)())),
        Takes::Words(words, _) => listed_in(value).and_then(|items| {
            let words = (words.all)();
            let mut meant: Vec<_> =
                items.iter().map(|item| known(item, &words)).collect::<Option<_>>()?;
            // They are always looked at, and the list has to say so.
            let members = Coverage::Members.id();
            if key.name == POLICY.coverage.name && !meant.iter().any(|word| word == members) {
                meant.insert(0, members.to_owned());
            }
            Some(brackets(meant))
        }),
        Takes::Texts(Form::Slug) => listed_in(value)
            .map(|items| brackets(items.iter().map(|item| word(item, Quoting::Needed)).collect())),
        Takes::Texts(_) => value.scalar().map(|text| brackets(vec![word(text, Quoting::Needed)])),
        Takes::Version | Takes::Rules | Takes::Mapping(_) | Takes::Entries(_) => None,
    };
    written(key, meant)
}

/// The key with what was meant, or else the form that it takes.
fn written(key: Key, meant: Option<String>) -> String {
    match meant.filter(|meant| meant.len() <= LONGEST) {
        Some(meant) => format!("write `{}: {meant}`", key.name),
        None => form_of(key),
    }
}

/// What to write in place of an entry of a list.
pub(super) fn item_help(key: Key, value: &Value) -> String {
    let takes_texts = matches!(key.takes, Takes::Texts(_));
    let is_free = matches!(key.takes, Takes::Texts(form) if form.is_free());
    let help = if let Value::Boolean(plain) | Value::Number(plain) = value {
        takes_texts.then(|| format!("quote it: `\"{plain}\"`"))
    } else if let Value::Mapping(mapping) = value {
        let pair = pair(mapping).filter(|_| is_free);
        pair.map(|pair| format!("quote it: `{}`", quoted(&pair)))
    } else {
        scalars(value).map(each_alone)
    };
    help.filter(|help| help.len() <= LONGEST).unwrap_or_else(|| form_of(key))
}

/// What a key takes, in words.
fn form_of(key: Key) -> String {
    let Key { example, takes, .. } = key;
    match takes {
        Takes::Version => format!("write `{example}`"),
        Takes::Number => format!("write plain digits, as in `{example}`"),
        Takes::Text(form) if form.is_free() => format!("write text, as in `{example}`"),
        Takes::Text(_) => {
            format!("write one, as in `{example}`; each member needs a separate exemption")
        }
        Takes::Date => "write the date as `YYYY-MM-DD`".into(),
        Takes::Word(words) => format!("write one of {}", listed((words.all)())),
        Takes::Words(words, _) => {
            format!("write one or more of {} in brackets, as in `{example}`", listed((words.all)()))
        }
        Takes::Texts(_) => format!("write a list in brackets, as in `{example}`"),
        Takes::Rules | Takes::Mapping(_) => format!("write keys and values, as in `{example}`"),
        Takes::Entries(_) => format!(
            "write `{example}` for an empty list; else write `- ` before the first key of each \
             entry, and indent its other keys as far as that one"
        ),
    }
}

/// What to write where text is wanted.
fn text(key: Key, form: Form, value: &Value) -> String {
    let meant = match value {
        Value::Boolean(plain) | Value::Number(plain)
            if form.is_free() || form == Form::AccountId =>
        {
            return format!("quote it: `\"{plain}\"`");
        }
        Value::Mapping(mapping) => match bare_keys(mapping).as_deref() {
            Some([inner]) if form == Form::Uuid => {
                let uuid = format!("{{{}}}", inner.to_ascii_lowercase());
                return format!("text in braces needs quotes: `{}`", quoted(&uuid));
            }
            Some(_) | None => pair(mapping).filter(|_| form.is_free()).map(|pair| quoted(&pair)),
        },
        Value::Sequence(_) => scalars(value).and_then(|entries| match *entries {
            [one] => Some(word(one, Quoting::Needed)),
            [..] => form.is_free().then(|| quoted(&entries.join(", "))),
        }),
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::Text(_) | Value::Invalid => {
            None
        }
    };
    written(key, meant)
}

/// The number that a value is, where it is quoted, has a unit or stands in brackets.
fn number(value: &Value) -> Option<String> {
    let text = value.scalar().or_else(|| only_scalar(value))?.trim();
    let text = ["days", "day", "d"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
    let text = text.trim();
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u32>().ok().filter(|_| is_whole).map(|number| number.to_string())
}

/// The known word that a text is, or nearly is.
fn known(text: &str, words: &[&'static str]) -> Option<String> {
    nearest(text, words.iter().copied()).map(str::to_owned)
}

/// The entries of something that is not a list: the words of a text, or what stands in braces.
fn listed_in(value: &Value) -> Option<Vec<&str>> {
    let entries: Vec<&str> = if let Value::Mapping(mapping) = value {
        bare_keys(mapping)?
    } else {
        words(value.scalar()?).collect()
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

/// A mapping of one key to one scalar, as text with a colon in it.
fn pair(mapping: &Mapping) -> Option<String> {
    match &*mapping.entries {
        [entry] => Some(format!("{}: {}", entry.key, entry.value.value.scalar()?)),
        [..] => None,
    }
}

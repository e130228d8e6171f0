//! Typed access to the keys of a mapping. What has another type than it should is reported once,
//! here, and later checks do not see it.

use jiff::civil::Date;

use super::dates::read_date;
use super::keys::{Key, REQUIRED, Shape, Takes, report_unknown};
use super::lists::choice;
use super::meant;
use super::values::Form;
use crate::words::Word;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::{Entry, Mapping, Node, Value};
use crate::yaml::quotes::quoted;
use crate::yaml::source::{Span, Spanned};

/// What there is under a key.
#[derive(Clone, Debug, Default)]
pub(super) enum Field<T> {
    /// The key is not there.
    #[default]
    Missing,
    /// What is there has been reported, or the file could not be read so far.
    Invalid,
    /// A value of the right type.
    Given(Spanned<T>),
}

impl<T> Field<T> {
    /// Replaces the value by what a check makes of it; `None` stands for a reported problem.
    pub(super) fn check<U>(self, check: impl FnOnce(Spanned<T>) -> Option<U>) -> Field<U> {
        match self {
            Field::Missing => Field::Missing,
            Field::Invalid => Field::Invalid,
            Field::Given(given) => {
                let span = given.span;
                check(given).map_or(Field::Invalid, |value| Field::Given(Spanned { value, span }))
            }
        }
    }

    /// The value of a field that may be missing; `None` where it has been reported.
    pub(super) fn optional(self) -> Option<Option<T>> {
        match self {
            Field::Missing => Some(None),
            Field::Invalid => None,
            Field::Given(given) => Some(Some(given.value)),
        }
    }

    pub(super) fn given(&self) -> Option<&Spanned<T>> {
        match self {
            Field::Missing | Field::Invalid => None,
            Field::Given(given) => Some(given),
        }
    }
}

/// A list of texts.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) items: Vec<Spanned<String>>,
    /// Whether every item could be read.
    pub(super) complete: bool,
}

/// The keys of one mapping that have not been asked for yet.
pub(super) struct Fields<'p> {
    shape: &'static Shape,
    entries: Vec<Entry>,
    complete: bool,
    /// Keys that are misspelt, so that they are not reported as missing as well.
    misspelt: Vec<&'static str>,
    pub(super) diagnostics: &'p mut Diagnostics,
}

impl<'p> Fields<'p> {
    /// Opens a mapping and reports its unknown keys.
    pub(super) fn open(
        mapping: Mapping,
        shape: &'static Shape,
        diagnostics: &'p mut Diagnostics,
    ) -> Self {
        Fields::open_with(mapping, shape, diagnostics, |_, _| false)
    }

    /// As [`Fields::open`], save for the unknown keys that `other` has reported.
    pub(super) fn open_with(
        mapping: Mapping,
        shape: &'static Shape,
        diagnostics: &'p mut Diagnostics,
        mut other: impl FnMut(&Entry, &mut Diagnostics) -> bool,
    ) -> Self {
        let Mapping { entries, complete, in_braces } = mapping;
        let entries = if in_braces { joined(entries, shape) } else { entries };
        let mut misspelt = Vec::new();
        let entries = entries
            .into_iter()
            .filter(|entry| {
                if shape.has(&entry.key) {
                    return true;
                }
                if !other(entry, diagnostics) {
                    misspelt.extend(report_unknown(entry, shape, diagnostics));
                }
                false
            })
            .collect();
        Fields { shape, entries, complete, misspelt, diagnostics }
    }

    /// The value of a key, whatever its type.
    fn node(&mut self, key: &'static str) -> Field<Node> {
        let Some(index) = self.entries.iter().position(|entry| entry.key == key) else {
            return if self.is_missing(key) { Field::Missing } else { Field::Invalid };
        };
        let Entry { key_span, value, comment, .. } = self.entries.swap_remove(index);
        match value.value {
            Value::Invalid => Field::Invalid,
            Value::Null => {
                let help = match comment {
                    Some(text) => format!(
                        "text that begins with `#` needs quotes: `{key}: {}`",
                        quoted(&format!("#{text}"))
                    ),
                    None if REQUIRED.contains(&key) => {
                        format!("write a value, as in `{}`", self.shape.key(key).example)
                    }
                    None => format!(
                        "write a value, as in `{}`, or delete the key",
                        self.shape.key(key).example
                    ),
                };
                self.diagnostics.push(key_span, format!("`{key}` has no value"), help);
                Field::Invalid
            }
            Value::Boolean(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Sequence(_)
            | Value::Mapping(_) => {
                let span = value.span;
                Field::Given(Spanned { value, span })
            }
        }
    }

    /// Whether a key is not there at all.
    pub(super) fn is_missing(&self, key: &'static str) -> bool {
        let is_it = |entry: &Entry| entry.key == key;
        !self.entries.iter().any(is_it) && self.complete && !self.misspelt.contains(&key)
    }

    /// Whether there is an empty list under a key.
    pub(super) fn is_empty_list(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| match &entry.value.value {
            Value::Sequence(list) => entry.key == key && list.complete && list.items.is_empty(),
            Value::Null
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Mapping(_)
            | Value::Invalid => false,
        })
    }

    /// The text under a key, in the form that the key takes.
    pub(super) fn text(&mut self, key: &'static str) -> Field<Box<str>> {
        let form = match self.shape.key(key).takes {
            Takes::Text(form) => form,
            Takes::Version
            | Takes::Number
            | Takes::Texts(_)
            | Takes::Date
            | Takes::Word(_)
            | Takes::Words(..)
            | Takes::Rules
            | Takes::Mapping(_)
            | Takes::Entries(_) => Form::Line,
        };
        self.any_text(key).check(|text| form.check(text, &format!("`{key}`"), self.diagnostics))
    }

    /// The date under a key.
    pub(super) fn date(&mut self, key: &'static str) -> Field<Date> {
        self.any_text(key).check(|Spanned { value, span }| {
            let invalid = |help| {
                self.diagnostics.push(span, format!("{} is not a valid date", shown(&value)), help);
            };
            read_date(&value).map_err(invalid).ok()
        })
    }

    /// The word under a key; `what` says what it stands for.
    pub(super) fn word<T: Word>(&mut self, key: &'static str, what: &str) -> Field<T> {
        self.any_text(key).check(|text| choice(text, what, self.diagnostics))
    }

    /// The value of a key that must be text, whatever it says.
    fn any_text(&mut self, key: &'static str) -> Field<String> {
        let key = self.shape.key(key);
        self.node(key.name).check(|node| text(node.value, &named(key), key, self.diagnostics))
    }

    /// The value of a key that must be a whole number.
    pub(super) fn number(&mut self, key: &'static str) -> Field<u32> {
        let key = self.shape.key(key);
        self.node(key.name).check(|Spanned { value: node, span }| {
            if let Value::Number(number) = &node.value
                && let Some(number) = plain_digits(number)
            {
                return Some(number);
            }
            let message = format!("`{}` must be a whole number from 0 to {}", key.name, u32::MAX);
            self.diagnostics.push(span, message, meant::help(key, &node.value));
            None
        })
    }

    /// The value of a key that must be a list of texts.
    pub(super) fn list(&mut self, key: &'static str) -> Field<List> {
        let key = self.shape.key(key);
        self.node(key.name).check(|Spanned { value: node, span }| {
            let Value::Sequence(sequence) = node.value else {
                report_type(span, &named(key), "a list", &node.value, key, self.diagnostics);
                return None;
            };
            let mut list = List { items: Vec::new(), complete: sequence.complete };
            for Node { value, span } in sequence.items {
                if let Value::Text(value) = value {
                    list.items.push(Spanned { value, span });
                    continue;
                }
                list.complete = false;
                if let Some(found) = type_of(&value) {
                    let message = format!("an entry of {} must be text, not {found}", named(key));
                    self.diagnostics.push(span, message, meant::item_help(key, &value));
                }
            }
            Some(list)
        })
    }

    /// The value of a key that must be a list of mappings; entries that are none are reported.
    pub(super) fn mappings(&mut self, key: &'static str) -> Field<Vec<Spanned<Mapping>>> {
        let key = self.shape.key(key);
        self.node(key.name).check(|Spanned { value: node, span }| {
            let Value::Sequence(sequence) = node.value else {
                report_type(span, &named(key), "a list", &node.value, key, self.diagnostics);
                return None;
            };
            let what = format!("an entry of {}", named(key));
            let entry = Key { example: "- id: EX-7", takes: Takes::Rules, ..key };
            let items = sequence.items.into_iter();
            Some(items.filter_map(|item| mapping(item, &what, entry, self.diagnostics)).collect())
        })
    }

    /// The value of a key that must be a mapping.
    pub(super) fn mapping(&mut self, key: &'static str) -> Field<Mapping> {
        let key = self.shape.key(key);
        self.node(key.name).check(|node| {
            mapping(node.value, &named(key), key, self.diagnostics).map(|mapping| mapping.value)
        })
    }
}

/// Entries in braces, where the words that follow on a text in place of a list belong to it: in
/// `{require: owner, ticket}` they look like a key without a value.
fn joined(entries: Vec<Entry>, shape: &Shape) -> Vec<Entry> {
    let mut joined: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let is_word = matches!(entry.value.value, Value::Null) && !shape.has(&entry.key);
        match joined.last_mut() {
            Some(Entry { key, value: Node { value: Value::Text(words), span }, .. })
                if is_word && shape.takes_words(key) =>
            {
                words.push_str(", ");
                words.push_str(&entry.key);
                span.end = entry.key_span.end;
            }
            Some(_) | None => joined.push(entry),
        }
    }
    joined
}

fn named(key: Key) -> String {
    format!("`{}`", key.name)
}

/// The text of a node; anything else is reported.
pub(super) fn text(
    node: Node,
    what: &str,
    key: Key,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    match node.value {
        Value::Text(text) => Some(text),
        other @ (Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Invalid) => {
            report_type(node.span, what, "text", &other, key, diagnostics);
            None
        }
    }
}

/// The mapping in a node; anything else is reported.
pub(super) fn mapping(
    node: Node,
    what: &str,
    key: Key,
    diagnostics: &mut Diagnostics,
) -> Option<Spanned<Mapping>> {
    let span = node.span;
    match node.value {
        Value::Mapping(value) => Some(Spanned { value, span }),
        other @ (Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Sequence(_)
        | Value::Invalid) => {
            report_type(span, what, "a mapping", &other, key, diagnostics);
            None
        }
    }
}

fn report_type(
    span: Span,
    what: &str,
    wanted: &str,
    found: &Value,
    key: Key,
    diagnostics: &mut Diagnostics,
) {
    if let Some(kind) = type_of(found) {
        let message = format!("{what} must be {wanted}, not {kind}");
        diagnostics.push(span, message, meant::help(key, found));
    }
}

/// The type of a value in words; `None` where it has been reported for another reason.
fn type_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => Some("nothing"),
        Value::Boolean(_) => Some("true or false"),
        Value::Number(_) => Some("a number"),
        Value::Text(_) => Some("text"),
        Value::Sequence(_) => Some("a list"),
        Value::Mapping(_) => Some("a mapping"),
        Value::Invalid => None,
    }
}

/// A number in digits alone: signs, leading zeros and other bases mean different things to
/// different readers of YAML.
fn plain_digits(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (text == "0" || !text.starts_with('0')) { text.parse().ok() } else { None }
}

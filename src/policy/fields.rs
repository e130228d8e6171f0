//! Typed access to the keys of a mapping. What has another type than it should is reported once,
//! here, and later checks do not see it.

use jiff::civil::Date;

use super::dates::read_date;
use super::keys::{Key, Shape, Takes, report_unknown};
use super::lists::{choice, unique};
use super::meant;
use crate::words::Word;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::{Entry, Mapping, Node, Sequence, Value};
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
        let Mapping { entries, complete, in_braces } = mapping;
        let mut entries = if in_braces { joined(entries, shape) } else { entries };
        let mut misspelt = Vec::new();
        entries.retain(|entry| {
            let is_known = shape.has(&entry.key);
            if !is_known {
                misspelt.extend(report_unknown(entry, shape, diagnostics));
            }
            is_known
        });
        Fields { entries, complete, misspelt, diagnostics }
    }

    /// The value of a key, whatever its type.
    fn node(&mut self, key: Key) -> Field<Value> {
        let Some(index) = self.entries.iter().position(|entry| entry.key == key.name) else {
            // It may stand in a part of the file that could not be read.
            return if self.is_missing(key) { Field::Missing } else { Field::Invalid };
        };
        let Entry { key_span, value: node, comment, .. } = self.entries.swap_remove(index);
        if matches!(node.value, Value::Null) {
            let Key { name, example, .. } = key;
            let help = match comment {
                Some(text) => format!(
                    "text that begins with `#` needs quotes: `{name}: {}`",
                    quoted(&format!("#{text}"))
                ),
                None if key.is_required() => format!("write a value, as in `{example}`"),
                None => format!("write a value, as in `{example}`, or delete the key"),
            };
            self.diagnostics.push(key_span, format!("`{name}` has no value"), help);
        }
        if matches!(node.value, Value::Null | Value::Invalid) {
            Field::Invalid
        } else {
            Field::Given(node)
        }
    }

    /// Whether a key is not there at all.
    pub(super) fn is_missing(&self, key: Key) -> bool {
        let is_it = |entry: &Entry| entry.key == key.name;
        !self.entries.iter().any(is_it) && self.complete && !self.misspelt.contains(&key.name)
    }

    /// The place of a list without entries under a key.
    pub(super) fn empty_list(&self, key: Key) -> Option<Span> {
        let entry = self.entries.iter().find(|entry| entry.key == key.name)?;
        let Value::Sequence(list) = &entry.value.value else { return None };
        (list.complete && list.items.is_empty()).then_some(entry.value.span)
    }

    /// Reports a list without entries under a key.
    pub(super) fn refuse_empty(&mut self, key: Key, message: &str, help: &str) {
        if let Some(span) = self.empty_list(key) {
            self.diagnostics.push(span, message, help);
        }
    }

    /// The text under a key, in the form that the key takes.
    pub(super) fn text(&mut self, key: Key) -> Field<Box<str>> {
        let Takes::Text(form) = key.takes else { return Field::Invalid };
        self.any_text(key).check(|text| form.check(text, &named(key), self.diagnostics))
    }

    /// The date under a key.
    pub(super) fn date(&mut self, key: Key) -> Field<Date> {
        self.any_text(key).check(|Spanned { value, span }| {
            let invalid = |help| {
                self.diagnostics.push(span, format!("{} is not a valid date", shown(&value)), help);
            };
            read_date(&value).map_err(invalid).ok()
        })
    }

    /// The word under a key; `what` says what it stands for.
    pub(super) fn word<T: Word>(&mut self, key: Key, what: &str) -> Field<T> {
        self.any_text(key).check(|text| choice(text, what, self.diagnostics))
    }

    /// The words of a list under a key, none twice; `what` says what one stands for.
    pub(super) fn words<T: Word>(&mut self, key: Key, what: &str) -> Field<Vec<T>> {
        self.list(key).check(|Spanned { value: list, .. }| {
            let (complete, count) = (list.complete, list.items.len());
            let items = unique(list, self.diagnostics).into_iter();
            let words: Vec<T> =
                items.filter_map(|item| choice(item, what, self.diagnostics)).collect();
            (complete && words.len() == count).then_some(words)
        })
    }

    /// The value of a key that must be text, whatever it says.
    fn any_text(&mut self, key: Key) -> Field<String> {
        self.node(key).check(|node| text(node, &named(key), key, self.diagnostics))
    }

    /// The value of a key that must be a whole number.
    pub(super) fn number(&mut self, key: Key) -> Field<u32> {
        self.node(key).check(|Node { value, span }| {
            if let Value::Number(number) = &value
                && let Some(number) = plain_digits(number)
            {
                return Some(number);
            }
            let message = format!("`{}` must be a whole number from 0 to {}", key.name, u32::MAX);
            self.diagnostics.push(span, message, meant::help(key, &value));
            None
        })
    }

    /// The value of a key that must be a list.
    fn sequence(&mut self, key: Key) -> Field<Sequence> {
        self.node(key).check(|node| {
            let Value::Sequence(sequence) = node.value else {
                report_type(&node, &named(key), "a list", key, self.diagnostics);
                return None;
            };
            Some(sequence)
        })
    }

    /// The value of a key that must be a list of texts.
    pub(super) fn list(&mut self, key: Key) -> Field<List> {
        self.sequence(key).check(|Spanned { value: sequence, .. }| {
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
    pub(super) fn mappings(&mut self, key: Key) -> Field<Vec<Spanned<Mapping>>> {
        self.sequence(key).check(|Spanned { value: sequence, .. }| {
            let what = format!("an entry of {}", named(key));
            let entry = Key { example: "- id: EX-7", takes: Takes::Rules, ..key };
            let items = sequence.items.into_iter();
            Some(items.filter_map(|item| mapping(item, &what, entry, self.diagnostics)).collect())
        })
    }

    /// The value of a key that must be a mapping.
    pub(super) fn mapping(&mut self, key: Key) -> Field<Mapping> {
        self.node(key).check(|node| {
            mapping(node, &named(key), key, self.diagnostics).map(|mapping| mapping.value)
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
    let Value::Text(text) = node.value else {
        report_type(&node, what, "text", key, diagnostics);
        return None;
    };
    Some(text)
}

/// The mapping in a node; anything else is reported.
pub(super) fn mapping(
    node: Node,
    what: &str,
    key: Key,
    diagnostics: &mut Diagnostics,
) -> Option<Spanned<Mapping>> {
    let Value::Mapping(value) = node.value else {
        report_type(&node, what, "a mapping", key, diagnostics);
        return None;
    };
    Some(Spanned { value, span: node.span })
}

fn report_type(node: &Node, what: &str, wanted: &str, key: Key, diagnostics: &mut Diagnostics) {
    if let Some(kind) = type_of(&node.value) {
        let message = format!("{what} must be {wanted}, not {kind}");
        diagnostics.push(node.span, message, meant::help(key, &node.value));
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

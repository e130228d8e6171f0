//! Typed access to the keys of a mapping. What has another type than it should is reported once,
//! here, and later checks do not see it.

use super::keys::{Shape, report_unknown};
use super::node::{Entry, Mapping, Node, Value};
use super::problem::Problems;
use super::source::{Span, Spanned};

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

    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Field::Missing)
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
    /// Keys that somebody tried to write, so that they are not reported as missing as well.
    misspelt: Vec<&'static str>,
    pub(super) problems: &'p mut Problems,
}

impl<'p> Fields<'p> {
    /// Opens a mapping and reports its unknown keys, save those that `other` has reported.
    pub(super) fn open(
        mapping: Mapping,
        shape: &'static Shape,
        problems: &'p mut Problems,
        mut other: impl FnMut(&Entry, &mut Problems) -> bool,
    ) -> Self {
        let Mapping { entries, complete } = mapping;
        let mut misspelt = Vec::new();
        let entries = entries
            .into_iter()
            .filter(|entry| {
                if shape.names().any(|name| name == entry.key) {
                    return true;
                }
                if !other(entry, problems) {
                    misspelt.extend(report_unknown(entry, shape, problems));
                }
                false
            })
            .collect();
        Fields { shape, entries, complete, misspelt, problems }
    }

    /// The value of a key, whatever its type.
    pub(super) fn node(&mut self, key: &'static str) -> Field<Node> {
        let Some(index) = self.entries.iter().position(|entry| entry.key == key) else {
            return if self.complete && !self.misspelt.contains(&key) {
                Field::Missing
            } else {
                Field::Invalid
            };
        };
        let Entry { key_span, value, .. } = self.entries.swap_remove(index);
        match value.value {
            Value::Invalid => Field::Invalid,
            Value::Null => {
                self.problems.push(
                    key_span,
                    format!("`{key}` has no value"),
                    format!("write `{}`", self.shape.example(key)),
                );
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

    /// The value of a key that must be text.
    pub(super) fn text(&mut self, key: &'static str) -> Field<String> {
        let example = self.shape.example(key);
        self.node(key).check(|node| text(node.value, &format!("`{key}`"), example, self.problems))
    }

    /// The value of a key that must be a whole number.
    pub(super) fn whole_number(&mut self, key: &'static str) -> Field<u32> {
        let example = self.shape.example(key);
        self.node(key).check(|Spanned { value: node, span }| {
            let help = match &node.value {
                Value::Number(number) => match plain_digits(number) {
                    Some(number) => return Some(number),
                    None => format!("write plain digits: `{example}`"),
                },
                Value::Text(text) if plain_digits(text).is_some() => {
                    format!("write it without quotes: `{key}: {text}`")
                }
                Value::Null
                | Value::Boolean(_)
                | Value::Text(_)
                | Value::Sequence(_)
                | Value::Mapping(_)
                | Value::Invalid => format!("write `{example}`"),
            };
            let message = format!("`{key}` must be a whole number from 0 to {}", u32::MAX);
            self.problems.push(span, message, help);
            None
        })
    }

    /// The value of a key that must be a list of texts.
    pub(super) fn list(&mut self, key: &'static str) -> Field<List> {
        let example = self.shape.example(key);
        self.node(key).check(|Spanned { value: node, span }| {
            let Value::Sequence(sequence) = node.value else {
                let help = match node.value.scalar().filter(|one| is_plain_word(one)) {
                    Some(one) => format!("write `{key}: [{one}]`"),
                    None => format!("write `{example}`"),
                };
                report_type(span, &format!("`{key}`"), "a list", &node.value, help, self.problems);
                return None;
            };
            let mut list = List { items: Vec::new(), complete: sequence.complete };
            for item in sequence.items {
                let span = item.span;
                match text(item, &format!("an entry of `{key}`"), example, self.problems) {
                    Some(value) => list.items.push(Spanned { value, span }),
                    None => list.complete = false,
                }
            }
            Some(list)
        })
    }

    /// The value of a key that must be a list of mappings; entries that are none are reported.
    pub(super) fn mappings(&mut self, key: &'static str) -> Field<Vec<Spanned<Mapping>>> {
        let example = self.shape.example(key);
        self.node(key).check(|Spanned { value: node, span }| {
            let Value::Sequence(sequence) = node.value else {
                let help = format!("write `{example}`, or one `- ` for each entry");
                report_type(span, &format!("`{key}`"), "a list", &node.value, help, self.problems);
                return None;
            };
            let what = format!("an entry of `{key}`");
            let items = sequence.items.into_iter();
            Some(items.filter_map(|item| mapping(item, &what, example, self.problems)).collect())
        })
    }

    /// The value of a key that must be a mapping.
    pub(super) fn mapping(&mut self, key: &'static str) -> Field<Mapping> {
        let example = self.shape.example(key);
        self.node(key).check(|node| {
            mapping(node.value, &format!("`{key}`"), example, self.problems)
                .map(|mapping| mapping.value)
        })
    }
}

/// The text of a node; anything else is reported.
pub(super) fn text(
    node: Node,
    what: &str,
    example: &str,
    problems: &mut Problems,
) -> Option<String> {
    let help = match &node.value {
        Value::Text(_) => String::new(),
        Value::Boolean(plain) | Value::Number(plain) => format!("quote it: `\"{plain}\"`"),
        // A uuid without quotes is a mapping of one key to nothing.
        Value::Mapping(Mapping { entries, .. }) => match entries.as_slice() {
            [Entry { key, value: Node { value: Value::Null, .. }, .. }] if is_plain_word(key) => {
                format!("text in braces needs quotes: `\"{{{key}}}\"`")
            }
            _ => format!("write `{example}`"),
        },
        Value::Null | Value::Sequence(_) | Value::Invalid => format!("write `{example}`"),
    };
    match node.value {
        Value::Text(text) => Some(text),
        other @ (Value::Null
        | Value::Boolean(_)
        | Value::Number(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Invalid) => {
            report_type(node.span, what, "text", &other, help, problems);
            None
        }
    }
}

/// The mapping in a node; anything else is reported.
pub(super) fn mapping(
    node: Node,
    what: &str,
    example: &str,
    problems: &mut Problems,
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
            let help = format!("write keys and values, as in `{example}`");
            report_type(span, what, "a mapping", &other, help, problems);
            None
        }
    }
}

fn report_type(
    span: Span,
    what: &str,
    wanted: &str,
    found: &Value,
    help: String,
    problems: &mut Problems,
) {
    let found = match found {
        Value::Null => "nothing",
        Value::Boolean(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
        // It has been reported for another reason.
        Value::Invalid => return,
    };
    problems.push(span, format!("{what} must be {wanted}, not {found}"), help);
}

/// A number in digits alone: signs, leading zeros and other bases mean different things to
/// different readers of YAML.
fn plain_digits(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (text == "0" || !text.starts_with('0')) { text.parse().ok() } else { None }
}

/// Whether a text can be repeated in help as YAML without quotes.
fn is_plain_word(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    (1..=64).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with(['-', '@'])
}

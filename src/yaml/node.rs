//! A document as a small tree of values, each with its place.

use super::source::{Span, Spanned};

/// A value and where it is written.
pub(crate) type Node = Spanned<Value>;

/// What a node holds, with the types of YAML's core schema.
#[derive(Debug)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`, as written.
    Boolean(String),
    /// A plain number, as written.
    Number(String),
    /// Any other scalar, and every quoted one.
    Text(String),
    Sequence(Sequence),
    Mapping(Mapping),
    /// Something that has been reported.
    Invalid,
}

impl Value {
    /// The text of a scalar, as written.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match self {
            Value::Boolean(text) | Value::Number(text) | Value::Text(text) => Some(text),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Invalid => None,
        }
    }
}

/// A list.
#[derive(Debug)]
pub(crate) struct Sequence {
    pub(crate) items: Vec<Node>,
    /// Whether the file was readable to the end of it.
    pub(crate) complete: bool,
}

/// Keys and values in the order of the file; no key twice.
#[derive(Debug)]
pub(crate) struct Mapping {
    pub(crate) entries: Vec<Entry>,
    /// Whether every key could be read; else a missing one proves nothing.
    pub(crate) complete: bool,
    /// Whether it is written in braces.
    pub(crate) in_braces: bool,
}

impl Mapping {
    /// The entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// A key and its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
    /// What stands after `#` where there is no value: perhaps text that needs quotes.
    pub(crate) comment: Option<String>,
}

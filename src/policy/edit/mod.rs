//! Changes to the exemptions of a policy file that keep every other byte as it was.
//!
//! The places in the tree say where to cut. That is not trusted: the result is read again, and must
//! say what was meant and nothing else.

mod block;
mod diff;
mod flow;
mod lines;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::keys::{EXEMPTION, POLICY};
use super::write;
use super::{Exemption, Policy, load};
use crate::escape::visible;
use crate::failure::Failure;
use crate::location::Location;
use crate::yaml::diagnostics::{Diagnostics, Warning, render_warnings};
use crate::yaml::node::{Node, Value};
use crate::yaml::quotes::{self, Quoting};
use crate::yaml::source::{SourceText, Span};
use crate::yaml::{syntax::BYTE_ORDER_MARK, tree};

/// A policy file as it was read.
#[derive(Debug)]
pub struct Document {
    /// What it says.
    pub policy: Policy,
    /// Its text, with the byte order mark where it has one.
    pub text: String,
    /// What an edit changed, as a unified diff; empty for a file as it was read.
    pub diff: String,
}

/// Why a document was not changed.
#[derive(Debug, PartialEq, Eq)]
pub enum EditError {
    /// It is written in a form that this program cannot edit.
    Unusual,
    /// The change would make it invalid: every problem of the result, as plain text.
    Invalid(String),
}

/// Text that replaces other text.
struct Splice {
    range: Range<usize>,
    text: String,
}

impl Document {
    /// Reads a policy file, as [`super::load`] does.
    ///
    /// # Errors
    /// Those of [`super::load`].
    pub fn load(path: &Path, pinned_sha256: Option<&str>) -> Result<Self, Failure> {
        let (name, bytes) = load::read_pinned(path, pinned_sha256)?;
        Document::parse(name, bytes)
    }

    /// Reads a policy from its bytes, as [`super::parse`] does.
    ///
    /// # Errors
    /// Those of [`super::parse`].
    pub fn parse(path: Arc<str>, bytes: Vec<u8>) -> Result<Self, Failure> {
        let policy = load::parse(path, &bytes)?;
        // Other bytes were refused above.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Document { policy, text, diff: String::new() })
    }

    /// Warnings about it, sorted by place, each with its line, as plain text.
    pub fn render(&self, warnings: &[Warning]) -> String {
        let source = SourceText::new(Arc::clone(&self.policy.path), &self.text);
        render_warnings(warnings, &source)
    }

    /// Where the value of a key is written, by the keys that lead to it; the start of the file where
    /// there is none.
    pub fn place(&self, keys: &[&str]) -> Location {
        let source = SourceText::new(Arc::clone(&self.policy.path), &self.text);
        let root = tree::parse(source.text, &mut Diagnostics::default());
        let mut place = Location::start_of(Arc::clone(&self.policy.path));
        let mut node = root.as_ref();
        for key in keys {
            let Some(Node { value: Value::Mapping(mapping), .. }) = node else { break };
            let entry = mapping.get(key);
            if let Some(entry) = entry {
                place = source.location(entry.key_span);
            }
            node = entry.map(|entry| &entry.value);
        }
        place
    }

    /// The document with another exemption, after all others.
    ///
    /// # Errors
    /// [`EditError`] where it cannot be added.
    pub fn with(&self, exemption: &Exemption) -> Result<Document, EditError> {
        let mut meant = self.policy.clone();
        meant.exemptions.push(exemption.clone());
        self.changed(meant, |text, root| addition(text, root, exemption))
    }

    /// The document without the exemptions at these positions.
    ///
    /// # Errors
    /// [`EditError`] where they cannot be removed.
    pub fn without(&self, removed: &[usize]) -> Result<Document, EditError> {
        let mut meant = self.policy.clone();
        let mut positions = 0..;
        meant.exemptions.retain(|_| positions.next().is_none_or(|at| !removed.contains(&at)));
        self.changed(meant, |text, root| removal(text, root, removed))
    }

    /// The document with another exemption in place of the one at a position. Every key that the old
    /// one has must be in the new one.
    ///
    /// # Errors
    /// [`EditError`] where it cannot be changed.
    pub fn replaced(&self, position: usize, exemption: &Exemption) -> Result<Document, EditError> {
        let mut meant = self.policy.clone();
        let slot = meant.exemptions.get_mut(position).ok_or(EditError::Unusual)?;
        let old = std::mem::replace(slot, exemption.clone());
        self.changed(meant, |text, root| replacement(text, root, position, &old, exemption))
    }

    /// The document after a change, if it then says what was meant.
    fn changed(
        &self,
        meant: Policy,
        change: impl FnOnce(&str, &Node) -> Option<Vec<Splice>>,
    ) -> Result<Document, EditError> {
        let text = self.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.text);
        let mark = self.text.strip_suffix(text).unwrap_or_default();
        let root = tree::parse(text, &mut Diagnostics::default());
        let splices = root.and_then(|root| change(text, &root)).ok_or(EditError::Unusual)?;
        let diff = diff::unified(&visible(&self.policy.path), text, &splices);
        let diff = diff.ok_or(EditError::Unusual)?;
        let result = applied(text, splices).ok_or(EditError::Unusual)?;
        let mut diagnostics = Diagnostics::default();
        tree::parse(&result, &mut diagnostics);
        if !diagnostics.is_empty() {
            return Err(EditError::Unusual);
        }
        let path = Arc::clone(&self.policy.path);
        let changed = Document::parse(path, format!("{mark}{result}").into_bytes())
            .map_err(|failure| EditError::Invalid(failure.to_string()))?;
        if changed.policy.clone().without_places() == meant.without_places() {
            Ok(Document { diff, ..changed })
        } else {
            Err(EditError::Unusual)
        }
    }
}

/// An exemption as lines to paste below `exemptions:`.
pub fn snippet(exemption: &Exemption) -> String {
    write::block(exemption, 2, 2, "\n")
}

/// What to change to add an exemption.
fn addition(text: &str, root: &Node, exemption: &Exemption) -> Option<Vec<Splice>> {
    let Value::Mapping(keys) = &root.value else { return None };
    let in_braces = begins(text, root.span, '{');
    let Some(entry) = keys.get(POLICY.exemptions.name) else {
        if !in_braces {
            return Some(block::add_key(text, root.span, exemption));
        }
        let last = keys.entries.last()?;
        let quotes = quotes_of(text, last.key_span);
        let (key, entry) =
            (quotes::key(POLICY.exemptions.name, quotes), write::flow(exemption, quotes));
        let last = Span { start: last.key_span.start, end: last.value.span.end };
        return Some(vec![flow::append(text, root.span, Some(last), &format!("{key}: [{entry}]"))]);
    };
    let Value::Sequence(list) = &entry.value.value else { return None };
    if !begins(text, entry.value.span, '[') {
        return block::append(text, entry, &list.items, exemption);
    }
    if list.items.is_empty()
        && !in_braces
        && let Some(filled) = block::fill(text, entry, exemption)
    {
        return Some(filled);
    }
    let piece = write::flow(exemption, quotes_of(text, entry.key_span));
    let last = list.items.last().map(|item| item.span);
    Some(vec![flow::append(text, entry.value.span, last, &piece)])
}

/// What to change to remove exemptions.
fn removal(text: &str, root: &Node, removed: &[usize]) -> Option<Vec<Splice>> {
    let Value::Mapping(keys) = &root.value else { return None };
    let entry = keys.get(POLICY.exemptions.name)?;
    let Value::Sequence(list) = &entry.value.value else { return None };
    if begins(text, entry.value.span, '[') {
        let items: Vec<Span> = list.items.iter().map(|item| item.span).collect();
        flow::remove(text, entry.value.span, &items, removed)
    } else {
        block::remove(text, entry, &list.items, removed)
    }
}

/// What to change to make one exemption another one: the values that differ, and the keys that are
/// new, below `expires`.
fn replacement(
    text: &str,
    root: &Node,
    position: usize,
    old: &Exemption,
    new: &Exemption,
) -> Option<Vec<Splice>> {
    let Value::Mapping(keys) = &root.value else { return None };
    let entry = keys.get(POLICY.exemptions.name)?;
    let Value::Sequence(list) = &entry.value.value else { return None };
    let item = list.items.get(position)?;
    let Value::Mapping(mapping) = &item.value else { return None };
    let quotes = quotes_of(text, mapping.entries.first()?.key_span);
    let expires = mapping.get(EXEMPTION.expires.name)?;
    let mut splices = Vec::new();
    let mut pieces = Vec::new();
    let before = write::fields(old, quotes);
    for (key, value) in
        write::fields(new, quotes).into_iter().filter(|field| !before.contains(field))
    {
        match mapping.get(key.trim_matches('"')) {
            Some(entry) => splices.push(block::value(text, entry, value)?),
            None => pieces.push(format!("{key}: {value}")),
        }
    }
    if begins(text, item.span, '{') {
        let last = mapping.entries.last()?.value.span;
        let added = (!pieces.is_empty()).then(|| pieces.join(", "));
        splices.extend(added.map(|added| flow::append(text, item.span, Some(last), &added)));
    } else {
        splices.extend(block::keys_below(text, expires, item.span, &pieces));
    }
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    Some(splices)
}

/// Whether the text at a place begins with a character: a list with a bracket, a mapping with a
/// brace, a key with a quote.
fn begins(text: &str, place: Span, sign: char) -> bool {
    text.get(place.start..).is_some_and(|rest| rest.starts_with(sign))
}

/// How the keys around an exemption are written.
fn quotes_of(text: &str, key: Span) -> Quoting {
    if begins(text, key, '"') { Quoting::Everywhere } else { Quoting::Needed }
}

/// A text after changes to places that do not overlap.
fn applied(text: &str, splices: Vec<Splice>) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for Splice { range, text: piece } in splices {
        result.push_str(text.get(done..range.start)?);
        result.push_str(&piece);
        done = range.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::{Document, EditError, Splice};

    /// What comes of putting a piece in place of another one, where nothing was to change.
    fn cut(text: &str, old: &str, new: &str) -> Result<String, EditError> {
        let document = Document::parse("policy.yaml".into(), text.into()).unwrap();
        let changed = document.changed(document.policy.clone(), |text, _| {
            let start = text.find(old).unwrap();
            Some(vec![Splice { range: start..start + old.len(), text: new.into() }])
        });
        changed.map(|changed| changed.text)
    }

    #[test]
    fn a_wrong_cut_is_noticed() {
        let text = "version: 1\nworkspaces: [a, b] # c\nlimits: {max_days: 1}\nexemptions:\n  \
                    - {id: A, email: a@b.cc, reason: why, starts: 2026-01-01, expires: 2026-01-02}\n";
        assert_eq!(cut(text, "# c", "# d"), Ok(text.replace("# c", "# d")));
        for (old, new) in [
            (", b]", "]"),
            ("max_days: 1", "max_days: 2"),
            ("reason: why", "reason: not"),
            ("01-02}", "01-01}"),
            ("a@b.cc", "b@b.cc"),
            ("exemptions:", "exemptions: ["),
            ("version", "\tversion"),
        ] {
            assert_eq!(cut(text, old, new), Err(EditError::Unusual), "{new}");
        }
        assert!(matches!(cut(text, "email", "mail"), Err(EditError::Invalid(_))));
    }
}

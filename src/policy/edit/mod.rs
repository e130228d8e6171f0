//! A policy file with an exemption more, or some fewer, and every other byte as it was.
//!
//! The places of the tree say where to cut. Whether the cut was right is not left to that: the
//! result is read again, and must say what was meant and nothing else.

mod block;
mod flow;
mod lines;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::Renderer;

use super::write;
use super::{Exemption, Policy, load};
use crate::failure::Failure;
use crate::yaml::diagnostics::{Diagnostics, Warning, render_warnings};
use crate::yaml::node::{Node, Value};
use crate::yaml::quotes::{self, Quotes};
use crate::yaml::source::{SourceText, Span};
use crate::yaml::tree;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A policy file as it was read.
#[derive(Debug)]
pub struct Document {
    /// What it says.
    pub policy: Policy,
    /// Its text, with the byte order mark where it has one.
    pub text: String,
}

/// Why a document was not changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is written in a way that this program does not change.
    Unusual,
    /// The change would make it invalid: every problem of the result, as plain text.
    Invalid(String),
}

/// A piece of text in place of another one.
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
        // Anything else was no policy.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Document { policy, text })
    }

    /// Warnings about it in the order of their places, each with its line, as plain text.
    pub fn render(&self, warnings: &[Warning]) -> String {
        let source = SourceText::new(Arc::clone(&self.policy.path), &self.text);
        render_warnings(warnings, &source, &Renderer::plain())
    }

    /// The document with an exemption more, after all others.
    ///
    /// # Errors
    /// [`Refusal`] where it cannot be added.
    pub fn with(&self, exemption: &Exemption) -> Result<Document, Refusal> {
        let mut meant = self.policy.clone();
        meant.exemptions.push(exemption.clone());
        self.changed(meant, |text, root| addition(text, root, exemption))
    }

    /// The document without the exemptions at these positions.
    ///
    /// # Errors
    /// [`Refusal`] where they cannot be removed.
    pub fn without(&self, removed: &[usize]) -> Result<Document, Refusal> {
        let mut meant = self.policy.clone();
        let mut positions = 0..;
        meant.exemptions.retain(|_| positions.next().is_none_or(|own| !removed.contains(&own)));
        self.changed(meant, |text, root| removal(text, root, removed))
    }

    /// The document after a change, if it says then what was meant.
    fn changed(
        &self,
        meant: Policy,
        change: impl FnOnce(&str, &Node) -> Option<Vec<Splice>>,
    ) -> Result<Document, Refusal> {
        let text = self.text.strip_prefix(BYTE_ORDER_MARK);
        let (mark, text) = text.map_or(("", &*self.text), |text| (BYTE_ORDER_MARK, text));
        let root = tree::parse(text, &mut Diagnostics::default());
        let splices = root.and_then(|root| change(text, &root)).ok_or(Refusal::Unusual)?;
        let result = applied(text, splices).ok_or(Refusal::Unusual)?;
        let mut diagnostics = Diagnostics::default();
        tree::parse(&result, &mut diagnostics);
        if !diagnostics.is_empty() {
            return Err(Refusal::Unusual);
        }
        let path = Arc::clone(&self.policy.path);
        let changed = Document::parse(path, format!("{mark}{result}").into_bytes())
            .map_err(|failure| Refusal::Invalid(failure.to_string()))?;
        if changed.policy.clone().without_places() == meant.without_places() {
            Ok(changed)
        } else {
            Err(Refusal::Unusual)
        }
    }
}

/// An exemption as lines to paste below `exemptions:`.
pub fn snippet(exemption: &Exemption) -> String {
    write::block(exemption, 2, 2, "\n")
}

/// What to change for an exemption more.
fn addition(text: &str, root: &Node, exemption: &Exemption) -> Option<Vec<Splice>> {
    let Value::Mapping(keys) = &root.value else { return None };
    let in_braces = begins(text, root.span, '{');
    let Some(entry) = keys.entries.iter().find(|entry| entry.key == "exemptions") else {
        if !in_braces {
            return Some(block::add_key(text, root.span, exemption));
        }
        let last = keys.entries.last()?;
        let quotes = quotes_of(text, last.key_span);
        let (key, entry) = (quotes::key("exemptions", quotes), write::flow(exemption, quotes));
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

/// What to change for some exemptions fewer.
fn removal(text: &str, root: &Node, removed: &[usize]) -> Option<Vec<Splice>> {
    let Value::Mapping(keys) = &root.value else { return None };
    let entry = keys.entries.iter().find(|entry| entry.key == "exemptions")?;
    let Value::Sequence(list) = &entry.value.value else { return None };
    if begins(text, entry.value.span, '[') {
        let items: Vec<Span> = list.items.iter().map(|item| item.span).collect();
        flow::remove(text, entry.value.span, &items, removed)
    } else {
        block::remove(text, entry, &list.items, removed)
    }
}

/// Whether what stands at a place begins with a sign: a list with a bracket, a mapping with a brace,
/// a key with a quote.
fn begins(text: &str, place: Span, sign: char) -> bool {
    text.get(place.start..).is_some_and(|rest| rest.starts_with(sign))
}

/// How the keys around an exemption are written.
fn quotes_of(text: &str, key: Span) -> Quotes {
    if begins(text, key, '"') { Quotes::Everywhere } else { Quotes::Needed }
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
    use super::{Document, Refusal, Splice};

    /// What comes of putting a piece in place of another one, where nothing was to change.
    fn cut(text: &str, old: &str, new: &str) -> Result<String, Refusal> {
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
            assert_eq!(cut(text, old, new), Err(Refusal::Unusual), "{new}");
        }
        assert!(matches!(cut(text, "email", "mail"), Err(Refusal::Invalid(_))));
    }
}

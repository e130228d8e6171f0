//! From YAML to a small tree of nodes with places.
//!
//! What YAML offers beyond plain mappings, lists and scalars is refused here: an anchor or a merge
//! key would let an exemption take a field from somewhere else in the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use granit_parser::{Event, Parser, StructureStyle, Tag};

use super::diagnostics::{Diagnostics, shown};
use super::node::{Entry, Mapping, Node, Sequence, Value};
use super::scalar::{resolve, trimmed};
use super::source::Span;
use super::syntax::{self, MAX_DEPTH};

/// Reads one document. YAML that no policy may use is reported; after a syntax error the tree holds
/// what stands before it.
pub(crate) fn parse(text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder { text, diagnostics, documents: 0, open: Vec::new(), root: None };
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(next) = parser.next_event() {
        let goes_on = match next {
            Ok((event, place)) => builder.take(event, &place),
            Err(error) => {
                builder.break_off(&error);
                false
            }
        };
        if !goes_on {
            break;
        }
    }
    while !builder.open.is_empty() {
        builder.close(None);
    }
    let root = builder.root;
    if root.is_none() && diagnostics.is_empty() {
        diagnostics.add(syntax::empty(Span { start: 0, end: 0 }));
    }
    root
}

/// A collection whose end has not come yet.
struct Open {
    start: Span,
    style: StructureStyle,
    children: Children,
}

enum Children {
    Sequence(Vec<Node>),
    Mapping(Entries),
}

#[derive(Default)]
struct Entries {
    entries: Vec<Entry>,
    seen: HashMap<String, Span>,
    pending: Pending,
    unreadable_key: bool,
}

/// What the next node of a mapping is.
#[derive(Default)]
enum Pending {
    #[default]
    Key,
    ValueOf(String, Span),
    /// The value of a key that was reported.
    ValueToDrop,
}

struct Builder<'t, 'p> {
    text: &'t str,
    diagnostics: &'p mut Diagnostics,
    documents: u32,
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_, '_> {
    /// Takes the parser's next event; `false` where no more of the file is read.
    fn take(&mut self, event: Event<'_>, place: &granit_parser::Span) -> bool {
        let span = span_of(place, self.text);
        let tag_span = place.tag_span().map(|tag| span_of(&tag, self.text));
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.diagnostics.push(
                        span,
                        "more than one document",
                        "a policy is one document: delete this `---` and everything after it",
                    );
                    return false;
                }
            }
            Event::Anchor(..) => self.diagnostics.push(
                span,
                "anchors are not allowed",
                "write the value everywhere it is needed; text that begins with `&` needs quotes",
            ),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.diagnostics.push(
                    span,
                    "aliases are not allowed",
                    "write the value here; text that begins with `*` needs quotes",
                );
                self.place(Node { value: Value::Invalid, span });
            }
            Event::Scalar(scalar, style, anchor, tag) => {
                let is_refused = self.refuse_tag(tag.as_deref(), tag_span, span) || anchor != 0;
                let value =
                    if is_refused { Value::Invalid } else { resolve(scalar.into_owned(), style) };
                let span = trimmed(self.text, span, style);
                self.place(Node { value, span });
            }
            Event::SequenceStart(style, _, tag) => {
                self.refuse_tag(tag.as_deref(), tag_span, span);
                return self.open(span, style, Children::Sequence(Vec::new()));
            }
            Event::MappingStart(style, _, tag) => {
                self.refuse_tag(tag.as_deref(), tag_span, span);
                return self.open(span, style, Children::Mapping(Entries::default()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(span)),
            // Events that a later version of the parser may have.
            _ => self.diagnostics.push(span, "this YAML is not supported", "write plain YAML"),
        }
        true
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.children) {
            None => self.root = Some(node),
            Some(Children::Sequence(items)) => items.push(node),
            Some(Children::Mapping(entries)) => {
                match std::mem::take(&mut entries.pending) {
                    Pending::Key => {
                        entries.pending = entries.key(node, self.text, self.diagnostics)
                    }
                    Pending::ValueOf(key, key_span) => {
                        let has_none = matches!(node.value, Value::Null);
                        let comment = has_none.then(|| comment_after(self.text, key_span));
                        let comment = comment.flatten();
                        entries.entries.push(Entry { key, key_span, value: node, comment });
                    }
                    Pending::ValueToDrop => {}
                };
            }
        }
    }

    /// Begins a collection; `false` where it would be too deep.
    fn open(&mut self, start: Span, style: StructureStyle, children: Children) -> bool {
        if self.open.len() >= MAX_DEPTH {
            self.diagnostics.add(syntax::too_deep(start));
            return false;
        }
        self.open.push(Open { start, style, children });
        true
    }

    /// Ends the innermost collection, at `end` or, where the file could not be read so far,
    /// nowhere.
    fn close(&mut self, end: Option<Span>) {
        let Some(Open { start, style, children }) = self.open.pop() else { return };
        let complete = end.is_some();
        let (value, last) = match children {
            Children::Sequence(items) => {
                let last = items.last().map(|item| item.span);
                (Value::Sequence(Sequence { items, complete }), last)
            }
            Children::Mapping(Entries { entries, unreadable_key, .. }) => {
                let last = entries.last().map(|entry| entry.value.span);
                let complete = complete && !unreadable_key;
                let in_braces = style == StructureStyle::Flow;
                (Value::Mapping(Mapping { entries, complete, in_braces }), last)
            }
        };
        let end = match (style, end) {
            (StructureStyle::Flow, Some(end)) => end,
            // The parser ends a block where the next token begins, which may be lines below.
            (StructureStyle::Block, _) | (StructureStyle::Flow, None) => last.unwrap_or(start),
        };
        let span = Span { start: start.start, end: end.end };
        self.place(Node { value, span });
    }

    /// Reports a syntax error, and drops what it makes doubtful: a scalar that it cuts in two,
    /// and whether what ends right before it is complete.
    fn break_off(&mut self, error: &granit_parser::ScanError) {
        let at = error.marker().byte_offset().unwrap_or(self.text.len()).min(self.text.len());
        let last = match self.open.last_mut().map(|open| &mut open.children) {
            Some(Children::Sequence(items)) => items.last_mut(),
            Some(Children::Mapping(entries)) => {
                entries.entries.last_mut().map(|entry| &mut entry.value)
            }
            None => self.root.as_mut(),
        };
        if let Some(node) = last {
            let between = self.text.get(node.span.end..at);
            if between.is_none_or(|between| !between.contains('\n')) {
                node.value = Value::Invalid;
            }
            reopen(self.text, node);
        }
        let brackets = self.open.iter().rev().find(|open| open.style == StructureStyle::Flow);
        let bracket = brackets.map(|open| open.start.start);
        self.diagnostics.stop(syntax::error(self.text, at, error.kind(), bracket));
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, tag_span: Option<Span>, node: Span) -> bool {
        if tag.is_some() {
            self.diagnostics.push(
                tag_span.unwrap_or(node),
                "tags are not allowed",
                "delete the tag; to make a number text, quote it; text that begins with `!` needs quotes",
            );
        }
        tag.is_some()
    }
}

/// Marks the lists and mappings that end with a node as incomplete, unless brackets close them: a
/// wrong indentation ends them too early.
fn reopen(text: &str, node: &mut Node) {
    if text.get(node.span.start..).is_some_and(|rest| rest.starts_with(['[', '{'])) {
        return;
    }
    match &mut node.value {
        Value::Sequence(list) => {
            list.complete = false;
            if let Some(last) = list.items.last_mut() {
                reopen(text, last);
            }
        }
        Value::Mapping(mapping) => {
            mapping.complete = false;
            if let Some(last) = mapping.entries.last_mut() {
                reopen(text, &mut last.value);
            }
        }
        // A block scalar without anything in it: its text is indented too little.
        Value::Text(scalar) if scalar.trim().is_empty() => node.value = Value::Invalid,
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::Text(_) | Value::Invalid => {}
    }
}

/// What stands after `#` where a key has no value, if it looks like text: `ticket: #12`.
fn comment_after(text: &str, key: Span) -> Option<String> {
    let line = text.get(key.end..)?.lines().next()?;
    let comment = line.trim_start().strip_prefix(':')?.trim_start().strip_prefix('#')?.trim_end();
    comment.starts_with(|c: char| c.is_alphanumeric()).then(|| comment.to_owned())
}

impl Entries {
    /// Takes a node as a key, and says what to do with its value.
    fn key(&mut self, node: Node, text: &str, diagnostics: &mut Diagnostics) -> Pending {
        let span = node.span;
        let Some(key) = readable(node, text, diagnostics) else {
            self.unreadable_key = true;
            return Pending::ValueToDrop;
        };
        match self.seen.entry(key) {
            Slot::Vacant(slot) => {
                let key = slot.key().clone();
                slot.insert(span);
                Pending::ValueOf(key, span)
            }
            Slot::Occupied(slot) => {
                diagnostics.push_related(
                    span,
                    format!("duplicate key {}", shown(slot.key())),
                    "keep one of the two",
                    (*slot.get(), "first here"),
                );
                Pending::ValueToDrop
            }
        }
    }
}

/// The text of a key; `None` where a problem was reported, now or before.
fn readable(key: Node, text: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let (message, help) = match key.value {
        // Quoted, it would be a key like any other.
        Value::Text(_) if text.get(key.span.start..key.span.end) == Some("<<") => {
            ("merge keys are not allowed", "write all fields in every exemption")
        }
        Value::Text(key) | Value::Number(key) | Value::Boolean(key) => return Some(key),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => {
            ("a key must be text", "write `key: value`")
        }
        Value::Invalid => return None,
    };
    diagnostics.push(key.span, message, help);
    None
}

/// The parser reads from a string, so it knows the bytes of every place.
fn span_of(place: &granit_parser::Span, text: &str) -> Span {
    let range = place.byte_range().unwrap_or(text.len()..text.len());
    Span { start: range.start, end: range.end }
}

#[cfg(test)]
mod tests {
    use super::{Diagnostics, Mapping, Value, parse};

    /// Keys of the root with the text of their values' places.
    fn places(text: &str) -> Vec<(String, &str)> {
        let root = parse(text, &mut Diagnostics::default()).unwrap();
        let Value::Mapping(Mapping { entries, .. }) = root.value else { panic!("{text}") };
        let place = |span: super::Span| &text[span.start..span.end];
        entries.into_iter().map(|entry| (entry.key, place(entry.value.span))).collect()
    }

    #[test]
    fn places_end_where_the_values_do() {
        let text =
            "a: |\n  x\n  y  \n\n# c\nb:\n  - 1\n  - k: v # c\n\n\nc: [x,\n  y]\nd: 'q'  \n\n";
        let expected = [
            ("a".to_owned(), "x\n  y"),
            ("b".to_owned(), "- 1\n  - k: v"),
            ("c".to_owned(), "[x,\n  y]"),
            ("d".to_owned(), "'q'"),
        ];
        assert_eq!(places(text), expected);
    }

    #[test]
    fn what_a_syntax_error_cuts_off_is_incomplete() {
        let mut diagnostics = Diagnostics::default();
        let root = parse("a: 1\nb:\n  - x\n  - 'y\n", &mut diagnostics).unwrap();
        let Value::Mapping(Mapping { entries, complete, .. }) = root.value else { panic!() };
        assert!(!complete && !diagnostics.is_empty());
        let Value::Sequence(list) = &entries[1].value.value else { panic!() };
        assert!(!list.complete);
        assert_eq!(list.items.len(), 1);
    }

    #[test]
    fn a_duplicate_key_keeps_the_first_value() {
        assert_eq!(places("a: x\na: y\n"), [("a".to_owned(), "x")]);
    }
}

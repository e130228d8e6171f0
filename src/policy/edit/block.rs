//! Changes to exemptions that are written in lines, each after a dash.

use std::ops::Range;

use super::{Splice, lines};
use crate::policy::Exemption;
use crate::policy::keys::POLICY;
use crate::policy::write;
use crate::yaml::node::{Entry, Node};
use crate::yaml::quotes::{self, Quoting};
use crate::yaml::source::Span;

/// The columns from a dash to its keys, where no other entry shows it.
const GAP: usize = 2;

/// The most columns that are taken over from another entry.
const MOST: usize = 10;

/// Adds an exemption after the last one, with its indentation.
pub(super) fn append(
    text: &str,
    entry: &Entry,
    items: &[Node],
    exemption: &Exemption,
) -> Option<Vec<Splice>> {
    let last = items.last()?.span;
    let dash = lines::column(text, first_dash(text, entry)?);
    let keys = lines::column(text, last.start);
    let is_block = !super::begins(text, last, '{');
    let gap = keys.checked_sub(dash).filter(|gap| is_block && (GAP..=MOST).contains(gap));
    let gap = gap.unwrap_or(GAP);
    // A comment right below the last entry stays with that entry.
    let at = end_of_entry(text, last.end, keys.min(dash + gap));
    let newline = lines::newline(text, last.end);
    let entry = write::block(exemption, dash, gap, newline);
    Some(vec![whole_lines(text, at, entry, newline)])
}

/// Replaces the empty list `[]` by an exemption below its key. `None` for a list that is not on the
/// line of its key, or has a comment in it.
pub(super) fn fill(text: &str, entry: &Entry, exemption: &Exemption) -> Option<Vec<Splice>> {
    let (key, list) = (entry.key_span, entry.value.span);
    let colon = colon_after(text, key)?;
    let between = text.get(colon + 1..list.start)?;
    let inside = text.get(list.start + 1..list.end - 1)?;
    if [between, inside].iter().any(|part| lines::blanks(part) < part.len()) {
        return None;
    }
    let newline = lines::newline(text, list.end);
    let indent = lines::column(text, key.start) + GAP;
    let added = write::block(exemption, indent, GAP, newline);
    let removed = Splice { range: colon + 1..list.end, text: String::new() };
    Some(vec![removed, whole_lines(text, lines::next(text, list.end), added, newline)])
}

/// Adds the key with its first exemption at the end of the document, below all comments.
pub(super) fn add_key(text: &str, root: Span, exemption: &Exemption) -> Vec<Splice> {
    let newline = lines::newline(text, root.start);
    let indent = lines::column(text, root.start);
    let mut at = lines::next(text, root.end);
    while text.get(at..).is_some_and(|rest| !rest.is_empty() && !rest.starts_with("...")) {
        at = lines::next(text, at);
    }
    let key = quotes::key(POLICY.exemptions.name, Quoting::Needed);
    let entry = write::block(exemption, indent + GAP, GAP, newline);
    let added = format!("{:indent$}{key}:{newline}{entry}", "");
    vec![whole_lines(text, at, added, newline)]
}

/// Puts another value in place of a key's value: after the colon, where the value is a block of
/// lines below it.
pub(super) fn value(text: &str, entry: &Entry, value: String) -> Option<Splice> {
    let place = entry.value.span;
    let after = colon_after(text, entry.key_span)? + 1;
    let is_block = text.get(after..place.start)?.contains('\n');
    Some(if is_block {
        Splice { range: after..place.end, text: format!(" {value}") }
    } else {
        Splice { range: place.start..place.end, text: value }
    })
}

/// Adds keys with their values below a key of an entry that begins at `item`.
pub(super) fn keys_below(
    text: &str,
    entry: &Entry,
    item: Span,
    pieces: &[String],
) -> Option<Splice> {
    let newline = lines::newline(text, entry.value.span.end);
    let indent = lines::column(text, item.start);
    let added: String =
        pieces.iter().map(|piece| format!("{:indent$}{piece}{newline}", "")).collect();
    let at = lines::next(text, entry.value.span.end);
    (!pieces.is_empty()).then(|| whole_lines(text, at, added, newline))
}

/// Removes the lines of exemptions, by their positions in the list; where none is left, the key
/// says `[]`.
pub(super) fn remove(
    text: &str,
    entry: &Entry,
    items: &[Node],
    removed: &[usize],
) -> Option<Vec<Splice>> {
    let mut dash = first_dash(text, entry)?;
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let end = end_of_entry(text, item.span.end, lines::column(text, item.span.start));
        if removed.contains(&position) {
            let start = lines::start(text, dash);
            match ranges.last_mut() {
                Some(before) if before.end == start => before.end = end,
                Some(_) | None => ranges.push(start..end),
            }
        }
        if position + 1 < items.len() {
            dash = lines::token(text, item.span.end, '-')?;
        }
    }
    // If the last line has no line break, the one before it is removed instead.
    if let Some(last) = ranges.last_mut().filter(|_| !text.ends_with('\n'))
        && last.end == text.len()
    {
        last.start = lines::end(text, lines::start(text, last.start.saturating_sub(1)));
    }
    let nothing = |range| Splice { range, text: String::new() };
    let mut splices: Vec<Splice> = ranges.into_iter().map(nothing).collect();
    if removed.len() == items.len() {
        let after = colon_after(text, entry.key_span)? + 1;
        splices.insert(0, Splice { range: after..after, text: " []".into() });
    }
    Some(splices)
}

/// The dash of the first entry. Where the list is not indented, its place from the parser begins
/// after the dash.
fn first_dash(text: &str, entry: &Entry) -> Option<usize> {
    let colon = lines::token(text, entry.key_span.end, ':')?;
    lines::token(text, colon + 1, '-')
}

/// Where the lines of an entry end: after its last value and the comments right below it that are
/// indented at least as far as its keys.
fn end_of_entry(text: &str, value_end: usize, keys: usize) -> usize {
    let mut end = lines::next(text, value_end);
    while let Some(line) = text.get(end..) {
        let indent = lines::blanks(line);
        if indent < keys || !line.get(indent..).is_some_and(|rest| rest.starts_with('#')) {
            break;
        }
        end = lines::next(text, end);
    }
    end
}

/// The colon of a key, if it is on the same line.
fn colon_after(text: &str, key: Span) -> Option<usize> {
    let rest = text.get(key.end..)?;
    let blanks = lines::blanks(rest);
    rest.get(blanks..)?.starts_with(':').then_some(key.end + blanks)
}

/// Lines that are added at the start of a line, or after a last line without a line break.
fn whole_lines(text: &str, at: usize, added: String, newline: &str) -> Splice {
    let open = at == text.len() && !text.ends_with('\n');
    let text = if open { format!("{newline}{}", added.trim_end()) } else { added };
    Splice { range: at..at, text }
}

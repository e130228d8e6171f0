//! Changes to exemptions that are written in brackets, as in JSON.

use std::ops::Range;

use super::{Splice, lines};
use crate::yaml::source::Span;

/// Adds a piece after the last one of a collection in brackets: on a new line if the last one is on
/// a separate line, and then after the comment on that line.
pub(super) fn append(text: &str, collection: Span, last: Option<Span>, piece: &str) -> Splice {
    let insert = |at: usize, text: String| Splice { range: at..at, text };
    let Some(last) = last else { return insert(collection.start + 1, piece.to_owned()) };
    let line_end = lines::end(text, last.end);
    let has_own_line = lines::is_first(text, last.start) && line_end < collection.end;
    let comma = comma_after(text, last.end).filter(|comma| *comma < line_end);
    if !has_own_line {
        return match comma {
            Some(comma) => insert(comma + 1, format!(" {piece},")),
            None => insert(last.end, format!(", {piece}")),
        };
    }
    let newline = lines::newline(text, last.end);
    let indent = text.get(lines::start(text, last.start)..last.start).unwrap_or_default();
    let has_comment = text.get(last.end..line_end).is_some_and(|rest| rest.contains('#'));
    match (comma, has_comment) {
        (Some(_), _) => insert(line_end, format!("{newline}{indent}{piece},")),
        (None, true) => insert(line_end, format!("{newline}{indent}, {piece}")),
        (None, false) => insert(last.end, format!(",{newline}{indent}{piece}")),
    }
}

/// Removes pieces of a list in brackets, by their positions, each with its comma.
pub(super) fn remove(
    text: &str,
    list: Span,
    pieces: &[Span],
    removed: &[usize],
) -> Option<Vec<Splice>> {
    let commas: Vec<Option<usize>> =
        pieces.iter().map(|piece| comma_after(text, piece.end)).collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (position, (piece, comma)) in pieces.iter().zip(&commas).enumerate() {
        if removed.contains(&position) {
            ranges.push(piece.start..piece.end);
            ranges.extend(comma.map(|comma| comma..comma + 1));
        }
    }
    let last_kept = (0..pieces.len()).rev().find(|position| !removed.contains(position));
    let ends_with_comma = commas.last().copied().flatten().is_some();
    if let Some(comma) = last_kept.and_then(|position| commas.get(position).copied().flatten())
        && last_kept != pieces.len().checked_sub(1)
        && !ends_with_comma
    {
        ranges.push(comma..comma + 1);
        ranges.sort_by_key(|range| range.start);
    }
    let joined = joined(text, ranges);
    let widened = joined.into_iter().map(|range| widened(text, list, range));
    Some(widened.map(|range| Splice { range, text: String::new() }).collect())
}

/// The comma after a piece, if there is one.
fn comma_after(text: &str, end: usize) -> Option<usize> {
    lines::token(text, end, ',')
}

/// Joins ranges with only spaces between them.
fn joined(text: &str, ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if is_blank(text, last.end..range.start) => last.end = range.end,
            Some(_) | None => joined.push(range),
        }
    }
    joined
}

/// A range with the spaces that belong to it: its whole lines, with the comment at their end, where
/// nothing else is on them; else the spaces on one side of it.
fn widened(text: &str, list: Span, range: Range<usize>) -> Range<usize> {
    let after = text.get(range.end..).unwrap_or_default();
    let next = range.end + lines::blanks(after);
    let has_comment = text.get(next..).is_some_and(|rest| rest.starts_with('#'));
    let ends_line = next == lines::end(text, range.end);
    if (ends_line || has_comment) && lines::is_first(text, range.start) {
        return lines::start(text, range.start)..lines::next(text, range.end);
    }
    if has_comment {
        return range;
    }
    if ends_line || next + 1 == list.end {
        let before = text.get(..range.start).unwrap_or_default();
        return before.trim_end_matches([' ', '\t']).len()..range.end;
    }
    range.start..next
}

fn is_blank(text: &str, range: Range<usize>) -> bool {
    text.get(range).is_some_and(|between| lines::blanks(between) == between.len())
}

//! The text of a policy file, and places in it.

use std::ops::Range;
use std::sync::Arc;

use super::syntax::BYTE_ORDER_MARK;
use crate::location::Location;

/// A range of bytes of the text, the end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A value and where it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// The text of a policy file without its byte order mark, and the starts of its lines.
pub(crate) struct SourceText<'a> {
    pub(crate) path: Arc<str>,
    pub(crate) text: &'a str,
    line_starts: Vec<usize>,
    /// How many characters stand before every [`STRIDE`]th byte, so that a column on a line of a
    /// megabyte is not counted from its start each time.
    chars_before: Vec<usize>,
}

/// The distance between two counts of characters, in bytes.
const STRIDE: usize = 1024;

impl<'a> SourceText<'a> {
    pub(crate) fn new(path: Arc<str>, text: &'a str) -> Self {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut chars = 0;
        let mut chars_before = vec![0];
        for stride in text.as_bytes().chunks(STRIDE) {
            chars += count_chars(stride);
            chars_before.push(chars);
        }
        SourceText { path, text, line_starts, chars_before }
    }

    /// The number of the line that holds a byte, from 1, and the range of its text without the
    /// line break.
    pub(crate) fn line_of(&self, offset: usize) -> (usize, Range<usize>) {
        let number = self.line_starts.partition_point(|&start| start <= offset);
        let start = number.checked_sub(1).and_then(|index| self.line_starts.get(index));
        let start = start.copied().unwrap_or(0);
        let end = self.line_starts.get(number).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..end).unwrap_or_default();
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        (number, start..start + line.len())
    }

    pub(crate) fn location(&self, span: Span) -> Location {
        let (line, column) = self.position(span.start);
        let (end_line, end_column) = self.position(span.end);
        Location { path: Arc::clone(&self.path), line, column, end_line, end_column }
    }

    /// The bytes of a place in this text; its end where the text has no such place.
    pub(crate) fn span(&self, place: &Location) -> Span {
        let start = self.offset(place.line, place.column);
        Span { start, end: self.offset(place.end_line, place.end_column) }
    }

    /// The byte at a line and column, both from 1.
    fn offset(&self, line: u32, column: u32) -> usize {
        let index = |number: u32| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = self.line_starts.get(index(line)).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(index(column)).map_or(rest.len(), |(at, _)| at)
    }

    /// Line and column of a byte, both from 1, the column in Unicode scalar values.
    fn position(&self, offset: usize) -> (u32, u32) {
        let (line, range) = self.line_of(offset);
        let column = self.chars_to(offset) - self.chars_to(range.start) + 1;
        (saturated(line), saturated(column))
    }

    /// How many characters stand before a byte.
    pub(crate) fn chars_to(&self, offset: usize) -> usize {
        let stride = offset / STRIDE;
        let counted = self.chars_before.get(stride).copied().unwrap_or_default();
        let rest = self.text.as_bytes().get(stride * STRIDE..offset).unwrap_or_default();
        counted + count_chars(rest)
    }
}

/// How many characters begin in a piece of UTF-8.
fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

/// A file is far smaller than what the type can count.
fn saturated(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{SourceText, Span};

    #[test]
    fn columns_count_characters_and_the_end_is_exclusive() {
        let text = "\u{feff}a: é\r\n  ü: 'x'\n";
        let source = SourceText::new("p.yaml".into(), text);
        let start = source.text.find('ü').unwrap();
        let end = source.text.find("'x'").unwrap() + 3;
        let place = source.location(Span { start, end });
        assert_eq!((place.line, place.column), (2, 3));
        assert_eq!((place.end_line, place.end_column), (2, 9));
        assert_eq!(source.span(&place), Span { start, end });
        let (number, line) = source.line_of(2);
        assert_eq!((number, &source.text[line]), (1, "a: é"));
    }

    #[test]
    fn the_end_of_the_text_has_a_line() {
        let source = SourceText::new("p.yaml".into(), "a\n");
        assert_eq!(source.line_of(2), (2, 2..2));
        let empty = SourceText::new("p.yaml".into(), "");
        assert_eq!(empty.line_of(0), (1, 0..0));
    }
}

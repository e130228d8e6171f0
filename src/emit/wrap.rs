//! Text for a terminal: lines are broken at blanks, never inside a word.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

/// Where the rest of a row starts that is wider than a line.
pub(crate) const INDENT: usize = 4;

/// How wide a line is where no terminal says it, in cells.
pub(crate) const WIDTH: usize = 80;

/// Breaks a text into lines of `width` cells. The first one starts at `column`, the others at
/// `indent`. A word that is wider than a line has a line of its own. Blanks become one space.
pub(crate) fn wrap(text: &str, width: usize, column: usize, indent: usize) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut column = column;
    // Before the first word of a line there is nothing to break, and no space.
    let mut is_start = true;
    for word in text.split_whitespace() {
        let needed = word.width();
        if !is_start && column + 1 + needed > width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if !is_start {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += needed;
        is_start = false;
    }
    lines
}

/// Breaks each line of a message, such as `error: …` or `  help: …`, below the text after its
/// label.
pub fn message(text: &str, width: usize) -> String {
    let line = |line: &str| {
        let blanks = line.len() - line.trim_start().len();
        let label = line.split_whitespace().next().filter(|word| word.ends_with(':'));
        let indent = blanks + label.map_or(0, |label| label.width() + 1);
        format!("{:blanks$}{}", "", wrap(line, width, blanks, indent))
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The cells of a row, each but the last padded to the width of its column. Columns for which a line
/// has no room are on the next line, in every row the same ones; the last one only where its cell
/// does not fit.
pub(crate) fn row<'c>(
    cells: impl IntoIterator<Item = Cow<'c, str>>,
    widths: &[usize],
    line: usize,
) -> String {
    let mut row = String::new();
    let (mut start, mut padding) = (0, 0);
    for (at, (cell, &width)) in (1..).zip(cells.into_iter().zip(widths)) {
        let needed = if at == widths.len() { cell.width() } else { width.max(cell.width()) };
        if start > 0 && start + padding + needed > line {
            row.push('\n');
            (start, padding) = (0, INDENT);
        }
        row.extend(std::iter::repeat_n(' ', padding));
        row.push_str(&cell);
        start += padding + cell.width();
        padding = width.saturating_sub(cell.width()) + 2;
    }
    row
}

#[cfg(test)]
mod tests {
    use super::{message, wrap};

    #[test]
    fn lines_break_at_blanks_and_hang_below_the_first() {
        assert_eq!(wrap("one two three", 10, 4, 2), "one\n  two\n  three");
        assert_eq!(wrap("one two  three", 80, 4, 2), "one two three");
        assert_eq!(wrap("", 10, 0, 0), "");
    }

    #[test]
    fn a_word_is_never_broken() {
        assert_eq!(wrap("a 557058:1f0c2b3d b", 8, 2, 2), "a\n  557058:1f0c2b3d\n  b");
    }

    #[test]
    fn the_lines_of_a_message_hang_below_its_labels() {
        let text = "error: one two three\n  help: Do this, then that.";
        let wrapped = "error: one two\n       three\n  help: Do this,\n        then that.";
        assert_eq!(message(text, 18), wrapped);
        assert_eq!(message(text, 80), text);
    }

    #[test]
    fn widths_are_those_of_the_terminal() {
        // Each of these takes two cells; the second letter of the last word combines.
        assert_eq!(wrap("木村 木村", 8, 0, 0), "木村\n木村");
        assert_eq!(wrap("abc e\u{301}f", 6, 0, 0), "abc e\u{301}f");
    }
}

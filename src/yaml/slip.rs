//! What is probably wrong where YAML cannot be read, judged by the lines around that place. The
//! parser stops where it cannot go on, which is often after the mistake.

use super::diagnostics::Diagnostic;
use super::quotes::quoted;
use super::source::Span;
use crate::escape::visible;

/// Longer texts are not repeated.
const LONGEST: usize = 120;

/// A line of the text, and where it begins.
#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    /// The line that holds a byte.
    fn at(text: &'t str, at: usize) -> Self {
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let rest = text.get(start..).unwrap_or_default();
        Line { start, text: rest.lines().next().unwrap_or_default() }
    }

    /// The nearest line above that is neither blank nor a comment.
    fn above(self, text: &'t str) -> Option<Self> {
        let mut line = self;
        loop {
            line = Line::at(text, line.start.checked_sub(1)?);
            if line.says_something() {
                return Some(line);
            }
        }
    }

    fn says_something(self) -> bool {
        !self.text.trim().is_empty() && !self.text.trim_start().starts_with('#')
    }

    fn indent(self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    /// How many bytes stand before the first key: spaces and dashes.
    fn before_key(self) -> usize {
        let mut rest = self.text.trim_start_matches(' ');
        while let Some(entry) = rest.strip_prefix("- ") {
            rest = entry.trim_start_matches(' ');
        }
        self.text.len() - rest.len()
    }

    /// The text from the first key on.
    fn content(self) -> &'t str {
        self.text.get(self.before_key()..).unwrap_or_default().trim_end()
    }

    /// The key that the line begins with, after dashes, and what follows its colon.
    fn key(self) -> Option<(&'t str, &'t str)> {
        let (key, rest) = self.content().split_once(':')?;
        let is_key = is_word(key.trim_matches(['"', '\'']));
        (is_key && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some((key, rest))
    }

    fn number(self, text: &str) -> usize {
        let before = text.as_bytes().iter().take(self.start);
        before.filter(|byte| **byte == b'\n').count() + 1
    }

    fn content_span(self) -> Span {
        let start = self.start + self.before_key();
        Span { start, end: start + self.content().len() }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// The bracket that closes what another one opens.
pub(crate) fn closing(open: char) -> char {
    if open == '{' { '}' } else { ']' }
}

/// The first line below an open bracket that is not inside it: it is not indented deeper, and
/// begins with a key or a dash.
fn next_key(text: &str, open: usize) -> Option<Line<'_>> {
    let first = Line::at(text, open);
    // Where the bracket is the first thing on its line, what follows may be at its height.
    if first.start + first.indent() == open {
        return None;
    }
    let mut start = first.start + first.text.len();
    while let Some(end) = text.get(start..)?.find('\n') {
        let line = Line::at(text, start + end + 1);
        let begins_entry = line.key().is_some() || line.text.trim_start().starts_with("- ");
        if line.says_something() && line.indent() <= first.indent() && begins_entry {
            return Some(line);
        }
        start = line.start + line.text.len();
    }
    None
}

/// Whether an open bracket goes on over the next key, before a place.
pub(crate) fn runs_into_a_key(text: &str, open: usize, at: usize) -> bool {
    next_key(text, open).is_some_and(|line| line.start <= at)
}

/// Reports a bracket that is not closed.
pub(crate) fn unclosed(text: &str, open: usize) -> Diagnostic {
    let bracket = text.get(open..).and_then(|rest| rest.chars().next()).unwrap_or('[');
    let close = closing(bracket);
    let help = match next_key(text, open).and_then(|line| line.above(text)) {
        Some(last) => {
            let number = last.number(text);
            format!("add the closing bracket `{close}` at the end of line {number}")
        }
        None => format!("add the closing bracket `{close}`"),
    };
    Diagnostic::new(Span { start: open, end: open + 1 }, format!("`{bracket}` is not closed"), help)
}

/// Reports a colon that is not allowed.
pub(crate) fn colon(text: &str, at: usize, in_brackets: bool) -> Diagnostic {
    let here = Span { start: at, end: at + 1 };
    let message = "a `:` is not allowed here";
    let line = Line::at(text, at);
    let is_first =
        line.key().is_some_and(|(key, _)| line.start + line.before_key() + key.len() == at);
    if in_brackets {
        return Diagnostic::new(
            here,
            message,
            "put a comma between two entries, and text that contains `: ` in quotes",
        );
    }
    if is_first && let Some(above) = line.above(text) {
        return if above.key().is_some() {
            misplaced(text, line, above)
        } else {
            not_a_pair(above)
        };
    }
    let help = match line.key() {
        Some((key, rest)) if rest.len() <= LONGEST && !rest.contains(['"', '\'', '#']) => {
            format!("text that contains `: ` needs quotes: `{key}: {}`", quoted(rest.trim()))
        }
        Some(_) | None => "put text that contains `: ` in quotes".to_owned(),
    };
    Diagnostic::new(here, message, help)
}

/// Reports a line without a key and a colon.
pub(crate) fn no_key(text: &str, at: usize) -> Diagnostic {
    not_a_pair(Line::at(text, at))
}

fn not_a_pair(line: Line<'_>) -> Diagnostic {
    let content = line.content();
    let instead = match content.split_once(|c: char| c == ':' || c.is_whitespace()) {
        Some((key, rest)) if is_word(key) && !key.starts_with('-') && content.len() <= LONGEST => {
            format!("write `{key}: {}`", visible(rest.trim_start()))
        }
        Some(_) | None => match content.strip_prefix('-') {
            Some(entry) if content.len() <= LONGEST => format!("write `- {}`", visible(entry)),
            Some(_) | None => "write `key: value`".to_owned(),
        },
    };
    Diagnostic::new(
        line.content_span(),
        "this is not a key with a value",
        format!(
            "{instead}; if it continues the text above, indent it deeper than the key of that text"
        ),
    )
}

/// Reports a line with a wrong indentation, or text after a closing bracket.
pub(crate) fn indentation(text: &str, at: usize) -> Diagnostic {
    let line = Line::at(text, at);
    if at > line.start + line.before_key() {
        return Diagnostic::new(
            Span { start: at, end: at },
            "there is text after the closing bracket",
            "put all of the text in quotes, or start a new line before it",
        );
    }
    match line.above(text) {
        Some(above) => misplaced(text, line, above),
        None => Diagnostic::new(
            line.content_span(),
            "wrong indentation",
            "align it with the keys that it belongs with",
        ),
    }
}

fn misplaced(text: &str, line: Line<'_>, above: Line<'_>) -> Diagnostic {
    let span = line.content_span();
    let key = line.key().map_or(span.end - span.start, |(key, _)| key.len());
    let known = above.key().map(|(key, _)| key);
    let (column, number) = (above.before_key() + 1, above.number(text));
    let place = match known {
        Some(key) => format!("column {column}, like `{}` in line {number}", visible(key)),
        None => format!("column {column}, like line {number}"),
    };
    Diagnostic::new(
        Span { start: span.start, end: span.start + key },
        "wrong indentation",
        format!("start it in {place}, or align it with the keys that it belongs with"),
    )
}

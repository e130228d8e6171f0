//! Diagnostics of a policy file: collected, sorted by place and rendered together.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::{SourceText, Span};
use crate::escape;
use crate::failure::Problem;
use crate::location::Location;
use crate::quote::shortened;

/// How many are shown; the rest is counted.
const RENDERED: usize = 100;

/// How much of a text is repeated in a message: more than any id has.
const SHOWN_CHARS: usize = 160;

/// How much of a line is rendered after the mark; the renderer cuts to the terminal's width, but
/// takes its time over a line of a megabyte.
const LINE_TAIL_BYTES: usize = 400;

/// Something that is wrong in the file, and what to write instead.
#[derive(Debug)]
pub(crate) struct Diagnostic {
    pub(crate) span: Span,
    message: String,
    help: String,
    related: Option<(Span, &'static str)>,
}

/// Something in a valid policy that should be looked at, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where it is.
    pub location: Location,
    /// What it is.
    pub message: String,
    /// What to do next.
    pub help: String,
}

/// Warnings in the order of their places, rendered like problems.
pub(crate) fn render_warnings(warnings: &[Warning], source: &SourceText<'_>) -> String {
    let diagnostic = |warning: &Warning| {
        Diagnostic::new(source.span(&warning.location), &*warning.message, &*warning.help)
    };
    let mut rendered = rendered(warnings.iter().map(diagnostic).collect(), &Level::WARNING, source);
    if warnings.len() > RENDERED {
        rendered.push(format!("warning: and {} more", warnings.len() - RENDERED));
    }
    rendered.join("\n\n")
}

/// The first of them in the order of their places.
fn rendered(
    mut diagnostics: Vec<Diagnostic>,
    level: &Level<'static>,
    source: &SourceText<'_>,
) -> Vec<String> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    let shown = diagnostics.iter().take(RENDERED);
    shown.map(|diagnostic| diagnostic.render(level.clone(), source)).collect()
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    found: Vec<Diagnostic>,
    /// Where reading stopped; what comes after that is not known.
    end: Option<usize>,
}

impl Diagnostics {
    pub(crate) fn push(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.add(Diagnostic::new(span, message, help));
    }

    /// As [`Diagnostics::push`], with another place that explains this one.
    pub(crate) fn push_related(
        &mut self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
        related: (Span, &'static str),
    ) {
        self.add(Diagnostic { related: Some(related), ..Diagnostic::new(span, message, help) });
    }

    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        if self.end.is_none_or(|end| diagnostic.span.start <= end) {
            self.found.push(diagnostic);
        }
    }

    /// Adds the reason why reading stopped. What is reported later about anything after it is
    /// dropped.
    pub(crate) fn stop(&mut self, reason: Diagnostic) {
        let end = reason.span.start;
        self.add(reason);
        self.end = Some(end);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether there are more than are rendered.
    pub(crate) fn are_many(&self) -> bool {
        self.found.len() > RENDERED
    }

    /// Where the problems are, without any of the text.
    pub(crate) fn places(&self, source: &SourceText<'_>) -> Problem {
        let place = |diagnostic: &Diagnostic| {
            let place = source.location(diagnostic.span);
            (place.line, place.column)
        };
        let mut places: Vec<(u32, u32)> = self.found.iter().map(place).collect();
        places.sort_unstable();
        places.dedup();
        let shown = places.iter().take(RENDERED).map(|(line, column)| format!("{line}:{column}"));
        let ellipsis = if places.len() > RENDERED { ", …" } else { "" };
        Problem {
            what: format!(
                "{} is not a valid policy: there are problems at {}{ellipsis} (line:column)",
                source.path,
                shown.collect::<Vec<_>>().join(", ")
            ),
            help: "Run `mfa-gate policy lint`: it says what they are, and shows the lines.".into(),
        }
    }

    /// All problems in the order of their places, each with its line and what to write instead.
    pub(crate) fn render(self, source: &SourceText<'_>) -> String {
        let count = self.found.len();
        let mut rendered = rendered(self.found, &Level::ERROR, source);
        let path = escape::terminal_columns(&source.path);
        if count > RENDERED {
            rendered.push(format!(
                "error: {path} has {count} problems, of which the first {RENDERED} are shown"
            ));
        } else if count > 1 {
            rendered.push(format!("error: {path} has {count} problems"));
        }
        rendered.join("\n\n")
    }
}

impl Diagnostic {
    pub(crate) fn new(span: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Diagnostic { span, message: message.into(), help: help.into(), related: None }
    }

    fn render(&self, level: Level<'static>, source: &SourceText<'_>) -> String {
        let primary = Marked::new(source, self.span);
        let mut group = Group::with_title(level.primary_title(escape::terminal(&self.message)));
        match self.related {
            None => group = group.element(primary.snippet(source, AnnotationKind::Primary, None)),
            Some((span, label)) => {
                let related = Marked::new(source, span);
                let snippet = primary.snippet(source, AnnotationKind::Primary, None);
                if primary.number == related.number {
                    let annotation = related.annotation(AnnotationKind::Context, Some(label));
                    group = group.element(snippet.annotation(annotation));
                } else {
                    let other = related.snippet(source, AnnotationKind::Context, Some(label));
                    group = group.element(snippet).element(other);
                }
            }
        }
        let group = group.element(Level::HELP.message(escape::terminal(&self.help)));
        Renderer::plain().render(&[group])
    }
}

/// A line with a place marked, its text made harmless.
struct Marked {
    number: usize,
    line: String,
    mark: std::ops::Range<usize>,
}

impl Marked {
    /// Of a span over several lines the part on the first one.
    fn new(source: &SourceText<'_>, span: Span) -> Self {
        let (number, line) = source.line_of(span.start);
        let end = span.end.min(line.end).max(span.start);
        let tail = (end..line.end)
            .take_while(|&at| at < end + LINE_TAIL_BYTES || !source.text.is_char_boundary(at))
            .count();
        let part = |range| source.text.get(range).unwrap_or_default();
        let shown = escape::terminal_columns(part(line.start..end + tail)).into_owned();
        // A character stands for each, which may take more bytes.
        let shown_as = |place| {
            let count = source.chars_to(place) - source.chars_to(line.start);
            shown.char_indices().nth(count).map_or(shown.len(), |(at, _)| at)
        };
        let mark = shown_as(span.start)..shown_as(end);
        Marked { number, line: shown, mark }
    }

    fn annotation(&self, kind: AnnotationKind, label: Option<&'static str>) -> Annotation<'static> {
        kind.span(self.mark.clone()).label(label)
    }

    fn snippet(
        &self,
        source: &SourceText<'_>,
        kind: AnnotationKind,
        label: Option<&'static str>,
    ) -> Snippet<'static, Annotation<'static>> {
        Snippet::source(self.line.clone())
            .path(escape::terminal_columns(&source.path).into_owned())
            .line_start(self.number)
            .annotation(self.annotation(kind, label))
    }
}

/// Text of the file in a message: in backticks, on one line, without anything that steers a
/// terminal, and no longer than a person reads.
pub(crate) fn shown(text: &str) -> String {
    format!("`{}`", escape::visible(&shortened(text, SHOWN_CHARS)))
}

#[cfg(test)]
mod tests {
    use super::{Diagnostics, SourceText, Span, shown};

    #[test]
    fn shown_text_is_one_short_line() {
        assert_eq!(shown("a\n\u{1b}[1m\u{202e}b").to_string(), "`a\\u{a}\\u{1b}[1m\\u{202e}b`");
        assert_eq!(shown(&"é".repeat(999)).to_string().chars().count(), 163);
    }

    #[test]
    fn a_mark_over_several_lines_is_on_the_first() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(Span { start: 2, end: 9 }, "wrong", "fix it");
        let source = SourceText::new("p.yaml".into(), "- a: b\r\n  c: d\r\n");
        let expected = "\
error: wrong
 --> p.yaml:1:3
  |
1 | - a: b
  |   ^^^^
  |
  = help: fix it";
        assert_eq!(diagnostics.render(&source), expected);
    }
}

//! What is wrong with a file that is not YAML, in words for people who do not know the parser.

use granit_parser::ErrorKind as Kind;

use super::diagnostics::{Diagnostic, Diagnostics, shown};
use super::quotes::escaped;
use super::slip;
use super::source::Span;
use crate::escape::is_hidden;

/// The largest file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// What a file may begin with to say that it is Unicode.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// How deep mappings and lists may be nested; a policy needs four levels.
pub(crate) const MAX_DEPTH: usize = 32;

/// The text of a policy's bytes. Where it is not acceptable as it is, that is reported.
pub(crate) fn decode(bytes: &[u8], diagnostics: &mut Diagnostics) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    // A byte order mark is not part of the text that places refer to.
    let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let start_of_file = Span { start: 0, end: 0 };
    if bytes.len() > MAX_BYTES {
        diagnostics.push(
            start_of_file,
            "larger than 1 MiB",
            "check that this is the policy; delete exemptions that are not needed",
        );
    } else if let Err(error) = std::str::from_utf8(bytes) {
        let help = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            "the file looks like UTF-16: save it as UTF-8"
        } else {
            "save the file as UTF-8"
        };
        let start = error.valid_up_to() - mark;
        let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
        diagnostics.push(Span { start, end }, "this is not UTF-8", help);
    } else if let Some(start) = lone_carriage_return(&text) {
        diagnostics.push(
            Span { start: start - mark, end: start - mark + 1 },
            "a carriage return without a line feed",
            "save the file with LF or CRLF line endings: YAML begins a new line here, and many \
             editors do not show it, so text after a comment may be an exemption",
        );
    }
    text
}

/// Where the text has a line break of YAML that most editors do not show.
fn lone_carriage_return(text: &str) -> Option<usize> {
    let mut found = text.match_indices('\r').map(|(at, _)| at);
    found.find(|at| !text.get(at + 1..).unwrap_or_default().starts_with('\n'))
}

/// Reports characters that cannot be seen or that reorder the text around them, once a line: the
/// file would not say what its readers see. As an escape in double quotes they are visible.
pub(crate) fn refuse_hidden(text: &str, diagnostics: &mut Diagnostics) {
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        // The parser reports controls, where YAML does not allow them.
        let mut chars = line.char_indices();
        if let Some((at, hidden)) = chars.find(|&(_, c)| is_hidden(c) && !c.is_control()) {
            let start = line_start + at;
            diagnostics.push(
                Span { start, end: start + hidden.len_utf8() },
                format!("the invisible character U+{:04X}", u32::from(hidden)),
                format!("delete it, or write it as `{}` in double quotes", escaped(hidden)),
            );
        }
        line_start += line.len();
    }
}

/// What to say of a file without a policy in it.
pub(crate) fn empty(span: Span) -> Diagnostic {
    let help = "write at least `version: 1` and `workspaces: [SLUG]`";
    Diagnostic::new(span, "the policy is empty", help)
}

/// What to say of a mapping or a list that is nested too deep.
pub(crate) fn too_deep(span: Span) -> Diagnostic {
    let message = format!("nested deeper than {MAX_DEPTH} levels");
    Diagnostic::new(
        span,
        message,
        "a policy needs four levels: close brackets, or fix the indentation",
    )
}

/// What to say where the parser gave up; `bracket` is the innermost one that is open there.
pub(crate) fn error(text: &str, at: usize, kind: &Kind, bracket: Option<usize>) -> Diagnostic {
    if let Some(open) = bracket.filter(|&open| slip::runs_into_a_key(text, open, at)) {
        return slip::unclosed(text, open);
    }
    let here = Span { start: at, end: at };
    let said = |message: &str, help: &str| Diagnostic::new(here, message, help);
    if let Kind::UnclosedFlowCollection { .. } = kind {
        slip::unclosed(text, at)
    } else if let Kind::MismatchedFlowCollectionEnd { open, close } = kind {
        let right = slip::closing(*open);
        said(
            &format!("`{open}` is closed by `{close}`"),
            &format!("write `{right}` in place of `{close}`, or before it"),
        )
    } else if let Kind::UnexpectedCharacter { character } = kind {
        let message =
            format!("the character {} is not allowed here", shown(&character.to_string()));
        let help = if character.is_control() {
            "delete it: YAML does not allow it"
        } else {
            "put the text in quotes"
        };
        said(&message, help)
    } else if matches!(kind, Kind::RecursionLimitExceeded) {
        too_deep(here)
    } else if matches!(kind, Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement) {
        slip::colon(text, at, bracket.is_some())
    } else if matches!(kind, Kind::SimpleKeyExpected | Kind::InvalidSimpleKey) {
        slip::no_key(text, at)
    } else if is_about_indentation(kind) {
        slip::indentation(text, at)
    } else if is_about_tabs(kind) {
        // The parser points behind the tabs.
        let start = text.get(..at).map_or(at, |before| before.trim_end_matches('\t').len());
        Diagnostic::new(Span { start, end: at }, "tabs are not allowed here", "indent with spaces")
    } else if let Some((message, help)) = always_said(kind) {
        said(message, help)
    } else if text.get(at..).is_some_and(|rest| rest.starts_with(',')) {
        said("this comma has nothing before it", "delete it")
    } else {
        said(
            &format!("this is not YAML: {kind}"),
            "look for a missing quote, bracket or colon here or one line above, and for wrong \
             indentation",
        )
    }
}

fn is_about_indentation(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::ExpectedBlockMappingKey
            | Kind::ExpectedBlockSequenceEntry
            | Kind::ExpectedDocumentStart
            | Kind::InvalidIndentation
            | Kind::InvalidFlowScalarIndent
            | Kind::InvalidBlockScalarIndent
    )
}

fn is_about_tabs(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::TabNotAllowed
            | Kind::TabInBlockIndentation
            | Kind::TabInIndentation
            | Kind::TabInPlainScalar
            | Kind::TabAtBlockScalarStart
    )
}

/// What is wrong and what to do, for what needs no look at the text.
fn always_said(kind: &Kind) -> Option<(&'static str, &'static str)> {
    let cases = [
        (
            matches!(kind, Kind::DirectiveDisallowed),
            "directives are not allowed",
            "delete the line",
        ),
        (
            matches!(kind, Kind::BomInsideDocument),
            "there is a byte order mark in the middle of the file",
            "delete it",
        ),
        (
            matches!(kind, Kind::UnclosedQuotedScalar | Kind::InvalidQuotedScalarIndent),
            "a quote is not closed",
            "add the closing quote on the line where the text begins",
        ),
        (
            matches!(
                kind,
                Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar
            ),
            "there is text after the closing quote",
            "put all of it in one pair of double quotes; in these, write `\\\"` for a quote",
        ),
        (
            matches!(kind, Kind::UnknownQuotedScalarEscape),
            "in double quotes, `\\` begins an escape, and this one is unknown",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        (
            matches!(kind, Kind::BlockSequenceEntryNotAllowed | Kind::BlockEntryInFlowCollection),
            "a list with dashes cannot start here",
            "start it on the next line; put text that begins with `-` in quotes",
        ),
        (
            matches!(kind, Kind::InvalidBlockScalarHeader),
            "text cannot follow `|` or `>` on the same line",
            "start it on the next line, or put all of it in quotes",
        ),
        (
            matches!(kind, Kind::MisplacedFlowCollectionEnd),
            "this bracket was never opened",
            "delete it, or put the text in quotes",
        ),
    ];
    let found = cases.into_iter().find(|(is_it, ..)| *is_it);
    found.map(|(_, message, help)| (message, help))
}

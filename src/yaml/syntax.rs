//! What is wrong with a file before its keys mean anything, in words for people who do not know
//! the parser.

use granit_parser::ErrorKind;

use super::diagnostics::{Diagnostics, shown};
use super::slip::{self, Slip};
use super::source::Span;

/// The largest file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// How deep mappings and lists may be nested; a policy needs four levels.
pub(crate) const MAX_DEPTH: usize = 32;

/// The text of a policy's bytes, or a problem with a text to show it in.
pub(crate) fn decode(bytes: &[u8], problems: &mut Diagnostics) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let start_of_file = Span { start: 0, end: 0 };
    if bytes.len() > MAX_BYTES {
        problems.push(
            start_of_file,
            "larger than 1 MiB",
            "is this the policy? split it, or delete exemptions that nobody needs",
        );
    } else if let Err(error) = std::str::from_utf8(bytes) {
        let help = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            "the file looks like UTF-16: save it as UTF-8"
        } else {
            "save the file as UTF-8"
        };
        let start = error.valid_up_to();
        // A byte order mark is no part of the text that places refer to.
        let start = start - if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let end = start + char::REPLACEMENT_CHARACTER.len_utf8();
        problems.push(Span { start, end }, "this is not UTF-8", help);
    } else if let Some(start) = lone_carriage_return(&text) {
        let start = start - if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        problems.push(
            Span { start, end: start + 1 },
            "a carriage return without a line feed",
            "save the file with LF or CRLF line endings: YAML begins a line here, and many editors \
             show none, so that what looks like a comment may be an exemption",
        );
    }
    text
}

/// Where the text has a line end that YAML knows and most who read the text are not shown.
fn lone_carriage_return(text: &str) -> Option<usize> {
    let mut found = text.match_indices('\r').map(|(at, _)| at);
    found.find(|at| !text.get(at + 1..).unwrap_or_default().starts_with('\n'))
}

/// There is no policy in the file.
pub(crate) fn empty(span: Span, problems: &mut Diagnostics) {
    problems.push(
        span,
        "the policy is empty",
        "write at least `version: 1` and `workspaces: [SLUG]`",
    );
}

/// A mapping or a list begins one level too deep.
pub(crate) fn too_deep(span: Span, problems: &mut Diagnostics) {
    problems.push(span, nested_too_deep(), NESTED_HELP);
}

fn nested_too_deep() -> String {
    format!("nested deeper than {MAX_DEPTH} levels")
}

const NESTED_HELP: &str = "a policy needs four levels: close brackets, or fix the indentation";

/// Where the parser gave up; `bracket` is the innermost one that is open there.
pub(crate) fn error(
    text: &str,
    at: usize,
    kind: &ErrorKind,
    bracket: Option<usize>,
    problems: &mut Diagnostics,
) {
    let Slip { span, message, help } = explained(text, at, kind, bracket);
    problems.push(span, message, help);
    problems.end_at(span.start);
}

fn explained(text: &str, at: usize, kind: &ErrorKind, bracket: Option<usize>) -> Slip {
    use ErrorKind as Kind;
    if let Some(open) = bracket.filter(|&open| slip::runs_into_a_key(text, open, at)) {
        return slip::unclosed(text, open);
    }
    let here = Span { start: at, end: at };
    let said = |message: &str, help: &str| Slip::new(here, message, help);
    if let Kind::UnclosedFlowCollection { .. } = kind {
        slip::unclosed(text, at)
    } else if let Kind::MismatchedFlowCollectionEnd { open, close } = kind {
        let right = slip::closing(*open);
        said(
            &format!("`{open}` is closed by `{close}`"),
            &format!("write `{right}` in place of `{close}`, or before it"),
        )
    } else if let Kind::UnexpectedCharacter { character } = kind {
        let message = format!("the character {} cannot stand here", shown(&character.to_string()));
        let help = if character.is_control() {
            "delete it; YAML has no place for it"
        } else {
            "put the text in quotes"
        };
        said(&message, help)
    } else if matches!(kind, Kind::RecursionLimitExceeded) {
        Slip::new(here, nested_too_deep(), NESTED_HELP)
    } else if matches!(kind, Kind::DirectiveDisallowed) {
        said("directives are not allowed", "delete the line")
    } else if matches!(kind, Kind::BomInsideDocument) {
        said("a byte order mark in the middle of the file", "delete it")
    } else if matches!(kind, Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement) {
        slip::colon(text, at, bracket.is_some())
    } else if matches!(kind, Kind::SimpleKeyExpected | Kind::InvalidSimpleKey) {
        slip::no_key(text, at)
    } else if matches!(
        kind,
        Kind::ExpectedBlockMappingKey
            | Kind::ExpectedBlockSequenceEntry
            | Kind::ExpectedDocumentStart
            | Kind::InvalidIndentation
            | Kind::InvalidFlowScalarIndent
            | Kind::InvalidBlockScalarIndent
    ) {
        slip::indentation(text, at)
    } else if matches!(
        kind,
        Kind::TabNotAllowed
            | Kind::TabInBlockIndentation
            | Kind::TabInIndentation
            | Kind::TabInPlainScalar
            | Kind::TabAtBlockScalarStart
    ) {
        // The parser points behind the tabs.
        let start = text.get(..at).map_or(at, |before| before.trim_end_matches('\t').len());
        Slip::new(Span { start, end: at }, "a tab cannot stand here", "indent with blanks")
    } else if matches!(kind, Kind::UnclosedQuotedScalar | Kind::InvalidQuotedScalarIndent) {
        said("a quote is not closed", "close it on the line where it begins")
    } else if matches!(
        kind,
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar
    ) {
        said(
            "there is text after the closing quote",
            "put all of it in one pair of double quotes; in these, write `\\\"` for a quote",
        )
    } else if matches!(kind, Kind::UnknownQuotedScalarEscape) {
        said(
            "in double quotes, `\\` begins an escape, and this one is unknown",
            "write `\\\\` for a backslash, or use single quotes",
        )
    } else if matches!(kind, Kind::BlockSequenceEntryNotAllowed | Kind::BlockEntryInFlowCollection)
    {
        said(
            "a list with dashes cannot begin here",
            "begin it on the next line; put text that begins with `-` in quotes",
        )
    } else if matches!(kind, Kind::InvalidBlockScalarHeader) {
        said(
            "text cannot follow `|` or `>` on its line",
            "begin it on the next line, or put all of it in quotes",
        )
    } else if matches!(kind, Kind::MisplacedFlowCollectionEnd) {
        said("this bracket closes nothing", "delete it, or put the text in quotes")
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

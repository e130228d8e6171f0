//! What is wrong with a file before its keys mean anything, in words for people who do not know
//! the parser.

use granit_parser::ErrorKind;

use super::problem::{Problems, shown};
use super::source::Span;

/// The largest file, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// How deep mappings and lists may be nested; a policy needs four levels.
pub(super) const MAX_DEPTH: usize = 32;

/// The text of a policy's bytes, or a problem with a text to show it in.
pub(super) fn decode(bytes: &[u8], problems: &mut Problems) -> String {
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
    }
    text
}

/// There is no policy in the file.
pub(super) fn empty(span: Span, problems: &mut Problems) {
    problems.push(
        span,
        "the policy is empty",
        "write at least `version: 1` and `workspaces: [SLUG]`",
    );
}

/// A mapping or a list begins one level too deep.
pub(super) fn too_deep(span: Span, problems: &mut Problems) {
    problems.push(
        span,
        format!("nested deeper than {MAX_DEPTH} levels"),
        "a policy needs four levels: close brackets, or mend the indentation",
    );
}

/// Where the parser gave up.
pub(super) fn error(text: &str, at: usize, kind: &ErrorKind, problems: &mut Problems) {
    let mut span = Span { start: at, end: at };
    let (message, help) = if let ErrorKind::UnexpectedCharacter { character } = kind {
        let help = if character.is_control() {
            "delete it; YAML has no place for it"
        } else {
            "put the text in quotes"
        };
        let character = character.to_string();
        (format!("the character {} cannot stand here", shown(&character)), help)
    } else if matches!(kind, ErrorKind::RecursionLimitExceeded) {
        return too_deep(span, problems);
    } else if matches!(kind, ErrorKind::DirectiveDisallowed) {
        ("directives are not allowed".to_owned(), "delete the line")
    } else if matches!(kind, ErrorKind::BomInsideDocument) {
        ("a byte order mark in the middle of the file".to_owned(), "delete it")
    } else if matches!(kind, ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement) {
        (
            "a `:` cannot stand here".to_owned(),
            "put text that holds `: ` in quotes, or mend the indentation of this line",
        )
    } else if matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    ) {
        // The parser points behind the tabs.
        span.start = text.get(..at).map_or(at, |before| before.trim_end_matches('\t').len());
        ("a tab cannot stand here".to_owned(), "indent with blanks")
    } else if matches!(kind, ErrorKind::UnclosedQuotedScalar | ErrorKind::InvalidQuotedScalarIndent)
    {
        ("a quote is not closed".to_owned(), "close it on the line where it begins")
    } else if let ErrorKind::UnclosedFlowCollection { open } = kind {
        (format!("`{open}` is not closed"), "add the closing bracket")
    } else {
        (
            format!("this is not YAML: {kind}"),
            "look for a missing quote, bracket or colon here or one line above, and for wrong indentation",
        )
    };
    problems.push(span, message, help);
}

//! Lines of a text, by the bytes where they begin and end.

/// Where the line of a byte begins.
pub(super) fn start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |last| last + 1)
}

/// Where the line of a byte ends, before its line break.
pub(super) fn end(text: &str, at: usize) -> usize {
    let line = text.get(at..next(text, at)).unwrap_or_default();
    at + line.trim_end_matches(['\r', '\n']).len()
}

/// Where the line after that of a byte begins; the end of the text where there is none.
pub(super) fn next(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end + 1)
}

/// How many characters stand on its line before a byte.
pub(super) fn column(text: &str, at: usize) -> usize {
    text.get(start(text, at)..at).unwrap_or_default().chars().count()
}

/// The line break after a byte, else the first one of the text.
pub(super) fn newline(text: &str, at: usize) -> &'static str {
    let ended = [text.get(at..), Some(text)].into_iter().flatten().find_map(|text| {
        let end = text.find('\n')?;
        Some(text.get(..end).unwrap_or_default().ends_with('\r'))
    });
    if ended == Some(true) { "\r\n" } else { "\n" }
}

/// How many bytes of blanks and tabs a text begins with.
pub(super) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// Whether only spaces stand before a byte on its line.
pub(super) fn is_first(text: &str, at: usize) -> bool {
    let before = text.get(start(text, at)..at).unwrap_or_default();
    blanks(before) == before.len()
}

/// Where a character is, if it is the first thing after a byte, apart from spaces and comments.
pub(super) fn token(text: &str, from: usize, sign: char) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        at += rest.find(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'))?;
        let rest = text.get(at..)?;
        if !rest.starts_with('#') {
            return rest.starts_with(sign).then_some(at);
        }
        at = next(text, at);
    }
}

//! Text as YAML writes it: plain where that is safe, else in quotes.

use crate::escape::is_hidden;

/// Words that some reader of YAML, old ones included, does not take for text.
const RESERVED: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// How the values of an exemption are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// Quotes only where they are needed, or where the text comes from elsewhere.
    Needed,
    /// Quotes around everything, keys included, as in JSON.
    Everywhere,
}

/// A key.
pub(crate) fn key(name: &str, quoting: Quoting) -> String {
    match quoting {
        Quoting::Needed => name.to_owned(),
        Quoting::Everywhere => quoted(name),
    }
}

/// Text without quotes where every reader of YAML takes it for text: one word of ASCII letters,
/// digits and a few signs, a letter first. Anything else is quoted.
pub(crate) fn word(text: &str, quoting: Quoting) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    let is_plain = quoting == Quoting::Needed
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(allowed)
        && !RESERVED.iter().any(|reserved| text.eq_ignore_ascii_case(reserved));
    if is_plain { text.to_owned() } else { quoted(text) }
}

/// Text in double quotes, on one line, with invisible characters as escapes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            hidden if is_hidden(hidden) => out.push_str(&escaped(hidden)),
            seen => out.push(seen),
        }
    }
    out.push('"');
    out
}

/// A character as an escape in double quotes.
pub(crate) fn escaped(hidden: char) -> String {
    let number = u32::from(hidden);
    if number > 0xffff { format!("\\U{number:08X}") } else { format!("\\u{number:04X}") }
}

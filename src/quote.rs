//! The first words of foreign text, for messages.

use std::sync::atomic::{AtomicBool, Ordering};

/// Longest excerpt, in characters: enough to recognise a login page, too short to drown a message.
const LONGEST: usize = 120;

/// What stands for foreign text that is kept out of messages.
const WITHHELD: &str = "(withheld)";

/// Whether it is. One for the process, as the log is: whoever quotes foreign text asks here, so that
/// none can be forgotten.
static WITHHOLDING: AtomicBool = AtomicBool::new(false);

/// Keeps foreign text out of every message from now on. What a server or a file says may name
/// people, also such as this run never gets to know.
pub(crate) fn withhold() {
    WITHHOLDING.store(true, Ordering::Relaxed);
}

/// A foreign text as a whole, for messages.
pub(crate) fn whole(text: &str) -> &str {
    if WITHHOLDING.load(Ordering::Relaxed) { WITHHELD } else { text }
}

/// The first words of a text on one line: runs of white space become one blank, control
/// characters are written as `\u{..}`, and what is left is cut short.
pub(crate) fn excerpt(text: &str) -> String {
    let text = if text.trim().is_empty() { "" } else { whole(text) };
    let mut short = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        if length > 0 {
            short.push(' ');
            length += 1;
        }
        for character in word.chars() {
            if length >= LONGEST {
                short.push('…');
                return short;
            }
            if character.is_control() {
                short.extend(character.escape_unicode());
            } else {
                short.push(character);
            }
            length += 1;
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn one_short_harmless_line() {
        assert_eq!(excerpt("  <!DOCTYPE\n\t html> "), "<!DOCTYPE html>");
        assert_eq!(excerpt("a\u{1b}[31m"), "a\\u{1b}[31m");
        let long = excerpt(&"x".repeat(5_000));
        assert_eq!(long.chars().count(), 121);
        assert!(long.ends_with('…'));
        assert_eq!(excerpt(""), "");
    }
}

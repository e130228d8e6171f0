//! Foreign text in messages. What a server or a file says may name people, so each quote is marked
//! in the message that holds it, and shown or withheld where the message leaves the program.

use std::borrow::Cow;

/// Longest excerpt, in characters: enough to recognise a login page, too short to drown a message.
const LONGEST: usize = 120;

/// What stands for a quote that is not shown.
const WITHHELD: &str = "(withheld)";

/// What stands around a quote until its message is shown. Unicode keeps these two, which are no
/// characters, for use within a program:
/// <https://www.unicode.org/faq/private_use.html#noncharacters>.
const MARKS: [char; 2] = ['\u{fdd0}', '\u{fdd1}'];

/// Whether messages show the foreign text that they quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// They do.
    Shown,
    /// Something else stands in its place, since it may name people.
    Withheld,
}

impl Quotes {
    /// A message as it may be shown, without the marks around its quotes.
    pub fn resolve(self, message: &str) -> Cow<'_, str> {
        if !message.contains(MARKS) {
            return message.into();
        }
        let [open, close] = MARKS;
        let mut resolved = String::with_capacity(message.len());
        let mut rest = message;
        while let Some((own, after)) = rest.split_once(open) {
            let (quote, after) = after.split_once(close).unwrap_or((after, ""));
            resolved.push_str(own);
            resolved.push_str(match self {
                Quotes::Shown => quote,
                Quotes::Withheld => WITHHELD,
            });
            rest = after;
        }
        resolved.push_str(rest);
        resolved.into()
    }
}

/// The first characters of a text, at most so many, and a mark where it is cut.
pub(crate) fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// A foreign text as a whole, for messages, with marks around it. A mark in it, or of a quote within
/// it, is taken out.
pub(crate) fn all(text: &str) -> String {
    let [open, close] = MARKS;
    format!("{open}{}{close}", text.replace(MARKS, ""))
}

/// The first words of a foreign text on one line, for messages: runs of white space become one
/// blank, control characters are written as `\u{..}`, and the rest is cut off.
pub(crate) fn excerpt(text: &str) -> String {
    let mut short = String::new();
    let words = text.split_whitespace().flat_map(|word| [" ", word]).skip(1);
    let characters = words.flat_map(str::chars).filter(|character| !MARKS.contains(character));
    for (at, character) in characters.enumerate() {
        if at == LONGEST {
            short.push('…');
            break;
        }
        if character.is_control() {
            short.extend(character.escape_unicode());
        } else {
            short.push(character);
        }
    }
    if short.is_empty() { short } else { all(&short) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Quotes::Shown.resolve(text).into_owned()
    }

    #[test]
    fn one_short_harmless_line() {
        assert_eq!(shown(&excerpt("  <!DOCTYPE\n\t html> ")), "<!DOCTYPE html>");
        assert_eq!(shown(&excerpt("a\u{1b}[31m")), "a\\u{1b}[31m");
        let long = shown(&excerpt(&"x".repeat(5_000)));
        assert_eq!(long.chars().count(), 121);
        assert!(long.ends_with('…'));
        assert_eq!(excerpt(" \n"), "");
    }

    #[test]
    fn quotes_are_withheld_wherever_they_are_in_a_message() {
        let inner = format!("{} twice", excerpt("Ada"));
        let message = format!("{}: no, {}; {}", all("Grace"), all(&inner), excerpt(&all("Lin")));
        assert_eq!(shown(&message), "Grace: no, Ada twice; Lin");
        let withheld = Quotes::Withheld.resolve(&message);
        assert_eq!(withheld, "(withheld): no, (withheld); (withheld)");
        assert_eq!(Quotes::Withheld.resolve("our own words"), "our own words");
    }

    #[test]
    fn foreign_text_cannot_end_its_quote() {
        for quote in [all("Ada\u{fdd1} Lovelace\u{fdd0}"), excerpt("Ada\u{fdd1} Lovelace\u{fdd0}")]
        {
            assert_eq!(Quotes::Withheld.resolve(&quote), WITHHELD);
            assert_eq!(shown(&quote), "Ada Lovelace");
        }
        assert_eq!(Quotes::Withheld.resolve("cut \u{fdd0}in the middle"), "cut (withheld)");
    }
}

//! Foreign text, made harmless for where it lands: one function a context.
//!
//! Names and addresses are written by the members themselves, slugs and reasons by those who edit
//! the policy, error texts by servers. Each function here takes such a text and gives one that the
//! context shows and does not obey. Every one of them first makes visible what no reader could see
//! ([`visible`]), so that a text never spans lines and never hides anything; ids and addresses
//! pass unchanged, and text that needs nothing is borrowed.

mod markdown;

use std::borrow::Cow;
use std::fmt::Write;
use std::io;

pub use markdown::markdown;

/// Writes `text` with `write` in place of every character for which `active` holds. `active` is
/// asked once for each character, in order, and told its byte offset.
fn rewrite(
    text: &str,
    mut active: impl FnMut(usize, char) -> bool,
    write: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    let mut chars = text.char_indices();
    let Some((first, c)) = chars.find(|&(at, c)| active(at, c)) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(text.get(..first).unwrap_or_default());
    write(c, &mut out);
    for (at, c) in chars {
        if active(at, c) {
            write(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Writes another text in place of every character that has one.
fn replace(text: &str, of: impl Fn(char) -> Option<&'static str>) -> Cow<'_, str> {
    rewrite(text, |_, c| of(c).is_some(), |c, out| out.push_str(of(c).unwrap_or_default()))
}

/// Applies a second escape to the result of a first one.
fn then<'a>(text: Cow<'a, str>, escape: impl Fn(&str) -> Cow<'_, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => escape(text),
        Cow::Owned(text) => Cow::Owned(escape(&text).into_owned()),
    }
}

/// Writes a character by its number, as Rust does: `\u{1b}`.
fn write_number(c: char, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

/// Whether a character acts on its surroundings, or is not shown: controls (C0, DEL, C1),
/// bidirectional marks, embeddings, overrides and isolates, invisible spaces and operators, line
/// separators, tags, and what XML 1.0 cannot hold. The joiners U+200C and U+200D are not among
/// them, since names are spelt with them.
pub fn is_hidden(c: char) -> bool {
    match c {
        '\u{20}'..='\u{7e}' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{fffe}'
        | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}' => true,
        other => other.is_control(),
    }
}

/// Whether a text is ASCII without controls, `#` and these bytes, as most texts are: nothing in it
/// is for [`visible`] to show. It looks at eight bytes at a time, for the program is made for size.
///
/// Of a word, `x - 1 & !x & HIGH` is not 0 where one of its bytes is 0:
/// <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>
fn is_plain<const N: usize>(text: &str, without: [u8; N]) -> bool {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    let is_plain = |&bytes: &[u8; 8]| {
        let word = u64::from_ne_bytes(bytes);
        let below = |word: u64, least: u8| word.wrapping_sub(EACH * u64::from(least)) & !word;
        let has = |byte: u8| below(word ^ (EACH * u64::from(byte)), 1);
        let found = word | below(word, b' ') | has(0x7f) | has(b'#');
        without.into_iter().fold(found, |found, byte| found | has(byte)) & HIGH == 0
    };
    let (words, rest) = text.as_bytes().as_chunks();
    // The last word may overlap the one before it.
    let last = text.as_bytes().last_chunk().copied().unwrap_or_else(|| {
        let mut short = [b' '; 8];
        short.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        short
    });
    words.iter().all(is_plain) && is_plain(&last)
}

/// Tells whether a `#` stands before a byte offset.
fn after_hash(text: &str) -> impl Fn(usize) -> bool {
    |at| at.checked_sub(1).and_then(|before| text.as_bytes().get(before)) == Some(&b'#')
}

/// Shows hidden characters by their number, and the second of two `#` as well: `##[` starts a
/// command of GitHub's runner wherever it stands in a line, `##vso[` one of Azure Pipelines.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text, []) {
        return Cow::Borrowed(text);
    }
    let after_hash = after_hash(text);
    rewrite(text, |at, c| is_hidden(c) || (c == '#' && after_hash(at)), write_number)
}

/// For a terminal and for the log of a CI runner: nothing moves the cursor, changes a colour or
/// reverses a line, and no line becomes a workflow command, which starts with `::` after blanks
/// (GitHub's runner trims them). A `::` at the start of any word is taken for one, so that the
/// text may be wrapped.
pub fn terminal(text: &str) -> Cow<'_, str> {
    then(visible(text), |text| {
        if !text.contains("::") {
            return Cow::Borrowed(text);
        }
        rewrite(text, starts_command(text), write_number)
    })
}

/// As [`terminal`], one character for one, so that columns stay what they are; a TAB stays.
pub fn terminal_columns(text: &str) -> Cow<'_, str> {
    let after_hash = after_hash(text);
    let mut starts_command = starts_command(text);
    let is_active = |at, c| {
        starts_command(at, c) || (c != '\t' && is_hidden(c)) || (c == '#' && after_hash(at))
    };
    rewrite(text, is_active, |_, out| out.push(char::REPLACEMENT_CHARACTER))
}

/// Tells, when asked for each character in order, whether a `::` starts a word there.
fn starts_command(text: &str) -> impl FnMut(usize, char) -> bool {
    let mut at_start = true;
    move |at, c| {
        let starts = at_start && text.get(at..).is_some_and(|rest| rest.starts_with("::"));
        // What has no width can be passed over by what compares texts as people read them.
        let has_no_width = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
        at_start = c.is_whitespace() || (at_start && has_no_width);
        starts
    }
}

/// For the value of an XML attribute that an XML writer quotes: a TAB or a line break is a space,
/// which it would become anyway when it is read.
pub fn xml_attribute(text: &str) -> Cow<'_, str> {
    if is_plain(text, []) {
        return Cow::Borrowed(text);
    }
    let is_blank = |c| matches!(c, '\t' | '\n' | '\r');
    then(rewrite(text, |_, c| is_blank(c), |_, out| out.push(' ')), visible)
}

/// For the inside of an XML CDATA section: `]]>` is divided over two sections.
pub fn xml_cdata(text: &str) -> Cow<'_, str> {
    then(visible(text), |text| {
        if text.contains("]]>") {
            Cow::Owned(text.replace("]]>", "]]]]><![CDATA[>"))
        } else {
            Cow::Borrowed(text)
        }
    })
}

/// For the message of a workflow command.
///
/// <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>
pub fn workflow_data(text: &str) -> Cow<'_, str> {
    then(visible(text), |text| replace(text, |c| (c == '%').then_some("%25")))
}

/// For a property of a workflow command, such as `title=`.
pub fn workflow_property(text: &str) -> Cow<'_, str> {
    let escaped = |c| match c {
        '%' => Some("%25"),
        ':' => Some("%3A"),
        ',' => Some("%2C"),
        _ => None,
    };
    then(visible(text), |text| replace(text, escaped))
}

/// For a cell that a spreadsheet may open: a formula, which starts with `=`, `+`, `-` or `@`
/// (plain or full-width) at the start of the cell or after blanks and quotes, gets an apostrophe
/// before it, and so it does after a semicolon, which divides cells in much of Europe. The first
/// cell of a row stands at the start of a line, where a runner looks for commands ([`terminal`]).
///
/// <https://owasp.org/www-community/attacks/CSV_Injection>
pub fn cell(text: &str) -> Cow<'_, str> {
    // Most cells are ids and words, or empty.
    let starts_word = |c| matches!(c, '0'..='9' | 'A'..='Z' | 'a'..='z' | '{');
    if text.is_empty() || (text.starts_with(starts_word) && is_plain(text, [b';'])) {
        return Cow::Borrowed(text);
    }
    let is_blank = |c: char| c.is_whitespace() || c == '"';
    let is_formula = |c| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    then(terminal(text), |text| {
        if !text.contains(';') && !text.trim_start_matches(is_blank).starts_with(is_formula) {
            return Cow::Borrowed(text);
        }
        let mut at_start = true;
        let is_active = |_, c| {
            let active = at_start && is_formula(c);
            at_start = c == ';' || (at_start && is_blank(c));
            active
        };
        rewrite(text, is_active, |c, out| out.extend(['\'', c]))
    })
}

/// For the text of a SARIF message. By the standard, braces are doubled, since they stand for
/// placeholders (SARIF 2.1.0 section 3.11.5), and brackets get a backslash, since they make links
/// (3.11.6, as SARIF 2.2 makes clear: <https://github.com/oasis-tcs/sarif-spec/pull/768>).
///
/// Viewers know less than the standard. Some take `\[text\](address)` for a link all the same, so a
/// blank divides that pair, and `://` too. Most show `{{` as it is, so Bitbucket's ids lose their
/// braces.
pub fn sarif_message(text: &str) -> Cow<'_, str> {
    then(then(visible(text), uuids_without_braces), |text| {
        let is_active = |at: usize, c| match c {
            '{' | '}' | '[' | ']' | '\\' => true,
            '(' => text.get(..at).is_some_and(|before| before.ends_with(']')),
            ':' => text.get(at..).is_some_and(|rest| rest.starts_with("://")),
            _ => false,
        };
        rewrite(text, is_active, |c, out| match c {
            '(' => out.push_str(" ("),
            ':' => out.push_str(": "),
            '{' | '}' => out.extend([c, c]),
            other => out.extend(['\\', other]),
        })
    })
}

/// A text with the UUIDs in it as they are without their braces.
fn uuids_without_braces(text: &str) -> Cow<'_, str> {
    const LENGTH: usize = 36;
    let is_braced = |start: usize| {
        let inside = text.get(start..).and_then(|rest| rest.strip_prefix('{'));
        let parts = inside.and_then(|inside| inside.split_at_checked(LENGTH));
        parts.is_some_and(|(uuid, rest)| is_uuid(uuid) && rest.starts_with('}'))
    };
    let is_brace = |at: usize, c| match c {
        '{' => is_braced(at),
        '}' => at.checked_sub(LENGTH + 1).is_some_and(is_braced),
        _ => false,
    };
    rewrite(text, is_brace, |_, _| {})
}

/// Whether a text has the form of a UUID: groups of hexadecimal digits, joined by hyphens.
fn is_uuid(text: &str) -> bool {
    let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_group)
}

/// For mrkdwn in a Slack message, where `<`, `>` and `&` make links and mentions:
/// <https://docs.slack.dev/messaging/formatting-message-text#escaping>.
pub fn slack(text: &str) -> Cow<'_, str> {
    let escaped = |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    };
    then(visible(text), |text| replace(text, escaped))
}

/// For text and for quoted attribute values in HTML: no character opens markup, ends a value, or
/// starts an entity. Not for the inside of a script or a style sheet, nor for an address.
pub fn html(text: &str) -> Cow<'_, str> {
    if is_plain(text, *b"&<>\"'") {
        return Cow::Borrowed(text);
    }
    let escaped = |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    };
    then(visible(text), |text| replace(text, escaped))
}

/// For a path as a relative URI reference (RFC 3986, section 4.2), slashes kept.
pub fn uri_path(path: &str) -> Cow<'_, str> {
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '.' | '_' | '~' | '/' | '!' | '$' | '&' | '\'' | '(' | ')')
            || matches!(c, '*' | '+' | ',' | ';' | '=' | '@')
    };
    rewrite(
        path,
        |_, c| !is_plain(c),
        |c, out| {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        },
    )
}

/// For the inside of a JSON string, once quotes, backslashes and C0 controls are escaped: what
/// [`visible`] shows is escaped as well, so that it reads the same but does nothing in a terminal
/// or a log. This one writes, since the text passes through a serialiser.
///
/// # Errors
/// Those of `out`.
pub fn json<W: ?Sized + io::Write>(text: &str, out: &mut W) -> io::Result<()> {
    let mut done = 0;
    if !is_plain(text, []) {
        let after_hash = after_hash(text);
        for (at, c) in text.char_indices() {
            if is_hidden(c) || (c == '#' && after_hash(at)) {
                out.write_all(text.as_bytes().get(done..at).unwrap_or_default())?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
                done = at + c.len_utf8();
            }
        }
    }
    out.write_all(text.as_bytes().get(done..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn one_character_anywhere_in_a_text_is_seen() {
        for c in ('\0'..='\u{a0}').chain("éЯ中\u{200b}\u{e0001}".chars()) {
            let expected = (' '..='~').contains(&c) && !matches!(c, '#' | ';' | '<');
            for (before, after) in
                (0..20).flat_map(|length| (0..=length).map(move |at| (at, length - at)))
            {
                let text = format!("{}{c}{}", "a".repeat(before), "~".repeat(after));
                assert_eq!(is_plain(&text, *b";<"), expected, "{text:?}");
            }
        }
        assert!(is_plain("", []));
    }
}

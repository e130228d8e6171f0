//! Text as it reads, however it is written: percent-encoded, escaped as in JSON or HTML, broken
//! over lines or in another case, it is the same text. Pure.

use std::ops::Range;

/// How often text may be encoded over an encoded one.
const DEEPEST: usize = 4;

/// Named characters of HTML that a secret or its Base64 can hold.
const NAMED: [(&[u8], u8); 14] = [
    (b"amp;", b'&'),
    (b"lt;", b'<'),
    (b"gt;", b'>'),
    (b"quot;", b'"'),
    (b"apos;", b'\''),
    (b"sol;", b'/'),
    (b"plus;", b'+'),
    (b"equals;", b'='),
    (b"colon;", b':'),
    (b"period;", b'.'),
    (b"lowbar;", b'_'),
    (b"percnt;", b'%'),
    (b"dollar;", b'$'),
    (b"newline;", b'\n'),
];

/// What a text reads as: bytes in lower case without breaks, each with the place where it is
/// written.
#[derive(Clone)]
pub(super) struct Plain {
    pub(super) bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

/// A text as it is written, then as it reads once it is decoded, and so on. What comes before a
/// piece of it can change how the piece is decoded, so that each level counts.
pub(super) fn levels(text: &str) -> Vec<Plain> {
    let mut levels = vec![Plain::of(text)];
    for _ in 0..DEEPEST {
        match levels.last().and_then(Plain::decoded) {
            Some(decoded) => levels.push(decoded),
            None => break,
        }
    }
    levels
}

impl Plain {
    fn of(text: &str) -> Self {
        let room = text.len();
        let mut plain = Plain { bytes: Vec::with_capacity(room), places: Vec::with_capacity(room) };
        for (start, character) in text.char_indices() {
            plain.push(character, start..start + character.len_utf8());
        }
        plain
    }

    fn push(&mut self, character: char, place: Range<usize>) {
        if is_break(character) {
            return;
        }
        for byte in character.to_ascii_lowercase().encode_utf8(&mut [0; 4]).bytes() {
            self.bytes.push(byte);
            self.places.push(place.clone());
        }
    }

    /// With one layer of encoding taken off, where there is any.
    fn decoded(&self) -> Option<Self> {
        if !self.bytes.iter().any(|byte| matches!(byte, b'%' | b'\\' | b'&')) {
            return None;
        }
        let mut plain = Plain { bytes: Vec::new(), places: Vec::new() };
        let mut at = 0;
        let mut changed = false;
        while let Some((first, rest)) = self.bytes.get(at..).and_then(<[u8]>::split_first) {
            let decoded = decode(*first, rest);
            changed |= decoded.is_some();
            let (written, length) = decoded.unwrap_or((Written::Byte(*first), 0));
            let place = self.place(at..at + 1 + length);
            match written {
                Written::Char(character) => plain.push(character, place),
                Written::Byte(byte) if byte.is_ascii() => plain.push(char::from(byte), place),
                Written::Byte(byte) => {
                    plain.bytes.push(byte);
                    plain.places.push(place);
                }
            }
            at += 1 + length;
        }
        changed.then_some(plain)
    }

    /// Where a stretch of it is written.
    pub(super) fn place(&self, stretch: Range<usize>) -> Range<usize> {
        let places = self.places.get(stretch).unwrap_or_default();
        match (places.first(), places.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            (None, _) | (_, None) => 0..0,
        }
    }
}

/// What an encoded character stands for.
enum Written {
    Char(char),
    Byte(u8),
}

/// What a byte and those after it stand for, and how many of those belong to it.
fn decode(first: u8, rest: &[u8]) -> Option<(Written, usize)> {
    match first {
        b'%' => Some((Written::Byte(hex(rest.get(..2)?)?.try_into().ok()?), 2)),
        b'\\' => escape(rest),
        b'&' => reference(rest),
        _ => None,
    }
}

/// After a backslash, as JSON and many languages have it.
fn escape(rest: &[u8]) -> Option<(Written, usize)> {
    let (kind, after) = rest.split_first()?;
    let digits = |number: usize| after.get(..number).and_then(hex);
    let coded = match kind {
        b'u' if after.first() == Some(&b'{') => {
            let end = after.iter().take(8).position(|&byte| byte == b'}')?;
            hex(after.get(1..end)?).map(|code| (code, 2 + end))
        }
        b'u' => digits(4).map(|code| (code, 5)),
        b'x' => digits(2).map(|code| (code, 3)),
        _ => None,
    };
    if let Some((code, length)) = coded {
        return Some((Written::Char(char::from_u32(code)?), length));
    }
    let character = match kind {
        b'n' | b'r' | b't' => b'\n',
        other => *other,
    };
    Some((Written::Byte(character), 1))
}

/// After an ampersand, as HTML and XML have it.
fn reference(rest: &[u8]) -> Option<(Written, usize)> {
    let Some(numeric) = rest.strip_prefix(b"#") else {
        let (name, byte) = NAMED.iter().find(|(name, _)| rest.starts_with(name))?;
        return Some((Written::Byte(*byte), name.len()));
    };
    // Any number of zeros may come first; more than a few are not an honest way to write a character.
    let end = numeric.iter().take(12).position(|&byte| byte == b';')?;
    let digits = numeric.get(..end)?;
    let code = match digits.strip_prefix(b"x") {
        Some(digits) => hex(digits)?,
        None => str::from_utf8(digits).ok()?.parse().ok()?,
    };
    Some((Written::Char(char::from_u32(code)?), 2 + end))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    all.then(|| u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()).flatten()
}

/// Whether a character only breaks a text: white space, and what is not shown.
fn is_break(character: char) -> bool {
    let unseen = matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    );
    unseen || character.is_whitespace() || character.is_control()
}

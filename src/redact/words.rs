//! The words of a text, in the form in which names are compared.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use crate::escape::is_hidden;

/// A text as its reader understands it: addresses decoded, and one spelling for each character,
/// since a name may be written with a letter and an accent or with one character for both, in wide
/// letters, and with joiners that nobody sees.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let decoded = percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text));
    Cow::Owned(decoded.nfkc().filter(|c| !matches!(c, '\u{200c}' | '\u{200d}')).collect())
}

/// The words of a text in the form in which they are compared.
pub(super) struct Folded {
    /// All of them, with a blank between them.
    pub(super) text: String,
    /// Where each stands in the text that they are of, and where here.
    pub(super) places: Vec<(Range<usize>, Range<usize>)>,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        let mut folded = Folded { text: String::with_capacity(text.len()), places: Vec::new() };
        let mut open = false;
        for (at, c) in text.char_indices() {
            if divides(c) {
                open = false;
            } else if !is_hidden(c) {
                let alone = stands_alone(c);
                folded.push(at, c, open && !alone);
                open = !alone;
            }
        }
        folded
    }

    /// Adds a character to the last word, or as the first one of another.
    fn push(&mut self, at: usize, c: char, belongs: bool) {
        if !belongs {
            if !self.places.is_empty() {
                self.text.push(' ');
            }
            self.places.push((at..at, self.text.len()..self.text.len()));
        }
        if c.is_ascii() {
            self.text.push(c.to_ascii_lowercase());
        } else {
            // There and back, since several small letters may share a capital.
            self.text.extend(c.to_uppercase().flat_map(char::to_lowercase));
        }
        if let Some((place, here)) = self.places.last_mut() {
            (place.end, here.end) = (at + c.len_utf8(), self.text.len());
        }
    }

    /// So many words from a position on; none where there are fewer.
    pub(super) fn words(&self, at: usize, count: usize) -> Option<&str> {
        let (_, first) = self.places.get(at)?;
        let (_, last) = self.places.get(at + count - 1)?;
        self.text.get(first.start..last.end)
    }
}

/// Whether words end at a character: blanks and punctuation.
fn divides(c: char) -> bool {
    let of_prose = matches!(c, '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3003}' | '«' | '»' | '·');
    c.is_whitespace() || c.is_ascii_punctuation() || of_prose
}

/// Whether a character is a word of its own, as in scripts that put nothing between words.
fn stands_alone(c: char) -> bool {
    matches!(c,
        // Thai, Lao, Myanmar and Khmer.
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        // Chinese and Japanese; Korean, whose particles follow a name without a blank.
        | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

//! JSON documents, one after another, from a reader.
//!
//! `serde_json` parses a slice twice as fast as a reader. So a document is parsed from a buffer;
//! where that ends in the middle of it, more is read and the document is parsed again.

use std::io::{self, BufRead};

use memchr::{memchr_iter, memrchr};
use serde::de::DeserializeOwned;

use crate::failure::CUT_SHORT;
use crate::quote::excerpt;
use crate::read::file_error::FileError;

/// How many bytes are looked at to say what a file starts with.
const FIRST: usize = 600;

/// How much white space may stand before everything, in bytes.
const BLANKS: usize = 1 << 20;

/// How much is read at once at most, in bytes.
const MOST: usize = 1 << 26;

/// Objects one after another, in arrays or not.
pub(super) struct JsonStream<R> {
    reader: R,
    /// How much is read at once.
    chunk: usize,
    buffer: Vec<u8>,
    /// Where in the buffer the rest starts.
    start: usize,
    /// Whether the reader has no more.
    ended: bool,
    /// Where the rest starts in the file, both from 1.
    line: u64,
    column: u64,
    within: Within,
}

/// Where the next document stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Outside of an array.
    File,
    /// After the bracket that opens an array.
    Array,
    /// After an element of an array.
    AfterElement,
    /// After a comma.
    AfterComma,
}

impl<R: BufRead> JsonStream<R> {
    pub(super) fn new(reader: R, chunk: usize) -> Self {
        JsonStream {
            reader,
            chunk,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            line: 1,
            column: 1,
            within: Within::File,
        }
    }

    /// The first byte that is not white space. Nothing is consumed.
    pub(super) fn sniff(&mut self) -> Result<Option<u8>, FileError> {
        loop {
            let first = self.rest().iter().find(|byte| !byte.is_ascii_whitespace());
            match first {
                Some(&byte) => return Ok(Some(byte)),
                None if self.ended => return Ok(None),
                // It is kept, for the lines of a table are counted from the start.
                None if self.rest().len() > BLANKS => {
                    return Err(FileError::content("it starts with too much white space"));
                }
                None => self.refill()?,
            }
        }
    }

    /// What the rest starts with, as far as it was read.
    pub(super) fn first_bytes(&self) -> &[u8] {
        self.rest().get(..FIRST).unwrap_or(self.rest())
    }

    /// What was read but not consumed, and the reader.
    pub(super) fn into_parts(mut self) -> (Vec<u8>, R) {
        self.buffer.drain(..self.start);
        (self.buffer, self.reader)
    }

    /// The next document; none at the end.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FileError> {
        loop {
            let Some(byte) = self.peek()? else {
                return match self.within {
                    Within::File => Ok(None),
                    Within::Array | Within::AfterElement | Within::AfterComma => {
                        Err(cut_short().at_column(self.line, self.column))
                    }
                };
            };
            self.within = match (self.within, byte) {
                (Within::File | Within::Array | Within::AfterComma, b'{') => {
                    let document = self.parse()?;
                    self.within = match self.within {
                        Within::File => Within::File,
                        Within::Array | Within::AfterElement | Within::AfterComma => {
                            Within::AfterElement
                        }
                    };
                    return Ok(Some(document));
                }
                (Within::File, b'[') => Within::Array,
                (Within::AfterElement, b',') => Within::AfterComma,
                (Within::Array | Within::AfterElement, b']') => Within::File,
                (within, _) => {
                    let expected = match within {
                        Within::File => "an object or an array of objects",
                        Within::Array => "an object or `]`",
                        Within::AfterElement => "`,` or `]`",
                        Within::AfterComma => "an object",
                    };
                    let found = excerpt(&String::from_utf8_lossy(
                        self.rest().get(..20).unwrap_or(self.rest()),
                    ));
                    return Err(self.misplaced(format!("expected {expected}, found \"{found}\"")));
                }
            };
            self.advance(1);
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let blanks = self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.advance(blanks);
            match self.rest().first() {
                Some(&byte) => return Ok(Some(byte)),
                None if self.ended => return Ok(None),
                None => self.refill()?,
            }
        }
    }

    fn parse<T: DeserializeOwned>(&mut self) -> Result<T, FileError> {
        loop {
            let mut stream = serde_json::Deserializer::from_slice(self.rest()).into_iter::<T>();
            match stream.next() {
                Some(Ok(document)) => {
                    let length = stream.byte_offset();
                    self.advance(length);
                    return Ok(document);
                }
                Some(Err(error)) if error.is_eof() && !self.ended => self.refill()?,
                Some(Err(error)) => return Err(self.syntax(&error)),
                None => return Err(self.misplaced("expected an object".into())),
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Consumes bytes.
    fn advance(&mut self, count: usize) {
        let consumed = self.rest().get(..count).unwrap_or_default();
        match memrchr(b'\n', consumed) {
            Some(end) => {
                self.line += memchr_iter(b'\n', consumed).count() as u64;
                self.column = (count - end) as u64;
            }
            None => self.column += count as u64,
        }
        self.start += count;
    }

    /// Reads more: several times what there is of a document that does not fit, so that one is not
    /// parsed more than a few times.
    fn refill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let more = self.chunk.saturating_sub(self.buffer.len()).max(7 * self.buffer.len());
        let wanted = self.buffer.len() + more.clamp(1, MOST);
        self.buffer.reserve_exact(wanted - self.buffer.len());
        while self.buffer.len() < wanted {
            let read = self.reader.fill_buf()?;
            self.ended = read.is_empty();
            if self.ended {
                break;
            }
            let read = read.get(..wanted - self.buffer.len()).unwrap_or(read);
            self.buffer.extend_from_slice(read);
            let count = read.len();
            self.reader.consume(count);
        }
        Ok(())
    }

    fn misplaced(&self, what: String) -> FileError {
        FileError::content(what).at_column(self.line, self.column)
    }

    /// The error of the document at the start of the rest, by its place in the whole file.
    fn syntax(&self, error: &serde_json::Error) -> FileError {
        let (line, column) = (error.line() as u64, error.column() as u64);
        let place = format!(" at line {line} column {column}");
        let text = error.to_string();
        let error = match error.is_eof() {
            true => cut_short(),
            false => FileError::content(excerpt(text.strip_suffix(&place).unwrap_or(&text))),
        };
        // Within the document, columns count from 1 as well, and 0 stands for the line's start.
        let column = if line <= 1 { self.column + column.saturating_sub(1) } else { column.max(1) };
        error.at_column(self.line + line.saturating_sub(1), column)
    }
}

fn cut_short() -> FileError {
    FileError::known(
        CUT_SHORT,
        "Save it again, and check that the command that writes it succeeds.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn all(text: &str, chunk: usize) -> Result<Vec<Value>, FileError> {
        let mut documents = JsonStream::new(text.as_bytes(), chunk);
        documents.sniff()?;
        std::iter::from_fn(|| documents.next().transpose()).collect()
    }

    #[test]
    fn every_form_whatever_the_chunks() {
        let (a, b) = (json!({"a": [1, "ü\n\u{1F600}"]}), json!({"b": {"c": null}}));
        let escaped = r#"{"a":[1,"\u00fc\n\ud83d\ude00"]}"#;
        for text in [
            format!("{a}{b}"),
            format!("{a}\n{b}\n"),
            format!(" [{a} , {b}]\r\n"),
            format!("[{a}][][{b}]"),
            format!("[{escaped}]{b:#}"),
        ] {
            for chunk in [1, 2, 3, 7, 1000] {
                assert_eq!(all(&text, chunk).unwrap(), [a.clone(), b.clone()], "{text} {chunk}");
            }
        }
    }

    #[test]
    fn an_error_is_placed_in_the_whole_file() {
        for (text, line, column) in [
            ("{}\n{} x", 2, 4),
            ("{}\n  {\"a\": tru }", 2, 12),
            ("{}\n{\n\"a\": }", 3, 6),
            ("[{},\n]", 2, 1),
            ("[{} {}]", 1, 5),
            ("[1]", 1, 2),
        ] {
            for chunk in [1, 4, 1000] {
                let place = all(text, chunk).unwrap_err().place();
                assert_eq!(place, (Some(line), Some(column)), "{text:?} {chunk}");
            }
        }
        for text in ["{", "[", "[{}", "[{},", "{\"a\": \"b"] {
            assert_ne!(all(text, 2).unwrap_err().place(), (None, None), "{text}");
        }
    }
}

//! A file as text: UTF-8, or UTF-16 with a byte order mark, which is what a spreadsheet's "Unicode
//! text" and PowerShell's `>` write.

use std::io::{self, BufRead, Cursor, Read};

/// The most bytes of UTF-16 that are decoded at once.
const PIECE: usize = 1 << 16;

/// A reader of text, which hands out UTF-8 without a mark. Bytes without the mark of UTF-16 are
/// handed on as they are: whether they are UTF-8 is for the one who reads them to say.
pub(super) struct Text<R> {
    bytes: R,
    encoding: Encoding,
    /// Text that was decoded.
    decoded: Cursor<Vec<u8>>,
    /// Bytes of UTF-16 that are not a whole character yet.
    rest: Vec<u8>,
}

/// How the rest of the bytes is to be understood.
#[derive(Clone, Copy)]
enum Encoding {
    /// As UTF-8.
    Utf8,
    /// As UTF-16 with the given order of bytes.
    Utf16(fn([u8; 2]) -> u16),
}

impl<R: BufRead> Text<R> {
    /// Looks at the mark of a text, if it has one.
    pub(super) fn open(mut bytes: R) -> io::Result<Self> {
        let mut start = Vec::new();
        (&mut bytes).take(3).read_to_end(&mut start)?;
        let text = |encoding, decoded: &[u8], rest: &[u8]| {
            let (decoded, rest) = (Cursor::new(decoded.to_vec()), rest.to_vec());
            Text { bytes, encoding, decoded, rest }
        };
        Ok(match start.as_slice() {
            [0xff, 0xfe, rest @ ..] => text(Encoding::Utf16(u16::from_le_bytes), &[], rest),
            [0xfe, 0xff, rest @ ..] => text(Encoding::Utf16(u16::from_be_bytes), &[], rest),
            [0xef, 0xbb, 0xbf] => text(Encoding::Utf8, &[], &[]),
            start => text(Encoding::Utf8, start, &[]),
        })
    }

    /// The reader of the bytes.
    pub(super) fn into_inner(self) -> R {
        self.bytes
    }

    fn has_decoded(&self) -> bool {
        self.decoded.position() < self.decoded.get_ref().len() as u64
    }

    /// Decodes the next bytes of UTF-16. No text is decoded at the end.
    fn decode(&mut self, number: fn([u8; 2]) -> u16) -> io::Result<()> {
        loop {
            let read = (&mut self.bytes).take(PIECE as u64).read_to_end(&mut self.rest)?;
            let (pairs, _) = self.rest.as_chunks();
            let mut units: Vec<u16> = pairs.iter().map(|&pair| number(pair)).collect();
            if read > 0 {
                // The first half of a character waits for the other.
                units.pop_if(|unit| (0xd800..0xdc00).contains(unit));
            }
            self.rest.drain(..2 * units.len());
            let text: Result<String, _> = char::decode_utf16(units).collect();
            let text =
                text.map_err(|_| invalid("it is UTF-16 by its byte order mark, and not valid"))?;
            if read == 0 && !self.rest.is_empty() {
                return Err(invalid("it is UTF-16, and ends within a character"));
            }
            if read == 0 || !text.is_empty() {
                self.decoded = Cursor::new(text.into_bytes());
                return Ok(());
            }
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<R: BufRead> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Text<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.has_decoded() {
            return self.decoded.fill_buf();
        }
        match self.encoding {
            Encoding::Utf8 => self.bytes.fill_buf(),
            Encoding::Utf16(number) => {
                self.decode(number)?;
                self.decoded.fill_buf()
            }
        }
    }

    fn consume(&mut self, count: usize) {
        if self.has_decoded() {
            self.decoded.consume(count);
        } else {
            self.bytes.consume(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let decoded = |reader: &mut dyn BufRead| {
            let mut text = Vec::new();
            Text::open(reader)?.read_to_end(&mut text).map(|_| text)
        };
        // One byte at a time, so that everything comes in parts.
        let mut slowly = BufReader::with_capacity(1, bytes);
        let (quick, slow) = (decoded(&mut &*bytes), decoded(&mut slowly));
        assert_eq!(quick.as_ref().ok(), slow.as_ref().ok());
        quick
    }

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let long = "email,René 😀\r\n".repeat(20_000);
        for text in ["", "a", "ab", "abc", "é", "😀", &long] {
            let encoded = [
                text.as_bytes().to_vec(),
                [b"\xef\xbb\xbf", text.as_bytes()].concat(),
                utf_16(text, u16::to_le_bytes),
                utf_16(text, u16::to_be_bytes),
            ];
            for bytes in encoded {
                assert!(read(&bytes).unwrap() == text.as_bytes(), "{:?}", bytes.get(..20));
            }
        }
        assert_eq!(read(b"\xe9\xff").unwrap(), b"\xe9\xff");
    }

    #[test]
    fn broken_utf_16_is_an_error() {
        let halves = [&b"\xff\xfea"[..], b"\xff\xfe\x00\xd8", b"\xff\xfe\x00\xdca\0"];
        for bytes in halves.iter().chain(&[&b"\xff\xfe\x00\xd8a\0"[..]]) {
            assert_eq!(read(bytes).unwrap_err().kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }
}

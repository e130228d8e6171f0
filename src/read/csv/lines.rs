//! The lines of a text, counted as an editor counts them.

use std::collections::VecDeque;
use std::io::{self, Read};

/// Hands bytes on, and remembers where the lines in them start.
///
/// The parser counts lines too, but says of a row where the one before it ended: ahead of blank
/// lines, and of the second half of a CR LF.
pub(super) struct Lines<R> {
    reader: R,
    /// How many bytes were handed on.
    offset: u64,
    /// The line of the next byte.
    line: u64,
    /// The last byte handed on.
    last: u8,
    /// Offset and number of the lines that are not blank, as far as they may be asked for.
    starts: VecDeque<(u64, u64)>,
}

/// Bytes that are looked at together.
const PIECE: usize = 16;

pub(super) fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

impl<R> Lines<R> {
    /// Counts from the line after some bytes that were read before.
    pub(super) fn below(passed: &[u8], reader: R) -> Self {
        let mut lines = Lines { reader, offset: 0, line: 1, last: b'\n', starts: VecDeque::new() };
        passed.iter().for_each(|&byte| lines.pass(byte));
        Lines { offset: 0, starts: VecDeque::new(), ..lines }
    }

    /// Counts a byte that is handed on.
    fn pass(&mut self, byte: u8) {
        match byte {
            b'\n' if self.last == b'\r' => {}
            b'\n' | b'\r' => self.line += 1,
            _ if ends_line(self.last) => self.starts.push_back((self.offset, self.line)),
            _ => {}
        }
        self.last = byte;
        self.offset += 1;
    }

    /// The line of the first row at an offset or after it. Offsets never go back.
    pub(super) fn line_of(&mut self, offset: u64) -> u64 {
        while self.starts.front().is_some_and(|&(start, _)| start < offset) {
            self.starts.pop_front();
        }
        self.starts.front().map_or(self.line, |&(_, line)| line)
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let (pieces, rest) = buffer.get(..read).unwrap_or_default().as_chunks::<PIECE>();
        for piece in pieces {
            // Most pieces are within a line, and whether that is so is found out all at once.
            let within = !piece.iter().fold(ends_line(self.last), |ends, &b| ends | ends_line(b));
            match piece {
                [.., last] if within => {
                    self.offset += PIECE as u64;
                    self.last = *last;
                }
                piece => piece.iter().for_each(|&byte| self.pass(byte)),
            }
        }
        rest.iter().for_each(|&byte| self.pass(byte));
        Ok(read)
    }
}

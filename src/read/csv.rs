//! A CSV with a heading: its rows with their lines, its columns, its answers.

use std::collections::VecDeque;
use std::io::{self, Chain, Cursor, Read};

use csv::{Reader, StringRecord};

use super::file_error::Misfit;
use crate::quote::excerpt;

/// A table whose heading was read.
pub(super) struct Table<R> {
    parser: Reader<Lines<Chain<Cursor<Vec<u8>>, R>>>,
    pub(super) heading: StringRecord,
    /// The line that the heading stands on.
    pub(super) line: u64,
    row: StringRecord,
}

/// A row below the heading.
pub(super) struct Row<'t> {
    /// The line that it starts on.
    pub(super) line: u64,
    cells: &'t StringRecord,
}

impl<R: Read> Table<R> {
    pub(super) fn open(reader: R) -> Result<Self, Misfit> {
        let mut parser = Reader::from_reader(below_preamble(reader)?);
        let heading = match parser.headers() {
            Ok(heading) => heading.clone(),
            Err(error) => return Err(misfit(error, &mut parser)),
        };
        let line = parser.get_mut().of(0);
        Ok(Table { parser, heading, line, row: StringRecord::new() })
    }

    /// Refuses a heading that is separated by something else, if it has cells that are `meant`.
    /// Spreadsheets of half the world write semicolons into what they call CSV.
    pub(super) fn separated_by_commas(&self, meant: impl Fn(&str) -> bool) -> Result<(), Misfit> {
        let mut cells = self.heading.iter();
        let separator = match (cells.next(), cells.next()) {
            (Some(only), None) if meant(only) && only.contains(';') => "semicolons",
            (Some(only), None) if meant(only) && only.contains('\t') => "tabs",
            (_, _) => return Ok(()),
        };
        Err(self.misplaced(format!(
            "this heading is separated by {separator}: its cells, and those of the rows, must be \
             separated by commas"
        )))
    }

    /// What is wrong with the heading.
    pub(super) fn misplaced(&self, what: String) -> Misfit {
        Misfit::Place { line: self.line, column: None, what }
    }

    /// The columns with a name, from 0. Neither case nor blanks around it count.
    pub(super) fn columns(&self, name: &str) -> impl Iterator<Item = usize> {
        let called = |(column, heading): (usize, &str)| {
            heading.trim().eq_ignore_ascii_case(name.trim()).then_some(column)
        };
        self.heading.iter().enumerate().filter_map(called)
    }

    /// Whether the heading ends where it seems to: a quote may be opened in it.
    pub(super) fn heading_ends(&self) -> Result<(), Misfit> {
        nothing_swallowed(&self.heading, self.heading.len(), self.line)
    }

    /// The next row, of as many cells as the heading. Blank lines are none.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, Misfit> {
        match self.parser.read_record(&mut self.row) {
            Ok(true) => {
                let line = self.parser.get_mut().of(offset(self.row.position()));
                nothing_swallowed(&self.row, self.heading.len(), line)?;
                Ok(Some(Row { line, cells: &self.row }))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(misfit(error, &mut self.parser)),
        }
    }
}

impl Row<'_> {
    /// What stands in a column, without blanks around it.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }

    /// What a cell answers; `name` is the column's.
    pub(super) fn answer(&self, column: usize, name: &str, words: &Words) -> Result<bool, Misfit> {
        let cell = self.cell(column);
        let is = |word: &&str| cell.eq_ignore_ascii_case(word);
        if words.yes.iter().any(is) {
            Ok(true)
        } else if words.no.iter().any(is) {
            Ok(false)
        } else {
            let (number, said, neither) = (column + 1, excerpt(cell), words.neither);
            let what = format!("column {number}, \"{name}\", says \"{said}\", {neither}");
            Err(Misfit::Place { line: self.line, column: None, what })
        }
    }
}

/// The words for yes and no, in lower case.
pub(super) struct Words {
    pub(super) yes: &'static [&'static str],
    pub(super) no: &'static [&'static str],
    /// What another word is: ends "it says x, …".
    pub(super) neither: &'static str,
}

/// A quote that is opened in one row and closed in another hides everybody between them.
fn nothing_swallowed(cells: &StringRecord, columns: usize, line: u64) -> Result<(), Misfit> {
    let breaks = |text: &str| [b'\n', b'\r'].iter().any(|end| text.as_bytes().contains(end));
    // Hardly any row has such a cell.
    if !breaks(cells.as_slice()) {
        return Ok(());
    }
    let swallows = |cell: &str| breaks(cell) && cell.matches(',').count() + 1 >= columns;
    match cells.iter().position(swallows) {
        Some(at) => Err(Misfit::Place {
            line,
            column: Some(at as u64 + 1),
            what: "a cell holds a whole row, as where a quote is not closed".into(),
        }),
        None => Ok(()),
    }
}

/// What is wrong with a table that cannot be parsed.
fn misfit<R: Read>(error: csv::Error, parser: &mut Reader<Lines<R>>) -> Misfit {
    let line = parser.get_mut().of(offset(error.position()));
    let what = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("this row has {len} columns, and the heading has {expected_len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => {
            return Misfit::Encoding(line, format!("column {} is not UTF-8", err.field() + 1));
        }
        csv::ErrorKind::Io(_)
        | csv::ErrorKind::Seek
        | csv::ErrorKind::Serialize(_)
        | csv::ErrorKind::Deserialize { .. }
        | _ => excerpt(&error.to_string()),
    };
    if error.is_io_error() {
        Misfit::Unreadable(error.into())
    } else {
        Misfit::Place { line, column: None, what }
    }
}

fn offset(position: Option<&csv::Position>) -> u64 {
    position.map_or(0, csv::Position::byte)
}

/// The most bytes that are looked at for a line before the heading.
const PREAMBLE: usize = 4096;

/// The lines of a table without the one that some programs write before the heading: PowerShell a
/// `#TYPE …`, spreadsheets a `sep=;`.
fn below_preamble<R: Read>(mut reader: R) -> io::Result<Lines<Chain<Cursor<Vec<u8>>, R>>> {
    let mut passed = Lines::new(());
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    let first_line_ends = |bytes: &[u8]| match bytes {
        [line @ .., last] => ends_line(*last) && !line.trim_ascii().is_empty(),
        [] => false,
    };
    while bytes.len() < PREAMBLE && !first_line_ends(&bytes) {
        match reader.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => {
                bytes.extend(byte);
                byte.iter().for_each(|&byte| passed.pass(byte));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let (line, last) = if first_line_ends(&bytes) && is_preamble(&bytes) {
        bytes.clear();
        (passed.line, passed.last)
    } else {
        (1, b'\n')
    };
    Ok(Lines { line, last, ..Lines::new(Cursor::new(bytes).chain(reader)) })
}

/// Whether a line says how the table is to be read, and is no heading.
fn is_preamble(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let starts = |word: &[u8]| line.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
    starts(b"#TYPE") || starts(b"sep=")
}

/// Hands bytes on, and remembers where the lines in them start.
///
/// The parser counts lines too, but says of a row where the one before it ended: ahead of blank
/// lines, and of the second half of a CR LF.
struct Lines<R> {
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

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

impl<R> Lines<R> {
    fn new(reader: R) -> Self {
        Lines { reader, offset: 0, line: 1, last: b'\n', starts: VecDeque::new() }
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
    fn of(&mut self, offset: u64) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte at a time, so that every line end is read in two.
    struct Slowly<'b>(&'b [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    /// The line of the heading and of every row.
    fn lines(reader: impl Read) -> Vec<u64> {
        let mut table = Table::open(reader).unwrap();
        let mut lines = vec![table.line];
        while let Some(row) = table.next().unwrap() {
            lines.push(row.line);
        }
        lines
    }

    #[test]
    fn every_row_knows_its_line() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n4,5,6\n", vec![1, 2, 3]),
            ("a,b,c\n1,2,3\n4,5,6", vec![1, 2, 3]),
            ("\n\na,b,c\n\n\n1,2,3\n4,5,6\n\n", vec![3, 6, 7]),
            ("a,b,c\n1,\"\n\n2\",3\n4,5,6\n", vec![1, 2, 5]),
            ("\u{feff}\"a\",b,c\n1,2,3\n", vec![1, 2]),
        ] {
            for end in ["\n", "\r\n", "\r"] {
                let text = text.replace('\n', end);
                assert_eq!(lines(text.as_bytes()), expected, "{text:?}");
                assert_eq!(lines(Slowly(text.as_bytes())), expected, "{text:?}");
            }
        }
        assert_eq!(lines("a,b\r\n1,2\n\r\n3,4\r\n".as_bytes()), [1, 2, 4]);
        for preamble in ["#TYPE System.Object", "\nsep=,", "\"SEP=;\"", "#TYPE,,"] {
            for end in ["\n", "\r\n", "\r"] {
                let text = format!("{preamble}\na,b,c\n\n1,2,3\n").replace('\n', end);
                let above = preamble.matches('\n').count() as u64;
                assert_eq!(lines(text.as_bytes()), [above + 2, above + 4], "{text:?}");
                assert_eq!(lines(Slowly(text.as_bytes())), [above + 2, above + 4], "{text:?}");
            }
        }
        // Only before the heading: below it such a line is a row.
        assert_eq!(lines("a\n#TYPE b\nsep=;\n".as_bytes()), [1, 2, 3]);
        assert_eq!(lines("sep=;\nsep=;\n#TYPE b\n".as_bytes()), [2, 3]);
        let many = "a,b\n".to_owned() + &"\n\"x\ny\",1\r\n".repeat(20_000);
        assert_eq!(lines(many.as_bytes()).last(), Some(&(3 * 20_000)));
    }

    #[test]
    fn a_wrong_row_knows_its_line() {
        let mut table = Table::open(&b"a,b\r\n\r\n1,2\r\n\r\n3\r\n"[..]).unwrap();
        table.next().unwrap();
        let Err(Misfit::Place { line: 5, column: None, .. }) = table.next() else { panic!() };
    }
}

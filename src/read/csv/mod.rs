//! A table with a heading, its cells separated by commas, semicolons or tabs: its columns, its rows
//! with their lines, its answers.

mod heading;
mod lines;

use std::io::{Chain, Cursor, Read};

use csv::{Reader, ReaderBuilder, StringRecord};

use self::heading::{first_line, is_preamble, separator};
use self::lines::Lines;
use super::file_error::FileError;
use crate::policy::is_cell;
use crate::quote::excerpt;

/// A table whose heading was read.
pub(super) struct Table<R> {
    parser: Reader<Lines<Chain<Cursor<Vec<u8>>, R>>>,
    pub(super) heading: StringRecord,
    /// The line that the heading stands on.
    pub(super) line: u64,
    separator: u8,
    row: StringRecord,
}

pub(super) struct Row<'t> {
    /// The line that it starts on.
    pub(super) line: u64,
    heading: &'t StringRecord,
    cells: &'t StringRecord,
}

impl<R: Read> Table<R> {
    /// Reads the heading. The cells that are `known` show what separates them.
    pub(super) fn open(mut reader: R, is_known: impl Fn(&str) -> bool) -> Result<Self, FileError> {
        let (mut above, mut first) = (Vec::new(), first_line(&mut reader)?);
        if is_preamble(&first) {
            (above, first) = (first, first_line(&mut reader)?);
        }
        let separator = separator(&first, is_known);
        let text = Lines::below(&above, Cursor::new(first).chain(reader));
        let delimiter = separator.as_ref().copied().unwrap_or(b',');
        let mut parser = ReaderBuilder::new().delimiter(delimiter).from_reader(text);
        let heading = match parser.headers() {
            Ok(heading) => heading.clone(),
            Err(error) => return Err(parse_error(error, &mut parser)),
        };
        let line = parser.get_mut().line_of(0);
        let separator = separator.map_err(|error| error.at(line))?;
        only_text(&heading, line)?;
        Ok(Table { parser, heading, line, separator, row: StringRecord::new() })
    }

    /// What is wrong with the heading.
    pub(super) fn misplaced(&self, what: String) -> FileError {
        FileError::content(what).at(self.line)
    }

    /// The columns with a name, from 0. Neither case nor blanks around it count.
    pub(super) fn columns(&self, name: &str) -> impl Iterator<Item = usize> {
        let called = |(column, heading): (usize, &str)| is_cell(heading, name).then_some(column);
        self.heading.iter().enumerate().filter_map(called)
    }

    pub(super) fn headings(&self) -> String {
        let quoted: Vec<_> =
            self.heading.iter().map(|cell| format!("\"{}\"", cell.trim())).collect();
        excerpt(&quoted.join(", "))
    }

    /// Whether the heading ends where it seems to: a quote may be opened in it.
    pub(super) fn heading_ends(&self) -> Result<(), FileError> {
        nothing_swallowed(&self.heading, self.heading.len(), self.separator, self.line)
    }

    /// The next row, of as many cells as the heading. Blank lines are none.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, FileError> {
        match self.parser.read_record(&mut self.row) {
            Ok(true) => {
                let line = self.parser.get_mut().line_of(offset(self.row.position()));
                only_text(&self.row, line)?;
                nothing_swallowed(&self.row, self.heading.len(), self.separator, line)?;
                Ok(Some(Row { line, heading: &self.heading, cells: &self.row }))
            }
            Ok(false) => Ok(None),
            Err(error) => Err(parse_error(error, &mut self.parser)),
        }
    }
}

impl<'t> Row<'t> {
    /// What stands in a column, without blanks around it.
    pub(super) fn cell(&self, column: usize) -> Result<&'t str, FileError> {
        let cell = self.cells.get(column).map(str::trim);
        let missing = || FileError::content(format!("it has no column {}", column + 1));
        cell.ok_or_else(|| missing().at(self.line))
    }

    /// Shows a cell: its column, and what it says.
    pub(super) fn shown(&self, column: usize) -> String {
        let heading = excerpt(self.heading.get(column).unwrap_or_default());
        let said = excerpt(self.cells.get(column).unwrap_or_default().trim());
        format!("column {}, \"{heading}\", says \"{said}\"", column + 1)
    }
}

/// The words for yes and no.
#[derive(Clone, Copy)]
pub(super) struct Words<'w, W> {
    pub(super) yes: &'w [W],
    pub(super) no: &'w [W],
}

impl<W: AsRef<str>> Words<'_, W> {
    /// What a cell answers; none where it has none of the words.
    pub(super) fn answer(&self, cell: &str) -> Option<bool> {
        let says = |words: &[W]| words.iter().any(|word| is_cell(cell, word.as_ref()));
        match (says(self.yes), says(self.no)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (true, true) | (false, false) => None,
        }
    }
}

/// Refuses cells with zero bytes, which no text has.
fn only_text(cells: &StringRecord, line: u64) -> Result<(), FileError> {
    if cells.as_slice().as_bytes().contains(&0) {
        return Err(FileError::not_text().at(line));
    }
    Ok(())
}

/// A quote that is opened in one row and closed in another hides all rows between them.
fn nothing_swallowed(
    cells: &StringRecord,
    columns: usize,
    separator: u8,
    line: u64,
) -> Result<(), FileError> {
    let breaks = |text: &str| [b'\n', b'\r'].iter().any(|end| text.as_bytes().contains(end));
    // Hardly any row has such a cell.
    if !breaks(cells.as_slice()) {
        return Ok(());
    }
    let separated = |cell: &str| cell.bytes().filter(|byte| *byte == separator).count();
    let swallows = |cell: &str| breaks(cell) && separated(cell) + 1 >= columns;
    match cells.iter().position(swallows) {
        Some(at) => {
            let what = "a cell holds a whole row, as where a quote is not closed";
            Err(FileError::content(what).at_column(line, at as u64 + 1))
        }
        None => Ok(()),
    }
}

/// What is wrong with a table that cannot be parsed.
fn parse_error<R: Read>(error: csv::Error, parser: &mut Reader<Lines<R>>) -> FileError {
    let line = parser.get_mut().line_of(offset(error.position()));
    let file_error = match error.into_kind() {
        csv::ErrorKind::Io(error) => return error.into(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => FileError::content(format!(
            "the heading has {expected_len} columns, and this row has {len}"
        )),
        csv::ErrorKind::Utf8 { err, .. } => {
            FileError::encoding(format!("column {} is not UTF-8", err.field() + 1))
        }
        // None of these comes from reading cells as text.
        csv::ErrorKind::Seek
        | csv::ErrorKind::Serialize(_)
        | csv::ErrorKind::Deserialize { .. }
        | _ => FileError::content("it is not a table"),
    };
    file_error.at(line)
}

fn offset(position: Option<&csv::Position>) -> u64 {
    position.map_or(0, csv::Position::byte)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// One byte at a time, so that everything comes in parts.
    struct Slowly<'b>(&'b [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }

    /// The line of the heading and of every row.
    fn lines(reader: impl Read) -> Vec<u64> {
        let mut table = Table::open(reader, |_| true).unwrap();
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
        assert_eq!(lines("sep=;\nsep=\n#TYPE b\n".as_bytes()), [2, 3]);
        let many = "a,b\n".to_owned() + &"\n\"x\ny\",1\r\n".repeat(20_000);
        assert_eq!(lines(many.as_bytes()).last(), Some(&(3 * 20_000)));
    }

    #[test]
    fn a_wrong_row_knows_its_line() {
        let mut table = Table::open(&b"a,b\r\n\r\n1,2\r\n\r\n3\r\n"[..], |_| true).unwrap();
        table.next().unwrap();
        let Err(error) = table.next() else { panic!() };
        assert_eq!(error.place(), (Some(5), None));
    }
}

//! The first lines of a table: what some programs write above the heading, and what the heading
//! shows of how the cells are separated.

use std::io::{self, Read};

use csv::{ReaderBuilder, StringRecord};

use super::lines::ends_line;
use crate::read::file_error::FileError;

/// The most bytes that are looked at for the end of a line.
const LONGEST: usize = 1 << 16;

/// What may stand between two cells, and its name for messages.
const SEPARATORS: [(u8, &str); 3] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs")];

/// Reads the first line that is not blank, with the blank ones above it. A line that breaks within
/// quotes goes on.
pub(super) fn first_line(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut line, mut byte, mut is_quoted) = (Vec::new(), [0], false);
    while line.len() < LONGEST {
        match reader.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => {
                line.extend(byte);
                is_quoted ^= byte == *b"\"";
                let ends = !is_quoted && byte.into_iter().all(ends_line);
                if ends && !line.trim_ascii().is_empty() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}

/// Whether a line stands above the heading: PowerShell writes a `#TYPE …`, spreadsheets a `sep=;`.
pub(super) fn is_preamble(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let starts = |word: &[u8]| line.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
    starts(b"#TYPE") || starts(b"sep=")
}

/// How the cells are separated, as far as the heading shows it: by what gives the most cells that
/// are known, else the most cells.
pub(super) fn separator(heading: &[u8], is_known: impl Fn(&str) -> bool) -> Result<u8, FileError> {
    let mut found = SEPARATORS.map(|(separator, name)| {
        let cells = cells(heading, separator);
        let known = cells.iter().filter(|cell| is_known(cell.trim())).count();
        // With one cell, nothing separates it from others.
        ((if cells.len() > 1 { known } else { 0 }, cells.len()), separator, name)
    });
    // The first one stays first where none is better.
    found.sort_by(|(one, ..), (other, ..)| other.cmp(one));
    let [((known, _), separator, name), ((next, _), _, other), _] = found;
    if known > 0 && known == next {
        return Err(FileError::known(
            format!("this heading may be separated by {name} or by {other}"),
            "Put every cell that has one of the two in it in quotes.",
        ));
    }
    Ok(separator)
}

/// The cells of a heading; none where they are not text, which the parser will refuse.
fn cells(heading: &[u8], separator: u8) -> StringRecord {
    let mut parser =
        ReaderBuilder::new().delimiter(separator).has_headers(false).from_reader(heading);
    let mut cells = StringRecord::new();
    match parser.read_record(&mut cells) {
        Ok(_) => cells,
        Err(_) => StringRecord::new(),
    }
}

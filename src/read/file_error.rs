//! Why a file is of no use, and what to say about it.

use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Why a file is of no use: all of these are exit code 2.
#[derive(Debug)]
pub(super) enum Misfit {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is UTF-16.
    Utf16,
    /// It is in another encoding, as this line and what is wrong with it show.
    Encoding(u64, String),
    /// It is not what it should be at one place. Lines and columns start at 1.
    Place {
        /// The line within the file.
        line: u64,
        /// The column within the line, where there is one.
        column: Option<u64>,
        /// What is wrong there.
        what: String,
    },
    /// It is not what it should be as a whole.
    Content(String),
    /// It is something known that is of no use here.
    Known {
        /// What it is.
        what: String,
        /// What to do instead.
        help: String,
    },
}

/// What a file was to be, in the words of its messages.
pub(super) struct Expected {
    /// What it is called.
    pub(super) name: &'static str,
    /// The option that names it.
    pub(super) option: &'static str,
    /// What it may hold: a sentence or more.
    pub(super) takes: &'static str,
    /// How it is saved as UTF-8: a sentence.
    pub(super) utf_8: &'static str,
}

/// The byte order marks of UTF-16, which is what PowerShell 5 makes of everything with `>`.
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

impl Misfit {
    /// What is wrong with bytes that were to be text in UTF-8, as far as that shows in all of it.
    pub(super) fn unless_text(bytes: &[u8]) -> Result<(), Self> {
        if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
            return Err(Misfit::Utf16);
        }
        if bytes.contains(&0) { Err(Misfit::Content("it is no text".into())) } else { Ok(()) }
    }

    /// The failure, for a file that starts with the given words.
    pub(super) fn failure(self, expected: &Expected, path: &Path, start: &str) -> Failure {
        let (name, path) = (expected.name, path.display());
        let start = match start {
            "" => String::new(),
            start => format!("; it starts with \"{start}\""),
        };
        match self {
            Misfit::Unreadable(error) => Failure::usage(
                format!("could not read the {name} {path}: {error}"),
                format!("Check the path given with {}.", expected.option),
            ),
            Misfit::Utf16 => Failure::usage(
                format!("could not use the {name} {path}: it is UTF-16"),
                expected.utf_8,
            ),
            Misfit::Encoding(line, what) => Failure::usage(
                format!("could not use the {name} {path}:{line}: {what}"),
                expected.utf_8,
            ),
            Misfit::Place { line, column, what } => {
                let column = column.map(|column| format!(":{column}")).unwrap_or_default();
                Failure::usage(
                    format!("could not understand the {name} {path}:{line}{column}: {what}{start}"),
                    expected.takes,
                )
            }
            Misfit::Content(what) => Failure::usage(
                format!("could not understand the {name} {path}: {what}{start}"),
                expected.takes,
            ),
            Misfit::Known { what, help } => {
                Failure::usage(format!("could not use the {name} {path}: {what}"), help)
            }
        }
    }
}

impl From<io::Error> for Misfit {
    fn from(error: io::Error) -> Self {
        Misfit::Unreadable(error)
    }
}

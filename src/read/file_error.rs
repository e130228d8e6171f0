//! Why a file of members, or a roster, cannot be used, and what to say about it.

use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Why a file cannot be used. Every one of these is exit code 2.
#[derive(Debug)]
pub(super) struct FileError {
    what: String,
    help: Help,
    /// The line of the file, from 1.
    line: Option<u64>,
    /// The column within the line, from 1.
    column: Option<u64>,
}

/// What to do about it.
#[derive(Debug)]
enum Help {
    /// The file cannot be read.
    CheckPath,
    /// It is not text in an encoding that is known.
    SaveAsUtf8,
    /// It is not what it should be.
    Expected,
    /// It is understood, and cannot be used for another reason.
    Other(String),
}

/// What a file should be, in the words of its messages.
pub(super) struct Expected {
    pub(super) name: &'static str,
    /// The option that names it.
    pub(super) option: &'static str,
    /// What it may hold: a sentence or more.
    pub(super) takes: &'static str,
}

impl FileError {
    /// The file is not what it should be.
    pub(super) fn content(what: impl Into<String>) -> Self {
        FileError { what: what.into(), help: Help::Expected, line: None, column: None }
    }

    /// It is not text in an encoding that is known.
    pub(super) fn encoding(what: impl Into<String>) -> Self {
        FileError { help: Help::SaveAsUtf8, ..FileError::content(what) }
    }

    /// It has zero bytes, which no text has.
    pub(super) fn not_text() -> Self {
        FileError::encoding("it is not text, or it is UTF-16 without a byte order mark")
    }

    /// It is known what the file is, and that it cannot be used.
    pub(super) fn known(what: impl Into<String>, help: impl Into<String>) -> Self {
        FileError { help: Help::Other(help.into()), ..FileError::content(what) }
    }

    /// The same at a line.
    pub(super) fn at(self, line: u64) -> Self {
        FileError { line: Some(line), ..self }
    }

    /// The same at a line and a column.
    pub(super) fn at_column(self, line: u64, column: u64) -> Self {
        FileError { line: Some(line), column: Some(column), ..self }
    }

    #[cfg(test)]
    pub(super) fn place(&self) -> (Option<u64>, Option<u64>) {
        (self.line, self.column)
    }

    /// The failure, for a file that starts with the given words; none of them if it does not
    /// matter how it starts.
    pub(super) fn failure(self, expected: &Expected, path: &Path, start: &str) -> Failure {
        let FileError { mut what, help, line, column } = self;
        let (shown, check_path) = match path.to_str() {
            Some("-") => ("<stdin>".into(), "Pipe a file into it, or name one with"),
            Some(_) | None => (path.display().to_string(), "Check the path given with"),
        };
        let (verb, help) = match help {
            Help::CheckPath => ("read", format!("{check_path} {}.", expected.option)),
            Help::SaveAsUtf8 => (
                "use",
                "Save it as UTF-8, as \"CSV UTF-8\" in a spreadsheet or with `-Encoding utf8` in \
                 PowerShell."
                    .to_owned(),
            ),
            Help::Expected => {
                if !start.is_empty() {
                    what = format!("{what}; it starts with \"{start}\"");
                }
                ("understand", expected.takes.to_owned())
            }
            Help::Other(help) => ("use", help),
        };
        let place = [line, column].into_iter().flatten().map(|number| format!(":{number}"));
        let (name, place) = (expected.name, place.collect::<String>());
        Failure::usage(format!("could not {verb} the {name} {shown}{place}: {what}"), help)
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        // What bytes that should be text and are not fail with.
        let is_encoding = error.kind() == io::ErrorKind::InvalidData;
        let help = if is_encoding { Help::SaveAsUtf8 } else { Help::CheckPath };
        FileError { help, ..FileError::content(error.to_string()) }
    }
}

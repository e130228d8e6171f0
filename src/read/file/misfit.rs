//! Why a members file is of no use, and what to say about it.

use std::io;
use std::path::Path;

use crate::failure::Failure;
use crate::read::excerpt::excerpt;

/// Why a file is of no use: all of these are exit code 2.
#[derive(Debug)]
pub(super) enum Misfit {
    /// It cannot be read.
    Unreadable(io::Error),
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

const KINDS: &str = "It takes what `mfa-gate members --format json` writes, pages of Bitbucket's \
    API as saved by curl, or Bitbucket's own user export: a CSV with the columns Public Name, \
    Email Address, Last Login (UTC), Has 2SV and On Plan.";

impl Misfit {
    /// Rows that name no workspace, while not exactly one is selected.
    pub(super) fn unnamed(selected: &str) -> Self {
        Misfit::Known {
            what: format!("its rows do not say which workspace they are of, and {selected}"),
            help: "Name the one workspace that the file is of with --workspace.".into(),
        }
    }

    /// Text in the wrong encoding.
    pub(super) fn utf_16() -> Self {
        Misfit::Known {
            what: "it is UTF-16".into(),
            help: "Save it as UTF-8: with `curl --output FILE`, say, in place of `>`, which makes \
                   UTF-16 in PowerShell."
                .into(),
        }
    }

    /// A CSV that cannot be parsed; `lines` leads from the parser's count to the true one.
    pub(super) fn csv(error: csv::Error, lines: u64) -> Self {
        let line = error.position().map_or(1, csv::Position::line) + lines;
        let what = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("this row has {len} columns, and the heading has {expected_len}")
            }
            csv::ErrorKind::Utf8 { err, .. } => {
                format!("column {} is not UTF-8", err.field() + 1)
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

    /// The failure, for a file that starts with the given words.
    pub(super) fn failure(self, path: &Path, start: &str) -> Failure {
        let path = path.display();
        let start = match start {
            "" => String::new(),
            start => format!("; it starts with \"{start}\""),
        };
        match self {
            Misfit::Unreadable(error) => Failure::usage(
                format!("could not read the members file {path}: {error}"),
                "Check the path given with --members.",
            ),
            Misfit::Place { line, column, what } => {
                let column = column.map(|column| format!(":{column}")).unwrap_or_default();
                Failure::usage(
                    format!(
                        "could not understand the members file {path}:{line}{column}: {what}{start}"
                    ),
                    KINDS,
                )
            }
            Misfit::Content(what) => Failure::usage(
                format!("could not understand the members file {path}: {what}{start}"),
                KINDS,
            ),
            Misfit::Known { what, help } => {
                Failure::usage(format!("could not use the members file {path}: {what}"), help)
            }
        }
    }
}

impl From<io::Error> for Misfit {
    fn from(error: io::Error) -> Self {
        Misfit::Unreadable(error)
    }
}

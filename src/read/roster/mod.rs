//! What an identity provider's export says of second factors, row by row: `--roster FILE`.

mod columns;
mod rows;
mod unproven;

use std::path::Path;

use self::columns::Columns;
use super::csv::Table;
use super::file_error::{Expected, FileError};
use super::reader::DigestingReader;
use super::text::Text;
use crate::failure::Failure;
use crate::files;
use crate::member::{Source, TwoFactor};
use crate::policy::RosterColumns;
use crate::quote::excerpt;

/// What an identity provider's export says of its accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// The file as it was named.
    pub path: String,
    /// The SHA-256 of the file's bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// How many rows there are below the heading, without blank lines.
    pub rows: u64,
    /// The sources that it answers for: [`Source::Roster`] where it has a column for the second
    /// factor, then [`Source::Sso`] where it has one for single sign-on.
    pub answers: Vec<Source>,
    entries: Vec<Entry>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The Atlassian account id.
    pub account_id: Option<Box<str>>,
    /// The e-mail address in lower-case ASCII.
    pub email: Option<Box<str>>,
    /// Whether a second factor is registered.
    pub mfa: TwoFactor,
    /// Whether sign-in is delegated to the identity provider; no is disabled here.
    pub sso: TwoFactor,
    /// The line of the file that the row starts on.
    pub line: u64,
}

impl Roster {
    /// Every row, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The largest file, in bytes: half a million accounts.
const LARGEST: u64 = 64 << 20;

const EXPECTED: Expected = Expected {
    name: "roster",
    option: "--roster",
    takes: "It takes a CSV with a heading and a row for each account: its id (`account_id`) or its \
        address (`email`), and yes or no, true or false, enabled or disabled, on or off, 1 or 0, \
        or nothing where it is not known, for a second factor (`mfa`) or single sign-on (`sso`). \
        Columns with other headings are named in the policy: roster: {email: Mail, mfa: 2FA}.",
};

/// Reads an identity provider's export. `required` are the sources that the policy accepts: the
/// columns of [`Source::Roster`] and [`Source::Sso`] have to be there where they are among them,
/// and one of the two has to be there anyway.
///
/// # Errors
/// [`Failure::Usage`] where the file cannot be read or is not understood, has no row, or says
/// different things of one person.
pub fn read(path: &Path, columns: &RosterColumns, required: &[Source]) -> Result<Roster, Failure> {
    let roster = files::open(path, LARGEST).map_err(FileError::from).and_then(|file| {
        let mut text = Text::open(DigestingReader::new(file)?)?;
        let mut table = Table::open(&mut text, |cell| columns::is_known(cell, columns))?;
        if table.heading.iter().all(|cell| cell.trim().is_empty()) {
            return Err(FileError::content("it is empty"));
        }
        let columns = Columns::find(&table, columns, required)?;
        table.heading_ends()?;
        let mut entries = Vec::new();
        while let Some(row) = table.next()? {
            entries.push(columns.entry(&row)?);
        }
        if entries.is_empty() {
            return Err(FileError::content("it has a heading and no rows"));
        }
        agree(&entries, &columns)?;
        Ok(Roster {
            path: path.display().to_string(),
            sha256: text.into_inner().sha256()?,
            rows: entries.len() as u64,
            answers: columns.answers(),
            entries,
        })
    });
    roster.map_err(|error| error.failure(&EXPECTED, path, ""))
}

/// Checks that no two rows with one account id, or one address, say different things. What one of
/// them says and another leaves open is put together where their member is known.
fn agree(entries: &[Entry], columns: &Columns<'_>) -> Result<(), FileError> {
    let keys: [fn(&Entry) -> Option<&str>; 2] =
        [|entry| entry.account_id.as_deref(), |entry| entry.email.as_deref()];
    for key in keys {
        let mut keyed: Vec<(&str, &Entry)> =
            entries.iter().filter_map(|entry| Some((key(entry)?, entry))).collect();
        keyed.sort_by_key(|(key, _)| *key);
        for rows in keyed.chunk_by(|(one, _), (other, _)| one == other) {
            for (heading, said) in columns.answering() {
                let first = |value| rows.iter().find(|(_, entry)| said(entry) == value);
                if let (Some((key, yes)), Some((_, no))) =
                    (first(TwoFactor::Enabled), first(TwoFactor::Disabled))
                {
                    let (whose, yes, no) = (excerpt(key), yes.line, no.line);
                    return Err(FileError::known(
                        format!(
                            "\"{heading}\" of {whose} is yes on line {yes} and no on line {no}"
                        ),
                        "Find out which of the two is true and remove the other row, or export the \
                         roster again.",
                    ));
                }
            }
        }
    }
    Ok(())
}

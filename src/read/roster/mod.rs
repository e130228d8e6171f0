//! What an identity provider's export says of second factors, row by row: `--roster FILE`.

mod columns;
mod contradiction;
mod per_user;

use std::path::Path;

use self::columns::Columns;
use super::csv::{Table, Words};
use super::file_error::{Expected, Misfit};
use crate::digest::{hex, sha256};
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
    /// How many rows there are below the heading; blank lines are none.
    pub rows: u64,
    /// For whom it speaks: [`Source::Roster`] where it has a column for the second factor, then
    /// [`Source::Sso`] where it has one for single sign-on.
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

/// How many bytes are looked at to say what a file starts with.
const FIRST: usize = 600;

const BOM: &[u8] = b"\xef\xbb\xbf";

const EXPECTED: Expected = Expected {
    name: "roster",
    option: "--roster",
    takes: "It takes a CSV with a heading and a row for each account: its id (`account_id`) or its \
        address (`email`), and true or false, yes or no, enabled or disabled, or nothing where it \
        is not known, for a second factor (`mfa`) or single sign-on (`sso`). Columns with other \
        headings are named in the policy: roster: {email: UserPrincipalName, mfa: IsMfaCapable}.",
    utf_8: "Save it as UTF-8: as \"CSV UTF-8\" in a spreadsheet, or with `-Encoding utf8` in \
        PowerShell.",
};

const WORDS: Words = Words {
    yes: &["true", "yes", "enabled"],
    no: &["false", "no", "disabled"],
    neither: "which is none of true, yes, enabled, false, no and disabled",
};

/// Reads an identity provider's export. `required` are the sources that the policy accepts: the
/// columns of [`Source::Roster`] and [`Source::Sso`] have to be there where they are among them,
/// and one of the two has to be there anyway.
///
/// The usual headings include those of Atlassian's exports of [accounts from domains] and of
/// [managed accounts].
///
/// # Errors
/// [`Failure::Usage`] where the file cannot be read or is not understood, has no row, or says
/// different things of one person.
///
/// [accounts from domains]: https://support.atlassian.com/security-and-access-policies/docs/export-accounts-from-domains/
/// [managed accounts]: https://support.atlassian.com/organization-administration/docs/export-managed-accounts/
pub fn read(path: &Path, columns: &RosterColumns, required: &[Source]) -> Result<Roster, Failure> {
    let mut start = String::new();
    let roster = files::read(path, LARGEST).map_err(Misfit::from).and_then(|bytes| {
        let text = bytes.strip_prefix(BOM).unwrap_or(&bytes);
        start = excerpt(&String::from_utf8_lossy(first_line(text)));
        Misfit::unless_text(text)?;
        if start.is_empty() {
            return Err(Misfit::Content("it is empty".into()));
        }
        let mut table = Table::open(text)?;
        let columns = Columns::find(&table, columns, required)?;
        table.heading_ends()?;
        // The heading was understood: what is wrong with a row says so itself.
        start.clear();
        let mut entries = Vec::new();
        while let Some(row) = table.next()? {
            entries.push(columns.entry(&row)?);
        }
        if entries.is_empty() {
            return Err(Misfit::Content("it has a heading and no rows".into()));
        }
        contradiction::check(&entries, &columns)?;
        Ok(Roster {
            path: path.display().to_string(),
            sha256: hex(sha256(&bytes)),
            rows: entries.len() as u64,
            answers: columns.answers(),
            entries,
        })
    });
    roster.map_err(|misfit| misfit.failure(&EXPECTED, path, &start))
}

/// The beginning of the first line that is not blank.
fn first_line(text: &[u8]) -> &[u8] {
    let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    first.get(..FIRST).unwrap_or(first)
}

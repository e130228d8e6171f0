//! Rows of a roster that share an account id or an address: they must not contradict each other.
//! What one of them says and another leaves open is put together where their member is known.

use super::Entry;
use super::columns::{Answers, Columns};
use crate::member::TwoFactor;
use crate::quote::excerpt;
use crate::read::file_error::FileError;

/// Checks that no two rows with one account id, or one address, say different things.
pub(super) fn check(entries: &[Entry], columns: &Columns<'_>) -> Result<(), FileError> {
    let keys: [fn(&Entry) -> Option<&str>; 2] =
        [|entry| entry.account_id.as_deref(), |entry| entry.email.as_deref()];
    for key in keys {
        let mut keyed: Vec<(&str, &Entry)> =
            entries.iter().filter_map(|entry| Some((key(entry)?, entry))).collect();
        keyed.sort_by_key(|(key, _)| *key);
        for rows in keyed.chunk_by(|(one, _), (other, _)| one == other) {
            agree(rows, |entry| entry.mfa, columns.mfa.as_ref())?;
            agree(rows, |entry| entry.sso, columns.sso.as_ref())?;
        }
    }
    Ok(())
}

/// Checks that no two of some rows with one key answer differently.
fn agree(
    rows: &[(&str, &Entry)],
    said: impl Fn(&Entry) -> TwoFactor,
    column: Option<&Answers>,
) -> Result<(), FileError> {
    let first = |value| rows.iter().find(|(_, entry)| said(entry) == value);
    match (first(TwoFactor::Enabled), first(TwoFactor::Disabled)) {
        (Some((key, yes)), Some((_, no))) => Err(contradiction(key, yes, no, column)),
        (Some(_), None) | (None, _) => Ok(()),
    }
}

fn contradiction(key: &str, yes: &Entry, no: &Entry, column: Option<&Answers>) -> FileError {
    let column = column.map(|column| &*column.heading).unwrap_or_default();
    let (whose, yes, no) = (excerpt(key), yes.line, no.line);
    FileError::known(
        format!("\"{column}\" of {whose} is yes on line {yes} and no on line {no}"),
        "Find out which of the two is true and remove the other row, or export the roster again.",
    )
}

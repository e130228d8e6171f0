//! What a row of a roster says, by the usual words or by those that the policy names.

use super::columns::{Answers, Columns};
use super::{Entry, unproven};
use crate::member::TwoFactor;
use crate::policy::{RosterColumns, is_account_id};
use crate::quote::all;
use crate::read::csv::{Row, Words};
use crate::read::file_error::FileError;

const WORDS: Words<'_, &str> = Words {
    yes: &["true", "yes", "enabled", "on", "1"],
    no: &["false", "no", "disabled", "off", "0"],
};

/// The most of a word that a message shows, in characters. Real ones are shorter.
const LONGEST_WORD: usize = 60;

impl Columns<'_> {
    /// What a row says.
    pub(super) fn entry(&self, row: &Row<'_>) -> Result<Entry, FileError> {
        let key = |column: Option<usize>| column.map(|column| row.cell(column)).transpose();
        // A word in place of an id or an address, such as "N/A", is not a key.
        let account_id = key(self.account_id)?.filter(|id| is_account_id(id));
        let email = key(self.email)?.filter(|email| email.contains('@'));
        Ok(Entry {
            account_id: account_id.map(Into::into),
            email: email.map(|email| email.to_ascii_lowercase().into()),
            mfa: self.mfa(row)?,
            sso: answer(row, self.sso.as_ref(), WORDS, |shown, _| {
                FileError::content(format!("{shown}, which is not a word that is known"))
            })?,
            line: row.line,
        })
    }

    /// Whether a row says that a second factor is registered.
    fn mfa(&self, row: &Row<'_>) -> Result<TwoFactor, FileError> {
        let RosterColumns { enabled, disabled, .. } = self.named;
        if self.named.has_words() {
            let words = Words { yes: enabled, no: disabled };
            return answer(row, self.mfa.as_ref(), words, |shown, word| {
                let what =
                    format!("{shown}, which is not under `enabled` or `disabled` in the policy");
                FileError::known(what, self.lines_for(word))
            });
        }
        answer(row, self.mfa.as_ref(), WORDS, |shown, word| {
            unproven::own_word(word, shown).unwrap_or_else(|| {
                let what = format!("{shown}, which is not a word that is known");
                let help = self.lines_for(word)
                    + " List the other words of this column in the same way, since then only \
                       listed words count.";
                FileError::known(what, help)
            })
        })
    }

    /// How the policy can say what a word means. It is shown under both keys, since only a person
    /// knows which one is right.
    fn lines_for(&self, word: &str) -> String {
        let word: Box<str> = word.chars().take(LONGEST_WORD).collect();
        let (mut registered, mut not) = (self.named.clone(), self.named.clone());
        registered.enabled.push(word.clone());
        not.disabled.push(word);
        format!(
            "If this word means that a second factor is registered, write in the policy `{}`; if \
             it means that none is, write `{}`.",
            all(&registered.to_yaml()),
            all(&not.to_yaml())
        )
    }
}

/// What a row answers; an empty cell says nothing, and neither does a column that is not there.
/// `unknown` gets the cell as it is shown, and the word in it.
fn answer<W: AsRef<str>>(
    row: &Row<'_>,
    answers: Option<&Answers>,
    words: Words<'_, W>,
    unknown: impl FnOnce(&str, &str) -> FileError,
) -> Result<TwoFactor, FileError> {
    let Some(&Answers { column, .. }) = answers else { return Ok(TwoFactor::Unknown) };
    let word = row.cell(column)?;
    if word.is_empty() {
        return Ok(TwoFactor::Unknown);
    }
    match words.answer(word) {
        Some(true) => Ok(TwoFactor::Enabled),
        Some(false) => Ok(TwoFactor::Disabled),
        None => Err(unknown(&row.shown(column), word).at(row.line)),
    }
}

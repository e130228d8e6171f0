//! Where a roster's columns are, by the usual headings or by those that the policy names.

use std::io::Read;

use super::{Entry, unproven};
use crate::member::{Source, TwoFactor};
use crate::policy::{RosterColumns, is_cell};
use crate::quote::excerpt;
use crate::read::csv::Table;
use crate::read::file_error::FileError;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    AccountId,
    Email,
    Mfa,
    Sso,
}

impl Column {
    /// The source that a column answers for.
    fn answers(self) -> Option<Source> {
        match self {
            Column::AccountId | Column::Email => None,
            Column::Mfa => Some(Source::Roster),
            Column::Sso => Some(Source::Sso),
        }
    }

    const ALL: [Column; 4] = [Column::AccountId, Column::Email, Column::Mfa, Column::Sso];

    /// The key under `roster` in the policy.
    fn key(self) -> &'static str {
        match self {
            Column::AccountId => "account_id",
            Column::Email => "email",
            Column::Mfa => "mfa",
            Column::Sso => "sso",
        }
    }

    /// The headings that need not be named: those of Atlassian's exports of [accounts from domains]
    /// and of [managed accounts], of Google Workspace's [list of users], of Graph's
    /// [registration details], and plain words.
    ///
    /// [accounts from domains]: https://support.atlassian.com/security-and-access-policies/docs/export-accounts-from-domains/
    /// [managed accounts]: https://support.atlassian.com/organization-administration/docs/export-managed-accounts/
    /// [list of users]: https://support.google.com/a/answer/7348070
    /// [registration details]: https://learn.microsoft.com/graph/api/resources/userregistrationdetails
    fn usual(self) -> &'static [&'static str] {
        match self {
            Column::AccountId => &["account_id", "Atlassian ID"],
            Column::Email => &["email", "Email Address [Required]"],
            Column::Mfa => &[
                "mfa",
                "Two-step verification",
                "Two-step verification enabled",
                "2sv Enrolled [READ ONLY]",
                CAPABLE,
            ],
            Column::Sso => &["sso", "SAML single sign-on"],
        }
    }

    /// The heading that the policy names.
    fn named(self, columns: &RosterColumns) -> Option<&str> {
        match self {
            Column::AccountId => columns.account_id.as_deref(),
            Column::Email => columns.email.as_deref(),
            Column::Mfa => columns.mfa.as_deref(),
            Column::Sso => columns.sso.as_deref(),
        }
    }
}

/// Graph's column of the second factor.
const CAPABLE: &str = "IsMfaCapable";

/// Graph's column of addresses. Other exports have a column of that name that holds no addresses.
const PRINCIPAL: &str = "UserPrincipalName";

/// Whether a heading means something.
pub(super) fn is_known(cell: &str, named: &RosterColumns) -> bool {
    is_cell(cell, PRINCIPAL)
        || Column::ALL.into_iter().any(|column| {
            let mut names = column.usual().iter().copied().chain(column.named(named));
            names.any(|name| is_cell(cell, name))
        })
}

/// A column with answers.
pub(super) struct Answers {
    pub(super) column: usize,
    /// Its heading, for messages.
    pub(super) heading: String,
}

/// Where the columns are, from 0.
pub(super) struct Columns<'n> {
    pub(super) named: &'n RosterColumns,
    pub(super) account_id: Option<usize>,
    pub(super) email: Option<usize>,
    pub(super) mfa: Option<Answers>,
    pub(super) sso: Option<Answers>,
}

impl<'n> Columns<'n> {
    /// Finds the columns in a heading. `required` are the sources that must have one.
    pub(super) fn find<R: Read>(
        table: &Table<R>,
        named: &'n RosterColumns,
        required: &[Source],
    ) -> Result<Self, FileError> {
        let mut search = Search { table, named, found: Vec::new(), missing: Vec::new() };
        // First those that the policy names: what is one of them is not another by its usual name.
        for column in Column::ALL {
            if let Some(name) = column.named(named) {
                // A column that nothing accepts may be missing.
                let is_accepted = column.answers().is_none_or(|source| required.contains(&source));
                search.named(column, name, is_accepted || required.is_empty())?;
            }
        }
        // Where one of the two that say whose a row is is named, the other is not looked for: a
        // column that an identity provider calls `account_id` has that provider's ids.
        let keys = [Column::AccountId, Column::Email];
        let key_is_named = keys.iter().any(|column| column.named(named).is_some());
        for column in Column::ALL {
            if column.named(named).is_none() && !(key_is_named && keys.contains(&column)) {
                search.usual(column)?;
            }
        }
        let (mfa, sso) = (required.contains(&Source::Roster), required.contains(&Source::Sso));
        // A policy that says what the words mean has thought about it.
        if !named.has_words() {
            let wants_mfa = mfa || required.is_empty();
            unproven::refuse(&table.heading, search.at(Column::Mfa), wants_mfa)
                .map_err(|error| error.at(table.line))?;
        }
        search
            .need(&[Column::Email, Column::AccountId], "is known to hold addresses or account ids");
        if mfa {
            search.need(&[Column::Mfa], "is known to say who has a second factor");
        }
        if sso {
            search.need(&[Column::Sso], "is known to say who uses single sign-on");
        }
        if !mfa && !sso {
            let says = "is known to say who has a second factor or uses single sign-on";
            search.need(&[Column::Mfa, Column::Sso], says);
        }
        search.conclude()
    }

    /// The columns with answers that are there, each by its heading and what a row says in it.
    pub(super) fn answering(&self) -> impl Iterator<Item = (&str, fn(&Entry) -> TwoFactor)> {
        let mfa: fn(&Entry) -> TwoFactor = |entry| entry.mfa;
        let sso: fn(&Entry) -> TwoFactor = |entry| entry.sso;
        let columns = [self.mfa.as_ref().zip(Some(mfa)), self.sso.as_ref().zip(Some(sso))];
        columns.into_iter().flatten().map(|(column, said)| (&*column.heading, said))
    }

    /// The sources that the roster speaks for.
    pub(super) fn answers(&self) -> Vec<Source> {
        let mfa = self.mfa.as_ref().map(|_| Source::Roster);
        let sso = self.sso.as_ref().map(|_| Source::Sso);
        mfa.into_iter().chain(sso).collect()
    }
}

/// The columns that were found so far, and what is to be said of those that were not.
struct Search<'t, 'n, R> {
    table: &'t Table<R>,
    named: &'n RosterColumns,
    found: Vec<(Column, usize)>,
    /// Which columns are missing, and in words what they would say.
    missing: Vec<(Column, String)>,
}

impl<'n, R: Read> Search<'_, 'n, R> {
    /// Finds a column by the heading that the policy names.
    fn named(&mut self, column: Column, name: &str, needed: bool) -> Result<(), FileError> {
        let (shown, key) = (excerpt(name), column.key());
        let found: Vec<usize> = self.table.columns(name).collect();
        if found.is_empty() && needed {
            self.missing.push((column, format!("is \"{shown}\", which the policy names as {key}")));
        }
        let twice = self.found.iter().find(|(_, taken)| found.contains(taken));
        if let Some((other, at)) = twice {
            let (at, other) = (at + 1, other.key());
            let what = format!(
                "column {at}, \"{shown}\", is what the policy names both {other} and {key}"
            );
            return Err(self.table.misplaced(what));
        }
        self.keep(column, &found)
    }

    /// Finds a column by its usual headings.
    fn usual(&mut self, column: Column) -> Result<(), FileError> {
        let is_graph = column == Column::Email && self.table.columns(CAPABLE).next().is_some();
        let names = column.usual().iter().chain(is_graph.then_some(&PRINCIPAL));
        let mut found: Vec<usize> = names.flat_map(|name| self.table.columns(name)).collect();
        found.retain(|at| !self.found.iter().any(|(_, taken)| taken == at));
        found.sort_unstable();
        self.keep(column, &found)
    }

    /// Keeps the one column that was found.
    fn keep(&mut self, column: Column, found: &[usize]) -> Result<(), FileError> {
        match found {
            [] => {}
            [at] => self.found.push((column, *at)),
            [first, second, ..] => {
                let [one, other] = [*first, *second].map(|at| self.heading(at));
                let what = format!(
                    "columns {} and {}, \"{one}\" and \"{other}\", may both be meant as {}",
                    first + 1,
                    second + 1,
                    column.key()
                );
                let help = format!(
                    "Name the right one in the policy, by a heading that no other column has: \
                     {}.",
                    self.line(&[column])
                );
                return Err(FileError::known(what, help).at(self.table.line));
            }
        }
        Ok(())
    }

    /// Misses the first of some columns unless one of them was found, or is missing already since
    /// the policy names it.
    fn need(&mut self, columns: &[Column], says: &str) {
        let is_there = |column: &Column| {
            column.named(self.named).is_some()
                || self.found.iter().any(|(found, _)| found == column)
        };
        if let Some(first) = columns.first().filter(|_| !columns.iter().any(is_there)) {
            self.missing.push((*first, says.to_owned()));
        }
    }

    /// The columns, unless some are missing.
    fn conclude(self) -> Result<Columns<'n>, FileError> {
        if !self.missing.is_empty() {
            let says: Vec<&str> = self.missing.iter().map(|(_, says)| says.as_str()).collect();
            let (headings, says) = (self.table.headings(), says.join(", and none "));
            let columns: Vec<Column> = self.missing.iter().map(|(column, _)| *column).collect();
            let otherwise = match *columns {
                [Column::Mfa] => " If the file has none, take `roster` out of `accept`.",
                [Column::Sso] => " If the file has none, take `sso` out of `accept`.",
                [..] => "",
            };
            let help = format!(
                "Name the right ones in the policy by their headings: {}.{otherwise}",
                self.line(&columns)
            );
            let what = format!("none of the columns {headings} {says}");
            return Err(FileError::known(what, help).at(self.table.line));
        }
        let answers = |wanted| {
            self.at(wanted).map(|column| Answers { column, heading: self.heading(column) })
        };
        Ok(Columns {
            named: self.named,
            account_id: self.at(Column::AccountId),
            email: self.at(Column::Email),
            mfa: answers(Column::Mfa),
            sso: answers(Column::Sso),
        })
    }

    /// The line of the policy with room for the headings of some columns.
    fn line(&self, columns: &[Column]) -> String {
        let mut named = self.named.clone();
        for column in columns {
            let heading = match column {
                Column::AccountId => &mut named.account_id,
                Column::Email => &mut named.email,
                Column::Mfa => &mut named.mfa,
                Column::Sso => &mut named.sso,
            };
            *heading = Some("HEADING".into());
        }
        named.to_yaml()
    }

    /// Where a column was found.
    fn at(&self, wanted: Column) -> Option<usize> {
        self.found.iter().find(|(column, _)| *column == wanted).map(|(_, at)| *at)
    }

    /// A heading as it is shown in messages.
    fn heading(&self, column: usize) -> String {
        excerpt(self.table.heading.get(column).unwrap_or_default())
    }
}

//! Where a roster's columns are, by the usual headings or by those that the policy names.

use std::io::Read;

use super::{Entry, WORDS, per_user};
use crate::member::{Source, TwoFactor};
use crate::policy::{RosterColumns, is_account_id};
use crate::quote::excerpt;
use crate::read::csv::{Row, Table};
use crate::read::file_error::Misfit;

/// The columns that a roster may have.
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

    /// The headings that need not be named.
    fn usual(self) -> &'static [&'static str] {
        match self {
            Column::AccountId => &["account_id", "Atlassian ID"],
            Column::Email => &["email"],
            Column::Mfa => &["mfa", "Two-step verification", "Two-step verification enabled"],
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

/// A column with answers.
pub(super) struct Answers {
    column: usize,
    /// Its heading, for messages.
    pub(super) heading: String,
}

/// Where the columns are, from 0.
pub(super) struct Columns {
    account_id: Option<usize>,
    email: Option<usize>,
    pub(super) mfa: Option<Answers>,
    pub(super) sso: Option<Answers>,
}

impl Columns {
    /// Finds the columns in a heading. `required` are the sources that have to have one.
    pub(super) fn find<R: Read>(
        table: &Table<R>,
        named: &RosterColumns,
        required: &[Source],
    ) -> Result<Self, Misfit> {
        table.separated_by_commas(|_| true)?;
        let mut search = Search { table, found: Vec::new(), missing: Vec::new() };
        // First those that the policy names: what is one of them is not another by its usual name.
        for column in Column::ALL {
            if let Some(name) = column.named(named) {
                // An answer that nobody accepts may be missing.
                let accepted = column.answers().is_none_or(|own| required.contains(&own));
                search.named(column, name, accepted || required.is_empty())?;
            }
        }
        // Where one of the two that tell whose a row is is named, the other is not looked for: a
        // column that an identity provider calls `account_id` holds ids of its own.
        let keys = [Column::AccountId, Column::Email];
        let key_is_named = keys.iter().any(|column| column.named(named).is_some());
        for column in Column::ALL {
            if column.named(named).is_none() && !(key_is_named && keys.contains(&column)) {
                search.usual(column)?;
            }
        }
        let wants_mfa = required.is_empty() || required.contains(&Source::Roster);
        per_user::refuse(&table.heading, search.at(Column::Mfa), wants_mfa)?;
        let mut need = |columns: &[Column], tells| {
            // One that is named and not there was missed already.
            if columns.iter().all(|column| column.named(named).is_none()) {
                search.need(columns, tells);
            }
        };
        need(&[Column::AccountId, Column::Email], "whose a row is");
        let (mfa, sso) = (required.contains(&Source::Roster), required.contains(&Source::Sso));
        if mfa {
            need(&[Column::Mfa], "who has a second factor");
        }
        if sso {
            need(&[Column::Sso], "who signs in through single sign-on");
        }
        if !mfa && !sso {
            let tells = "who has a second factor or signs in through single sign-on";
            need(&[Column::Mfa, Column::Sso], tells);
        }
        search.conclude()
    }

    /// The sources that the roster speaks for.
    pub(super) fn answers(&self) -> Vec<Source> {
        let mfa = self.mfa.as_ref().map(|_| Source::Roster);
        let sso = self.sso.as_ref().map(|_| Source::Sso);
        mfa.into_iter().chain(sso).collect()
    }

    /// What a row says.
    pub(super) fn entry(&self, row: &Row<'_>) -> Result<Entry, Misfit> {
        let key = |column: Option<usize>| {
            column.map(|column| row.cell(column)).filter(|cell| !cell.is_empty())
        };
        Ok(Entry {
            // A word in place of an id or an address, such as "N/A", is nobody's.
            account_id: key(self.account_id).filter(|id| is_account_id(id)).map(Into::into),
            email: key(self.email)
                .filter(|email| email.contains('@'))
                .map(|email| email.to_ascii_lowercase().into()),
            mfa: self.mfa(row)?,
            sso: answer(row, self.sso.as_ref())?,
            line: row.line,
        })
    }

    /// Whether a row says that a second factor is registered.
    fn mfa(&self, row: &Row<'_>) -> Result<TwoFactor, Misfit> {
        match &self.mfa {
            Some(mfa) if per_user::is_its_own_word(row.cell(mfa.column)) => {
                Err(per_user::refusal(format!(
                    "line {}, column \"{}\", says \"Enforced\" as Microsoft's per-user MFA list \
                     does",
                    row.line, mfa.heading
                )))
            }
            answers => answer(row, answers.as_ref()),
        }
    }
}

/// What a row answers; an empty cell says nothing, and neither does a column that is not there.
fn answer(row: &Row<'_>, answers: Option<&Answers>) -> Result<TwoFactor, Misfit> {
    match answers {
        Some(answers) if !row.cell(answers.column).is_empty() => {
            let yes = row.answer(answers.column, &answers.heading, &WORDS)?;
            Ok(if yes { TwoFactor::Enabled } else { TwoFactor::Disabled })
        }
        Some(_) | None => Ok(TwoFactor::Unknown),
    }
}

/// The columns that were found so far, and what is to be said of those that were not.
struct Search<'t, R> {
    table: &'t Table<R>,
    found: Vec<(Column, usize)>,
    missing: Vec<String>,
}

impl<R: Read> Search<'_, R> {
    /// Finds a column by the heading that the policy names.
    fn named(&mut self, column: Column, name: &str, needed: bool) -> Result<(), Misfit> {
        let (shown, key) = (excerpt(name), column.key());
        let found: Vec<usize> = self.table.columns(name).collect();
        if found.is_empty() && needed {
            self.missing.push(format!("\"{shown}\", which the policy names as {key}"));
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
    fn usual(&mut self, column: Column) -> Result<(), Misfit> {
        let names = column.usual().iter();
        let mut found: Vec<usize> = names.flat_map(|name| self.table.columns(name)).collect();
        found.retain(|at| !self.found.iter().any(|(_, taken)| taken == at));
        found.sort_unstable();
        self.keep(column, &found)
    }

    /// Keeps the one column that was found.
    fn keep(&mut self, column: Column, found: &[usize]) -> Result<(), Misfit> {
        match found {
            [] => {}
            [at] => self.found.push((column, *at)),
            [first, second, ..] => {
                let (key, names) = (column.key(), [*first, *second].map(|at| self.heading(at)));
                let (first, second, [one, other]) = (first + 1, second + 1, names);
                let what = format!(
                    "columns {first} and {second}, \"{one}\" and \"{other}\", may both be meant: \
                     name the right one in the policy, under roster as {key}, by a heading that \
                     no other column has"
                );
                return Err(self.table.misplaced(what));
            }
        }
        Ok(())
    }

    /// Misses some columns unless one of them was found.
    fn need(&mut self, columns: &[Column], tells: &str) {
        if self.found.iter().any(|(found, _)| columns.contains(found)) {
            return;
        }
        let names = columns.iter().flat_map(|column| column.usual());
        let mut names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
        let last =
            names.pop().map(|last| if names.is_empty() { last } else { format!(" or {last}") });
        let names = names.join(", ") + &last.unwrap_or_default();
        self.missing.push(format!("{names}, which tells {tells}"));
    }

    /// The columns, unless some are missing.
    fn conclude(self) -> Result<Columns, Misfit> {
        if !self.missing.is_empty() {
            let (of, missing) = (self.table.heading.len(), self.missing.join("; and none is "));
            let what = format!("none of the {of} columns of this heading is {missing}");
            return Err(self.table.misplaced(what));
        }
        let answers = |wanted| {
            self.at(wanted).map(|column| Answers { column, heading: self.heading(column) })
        };
        Ok(Columns {
            account_id: self.at(Column::AccountId),
            email: self.at(Column::Email),
            mfa: answers(Column::Mfa),
            sso: answers(Column::Sso),
        })
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

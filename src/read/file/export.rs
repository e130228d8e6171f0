//! Bitbucket's own user export, a CSV: no ids, no workspace, no count.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use super::{Completeness, Contents, Held, only};
use crate::failure::Problem;
use crate::member::{AccountStatus, Evidence, Kind, Member, TwoFactor};
use crate::policy::is_cell;
use crate::read::csv::{Row, Table, Words};
use crate::read::file_error::FileError;
use crate::read::wire::row_key;
use crate::reading::{Origin, Selection};

const NAME: &str = "Public Name";
const EMAIL: &str = "Email Address";
const LAST_LOGIN: &str = "Last Login (UTC)";
const HAS_2SV: &str = "Has 2SV";
const ON_PLAN: &str = "On Plan";

/// What the export adds to the names of accounts that were deactivated.
const INACTIVE: &str = "(INACTIVE)";

/// Its headings.
const HEADINGS: [&str; 5] = [NAME, EMAIL, LAST_LOGIN, HAS_2SV, ON_PLAN];

/// How it answers.
const WORDS: Words<'_, &str> = Words { yes: &["yes"], no: &["no"] };

/// Reads an export, which has to be that of the one selected workspace.
pub(super) fn read(reader: impl Read, selection: &Selection) -> Result<Contents, FileError> {
    let is_known = |cell: &str| HEADINGS.iter().any(|heading| is_cell(cell, heading));
    let mut table = Table::open(reader, is_known)?;
    let columns = ExportColumns::find(&table)?;
    table.heading_ends()?;
    let slug = Arc::clone(only(selection)?);
    let mut members = Vec::new();
    // As a spreadsheet counts: the heading is row 1.
    let mut number = 1;
    while let Some(row) = table.next()? {
        number += 1;
        members.push(columns.member(&row, number)?);
    }
    let held = Held::new(members, Completeness::Asserted, None).unwrap_or_else(|doubt| {
        let help = "An address is of one account only: export the users again.";
        Held::incomplete(Problem::new(doubt.to_string(), help), None)
    });
    Ok(Contents {
        origin: Origin::UserExport,
        read_at: None,
        roster: None,
        workspaces: BTreeMap::from([(slug, held)]),
    })
}

/// Where the columns are.
struct ExportColumns {
    name: usize,
    email: usize,
    has_2sv: usize,
    on_plan: usize,
}

impl ExportColumns {
    fn find<R: Read>(table: &Table<R>) -> Result<Self, FileError> {
        let mut missing = Vec::new();
        let mut find = |name: &'static str| {
            let mut found = table.columns(name);
            let first = found.next();
            if let Some(second) = found.next() {
                let second = second + 1;
                let what = format!("column {second} is \"{name}\" a second time");
                return Err(table.misplaced(what));
            }
            if first.is_none() {
                missing.push(format!("\"{name}\""));
            }
            // Where it is missing, the columns are never used.
            Ok(first.unwrap_or_default())
        };
        let columns = ExportColumns {
            name: find(NAME)?,
            email: find(EMAIL)?,
            has_2sv: find(HAS_2SV)?,
            on_plan: find(ON_PLAN)?,
        };
        find(LAST_LOGIN)?;
        match missing.as_slice() {
            [] => Ok(columns),
            [_, _, _, _, _] => Err(FileError::content("it is neither JSON nor such a CSV")),
            some => {
                let (some, headings) = (some.join(" and none is "), table.headings());
                let what = format!("none of the columns {headings} is {some}");
                Err(table.misplaced(what))
            }
        }
    }

    fn member(&self, row: &Row<'_>, number: u64) -> Result<Member, FileError> {
        let name = row.cell(self.name);
        let email = row.cell(self.email);
        let answer = |column| {
            row.answer(column, WORDS).ok_or_else(|| {
                let what = format!("{}, which is neither yes nor no", row.shown(column));
                FileError::content(what).at(row.line)
            })
        };
        let flag = match row.cell(self.has_2sv) {
            // Nothing was said, which is not "no".
            "" => TwoFactor::Unknown,
            _ if answer(self.has_2sv)? => TwoFactor::Enabled,
            _ => TwoFactor::Disabled,
        };
        let on_plan = answer(self.on_plan)?;
        // A name is its owner's to choose: without the plan's word the suffix means nothing.
        let inactive = name.ends_with(INACTIVE) && !on_plan;
        Ok(Member {
            account_id: None,
            uuid: None,
            email: (!email.is_empty()).then(|| email.to_ascii_lowercase().into()),
            nickname: None,
            display_name: (!name.is_empty()).then(|| name.into()),
            kind: Kind::User,
            account_status: inactive.then_some(AccountStatus::Inactive),
            role: None,
            row: email.is_empty().then(|| row_key(number, name)),
            evidence: Evidence { bitbucket: Some(flag), ..Evidence::default() },
        })
    }
}

//! Bitbucket's own user export, a CSV without ids, workspace and count.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use super::{Contents, Held, RosterOrigins, only};
use crate::completeness;
use crate::failure::Problem;
use crate::member::{AccountStatus, Evidence, Kind, Member, TwoFactor};
use crate::policy::is_cell;
use crate::read::bitbucket::rows::row_key;
use crate::read::csv::{Row, Table, Words};
use crate::read::file_error::FileError;
use crate::reading::{Completeness, MemberList, Origin, Selection};

/// What the export adds to the names of accounts that were deactivated.
const INACTIVE: &str = "(INACTIVE)";

const HEADINGS: [&str; 5] =
    ["Public Name", "Email Address", "Last Login (UTC)", "Has 2SV", "On Plan"];

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
    // The heading is row 1, as in a spreadsheet.
    let mut number = 1;
    while let Some(row) = table.next()? {
        number += 1;
        members.push(Arc::new(columns.member(&row, number)?));
    }
    let members = match completeness::distinct_members(&members) {
        Ok(()) => Ok(MemberList::new(members, Completeness::Asserted)),
        Err(why) => Err(Problem::new(
            why.to_string(),
            "Two accounts cannot have one address: export the users again.",
        )),
    };
    Ok(Contents {
        origin: Origin::UserExport,
        read_at: None,
        roster: RosterOrigins::default(),
        workspaces: BTreeMap::from([(slug, Held { members, reported_size: None })]),
    })
}

struct ExportColumns {
    name: usize,
    email: usize,
    has_2sv: usize,
    on_plan: usize,
}

impl ExportColumns {
    fn find<R: Read>(table: &Table<R>) -> Result<Self, FileError> {
        let mut found = [None; HEADINGS.len()];
        for (found, name) in found.iter_mut().zip(HEADINGS) {
            let mut columns = table.columns(name);
            *found = columns.next();
            if let Some(second) = columns.next() {
                let what = format!("column {} is \"{name}\" a second time", second + 1);
                return Err(table.misplaced(what));
            }
        }
        if let [Some(name), Some(email), Some(_), Some(has_2sv), Some(on_plan)] = found {
            return Ok(ExportColumns { name, email, has_2sv, on_plan });
        }
        let missing = HEADINGS.iter().zip(found).filter(|(_, found)| found.is_none());
        let missing: Vec<String> = missing.map(|(name, _)| format!("\"{name}\"")).collect();
        if missing.len() == HEADINGS.len() {
            return Err(FileError::content("it is neither JSON nor such a CSV"));
        }
        let (headings, missing) = (table.headings(), missing.join(" and none is "));
        Err(table.misplaced(format!("none of the columns {headings} is {missing}")))
    }

    fn member(&self, row: &Row<'_>, number: u64) -> Result<Member, FileError> {
        let (name, email) = (row.cell(self.name)?, row.cell(self.email)?);
        let answer = |column| {
            WORDS.answer(row.cell(column)?).ok_or_else(|| {
                let what = format!("{}, which is neither yes nor no", row.shown(column));
                FileError::content(what).at(row.line)
            })
        };
        let flag = match row.cell(self.has_2sv)? {
            // Nothing was said, which is not "no".
            "" => TwoFactor::Unknown,
            _ if answer(self.has_2sv)? => TwoFactor::Enabled,
            _ => TwoFactor::Disabled,
        };
        let on_plan = answer(self.on_plan)?;
        // Members choose their names, so the suffix counts only where the plan agrees.
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
            access: None,
            given_key: email.is_empty().then(|| row_key(number, name)),
            evidence: Evidence { bitbucket: Some(flag), ..Evidence::default() },
        })
    }
}

//! Bitbucket's own user export, a CSV: no ids, no workspace, no count.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use super::{Completeness, Found, Held, only};
use crate::failure::Problem;
use crate::member::{AccountStatus, Evidence, Kind, Member, TwoFactor};
use crate::read::csv::{Row, Table, Words};
use crate::read::file_error::Misfit;
use crate::read::wire::row_key;
use crate::reading::{Origin, Selection};

const NAME: &str = "Public Name";
const EMAIL: &str = "Email Address";
const LAST_LOGIN: &str = "Last Login (UTC)";
const HAS_2SV: &str = "Has 2SV";
const ON_PLAN: &str = "On Plan";

/// What the export adds to the names of accounts that were deactivated.
const INACTIVE: &str = "(INACTIVE)";

/// What the export says of somebody's flags.
const WORDS: Words = Words { yes: &["yes"], no: &["no"], neither: "neither yes nor no" };

/// Reads an export, which has to be that of the one selected workspace.
pub(super) fn read(reader: impl Read, selection: &Selection) -> Result<Found, Misfit> {
    let mut table = Table::open(reader)?;
    let columns = Columns::find(&table)?;
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
    Ok(Found {
        origin: Origin::UserExport,
        read_at: None,
        roster: None,
        workspaces: BTreeMap::from([(slug, held)]),
    })
}

/// Where the columns are.
struct Columns {
    name: usize,
    email: usize,
    has_2sv: usize,
    on_plan: usize,
}

impl Columns {
    fn find<R: Read>(table: &Table<R>) -> Result<Self, Misfit> {
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
        let columns = Columns {
            name: find(NAME)?,
            email: find(EMAIL)?,
            has_2sv: find(HAS_2SV)?,
            on_plan: find(ON_PLAN)?,
        };
        find(LAST_LOGIN)?;
        match missing.as_slice() {
            [] => Ok(columns),
            [_, _, _, _, _] => {
                table.separated_by_commas(|cell| cell.contains(HAS_2SV))?;
                Err(Misfit::Content("it is neither JSON nor such a CSV".into()))
            }
            some => {
                let (some, of) = (some.join(" and "), table.heading.len());
                let what = format!("none of the {of} columns of this heading is {some}");
                Err(table.misplaced(what))
            }
        }
    }

    fn member(&self, row: &Row<'_>, number: u64) -> Result<Member, Misfit> {
        let name = row.cell(self.name);
        let email = row.cell(self.email);
        let flag = match row.cell(self.has_2sv) {
            // Nothing was said, which is not "no".
            "" => TwoFactor::Unknown,
            _ if row.answer(self.has_2sv, HAS_2SV, &WORDS)? => TwoFactor::Enabled,
            _ => TwoFactor::Disabled,
        };
        let on_plan = row.answer(self.on_plan, ON_PLAN, &WORDS)?;
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

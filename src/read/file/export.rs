//! Bitbucket's own user export, a CSV: no ids, no workspace, no count.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use csv::{Reader, StringRecord};

use super::misfit::Misfit;
use super::{Completeness, Found, Held, only};
use crate::member::{AccountStatus, Evidence, Kind, Member, TwoFactor};
use crate::read::excerpt::excerpt;
use crate::read::wire::row_key;
use crate::read::{Incomplete, Origin, Selection};

const NAME: &str = "Public Name";
const EMAIL: &str = "Email Address";
const LAST_LOGIN: &str = "Last Login (UTC)";
const HAS_2SV: &str = "Has 2SV";
const ON_PLAN: &str = "On Plan";

/// What the export adds to the names of accounts that were deactivated.
const INACTIVE: &str = "(INACTIVE)";

/// Reads an export, which has to be that of the one selected workspace.
pub(super) fn read(reader: impl Read, selection: &Selection) -> Result<Found, Misfit> {
    let mut reader = Reader::from_reader(reader);
    let headings = reader.headers().map_err(|error| Misfit::csv(error, 0))?.clone();
    // The parser counts the second half of a CR LF as the start of the next line.
    let lines = u64::from(reader.position().line() == 1);
    let columns = Columns::find(&headings)?;
    let slug = Arc::clone(only(selection)?);
    let mut members = Vec::new();
    let mut record = StringRecord::new();
    // As a spreadsheet counts: the heading is row 1.
    let mut row = 1;
    while reader.read_record(&mut record).map_err(|error| Misfit::csv(error, lines))? {
        row += 1;
        let line = lines + record.position().map_or(1, csv::Position::line);
        if let Some(at) = record.iter().position(|cell| swallows(cell, headings.len())) {
            let what = "a cell holds a whole row, as where a quote is not closed".into();
            return Err(Misfit::Place { line, column: Some(at as u64 + 1), what });
        }
        members.push(columns.member(&record, row, line)?);
    }
    let held = Held::new(members, Completeness::Asserted, None).unwrap_or_else(|doubt| {
        let help = "An address is of one account only: export the users again.";
        Held::incomplete(Incomplete::new(doubt.why(), help), None)
    });
    Ok(Found {
        origin: Origin::UserExport,
        read_at: None,
        workspaces: BTreeMap::from([(slug, held)]),
    })
}

/// Whether a cell may hold a row that was to stand by itself: a quote that is opened in one name
/// and closed in another hides everybody between them.
fn swallows(cell: &str, columns: usize) -> bool {
    cell.contains(['\n', '\r']) && cell.matches(',').count() + 1 >= columns
}

/// Where the columns are.
struct Columns {
    name: usize,
    email: usize,
    has_2sv: usize,
    on_plan: usize,
}

impl Columns {
    fn find(headings: &StringRecord) -> Result<Self, Misfit> {
        let line = headings.position().map_or(1, csv::Position::line);
        let wrong = |what| Misfit::Place { line, column: None, what };
        let mut missing = Vec::new();
        let mut find = |name: &'static str| {
            let mut found = headings
                .iter()
                .enumerate()
                .filter(|(_, heading)| heading.trim().eq_ignore_ascii_case(name))
                .map(|(column, _)| column);
            let first = found.next();
            if let Some(second) = found.next() {
                let second = second + 1;
                return Err(wrong(format!("column {second} is \"{name}\" a second time")));
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
            [_, _, _, _, _] => Err(Misfit::Content("it is neither JSON nor such a CSV".into())),
            some => {
                let (some, of) = (some.join(" and "), headings.len());
                Err(wrong(format!("none of the {of} columns of this heading is {some}")))
            }
        }
    }

    fn member(&self, record: &StringRecord, row: u64, line: u64) -> Result<Member, Misfit> {
        let field = |column| record.get(column).unwrap_or_default().trim();
        let name = field(self.name);
        let email = field(self.email);
        let has_2sv = yes_or_no(record, self.has_2sv, HAS_2SV, line)?;
        let on_plan = yes_or_no(record, self.on_plan, ON_PLAN, line)?;
        // A name is its owner's to choose: without the plan's word the suffix means nothing.
        let inactive = name.ends_with(INACTIVE) && !on_plan;
        let flag = if has_2sv { TwoFactor::Enabled } else { TwoFactor::Disabled };
        Ok(Member {
            account_id: None,
            uuid: None,
            email: (!email.is_empty()).then(|| email.to_ascii_lowercase().into()),
            nickname: None,
            display_name: (!name.is_empty()).then(|| name.into()),
            kind: Kind::User,
            account_status: inactive.then_some(AccountStatus::Inactive),
            role: None,
            row: email.is_empty().then(|| row_key(row, name)),
            evidence: Evidence { bitbucket: Some(flag), ..Evidence::default() },
        })
    }
}

fn yes_or_no(record: &StringRecord, column: usize, name: &str, line: u64) -> Result<bool, Misfit> {
    match record.get(column).unwrap_or_default().trim() {
        yes if yes.eq_ignore_ascii_case("yes") => Ok(true),
        no if no.eq_ignore_ascii_case("no") => Ok(false),
        other => Err(Misfit::Place {
            line,
            column: None,
            what: format!(
                "column {}, \"{name}\", says \"{}\", neither yes nor no",
                column + 1,
                excerpt(other)
            ),
        }),
    }
}

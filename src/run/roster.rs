//! The roster of a run, and the day on which it was exported.

use jiff::civil::Date;

use crate::cli::RosterArgs;
use crate::failure::Failure;
use crate::member::Source;
use crate::policy::RosterColumns;
use crate::read::roster::{self, Roster};

/// A roster, and the day on which it was exported.
pub(crate) struct DatedRoster {
    pub(crate) roster: Roster,
    pub(crate) as_of: Date,
}

/// Reads the roster that the command line names, if it does. `accept` are the sources that count,
/// none where all of them do.
///
/// # Errors
/// [`Failure::Usage`] where it is not understood, has no date or one in the future, or counts for
/// nothing.
pub(crate) fn read(
    args: &RosterArgs,
    columns: &RosterColumns,
    accept: Option<&[Source]>,
    today: Date,
) -> Result<Option<DatedRoster>, Failure> {
    let (path, as_of) = match (&args.roster, args.roster_as_of) {
        (None, None) => return Ok(None),
        (Some(path), Some(as_of)) => (path, as_of),
        (Some(path), None) => {
            return Err(Failure::usage(
                format!("--roster {} has no date", path.display()),
                "Give the day on which it was exported with --roster-as-of YYYY-MM-DD.",
            ));
        }
        (None, Some(as_of)) => {
            return Err(Failure::usage(
                format!("--roster-as-of {as_of} is given without --roster"),
                "Give the file with --roster FILE, or omit --roster-as-of.",
            ));
        }
    };
    // In some time zones it is tomorrow already.
    if today.tomorrow().is_ok_and(|tomorrow| as_of > tomorrow) {
        return Err(Failure::usage(
            format!("--roster-as-of {as_of} is in the future: today is {today} (UTC)"),
            "Give the day on which the roster was exported.",
        ));
    }
    let counts = |source: &Source| matches!(source, Source::Roster | Source::Sso);
    let required: Vec<Source> = accept.unwrap_or_default().iter().copied().filter(counts).collect();
    if accept.is_some() && required.is_empty() {
        return Err(Failure::usage(
            format!("--roster {} is given, and the policy does not accept it", path.display()),
            "Add `roster` or `sso` to `accept` in the policy, or omit --roster.",
        ));
    }
    Ok(Some(DatedRoster { roster: roster::read(path, columns, &required)?, as_of }))
}

//! The roster of a run, and the day on which it was exported.

use jiff::civil::Date;

use crate::cli::RosterArgs;
use crate::failure::Failure;
use crate::member::Source;
use crate::policy::{RosterColumns, RosterSource};
use crate::read::entra::Tenant;
use crate::read::roster::{self, Roster};

/// A roster, and the day on which it was exported.
pub(crate) struct DatedRoster {
    pub(crate) roster: Roster,
    pub(crate) as_of: Date,
}

/// Where the word of an identity provider comes from.
pub(crate) enum RosterInput {
    /// From a file, which was read.
    Export(DatedRoster),
    /// From Microsoft Entra; none where the environment has no credential for it.
    Entra(Option<Tenant>),
}

impl RosterInput {
    /// Whether it can say something for a source.
    pub(crate) fn answers(&self, source: Source) -> bool {
        match self {
            RosterInput::Export(dated) => dated.roster.answers.contains(&source),
            RosterInput::Entra(tenant) => tenant.is_some() && source == Source::Roster,
        }
    }

    /// The export, where it is one.
    pub(crate) fn export(&self) -> Option<&DatedRoster> {
        match self {
            RosterInput::Export(dated) => Some(dated),
            RosterInput::Entra(_) => None,
        }
    }

    /// The tenant to ask, where there is one.
    pub(crate) fn tenant(&self) -> Option<&Tenant> {
        match self {
            RosterInput::Export(_) => None,
            RosterInput::Entra(tenant) => tenant.as_ref(),
        }
    }
}

/// Reads the roster that the command line names, or finds the credential of the one that the policy
/// has asked. `accept` are the sources that count, none where all of them do.
///
/// # Errors
/// [`Failure::Usage`] where it is not understood, has no date or one in the future, or counts
/// for nothing; and where the credential is not complete.
pub(crate) fn find(
    args: &RosterArgs,
    from: &RosterSource,
    accept: Option<&[Source]>,
    today: Date,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<RosterInput>, Failure> {
    match from {
        RosterSource::File(columns) => {
            Ok(read(args, columns, accept, today)?.map(RosterInput::Export))
        }
        RosterSource::Entra if args.roster.is_some() || args.roster_as_of.is_some() => {
            Err(Failure::usage(
                "--roster is given, and the policy takes the roster from Microsoft Entra",
                "Omit --roster and --roster-as-of, or delete `from: entra` in the policy.",
            ))
        }
        RosterSource::Entra if accept.is_some_and(|accept| !accept.iter().any(counts)) => Ok(None),
        RosterSource::Entra => Ok(Some(RosterInput::Entra(Tenant::from_env(env)?))),
    }
}

/// Whether a source is the word of an identity provider.
fn counts(source: &Source) -> bool {
    matches!(source, Source::Roster | Source::Sso)
}

fn read(
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
    let required = accept.unwrap_or_default().iter().copied().filter(counts);
    let required: Vec<Source> = required.collect();
    if accept.is_some() && required.is_empty() {
        return Err(Failure::usage(
            format!("--roster {} is given, and the policy does not accept it", path.display()),
            "Add `roster` or `sso` to `accept` in the policy, or omit --roster.",
        ));
    }
    Ok(Some(DatedRoster { roster: roster::read(path, columns, &required)?, as_of }))
}

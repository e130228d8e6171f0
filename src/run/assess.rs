//! The members of a run, read as its policy wants them and judged by it.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};

use super::collect::{Gathered, Request, gather};
use super::workspaces::{no_workspace, select};
use super::{Context, mask, roster};
use crate::cli::{ConnectArgs, MembersArgs, RosterArgs};
use crate::failure::Failure;
use crate::judge::{Evaluation, Judging, evaluate, outdated};
use crate::location::Location;
use crate::policy::{Admins, Policy, WorkspaceEntry};
use crate::read::{Roles, Wanted};
use crate::redact::Redactor;
use crate::report::{Provenance, Redirection};

/// What a command line says about whom to read, and from where.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) members: &'a MembersArgs,
    pub(crate) roster: &'a RosterArgs,
    pub(crate) connect: &'a ConnectArgs,
}

/// How they are to be judged.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) today: Date,
    pub(crate) ignore_exemptions: bool,
    pub(crate) strict: bool,
    /// Whether anything but a live run is of no use.
    pub(crate) must_be_live: bool,
    /// Whether it is to be known who owns a workspace, also where the policy does not ask.
    pub(crate) roles: Roles,
    /// Who replaces people by pseudonyms, before anything is said of them.
    pub(crate) redactor: Option<&'a Redactor>,
    /// Whether the day was given, so that the clock has no say in it.
    pub(crate) day_given: bool,
}

impl Terms<'_> {
    /// By the policy as it is, on a day.
    pub(crate) fn plain(today: Date) -> Self {
        Terms {
            today,
            ignore_exemptions: false,
            strict: false,
            must_be_live: false,
            roles: Roles::Unasked,
            redactor: None,
            day_given: false,
        }
    }
}

/// What the policy makes of the members, and where these came from.
pub(crate) struct Assessed {
    /// The policy, with the workspaces of the run where it lists none.
    pub(crate) policy: Policy,
    pub(crate) evaluation: Evaluation,
    /// When the members were read, where that was not now.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) source: Provenance,
    /// Through what others could have answered.
    pub(crate) redirected_by: Vec<Redirection>,
}

/// Reads the members and judges them by the policy.
pub(crate) fn assess(
    mut policy: Policy,
    given: Given<'_>,
    terms: Terms<'_>,
    context: &Context<'_>,
) -> Result<Assessed, Failure> {
    let Terms { today, ignore_exemptions, strict, must_be_live, roles, redactor, day_given } =
        terms;
    let selection = select(&policy.workspaces, given.members, context)?;
    let roster = roster::read(given.roster, &policy.roster, Some(&policy.accept), today)?;
    let as_of = roster.as_ref().map(|dated| dated.as_of);
    let exemptions = if ignore_exemptions { &[] } else { &*policy.exemptions };
    let addresses = |slug: &str| {
        let applying = exemptions.iter().filter(|exemption| exemption.applies_to(slug));
        applying.filter_map(|exemption| exemption.selector.address_alone()).collect()
    };
    let wanted = Wanted {
        roles: if policy.limits.admins == Admins::Deny && !exemptions.is_empty() {
            Roles::Required
        } else {
            roles
        },
        addresses: &addresses,
        ..Wanted::proof(&policy.accept)
    };
    let request = Request {
        members: given.members,
        connect: given.connect,
        selection: &selection,
        roster: roster.as_ref(),
        must_be_live,
        refused: as_of.and_then(|_| outdated(&policy, as_of, today)),
    };
    let Gathered { mut readings, read_at, mut source, redirected_by } =
        gather(request, wanted, context)?;
    if readings.is_empty() {
        return Err(no_workspace());
    }
    if policy.workspaces.is_empty() {
        let start = Location::start_of(policy.path.clone());
        let entry = |slug| WorkspaceEntry { slug, location: start.clone() };
        let read = readings.iter().map(|reading| Arc::clone(&reading.workspace));
        policy.workspaces = read.map(entry).collect();
    }
    mask::policy(&mut policy, context.secrets);
    if let Some(redactor) = redactor {
        redactor.conceal(&mut policy, &mut readings, &mut source);
    }
    let roster_as_of = source.roster.as_ref().map(|roster| roster.as_of);
    let clock = source.clock.filter(|_| !day_given);
    let judging = Judging { today, ignore_exemptions, strict, roster_as_of, clock };
    let evaluation = evaluate(&policy, readings, judging);
    Ok(Assessed { policy, evaluation, read_at, source, redirected_by })
}

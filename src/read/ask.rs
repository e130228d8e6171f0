//! In which order the sources are asked: Bitbucket or a file first, the others only where somebody
//! needs them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::atlassian::{self, Organisation};
use super::bitbucket::{self, Account, Journal, Progress};
use super::inquiry::{DirectoryOnDemand, Inquiry};
use super::roster::Roster;
use super::visible::{self, Caller};
use super::{Found, Roles, Wanted};
use crate::failure::Failure;
use crate::http::{Connection, Deadline, Pace, block_on};
use crate::reading::{Incomplete, Origin, Reading, Roll};

/// Where members come from, and who else may say something about them.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Where the members come from.
    pub members: Members<'a>,
    /// The Atlassian organisation, where there is a credential for it.
    pub organisation: Option<&'a Organisation>,
    /// An identity provider's roster.
    pub roster: Option<&'a Roster>,
    /// How servers are reached.
    pub connection: &'a Connection,
}

/// Where members come from.
#[derive(Debug)]
pub enum Members<'a> {
    /// These workspaces from Bitbucket's API.
    Bitbucket(&'a Account, &'a [Arc<str>]),
    /// They were read from a file.
    Listed(Vec<Reading>),
}

/// Reads members and what is known of them, one workspace after another; one that cannot be read
/// does not stop the others. Everything learnt from the network, and nothing else, makes an
/// incomplete [`Reading`]. It blocks until all is read or the deadline is over, and tells `watch`
/// how far it is; not to be called from asynchronous code.
///
/// # Errors
/// [`Failure::Usage`] where the certificates or the proxy settings are of no use.
pub fn read(
    sources: Sources<'_>,
    wanted: Wanted<'_>,
    watch: &dyn Fn(Progress<'_>),
) -> Result<Found, Failure> {
    block_on(run(sources, wanted, Pace::real(), watch))?
}

/// As [`read`], with waits, chance and time of day from outside, and nobody watching.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    sources: Sources<'_>,
    wanted: Wanted<'_>,
    pace: Pace<'_>,
) -> Result<Found, Failure> {
    block_on(run(sources, wanted, pace, &|_| ()))?
}

async fn run(
    sources: Sources<'_>,
    wanted: Wanted<'_>,
    pace: Pace<'_>,
    watch: &dyn Fn(Progress<'_>),
) -> Result<Found, Failure> {
    let Sources { members, organisation, roster, connection } = sources;
    let deadline = Deadline::after(connection.deadline);
    let directory = organisation
        .map(|organisation| atlassian::Client::new(organisation, connection, deadline, pace))
        .transpose()?
        .map(DirectoryOnDemand::new);
    let inquiry = Inquiry::new(wanted, directory, roster);
    let mut readings = Vec::new();
    match members {
        Members::Bitbucket(account, slugs) => {
            let link = bitbucket::link(account, connection, deadline, pace)?;
            let client = bitbucket::Client::new(account, link, connection).await;
            for slug in slugs {
                let journal = Journal::new(slug, watch);
                let members = match &client {
                    Ok(client) => from_bitbucket(&inquiry, client, slug, &journal).await,
                    Err(incomplete) => Err(incomplete.clone()),
                };
                let (workspace, walk) = (Arc::clone(slug), journal.finish());
                let reading = Reading { workspace, origin: Origin::Api, walk, members };
                watch(Progress::Done(&reading));
                readings.push(reading);
            }
        }
        Members::Listed(listed) => {
            for reading in listed {
                let members = match reading.members {
                    Ok(roll) => from_file(&inquiry, &reading.workspace, roll).await,
                    Err(incomplete) => Err(incomplete),
                };
                readings.push(Reading { members, ..reading });
            }
        }
    }
    Ok(inquiry.conclude(readings))
}

/// Everybody in a workspace, as far as Bitbucket and the others show them.
async fn from_bitbucket(
    inquiry: &Inquiry<'_, '_>,
    client: &bitbucket::Client<'_>,
    slug: &str,
    journal: &Journal<'_>,
) -> Result<Roll, Incomplete> {
    let mut roll = listed(inquiry, client, slug, journal).await?;
    let wanted = inquiry.wanted;
    if visible::needs_asking(&roll.members, wanted.accept) {
        let (caller, silence) = bitbucket::caller(client, slug, journal).await;
        visible::judge(&roll.members, wanted.accept, caller).map_err(|incomplete| {
            let silence = silence.map(|why| format!(": {why}")).unwrap_or_default();
            Incomplete { why: incomplete.why + &silence, ..incomplete }
        })?;
    }
    match wanted.roles {
        Roles::Unasked => {}
        Roles::Welcome => {
            // Whose role was not found out shows none.
            let _ = bitbucket::assign_roles(client, slug, &mut roll.members, journal).await;
        }
        Roles::Required => {
            bitbucket::assign_roles(client, slug, &mut roll.members, journal).await?;
        }
    }
    Ok(roll)
}

/// The members of a workspace, with what the other sources say about them. Where a member may have
/// left between the list and the look-up of addresses, the list is read again.
async fn listed(
    inquiry: &Inquiry<'_, '_>,
    client: &bitbucket::Client<'_>,
    slug: &str,
    journal: &Journal<'_>,
) -> Result<Roll, Incomplete> {
    let mut before = None;
    for _ in 0..LISTS {
        let mut roll = bitbucket::members(client, slug, journal).await?;
        let may_have_left = inquiry.complete(slug, &mut roll, Some((client, journal))).await?;
        // Who was on the list before and after the look-up does not have the address.
        if !may_have_left || before.is_some_and(|before| before == people(&roll)) {
            return Ok(roll);
        }
        before = Some(people(&roll));
    }
    Err(Incomplete::new(
        "people joined or left each time that the list and their e-mail addresses were read",
        "Try again when fewer people join and leave.",
    ))
}

/// How often a list is read while people leave.
const LISTS: usize = 3;

/// Who is on a list.
fn people(roll: &Roll) -> BTreeSet<[Option<Box<str>>; 2]> {
    let members = roll.members.iter();
    members.map(|member| [member.account_id.clone(), member.uuid.clone()]).collect()
}

/// How the flag gets into pages that somebody saves.
const FIELDS: &str = " When saving pages, ask for the hidden field with \
    fields=%2Bvalues.user.has_2fa_enabled.";

/// Everybody whom a file lists, as far as the others show them too.
async fn from_file(
    inquiry: &Inquiry<'_, '_>,
    slug: &str,
    mut roll: Roll,
) -> Result<Roll, Incomplete> {
    inquiry.complete(slug, &mut roll, None).await?;
    visible::judge(&roll.members, inquiry.wanted.accept, Caller::NoAnswer)
        .map_err(|incomplete| Incomplete { help: incomplete.help + FIELDS, ..incomplete })?;
    Ok(roll)
}

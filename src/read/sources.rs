//! In which order the sources are asked: Bitbucket or a file first, the others only where somebody
//! needs them. All workspaces are read side by side.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join;
use futures_util::stream::{FuturesOrdered, StreamExt};

use super::atlassian::{self, Organisation};
use super::bitbucket::{self, Account, Journal, Progress};
use super::other_sources::{Answers, DirectoryOnDemand, Inquiry};
use super::roster::Roster;
use super::visibility;
use super::visibility::Caller;
use super::{Found, Roles, Wanted};
use crate::failure::Failure;
use crate::failure::Problem;
use crate::http::{Connection, Deadline, Pace, block_on};
use crate::reading::{MemberList, Origin, Reading};

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

/// Reads members and what is known of them, all workspaces side by side; one that cannot be read
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
    let mut found: Vec<(Reading, Answers)> = Vec::new();
    match members {
        Members::Bitbucket(account, slugs) => {
            let link = bitbucket::link(account, connection, deadline, pace)?;
            let client = bitbucket::Client::new(account, link, connection).await;
            // No workspace waits for another: one that hangs would use up the time of all. What
            // bounds the requests under way is the link, which they share.
            let mut under_way: FuturesOrdered<_> = slugs
                .iter()
                .map(|slug| workspace(&inquiry, client.as_ref(), slug, watch))
                .collect();
            while let Some((reading, answers)) = under_way.next().await {
                watch(Progress::Done(&reading));
                found.push((reading, answers));
            }
        }
        Members::Listed(listed) => {
            for reading in listed {
                let members = match reading.members {
                    Ok(roll) => from_file(&inquiry, &reading.workspace, roll).await,
                    Err(incomplete) => Err(incomplete),
                };
                let (members, answers) = apart(members);
                found.push((Reading { members, ..reading }, answers));
            }
        }
    }
    Ok(inquiry.conclude(found))
}

/// A workspace from Bitbucket's API, read or not.
async fn workspace(
    inquiry: &Inquiry<'_, '_>,
    client: Result<&bitbucket::Client<'_>, &Problem>,
    slug: &Arc<str>,
    watch: &dyn Fn(Progress<'_>),
) -> (Reading, Answers) {
    let journal = Journal::new(slug, watch);
    let members = match client {
        Ok(client) => from_bitbucket(inquiry, client, slug, &journal).await,
        Err(incomplete) => Err(incomplete.clone()),
    };
    let (members, answers) = apart(members);
    let (workspace, walk) = (Arc::clone(slug), journal.finish());
    (Reading { workspace, origin: Origin::Api, walk, members }, answers)
}

/// The members, and beside them what the other sources answered: nothing where there are none.
fn apart(found: Result<(MemberList, Answers), Problem>) -> (Result<MemberList, Problem>, Answers) {
    match found {
        Ok((roll, answers)) => (Ok(roll), answers),
        Err(incomplete) => (Err(incomplete), Answers::default()),
    }
}

/// Everybody in a workspace, as far as Bitbucket and the others show them, and beside it who owns
/// the workspace, where that is wanted.
async fn from_bitbucket(
    inquiry: &Inquiry<'_, '_>,
    client: &bitbucket::Client<'_>,
    slug: &str,
    journal: &Journal<'_>,
) -> Result<(MemberList, Answers), Problem> {
    let roles = inquiry.wanted.roles;
    let aside = journal.aside();
    let owners = async {
        Ok(match roles {
            Roles::Unasked => None,
            Roles::Welcome | Roles::Required => Some(bitbucket::owners(client, slug, &aside).await),
        })
    };
    // Without members there is no use for owners; without owners there may be for members.
    let read = try_join(judgeable(inquiry, client, slug, journal), owners).await;
    journal.add_requests(&aside);
    let ((mut roll, answers), owners) = read?;
    if let Some(owners) = owners {
        let assigned = owners.and_then(|owners| owners.assign_roles(&mut roll.members));
        // Where roles are no more than welcome, members whose role was not found out show none.
        if roles == Roles::Required {
            assigned?;
        }
    }
    Ok((roll, answers))
}

/// The members of a workspace, where what is unknown of them is a fact about them and not about the
/// credential.
async fn judgeable(
    inquiry: &Inquiry<'_, '_>,
    client: &bitbucket::Client<'_>,
    slug: &str,
    journal: &Journal<'_>,
) -> Result<(MemberList, Answers), Problem> {
    let (roll, answers) = listed(inquiry, client, slug, journal).await?;
    let accept = inquiry.wanted.accept;
    if visibility::needs_asking(&roll.members, accept) {
        let (caller, silence) = bitbucket::caller(client, slug, journal).await;
        visibility::judge(&roll.members, accept, caller).map_err(|incomplete| {
            let silence = silence.map(|why| format!(": {why}")).unwrap_or_default();
            Problem { what: incomplete.what + &silence, ..incomplete }
        })?;
    }
    Ok((roll, answers))
}

/// The members of a workspace, with what the other sources say about them. Where a member may have
/// left between the list and the look-up of addresses, the list is read again.
async fn listed(
    inquiry: &Inquiry<'_, '_>,
    client: &bitbucket::Client<'_>,
    slug: &str,
    journal: &Journal<'_>,
) -> Result<(MemberList, Answers), Problem> {
    let mut roll = bitbucket::members(client, slug, journal).await?;
    for _ in 0..COMPARED {
        let answers = inquiry.complete(slug, &mut roll, Some((client, journal))).await?;
        if !answers.may_have_left {
            return Ok((roll, answers));
        }
        // Who is on the lists before and after the look-up was there meanwhile: the first list is
        // right. The second one would need a look-up of its own, and a list after that.
        let after = bitbucket::members(client, slug, journal).await?;
        if people(&after) == people(&roll) {
            return Ok((roll, answers));
        }
        roll = after;
    }
    Err(Problem::new(
        "people joined or left each time that the list and their e-mail addresses were read",
        "Try again when fewer people join and leave.",
    ))
}

/// How many lists are compared with the one after them, while people leave.
const COMPARED: usize = 2;

/// Who is on a list.
fn people(roll: &MemberList) -> BTreeSet<[Option<&str>; 2]> {
    let members = roll.members.iter();
    members.map(|member| [member.account_id.as_deref(), member.uuid.as_deref()]).collect()
}

/// How the flag gets into pages that somebody saves.
const FIELDS: &str = " When saving pages, ask for the hidden field with \
    fields=%2Bvalues.user.has_2fa_enabled.";

/// Everybody whom a file lists, as far as the others show them too.
async fn from_file(
    inquiry: &Inquiry<'_, '_>,
    slug: &str,
    mut roll: MemberList,
) -> Result<(MemberList, Answers), Problem> {
    let answers = inquiry.complete(slug, &mut roll, None).await?;
    visibility::judge(&roll.members, inquiry.wanted.accept, Caller::NoAnswer)
        .map_err(|incomplete| Problem { help: incomplete.help + FIELDS, ..incomplete })?;
    Ok((roll, answers))
}

//! In which order the sources are asked: Bitbucket or a file first, the others only where a member
//! needs them. All workspaces are read side by side.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::try_join;
use futures_util::stream::{FuturesOrdered, StreamExt};

use super::atlassian::{self, Organisation};
use super::bitbucket::{self, Account, Progress, Workspace};
use super::entra::{self, Tenant};
use super::on_demand::OnDemand;
use super::other_sources::{Answers, OtherSources};
use super::roster::Roster;
use super::visibility::{self, Caller};
use super::{Found, Roles, Wanted};
use crate::failure::{Failure, Problem};
use crate::http::{Connection, Need, Network, Pace, block_on};
use crate::reading::{Coverage, MemberList, Origin, Reading, Walk};

/// Where members come from, and who else may say something about them.
#[derive(Debug)]
pub struct Sources<'a> {
    /// Where the members come from.
    pub members: Members<'a>,
    /// The Atlassian organisation, where there is a credential for it.
    pub organisation: Option<&'a Organisation>,
    /// An identity provider's export.
    pub roster: Option<&'a Roster>,
    /// The Microsoft Entra tenant that is asked where there is no export.
    pub entra: Option<&'a Tenant>,
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
/// [`Failure::Usage`] where the certificates or the proxy settings cannot be used.
pub fn read(
    sources: Sources<'_>,
    wanted: Wanted<'_>,
    pace: Pace<'_>,
    watch: &dyn Fn(Progress<'_>),
) -> Result<Found, Failure> {
    block_on(run(sources, wanted, pace, watch))?
}

async fn run(
    sources: Sources<'_>,
    wanted: Wanted<'_>,
    pace: Pace<'_>,
    watch: &dyn Fn(Progress<'_>),
) -> Result<Found, Failure> {
    let Sources { members, organisation, roster, entra, connection } = sources;
    let network = Network::new(connection, pace);
    let organisation = organisation
        .map(|organisation| atlassian::Client::new(organisation, network))
        .transpose()?
        .map(OnDemand::new);
    let entra =
        entra.map(|tenant| entra::Client::new(tenant, network)).transpose()?.map(OnDemand::new);
    let others = OtherSources { wanted, organisation, export: roster, entra };
    let mut found: Vec<(Reading, Answers)> = Vec::new();
    match members {
        Members::Bitbucket(account, slugs) => {
            let session = bitbucket::session(account, network)?;
            let client = bitbucket::Client::new(account, session).await;
            // No workspace waits for another: one that hangs would use up the time of all. What
            // bounds the requests under way is the session, which they share.
            let mut under_way: FuturesOrdered<_> =
                slugs.iter().map(|slug| workspace(&others, client.as_ref(), slug, watch)).collect();
            while let Some((reading, answers)) = under_way.next().await {
                watch(Progress::Done(&reading));
                found.push((reading, answers));
            }
        }
        Members::Listed(listed) => {
            for reading in listed {
                let members = match reading.members {
                    Ok(list) => from_file(&others, &reading.workspace, list).await,
                    Err(problem) => Err(problem),
                };
                let (members, answers) = apart(members);
                found.push((Reading { members, ..reading }, answers));
            }
        }
    }
    Ok(others.conclude(found))
}

/// A workspace from Bitbucket's API, read or not.
async fn workspace(
    others: &OtherSources<'_, '_>,
    client: Result<&bitbucket::Client<'_>, &Problem>,
    slug: &Arc<str>,
    watch: &dyn Fn(Progress<'_>),
) -> (Reading, Answers) {
    let (members, walk) = match client {
        Ok(client) => {
            let workspace = Workspace::new(client, slug, watch);
            (from_bitbucket(others, &workspace).await, workspace.finish())
        }
        Err(problem) => (Err(problem.clone()), Walk::default()),
    };
    let (members, answers) = apart(members);
    (Reading { workspace: Arc::clone(slug), origin: Origin::Api, walk, members }, answers)
}

/// The members, and what the other sources answered: nothing where there are none.
fn apart(found: Result<(MemberList, Answers), Problem>) -> (Result<MemberList, Problem>, Answers) {
    match found {
        Ok((list, answers)) => (Ok(list), answers),
        Err(problem) => (Err(problem), Answers::default()),
    }
}

/// The members of a workspace, as far as Bitbucket and the others show them, and who owns the
/// workspace, where that is wanted.
async fn from_bitbucket(
    others: &OtherSources<'_, '_>,
    workspace: &Workspace<'_>,
) -> Result<(MemberList, Answers), Problem> {
    let roles = others.wanted.roles;
    // Without members there is no use for owners; without owners there may be for members.
    let owners = async {
        Ok(match roles {
            Roles::Unasked => Ok(None),
            Roles::Welcome => Ok(workspace.aside(Need::Optional).owners_if_told().await),
            Roles::Required => workspace.aside(Need::Required).owners().await.map(Some),
        })
    };
    let ((mut list, answers), owners) = try_join(judgeable(others, workspace), owners).await?;
    let assigned = match owners {
        Ok(Some(owners)) => owners.assign_roles(&mut list.members),
        Ok(None) => Ok(()),
        Err(problem) => Err(problem),
    };
    // Where roles are no more than welcome, members whose role was not found out show none.
    if roles == Roles::Required {
        assigned?;
    }
    Ok((list, answers))
}

/// The members of a workspace, where what is unknown of them is a fact about them and not about the
/// credential.
async fn judgeable(
    others: &OtherSources<'_, '_>,
    workspace: &Workspace<'_>,
) -> Result<(MemberList, Answers), Problem> {
    let (list, answers) = listed(others, workspace).await?;
    let accept = others.wanted.accept;
    if visibility::needs_asking(&list.members, accept) {
        visibility::judge(&list.members, accept, workspace.caller().await)?;
    }
    Ok((list, answers))
}

/// The members of a workspace, with what the other sources say about them. Where a member may have
/// left between the list and the look-up of addresses, the list is read again.
async fn listed(
    others: &OtherSources<'_, '_>,
    workspace: &Workspace<'_>,
) -> Result<(MemberList, Answers), Problem> {
    let outsiders = async {
        if others.wanted.outsiders() {
            workspace.aside(Need::Required).people_with_access().await.map(Some)
        } else {
            Ok(None)
        }
    };
    let (mut list, outsiders) = try_join(workspace.members(), outsiders).await?;
    for _ in 0..COMPARED {
        if let Some(people) = &outsiders {
            bitbucket::add_outsiders(&mut list, people.clone())?;
        }
        let answers = others.complete(&mut list, workspace.slug, Some(workspace)).await?;
        if !answers.may_have_left {
            return Ok((list, answers));
        }
        // Who is on the lists before and after the look-up was there meanwhile: the first list is
        // right. The second one would need another look-up, and a list after that.
        let after = workspace.members().await?;
        if people(&after) == people(&list) {
            return Ok((list, answers));
        }
        list = after;
    }
    Err(Problem::new(
        "people joined or left each time that the list and their e-mail addresses were read",
        "Try again when fewer people join and leave.",
    ))
}

/// How many lists are compared with the one after them, while people leave.
const COMPARED: usize = 2;

/// Who is on a list.
fn people(list: &MemberList) -> BTreeSet<[Option<&str>; 2]> {
    let members = list.members.iter().filter(|member| member.access.is_none());
    members.map(|member| [member.account_id.as_deref(), member.uuid.as_deref()]).collect()
}

/// How the flag gets into saved pages.
const FIELDS: &str = " When saving pages, ask for the hidden field with \
    fields=%2Bvalues.user.has_2fa_enabled.";

/// The members that a file lists, with what the others say about them.
async fn from_file(
    others: &OtherSources<'_, '_>,
    slug: &str,
    mut list: MemberList,
) -> Result<(MemberList, Answers), Problem> {
    let are_listed = list.coverage.contains(&Coverage::Repositories);
    match (others.wanted.outsiders(), are_listed) {
        (true, false) => return Err(not_in_the_file()),
        (false, true) if !others.wanted.everything => {
            list.members.retain(|person| person.access.is_none());
            list.coverage = Coverage::usual();
        }
        (true, true) | (false, true | false) => {}
    }
    let answers = others.complete(&mut list, slug, None).await?;
    visibility::judge(&list.members, others.wanted.accept, Caller::NoAnswer(None))
        .map_err(|problem| Problem { help: problem.help + FIELDS, ..problem })?;
    Ok((list, answers))
}

/// A file that says nothing of people who are not members.
fn not_in_the_file() -> Problem {
    Problem::new(
        "the members file does not hold the people with access to single repositories",
        "Make it with `mfa-gate members --policy POLICY`, or remove `repositories` from `coverage` \
         in the policy.",
    )
}

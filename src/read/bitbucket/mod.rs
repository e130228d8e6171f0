//! Members from Bitbucket Cloud's API, now.

mod client;
mod connect;
mod credential;
mod deadline;
mod examine;
mod gate;
mod journal;
mod link;
mod next;
mod pace;
mod refusal;
mod retry;
mod secrets;
mod transport;
mod trouble;
mod vitals;
mod walk;
mod wire;

use std::collections::HashSet;
use std::sync::Arc;

use self::client::Client;
pub use self::connect::{Connect, DEFAULT_API_URL, api_url};
pub use self::credential::{Credential, Secret};
pub use self::examine::{Grade, Observation, examine};
use self::journal::Journal;
pub use self::journal::Progress;
use self::link::Link;
pub use self::pace::Pace;
use self::trouble::Trouble;
use self::walk::Listing;
use self::wire::{OwnPermission, Permissions};
use super::visible::{self, Caller};
use super::wire::{MemberRows, name_by_row};
use super::{Incomplete, Origin, Reading, Roll};
use crate::escape;
use crate::failure::Failure;
use crate::member::{Member, Role, Source};

/// Members with the fields that only admins are shown, less what nobody needs. The `+` has to be
/// encoded, or it is a blank:
/// <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#partial-response>.
const MEMBERS: &str = "pagelen=100&fields=%2Bvalues.user.has_2fa_enabled,\
    %2Bvalues.user.account_status,-values.workspace,-values.links,-values.user.links";

/// Owners only: `q=permission="owner"`.
const OWNERS: &str = "q=permission%3D%22owner%22&pagelen=100";

/// What is to be known of the members.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The sources whose proof counts: where Bitbucket is among them, it matters whether the
    /// credential is shown the flag.
    pub accept: &'a [Source],
    /// Whether it is to be known who owns the workspace.
    pub roles: bool,
}

/// Reads the members of workspaces, one workspace after another; one that cannot be read does not
/// stop the others. Everything learnt from the network, and nothing else, makes an incomplete
/// [`Reading`]. It blocks until all is read or the deadline is over, and tells `watch` how far it
/// is; not to be called from asynchronous code.
///
/// # Errors
/// [`Failure::Usage`] where the certificates or the proxy settings are of no use.
pub fn read(
    connect: &Connect,
    slugs: &[Arc<str>],
    wanted: Wanted<'_>,
    watch: &dyn Fn(Progress<'_>),
) -> Result<Vec<Reading>, Failure> {
    let link = Link::new(connect, Pace::real())?;
    block_on(read_all(link, slugs, wanted, watch))
}

/// As [`read`], with waits, chance and time of day from outside, and nobody watching.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    connect: &Connect,
    slugs: &[Arc<str>],
    wanted: Wanted<'_>,
    pace: Pace<'_>,
) -> Result<Vec<Reading>, Failure> {
    block_on(read_all(Link::new(connect, pace)?, slugs, wanted, &|_| ()))
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(
            |error| {
                Failure::incomplete(
                    format!("could not start to ask Bitbucket: {error}"),
                    "Check the limits of the system, such as that of open files.",
                )
            },
        )?;
    let done = runtime.block_on(work);
    // A name that is still being looked up would hold the process beyond its deadline.
    runtime.shutdown_background();
    Ok(done)
}

async fn read_all(
    link: Link<'_>,
    slugs: &[Arc<str>],
    wanted: Wanted<'_>,
    watch: &dyn Fn(Progress<'_>),
) -> Vec<Reading> {
    let client = Client::new(link).await;
    let mut readings = Vec::with_capacity(slugs.len());
    for slug in slugs {
        let journal = Journal::new(slug, watch);
        let members = match &client {
            Ok(client) => roll(client, slug, wanted, &journal).await,
            Err(incomplete) => Err(incomplete.clone()),
        };
        let (workspace, walk) = (Arc::clone(slug), journal.finish());
        let reading = Reading { workspace, origin: Origin::Api, walk, members };
        watch(Progress::Done(&reading));
        readings.push(reading);
    }
    readings
}

/// Everybody in a workspace.
async fn roll(
    client: &Client<'_>,
    slug: &str,
    wanted: Wanted<'_>,
    journal: &Journal<'_>,
) -> Result<Roll, Incomplete> {
    let url = client.url(&["workspaces", slug, "members"], Some(MEMBERS));
    let listing: Listing<MemberRows> =
        walk::list(client, &url, journal).await.map_err(|trouble| client.explain(&trouble))?;
    let mut members = listing.rows.members;
    if members.is_empty() {
        return Err(Incomplete::nobody());
    }
    name_by_row(&mut members);
    if visible::needs_asking(&members, wanted.accept) {
        let (caller, silence) = caller(client, slug, journal).await;
        visible::judge(&members, wanted.accept, caller).map_err(|incomplete| {
            let silence = silence.map(|why| format!(": {why}")).unwrap_or_default();
            Incomplete { why: incomplete.why + &silence, ..incomplete }
        })?;
    }
    if wanted.roles {
        assign_roles(client, slug, &mut members, journal).await?;
    }
    Ok(Roll { members, completeness: listing.proof.completeness })
}

/// What the credential is in a workspace, or why that is not known.
async fn caller(
    client: &Client<'_>,
    slug: &str,
    journal: &Journal<'_>,
) -> (Caller, Option<String>) {
    let url = client.url(&["user", "workspaces", slug, "permission"], None);
    match client.get::<OwnPermission>(&url, journal).await {
        Ok(own) => (own.caller(|text| client.excerpt(text)), None),
        Err(trouble) => {
            let why = client.explain(&trouble).why;
            tracing::info!(
                workspace = slug,
                why = %escape::terminal(&why),
                "what the credential may do was not told"
            );
            (Caller::NoAnswer, Some(why))
        }
    }
}

/// Notes who owns the workspace.
async fn assign_roles(
    client: &Client<'_>,
    slug: &str,
    members: &mut [Member],
    journal: &Journal<'_>,
) -> Result<(), Incomplete> {
    let unknown = |incomplete: Incomplete| {
        let why = format!(
            "the policy forbids to exempt owners, and who owns the workspace could not be read: {}",
            incomplete.why
        );
        Incomplete { why, ..incomplete }
    };
    let url = client.url(&["workspaces", slug, "permissions"], Some(OWNERS));
    let extra = journal.aside();
    let listed: Result<Listing<Permissions>, Trouble> = walk::list(client, &url, &extra).await;
    journal.add_requests(&extra);
    let listing = listed.map_err(|trouble| unknown(client.explain(&trouble)))?;
    let owners: HashSet<&str> = listing.rows.owners().collect();
    // Without a uuid somebody who is an owner would pass for one who is not.
    let unnamed = members.iter().any(|member| member.uuid.is_none());
    if owners.is_empty() || unnamed {
        let why = if unnamed { "a member came without uuid" } else { "no owner was listed" };
        return Err(unknown(Incomplete::new(
            why,
            "Use the credential of an admin of the workspace.",
        )));
    }
    for member in members.iter_mut() {
        let owns = member.uuid.as_deref().is_some_and(|uuid| owners.contains(uuid));
        member.role = Some(if owns { Role::Owner } else { Role::Member });
    }
    // Lists that do not meet are not of one workspace, or not of one moment.
    if !members.iter().any(|member| member.role == Some(Role::Owner)) {
        return Err(unknown(Incomplete::new(
            "none of the owners that were listed is among the members",
            "Try again; if it stays so, report it to Atlassian.",
        )));
    }
    Ok(())
}

//! Who owns a workspace.

use std::collections::HashSet;

use tokio::time::timeout;

use super::client::Client;
use super::of_another;
use super::pages;
use super::pages::Listing;
use super::progress::ReadingProgress;
use super::wire::Permissions;
use crate::escape;
use crate::failure::Problem;
use crate::member::{Member, Role};
use crate::read::list_error::ListError;

/// Owners only: `q=permission="owner"`.
const OWNERS: &str = "q=permission%3D%22owner%22&pagelen=100";

/// The owners of a workspace.
pub(crate) struct Owners(Permissions);

/// Asks who owns a workspace, which a verdict depends on.
pub(crate) async fn owners(
    client: &Client<'_>,
    slug: &str,
    progress: &ReadingProgress<'_>,
) -> Result<Owners, Problem> {
    listed(client, slug, progress).await.map_err(unknown)
}

/// As [`owners`], where no verdict depends on it: an answer that comes late, or not at all, must not
/// use up the time that the members need.
pub(crate) async fn owners_if_told(
    client: &Client<'_>,
    slug: &str,
    progress: &ReadingProgress<'_>,
) -> Option<Owners> {
    let limit = client.session.network().deadline.allowed / 4;
    let why = match timeout(limit, listed(client, slug, progress)).await {
        Ok(Ok(owners)) => return Some(owners),
        Ok(Err(problem)) => problem.what,
        Err(_) => format!("the answer took longer than {limit:?}"),
    };
    let shown = escape::terminal(&why);
    log::info!("who owns the workspace was not told workspace={slug:?} why={shown}");
    None
}

async fn listed(
    client: &Client<'_>,
    slug: &str,
    progress: &ReadingProgress<'_>,
) -> Result<Owners, Problem> {
    let url = client.session.url(&["workspaces", slug, "permissions"], Some(OWNERS));
    let listed: Result<Listing<Permissions>, ListError> = pages::list(client, &url, progress).await;
    let rows = listed.map_err(|error| client.explain(error))?.rows;
    if let Some(other) = rows.other_workspace(slug) {
        return Err(of_another(&format!("the workspace {}", client.session.excerpt(other))));
    }
    Ok(Owners(rows))
}

impl Owners {
    /// Notes who of the members owns the workspace.
    pub(crate) fn assign_roles(&self, members: &mut [Member]) -> Result<(), Problem> {
        let owners: HashSet<&str> = self.0.owners().collect();
        // Without a uuid an owner could pass for a member who is none.
        let mut members: Vec<&mut Member> =
            members.iter_mut().filter(|person| person.access.is_none()).collect();
        let unnamed = members.iter().any(|member| member.uuid.is_none());
        if owners.is_empty() || unnamed {
            let why = if unnamed { "a member came without uuid" } else { "no owner was listed" };
            return Err(unknown(Problem::new(
                why,
                "Use the credential of an admin of the workspace.",
            )));
        }
        // An owner is a member: lists that do not meet are not of one workspace, not of one moment,
        // or not whole.
        let listed: HashSet<&str> =
            members.iter().filter_map(|member| member.uuid.as_deref()).collect();
        if !owners.is_subset(&listed) {
            return Err(unknown(Problem::new(
                "an owner is not on the list of members",
                "Try again; if it stays so, report it to Atlassian.",
            )));
        }
        for member in &mut members {
            let owns = member.uuid.as_deref().is_some_and(|uuid| owners.contains(uuid));
            member.role = Some(if owns { Role::Owner } else { Role::Member });
        }
        Ok(())
    }
}

fn unknown(problem: Problem) -> Problem {
    let why = format!(
        "who owns the workspace could not be read, and that is needed here: {}",
        problem.what
    );
    Problem { what: why, ..problem }
}

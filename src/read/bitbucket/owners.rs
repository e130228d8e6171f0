//! Who owns a workspace:
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-get>.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use tokio::time::timeout;

use super::members::OWNER;
use super::page::Rows;
use super::pages::Listing;
use super::workspace::Workspace;
use crate::completeness::{self, Inconsistency};
use crate::escape;
use crate::failure::Problem;
use crate::http::object::Object;
use crate::member::{Member, Role};

/// Owners only: `q=permission="owner"`.
const OWNERS: &str = "q=permission%3D%22owner%22&pagelen=100";

/// The owners of a workspace, by their uuids.
pub(crate) struct Owners(HashSet<Box<str>>);

/// Rows of `/workspaces/{workspace}/permissions`.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Permissions(Vec<Object<Row>>);

#[derive(Deserialize)]
struct Row {
    permission: Box<str>,
    user: Object<User>,
    #[serde(default)]
    workspace: Option<Object<Named>>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    slug: Option<Box<str>>,
}

#[derive(Deserialize)]
struct User {
    #[serde(deserialize_with = "lower_case")]
    uuid: Box<str>,
}

/// A uuid as members have it, whatever case it comes in.
fn lower_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<str>, D::Error> {
    let mut uuid = Box::<str>::deserialize(deserializer)?;
    uuid.make_ascii_lowercase();
    Ok(uuid)
}

impl Rows for Permissions {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    fn distinct(&self) -> Result<(), Inconsistency> {
        let uuids = self.0.iter().map(|Object(row)| &*row.user.0.uuid);
        completeness::distinct(uuids, self.0.len())
    }
}

impl Workspace<'_> {
    /// Its owners, which a verdict depends on.
    pub(crate) async fn owners(&self) -> Result<Owners, Problem> {
        self.listed_owners().await.map_err(unknown)
    }

    /// As [`Workspace::owners`], where no verdict depends on them: an answer that comes late, or
    /// not at all, must not use up the time that the members need.
    pub(crate) async fn owners_if_told(&self) -> Option<Owners> {
        let limit = self.client.session.network().deadline.allowed / 4;
        let why = match timeout(limit, self.listed_owners()).await {
            Ok(Ok(owners)) => return Some(owners),
            Ok(Err(problem)) => problem.what,
            Err(_) => format!("the answer took longer than {limit:?}"),
        };
        let (slug, shown) = (self.slug, escape::terminal(&why));
        log::info!("who owns the workspace was not told workspace={slug:?} why={shown}");
        None
    }

    async fn listed_owners(&self) -> Result<Owners, Problem> {
        let list = self.list(&self.url(&["permissions"], OWNERS)).await;
        let Listing { rows: Permissions(rows), .. } =
            list.map_err(|error| self.client.explain(error))?;
        let mut owners = HashSet::new();
        for Object(row) in rows {
            if let Some(Object(Named { slug: Some(named) })) = row.workspace
                && *named != *self.slug
            {
                return Err(self.of_another("the workspace", &named));
            }
            // Others are left out, should the server ignore the filter.
            if &*row.permission == OWNER {
                owners.insert(row.user.0.uuid);
            }
        }
        Ok(Owners(owners))
    }
}

impl Owners {
    /// Notes who of the members owns the workspace.
    pub(crate) fn assign_roles(&self, members: &mut [Arc<Member>]) -> Result<(), Problem> {
        const ASK_AS_ADMIN: &str = "Use the credential of an owner of the workspace.";
        if self.0.is_empty() {
            return Err(unknown(Problem::new("no owner was listed", ASK_AS_ADMIN)));
        }
        let mut roles = Vec::new();
        for member in members.iter_mut().map(Arc::make_mut).filter(|member| member.access.is_none())
        {
            // Without a uuid an owner could pass for a member who is none.
            let Some(uuid) = &member.uuid else {
                let why = "a member came without uuid";
                return Err(unknown(Problem::new(why, ASK_AS_ADMIN)));
            };
            let role = if self.0.contains(uuid) { Role::Owner } else { Role::Member };
            roles.push((&mut member.role, role));
        }
        // An owner is a member: lists that do not meet are not of one workspace, not of one moment,
        // or not whole.
        let owners = roles.iter().filter(|(_, role)| *role == Role::Owner).count();
        if owners < self.0.len() {
            return Err(unknown(Problem::new(
                "an owner is not on the list of members",
                "Try again; if it stays so, report it to Atlassian.",
            )));
        }
        roles.into_iter().for_each(|(noted, role)| *noted = Some(role));
        Ok(())
    }
}

fn unknown(problem: Problem) -> Problem {
    let what = format!(
        "who owns the workspace could not be read, and that is needed here: {}",
        problem.what
    );
    Problem { what, ..problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_rows_that_are_objects() {
        let rows = |text: &str| serde_json::from_str::<Permissions>(text);
        assert!(rows(r#"[{"permission":"owner","user":{"uuid":"{1}"}}]"#).is_ok());
        for text in [r#"[["owner",{"uuid":"{1}"}]]"#, r#"[{"permission":"owner","user":["{1}"]}]"#]
        {
            assert!(rows(text).is_err(), "{text}");
        }
    }
}

//! The members of a workspace, and what the one who asks is in it.

use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::page::Page;
use super::pages::Listing;
use super::rows::{MemberRows, Slug, name_by_row};
use super::workspace::Workspace;
use crate::escape;
use crate::failure::Problem;
use crate::http::RequestError;
use crate::read::list_error::ListError;
use crate::read::visibility::Caller;
use crate::reading::MemberList;

/// Members with the fields that only admins are shown, less what is not needed. The `+` has to be
/// encoded, or it is a blank:
/// <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#partial-response>.
const MEMBERS: &str = "pagelen=100&fields=%2Bvalues.user.has_2fa_enabled,\
    %2Bvalues.user.account_status,-values.workspace,-values.links,-values.user.links";

/// The permission of an admin of a workspace.
pub(super) const OWNER: &str = "owner";

/// The answer of `/user/workspaces/{workspace}/permission`. Bitbucket's OpenAPI document calls it a
/// membership, and does not promise that it states the permission.
#[derive(Deserialize)]
struct OwnPermission {
    #[serde(default)]
    permission: Option<Box<str>>,
}

impl Workspace<'_> {
    /// Its members.
    pub(crate) async fn members(&self) -> Result<MemberList, Problem> {
        let list = self.list(&self.url(&["members"], MEMBERS)).await;
        let Listing { rows, completeness }: Listing<MemberRows> =
            list.map_err(|error| self.client.explain(error))?;
        match &rows.slug {
            Slug::One(other) if **other != *self.slug => {
                return Err(self.of_another("the workspace", other));
            }
            Slug::Mixed => return Err(of_another("several workspaces")),
            Slug::Unnamed | Slug::One(_) => {}
        }
        let mut members = rows.members;
        if members.is_empty() {
            return Err(Problem::no_members());
        }
        name_by_row(&mut members);
        Ok(MemberList::new(members, completeness))
    }

    /// The first page of its members.
    pub(crate) async fn first_members(&self) -> Result<(Page<MemberRows>, HeaderMap), ListError> {
        self.flagged(&self.url(&["members"], MEMBERS)).await
    }

    /// What the credential is in it.
    pub(crate) async fn own_permission(&self) -> Result<(Caller, HeaderMap), RequestError> {
        let session = &self.client.session;
        let url = session.url(&["user", "workspaces", self.slug, "permission"], None);
        let (OwnPermission { permission }, headers) = self.get(&url).await?;
        let caller = match permission.as_deref() {
            Some(OWNER) => Caller::Owner,
            Some(other) => Caller::Other(session.excerpt(other)),
            None => Caller::NoAnswer(None),
        };
        Ok((caller, headers))
    }

    /// What the credential is in it, or why that is not known.
    pub(crate) async fn caller(&self) -> Caller {
        match self.own_permission().await {
            Ok((caller, _)) => caller,
            Err(error) => {
                let (slug, why) = (self.slug, self.client.explain(error).what);
                let shown = escape::terminal(&why);
                log::info!(
                    "what the credential may do was not told workspace={slug:?} why={shown}"
                );
                Caller::NoAnswer(Some(why))
            }
        }
    }

    /// What came is not about this workspace, but about something with another name.
    pub(super) fn of_another(&self, what: &str, name: &str) -> Problem {
        of_another(&format!("{what} {}", self.client.session.excerpt(name)))
    }
}

fn of_another(whose: &str) -> Problem {
    Problem::new(
        format!("Bitbucket answered with people of {whose}"),
        "Check the slug in the policy, and whether a proxy or a cache answers in the place of \
         Bitbucket.",
    )
}

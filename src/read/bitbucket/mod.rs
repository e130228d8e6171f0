//! Bitbucket Cloud's API: the members of a workspace, and what else it says about them.

pub(crate) mod account;
mod addresses;
pub(crate) mod client;
pub(crate) mod credential;
pub(crate) mod outsiders;
mod owners;
mod page_url;
pub(crate) mod pages;
pub(crate) mod progress;
pub(crate) mod refusal;
pub(crate) mod wire;

pub use self::account::{Account, api_url};
pub(super) use self::addresses::look_up;
pub(crate) use self::client::{Client, session};
pub use self::credential::Credential;
pub(super) use self::outsiders::{add_outsiders, with_access};
pub(super) use self::owners::{owners, owners_if_told};
pub(super) use self::page_url::page_number;
use self::pages::Listing;
pub use self::progress::Progress;
pub(super) use self::progress::ReadingProgress;
use self::wire::OwnPermission;
use super::visibility::Caller;
use super::wire::{MemberRows, Slug, name_by_row};
use crate::escape;
use crate::failure::Problem;
use crate::reading::{Addresses, Coverage, MemberList};

/// Members with the fields that only admins are shown, less what is not needed. The `+` has to be
/// encoded, or it is a blank:
/// <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#partial-response>.
pub(crate) const MEMBERS: &str = "pagelen=100&fields=%2Bvalues.user.has_2fa_enabled,\
    %2Bvalues.user.account_status,-values.workspace,-values.links,-values.user.links";

/// The members of a workspace.
pub(super) async fn members(
    client: &Client<'_>,
    slug: &str,
    progress: &ReadingProgress<'_>,
) -> Result<MemberList, Problem> {
    let url = client.session.url(&["workspaces", slug, "members"], Some(MEMBERS));
    let listing: Listing<MemberRows> =
        pages::list(client, &url, progress).await.map_err(|error| client.explain(error))?;
    match &listing.rows.slug {
        Slug::One(other) if **other != *slug => {
            return Err(of_another(&format!("the workspace {}", client.session.excerpt(other))));
        }
        Slug::Mixed => return Err(of_another("several workspaces")),
        Slug::Unnamed | Slug::One(_) => {}
    }
    let mut members = listing.rows.members;
    if members.is_empty() {
        return Err(Problem::no_members());
    }
    name_by_row(&mut members);
    let completeness = listing.proof.completeness;
    let coverage = Coverage::usual();
    Ok(MemberList { members, completeness, addresses: Addresses::AsShown, coverage })
}

/// What came is not about the workspace that was asked about.
fn of_another(whose: &str) -> Problem {
    Problem::new(
        format!("Bitbucket answered with people of {whose}"),
        "Check the slug in the policy, and whether a proxy or a cache answers in the place of \
         Bitbucket.",
    )
}

/// What the credential is in a workspace, or why that is not known.
pub(super) async fn caller(
    client: &Client<'_>,
    slug: &str,
    progress: &ReadingProgress<'_>,
) -> (Caller, Option<String>) {
    let url = client.session.url(&["user", "workspaces", slug, "permission"], None);
    match client.get::<OwnPermission>(&url, progress).await {
        Ok(answer) => (answer.caller(|text| client.session.excerpt(text)), None),
        Err(error) => {
            let why = client.explain(error).what;
            let shown = escape::terminal(&why);
            log::info!("what the credential may do was not told workspace={slug:?} why={shown}");
            (Caller::NoAnswer, Some(why))
        }
    }
}

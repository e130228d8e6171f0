//! Who in a workspace has which e-mail address.
//!
//! `q=user.email IN (…)` is for admins of the workspace, and takes ninety addresses at most:
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-get>.
//! For others the filter may be ignored without a word, so what comes back is compared with what
//! was asked for.

use std::collections::HashSet;
use std::num::NonZeroU64;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use url::form_urlencoded::byte_serialize;

use super::client::Client;
use super::progress::ReadingProgress;
use crate::completeness::{self, Facts};
use crate::failure::Problem;
use crate::member::Member;
use crate::read::page::Page;
use crate::read::visibility::Caller;
use crate::read::wire::MemberRows;

/// Addresses that fit into one request.
const BATCH: usize = 90;

/// The members with their addresses, less what is not needed.
const FIELDS: &str = "pagelen=100&fields=%2Bvalues.user.email,\
    -values.workspace,-values.links,-values.user.links";

const HELP: &str = "Use the credential of an owner of the workspace, or set ATLASSIAN_ORG_ID and \
    ATLASSIAN_API_KEY to have the organisation's directory asked; account ids in place of e-mail \
    addresses need neither.";

/// The members of a workspace who have one of these addresses, which are in lower-case ASCII; each
/// member shows the address. The others do not have one.
///
/// # Errors
/// [`Problem`] where it cannot be told who has them.
pub(crate) async fn look_up(
    client: &Client<'_>,
    slug: &str,
    addresses: &[&str],
    progress: &ReadingProgress<'_>,
) -> Result<Vec<Member>, Problem> {
    let askable: Vec<&str> = addresses.iter().copied().filter(|it| is_askable(it)).collect();
    log::info!("looking e-mail addresses up workspace={slug:?} addresses={}", askable.len());
    let batches = askable.chunks(BATCH).map(|batch| look_up_batch(client, slug, batch, progress));
    let found: Vec<Vec<Member>> = stream::iter(batches)
        .buffered(client.session.network().connection.at_once())
        .try_collect()
        .await?;
    let found: Vec<Member> = found.into_iter().flatten().collect();
    let told: HashSet<&str> = found.iter().filter_map(|member| member.email.as_deref()).collect();
    if told.len() < askable.len() {
        // No member has the others, or their owners are not shown to this caller, who may be shown
        // itself all the same: only an admin can tell.
        match super::caller(client, slug, progress).await {
            (Caller::Owner, _) => {}
            (Caller::Other(permission), _) => {
                return Err(unknown(&format!(
                    "this credential's permission in the workspace is `{permission}`, and \
                     Bitbucket looks addresses up for an `owner` only"
                )));
            }
            (Caller::NoAnswer, why) => {
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                return Err(unknown(&format!(
                    "not all were found, and whether an admin of the workspace asked is not \
                     known{why}"
                )));
            }
        }
    }
    Ok(found)
}

/// Whether an address can be put into a query. None of an account at Atlassian is otherwise.
fn is_askable(address: &str) -> bool {
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\');
    address.contains('@') && !address.contains(strange)
}

async fn look_up_batch(
    client: &Client<'_>,
    slug: &str,
    batch: &[&str],
    progress: &ReadingProgress<'_>,
) -> Result<Vec<Member>, Problem> {
    let listed: Vec<String> = batch.iter().map(|address| format!("\"{address}\"")).collect();
    let filter = format!("user.email IN ({})", listed.join(","));
    let filter: String = byte_serialize(filter.as_bytes()).collect();
    let query = format!("q={filter}&{FIELDS}");
    let url = client.session.url(&["workspaces", slug, "members"], Some(&query));
    let page: Page<MemberRows> = client.get(&url, progress).await.map_err(|error| {
        let Problem { what: why, .. } = client.explain(error);
        unknown(&why)
    })?;
    let number = page.page.or(Some(NonZeroU64::MIN));
    let whole = completeness::complete(&[Facts { number, ..page.facts() }]);
    let members = page.values.members;
    let asked: HashSet<&str> = batch.iter().copied().collect();
    let is_asked = |member: &Member| member.email.as_deref().is_some_and(|it| asked.contains(it));
    if !members.iter().all(is_asked) {
        return Err(unknown(
            "Bitbucket answered with other addresses than were asked for, as it does for callers who are \
             no admin of the workspace",
        ));
    }
    whole.map_err(|inconsistency| {
        unknown(&format!("Bitbucket's answer is not the whole list: {inconsistency}"))
    })?;
    Ok(members)
}

fn unknown(why: &str) -> Problem {
    Problem::new(format!("e-mail addresses could not be looked up: {why}"), HELP)
}

//! Who in a workspace has which e-mail address.
//!
//! `q=user.email IN (…)` is for admins of the workspace, and takes ninety addresses at most:
//! <https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-get>.
//! For others the filter may be ignored without a word, so what comes back is compared with what
//! was asked for.

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use url::form_urlencoded::byte_serialize;

use super::page::Page;
use super::rows::MemberRows;
use super::workspace::Workspace;
use crate::completeness::{self, Facts};
use crate::failure::Problem;
use crate::member::Member;
use crate::read::visibility::{Caller, because};

/// Addresses that fit into one request.
const BATCH: usize = 90;

/// The members with their addresses, less what is not needed.
const FIELDS: &str = "pagelen=100&fields=%2Bvalues.user.email,\
    -values.workspace,-values.links,-values.user.links";

const HELP: &str = "Use the credential of an owner of the workspace, or set ATLASSIAN_ORG_ID and \
    ATLASSIAN_API_KEY to have the organisation's directory asked; account ids in place of e-mail \
    addresses need neither.";

impl Workspace<'_> {
    /// The members who have one of these addresses, which are in lower-case ASCII; each member
    /// shows the address. No member has the others.
    ///
    /// # Errors
    /// [`Problem`] where it cannot be told who has them.
    pub(crate) async fn look_up(&self, addresses: &[&str]) -> Result<Vec<Arc<Member>>, Problem> {
        let askable: Vec<&str> =
            addresses.iter().copied().filter(|address| is_askable(address)).collect();
        let (slug, count) = (self.slug, askable.len());
        log::info!("looking e-mail addresses up workspace={slug:?} addresses={count}");
        let batches = askable.chunks(BATCH).map(|batch| self.look_up_batch(batch));
        let at_once = self.client.session.network().connection.at_once();
        let found: Vec<Arc<Member>> = stream::iter(batches).buffered(at_once).try_concat().await?;
        let told: HashSet<&str> =
            found.iter().filter_map(|member| member.email.as_deref()).collect();
        if told.len() < askable.len() {
            // No member has the others, or their owners are not shown to this caller, who may be
            // shown itself all the same: only an owner can tell.
            match self.caller().await {
                Caller::Owner => {}
                Caller::Other(permission) => {
                    return Err(unknown(&format!(
                        "this credential's permission in the workspace is `{permission}`, and \
                         Bitbucket looks addresses up for an `owner` only"
                    )));
                }
                Caller::NoAnswer(why) => {
                    let why = because(why);
                    return Err(unknown(&format!(
                        "not all were found, and whether an owner of the workspace asked is not \
                         known{why}"
                    )));
                }
            }
        }
        Ok(found)
    }

    async fn look_up_batch(&self, batch: &[&str]) -> Result<Vec<Arc<Member>>, Problem> {
        let listed: Vec<String> = batch.iter().map(|address| format!("\"{address}\"")).collect();
        let filter = format!("user.email IN ({})", listed.join(","));
        let filter: String = byte_serialize(filter.as_bytes()).collect();
        let url = self.url(&["members"], &format!("q={filter}&{FIELDS}"));
        let (page, _): (Page<MemberRows>, _) =
            self.get(&url).await.map_err(|error| unknown(&self.client.explain(error).what))?;
        let number = page.page.or(Some(NonZeroU64::MIN));
        let whole = completeness::complete(&[Facts { number, ..page.facts() }]);
        let members = page.values.members;
        let is_asked = |member: &Arc<Member>| {
            member.email.as_deref().is_some_and(|address| batch.contains(&address))
        };
        if !members.iter().all(is_asked) {
            return Err(unknown(
                "Bitbucket answered with other addresses than were asked for, as it does for \
                 callers who do not own the workspace",
            ));
        }
        whole.map_err(|inconsistency| {
            unknown(&format!("Bitbucket's answer is not the whole list: {inconsistency}"))
        })?;
        Ok(members)
    }
}

/// Whether an address can be put into a query. None of an account at Atlassian is otherwise.
fn is_askable(address: &str) -> bool {
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\');
    address.contains('@') && !address.contains(strange)
}

fn unknown(why: &str) -> Problem {
    Problem::new(format!("e-mail addresses could not be looked up: {why}"), HELP)
}

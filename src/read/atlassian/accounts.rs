//! The accounts of an organisation, read from the first page to the last.

use futures_util::future::try_join;
use serde_json::{Value, json};

use super::client::Client;
use super::wire::{Page, Row};
use crate::completeness::{self, Inconsistency};
use crate::http::Need;
use crate::http::object::Object;
use crate::read::list_error::ListError;
use crate::read::paging::{self, MOST_PAGES, Trail};

/// Rows asked for on a page: the most that Atlassian gives.
const LIMIT: usize = 100;

/// Where accounts are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    /// `POST …/users/search`, the one that stays.
    Search,
    /// `GET …/users`, announced to end on 2027-06-30:
    /// <https://developer.atlassian.com/cloud/admin/organization/rest/api-group-users/>.
    Listing,
}

/// Whether only accounts with two-step verification are wanted, or only those without.
type TwoStep = Option<bool>;

/// Every account, from whichever endpoint there is.
pub(crate) async fn all_accounts(client: &Client<'_>) -> Result<Vec<Row>, ListError> {
    match accounts(client, Endpoint::Search).await {
        Err(error) if is_gone(&error) => {
            log::info!("the organisation's directory cannot be searched, so it is listed");
            accounts(client, Endpoint::Listing).await
        }
        found => found,
    }
}

/// The accounts on the first page, from whichever endpoint there is.
pub(crate) async fn first_rows(client: &Client<'_>) -> Result<Vec<Row>, ListError> {
    let first = |endpoint| page(client, endpoint, None, None);
    let page = match first(Endpoint::Search).await {
        Err(error) if is_gone(&error) => first(Endpoint::Listing).await?,
        page => page?,
    };
    Ok(page.data.into_iter().map(|Object(row)| row).collect())
}

fn is_gone(error: &ListError) -> bool {
    matches!(error.status(), Some(404 | 410))
}

/// Every account that the organisation manages.
async fn accounts(client: &Client<'_>, endpoint: Endpoint) -> Result<Vec<Row>, ListError> {
    let (rows, once_more) = (attempt(client, endpoint), attempt(client, endpoint));
    paging::read(&client.session, "directories", rows, once_more).await
}

/// Where rows do not say whether there is two-step verification, the accounts that have it are
/// asked for, and those that do not; accounts on neither list are left out.
async fn attempt(client: &Client<'_>, endpoint: Endpoint) -> Result<Vec<Row>, ListError> {
    let rows = read_list(client, endpoint, None).await?;
    if !is_silent(&rows) {
        return Ok(rows);
    }
    let with = read_list(client, endpoint, Some(true));
    let without = read_list(client, endpoint, Some(false));
    let (mut rows, without) = try_join(with, without).await?;
    rows.extend(without);
    match completeness::twice(ids(&rows), rows.len()) {
        Some(id) => Err(Inconsistency::BothWays(id.into()).into()),
        None => Ok(rows),
    }
}

/// Whether there are accounts whose two-step verification could be shown, and none is.
fn is_silent(rows: &[Row]) -> bool {
    let mut known = rows.iter().filter(|row| row.is_known()).peekable();
    known.peek().is_some() && known.all(|row| row.mfa_enabled.is_none())
}

/// Reads one list to its end, or all accounts no further than it takes to see that rows do not say
/// what matters.
async fn read_list(
    client: &Client<'_>,
    endpoint: Endpoint,
    two_step: TwoStep,
) -> Result<Vec<Row>, ListError> {
    let mut rows = Vec::new();
    let mut trail = Trail::new(None, MOST_PAGES);
    let mut cursor: Option<Box<str>> = None;
    loop {
        let page = page(client, endpoint, two_step, cursor.as_deref()).await?;
        cursor = page.next().map(Box::from);
        if page.is_bare() && page.data.len() >= LIMIT {
            return Err(Inconsistency::Bare { rows: page.data.len() as u64 }.into());
        }
        rows.extend(page.data.into_iter().map(|Object(row)| row));
        if two_step.is_none() && is_silent(&rows) {
            return Ok(rows);
        }
        if cursor.is_none() {
            break;
        }
        trail.go_on(cursor.clone())?;
    }
    completeness::distinct(ids(&rows), rows.len())?;
    if let Some(wanted) = two_step {
        for row in &mut rows {
            if row.mfa_enabled.replace(wanted).is_some_and(|said| said != wanted) {
                return Err(Inconsistency::BothWays(row.account_id.clone()).into());
            }
        }
    }
    Ok(rows)
}

fn ids(rows: &[Row]) -> impl Iterator<Item = &str> {
    rows.iter().map(|row| &*row.account_id)
}

/// One page. What is asked for is sent along with the cursor, and `claimStatus` always, since its
/// default differs between Atlassian's documents.
async fn page(
    client: &Client<'_>,
    endpoint: Endpoint,
    two_step: TwoStep,
    cursor: Option<&str>,
) -> Result<Page, ListError> {
    match endpoint {
        Endpoint::Search => {
            let mut body = json!({"limit": LIMIT, "claimStatus": "managed"});
            if let Value::Object(body) = &mut body {
                body.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor.into())));
                body.extend(two_step.map(|wanted| ("mfaEnabled".to_owned(), wanted.into())));
            }
            let url = client.url(&["users", "search"]);
            Ok(client.session.post(&url, &body, &client.requests).await?.0)
        }
        Endpoint::Listing => {
            let mut url = client.url(&["users"]);
            {
                let mut query = url.query_pairs_mut();
                query.append_pair("limit", &LIMIT.to_string());
                query.append_pair("claimStatus", "managed");
                if let Some(cursor) = cursor {
                    query.append_pair("cursor", cursor);
                }
                if let Some(wanted) = two_step {
                    query.append_pair("mfaEnabled", &wanted.to_string());
                }
            }
            Ok(client.session.get(&url, Need::Required, &client.requests).await?.0)
        }
    }
}

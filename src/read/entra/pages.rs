//! The lists of a tenant, read from the first page to the last.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use url::Url;

use super::client::Client;
use super::wire::{Page, Row};
use crate::completeness::Inconsistency;
use crate::escape;
use crate::http::object::Object;
use crate::read::list_error::ListError;
use crate::read::next::follow;

/// More pages than this are not a list of users: a million of them at least.
const MOST_PAGES: usize = 10_000;

/// Reads a list. Where it does not add up, users may have come or gone meanwhile: then it is read
/// once more from the start.
pub(super) async fn list<R: Row + DeserializeOwned>(
    client: &Client<'_>,
    first: &Url,
) -> Result<Vec<R>, ListError> {
    let found = read(client, first).await;
    let Err(ListError::Inconsistency(inconsistency)) = found else { return found };
    let why = inconsistency.to_string();
    log::info!("reading the list again path={:?} why={}", first.path(), escape::terminal(&why));
    read(client, first).await
}

async fn read<R: Row + DeserializeOwned>(
    client: &Client<'_>,
    first: &Url,
) -> Result<Vec<R>, ListError> {
    let mut visited = HashSet::from([first.clone()]);
    let mut rows: Vec<R> = Vec::new();
    let mut page: Page<R> = client.get(first).await?;
    loop {
        rows.extend(page.value.into_iter().map(|Object(row)| row));
        let Some(next) = page.next else { break };
        if next.is_empty() {
            return Err(Inconsistency::EmptyLink.into());
        }
        if visited.len() >= MOST_PAGES {
            return Err(ListError::Endless);
        }
        let url =
            follow(first, &next).ok_or_else(|| ListError::Elsewhere(client.excerpt(&next)))?;
        if !visited.insert(url.clone()) {
            return Err(ListError::Loop);
        }
        page = client.get(&url).await?;
    }
    match twice(&rows) {
        Some(id) => Err(Inconsistency::Twice(client.excerpt(id).into()).into()),
        None => Ok(rows),
    }
}

/// The first id that comes twice.
pub(super) fn twice<R: Row>(rows: &[R]) -> Option<&str> {
    let mut seen = HashSet::with_capacity(rows.len());
    rows.iter().map(Row::id).find(|id| !seen.insert(*id))
}

//! Lists that come in pages, read from the first page to the last.

use std::collections::HashSet;

use url::Url;

use super::client::Client;
use super::trouble::Trouble;
use crate::read::Walk;
use crate::read::proof::{self, Doubt, Proof};
use crate::read::wire::{Page, Rows};

/// Rows asked for on a page: the most that Bitbucket gives.
pub(super) const PAGELEN: u64 = 100;

/// More pages than this are no workspace: a million members.
const MOST_PAGES: usize = 10_000;

/// A list that is proven to be complete.
pub(super) struct Listing<R> {
    pub(super) rows: R,
    pub(super) proof: Proof,
}

/// Reads a list. Where it does not add up, somebody may have joined or left meanwhile: then it is
/// read once more from the start.
pub(super) async fn list<R: Rows>(
    client: &Client<'_>,
    first: &Url,
    walk: &mut Walk,
) -> Result<Listing<R>, Trouble> {
    match once(client, first, walk).await? {
        Ok(listing) => Ok(listing),
        Err(doubt) => {
            tracing::debug!(path = first.path(), why = doubt.why(), "reading the list again");
            once(client, first, walk).await?.map_err(Trouble::Doubt)
        }
    }
}

async fn once<R: Rows>(
    client: &Client<'_>,
    first: &Url,
    walk: &mut Walk,
) -> Result<Result<Listing<R>, Doubt>, Trouble> {
    walk.walks += 1;
    let mut rows = R::default();
    let mut pages = Vec::new();
    let mut url = first.clone();
    let mut visited = HashSet::from([first.clone()]);
    loop {
        let page: Page<R> = page(client, &url, walk).await?;
        walk.reported_size = page.size.or(walk.reported_size);
        pages.push(page.facts());
        rows.append(page.values);
        let Some(next) = page.next else { break };
        if pages.len() >= MOST_PAGES {
            return Err(Trouble::Endless);
        }
        url = follow(first, &next).ok_or_else(|| Trouble::Elsewhere(client.excerpt(&next)))?;
        if !visited.insert(url.clone()) {
            return Err(Trouble::Loop);
        }
    }
    let proven = proof::counts(&pages, PAGELEN).and_then(|proof| {
        proof::distinct(rows.ids(), 2 * rows.len())?;
        Ok(Listing { rows, proof })
    });
    Ok(proven)
}

/// One page. Whether `next` carries `fields` along is not documented; so a page without the field
/// that matters is asked for once more with every field by its name.
async fn page<R: Rows>(
    client: &Client<'_>,
    url: &Url,
    walk: &mut Walk,
) -> Result<Page<R>, Trouble> {
    let page: Page<R> = client.get(url, walk).await?;
    let Some(fields) = R::SPELLED_OUT.filter(|_| page.values.lacks_flag()) else {
        return Ok(page);
    };
    let again: Page<R> = client.get(&with_fields(url, fields), walk).await?;
    if again.values.lacks_flag() || again.values.len() != page.values.len() {
        return Ok(page);
    }
    // What the second answer leaves out about the list, the first one said.
    Ok(Page {
        values: again.values,
        size: again.size.or(page.size),
        page: again.page.or(page.page),
        pagelen: again.pagelen.or(page.pagelen),
        next: again.next.or(page.next),
        previous: again.previous.or(page.previous),
    })
}

/// The same address, with other fields.
fn with_fields(url: &Url, fields: &str) -> Url {
    let kept = url.query().unwrap_or_default().split('&');
    let kept = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("fields="));
    let query: String = kept.flat_map(|pair| [pair, "&"]).chain(["fields=", fields]).collect();
    let mut url = url.clone();
    url.set_query(Some(&query));
    url
}

/// Where `next` leads, if that is the same resource: nothing is sent anywhere else.
fn follow(first: &Url, next: &str) -> Option<Url> {
    let mut next = Url::parse(next).ok()?;
    next.set_fragment(None);
    let same = next.scheme() == first.scheme()
        && next.host() == first.host()
        && next.port_or_known_default() == first.port_or_known_default()
        && next.path() == first.path()
        && next.username().is_empty()
        && next.password().is_none();
    same.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "https://api.bitbucket.org/2.0/workspaces/acme/members?pagelen=100";

    #[test]
    fn next_stays_where_it_is() {
        let first = Url::parse(FIRST).unwrap();
        for (next, to) in [
            (
                "https://api.bitbucket.org/2.0/workspaces/acme/members?page=2",
                "https://api.bitbucket.org/2.0/workspaces/acme/members?page=2",
            ),
            (
                "HTTPS://API.bitbucket.org:443/2.0/workspaces/acme/members?page=2#x",
                "https://api.bitbucket.org/2.0/workspaces/acme/members?page=2",
            ),
        ] {
            assert_eq!(follow(&first, next).unwrap().as_str(), to);
        }
        for next in [
            "http://api.bitbucket.org/2.0/workspaces/acme/members?page=2",
            "https://evil.example/2.0/workspaces/acme/members?page=2",
            "https://api.bitbucket.org.evil.example/2.0/workspaces/acme/members",
            "https://api.bitbucket.org@evil.example/2.0/workspaces/acme/members",
            "https://x@api.bitbucket.org/2.0/workspaces/acme/members",
            "https://api.bitbucket.org:8443/2.0/workspaces/acme/members?page=2",
            "https://api.bitbucket.org/2.0/workspaces/other/members?page=2",
            "https://api.bitbucket.org/2.0/workspaces/acme/members/../../other/members",
            "//evil.example/2.0/workspaces/acme/members",
            "?page=2",
            "",
        ] {
            assert_eq!(follow(&first, next), None, "{next}");
        }
    }

    #[test]
    fn fields_are_replaced() {
        let url = |text: String| Url::parse(&text).unwrap();
        let base = "https://api.bitbucket.org/2.0/x";
        for (query, with) in [
            ("?page=2&fields=%2Ba,-b&pagelen=100", "?page=2&pagelen=100&fields=c,d"),
            ("?fields=a", "?fields=c,d"),
            ("", "?fields=c,d"),
        ] {
            let found = with_fields(&url(format!("{base}{query}")), "c,d");
            assert_eq!(found.as_str(), format!("{base}{with}"));
        }
    }
}

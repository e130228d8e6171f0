//! Lists that come in pages: each page is read once, none is read elsewhere, and a list that does
//! not add up is read once more.

use std::collections::HashSet;
use std::hash::Hash;

use url::Url;

use super::list_error::ListError;
use crate::completeness::Inconsistency;
use crate::escape;
use crate::http::Session;

/// More pages than this are not a list of people: a million of them.
pub(super) const MOST_PAGES: u64 = 10_000;

/// Reads a list. Where it does not add up, people may have come or gone meanwhile: then it is read
/// once more from the start.
pub(super) async fn read<T>(
    session: &Session<'_>,
    path: &str,
    list: impl Future<Output = Result<T, ListError>>,
    once_more: impl Future<Output = Result<T, ListError>>,
) -> Result<T, ListError> {
    let masked = |error| match error {
        ListError::Inconsistency(inconsistency) => {
            inconsistency.quoting(|text| session.excerpt(text)).into()
        }
        ListError::Request(_) | ListError::Elsewhere(_) | ListError::Loop | ListError::Endless => {
            error
        }
    };
    let found = list.await.map_err(masked);
    let Err(ListError::Inconsistency(inconsistency)) = found else { return found };
    let why = inconsistency.to_string();
    log::info!("reading the list again path={path:?} why={}", escape::terminal(&why));
    once_more.await.map_err(masked)
}

/// The pages of a list that were asked for, by whatever they are called.
pub(super) struct Trail<K> {
    visited: HashSet<K>,
    most: u64,
}

impl<K: Eq + Hash> Trail<K> {
    /// Begins with the first page of a list that may have so many.
    pub(super) fn new(first: K, most: u64) -> Self {
        Trail { visited: HashSet::from([first]), most }
    }

    /// Goes on to another page.
    pub(super) fn go_on(&mut self, next: K) -> Result<(), ListError> {
        if self.visited.len() as u64 >= self.most {
            return Err(ListError::Endless);
        }
        if self.visited.insert(next) { Ok(()) } else { Err(ListError::Loop) }
    }
}

/// The address of the page that `next` leads to.
pub(super) fn next_url(session: &Session<'_>, first: &Url, next: &str) -> Result<Url, ListError> {
    if next.is_empty() {
        return Err(Inconsistency::EmptyLink.into());
    }
    follow(first, next).ok_or_else(|| ListError::Elsewhere(session.excerpt(next)))
}

/// Where `next` leads, if that is the same resource: nothing is sent anywhere else.
pub(super) fn follow(first: &Url, next: &str) -> Option<Url> {
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
}

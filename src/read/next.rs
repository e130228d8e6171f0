//! Where the address of a next page may lead.

use url::Url;

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

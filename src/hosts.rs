//! The servers that a live run asks. A run that asks others is simulated.

/// Bitbucket Cloud's API.
pub const BITBUCKET_API: &str = "https://api.bitbucket.org/2.0";

/// The API of Atlassian organisations.
pub const ATLASSIAN_API: &str = "https://api.atlassian.com";

/// A cloud of Microsoft: where tokens come from, and Microsoft Graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MicrosoftCloud {
    pub(crate) login: &'static str,
    pub(crate) graph: &'static str,
}

/// The clouds of Microsoft, the usual one first; of each login host, the usual Graph first:
/// <https://learn.microsoft.com/graph/deployments>.
pub(crate) const MICROSOFT_CLOUDS: [MicrosoftCloud; 5] = [
    cloud("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    cloud("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    cloud("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    cloud("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    cloud("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
];

const fn cloud(login: &'static str, graph: &'static str) -> MicrosoftCloud {
    MicrosoftCloud { login, graph }
}

impl MicrosoftCloud {
    /// The cloud of a login host, if it is one of Microsoft's.
    pub(crate) fn of_login(login: &str) -> Option<Self> {
        MICROSOFT_CLOUDS.into_iter().find(|cloud| same(cloud.login, login))
    }

    /// Whether two addresses are those of one of Microsoft's clouds.
    pub(crate) fn is_one(login: &str, graph: &str) -> bool {
        MICROSOFT_CLOUDS.iter().any(|cloud| same(cloud.login, login) && same(cloud.graph, graph))
    }
}

fn same(known: &str, given: &str) -> bool {
    known == given.trim_end_matches('/')
}

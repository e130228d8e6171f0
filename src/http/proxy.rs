//! Which proxy stands between this machine and a server.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::base_url::is_loopback;

/// The variables that name the proxy of a request over https, those that count for more first.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The variables that name the proxy of other requests: none are sent, and a password is one all
/// the same.
const OTHER_PROXIES: [&str; 2] = ["HTTP_PROXY", "http_proxy"];

/// The addresses of proxies that the environment names.
pub(super) fn addresses(lookup: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    PROXIES.into_iter().chain(OTHER_PROXIES).filter_map(lookup).collect()
}

/// A proxy that a request goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedProxy {
    /// The variable that names it.
    pub(crate) by: &'static str,
    /// Its address, without any user and password.
    pub(crate) at: String,
}

/// The proxy through which a server is reached, by the rules of the HTTP client itself.
pub(crate) fn proxy_for(
    server: &Url,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Option<NamedProxy> {
    if is_loopback(server) {
        return None;
    }
    let server = server.as_str().parse().ok()?;
    let proxy = Matcher::from_system().intercept(&server)?;
    let names_it = |name: &str| {
        let alone = Matcher::builder().all(lookup(name).unwrap_or_default()).build();
        alone.intercept(&server).is_some_and(|found| found.uri() == proxy.uri())
    };
    let by = PROXIES.iter().find(|name| names_it(name)).unwrap_or(&"the system's settings");
    Some(NamedProxy { by, at: proxy.uri().to_string() })
}

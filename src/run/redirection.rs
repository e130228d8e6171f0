//! Through what others could answer in the place of the servers that a run asks.

use url::Url;

use super::Context;
use crate::http::{Connection, proxy_for};
use crate::report::Redirection;

/// Where OpenSSL, and others like it, look for the certificates to trust.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Through what others could answer in the place of these servers.
pub(crate) fn redirections(
    servers: &[Url],
    connection: &Connection,
    context: &Context<'_>,
) -> Vec<Redirection> {
    let proxies = servers.iter().filter_map(|server| proxy_for(server, context.env));
    let mut found: Vec<Redirection> =
        proxies.map(|proxy| Redirection { by: proxy.by.into(), to: Some(proxy.at) }).collect();
    found.dedup();
    // Nobody has to prove anything over plain http.
    if servers.iter().any(|server| server.scheme() == "https") {
        let ca_cert = connection.ca_cert.as_ref().map(|path| path.display().to_string());
        let variables = CERTIFICATES.map(|name| (name, (context.env)(name)));
        let named = [("--ca-cert", ca_cert)].into_iter().chain(variables);
        found.extend(named.filter_map(|(by, to)| {
            Some(Redirection { by: by.into(), to: Some(context.secrets.masked(&to?).into()) })
        }));
    }
    found
}

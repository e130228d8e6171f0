//! Addresses of servers, and which of them a credential may be sent to.

use url::{Host, Url};

use crate::failure::Failure;

/// A base address that credentials may be sent to: https, or http to this very machine, with
/// nothing but host, port and path. `subject` is what it is the address of, and `help` says how to
/// set it.
///
/// # Errors
/// [`Failure::Usage`]; its message does not repeat an address that may hold a password.
pub(crate) fn base_address(text: &str, subject: &str, help: &str) -> Result<Url, Failure> {
    let wrong = |what: &str| Failure::usage(format!("{subject} {what}"), help);
    let mut url = Url::parse(text).map_err(|error| wrong(&format!("is not a URL: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user name or a password; credentials have their own variables"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("holds a query or a fragment"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(wrong("is plain http, which would show the credential to others")),
        _ => return Err(wrong("is not https")),
    }
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
    }
    Ok(url)
}

/// Whether an address is one of this machine's own.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

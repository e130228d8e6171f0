//! One request and its answer: no longer than allowed, no larger than allowed, nowhere else.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, Proxy, Request, StatusCode, redirect};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::Connection;
use super::base_url::is_loopback;
use super::clock::Deadline;
use super::error::RequestError;
use crate::failure::Failure;
use crate::files;

/// The largest answer, decompressed: a page of a hundred members has some 70 KB.
const LARGEST: usize = 16 << 20;

const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// How a server is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Route<'a> {
    /// At a base address, through whatever proxies the environment names.
    To(&'a Url),
    /// Through one proxy alone, which may be asked over plain http. No credential goes there.
    Through(&'a Url),
}

impl Route<'_> {
    /// Whether it is plain http, which is right to this very machine and through the one proxy.
    fn is_plain(self) -> bool {
        match self {
            Route::To(base) => base.scheme() == "http",
            Route::Through(_) => true,
        }
    }
}

pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    timeout: Duration,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's value, where there is one that is text.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Transport {
    /// One for the server at the end of a route.
    pub(crate) fn new(connection: &Connection, route: Route<'_>) -> Result<Self, Failure> {
        // An error means that some other part of the process installed one: just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Transport { http: http_client(connection, route)?, timeout: connection.timeout })
    }

    /// Sends a request for the `tries`-th time, and reads its answer, whatever its status. `path`
    /// is what the log shows of its address: a query can carry a secret, such as the cursor of a
    /// listing.
    pub(crate) async fn send(
        &self,
        request: Request,
        deadline: Deadline,
        tries: u32,
        path: &str,
    ) -> Result<Answer, RequestError> {
        let started = Instant::now();
        if deadline.left().is_zero() {
            return Err(RequestError::Deadline(deadline.allowed));
        }
        let method = request.method().clone();
        let times_out = started.checked_add(self.timeout);
        let exchange = self.exchange(request);
        let result = match [times_out, deadline.ends].into_iter().flatten().min() {
            None => exchange.await,
            Some(limit) => timeout_at(limit, exchange).await.unwrap_or_else(|_| {
                Err(if deadline.ends == Some(limit) {
                    RequestError::Deadline(deadline.allowed)
                } else {
                    RequestError::TimedOut(self.timeout)
                })
            }),
        };
        let status = result.as_ref().map_or("none", |answer| answer.status.as_str());
        let duration = started.elapsed();
        log::debug!(
            "request method={method} path={path:?} status={status} duration={duration:?} tries={tries}"
        );
        result
    }

    async fn exchange(&self, request: Request) -> Result<Answer, RequestError> {
        let mut response = self.http.execute(request).await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(RequestError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// A failure below HTTP. The error says why only through its sources, and holds the URL.
fn unreachable(error: reqwest::Error) -> RequestError {
    let error = error.without_url();
    if error.is_builder() {
        return RequestError::Unsendable(error.to_string());
    }
    let mut why = error.to_string();
    let mut refused = false;
    let mut source = error.source();
    while let Some(error) = source {
        refused |= refuses_certificate(error);
        why = format!("{why}: {error}");
        source = error.source();
    }
    if refused { RequestError::Certificate(why) } else { RequestError::Unreachable(why) }
}

/// Whether an error says that a certificate is not to be trusted. TLS errors come wrapped, once or
/// more, in those of the stream, which do not name them among their sources.
fn refuses_certificate(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => refuses_certificate(wrapped),
        None => {
            let tls = error.downcast_ref::<rustls::Error>();
            matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
        }
    }
}

fn http_client(connection: &Connection, route: Route<'_>) -> Result<reqwest::Client, Failure> {
    let certificates = connection.ca_cert.as_deref().map(certificates).transpose()?;
    let extra = certificates.unwrap_or_default();
    let unusable = |error: reqwest::Error| {
        let error = error.without_url();
        match &connection.ca_cert {
            Some(path) => bad_certificates(path, &error),
            None => Failure::usage(
                format!("could not set up an HTTP client: {error}"),
                "Check the proxy variables, such as HTTPS_PROXY.",
            ),
        }
    };
    if route.is_plain() {
        // To read the system's certificates takes longer than to ask a server on this machine.
        let builder = builder(route).map_err(unusable)?;
        return builder.tls_certs_only(extra).build().map_err(unusable);
    }
    check_system_certificates()?;
    // In an image without certificates of its own the first try fails.
    let with_system = builder(route).map_err(unusable)?.tls_certs_merge(extra.clone()).build();
    with_system.or_else(|_| {
        let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok());
        let builder = builder(route).map_err(unusable)?;
        builder.tls_certs_only(bundled.chain(extra)).build().map_err(unusable)
    })
}

fn builder(route: Route<'_>) -> reqwest::Result<ClientBuilder> {
    let builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        // A redirect would take the credential, and the question, to another place.
        .redirect(redirect::Policy::none())
        .referer(false)
        .default_headers(HeaderMap::from_iter([(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        )]));
    Ok(match route {
        // By default a proxy would be asked for loopback addresses too, and would be shown a
        // credential that is not to leave the machine.
        Route::To(base) if is_loopback(base) => builder.no_proxy().https_only(!route.is_plain()),
        Route::To(_) => builder.https_only(!route.is_plain()),
        Route::Through(proxy) => builder.no_proxy().proxy(Proxy::http(proxy.clone())?),
    })
}

/// The library that reads the system's certificates would wait for a pipe, and read a device, for
/// ever. An empty one, such as `/dev/null`, is a way to have none.
fn check_system_certificates() -> Result<(), Failure> {
    let Some(path) = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from) else { return Ok(()) };
    let is_special = path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir());
    if !is_special || files::read(&path, 0).is_ok() {
        return Ok(());
    }
    Err(Failure::usage(
        format!("could not use SSL_CERT_FILE: {} is not a regular file", path.display()),
        "Set it to a PEM file, or unset it.",
    ))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let pem = files::read(path, LARGEST as u64).map_err(|error| bad_certificates(path, &error))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if certificates.is_empty() => {
            Err(bad_certificates(path, &"it holds no certificate"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(bad_certificates(path, &error)),
    }
}

fn bad_certificates(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::usage(
        format!("could not use the certificates of {}: {why}", path.display()),
        "Give --ca-cert a PEM file: blocks that start with -----BEGIN CERTIFICATE-----.",
    )
}

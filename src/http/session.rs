//! Requests to one server, each tried until it is answered, another try is useless, or there is no
//! time left.

use std::cell::Cell;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client as Http, Request, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::clock::{Deadline, Pace};
use super::error::{Refusal, RequestError};
use super::retry::{self, Retry, TRIES};
use super::secrets::Secrets;
use super::skew::{self, Clock};
use super::throttle::Throttle;
use super::transport::{Answer, Route, Transport};
use super::{Connection, Host, Said};
use crate::escape;
use crate::failure::{Failure, Problem};
use crate::http::object::Object;

/// What all requests of a run to one server share.
pub(crate) struct Session<'a> {
    host: &'a dyn Host,
    transport: Transport,
    throttle: Throttle,
    deadline: Deadline,
    pace: Pace<'a>,
    secrets: Secrets,
    clock: Clock,
}

/// The longest that a cache may have kept an answer: a run is about this moment.
const LONGEST_KEPT: Duration = Duration::from_secs(5 * 60);

/// What an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Text that messages may quote.
    Quotable,
    /// It may hold a secret that is not known yet, so that it cannot be masked.
    Secret,
}

/// How much a run needs an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Other requests may wait for it.
    Required,
    /// No other request waits for it: a server that asks to wait is not asked again.
    Optional,
}

/// What stands in place of an answer that is not quoted.
const UNQUOTED: &str = "(withheld, it may hold a token)";

impl<'a> Session<'a> {
    /// A session with the server at a base address.
    pub(crate) fn new(
        host: &'a dyn Host,
        base: &Url,
        connection: &Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Result<Self, Failure> {
        Session::by(host, Route::To(base), connection, deadline, pace)
    }

    /// A session with a server that is reached by a route.
    pub(crate) fn by(
        host: &'a dyn Host,
        route: Route<'_>,
        connection: &Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Result<Self, Failure> {
        Ok(Session {
            host,
            transport: Transport::new(connection, route)?,
            throttle: Throttle::new(connection.concurrency.into()),
            deadline,
            pace,
            secrets: connection.secrets.clone(),
            clock: connection.clock.clone(),
        })
    }

    /// What went wrong with a request, and what to do next.
    pub(crate) fn explain(&self, error: &RequestError) -> Problem {
        error.explain(self.host)
    }

    /// How long the run may take.
    pub(crate) fn allowed(&self) -> Duration {
        self.deadline.allowed
    }

    /// The server.
    pub(crate) fn host(&self) -> &dyn Host {
        self.host
    }

    /// What requests are built with.
    pub(crate) fn http(&self) -> &Http {
        &self.transport.http
    }

    /// What no message may show.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// What the answers told of this machine's clock.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends a request until it is answered well, and reads the answer. Each try is counted.
    pub(crate) async fn fetch<T: DeserializeOwned>(
        &self,
        build: impl Fn() -> RequestBuilder,
        requests: &Cell<u32>,
    ) -> Result<(T, HeaderMap), RequestError> {
        self.fetch_as(Need::Required, build, requests).await
    }

    /// As [`Session::fetch`], for a request that may be less than required.
    pub(crate) async fn fetch_as<T: DeserializeOwned>(
        &self,
        need: Need,
        build: impl Fn() -> RequestBuilder,
        requests: &Cell<u32>,
    ) -> Result<(T, HeaderMap), RequestError> {
        self.exchange(need, build, Content::Quotable, requests, object).await
    }

    /// As [`Session::fetch`], where the answer is a secret.
    pub(crate) async fn fetch_secret<T: DeserializeOwned>(
        &self,
        build: impl Fn() -> RequestBuilder,
    ) -> Result<T, RequestError> {
        let (need, requests) = (Need::Required, Cell::new(0));
        let fetched = self.exchange(need, build, Content::Secret, &requests, object).await;
        fetched.map(|(answer, _)| answer)
    }

    /// Sends a request until it is answered well, whatever the answer says.
    pub(crate) async fn tell(
        &self,
        build: impl Fn() -> RequestBuilder,
    ) -> Result<(), RequestError> {
        let (need, requests) = (Need::Required, Cell::new(0));
        let told = self.exchange(need, build, Content::Quotable, &requests, |_| Ok(())).await;
        told.map(|((), _)| ())
    }

    async fn exchange<T>(
        &self,
        need: Need,
        build: impl Fn() -> RequestBuilder,
        content: Content,
        requests: &Cell<u32>,
        read: impl Fn(&Answer) -> serde_json::Result<T>,
    ) -> Result<(T, HeaderMap), RequestError> {
        let (mut tries, mut kept) = (0, None);
        loop {
            let request = build().build().map_err(unsendable)?;
            let permit = self.throttle.pass(kept.take(), self.deadline, self.pace).await?;
            tries += 1;
            requests.set(requests.get().saturating_add(1));
            let shown = self.host.shown_path(request.url()).to_owned();
            let started = (self.pace.now)();
            let sent = self.transport.send(request, self.deadline, tries, &shown).await;
            if let Ok(answer) = &sent {
                self.clock.note(&answer.headers, started, (self.pace.now)());
            }
            let error = match sent.and_then(|answer| self.understand(answer, content, &read)) {
                Ok(understood) => return Ok(understood),
                Err(error) => error,
            };
            let wait = retry::delay(tries, error.asks(), (self.pace.jitter)());
            match retry::classify(&error) {
                Retry::Never => return Err(error),
                Retry::Slower if need == Need::Optional => return Err(error),
                Retry::Slower => {
                    kept = permit.pause(wait);
                    self.again(error, tries, wait)?;
                }
                Retry::Later => {
                    drop(permit);
                    self.again(error, tries, wait)?;
                    (self.pace.sleep)(wait).await;
                }
            }
        }
    }

    /// Whether there is another try after the wait; if not, the error that the request ends with.
    fn again(&self, error: RequestError, tries: u32, wait: Duration) -> Result<(), RequestError> {
        let last = Box::new(error);
        if tries >= TRIES {
            return Err(RequestError::Exhausted { last, tries });
        }
        if wait > self.deadline.left() {
            return Err(RequestError::OutOfTime { last, allowed: self.deadline.allowed });
        }
        let why = format!("{} {last}", self.host.name());
        let why = escape::terminal(&why);
        log::info!("trying again wait={wait:?} tries={tries} why={why}");
        Ok(())
    }

    fn understand<T>(
        &self,
        answer: Answer,
        content: Content,
        read: impl Fn(&Answer) -> serde_json::Result<T>,
    ) -> Result<(T, HeaderMap), RequestError> {
        if !answer.status.is_success() {
            return Err(RequestError::Refused(Box::new(self.refusal(&answer, content))));
        }
        if let Some(age) = skew::kept_for(&answer.headers).filter(|age| *age > LONGEST_KEPT) {
            return Err(RequestError::Stale(age));
        }
        match read(&answer) {
            Ok(understood) => Ok((understood, answer.headers)),
            Err(error) => Err(RequestError::Shape {
                status: answer.status.as_u16(),
                content_type: self.content_type(&answer),
                start: self.quote(&String::from_utf8_lossy(&answer.body), content),
                why: self.quote(&error.to_string(), content),
                cut: error.is_eof(),
            }),
        }
    }

    /// The first words of what came, masked, where it may be quoted.
    fn quote(&self, text: &str, content: Content) -> String {
        match content {
            Content::Quotable => self.secrets.excerpt(text),
            Content::Secret => UNQUOTED.into(),
        }
    }

    fn content_type(&self, answer: &Answer) -> String {
        let given = answer.header(CONTENT_TYPE);
        given.map_or_else(|| "of no type".into(), |kind| self.secrets.excerpt(kind))
    }

    /// What an answer that is not a success says. Its reason is no secret, the rest of it may be.
    fn refusal(&self, answer: &Answer, content: Content) -> Refusal {
        let Said { message, granted, required } = self.host.said(answer);
        let body = String::from_utf8_lossy(&answer.body);
        let message = match message.filter(|message| !message.trim().is_empty()) {
            Some(message) => self.secrets.excerpt(&message),
            None if body.trim().is_empty() => String::new(),
            None => self.quote(&format!("{}, {body}", self.content_type(answer)), content),
        };
        let masked = |text: Option<String>| text.map(|text| self.secrets.excerpt(&text));
        let denied = answer.header(AUTHENTICATION_DENIED).unwrap_or_default();
        Refusal {
            status: answer.status,
            message,
            granted: masked(granted),
            required: masked(required),
            asks: retry::asked(answer.status, &answer.headers, (self.pace.now)()),
            wants_captcha: denied.to_ascii_uppercase().contains("CAPTCHA"),
        }
    }
}

/// Why an account was not let in, in Atlassian's words: `CAPTCHA_CHALLENGE; login-url=…`.
const AUTHENTICATION_DENIED: &str = "x-authentication-denied-reason";

/// The header by which a request is authorised, marked as secret.
///
/// # Errors
/// [`RequestError::Unsendable`] where there is none that could be sent.
pub(crate) fn sensitive_header(request: &Request) -> Result<HeaderValue, RequestError> {
    let header = request.headers().get(AUTHORIZATION).cloned();
    let Some(mut header) = header.filter(|header| header.to_str().is_ok()) else {
        return Err(RequestError::Unsendable("the credential does not fit into a header".into()));
    };
    header.set_sensitive(true);
    Ok(header)
}

/// An answer, which has to be a JSON object, and the whole of it: other successes than 200 may be
/// only a part, or what has changed.
fn object<T: DeserializeOwned>(answer: &Answer) -> serde_json::Result<T> {
    if answer.status != StatusCode::OK {
        return Err(serde::de::Error::custom("only an answer with status 200 is sure to be whole"));
    }
    serde_json::from_slice(&answer.body).map(|Object(answer)| answer)
}

pub(crate) fn unsendable(error: reqwest::Error) -> RequestError {
    RequestError::Unsendable(error.without_url().to_string())
}

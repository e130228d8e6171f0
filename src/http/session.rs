//! Requests to one server, each tried until it is answered, another try is useless, or there is no
//! time left.

use std::cell::{Cell, OnceCell};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::error::{Refusal, RequestError};
use super::retry::{self, Retry, TRIES};
use super::secrets::Secrets;
use super::skew;
use super::throttle::Throttle;
use super::transport::{Answer, Route, Transport};
use super::{Host, Network, Said};
use crate::escape;
use crate::failure::{Failure, Problem, unparsed};
use crate::http::object::Object;

/// What all requests of a run to one server share.
pub(crate) struct Session<'a> {
    host: &'a dyn Host,
    base: Url,
    network: Network<'a>,
    transport: Transport,
    throttle: Throttle,
    /// The header that goes with every request, where one does.
    pub(super) authorization: OnceCell<HeaderValue>,
}

/// The longest that a cache may have kept an answer: a run is about this moment.
const LONGEST_KEPT: Duration = Duration::from_secs(5 * 60);

/// What an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
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
        network: Network<'a>,
    ) -> Result<Self, Failure> {
        Session::by(Route::To(base), host, base, network)
    }

    /// A session with a server that is reached by a route.
    pub(crate) fn by(
        route: Route<'_>,
        host: &'a dyn Host,
        base: &Url,
        network: Network<'a>,
    ) -> Result<Self, Failure> {
        Ok(Session {
            host,
            base: base.clone(),
            network,
            transport: Transport::new(network.connection, route)?,
            throttle: Throttle::new(network.connection.at_once()),
            authorization: OnceCell::new(),
        })
    }

    /// The address of a resource. The query is taken as it is.
    pub(crate) fn url(&self, path: &[&str], query: Option<&str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.set_query(query);
        url
    }

    /// What went wrong with a request, and what to do next.
    pub(crate) fn explain(&self, error: &RequestError) -> Problem {
        error.explain(self.host)
    }

    pub(crate) fn host(&self) -> &dyn Host {
        self.host
    }

    /// How the run reaches its servers.
    pub(crate) fn network(&self) -> Network<'a> {
        self.network
    }

    /// What no message may show.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.network.connection.secrets
    }

    /// The first words of what the server sent, masked.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        self.secrets().excerpt(text)
    }

    /// Asks for a resource until it is answered well, and reads the answer and its headers. Each
    /// try is counted.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: &Url,
        need: Need,
        requests: &Cell<u32>,
    ) -> Result<(T, HeaderMap), RequestError> {
        let build = || self.request(Method::GET, url);
        self.exchange(need, build, Content::Quotable, requests, object).await
    }

    /// As [`Session::get`], for a question that has a body. It changes nothing, so that it may be
    /// asked again.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        question: &Value,
        requests: &Cell<u32>,
    ) -> Result<(T, HeaderMap), RequestError> {
        let build = || with_json(self.request(Method::POST, url), question);
        self.exchange(Need::Required, build, Content::Quotable, requests, object).await
    }

    /// Tells the server something until it is answered well, whatever the answer says.
    pub(crate) async fn tell(
        &self,
        method: Method,
        url: &Url,
        body: Option<&Value>,
    ) -> Result<(), RequestError> {
        let build = || {
            let request = self.request(method.clone(), url);
            match body {
                Some(body) => with_json(request, body),
                None => request,
            }
        };
        // The requests of a report are those that its members were read with.
        let (uncounted, unread) = (Cell::new(0), |_: &Answer| Ok(()));
        let told = self.exchange(Need::Required, build, Content::Quotable, &uncounted, unread);
        told.await.map(|((), _)| ())
    }

    pub(super) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        let request = self.transport.http.request(method, url.clone());
        match self.authorization.get() {
            Some(header) => request.header(AUTHORIZATION, header),
            None => request,
        }
    }

    pub(super) async fn exchange<T>(
        &self,
        need: Need,
        build: impl Fn() -> RequestBuilder,
        content: Content,
        requests: &Cell<u32>,
        read: impl Fn(&Answer) -> serde_json::Result<T>,
    ) -> Result<(T, HeaderMap), RequestError> {
        let Network { connection, deadline, pace } = self.network;
        let (mut tries, mut kept) = (0, None);
        loop {
            let request = build()
                .build()
                .map_err(|error| RequestError::Unsendable(error.without_url().to_string()))?;
            let permit = self.throttle.pass(kept.take(), deadline, pace).await?;
            tries += 1;
            requests.set(requests.get().saturating_add(1));
            let shown = self.host.shown_path(request.url()).to_owned();
            let started = (pace.now)();
            let sent = self.transport.send(request, deadline, tries, &shown).await;
            if let Ok(answer) = &sent {
                // Every answer tells the server's time, a refusal too.
                connection.clock.note(&answer.headers, started, (pace.now)());
            }
            let error = match sent.and_then(|answer| self.understand(answer, content, &read)) {
                Ok(understood) => return Ok(understood),
                Err(error) => error,
            };
            let wait = retry::delay(tries, error.asks(), (pace.jitter)());
            match retry::classify(&error) {
                Retry::Never => return Err(error),
                Retry::Slower if need == Need::Optional => return Err(error),
                Retry::Slower => {
                    // The pause is for all requests, and is waited for where they pass.
                    kept = permit.pause(wait);
                    self.again(error, tries, wait)?;
                }
                Retry::Later => {
                    // What failed is this request alone: others go on while it waits.
                    drop(permit);
                    self.again(error, tries, wait)?;
                    (pace.sleep)(wait).await;
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
        let deadline = self.network.deadline;
        if wait > deadline.left() {
            return Err(RequestError::OutOfTime { last, allowed: deadline.allowed });
        }
        let why = self.explain(&last).what;
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
                why: self.quote(&unparsed(&error), content),
                cut: error.is_eof(),
            }),
        }
    }

    /// The first words of what came, masked, where it may be quoted.
    fn quote(&self, text: &str, content: Content) -> String {
        match content {
            Content::Quotable => self.excerpt(text),
            Content::Secret => UNQUOTED.into(),
        }
    }

    fn content_type(&self, answer: &Answer) -> String {
        let given = answer.header(CONTENT_TYPE);
        given.map_or_else(|| "of no type".into(), |kind| self.excerpt(kind))
    }

    /// What an answer that is not a success says. Its reason is no secret, the rest of it may be.
    fn refusal(&self, answer: &Answer, content: Content) -> Refusal {
        let Said { message, granted, required } = self.host.said(answer);
        let body = String::from_utf8_lossy(&answer.body);
        let message = match message.filter(|message| !message.trim().is_empty()) {
            Some(message) => self.excerpt(&message),
            None if body.trim().is_empty() => String::new(),
            None => self.quote(&format!("{}, {body}", self.content_type(answer)), content),
        };
        let masked = |text: Option<String>| text.map(|text| self.excerpt(&text));
        let denied = answer.header(AUTHENTICATION_DENIED).unwrap_or_default();
        Refusal {
            status: answer.status,
            message,
            granted: masked(granted),
            required: masked(required),
            asks: retry::asked(answer.status, &answer.headers, (self.network.pace.now)()),
            wants_captcha: denied.to_ascii_uppercase().contains("CAPTCHA"),
        }
    }
}

/// Why an account was not let in, in Atlassian's words: `CAPTCHA_CHALLENGE; login-url=…`.
const AUTHENTICATION_DENIED: &str = "x-authentication-denied-reason";

/// An answer, which has to be a JSON object, and the whole of it: other successes than 200 may be
/// only a part, or what has changed.
pub(super) fn object<T: DeserializeOwned>(answer: &Answer) -> serde_json::Result<T> {
    if answer.status != StatusCode::OK {
        return Err(serde::de::Error::custom("only an answer with status 200 is sure to be whole"));
    }
    serde_json::from_slice(&answer.body).map(|Object(answer)| answer)
}

fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body.to_string())
}

//! Requests, each tried until it is answered, it is no use, or there is no time left.

use std::cell::Cell;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client as Http, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::deadline::Deadline;
use super::gate::Gate;
use super::pace::Pace;
use super::retry::{self, Fate, TRIES};
use super::secrets::Secrets;
use super::transport::{Answer, Route, Transport};
use super::trouble::{Refusal, Trouble};
use super::{Connection, Host, Said};
use crate::escape;
use crate::failure::Failure;
use crate::read::Incomplete;
use crate::read::object::Object;

/// The way to one server, which all requests of a run to it share.
pub(crate) struct Link<'a> {
    host: &'a dyn Host,
    transport: Transport,
    gate: Gate,
    deadline: Deadline,
    pace: Pace<'a>,
}

impl<'a> Link<'a> {
    /// The way to the server at a base address.
    pub(crate) fn new(
        host: &'a dyn Host,
        base: &Url,
        connection: &Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Result<Self, Failure> {
        Link::by(host, Route::To(base), connection, deadline, pace)
    }

    /// The way to a server by a route.
    pub(crate) fn by(
        host: &'a dyn Host,
        route: Route<'_>,
        connection: &Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Result<Self, Failure> {
        Ok(Link {
            host,
            transport: Transport::new(connection, route)?,
            gate: Gate::new(connection.concurrency.into()),
            deadline,
            pace,
        })
    }

    /// What to say of a trouble.
    pub(crate) fn explain(&self, trouble: &Trouble) -> Incomplete {
        trouble.explain(self.host)
    }

    /// What requests are built with.
    pub(crate) fn http(&self) -> &Http {
        &self.transport.http
    }

    /// Sends a request until it is answered well, and reads the answer. Each try is counted.
    pub(crate) async fn fetch<T: DeserializeOwned>(
        &self,
        build: impl Fn() -> RequestBuilder,
        secrets: &Secrets,
        requests: &Cell<u32>,
    ) -> Result<(T, HeaderMap), Trouble> {
        self.exchange(build, secrets, requests, |body| {
            serde_json::from_slice(body).map(|Object(answer)| answer)
        })
        .await
    }

    /// Sends a request until it is answered well, whatever the answer says.
    pub(crate) async fn tell(
        &self,
        build: impl Fn() -> RequestBuilder,
        secrets: &Secrets,
    ) -> Result<(), Trouble> {
        self.exchange(build, secrets, &Cell::new(0), |_| Ok(())).await.map(|((), _)| ())
    }

    async fn exchange<T>(
        &self,
        build: impl Fn() -> RequestBuilder,
        secrets: &Secrets,
        requests: &Cell<u32>,
        read: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<(T, HeaderMap), Trouble> {
        let (mut tries, mut kept) = (0, None);
        loop {
            let request = build().build().map_err(unsendable)?;
            let lane = self.gate.pass(kept.take(), self.deadline, self.pace).await?;
            tries += 1;
            requests.set(requests.get().saturating_add(1));
            let shown = self.host.shown_path(request.url()).to_owned();
            let sent = self.transport.send(request, self.deadline, tries, &shown).await;
            let trouble = match sent.and_then(|answer| self.understand(answer, secrets, &read)) {
                Ok(understood) => return Ok(understood),
                Err(trouble) => trouble,
            };
            let wait = retry::delay(tries, trouble.asks(), (self.pace.jitter)());
            match retry::classify(&trouble) {
                Fate::Final => return Err(trouble),
                Fate::Crowded => {
                    kept = lane.close(wait);
                    self.again(trouble, tries, wait)?;
                }
                Fate::Passing => {
                    drop(lane);
                    self.again(trouble, tries, wait)?;
                    (self.pace.sleep)(wait).await;
                }
            }
        }
    }

    /// Whether there is another try after the wait; if not, the trouble is what it ends with.
    fn again(&self, trouble: Trouble, tries: u32, wait: Duration) -> Result<(), Trouble> {
        let last = Box::new(trouble);
        if tries >= TRIES {
            return Err(Trouble::Exhausted { last, tries });
        }
        if wait > self.deadline.left() {
            return Err(Trouble::OutOfTime { last, allowed: self.deadline.allowed });
        }
        let why = self.explain(&last).why;
        tracing::info!(?wait, tries, why = %escape::terminal(&why), "trying again");
        Ok(())
    }

    fn understand<T>(
        &self,
        answer: Answer,
        secrets: &Secrets,
        read: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<(T, HeaderMap), Trouble> {
        if !answer.status.is_success() {
            let asks = retry::asked(answer.status, &answer.headers, (self.pace.now)());
            return Err(Trouble::Refused(Box::new(refusal(self.host, &answer, secrets, asks))));
        }
        let whole = answer.status != StatusCode::PARTIAL_CONTENT;
        let understood = if whole { read(&answer.body) } else { Err(partial()) };
        match understood {
            Ok(understood) => Ok((understood, answer.headers)),
            Err(error) => Err(Trouble::Shape {
                status: answer.status.as_u16(),
                content_type: content_type(&answer, secrets),
                start: secrets.excerpt(&String::from_utf8_lossy(&answer.body)),
                why: secrets.excerpt(&error.to_string()),
                cut: error.is_eof(),
            }),
        }
    }
}

/// What is wrong with a part where the whole was asked for.
fn partial() -> serde_json::Error {
    serde::de::Error::custom("it is only a part of the answer")
}

pub(crate) fn unsendable(error: reqwest::Error) -> Trouble {
    Trouble::Unsendable(error.without_url().to_string())
}

fn content_type(answer: &Answer, secrets: &Secrets) -> String {
    answer.header(CONTENT_TYPE).map_or_else(|| "of no type".into(), |kind| secrets.excerpt(kind))
}

fn refusal(host: &dyn Host, answer: &Answer, secrets: &Secrets, asks: Option<Duration>) -> Refusal {
    let Said { message, granted, required } = host.said(answer);
    let message = message.unwrap_or_else(|| {
        format!("{}, {}", content_type(answer, secrets), String::from_utf8_lossy(&answer.body))
    });
    let masked = |text: Option<String>| text.map(|text| secrets.excerpt(&text));
    Refusal {
        status: answer.status,
        message: secrets.excerpt(&message),
        granted: masked(granted),
        required: masked(required),
        asks,
    }
}

//! Requests to servers: each server has its own session and credential; all share one deadline.

mod authorization;
mod base_url;
mod clock;
mod error;
pub(crate) mod object;
mod proxy;
mod retry;
mod secrets;
mod session;
mod skew;
mod throttle;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub(crate) use self::authorization::Authorization;
pub(crate) use self::base_url::base_address;
use self::clock::Deadline;
pub use self::clock::Pace;
pub(crate) use self::error::{Refusal, RequestError};
pub(crate) use self::proxy::proxy_for;
pub use self::secrets::{Secret, Secrets};
pub(crate) use self::session::{Need, Session};
pub use self::skew::Clock;
pub(crate) use self::transport::{Answer, Route};
use crate::failure::Failure;

/// How servers are reached, whichever they are.
#[derive(Clone, Debug)]
pub struct Connection {
    /// How many requests may be under way at a server at once; 0 counts as 1.
    pub concurrency: u8,
    /// The longest that one request may take, its answer included.
    pub timeout: Duration,
    /// The longest that all requests of a run may take together.
    pub deadline: Duration,
    /// A PEM file with certificates to trust as well as those of the system.
    pub ca_cert: Option<PathBuf>,
    /// What no message may show, whichever server it is about.
    pub secrets: Secrets,
    /// What the servers' answers tell of this machine's clock.
    pub clock: Clock,
}

impl Connection {
    /// How many requests may be under way at a server at once.
    pub(crate) fn at_once(&self) -> usize {
        usize::from(self.concurrency).max(1)
    }
}

/// How a run reaches its servers; the deadline is one for all of them.
#[derive(Clone, Copy)]
pub(crate) struct Network<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) deadline: Deadline,
    pub(crate) pace: Pace<'a>,
}

impl<'a> Network<'a> {
    /// A run that begins now.
    pub(crate) fn new(connection: &'a Connection, pace: Pace<'a>) -> Self {
        Network { connection, deadline: Deadline::after(connection.deadline), pace }
    }
}

/// A server, as messages speak of it.
pub(crate) trait Host {
    fn name(&self) -> &'static str;

    /// The option or variable that sets its address.
    fn set_by(&self) -> &'static str;

    /// What may be shown of the path of an address.
    fn shown_path<'u>(&self, url: &'u Url) -> &'u str {
        url.path()
    }

    /// What an answer that is not a success says, as it came: neither masked nor cut short.
    fn said(&self, answer: &Answer) -> Said {
        let message = String::from_utf8_lossy(&answer.body).into_owned();
        Said { message: Some(message), ..Said::default() }
    }

    /// What to do about such an answer, unless it is a redirect or the server's own fault.
    fn help(&self, refusal: &Refusal) -> String;
}

/// What an answer that is not a success says.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// What went wrong, in the server's words.
    pub(crate) message: Option<String>,
    /// The scopes that the credential has.
    pub(crate) granted: Option<String>,
    /// The scopes that the request needs.
    pub(crate) required: Option<String>,
}

/// Runs requests to their end, on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(
            |error| {
                Failure::incomplete(
                    format!("could not prepare to send requests: {error}"),
                    "Check the limits of the system, such as that of open files.",
                )
            },
        )?;
    let done = runtime.block_on(work);
    // A name that is still being looked up would hold the process beyond its deadline.
    runtime.shutdown_background();
    Ok(done)
}

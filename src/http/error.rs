//! What goes wrong between here and a server, and what to do about it.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use thiserror::Error;

use super::Host;
use crate::failure::Problem;

/// An answer that is not a success. Foreign text in it is masked and cut short.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// What the server says; empty where it gives no reason.
    pub(crate) message: String,
    /// The scopes that the credential has, as far as the server says.
    pub(crate) granted: Option<String>,
    /// The scopes that the request needs.
    pub(crate) required: Option<String>,
    /// How long the server asks to wait.
    pub(crate) asks: Option<Duration>,
    /// Whether the account has to solve a CAPTCHA before it is let in again.
    pub(crate) wants_captcha: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_u16();
        if self.status.is_redirection() {
            return write!(formatter, "answered {status}, a redirect, which is not followed");
        }
        match &*self.message {
            "" => write!(formatter, "answered {status} and gave no reason")?,
            message => write!(formatter, "answered {status}: {message}")?,
        }
        if let Some(wait) = self.asks.filter(|wait| !wait.is_zero()) {
            write!(formatter, " (it asks to wait for {wait:?})")?;
        }
        let scopes = [("granted", &self.granted), ("required", &self.required)];
        let scopes = scopes.into_iter().filter_map(|(name, scopes)| Some((name, scopes.as_ref()?)));
        let scopes: Vec<_> = scopes.map(|(name, scopes)| format!("{name}: {scopes}")).collect();
        if self.status == StatusCode::FORBIDDEN && !scopes.is_empty() {
            write!(formatter, " ({})", scopes.join("; "))?;
        }
        if self.wants_captcha {
            formatter.write_str("; it wants a CAPTCHA to be solved first")?;
        }
        Ok(())
    }
}

/// Why a request has no answer, or none that is of use. Each message follows the server's name.
/// Foreign text in it is masked and cut short.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    #[error("could not be reached, or stopped in the middle of its answer: {0}")]
    Unreachable(String),
    #[error("showed a certificate that is not trusted, so nothing was sent: {0}")]
    Certificate(String),
    #[error("cannot be asked: {0}")]
    Unsendable(String),
    /// One request took longer than it may.
    #[error("did not answer within {0:?}")]
    TimedOut(Duration),
    /// All requests of the run together took longer than they may.
    #[error("did not answer everything within {0:?}, the time that the run may take")]
    Deadline(Duration),
    /// An earlier answer asked all requests to wait for longer than the run may.
    #[error("limits requests: the next one has to wait for {wait:?}, {}", TooLong(*allowed))]
    Closed { wait: Duration, allowed: Duration },
    /// The wait before another try would end after the deadline.
    #[error("{last}; the next try would have to wait {}", TooLong(*allowed))]
    OutOfTime { last: Box<RequestError>, allowed: Duration },
    /// No try was answered well; the last one ended like this.
    #[error("{last} (tried {tries} times)")]
    Exhausted { last: Box<RequestError>, tries: u32 },
    #[error("sent an answer that is larger than 16 MiB")]
    TooLarge,
    /// What the server said so long ago was kept by a cache.
    #[error("did not answer: a cache answered in its place, with what it said {0:?} ago")]
    Stale(Duration),
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The answer has another form than it should.
    #[error(
        "sent something that is not what was asked for ({why}): status {status}, {content_type}, \
         it starts with \"{start}\""
    )]
    Shape {
        status: u16,
        content_type: String,
        start: String,
        /// What the JSON parser says.
        why: String,
        /// Whether it is right as far as it goes, and ends too early.
        cut: bool,
    },
}

/// Says that a wait is longer than what is left of the time that a run may take.
struct TooLong(Duration);

impl fmt::Display for TooLong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "longer than what is left of the {:?} that the run may take", self.0)
    }
}

impl RequestError {
    /// The status of an answer that is not a success, where that is what went wrong.
    pub(crate) fn status(&self) -> Option<u16> {
        if let RequestError::Refused(refusal) = self { Some(refusal.status.as_u16()) } else { None }
    }

    /// How long the server asks to wait.
    pub(crate) fn asks(&self) -> Option<Duration> {
        if let RequestError::Refused(refusal) = self { refusal.asks } else { None }
    }

    /// What went wrong when this server was asked, and what to do next.
    pub(crate) fn explain(&self, host: &dyn Host) -> Problem {
        Problem::new(format!("{} {self}", host.name()), self.help(host))
    }

    fn help(&self, host: &dyn Host) -> String {
        let (name, set_by) = (host.name(), host.set_by());
        match self {
            RequestError::Unreachable(_) => {
                format!("Check the network, the proxy variables and {set_by}.")
            }
            RequestError::Certificate(_) => {
                "If a proxy or a server of your own answers, give its certificate authority to \
                 --ca-cert. If not, do not go on: another machine answers in the server's place."
                    .into()
            }
            RequestError::Unsendable(_) => format!("Check {set_by} and the credential."),
            RequestError::TimedOut(_) => "Try again, or allow more time with --timeout.".into(),
            RequestError::Deadline(_) => "Try again, or allow more time with --deadline.".into(),
            RequestError::Closed { .. } => {
                "Try again after that time, or allow more time with --deadline.".into()
            }
            RequestError::OutOfTime { last, .. } => {
                format!("{} --deadline allows more time.", last.help(host))
            }
            RequestError::Exhausted { last, .. } => last.help(host),
            RequestError::TooLarge => {
                format!("Check {set_by}: real answers of {name} are far smaller.")
            }
            RequestError::Stale(_) => format!(
                "Configure the proxy not to keep answers of {name}. Every request forbids it \
                 (`Cache-Control: no-cache`)."
            ),
            RequestError::Refused(refusal) if refusal.wants_captcha => {
                "Log in at https://id.atlassian.com in a browser with the account of this \
                 credential, and solve the CAPTCHA. It appears after several failed logins: look \
                 for a job that still uses an old password or token of that account."
                    .into()
            }
            RequestError::Refused(refusal) if refusal.status.is_server_error() => {
                format!("The fault is at {name}: try again later.")
            }
            RequestError::Refused(refusal) if !refusal.status.is_redirection() => {
                host.help(refusal)
            }
            RequestError::Refused(_) | RequestError::Shape { .. } => format!(
                "Check {set_by}, and whether a proxy or a login page answers in place of {name}."
            ),
        }
    }
}

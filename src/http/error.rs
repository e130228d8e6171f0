//! What goes wrong between here and a server, and what to do about it.

use std::time::Duration;

use reqwest::StatusCode;

use super::Host;
use crate::completeness::Inconsistency;
use crate::failure::Problem;

/// An answer that is not a success.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Its status.
    pub(crate) status: StatusCode,
    /// What the server says; empty where it gives no reason.
    pub(crate) message: String,
    /// The scopes that the credential has, as far as the server says.
    pub(crate) granted: Option<String>,
    /// The scopes that it would take.
    pub(crate) required: Option<String>,
    /// How long it asks to be left alone.
    pub(crate) asks: Option<Duration>,
    /// Whether the account has to solve a CAPTCHA before it is let in again.
    pub(crate) wants_captcha: bool,
}

impl Refusal {
    /// What a server answered, in a sentence fragment.
    pub(crate) fn says(&self, host: &dyn Host) -> String {
        let (name, status) = (host.name(), self.status.as_u16());
        if let 300..=399 = status {
            return format!("{name} answered {status}, a redirect, which is not followed");
        }
        let asks = self.asks.map(|wait| format!(" (it asks to wait for {wait:?})"));
        let asks = asks.unwrap_or_default();
        if self.message.is_empty() {
            return format!("{name} answered {status} and gave no reason{asks}");
        }
        format!("{name} answered {status}: {}{asks}", self.message)
    }
}

/// Why there is no answer, or none that is of use. Foreign text in it is masked and cut short.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// The server could not be reached, or stopped in the middle of its answer.
    Unreachable(String),
    /// Whoever answered could not prove to be that server.
    Certificate(String),
    /// The request cannot be put into words that could be sent.
    Unsendable(String),
    /// A request took longer than allowed.
    TimedOut(Duration),
    /// All requests together took longer than allowed.
    Deadline(Duration),
    /// An earlier answer asked for more patience than the run has.
    Closed {
        /// How long it asked to wait.
        wait: Duration,
        /// How long the run may take.
        allowed: Duration,
    },
    /// The wait before another try would pass the deadline.
    OutOfTime {
        /// What ended the last try.
        last: Box<RequestError>,
        /// How long the run may take.
        allowed: Duration,
    },
    /// Every try ended in trouble.
    Exhausted {
        /// What ended the last one.
        last: Box<RequestError>,
        /// How many there were.
        tries: u32,
    },
    /// An answer was larger than any honest one.
    TooLarge,
    /// A cache answered, with what the server said so long ago.
    Stale(Duration),
    /// The answer is not a success.
    Refused(Box<Refusal>),
    /// The answer is not what was asked for.
    Shape {
        /// Its status.
        status: u16,
        /// Its content type.
        content_type: String,
        /// Its first words.
        start: String,
        /// What the JSON parser says.
        why: String,
        /// Whether it is right as far as it goes, and ends too early.
        cut: bool,
    },
    /// A page's `next` leads to another place.
    Elsewhere(String),
    /// A page's `next` leads to a page that was read before.
    Loop,
    /// There are more pages than any workspace has.
    Endless,
    /// The list was read twice, and did not add up either time.
    Inconsistency(Inconsistency),
}

impl RequestError {
    /// The status of an answer that is no success, where that is the trouble.
    pub(crate) fn status(&self) -> Option<u16> {
        if let RequestError::Refused(refusal) = self { Some(refusal.status.as_u16()) } else { None }
    }

    /// How long the server asks to be left alone.
    pub(crate) fn asks(&self) -> Option<Duration> {
        if let RequestError::Refused(refusal) = self { refusal.asks } else { None }
    }

    /// Why nothing is known, and what to do, where this came of asking such a server.
    pub(crate) fn explain(&self, host: &dyn Host) -> Problem {
        let (name, set_by) = (host.name(), host.set_by());
        match self {
            RequestError::Unreachable(why) => Problem::new(
                format!("{name} could not be reached: {why}"),
                format!("Check the network, the proxy variables and {set_by}."),
            ),
            RequestError::Certificate(why) => Problem::new(
                format!(
                    "whoever answered could not prove to be {name}, so nothing was sent: {why}"
                ),
                "Where a proxy or a server of your own answers, give the certificate that it is \
                 signed with to --ca-cert. Otherwise somebody may be listening in.",
            ),
            RequestError::Unsendable(why) => Problem::new(
                format!("the request could not be put together: {why}"),
                format!("Check {set_by} and the credential."),
            ),
            RequestError::TimedOut(timeout) => Problem::new(
                format!("{name} did not answer within {timeout:?}"),
                "Try again, or allow more time with --timeout.",
            ),
            RequestError::Deadline(deadline) => Problem::new(
                format!("the run did not end within {deadline:?}"),
                "Try again, or allow more time with --deadline.",
            ),
            RequestError::Closed { wait, allowed } => Problem::new(
                format!(
                    "{name} limits requests, which have to wait for {wait:?}, and {}",
                    too_long(*allowed)
                ),
                "Try again then, or allow more time with --deadline.",
            ),
            RequestError::OutOfTime { last, allowed } => {
                let Problem { what, help } = last.explain(host);
                let what = format!("{what}; {}", too_long(*allowed));
                Problem::new(what, format!("{help} --deadline allows more time."))
            }
            RequestError::Exhausted { last, tries } => {
                let Problem { what, help } = last.explain(host);
                Problem::new(format!("{what} (tried {tries} times)"), help)
            }
            RequestError::TooLarge => Problem::new(
                "an answer is larger than 16 MiB",
                format!("Check {set_by}: the pages of {name} are far smaller."),
            ),
            RequestError::Stale(age) => Problem::new(
                format!("a cache answered in the place of {name}, with what it said {age:?} ago"),
                format!(
                    "Have the proxy keep no answers of {name}: it was asked not to \
                     (`Cache-Control: no-cache`)."
                ),
            ),
            RequestError::Refused(refusal) if refusal.wants_captcha => Problem::new(
                format!("{}; it wants a CAPTCHA to be solved first", refusal.says(host)),
                "Log in at https://id.atlassian.com in a browser, as the account whose credential \
                 this is, and solve it. It comes after several failed logins, so look for a job \
                 that still uses an old password or token of that account.",
            ),
            RequestError::Refused(refusal) => host.refused(refusal),
            RequestError::Shape { status, content_type, start, why, cut: _ } => Problem::new(
                format!(
                    "the answer is not what was asked for ({why}): status {status}, \
                     {content_type}, it starts with \"{start}\""
                ),
                host_or_proxy(host),
            ),
            RequestError::Elsewhere(next) => Problem::new(
                format!("the next page is said to be elsewhere, where nothing was sent: {next}"),
                format!(
                    "Check {set_by}: `next` must lead to the same scheme, host, port and path."
                ),
            ),
            RequestError::Loop => Problem::new(
                "the pages go round in a circle: a `next` leads back to a page that was read",
                "Try again; if it stays so, report it to Atlassian.",
            ),
            RequestError::Endless => Problem::new(
                "there is no end to the pages",
                "Try again; if it stays so, report it to Atlassian.",
            ),
            RequestError::Inconsistency(doubt) => Problem::new(
                format!("the list was read twice and did not add up: {}", doubt.why()),
                doubt.help(),
            ),
        }
    }
}

/// What to do where something else answers than was asked.
pub(crate) fn host_or_proxy(host: &dyn Host) -> String {
    let (name, set_by) = (host.name(), host.set_by());
    format!("Check {set_by}, and whether a proxy or a login page answers in the place of {name}.")
}

fn too_long(allowed: Duration) -> String {
    format!("to wait for another try would take longer than what is left of {allowed:?}")
}

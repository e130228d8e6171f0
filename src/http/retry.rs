//! Whether a request that failed is worth another try, and after how long. Pure.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::error::RequestError;

/// How often a request is sent at most.
pub(crate) const TRIES: u32 = 6;

/// The wait before the second try, at most.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait that the server did not ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// When the limit is lifted: Bitbucket was seen to send the seconds until then, and Atlassian's
/// organisations send an instant as ISO 8601 has it.
const RATE_LIMIT_RESET: &str = "x-ratelimit-reset";

/// From how many seconds on the end of a limit is an instant, not how long it lasts.
const FIRST_INSTANT: Duration = Duration::from_secs(1_000_000_000);

/// What to do about a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Give up: another try would end the same way.
    Never,
    /// Send it again after a wait: another try may do better.
    Later,
    /// The server has too much to do: every request waits, and fewer are sent at once.
    Slower,
}

pub(crate) fn classify(error: &RequestError) -> Retry {
    match error {
        RequestError::Unreachable(_) | RequestError::TimedOut(_) => Retry::Later,
        // JSON that ends in its middle is an answer that was cut off.
        RequestError::Shape { cut: true, .. } => Retry::Later,
        RequestError::Refused(refusal) => match refusal.status.as_u16() {
            429 => Retry::Slower,
            503 if refusal.asks.is_some() => Retry::Slower,
            408 | 425 | 500 | 502 | 503 | 504 => Retry::Later,
            _ => Retry::Never,
        },
        RequestError::Shape { cut: false, .. }
        | RequestError::Certificate(_)
        | RequestError::Unsendable(_)
        | RequestError::Deadline(_)
        | RequestError::Closed { .. }
        | RequestError::OutOfTime { .. }
        | RequestError::Exhausted { .. }
        | RequestError::TooLarge
        | RequestError::Stale(_) => Retry::Never,
    }
}

/// How long a server asks to wait: `Retry-After` in seconds or as a date, and where a
/// limit was reached the time until it is lifted.
///
/// `Retry-After`: [RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3).
pub(crate) fn asked(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let after = text(RETRY_AFTER.as_str()).and_then(|after| {
        seconds(after)
            .or_else(|| httpdate::parse_http_date(after).ok().map(|date| until(date, now)))
    });
    let reset = || {
        let limited = status == StatusCode::TOO_MANY_REQUESTS;
        let reset = text(RATE_LIMIT_RESET).filter(|_| limited)?;
        match seconds(reset) {
            // No limit lasts for decades: that many seconds are counted from 1970.
            Some(since) if since >= FIRST_INSTANT => {
                Some(until(SystemTime::UNIX_EPOCH.checked_add(since)?, now))
            }
            Some(left) => Some(left),
            None => {
                let instant: Timestamp = reset.parse().ok()?;
                Some(until(instant.into(), now))
            }
        }
    };
    after.or_else(reset)
}

/// A whole number of seconds; one too large to be held is the largest.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

/// The time until a date, in whole seconds: no less than what is asked for. Nothing if it is past.
fn until(date: SystemTime, now: SystemTime) -> Duration {
    let exact = date.duration_since(now).unwrap_or_default();
    let seconds = exact.as_secs().saturating_add(u64::from(exact.subsec_nanos() > 0));
    Duration::from_secs(seconds)
}

/// How long to wait after so many tries: twice as long each time, and never less than what the
/// server asks for. Chance takes up to half of it off, so that clients that failed together do not
/// come back together.
pub(crate) fn delay(tries: u32, asked: Option<Duration>, jitter: f64) -> Duration {
    let doublings = tries.saturating_sub(1).min(16);
    let longest = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    let backoff = longest.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    backoff.max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::http::Refusal;

    fn refused(status: u16, asks: Option<u64>) -> RequestError {
        RequestError::Refused(Box::new(Refusal {
            status: StatusCode::from_u16(status).unwrap(),
            message: String::new(),
            granted: None,
            required: None,
            asks: asks.map(Duration::from_secs),
            wants_captcha: false,
        }))
    }

    fn shape(cut: bool) -> RequestError {
        let text = String::new;
        RequestError::Shape { status: 200, content_type: text(), start: text(), why: text(), cut }
    }

    #[test]
    fn what_is_tried_again() {
        for status in [408, 425, 500, 502, 503, 504] {
            assert_eq!(classify(&refused(status, None)), Retry::Later, "{status}");
        }
        assert_eq!(classify(&refused(502, Some(1))), Retry::Later);
        for later in [
            RequestError::Unreachable(String::new()),
            RequestError::TimedOut(Duration::ZERO),
            shape(true),
        ] {
            assert_eq!(classify(&later), Retry::Later, "{later:?}");
        }
        for slower in [refused(429, None), refused(429, Some(1)), refused(503, Some(1))] {
            assert_eq!(classify(&slower), Retry::Slower, "{slower:?}");
        }
        for status in [204, 301, 400, 401, 403, 404, 409, 410, 418, 501, 505] {
            assert_eq!(classify(&refused(status, Some(1))), Retry::Never, "{status}");
        }
        for never in
            [shape(false), RequestError::Certificate(String::new()), RequestError::TooLarge]
        {
            assert_eq!(classify(&never), Retry::Never, "{never:?}");
        }
    }

    fn asks(status: u16, headers: &[(&'static str, &str)]) -> Option<u64> {
        // A quarter of a second past 1994-11-06 08:49:37 UTC.
        asks_at(784_111_777_250, status, headers)
    }

    fn asks_at(millis: u64, status: u16, headers: &[(&'static str, &str)]) -> Option<u64> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                ((*name).try_into().unwrap(), HeaderValue::from_str(value).unwrap())
            })
            .collect();
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        asked(StatusCode::from_u16(status).unwrap(), &headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn what_servers_ask_for() {
        for (header, wait) in [
            ("30", Some(30)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("Sun Nov  6 08:50:07 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("+5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(asks(503, &[("retry-after", header)]), wait, "{header}");
        }
        assert_eq!(asks(429, &[("x-ratelimit-reset", "90")]), Some(90));
        assert_eq!(asks(429, &[("x-ratelimit-reset", "90"), ("retry-after", "5")]), Some(5));
        assert_eq!(asks(429, &[("x-ratelimit-reset", "90"), ("retry-after", "soon")]), Some(90));
        let instant = [("x-ratelimit-reset", "1994-11-06T08:50:07Z")];
        assert_eq!(asks(429, &instant), Some(30));
        assert_eq!(asks(429, &[("x-ratelimit-reset", "1994-11-06T08:00:00Z")]), Some(0));
        assert_eq!(asks(429, &[("x-ratelimit-reset", "1994-11-06")]), None);
        // 1994-11-06T08:49:37Z is 784111777 seconds after 1970, which may be a wait yet.
        assert_eq!(asks(429, &[("x-ratelimit-reset", "784111777")]), Some(784_111_777));
        let until = |reset| asks_at(1_795_849_947_000, 429, &[("x-ratelimit-reset", reset)]);
        assert_eq!(until("1795849977"), Some(30), "seconds since 1970");
        assert_eq!(until("1795849000"), Some(0));
        assert_eq!(until("99999999999999999999999"), None, "no day");
        assert_eq!(asks(503, &[("x-ratelimit-reset", "90")]), None, "it always says when");
        assert_eq!(asks(429, &[]), None);
    }

    #[test]
    fn waits_double_are_spread_and_capped() {
        let millis = |tries, jitter| delay(tries, None, jitter).as_millis();
        assert_eq!([1, 2, 3, 4, 5].map(|tries| millis(tries, 1.0)), [500, 1000, 2000, 4000, 8000]);
        assert_eq!([1, 2, 3].map(|tries| millis(tries, 0.0)), [250, 500, 1000]);
        assert_eq!([7, 20, u32::MAX].map(|tries| millis(tries, 1.0)), [30_000; 3]);
        assert_eq!(millis(1, 7.0), 500, "chance stays within its bounds");
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(delay(1, asked(600), 0.5), Duration::from_secs(600));
        assert_eq!(delay(3, asked(0), 1.0), Duration::from_secs(2), "0 is no reason to hammer");
        assert_eq!(delay(1, asked(u64::MAX), 1.0), Duration::from_secs(u64::MAX));
    }
}

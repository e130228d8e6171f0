//! How far this machine's clock is from those of the servers that are asked, by the `Date` of their
//! answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{AGE, DATE, HeaderMap, HeaderValue};

use super::retry;
use crate::report::ClockGap;

/// What answers tell of this machine's clock. Each copy is the same one.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Option<i64>>>);

impl Clock {
    /// Takes note of an answer, whatever its status, to a request that was sent at one time and
    /// answered by another.
    pub(super) fn note(&self, headers: &HeaderMap, sent: SystemTime, received: SystemTime) {
        let Some(seen) = ahead(headers, sent, received) else { return };
        let mut least = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if least.is_none_or(|least| seen.unsigned_abs() < least.unsigned_abs()) {
            *least = Some(seen);
        }
    }

    /// How far it is from the servers' at least: the least of what all answers tell, for a single
    /// one may be late, or wrong itself.
    pub(crate) fn gap(&self) -> Option<ClockGap> {
        let least = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        least.map(|ahead_s| ClockGap { ahead_s })
    }
}

/// How long ago the server gave an answer that came from a cache, by what the caches say.
pub(super) fn kept_for(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |age: &HeaderValue| retry::seconds(age.to_str().ok()?.trim());
    headers.get_all(AGE).iter().filter_map(seconds).max()
}

/// By how many seconds the clock is ahead at least, by one answer. Somewhere between the request
/// and the answer the server looked at its own clock, of which `Date` tells the second.
fn ahead(headers: &HeaderMap, sent: SystemTime, received: SystemTime) -> Option<i64> {
    // What a cache kept is of an earlier time.
    if headers.get(AGE).is_some_and(|age| age != "0") {
        return None;
    }
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let second_over = date.checked_add(Duration::from_secs(1))?;
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Some(match (sent.duration_since(second_over), date.duration_since(received)) {
        (Ok(ahead), _) => seconds(ahead),
        (Err(_), Ok(behind)) => -seconds(behind),
        (Err(_), Err(_)) => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06 08:49:37 UTC, in seconds.
    const DAY: u64 = 784_111_777;

    fn headers(date: &'static str) -> HeaderMap {
        [(DATE, date.parse().unwrap())].into_iter().collect()
    }

    fn at(milliseconds: i64) -> SystemTime {
        let day = SystemTime::UNIX_EPOCH + Duration::from_secs(DAY);
        let off = Duration::from_millis(milliseconds.unsigned_abs());
        if milliseconds < 0 { day - off } else { day + off }
    }

    #[test]
    fn the_time_that_a_request_takes_is_no_difference() {
        let date = headers("Sun, 06 Nov 1994 08:49:37 GMT");
        for (sent, received, difference) in [
            (0, 0, 0),
            (-400_000, 0, 0),
            (0, 400_000, 0),
            (-1, 1_000, 0),
            (1_999, 2_500, 0),
            (301_000, 302_000, 300),
            (302_000, 302_000, 301),
            (-400_000, -301_000, -301),
        ] {
            assert_eq!(ahead(&date, at(sent), at(received)), Some(difference), "{sent}");
        }
    }

    #[test]
    fn the_least_difference_counts_and_nonsense_says_nothing() {
        let clock = Clock::default();
        let nonsense = ["", "yesterday", "Sun, 06 Nov 1994 08:49:37", "\u{e4}"];
        for headers in nonsense.map(headers).into_iter().chain([HeaderMap::new()]) {
            clock.note(&headers, at(0), at(0));
        }
        let mut cached = headers("Sun, 06 Nov 1994 08:49:37 GMT");
        cached.insert(AGE, "90000".parse().unwrap());
        clock.note(&cached, at(90_000_000), at(90_000_000));
        assert_eq!(clock.gap(), None);
        let date = headers("Sun, 06 Nov 1994 08:49:37 GMT");
        for (now, least) in [(-900_000, -900), (601_000, 600), (-700_000, 600)] {
            clock.note(&date, at(now), at(now));
            assert_eq!(clock.gap(), Some(ClockGap { ahead_s: least }));
        }
    }
}

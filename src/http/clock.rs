//! Time and chance, as the requests meet them.

use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// What waiting takes, given from outside so that a test need not wait.
#[derive(Clone, Copy)]
pub struct Pace<'a> {
    /// Waits for so long.
    pub sleep: &'a dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()>>>,
    /// A number from 0 up to 1, another one each time, so that clients that failed together do
    /// not all come back together.
    pub jitter: &'a dyn Fn() -> f64,
    /// The time of day, which a server's dates are compared with.
    pub now: &'a dyn Fn() -> SystemTime,
}

impl Pace<'static> {
    /// The clock on the wall and real waits, within a tokio runtime that has time.
    pub fn real() -> Self {
        Pace {
            sleep: &|wait| Box::pin(tokio::time::sleep(wait)),
            jitter: &chance,
            now: &SystemTime::now,
        }
    }
}

/// The standard library seeds each of its hashers anew, which is chance enough to spread waits.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(());
    // 53 bits are what an f64 holds without rounding.
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// When everything has to be over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) allowed: Duration,
    /// When it is over; none where that is further off than a clock can tell.
    pub(crate) ends: Option<Instant>,
}

impl Deadline {
    /// So much time from now on.
    pub(crate) fn after(allowed: Duration) -> Self {
        Deadline { allowed, ends: Instant::now().checked_add(allowed) }
    }

    /// How much of it is left.
    pub(crate) fn left(self) -> Duration {
        self.ends.map_or(Duration::MAX, |ends| ends.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::chance;

    #[test]
    fn chance_differs_and_stays_below_one() {
        let drawn: Vec<f64> = (0..100).map(|_| chance()).collect();
        assert!(drawn.iter().all(|number| (0.0..1.0).contains(number)), "{drawn:?}");
        assert!(drawn.windows(2).any(|pair| pair[0] != pair[1]));
    }
}

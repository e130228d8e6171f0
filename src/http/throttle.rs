//! What all requests to a server pass through. A server that asks to wait gets no request from any
//! of them until then, and fewer at once afterwards.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::clock::{Deadline, Pace};
use super::error::RequestError;

/// Lets so many requests through at once, and none during a pause.
///
/// The cells are shared by requests side by side on one thread.
pub(crate) struct Throttle {
    free: Semaphore,
    /// How many permits there are, taken or not.
    permits: Cell<usize>,
    pause: Cell<Option<Pause>>,
}

/// A time in which no request is sent.
#[derive(Clone, Copy)]
struct Pause {
    /// Tells one pause from the next.
    number: u32,
    /// How long it lasts as a whole.
    wait: Duration,
    /// When it ends; none where that is further off than a clock can tell.
    ends: Option<Instant>,
}

/// The right to send one request.
pub(crate) struct Permit<'a> {
    throttle: &'a Throttle,
    /// Always there: nothing closes the semaphore.
    permit: Option<SemaphorePermit<'a>>,
}

impl Throttle {
    /// One for so many requests at once.
    pub(crate) fn new(permits: usize) -> Self {
        let permits = permits.max(1);
        Throttle {
            free: Semaphore::new(permits),
            permits: Cell::new(permits),
            pause: Cell::new(None),
        }
    }

    /// Waits for a permit, unless one was kept, and for the end of the pause.
    pub(crate) async fn pass<'a>(
        &'a self,
        kept: Option<Permit<'a>>,
        deadline: Deadline,
        pace: Pace<'_>,
    ) -> Result<Permit<'a>, RequestError> {
        let permit = match kept {
            Some(permit) => permit,
            None => Permit { throttle: self, permit: self.free.acquire().await.ok() },
        };
        // Each pause is waited for once: a sleep may return early, in a test at once.
        let mut waited_for = None;
        while let Some(pause) = self.pause.get().filter(|pause| Some(pause.number) != waited_for) {
            let left = pause.left();
            if left > deadline.left() {
                return Err(RequestError::Closed { wait: pause.wait, allowed: deadline.allowed });
            }
            if left > Duration::ZERO {
                (pace.sleep)(left).await;
            }
            waited_for = Some(pause.number);
        }
        Ok(permit)
    }
}

impl Pause {
    fn left(self) -> Duration {
        let now = Instant::now();
        self.ends.map_or(Duration::MAX, |ends| ends.saturating_duration_since(now))
    }
}

impl Permit<'_> {
    /// Lets no request through for so long, and one fewer at once from then on, so that the server
    /// is not asked as much again. The last permit stays, and stays with its request: if another
    /// request went first, it might use up what the server allows, again and again.
    pub(crate) fn pause(self, wait: Duration) -> Option<Self> {
        let ends = Instant::now().checked_add(wait);
        let before = self.throttle.pause.get();
        let later = before.is_none_or(|before| match (before.ends, ends) {
            (Some(before), Some(ends)) => ends > before,
            (Some(_), None) => true,
            (None, _) => false,
        });
        if later {
            let number = before.map_or(0, |before| before.number.wrapping_add(1));
            self.throttle.pause.set(Some(Pause { number, wait, ends }));
        }
        let permits = self.throttle.permits.get();
        if permits == 1 {
            return Some(self);
        }
        self.throttle.permits.set(permits - 1);
        if let Some(permit) = self.permit {
            permit.forget();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::pin::Pin;
    use std::time::SystemTime;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn on_runtime(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
    }

    /// Notes the waits, and does not wait.
    fn noting(waits: &RefCell<Vec<Duration>>, wait: Duration) -> Pin<Box<dyn Future<Output = ()>>> {
        waits.borrow_mut().push(wait);
        Box::pin(std::future::ready(()))
    }

    #[test]
    fn every_request_waits_once_for_each_pause() {
        let waits = RefCell::default();
        let sleep = |wait| noting(&waits, wait);
        let pace = Pace { sleep: &sleep, jitter: &|| 0.0, now: &SystemTime::now };
        let deadline = Deadline::after(2 * HOUR);
        on_runtime(async {
            let throttle = Throttle::new(3);
            throttle.pass(None, deadline, pace).await.unwrap().pause(HOUR);
            assert_eq!(waits.borrow().len(), 0, "without a pause no request waits");
            let first = throttle.pass(None, deadline, pace).await.unwrap();
            let second = throttle.pass(None, deadline, pace).await.unwrap();
            assert_eq!(waits.borrow().len(), 2);
            assert!(waits.borrow().iter().all(|&wait| wait > HOUR / 2 && wait <= HOUR));
            second.pause(Duration::from_secs(1));
            drop(first);
            throttle.pass(None, deadline, pace).await.unwrap();
            assert!(waits.borrow()[2] > HOUR / 2, "a shorter pause does not end it earlier");
        });
    }

    #[test]
    fn each_pause_takes_a_permit_and_one_stays() {
        let sleep = |_| -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(std::future::ready(())) };
        let pace = Pace { sleep: &sleep, jitter: &|| 0.0, now: &SystemTime::now };
        let deadline = Deadline::after(HOUR);
        on_runtime(async {
            let throttle = Throttle::new(3);
            let mut kept = None;
            for (permits, keeps) in [(2, false), (1, false), (1, true), (1, true)] {
                kept = throttle.pass(kept, deadline, pace).await.unwrap().pause(Duration::ZERO);
                assert_eq!((throttle.permits.get(), kept.is_some()), (permits, keeps));
            }
            assert_eq!(throttle.free.available_permits(), 0);
            drop(kept);
            assert_eq!(throttle.free.available_permits(), 1);
        });
    }

    #[test]
    fn a_pause_beyond_the_deadline_is_not_waited_for() {
        let deadline = Deadline::after(HOUR);
        on_runtime(async {
            for wait in [2 * HOUR, Duration::MAX] {
                let throttle = Throttle::new(1);
                let pace = Pace::real();
                throttle.pass(None, deadline, pace).await.unwrap().pause(wait);
                let error = throttle.pass(None, deadline, pace).await.err().unwrap();
                assert!(matches!(error, RequestError::Closed { wait: said, .. } if said == wait));
            }
        });
    }
}

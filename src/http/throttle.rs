//! What all requests pass through: a server that asked for patience is left alone by every one of
//! them, and is asked less at once from then on.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::clock::Deadline;
use super::clock::Pace;
use super::error::RequestError;

/// Lets requests through, so many at once, and none while it is closed.
pub(crate) struct Throttle {
    lanes: Semaphore,
    /// How many lanes there are, taken or not.
    width: Cell<usize>,
    closing: Cell<Option<Pause>>,
}

/// That the gate was closed.
#[derive(Clone, Copy)]
struct Pause {
    /// Tells one closing from the next.
    number: u32,
    /// For how long.
    wait: Duration,
    /// Until when; none where that is further off than a clock can tell.
    opens: Option<Instant>,
}

/// The right to send one request.
pub(crate) struct Permit<'a> {
    gate: &'a Throttle,
    /// There always is one, as nothing ever closes the semaphore.
    permit: Option<SemaphorePermit<'a>>,
}

impl Throttle {
    /// A gate for so many requests at once.
    pub(crate) fn new(width: usize) -> Self {
        let width = width.max(1);
        Throttle { lanes: Semaphore::new(width), width: Cell::new(width), closing: Cell::new(None) }
    }

    /// Waits for a lane, unless one was kept, and for the gate to open.
    pub(crate) async fn pass<'a>(
        &'a self,
        kept: Option<Permit<'a>>,
        deadline: Deadline,
        pace: Pace<'_>,
    ) -> Result<Permit<'a>, RequestError> {
        let lane = match kept {
            Some(lane) => lane,
            None => Permit { gate: self, permit: self.lanes.acquire().await.ok() },
        };
        // Each closing is waited for once: a sleep may return early, in a test at once.
        let mut waited_for = None;
        while let Some(closing) = self.closing.get().filter(|it| Some(it.number) != waited_for) {
            let left = closing.left();
            if left > deadline.left() {
                return Err(RequestError::Closed { wait: closing.wait, allowed: deadline.allowed });
            }
            if left > Duration::ZERO {
                (pace.sleep)(left).await;
            }
            waited_for = Some(closing.number);
        }
        Ok(lane)
    }
}

impl Pause {
    fn left(self) -> Duration {
        let now = Instant::now();
        self.opens.map_or(Duration::MAX, |opens| opens.saturating_duration_since(now))
    }
}

impl Permit<'_> {
    /// Lets no request through for so long, and one fewer at once from then on: a server that is
    /// asked too much is not asked as much again. The last lane stays, and stays with its request:
    /// if another went first, that one might use up what the server allows, again and again.
    pub(crate) fn close(self, wait: Duration) -> Option<Self> {
        let opens = Instant::now().checked_add(wait);
        let before = self.gate.closing.get();
        let later = before.is_none_or(|before| match (before.opens, opens) {
            (Some(before), Some(opens)) => opens > before,
            (Some(_), None) => true,
            (None, _) => false,
        });
        if later {
            let number = before.map_or(0, |before| before.number.wrapping_add(1));
            self.gate.closing.set(Some(Pause { number, wait, opens }));
        }
        let width = self.gate.width.get();
        if width == 1 {
            return Some(self);
        }
        self.gate.width.set(width - 1);
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
    fn every_request_waits_once_for_each_closing() {
        let waits = RefCell::default();
        let sleep = |wait| noting(&waits, wait);
        let pace = Pace { sleep: &sleep, jitter: &|| 0.0, now: &SystemTime::now };
        let deadline = Deadline::after(2 * HOUR);
        on_runtime(async {
            let gate = Throttle::new(3);
            gate.pass(None, deadline, pace).await.unwrap().close(HOUR);
            assert_eq!(waits.borrow().len(), 0, "an open gate stops nobody");
            let first = gate.pass(None, deadline, pace).await.unwrap();
            let second = gate.pass(None, deadline, pace).await.unwrap();
            assert_eq!(waits.borrow().len(), 2);
            assert!(waits.borrow().iter().all(|&wait| wait > HOUR / 2 && wait <= HOUR));
            second.close(Duration::from_secs(1));
            drop(first);
            gate.pass(None, deadline, pace).await.unwrap();
            assert!(waits.borrow()[2] > HOUR / 2, "a shorter wait does not open it earlier");
        });
    }

    #[test]
    fn each_closing_takes_a_lane_and_one_stays() {
        let sleep = |_| -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(std::future::ready(())) };
        let pace = Pace { sleep: &sleep, jitter: &|| 0.0, now: &SystemTime::now };
        let deadline = Deadline::after(HOUR);
        on_runtime(async {
            let gate = Throttle::new(3);
            let mut kept = None;
            for (lanes, keeps) in [(2, false), (1, false), (1, true), (1, true)] {
                kept = gate.pass(kept, deadline, pace).await.unwrap().close(Duration::ZERO);
                assert_eq!((gate.width.get(), kept.is_some()), (lanes, keeps));
            }
            assert_eq!(gate.lanes.available_permits(), 0);
            drop(kept);
            assert_eq!(gate.lanes.available_permits(), 1);
        });
    }

    #[test]
    fn a_gate_that_opens_after_the_deadline_is_not_waited_for() {
        let deadline = Deadline::after(HOUR);
        on_runtime(async {
            for wait in [2 * HOUR, Duration::MAX] {
                let gate = Throttle::new(1);
                let pace = Pace::real();
                gate.pass(None, deadline, pace).await.unwrap().close(wait);
                let trouble = gate.pass(None, deadline, pace).await.err().unwrap();
                assert!(matches!(trouble, RequestError::Closed { wait: said, .. } if said == wait));
            }
        });
    }
}

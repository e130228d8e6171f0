//! How much time a run has.

use std::time::Duration;

use tokio::time::Instant;

/// When everything has to be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    /// How long the run may take.
    pub(super) allowed: Duration,
    /// When it is over; none where that is further off than a clock can tell.
    pub(super) ends: Option<Instant>,
}

impl Deadline {
    /// So much time from now on.
    pub(super) fn after(allowed: Duration) -> Self {
        Deadline { allowed, ends: Instant::now().checked_add(allowed) }
    }

    /// How much of it is left.
    pub(super) fn left(self) -> Duration {
        self.ends.map_or(Duration::MAX, |ends| ends.saturating_duration_since(Instant::now()))
    }
}

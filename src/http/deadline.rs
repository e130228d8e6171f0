//! How much time a run has.

use std::time::Duration;

use tokio::time::Instant;

/// When everything has to be over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    /// How long the run may take.
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

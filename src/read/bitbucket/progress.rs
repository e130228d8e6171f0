//! How far reading a workspace is, and what it takes.

use std::cell::Cell;
use std::time::Instant;

use crate::http::Need;
use crate::reading::{Reading, Walk};

/// How far reading is, for the person who waits.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Some members of a workspace were read.
    Members {
        /// The workspace's slug.
        workspace: &'a str,
        /// How many so far.
        read: u64,
        /// How many there are, as far as Bitbucket says.
        of: Option<u64>,
    },
    /// A workspace was read, or could not be.
    Done(&'a Reading),
}

/// Notes what reading a workspace takes. Requests side by side write into the same one.
pub(crate) struct ReadingProgress<'a> {
    workspace: &'a str,
    watch: &'a dyn Fn(Progress<'_>),
    /// How much the answers are needed.
    pub(crate) need: Need,
    started: Instant,
    /// How many requests were sent, every try counted.
    pub(crate) requests: Cell<u32>,
    walks: Cell<u32>,
    size: Cell<Option<u64>>,
    read: Cell<u64>,
}

impl<'a> ReadingProgress<'a> {
    pub(crate) fn new(workspace: &'a str, watch: &'a dyn Fn(Progress<'_>)) -> Self {
        ReadingProgress {
            workspace,
            watch,
            need: Need::Required,
            started: Instant::now(),
            requests: Cell::new(0),
            walks: Cell::new(0),
            size: Cell::new(None),
            read: Cell::new(0),
        }
    }

    /// One for another list about the same workspace, which is not what is waited for.
    pub(crate) fn aside(&self, need: Need) -> Self {
        ReadingProgress { need, ..ReadingProgress::new(self.workspace, &|_| ()) }
    }

    /// Adds the requests of another list.
    pub(crate) fn add_requests(&self, other: &ReadingProgress<'_>) {
        self.requests.set(self.requests.get().saturating_add(other.requests.get()));
    }

    /// A list is read from its start.
    pub(crate) fn walk(&self) {
        self.walks.set(self.walks.get() + 1);
        self.read.set(0);
    }

    /// A page with so many rows was read, which states the size of the list or not.
    pub(crate) fn page(&self, rows: usize, size: Option<u64>) {
        self.size.set(size.or(self.size.get()));
        self.read.set(self.read.get().saturating_add(rows as u64));
        let (read, of) = (self.read.get(), self.size.get());
        (self.watch)(Progress::Members { workspace: self.workspace, read, of });
    }

    /// How many there are, as the server said last.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size.get()
    }

    /// What was noted.
    pub(crate) fn finish(&self) -> Walk {
        Walk {
            requests: self.requests.get(),
            walks: self.walks.get(),
            reported_size: self.size.get(),
            duration: self.started.elapsed(),
        }
    }
}

//! One workspace, asked about with one credential: how far reading it is, and what that takes.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::client::Client;
use crate::http::{Need, RequestError};
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

/// A workspace that is read. Requests side by side note what they take in the same one.
pub(crate) struct Workspace<'a> {
    pub(super) client: &'a Client<'a>,
    pub(crate) slug: &'a str,
    watch: &'a dyn Fn(Progress<'_>),
    /// How much the answers are needed.
    need: Need,
    started: Instant,
    /// How many requests were sent, every try counted, for all lists about the workspace.
    requests: Rc<Cell<u32>>,
    walks: Cell<u32>,
    size: Cell<Option<u64>>,
    read: Cell<u64>,
}

impl<'a> Workspace<'a> {
    pub(crate) fn new(
        client: &'a Client<'a>,
        slug: &'a str,
        watch: &'a dyn Fn(Progress<'_>),
    ) -> Self {
        Workspace {
            client,
            slug,
            watch,
            need: Need::Required,
            started: Instant::now(),
            requests: Rc::default(),
            walks: Cell::new(0),
            size: Cell::new(None),
            read: Cell::new(0),
        }
    }

    /// The same for another list about it, which is not what is waited for.
    pub(crate) fn aside(&self, need: Need) -> Self {
        let requests = Rc::clone(&self.requests);
        Workspace { need, requests, ..Workspace::new(self.client, self.slug, &|_| ()) }
    }

    /// The address of something that it has.
    pub(super) fn url(&self, path: &[&str], query: &str) -> Url {
        let path = [&["workspaces", self.slug], path].concat();
        self.client.session.url(&path, Some(query))
    }

    /// Asks for a resource, and keeps the headers of the answer.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        url: &Url,
    ) -> Result<(T, HeaderMap), RequestError> {
        self.client.session.get(url, self.need, &self.requests).await
    }

    /// A list is read from its start.
    pub(super) fn walk(&self) {
        self.walks.set(self.walks.get() + 1);
        self.read.set(0);
    }

    /// A page with so many rows was read, which states the size of the list or not.
    pub(super) fn page(&self, rows: usize, size: Option<u64>) {
        self.size.set(size.or(self.size.get()));
        self.read.set(self.read.get().saturating_add(rows as u64));
        let (read, of) = (self.read.get(), self.size.get());
        (self.watch)(Progress::Members { workspace: self.slug, read, of });
    }

    /// How many rows there are, as the server said last.
    pub(super) fn size(&self) -> Option<u64> {
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

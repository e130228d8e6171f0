//! The API of an Atlassian organisation, asked with its key.

use std::cell::Cell;

use url::Url;

use super::directory::Directory;
use super::organisation::Organisation;
use crate::failure::{Failure, Problem};
use crate::http::{Authorization, Network, Session};
use crate::read::list_error::ListError;
use crate::read::on_demand::Server;

pub(crate) struct Client<'a> {
    organisation: &'a Organisation,
    pub(super) session: Session<'a>,
    /// How many requests were sent, every try counted.
    pub(super) requests: Cell<u32>,
}

impl<'a> Client<'a> {
    /// Gets ready to ask; nothing is sent yet.
    pub(crate) fn new(
        organisation: &'a Organisation,
        network: Network<'a>,
    ) -> Result<Self, Failure> {
        let session = Session::new(organisation, &organisation.api_url, network)?;
        session
            .authorize(Authorization::Bearer(&organisation.key))
            .map_err(|error| Failure::Incomplete(session.explain(&error)))?;
        Ok(Client { organisation, session, requests: Cell::new(0) })
    }

    /// The address of a resource of every directory of the organisation.
    pub(super) fn url(&self, path: &[&str]) -> Url {
        let directories = ["admin", "v2", "orgs", &self.organisation.id, "directories", "-"];
        self.session.url(&[&directories, path].concat(), None)
    }

    /// What went wrong with a list, and what to do next.
    pub(crate) fn explain(&self, error: &ListError) -> Problem {
        error.explain(self.session.host())
    }
}

impl Server for Client<'_> {
    type Directory = Directory;

    async fn read(&self) -> Result<Directory, Problem> {
        Directory::read(self).await
    }

    fn requests(&self) -> u32 {
        self.requests.get()
    }

    fn rows(directory: &Directory) -> u64 {
        directory.len() as u64
    }
}

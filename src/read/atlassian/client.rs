//! The API of an Atlassian organisation, asked with its key.

use std::cell::Cell;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;
use url::Url;

use super::directory::Directory;
use super::organisation::Organisation;
use crate::failure::Failure;
use crate::failure::Problem;
use crate::http::{
    Connection, Deadline, Pace, RequestError, Session, sensitive_header, unsendable,
};
use crate::read::list_error::ListError;
use crate::read::on_demand::Server;

/// Asks an organisation.
pub(crate) struct Client<'a> {
    organisation: &'a Organisation,
    session: Session<'a>,
    authorization: HeaderValue,
    /// How many requests were sent, every try counted.
    requests: Cell<u32>,
}

impl<'a> Client<'a> {
    /// Gets ready to ask; nothing is sent yet.
    pub(crate) fn new(
        organisation: &'a Organisation,
        connection: &Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Result<Self, Failure> {
        let session =
            Session::new(organisation, &organisation.api_url, connection, deadline, pace)?;
        session.secrets().keep(&organisation.key);
        let authorization = authorize(&session, organisation).map_err(|error| {
            let Problem { what, help } = session.explain(&error);
            Failure::incomplete(what, help)
        })?;
        Ok(Client { organisation, session, authorization, requests: Cell::new(0) })
    }

    /// The address of a resource of every directory of the organisation.
    pub(crate) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.organisation.api_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let organisation = &*self.organisation.id;
            let directories = ["admin", "v2", "orgs", organisation, "directories", "-"];
            segments.pop_if_empty().extend(directories).extend(path);
        }
        url
    }

    /// Asks for a resource.
    pub(crate) async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, RequestError> {
        let build = || {
            let request = self.session.http().get(url.clone());
            request.header(AUTHORIZATION, self.authorization.clone())
        };
        Ok(self.session.fetch(build, &self.requests).await?.0)
    }

    /// Asks a question that changes nothing, so that it may be asked again.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        body: &serde_json::Value,
    ) -> Result<T, RequestError> {
        let body = body.to_string();
        let build = || {
            let request = self.session.http().post(url.clone()).body(body.clone());
            request
                .header(CONTENT_TYPE, "application/json")
                .header(AUTHORIZATION, self.authorization.clone())
        };
        Ok(self.session.fetch(build, &self.requests).await?.0)
    }

    /// The first words of what the server sent, masked.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        self.session.secrets().excerpt(text)
    }

    /// What went wrong with a request or a list, and what to do next.
    pub(crate) fn explain(&self, error: impl Into<ListError>) -> Problem {
        error.into().explain(self.session.host())
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

/// The header that goes with every request.
fn authorize(
    session: &Session<'_>,
    organisation: &Organisation,
) -> Result<HeaderValue, RequestError> {
    let unsent = session.http().get(organisation.api_url.clone());
    sensitive_header(&unsent.bearer_auth(organisation.key.expose()).build().map_err(unsendable)?)
}

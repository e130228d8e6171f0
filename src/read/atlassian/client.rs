//! The API of an Atlassian organisation, asked with its key.

use std::cell::Cell;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;
use url::Url;

use super::organisation::Organisation;
use crate::failure::Failure;
use crate::http::{Connection, Deadline, Link, Pace, Trouble, sensitive_header, unsendable};
use crate::reading::Incomplete;

/// Asks an organisation.
pub(in crate::read) struct Client<'a> {
    organisation: &'a Organisation,
    link: Link<'a>,
    authorization: HeaderValue,
    /// How many requests were sent, every try counted.
    requests: Cell<u32>,
}

impl<'a> Client<'a> {
    /// Gets ready to ask; nothing is sent yet.
    pub(in crate::read) fn new(
        organisation: &'a Organisation,
        connection: &Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Result<Self, Failure> {
        let link = Link::new(organisation, &organisation.api_url, connection, deadline, pace)?;
        link.secrets().keep(&organisation.key);
        let authorization = authorize(&link, organisation).map_err(|trouble| {
            let Incomplete { why, help } = link.explain(&trouble);
            Failure::incomplete(why, help)
        })?;
        Ok(Client { organisation, link, authorization, requests: Cell::new(0) })
    }

    /// The address of a resource of every directory of the organisation.
    pub(super) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.organisation.api_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let organisation = &*self.organisation.id;
            let directories = ["admin", "v2", "orgs", organisation, "directories", "-"];
            segments.pop_if_empty().extend(directories).extend(path);
        }
        url
    }

    /// Asks for a resource.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Trouble> {
        let build = || {
            let request = self.link.http().get(url.clone());
            request.header(AUTHORIZATION, self.authorization.clone())
        };
        Ok(self.link.fetch(build, &self.requests).await?.0)
    }

    /// Asks a question that changes nothing, so that it may be asked again.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        body: &serde_json::Value,
    ) -> Result<T, Trouble> {
        let body = body.to_string();
        let build = || {
            let request = self.link.http().post(url.clone()).body(body.clone());
            request
                .header(CONTENT_TYPE, "application/json")
                .header(AUTHORIZATION, self.authorization.clone())
        };
        Ok(self.link.fetch(build, &self.requests).await?.0)
    }

    /// How many requests were sent so far, every try counted.
    pub(in crate::read) fn requests(&self) -> u32 {
        self.requests.get()
    }

    /// The first words of what the server sent, masked.
    pub(super) fn excerpt(&self, text: &str) -> String {
        self.link.secrets().excerpt(text)
    }

    /// What to say of a trouble.
    pub(super) fn explain(&self, trouble: &Trouble) -> Incomplete {
        self.link.explain(trouble)
    }
}

/// The header that goes with every request.
fn authorize(link: &Link<'_>, organisation: &Organisation) -> Result<HeaderValue, Trouble> {
    let unsent = link.http().get(organisation.api_url.clone());
    sensitive_header(&unsent.bearer_auth(organisation.key.expose()).build().map_err(unsendable)?)
}

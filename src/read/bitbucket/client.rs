//! Bitbucket's API, asked with one credential.

use std::cell::Cell;

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use url::Url;

use super::connect::token_url;
use super::credential::{Credential, Secret};
use super::journal::Journal;
use super::link::{Link, unsendable};
use super::refusal::renew;
use super::secrets::Secrets;
use super::trouble::Trouble;
use super::wire::TokenGrant;
use crate::read::Incomplete;

/// Asks Bitbucket.
pub(super) struct Client<'a> {
    link: Link<'a>,
    authorization: HeaderValue,
    secrets: Secrets,
}

impl<'a> Client<'a> {
    /// Gets ready to ask, which for an OAuth consumer takes a request for a token.
    pub(super) async fn new(link: Link<'a>) -> Result<Self, Incomplete> {
        let mut secrets = Secrets::default();
        let authorization = authorize(&link, &mut secrets)
            .await
            .map_err(|trouble| ungranted(&trouble, &link.connect.credential))?;
        Ok(Client { link, authorization, secrets })
    }

    /// The address of a resource. The query is taken as it is.
    pub(super) fn url(&self, path: &[&str], query: Option<&str>) -> Url {
        let mut url = self.link.connect.api_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.set_query(query);
        url
    }

    /// Asks for a resource.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        url: &Url,
        journal: &Journal<'_>,
    ) -> Result<T, Trouble> {
        self.get_with_headers(url, journal).await.map(|(answer, _)| answer)
    }

    /// Asks for a resource, and keeps the headers of the answer.
    pub(super) async fn get_with_headers<T: DeserializeOwned>(
        &self,
        url: &Url,
        journal: &Journal<'_>,
    ) -> Result<(T, HeaderMap), Trouble> {
        let build = || {
            let request = self.link.http().get(url.clone());
            request.header(AUTHORIZATION, self.authorization.clone())
        };
        self.link.fetch(build, &self.secrets, &journal.requests).await
    }

    /// How many requests may be under way at once.
    pub(super) fn concurrency(&self) -> usize {
        usize::from(self.link.connect.concurrency).max(1)
    }

    /// The first words of what the server sent, masked.
    pub(super) fn excerpt(&self, text: &str) -> String {
        self.secrets.excerpt(text)
    }

    /// What to say of a trouble.
    pub(super) fn explain(&self, trouble: &Trouble) -> Incomplete {
        trouble.explain(&self.link.connect.credential)
    }
}

/// Why there is no token to ask with, which has nothing to do with any workspace.
fn ungranted(trouble: &Trouble, credential: &Credential) -> Incomplete {
    let incomplete = trouble.explain(credential);
    let why = format!("the OAuth consumer was granted no token: {}", incomplete.why);
    match trouble.status() {
        Some(400 | 401 | 403) => Incomplete::new(why, renew(credential)),
        Some(_) | None => Incomplete { why, ..incomplete },
    }
}

/// The header that goes with every request.
async fn authorize(link: &Link<'_>, secrets: &mut Secrets) -> Result<HeaderValue, Trouble> {
    let unsent = || link.http().get(link.connect.api_url.clone());
    let authorized = match &link.connect.credential {
        Credential::ApiToken { email, token } => {
            secrets.keep(token.clone());
            unsent().basic_auth(email, Some(token.expose()))
        }
        Credential::AccessToken(token) => unsent().bearer_auth(token.expose()),
        Credential::Oauth { client_id, client_secret } => {
            secrets.keep(client_secret.clone());
            unsent().bearer_auth(granted(link, client_id, client_secret, secrets).await?)
        }
    };
    let request = authorized.build().map_err(unsendable)?;
    secrets
        .keep_header(&request)
        .ok_or_else(|| Trouble::Unsendable("the credential does not fit into a header".into()))
}

/// A token for the run, which an OAuth consumer is granted for its id and secret:
/// <https://developer.atlassian.com/cloud/bitbucket/oauth-2/#4--client-credentials-grant--4-4->.
async fn granted(
    link: &Link<'_>,
    client_id: &str,
    client_secret: &Secret,
    secrets: &mut Secrets,
) -> Result<String, Trouble> {
    let build = || -> RequestBuilder {
        link.http()
            .post(token_url(&link.connect.api_url))
            .basic_auth(client_id, Some(client_secret.expose()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
    };
    secrets.keep_header(&build().build().map_err(unsendable)?);
    // It is no request about any workspace.
    let requests = Cell::new(0);
    let (grant, _): (TokenGrant, _) = link.fetch(build, &secrets.withholding(), &requests).await?;
    if grant.access_token.is_empty() {
        return Err(Trouble::Unsendable("the token that was granted is empty".into()));
    }
    tracing::info!("the OAuth consumer was granted a token");
    Ok(grant.access_token)
}

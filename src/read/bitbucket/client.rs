//! Bitbucket's API, asked with one credential.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use url::Url;

use super::account::{Account, token_url};
use super::credential::Credential;
use super::progress::ReadingProgress;
use super::refusal::renew;
use super::wire::TokenGrant;
use crate::failure::Failure;
use crate::failure::Problem;
use crate::http::{
    Clock, Connection, Deadline, Pace, RequestError, Secret, Session, sensitive_header, unsendable,
};
use crate::read::list_error::ListError;

/// Asks Bitbucket.
pub(crate) struct Client<'a> {
    account: &'a Account,
    session: Session<'a>,
    /// How many requests may be under way at once.
    pub(crate) concurrency: usize,
    authorization: HeaderValue,
}

/// The way to Bitbucket, where nothing was asked yet.
pub(crate) fn session<'a>(
    account: &'a Account,
    connection: &Connection,
    deadline: Deadline,
    pace: Pace<'a>,
) -> Result<Session<'a>, Failure> {
    Session::new(&account.credential, &account.api_url, connection, deadline, pace)
}

impl<'a> Client<'a> {
    /// Gets ready to ask, which for an OAuth consumer takes a request for a token.
    pub(crate) async fn new(
        account: &'a Account,
        session: Session<'a>,
        connection: &Connection,
    ) -> Result<Self, Problem> {
        let authorization = authorize(&session, account)
            .await
            .map_err(|error| ungranted(&session, &error, &account.credential))?;
        let concurrency = usize::from(connection.concurrency).max(1);
        Ok(Client { account, session, concurrency, authorization })
    }

    /// The address of a resource. The query is taken as it is.
    pub(crate) fn url(&self, path: &[&str], query: Option<&str>) -> Url {
        let mut url = self.account.api_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.set_query(query);
        url
    }

    /// Asks for a resource.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: &Url,
        progress: &ReadingProgress<'_>,
    ) -> Result<T, RequestError> {
        self.get_with_headers(url, progress).await.map(|(answer, _)| answer)
    }

    /// Asks for a resource, and keeps the headers of the answer.
    pub(crate) async fn get_with_headers<T: DeserializeOwned>(
        &self,
        url: &Url,
        progress: &ReadingProgress<'_>,
    ) -> Result<(T, HeaderMap), RequestError> {
        let build = || {
            let request = self.session.http().get(url.clone());
            request.header(AUTHORIZATION, self.authorization.clone())
        };
        self.session.fetch_as(progress.need, build, &progress.requests).await
    }

    /// Tells something; the answer does not matter, only that it is a success.
    pub(crate) async fn tell(
        &self,
        method: Method,
        url: &Url,
        with_body: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<(), RequestError> {
        let build = || {
            let request = self.session.http().request(method.clone(), url.clone());
            with_body(request.header(AUTHORIZATION, self.authorization.clone()))
        };
        self.session.tell(build).await
    }

    /// How long the run may take.
    pub(crate) fn allowed(&self) -> Duration {
        self.session.allowed()
    }

    /// The first words of what the server sent, masked.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        self.session.secrets().excerpt(text)
    }

    /// What it asks with.
    pub(crate) fn credential(&self) -> &Credential {
        &self.account.credential
    }

    /// What the answers told of this machine's clock.
    pub(crate) fn clock(&self) -> &Clock {
        self.session.clock()
    }

    /// What went wrong with a request or a list, and what to do next.
    pub(crate) fn explain(&self, error: impl Into<ListError>) -> Problem {
        error.into().explain(self.session.host())
    }
}

/// Why there is no token to ask with, which has nothing to do with any workspace.
fn ungranted(session: &Session<'_>, error: &RequestError, credential: &Credential) -> Problem {
    let problem = session.explain(error);
    let why = format!("the OAuth consumer was granted no token: {}", problem.what);
    match error.status() {
        Some(400 | 401 | 403) => Problem::new(why, renew(credential)),
        Some(_) | None => Problem { what: why, ..problem },
    }
}

/// The header that goes with every request.
async fn authorize(session: &Session<'_>, account: &Account) -> Result<HeaderValue, RequestError> {
    let unsent = || session.http().get(account.api_url.clone());
    session.secrets().keep(account.credential.secret());
    let authorized = match &account.credential {
        Credential::ApiToken { email, token } => unsent().basic_auth(email, Some(token.expose())),
        Credential::AccessToken(token) => unsent().bearer_auth(token.expose()),
        Credential::Oauth { client_id, client_secret } => {
            let url = token_url(&account.api_url);
            let token = granted(session, &url, client_id, client_secret).await?;
            unsent().bearer_auth(token.expose())
        }
    };
    sensitive_header(&authorized.build().map_err(unsendable)?)
}

/// A token for the run, which an OAuth consumer is granted for its id and secret:
/// <https://developer.atlassian.com/cloud/bitbucket/oauth-2/#4--client-credentials-grant--4-4->.
async fn granted(
    session: &Session<'_>,
    url: &Url,
    client_id: &str,
    client_secret: &Secret,
) -> Result<Secret, RequestError> {
    let build = || -> RequestBuilder {
        session
            .http()
            .post(url.clone())
            .basic_auth(client_id, Some(client_secret.expose()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
    };
    // It is no request about any workspace.
    let grant: TokenGrant = session.fetch_secret(build).await?;
    if grant.access_token.is_empty() {
        return Err(RequestError::Unsendable("the token that was granted is empty".into()));
    }
    log::info!("the OAuth consumer was granted a token");
    let token = Secret::new(grant.access_token);
    session.secrets().keep(&token);
    Ok(token)
}

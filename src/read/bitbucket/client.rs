//! Bitbucket's API, asked with one credential.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Request, RequestBuilder};
use serde::de::DeserializeOwned;
use url::Url;

use super::connect::{Connect, token_url};
use super::credential::{Credential, Secret};
use super::transport::{Answer, Transport};
use super::trouble::{Refusal, Trouble};
use super::wire::TokenGrant;
use crate::read::excerpt::excerpt;
use crate::read::wire::ErrorBody;
use crate::read::{Incomplete, Walk};

/// Asks Bitbucket.
pub(super) struct Client<'a> {
    connect: &'a Connect,
    transport: Transport,
    authorization: HeaderValue,
    secrets: Secrets,
}

/// What must not show in any message, even where a server sends it back.
#[derive(Default)]
struct Secrets(Vec<Secret>);

impl Secrets {
    /// The first words of foreign text. It is masked as a whole before it is cut, lest the cut
    /// leave part of a secret.
    fn excerpt(&self, text: &str) -> String {
        let masked = self
            .0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"));
        excerpt(&masked)
    }

    /// The header of a request that was authorised, which is as secret as what it is made of.
    fn keep_header(&mut self, request: &Request) -> Option<HeaderValue> {
        let header = request.headers().get(AUTHORIZATION)?.clone();
        let encoded = header.to_str().ok()?.split_once(' ')?.1.to_owned();
        self.0.push(Secret::new(encoded));
        Some(header)
    }
}

impl<'a> Client<'a> {
    /// Gets ready to ask, which for an OAuth consumer takes a request for a token.
    pub(super) async fn new(
        connect: &'a Connect,
        transport: Transport,
    ) -> Result<Self, Incomplete> {
        let mut secrets = Secrets::default();
        let authorization = authorize(connect, &transport, &mut secrets)
            .await
            .map_err(|trouble| trouble.explain(&connect.credential))?;
        Ok(Client { connect, transport, authorization, secrets })
    }

    /// The address of a resource. The query is taken as it is.
    pub(super) fn url(&self, path: &[&str], query: Option<&str>) -> Url {
        let mut url = self.connect.api_url.clone();
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
        walk: &mut Walk,
    ) -> Result<T, Trouble> {
        walk.requests += 1;
        let request = self.transport.http.get(url.clone());
        let request = request.header(AUTHORIZATION, self.authorization.clone());
        answered(&self.transport, &self.secrets, request).await
    }

    /// What to say of a `next` that leads elsewhere.
    pub(super) fn excerpt(&self, text: &str) -> String {
        self.secrets.excerpt(text)
    }

    /// What to say of a trouble.
    pub(super) fn explain(&self, trouble: &Trouble) -> Incomplete {
        trouble.explain(&self.connect.credential)
    }
}

async fn authorize(
    connect: &Connect,
    transport: &Transport,
    secrets: &mut Secrets,
) -> Result<HeaderValue, Trouble> {
    let unsent = || transport.http.get(connect.api_url.clone());
    let authorized = match &connect.credential {
        Credential::ApiToken { email, token } => {
            secrets.0.push(token.clone());
            unsent().basic_auth(email, Some(token.expose()))
        }
        Credential::AccessToken(token) => unsent().bearer_auth(token.expose()),
        Credential::Oauth { client_id, client_secret } => {
            secrets.0.push(client_secret.clone());
            let request = transport
                .http
                .post(token_url(&connect.api_url))
                .basic_auth(client_id, Some(client_secret.expose()))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials");
            if let Some(Ok(request)) = request.try_clone().map(RequestBuilder::build) {
                secrets.keep_header(&request);
            }
            let grant: TokenGrant = answered(transport, secrets, request).await?;
            unsent().bearer_auth(grant.access_token)
        }
    };
    let request = authorized.build().map_err(unsendable)?;
    secrets
        .keep_header(&request)
        .ok_or_else(|| Trouble::Unreachable("the credential cannot be sent in a header".into()))
}

async fn answered<T: DeserializeOwned>(
    transport: &Transport,
    secrets: &Secrets,
    request: RequestBuilder,
) -> Result<T, Trouble> {
    let request = request.build().map_err(unsendable)?;
    let answer = transport.send(request).await?;
    if !answer.status.is_success() {
        return Err(Trouble::Refused(Box::new(refusal(&answer, secrets))));
    }
    serde_json::from_slice(&answer.body).map_err(|error| Trouble::Shape {
        status: answer.status.as_u16(),
        content_type: content_type(&answer, secrets),
        start: secrets.excerpt(&String::from_utf8_lossy(&answer.body)),
        why: secrets.excerpt(&error.to_string()),
    })
}

fn unsendable(error: reqwest::Error) -> Trouble {
    Trouble::Unreachable(error.without_url().to_string())
}

fn content_type(answer: &Answer, secrets: &Secrets) -> String {
    answer.header(CONTENT_TYPE).map_or_else(|| "of no type".into(), |kind| secrets.excerpt(kind))
}

fn refusal(answer: &Answer, secrets: &Secrets) -> Refusal {
    let error = serde_json::from_slice::<ErrorBody>(&answer.body).ok().map(|body| body.error);
    let detail = error.as_ref().and_then(|error| error.detail.as_ref());
    let scopes = |key: &str, header: &str| {
        let listed = detail.and_then(|detail| detail.get(key)?.as_array()).map(|scopes| {
            scopes.iter().filter_map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
        });
        let scopes = listed.or_else(|| answer.header(header).map(str::to_owned));
        scopes.map(|scopes| secrets.excerpt(&scopes))
    };
    let message = error.as_ref().and_then(|error| error.message.clone()).unwrap_or_else(|| {
        format!("{}, {}", content_type(answer, secrets), String::from_utf8_lossy(&answer.body))
    });
    Refusal {
        status: answer.status,
        message: secrets.excerpt(&message),
        granted: scopes("granted", "x-oauth-scopes"),
        required: scopes("required", "x-accepted-oauth-scopes"),
        retry_after: answer.header(RETRY_AFTER).map(|after| secrets.excerpt(after)),
    }
}

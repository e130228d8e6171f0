//! How requests are authorised: by a header, for which a token may have to be granted first.

use std::cell::Cell;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use url::Url;

use super::error::RequestError;
use super::secrets::Secret;
use super::session::{Content, Need, Session, object};

/// What authorises a request.
#[derive(Clone, Copy)]
pub(crate) enum Authorization<'s> {
    /// A name and a password.
    Basic(&'s str, &'s Secret),
    /// A token.
    Bearer(&'s Secret),
}

impl Authorization<'_> {
    fn secret(&self) -> &Secret {
        let (Authorization::Basic(_, secret) | Authorization::Bearer(secret)) = self;
        secret
    }

    /// The header, marked so that nothing logs it.
    fn header(&self) -> Result<HeaderValue, RequestError> {
        let text = match self {
            Authorization::Basic(user, password) => {
                let pair = format!("{user}:{}", password.expose());
                format!("Basic {}", BASE64_STANDARD.encode(pair))
            }
            Authorization::Bearer(token) => format!("Bearer {}", token.expose()),
        };
        let mut header = HeaderValue::from_str(&text).map_err(|_| {
            RequestError::Unsendable("the credential does not fit into a header".into())
        })?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The answer to a request for a token:
/// [RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1).
#[derive(Deserialize)]
struct TokenGrant {
    access_token: String,
}

impl Session<'_> {
    /// Authorises every request from now on.
    ///
    /// # Errors
    /// [`RequestError::Unsendable`] where the credential cannot be sent.
    pub(crate) fn authorize(&self, by: Authorization<'_>) -> Result<(), RequestError> {
        self.secrets().keep(by.secret());
        // The first one stays: a session asks with one credential.
        let _ = self.authorization.set(by.header()?);
        Ok(())
    }

    /// Asks for a token, which lasts longer than a run: the client credentials grant of
    /// [RFC 6749, section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4). Neither the
    /// form nor the answer is ever shown.
    pub(crate) async fn grant(
        &self,
        url: &Url,
        by: Option<Authorization<'_>>,
        form: &Secret,
    ) -> Result<Secret, RequestError> {
        let header = match by {
            Some(by) => {
                self.secrets().keep(by.secret());
                Some(by.header()?)
            }
            None => None,
        };
        let build = || {
            let request = self
                .request(Method::POST, url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose().to_owned());
            match &header {
                Some(header) => request.header(AUTHORIZATION, header),
                None => request,
            }
        };
        let uncounted = Cell::new(0);
        let granted = self.exchange(Need::Required, build, Content::Secret, &uncounted, object);
        let (TokenGrant { access_token }, _) = granted.await?;
        if access_token.is_empty() {
            return Err(RequestError::Unsendable("the token that was granted is empty".into()));
        }
        log::info!("{} granted a token", self.host().name());
        let token = Secret::new(access_token);
        self.secrets().keep(&token);
        Ok(token)
    }
}

//! What must not show in any message, even where a server sends it back.

use std::fmt;

use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;

use super::trouble::Trouble;
use crate::read::excerpt::excerpt;

/// A text that must not be shown: it prints as `***`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Secret(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The secrets of a run that one server is told.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    known: Vec<Secret>,
    withheld: bool,
}

impl Secrets {
    /// Keeps a secret as it is, and as it stands in an address or without the padding of Base64.
    pub(crate) fn keep(&mut self, secret: Secret) {
        let text = secret.expose();
        let encoded: String = byte_serialize(text.as_bytes()).collect();
        let unpadded = text.trim_end_matches('=').to_owned();
        let forms = [encoded, unpadded].map(Secret::new).into_iter().chain([secret]);
        self.known.extend(forms.filter(|form| !form.expose().is_empty()));
        // The longest first, lest a shorter form leave the rest of a longer one.
        self.known.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    /// As these, where nothing of an answer is to be shown, since it may hold a new secret.
    pub(crate) fn withholding(&self) -> Self {
        Secrets { known: self.known.clone(), withheld: true }
    }

    /// Keeps the header of a request that was authorised, which is as secret as what it is made of.
    ///
    /// # Errors
    /// [`Trouble::Unsendable`] where there is none that could be sent.
    pub(crate) fn keep_header(&mut self, request: &Request) -> Result<HeaderValue, Trouble> {
        let header = request.headers().get(AUTHORIZATION).cloned();
        let encoded = header.as_ref().and_then(|it| Some(it.to_str().ok()?.split_once(' ')?.1));
        let (Some(mut header), Some(encoded)) = (header.clone(), encoded) else {
            return Err(Trouble::Unsendable("the credential does not fit into a header".into()));
        };
        self.keep(Secret::new(encoded.to_owned()));
        header.set_sensitive(true);
        Ok(header)
    }

    /// The first words of foreign text. It is masked as a whole before it is cut, lest the cut
    /// leave part of a secret.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        if self.withheld {
            return "(withheld, it may hold a token)".into();
        }
        let masked = self
            .known
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"));
        excerpt(&masked)
    }
}

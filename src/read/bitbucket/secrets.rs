//! What must not show in any message, even where a server sends it back.

use reqwest::Request;
use url::form_urlencoded::byte_serialize;

use reqwest::header::{AUTHORIZATION, HeaderValue};

use super::credential::Secret;
use crate::read::excerpt::excerpt;

/// The secrets of a run.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    known: Vec<Secret>,
    withheld: bool,
}

impl Secrets {
    /// Keeps a secret as it is, and as it stands in an address or without the padding of Base64.
    pub(super) fn keep(&mut self, secret: Secret) {
        let text = secret.expose();
        let encoded: String = byte_serialize(text.as_bytes()).collect();
        let unpadded = text.trim_end_matches('=').to_owned();
        let forms = [encoded, unpadded].map(Secret::new).into_iter().chain([secret]);
        self.known.extend(forms.filter(|form| !form.expose().is_empty()));
        // The longest first, lest a shorter form leave the rest of a longer one.
        self.known.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    /// As these, where nothing of an answer is to be shown, since it may hold a new secret.
    pub(super) fn withholding(&self) -> Self {
        Secrets { known: self.known.clone(), withheld: true }
    }

    /// Keeps the header of a request that was authorised, which is as secret as what it is made of.
    pub(super) fn keep_header(&mut self, request: &Request) -> Option<HeaderValue> {
        let mut header = request.headers().get(AUTHORIZATION)?.clone();
        let encoded = header.to_str().ok()?.split_once(' ')?.1.to_owned();
        self.keep(Secret::new(encoded));
        header.set_sensitive(true);
        Some(header)
    }

    /// The first words of foreign text. It is masked as a whole before it is cut, lest the cut
    /// leave part of a secret.
    pub(super) fn excerpt(&self, text: &str) -> String {
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

//! What must not show in any message, even where a server sends it back.

use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderValue};

use super::credential::Secret;
use crate::read::excerpt::excerpt;

/// The secrets of a run.
#[derive(Default)]
pub(super) struct Secrets(Vec<Secret>);

impl Secrets {
    pub(super) fn keep(&mut self, secret: Secret) {
        self.0.push(secret);
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
        let masked = self
            .0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "***"));
        excerpt(&masked)
    }
}

//! What must not show in any message, even where a server sends it back.

use std::fmt;

use reqwest::Request;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

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
    /// Keeps a secret as it is, and without the padding of Base64.
    pub(crate) fn keep(&mut self, secret: Secret) {
        let unpadded = Secret::new(secret.expose().trim_end_matches('=').to_owned());
        let forms = [unpadded, secret].into_iter();
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
        let masked =
            self.known.iter().fold(text.to_owned(), |text, secret| masked(&text, secret.expose()));
        excerpt(&masked)
    }
}

/// A text without a secret, however what is neither letter nor digit in it is written: as in an
/// address, in JSON or in HTML.
fn masked(text: &str, secret: &str) -> String {
    let Some(first) = secret.chars().next() else { return text.to_owned() };
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let may_start = next == first || !first.is_ascii_alphanumeric();
        match may_start.then(|| after(rest, secret)).flatten() {
            Some(after) => {
                masked.push_str("***");
                rest = after;
            }
            None => {
                masked.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
        }
    }
    masked
}

/// What follows a secret that a text starts with.
fn after<'t>(text: &'t str, secret: &str) -> Option<&'t str> {
    secret.chars().try_fold(text, |rest, c| match rest.strip_prefix(c) {
        Some(rest) => Some(rest),
        None if c.is_ascii_alphanumeric() => None,
        None => {
            let code = u32::from(c);
            let forms = [
                format!("%{code:02x}"),
                format!("\\u{code:04x}"),
                format!("\\{c}"),
                format!("&#{code};"),
                format!("&#x{code:x};"),
            ];
            forms.iter().find_map(|form| {
                let start = rest.get(..form.len())?;
                if start.eq_ignore_ascii_case(form) { rest.get(form.len()..) } else { None }
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_a_secret_is_written_it_is_masked() {
        let mut secrets = Secrets::default();
        secrets.keep(Secret::new("ATCTT3x/+y=9A8B7C==".into()));
        for written in [
            "ATCTT3x/+y=9A8B7C==",
            "ATCTT3x/+y=9A8B7C",
            "ATCTT3x%2F%2By%3D9A8B7C",
            "ATCTT3x%2f%2by%3d9A8B7C%3d%3D",
            "ATCTT3x\\/\\u002by\\u003D9A8B7C",
            "ATCTT3x&#47;&#x2b;y&#x3D;9A8B7C",
        ] {
            let shown = secrets.excerpt(&format!("the key {written} is wrong"));
            assert!(!shown.contains("ATCTT") && !shown.contains("9A8B7C"), "{written}: {shown}");
            assert!(shown.starts_with("the key ***") && shown.ends_with(" is wrong"), "{shown}");
        }
        assert_eq!(secrets.excerpt("ATCTT3x/+y is another"), "ATCTT3x/+y is another");
    }
}

//! What goes wrong between here and Bitbucket, and what to do about it.

use std::time::Duration;

use reqwest::StatusCode;

use super::credential::Credential;
use crate::read::Incomplete;
use crate::read::proof::Doubt;

/// Why there is no answer, or none that is of use. Foreign text in it is masked and cut short.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Bitbucket could not be reached, or stopped in the middle of its answer.
    Unreachable(String),
    /// A request took longer than allowed.
    TimedOut(Duration),
    /// All requests together took longer than allowed.
    Deadline(Duration),
    /// An answer was larger than any honest one.
    TooLarge,
    /// The answer is not a success.
    Refused(Box<Refusal>),
    /// The answer is not what was asked for.
    Shape {
        /// Its status.
        status: u16,
        /// Its content type.
        content_type: String,
        /// Its first words.
        start: String,
        /// What the JSON parser says.
        why: String,
    },
    /// A page's `next` leads to another place.
    Elsewhere(String),
    /// A page's `next` leads to a page that was read before.
    Loop,
    /// There are more pages than any workspace has.
    Endless,
    /// The list was read twice, and did not add up either time.
    Doubt(Doubt),
}

/// An answer that is not a success.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// What Bitbucket says.
    pub(super) message: String,
    /// The scopes that the credential has, as far as Bitbucket says.
    pub(super) granted: Option<String>,
    /// The scopes that it would take.
    pub(super) required: Option<String>,
    /// When to come back.
    pub(super) retry_after: Option<String>,
}

impl Trouble {
    /// Why nothing is known, and what to do, with such a credential.
    pub(super) fn explain(&self, credential: &Credential) -> Incomplete {
        match self {
            Trouble::Unreachable(why) => Incomplete::new(
                format!("Bitbucket could not be reached: {why}"),
                "Check the network, the proxy variables, --api-url and --ca-cert.",
            ),
            Trouble::TimedOut(timeout) => Incomplete::new(
                format!("Bitbucket did not answer within {timeout:?}"),
                "Try again, or allow more time with --timeout.",
            ),
            Trouble::Deadline(deadline) => Incomplete::new(
                format!("the run did not end within {deadline:?}"),
                "Try again, or allow more time with --deadline.",
            ),
            Trouble::TooLarge => Incomplete::new(
                "an answer is larger than 16 MiB",
                "Check --api-url: Bitbucket's pages are far smaller.",
            ),
            Trouble::Refused(refusal) => refusal.explain(credential),
            Trouble::Shape { status, content_type, start, why } => Incomplete::new(
                format!(
                    "the answer is not what was asked for ({why}): status {status}, \
                     {content_type}, it starts with \"{start}\""
                ),
                "Check --api-url, and whether a proxy or a login page answers in Bitbucket's place.",
            ),
            Trouble::Elsewhere(next) => Incomplete::new(
                format!("the next page is said to be elsewhere, where nothing was sent: {next}"),
                "Check --api-url: `next` must lead to the same scheme, host, port and path.",
            ),
            Trouble::Loop => Incomplete::new(
                "the pages go round in a circle: a `next` leads back to a page that was read",
                "Try again; if it stays so, report it to Atlassian.",
            ),
            Trouble::Endless => Incomplete::new(
                "there is no end to the pages",
                "Try again; if it stays so, report it to Atlassian.",
            ),
            Trouble::Doubt(doubt) => Incomplete::new(
                format!("the list was read twice and did not add up: {}", doubt.why()),
                "Try again when fewer people join and leave.",
            ),
        }
    }
}

impl Refusal {
    fn explain(&self, credential: &Credential) -> Incomplete {
        let Refusal { status, message, .. } = self;
        let status_code = status.as_u16();
        let said = format!("Bitbucket answered {status_code}: {message}");
        match status_code {
            300..=399 => Incomplete::new(
                format!("Bitbucket answered {status_code}, a redirect, which is not followed"),
                "Check --api-url, and whether a proxy or a login page answers in Bitbucket's place.",
            ),
            401 => {
                let oddity = credential.oddity().map(|oddity| format!(" {oddity}"));
                Incomplete::new(said, renew(credential) + &oddity.unwrap_or_default())
            }
            403 => Incomplete::new(format!("{said}{}", self.scopes()), enough_scope(credential)),
            404 => Incomplete::new(
                said,
                "Check the workspace's slug, and that the credential's account is a member of it: \
                 to others Bitbucket says that there is none.",
            ),
            410 => Incomplete::new(
                said,
                "Bitbucket removed what this version of mfa-gate asks for: use a newer one.",
            ),
            429 => {
                let after = self.retry_after.as_ref();
                let after = after.map(|after| format!(" (Retry-After: {after})"));
                Incomplete::new(
                    said + &after.unwrap_or_default(),
                    "Try again later: Bitbucket counts the requests of an hour, for each account.",
                )
            }
            500.. => Incomplete::new(said, "This is Bitbucket's own trouble: try again later."),
            _ => Incomplete::new(said, "Check --api-url and the workspace's slug."),
        }
    }

    fn scopes(&self) -> String {
        let named = [("granted", &self.granted), ("required", &self.required)];
        let scopes: Vec<_> = named
            .into_iter()
            .filter_map(|(name, scopes)| scopes.as_ref().map(|scopes| format!("{name}: {scopes}")))
            .collect();
        if scopes.is_empty() { String::new() } else { format!(" ({})", scopes.join("; ")) }
    }
}

/// How to replace a credential that is not accepted.
fn renew(credential: &Credential) -> String {
    let what = match credential {
        Credential::ApiToken { .. } => {
            "Check that BITBUCKET_EMAIL is the address of the Atlassian account that made \
             BITBUCKET_API_TOKEN. The token may have expired or been revoked, or the admin who \
             made it may have left; make a new one with the scope read:workspace:bitbucket."
        }
        Credential::AccessToken(_) => {
            "BITBUCKET_ACCESS_TOKEN may have expired or been revoked, or the admin who made it may \
             have left. Make a new workspace access token with the scope account; tokens of a \
             repository or a project do not work here."
        }
        Credential::Oauth { .. } => {
            "Check BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET. The consumer may have been \
             deleted, or the admin whose it is may have left."
        }
    };
    what.into()
}

/// What a credential must be allowed to do.
fn enough_scope(credential: &Credential) -> &'static str {
    match credential {
        Credential::ApiToken { .. } => {
            "Make an API token with the scope read:workspace:bitbucket, as an admin of the \
             workspace."
        }
        Credential::AccessToken(_) => {
            "Make a workspace access token with the scope account; tokens of a repository or a \
             project cannot have it."
        }
        Credential::Oauth { .. } => {
            "Give the OAuth consumer the permission Account: Read; it acts as its owner, who has to \
             be an admin of the workspace."
        }
    }
}

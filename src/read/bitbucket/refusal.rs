//! Answers that are no success, and what to do about them with which credential.

use std::time::Duration;

use reqwest::StatusCode;

use super::credential::Credential;
use crate::read::Incomplete;

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
    /// How long it asks to be left alone.
    pub(super) asks: Option<Duration>,
}

impl Refusal {
    /// What it says, and what to do with such a credential.
    pub(super) fn explain(&self, credential: &Credential) -> Incomplete {
        let Refusal { status, message, .. } = self;
        let status_code = status.as_u16();
        let asks = self.asks.map(|wait| format!(" (it asks to wait for {wait:?})"));
        let said =
            format!("Bitbucket answered {status_code}: {message}{}", asks.unwrap_or_default());
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
            404 => Incomplete::new(said, membership(credential)),
            410 => Incomplete::new(
                said,
                "Bitbucket removed what this version of mfa-gate asks for: use a newer one.",
            ),
            429 => Incomplete::new(said, allowance(credential)),
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
pub(super) fn renew(credential: &Credential) -> String {
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

/// Who has to be a member of a workspace that is said not to exist.
fn membership(credential: &Credential) -> &'static str {
    match credential {
        Credential::ApiToken { .. } => {
            "Check the workspace's slug, and that the account of BITBUCKET_EMAIL is a member of it: \
             to others Bitbucket says that there is none."
        }
        Credential::AccessToken(_) => {
            "Check the workspace's slug, and that BITBUCKET_ACCESS_TOKEN was made in that workspace: \
             such a token sees no other."
        }
        Credential::Oauth { .. } => {
            "Check the workspace's slug, and that the owner of the OAuth consumer is a member of it: \
             to others Bitbucket says that there is none."
        }
    }
}

/// Whose requests are counted together:
/// <https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/>.
fn allowance(credential: &Credential) -> &'static str {
    match credential {
        Credential::ApiToken { .. } => {
            "Try again later: Bitbucket counts the requests of an hour, and whatever else uses the \
             account of BITBUCKET_EMAIL counts too."
        }
        Credential::AccessToken(_) => {
            "Try again later: Bitbucket counts the requests of an hour, and whatever else uses \
             BITBUCKET_ACCESS_TOKEN counts too."
        }
        Credential::Oauth { .. } => {
            "Try again later: Bitbucket counts the requests of an hour, and whatever else uses the \
             OAuth consumer or its owner's account counts too."
        }
    }
}

//! Answers of Bitbucket that are not a success, and what to do about them with which credential.

use serde::Deserialize;

use super::credential::Credential;
use crate::http::{Answer, Host, Refusal, Said};

/// The scopes that a credential has, as a header of answers.
pub(crate) const GRANTED_SCOPES: &str = "x-oauth-scopes";
/// The scopes that a resource takes, as a header of answers.
pub(crate) const REQUIRED_SCOPES: &str = "x-accepted-oauth-scopes";

/// Bitbucket, asked with this credential.
impl Host for Credential {
    fn name(&self) -> &'static str {
        "Bitbucket"
    }

    fn set_by(&self) -> &'static str {
        "--api-url"
    }

    fn said(&self, answer: &Answer) -> Said {
        let error = serde_json::from_slice::<ErrorBody>(&answer.body).ok().map(|body| body.error);
        let detail = error.as_ref().and_then(|error| error.detail.as_ref());
        let scopes = |key: &str, header: &str| {
            let listed = detail.and_then(|detail| detail.get(key)?.as_array()).map(|scopes| {
                scopes.iter().filter_map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
            });
            listed.or_else(|| answer.header(header).map(str::to_owned))
        };
        Said {
            granted: scopes("granted", GRANTED_SCOPES),
            required: scopes("required", REQUIRED_SCOPES),
            message: error.and_then(|error| error.message).or_else(|| ungranted(&answer.body)),
        }
    }

    fn help(&self, refusal: &Refusal) -> String {
        let words = self.words();
        let help = match refusal.status.as_u16() {
            401 => {
                let oddity = self.oddity().map(|oddity| format!(" {oddity}")).unwrap_or_default();
                let unread = if refusal.message.is_empty() { UNREAD } else { "" };
                return format!("{unread}{}{oddity}", words.renew);
            }
            403 => words.scope,
            404 => words.membership,
            410 => "Bitbucket removed what this version of mfa-gate asks for: use a newer one.",
            429 => words.allowance,
            _ => "Check --api-url and the workspace's slug.",
        };
        help.into()
    }
}

/// What a 401 without a word mostly means.
const UNREAD: &str = "Bitbucket does not say what is wrong, as with a credential that it cannot \
    read at all: see that it is set whole, and not to the name of another variable. ";

/// Why there is no token: [RFC 6749, section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
#[derive(Deserialize)]
struct Ungranted {
    error: String,
    error_description: Option<String>,
}

fn ungranted(body: &[u8]) -> Option<String> {
    let Ungranted { error, error_description } = serde_json::from_slice(body).ok()?;
    Some(match error_description {
        Some(description) => format!("{error}: {description}"),
        None => error,
    })
}

/// An error as Bitbucket reports it:
/// <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#standardized-error-responses>.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: ErrorDetail,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorDetail {
    #[serde(default)]
    pub(crate) message: Option<String>,
    /// More words, or for a missing scope an object with `granted` and `required`.
    #[serde(default)]
    pub(crate) detail: Option<serde_json::Value>,
}

/// What helps where a credential of one kind is refused.
pub(super) struct Words {
    /// How to replace one that is not accepted.
    pub(super) renew: &'static str,
    /// What it must be allowed to do.
    scope: &'static str,
    /// What it needs so that it may see people with access to single repositories.
    pub(super) repositories: &'static str,
    /// Who has to be a member of a workspace that is said not to exist.
    membership: &'static str,
    /// Whose requests are counted together:
    /// <https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/>.
    allowance: &'static str,
}

impl Credential {
    pub(super) fn words(&self) -> &'static Words {
        match self {
            Credential::ApiToken { .. } => &API_TOKEN,
            Credential::AccessToken(_) => &ACCESS_TOKEN,
            Credential::Oauth { .. } => &OAUTH,
        }
    }
}

const API_TOKEN: Words = Words {
    renew: "Check that BITBUCKET_EMAIL is the address of the Atlassian account that made \
            BITBUCKET_API_TOKEN. The token may have expired or been revoked, or the owner who made \
            it may have left; make a new one with the scope read:workspace:bitbucket.",
    scope: "Make an API token with the scope read:workspace:bitbucket, as an owner of the \
            workspace.",
    repositories: "Make an API token that has the scope read:repository:bitbucket too, as an owner \
                   of the workspace. Such a token can also read source code.",
    membership: "Check the workspace's slug, and that the account of BITBUCKET_EMAIL is a member \
                 of it: to others Bitbucket says that there is none.",
    allowance: "Try again later: Bitbucket counts the requests of an hour, and whatever else uses \
                the account of BITBUCKET_EMAIL counts too.",
};

const ACCESS_TOKEN: Words = Words {
    renew: "BITBUCKET_ACCESS_TOKEN may have expired or been revoked, or the owner who made it may \
            have left. Make a new workspace access token with the scope account; tokens of a \
            repository or a project do not work here.",
    scope: "Make a workspace access token with the scope account; tokens of a repository or a \
            project cannot have it.",
    repositories: "Make a workspace access token with the scopes account and repository. Such a \
                   token can also read source code.",
    membership: "Check the workspace's slug, and that BITBUCKET_ACCESS_TOKEN was made in that \
                 workspace: such a token sees no other.",
    allowance: "Try again later: Bitbucket counts the requests of an hour, and whatever else uses \
                BITBUCKET_ACCESS_TOKEN counts too.",
};

const OAUTH: Words = Words {
    renew: "Check BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET. It has to be a private consumer \
            with a callback URL (any will do). It may have been deleted, or the owner who made it \
            may have left.",
    scope: "Give the OAuth consumer the permission Account: Read; it acts as its owner, who has to \
            be an owner of the workspace.",
    repositories: "Give the OAuth consumer the permission Account: Read; its owner has to be an \
                   owner of the workspace.",
    membership: "Check the workspace's slug, and that the owner of the OAuth consumer is a member \
                 of it: to others Bitbucket says that there is none.",
    allowance: "Try again later: Bitbucket counts the requests of an hour, and whatever else uses \
                the OAuth consumer or its owner's account counts too.",
};

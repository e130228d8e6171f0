//! Bitbucket's API, asked with one credential.

use super::account::{Account, token_url};
use super::credential::Credential;
use crate::failure::{Failure, Problem};
use crate::http::{Authorization, Network, RequestError, Secret, Session};
use crate::read::list_error::ListError;

pub(crate) struct Client<'a> {
    pub(crate) credential: &'a Credential,
    pub(crate) session: Session<'a>,
}

/// The way to Bitbucket, where nothing was asked yet.
pub(crate) fn session<'a>(
    account: &'a Account,
    network: Network<'a>,
) -> Result<Session<'a>, Failure> {
    Session::new(&account.credential, &account.api_url, network)
}

impl<'a> Client<'a> {
    /// Gets ready to ask, which for an OAuth consumer takes a request for a token.
    pub(crate) async fn new(account: &'a Account, session: Session<'a>) -> Result<Self, Problem> {
        let credential = &account.credential;
        match authorize(&session, account).await {
            Ok(()) => Ok(Client { credential, session }),
            Err(error) => Err(ungranted(&session, &error, credential)),
        }
    }

    /// What went wrong with a request or a list, and what to do next.
    pub(crate) fn explain(&self, error: impl Into<ListError>) -> Problem {
        error.into().explain(self.session.host())
    }
}

/// Why there is no token to ask with, which has nothing to do with any workspace.
fn ungranted(session: &Session<'_>, error: &RequestError, credential: &Credential) -> Problem {
    let problem = session.explain(error);
    let what = format!("the OAuth consumer was granted no token: {}", problem.what);
    match error.status() {
        Some(400 | 401 | 403) => Problem::new(what, credential.words().renew),
        Some(_) | None => Problem { what, ..problem },
    }
}

/// Has every request authorised. An OAuth consumer is granted a token for its id and secret:
/// <https://developer.atlassian.com/cloud/bitbucket/oauth-2/#4--client-credentials-grant--4-4->.
async fn authorize(session: &Session<'_>, account: &Account) -> Result<(), RequestError> {
    match &account.credential {
        Credential::ApiToken { email, token } => {
            session.authorize(Authorization::Basic(email, token))
        }
        Credential::AccessToken(token) => session.authorize(Authorization::Bearer(token)),
        Credential::Oauth { client_id, client_secret } => {
            let consumer = Authorization::Basic(client_id, client_secret);
            let form = Secret::new("grant_type=client_credentials".into());
            let token = session.grant(&token_url(&account.api_url), Some(consumer), &form).await?;
            session.authorize(Authorization::Bearer(&token))
        }
    }
}

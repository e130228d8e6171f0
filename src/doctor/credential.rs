//! What can be told of a credential by itself: which variables hold it, how long it lasts,
//! and who can read the files that it comes from.

use std::path::Path;

use super::observation::Observation;
use crate::credential;
use crate::read::bitbucket::credential::Credential;

/// Looks a variable of the environment up.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a credential for Bitbucket is, with the variables that it was read from.
pub(super) fn in_words(credential: &Credential, lookup: Lookup<'_>) -> String {
    let names = credential.variables().iter().map(|name| credential::variable(lookup, name));
    let names = names.collect::<Vec<_>>().join(", ");
    match credential {
        Credential::ApiToken { email, .. } => format!("the API token of {email} ({names})"),
        Credential::AccessToken(_) => format!("a workspace access token ({names})"),
        Credential::Oauth { .. } => format!("an OAuth consumer ({names})"),
    }
}

/// How long such a credential lasts: Bitbucket does not say how old it is.
///
/// <https://support.atlassian.com/bitbucket-cloud/docs/api-tokens/>
pub(super) fn expiry(credential: &Credential) -> Observation {
    let (says, help) = match credential {
        Credential::ApiToken { .. } => (
            "Bitbucket does not tell when it expires; an API token lasts a year at most",
            "Look the day up where the account manages its API tokens, and enter it in a calendar.",
        ),
        Credential::AccessToken(_) => (
            "Bitbucket does not tell when it expires",
            "Look the day up under Access tokens in the settings of the workspace, and enter it \
             in a calendar.",
        ),
        Credential::Oauth { .. } => {
            let says = "the consumer does not expire; each run gets a token for two hours";
            return Observation::ok(EXPIRY, says);
        }
    };
    Observation::unknown(EXPIRY, says, help)
}

const EXPIRY: &str = "expiry";

/// The files with secrets that other users of this machine can read.
pub(crate) fn token_files(lookup: Lookup<'_>) -> Vec<Observation> {
    let files = credential::secret_files(lookup);
    let readable = files.into_iter().filter(|(_, path)| others_can_read(Path::new(path)));
    readable
        .map(|(name, path)| {
            Observation::warning(
                "token file",
                format!("other users of this machine can read {path} ({name})"),
                "Run `chmod 600` on it, if it is not a file that the CI system provides like that.",
            )
        })
        .collect()
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}

//! Bitbucket credentials: where they come from, and how they are sent.

use crate::credential::{malformed, pair, value};
use crate::env::{
    AUTH, BITBUCKET_ACCESS_TOKEN as ACCESS_TOKEN, BITBUCKET_API_TOKEN as API_TOKEN,
    BITBUCKET_CLIENT_ID as CLIENT_ID, BITBUCKET_CLIENT_SECRET as CLIENT_SECRET,
    BITBUCKET_EMAIL as EMAIL, file_of,
};
use crate::failure::Failure;
use crate::http::Secret;
use crate::report::CredentialKind;

/// What a request is authorised with.
///
/// How each kind is sent: <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#authentication>.
#[derive(Clone, Debug)]
pub enum Credential {
    /// E-mail address and API token, sent as Basic.
    ApiToken {
        /// The address of the Atlassian account.
        email: Box<str>,
        /// The token.
        token: Secret,
    },
    /// A workspace access token, sent as Bearer.
    AccessToken(Secret),
    /// An OAuth consumer, which gets itself a token for the run.
    Oauth {
        /// The consumer's key.
        client_id: Box<str>,
        /// Its secret.
        client_secret: Secret,
    },
}

const APP_PASSWORD: &str = "BITBUCKET_APP_PASSWORD";

const HELP: &str = "Set BITBUCKET_EMAIL and BITBUCKET_API_TOKEN, or BITBUCKET_ACCESS_TOKEN, or \
    BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET; each may be read from a file instead, named \
    by the same variable with _FILE added.";

/// An API token starts like this, says Atlassian; an app password does not.
const API_TOKEN_PREFIX: &str = "ATATT";
/// An access token starts like this.
const ACCESS_TOKEN_PREFIX: &str = "ATCT";

impl Credential {
    /// The credential that the environment names: `lookup` gives the value of a variable. An empty
    /// variable is an unset one, and `NAME_FILE` names a file to read the value of `NAME` from.
    ///
    /// # Errors
    /// [`Failure::Usage`] where there is no credential, half of one or more than one (unless
    /// `MFA_GATE_AUTH` chooses), where a file cannot be read, and where a value holds characters
    /// that no credential has. No message holds a value.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let given = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let is_set = |name: &str| given(name).or_else(|| given(&file_of(name))).is_some();
        let kind = match given(AUTH) {
            Some(chosen) => kind_by_name(&chosen)?,
            None => kind_by_variables(&is_set)?,
        };
        let pair = |first, second| {
            let unset = || none(&format!("{first} and {second} are not set"), &is_set);
            pair(lookup, first, second)?.ok_or_else(unset)
        };
        match kind {
            CredentialKind::ApiToken => {
                let (email, token) = pair(EMAIL, API_TOKEN)?;
                if email.contains(':') {
                    return Err(malformed(EMAIL, "a colon, which no e-mail address has"));
                }
                Ok(Credential::ApiToken { email: email.into(), token: Secret::new(token) })
            }
            CredentialKind::AccessToken => match value(lookup, ACCESS_TOKEN)? {
                Some(token) => Ok(Credential::AccessToken(Secret::new(token))),
                None => Err(none(&format!("{ACCESS_TOKEN} is not set"), &is_set)),
            },
            CredentialKind::Oauth => {
                let (id, secret) = pair(CLIENT_ID, CLIENT_SECRET)?;
                if id.contains(':') {
                    return Err(malformed(CLIENT_ID, "a colon, which no client id has"));
                }
                Ok(Credential::Oauth { client_id: id.into(), client_secret: Secret::new(secret) })
            }
        }
    }

    /// What kind of credential it is.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Credential::ApiToken { .. } => CredentialKind::ApiToken,
            Credential::AccessToken(_) => CredentialKind::AccessToken,
            Credential::Oauth { .. } => CredentialKind::Oauth,
        }
    }

    /// The variables that hold it.
    pub(crate) fn variables(&self) -> &'static [&'static str] {
        match self {
            Credential::ApiToken { .. } => &[EMAIL, API_TOKEN],
            Credential::AccessToken(_) => &[ACCESS_TOKEN],
            Credential::Oauth { .. } => &[CLIENT_ID, CLIENT_SECRET],
        }
    }

    /// What to say of a credential that was refused and does not look like one of its kind. A
    /// prefix proves nothing, so it is for Bitbucket to refuse it.
    pub(crate) fn oddity(&self) -> Option<&'static str> {
        match self {
            Credential::ApiToken { email, .. } if !email.contains('@') => Some(
                "BITBUCKET_EMAIL holds no e-mail address; a Bitbucket username does not work with \
                 an API token.",
            ),
            Credential::ApiToken { token, .. } if !token.expose().starts_with(API_TOKEN_PREFIX) => {
                Some(
                    "BITBUCKET_API_TOKEN does not start with ATATT as API tokens do; if it is an \
                     app password, those are gone since July 2026.",
                )
            }
            Credential::AccessToken(token) if !token.expose().starts_with(ACCESS_TOKEN_PREFIX) => {
                Some(
                    "BITBUCKET_ACCESS_TOKEN does not start with ATCT as access tokens do; an API \
                     token belongs in BITBUCKET_API_TOKEN, with BITBUCKET_EMAIL.",
                )
            }
            Credential::ApiToken { .. } | Credential::AccessToken(_) | Credential::Oauth { .. } => {
                None
            }
        }
    }
}

fn kind_by_name(name: &str) -> Result<CredentialKind, Failure> {
    match name {
        "api-token" => Ok(CredentialKind::ApiToken),
        "access-token" => Ok(CredentialKind::AccessToken),
        "oauth" => Ok(CredentialKind::Oauth),
        // The value may be a token, put here by mistake.
        _ => Err(Failure::usage(
            format!("{AUTH} does not name a kind of credential"),
            "It is one of api-token, access-token and oauth.",
        )),
    }
}

fn kind_by_variables(is_set: &dyn Fn(&str) -> bool) -> Result<CredentialKind, Failure> {
    let variables = [
        (CredentialKind::ApiToken, EMAIL),
        (CredentialKind::ApiToken, API_TOKEN),
        (CredentialKind::AccessToken, ACCESS_TOKEN),
        (CredentialKind::Oauth, CLIENT_ID),
        (CredentialKind::Oauth, CLIENT_SECRET),
    ];
    let set: Vec<_> = variables.into_iter().filter(|(_, name)| is_set(name)).collect();
    let Some(&(kind, _)) = set.first() else {
        return Err(none("there is no credential for Bitbucket in the environment", is_set));
    };
    if set.iter().all(|&(other, _)| other == kind) {
        return Ok(kind);
    }
    let names: Vec<_> = set.iter().map(|&(_, name)| name).collect();
    Err(Failure::usage(
        format!("there is more than one credential for Bitbucket: {} are set", names.join(", ")),
        format!("Unset all but one, or choose with {AUTH}=api-token, access-token or oauth."),
    ))
}

fn none(what: &str, is_set: &dyn Fn(&str) -> bool) -> Failure {
    if is_set(APP_PASSWORD) {
        return Failure::usage(
            format!("{what}; {APP_PASSWORD} is, but app passwords are gone since July 2026"),
            format!(
                "Make an API token with the scope read:workspace:bitbucket in the settings of the \
                 Atlassian account, and set {EMAIL} and {API_TOKEN}."
            ),
        );
    }
    Failure::usage(what, HELP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::environment;

    fn from(variables: &[(&str, &str)]) -> Result<Credential, Failure> {
        Credential::from_env(&environment(variables))
    }

    fn kind(variables: &[(&str, &str)]) -> CredentialKind {
        from(variables).unwrap().kind()
    }

    fn message(variables: &[(&str, &str)]) -> String {
        let failure = from(variables).unwrap_err();
        assert_eq!(failure.exit().code(), 2);
        failure.to_string()
    }

    #[test]
    fn each_kind_by_its_variables() {
        assert_eq!(kind(&[(EMAIL, "a@b.c"), (API_TOKEN, "ATATTx")]), CredentialKind::ApiToken);
        assert_eq!(kind(&[(ACCESS_TOKEN, "ATCTx")]), CredentialKind::AccessToken);
        assert_eq!(kind(&[(CLIENT_ID, "id"), (CLIENT_SECRET, "s")]), CredentialKind::Oauth);
        assert_eq!(kind(&[(EMAIL, ""), (ACCESS_TOKEN, "ATCTx")]), CredentialKind::AccessToken);
    }

    #[test]
    fn none_half_and_two() {
        let nothing = message(&[(API_TOKEN, "")]);
        for name in [EMAIL, API_TOKEN, ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET] {
            assert!(nothing.contains(name), "{nothing}");
        }
        let half = message(&[(API_TOKEN, "ATATTx")]);
        assert!(half.contains("BITBUCKET_API_TOKEN is set, and BITBUCKET_EMAIL is not"), "{half}");
        let two = message(&[(EMAIL, "a@b.c"), (API_TOKEN, "ATATTx"), (ACCESS_TOKEN, "ATCTx")]);
        assert!(two.contains("MFA_GATE_AUTH=api-token"), "{two}");
        assert!(two.contains(ACCESS_TOKEN) && two.contains(EMAIL), "{two}");
    }

    #[test]
    fn a_collision_is_settled_by_choice() {
        let both = [(EMAIL, "a@b.c"), (API_TOKEN, "ATATTx"), (ACCESS_TOKEN, "ATCTx")];
        let with = |choice| [both.as_slice(), &[(AUTH, choice)]].concat();
        assert_eq!(kind(&with("access-token")), CredentialKind::AccessToken);
        assert_eq!(kind(&with("api-token")), CredentialKind::ApiToken);
        assert!(message(&with("oauth")).contains(CLIENT_ID));
        assert!(!message(&with("s3cret")).contains("s3cret"));
    }

    #[test]
    fn from_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let variables =
            [("BITBUCKET_ACCESS_TOKEN_FILE", path.to_str().unwrap()), (ACCESS_TOKEN, "")];
        assert!(message(&variables).contains("BITBUCKET_ACCESS_TOKEN_FILE"));
        for (content, token) in [("ATCTx\n", "ATCTx"), ("ATCTx\r\n", "ATCTx"), ("ATCTx", "ATCTx")] {
            std::fs::write(&path, content).unwrap();
            match from(&variables).unwrap() {
                Credential::AccessToken(secret) => assert_eq!(secret.expose(), token),
                other @ (Credential::ApiToken { .. } | Credential::Oauth { .. }) => {
                    panic!("{other:?}")
                }
            }
        }
        for content in ["", "\n", "s3cret\n\n", "s3cret\nmore"] {
            std::fs::write(&path, content).unwrap();
            assert!(!message(&variables).contains("s3cret"));
        }
        let both = [variables[0], (ACCESS_TOKEN, "ATCTx")];
        assert!(message(&both).contains("both set"));
    }

    #[test]
    fn app_passwords_are_explained() {
        let text = message(&[("BITBUCKET_USERNAME", "ada"), (APP_PASSWORD, "s3cret")]);
        assert!(text.contains("gone since July 2026") && text.contains(API_TOKEN), "{text}");
        assert!(!text.contains("s3cret"));
        let odd = from(&[(EMAIL, "a@b.c"), (API_TOKEN, "s3cret")]).unwrap().oddity().unwrap();
        assert!(odd.contains("July 2026"));
        assert_eq!(from(&[(EMAIL, "a@b.c"), (API_TOKEN, "ATATTx")]).unwrap().oddity(), None);
    }

    #[test]
    fn nothing_prints_a_value() {
        for token in ["s3cret\n", "s3\u{7f}cret", "s3 cret", "s3crét"] {
            let text = message(&[(ACCESS_TOKEN, token)]);
            assert!(text.contains(ACCESS_TOKEN) && !text.contains("s3"), "{text}");
        }
        let credential = from(&[(EMAIL, "a@b.c"), (API_TOKEN, "s3cret")]).unwrap();
        assert!(!format!("{credential:?}").contains("s3cret"));
        assert!(format!("{credential:?}").contains("***"));
    }
}

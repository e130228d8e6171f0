//! An Atlassian organisation: its address, its key, and what its refusals mean.

use serde_json::Value;
use url::Url;

use crate::credential::{malformed, pair};
use crate::env::{ATLASSIAN_API_KEY, ATLASSIAN_ORG_ID};
use crate::failure::Failure;
use crate::hosts::ATLASSIAN_API;
use crate::http::{Answer, Host, Refusal, Said, Secret, base_address};

const API_URL: &str = "ATLASSIAN_API_URL";

/// An Atlassian organisation, and the key that it is asked with.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// The base address of the API.
    pub api_url: Url,
    /// The organisation's id.
    pub id: Box<str>,
    /// An API key of the organisation, sent as Bearer. It is powerful: it can belong to an admin.
    pub(crate) key: Secret,
}

impl Organisation {
    /// The organisation that the environment names, if it does: `lookup` gives the value of a
    /// variable. An empty variable is an unset one, and `NAME_FILE` names a file to read the value
    /// of `NAME` from.
    ///
    /// # Errors
    /// [`Failure::Usage`] where only half of id and key is there, where a file cannot be read,
    /// where a value holds characters that it cannot, and where the address is none that a key
    /// may be sent to. No message holds a key.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, Failure> {
        let Some((id, key)) = pair(lookup, ATLASSIAN_ORG_ID, ATLASSIAN_API_KEY)? else {
            return Ok(None);
        };
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(malformed(ATLASSIAN_ORG_ID, "something that is not an organisation's id"));
        }
        let given = lookup(API_URL).filter(|value| !value.is_empty());
        let help = format!("Set {API_URL} to something like {ATLASSIAN_API}, or unset it.");
        let api_url = given.as_deref().unwrap_or(ATLASSIAN_API);
        let api_url = base_address(api_url, "the address of Atlassian's API", &help)?;
        Ok(Some(Organisation { api_url, id: id.into(), key: Secret::new(key) }))
    }

    /// Whether it is Atlassian itself that is asked.
    pub fn is_at_default(&self) -> bool {
        Url::parse(ATLASSIAN_API).is_ok_and(|default| default == self.api_url)
    }
}

/// How to make a key that works:
/// <https://support.atlassian.com/organization-administration/docs/manage-an-organization-with-the-admin-apis/>.
const NEW_KEY: &str = "ATLASSIAN_API_KEY has to be an API key of the organisation, made by one of \
    its admins under admin.atlassian.com > Settings > API keys; the API token of an account does \
    not work here. It may have expired or been revoked.";

impl Host for Organisation {
    fn name(&self) -> &'static str {
        "Atlassian"
    }

    fn set_by(&self) -> &'static str {
        API_URL
    }

    fn said(&self, answer: &Answer) -> Said {
        Said { message: message(&answer.body), ..Said::default() }
    }

    fn help(&self, refusal: &Refusal) -> String {
        let help = match refusal.status.as_u16() {
            401 => NEW_KEY,
            403 => "Make an API key of the organisation with the scope read:directories:admin.",
            404 | 410 => {
                "Check ATLASSIAN_ORG_ID: it is in the address of admin.atlassian.com, and was shown \
                 when the key was made."
            }
            429 => "Try again later: Atlassian counts the requests.",
            _ => "Check ATLASSIAN_API_URL and ATLASSIAN_ORG_ID.",
        };
        help.into()
    }
}

/// What an error says. Atlassian's admin APIs are documented with `message` and with `errors`:
/// <https://developer.atlassian.com/cloud/admin/organization/rest/api-group-users/>.
fn message(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let first = body.pointer("/errors/0");
    let texts = [
        body.get("message"),
        first.and_then(|error| error.get("detail")),
        first.and_then(|error| error.get("title")),
        body.get("error"),
    ];
    texts.into_iter().flatten().find_map(|text| text.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::environment;

    fn from(variables: &[(&str, &str)]) -> Result<Option<Organisation>, Failure> {
        Organisation::from_env(&environment(variables))
    }

    #[test]
    fn both_or_neither() {
        assert!(from(&[]).unwrap().is_none());
        assert!(from(&[(ATLASSIAN_ORG_ID, ""), (ATLASSIAN_API_KEY, "")]).unwrap().is_none());
        let both = [(ATLASSIAN_ORG_ID, "a-1"), (ATLASSIAN_API_KEY, "s3cret")];
        let organisation = from(&both).unwrap().unwrap();
        assert_eq!(organisation.api_url.as_str(), "https://api.atlassian.com/");
        assert!(organisation.is_at_default());
        assert!(!format!("{organisation:?}").contains("s3cret"));
        for half in both {
            let failure = from(&[half]).unwrap_err();
            assert_eq!(failure.exit().code(), 2);
            assert!(!failure.to_string().contains("s3cret"), "{failure}");
        }
    }

    #[test]
    fn what_neither_an_id_nor_an_address_is() {
        for id in ["a/b", "..", "a b", "a\n", "a?b"] {
            let failure = from(&[(ATLASSIAN_ORG_ID, id), (ATLASSIAN_API_KEY, "k")]).unwrap_err();
            assert!(failure.to_string().contains(ATLASSIAN_ORG_ID), "{failure}");
        }
        for url in ["http://api.atlassian.com", "https://k@api.atlassian.com", "api"] {
            let set = [(ATLASSIAN_ORG_ID, "a"), (ATLASSIAN_API_KEY, "k"), (API_URL, url)];
            let failure = from(&set).unwrap_err();
            assert!(failure.to_string().contains(API_URL), "{failure}");
        }
    }

    #[test]
    fn what_errors_say() {
        for (body, said) in [
            (r#"{"code":401,"message":"Unauthorized"}"#, Some("Unauthorized")),
            (r#"{"errors":[{"title":"Forbidden","detail":"No scope"}]}"#, Some("No scope")),
            (r#"{"errors":[{"title":"Forbidden"}]}"#, Some("Forbidden")),
            (r#"{"error":"gone"}"#, Some("gone")),
            (r#"{"errors":[]}"#, None),
            ("<html>", None),
        ] {
            assert_eq!(message(body.as_bytes()).as_deref(), said, "{body}");
        }
    }
}

//! Bitbucket's address, and the credential that it is asked with.

use url::Url;

use super::credential::Credential;
use crate::failure::Failure;
use crate::hosts::BITBUCKET_API;
use crate::http::base_address;

/// Bitbucket's address, and the credential that it is asked with.
#[derive(Clone, Debug)]
pub struct Account {
    /// The base address of the API, as [`api_url`] makes it.
    pub api_url: Url,
    /// What to send.
    pub credential: Credential,
}

impl Account {
    /// The addresses that are asked with the credential.
    pub(crate) fn servers(&self) -> Vec<Url> {
        let token = match self.credential {
            Credential::Oauth { .. } => Some(token_url(&self.api_url)),
            Credential::ApiToken { .. } | Credential::AccessToken(_) => None,
        };
        [self.api_url.clone()].into_iter().chain(token).collect()
    }
}

/// A base address of Bitbucket's API that credentials may be sent to: https, or http to this very
/// machine, with nothing but host, port and path.
///
/// # Errors
/// [`Failure::Usage`]; its message does not repeat an address that may hold a password.
pub fn api_url(text: &str) -> Result<Url, Failure> {
    let help = format!("Set --api-url or BITBUCKET_API_URL to something like {BITBUCKET_API}.");
    base_address(text, "the API URL", &help)
}

/// Where an OAuth consumer gets its token: Bitbucket's web host for the default API, else the
/// origin of the API. See <https://developer.atlassian.com/cloud/bitbucket/oauth-2/>.
pub(super) fn token_url(api_url: &Url) -> Url {
    let mut url = api_url.clone();
    let default = Url::parse(BITBUCKET_API);
    if default.is_ok_and(|default| default.origin() == api_url.origin()) {
        // `set_host` fails only for addresses without a host.
        let _ = url.set_host(Some("bitbucket.org"));
    }
    url.set_path("/site/oauth2/access_token");
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_a_credential_may_be_sent_to() {
        for (text, url) in [
            (BITBUCKET_API, BITBUCKET_API),
            ("https://api.bitbucket.org/2.0/", BITBUCKET_API),
            ("https://bitbucket.acme.example:8443/x", "https://bitbucket.acme.example:8443/x"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://127.9.9.9/2.0", "http://127.9.9.9/2.0"),
            ("http://[::1]:1/2.0", "http://[::1]:1/2.0"),
            ("http://localhost/2.0", "http://localhost/2.0"),
        ] {
            assert_eq!(api_url(text).unwrap().as_str(), url);
        }
    }

    #[test]
    fn addresses_that_it_may_not() {
        for text in [
            "http://api.bitbucket.org/2.0",
            "http://10.0.0.1/",
            "http://localhost.evil.example/",
            "http://0.0.0.0/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "data:text/plain,x",
            "https://ada:s3cret@api.bitbucket.org/2.0",
            "https://s3cret@api.bitbucket.org/2.0",
            "https://api.bitbucket.org/2.0?token=s3cret",
            "https://api.bitbucket.org/2.0#s3cret",
            "api.bitbucket.org",
            "",
        ] {
            let failure = api_url(text).unwrap_err();
            assert_eq!(failure.exit().code(), 2, "{text}");
            assert!(!failure.to_string().contains("s3cret"), "{failure}");
        }
    }

    #[test]
    fn where_tokens_come_from() {
        let of = |text| token_url(&api_url(text).unwrap()).to_string();
        assert_eq!(of(BITBUCKET_API), "https://bitbucket.org/site/oauth2/access_token");
        assert_eq!(
            of("http://127.0.0.1:8080/2.0"),
            "http://127.0.0.1:8080/site/oauth2/access_token"
        );
    }
}

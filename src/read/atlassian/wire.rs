//! A page of accounts as Atlassian sends it.
//!
//! Shape: <https://developer.atlassian.com/cloud/admin/organization/rest/api-group-users/>.

use serde::Deserialize;

use crate::http::object::Object;

#[derive(Deserialize)]
pub(crate) struct Page {
    pub(crate) data: Vec<Object<Row>>,
    #[serde(default)]
    links: Option<Object<Links>>,
}

#[derive(Deserialize)]
struct Links {
    #[serde(default)]
    next: Option<Box<str>>,
}

impl Page {
    /// The cursor of the next page; none on the last one.
    pub(crate) fn next(&self) -> Option<&str> {
        self.links.as_ref()?.0.next.as_deref().filter(|cursor| !cursor.is_empty())
    }

    /// Whether it says nothing about the list, and may be one of several pages.
    pub(crate) fn is_bare(&self) -> bool {
        self.links.is_none()
    }
}

/// An account of the organisation. Whether rows repeat `mfaEnabled` is not documented.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    /// The account id, which Bitbucket has too.
    pub(crate) account_id: Box<str>,
    #[serde(default)]
    email: Option<Box<str>>,
    #[serde(default)]
    email_verified: Option<bool>,
    #[serde(default)]
    account_status: Option<Box<str>>,
    #[serde(default)]
    claim_status: Option<Box<str>>,
    /// Whether it has two-step verification.
    #[serde(default)]
    pub(crate) mfa_enabled: Option<bool>,
}

impl Row {
    /// The e-mail address in lower-case ASCII. One that its owner has not verified may belong to
    /// someone else; those of managed accounts are of domains that the organisation has verified.
    pub(crate) fn take_email(&mut self) -> Option<Box<str>> {
        let email = self.email.take().filter(|email| !email.is_empty());
        let verified = self.email_verified.unwrap_or(self.is_managed());
        email.filter(|_| verified).map(|mut email| {
            email.make_ascii_lowercase();
            email
        })
    }

    /// Whether what is said of the account can be relied on: the organisation knows those alone
    /// that it manages and that are active.
    pub(crate) fn is_known(&self) -> bool {
        self.is_managed() && is(self.account_status.as_deref(), "active")
    }

    fn is_managed(&self) -> bool {
        is(self.claim_status.as_deref(), "managed")
    }
}

fn is(status: Option<&str>, word: &str) -> bool {
    status.is_some_and(|status| status.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = |links: &str| {
            serde_json::from_str::<Page>(&format!(r#"{{"data":[]{links}}}"#)).unwrap()
        };
        assert_eq!(page(r#","links":{"next":"abc"}"#).next(), Some("abc"));
        for last in [r#","links":{"next":null}"#, r#","links":{}"#, r#","links":{"next":""}"#] {
            assert_eq!(page(last).next(), None, "{last}");
            assert!(!page(last).is_bare());
        }
        assert!(page("").is_bare());
    }

    #[test]
    fn an_unverified_address_does_not_count() {
        let email = |more: &str| {
            let text = format!(r#"{{"accountId":"a"{more}}}"#);
            serde_json::from_str::<Row>(&text).unwrap().take_email()
        };
        let ada = Some("ada@acme.example".into());
        assert_eq!(email(r#","email":"Ada@acme.example""#), None);
        assert_eq!(email(r#","email":"Ada@acme.example","claimStatus":"managed""#), ada);
        assert_eq!(email(r#","email":"Ada@acme.example","emailVerified":true"#), ada);
        assert_eq!(email(r#","email":"Ada@acme.example","emailVerified":false"#), None);
        assert_eq!(email(r#","email":"""#), None);
        assert_eq!(email(""), None);
    }

    #[test]
    fn lists_are_no_objects() {
        for text in [r#"{"data":[],"links":[]}"#, r#"{"data":[["a"]]}"#] {
            assert!(serde_json::from_str::<Page>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_active_managed_accounts_are_known() {
        let known = |claim: &str, status: &str| {
            let text = format!(
                r#"{{"accountId":"a","claimStatus":{claim},"accountStatus":{status},"mfaEnabled":true}}"#
            );
            serde_json::from_str::<Row>(&text).unwrap().is_known()
        };
        assert!(known(r#""managed""#, r#""active""#));
        for (claim, status) in [
            (r#""unmanaged""#, r#""active""#),
            (r#""managed""#, r#""inactive""#),
            (r#""managed""#, r#""closed""#),
            ("null", r#""active""#),
            (r#""managed""#, "null"),
        ] {
            assert!(!known(claim, status), "{claim} {status}");
        }
    }
}

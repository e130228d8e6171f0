//! A Microsoft Entra tenant, and the credential of the app registration that asks it.
//!
//! The names of the variables are those of Azure's own libraries:
//! <https://learn.microsoft.com/dotnet/api/azure.identity.environmentcredential>.

use url::Url;

use super::host::{Graph, Login};
use crate::credential::{malformed, value};
use crate::env::{
    AZURE_AUTHORITY_HOST, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_FEDERATED_TOKEN,
    AZURE_TENANT_ID, GRAPH_URL,
};
use crate::failure::{Failure, docs};
use crate::hosts::{MICROSOFT_CLOUDS, MicrosoftCloud};
use crate::http::{Secret, base_address};

/// A Microsoft Entra tenant, and what it is asked with.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The tenant's id, or one of its domains.
    pub id: Box<str>,
    pub(crate) client_id: Box<str>,
    pub(crate) credential: Credential,
    pub(crate) login: Login,
    pub(crate) graph: Graph,
}

/// What proves that the app registration asks.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Secret(Secret),
    /// A token of another identity provider, such as a CI system, that the app registration trusts.
    Federated(Secret),
}

impl Credential {
    /// The one that the environment holds, if it does.
    fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, Failure> {
        let secret = value(lookup, AZURE_CLIENT_SECRET)?;
        let federated = value(lookup, AZURE_FEDERATED_TOKEN)?;
        match (secret, federated) {
            (Some(_), Some(_)) => Err(Failure::usage(
                format!(
                    "there are two credentials for Microsoft Entra: {AZURE_CLIENT_SECRET} and \
                     {FEDERATED_TOKEN_FILE} are both set"
                ),
                format!("Unset {AZURE_CLIENT_SECRET} or {FEDERATED_TOKEN_FILE}."),
            )),
            (Some(secret), None) => Ok(Some(Credential::Secret(Secret::new(secret)))),
            (None, Some(token)) => Ok(Some(Credential::Federated(Secret::new(token)))),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn secret(&self) -> &Secret {
        let (Credential::Secret(secret) | Credential::Federated(secret)) = self;
        secret
    }

    /// The variable that it comes from, or that names its file.
    fn variable(&self) -> &'static str {
        match self {
            Credential::Secret(_) => AZURE_CLIENT_SECRET,
            Credential::Federated(_) => FEDERATED_TOKEN_FILE,
        }
    }
}

const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

fn help() -> String {
    format!(
        "Set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or \
         AZURE_FEDERATED_TOKEN_FILE. How to make them: {}",
        docs("sign-on.md")
    )
}

impl Tenant {
    /// The tenant that the environment names, if it names any: `lookup` gives the value of a
    /// variable. An empty variable is an unset one, and `NAME_FILE` names a file to read the value
    /// of `NAME` from.
    ///
    /// # Errors
    /// [`Failure::Usage`] where variables are missing or there are two kinds of credentials, where a
    /// file cannot be read, where a value holds characters that it cannot, and where an address is
    /// one that a credential may not be sent to. No message holds a secret.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, Failure> {
        // A federated token is short-lived and is renewed in its file: the variable itself is not
        // one of Azure's.
        let lookup = |name: &str| {
            lookup(name).filter(|value| !value.is_empty() && name != AZURE_FEDERATED_TOKEN)
        };
        let id = value(&lookup, AZURE_TENANT_ID)?;
        let client_id = value(&lookup, AZURE_CLIENT_ID)?;
        let (id, client_id, credential) = match (id, client_id, Credential::from_env(&lookup)?) {
            (Some(id), Some(client_id), Some(credential)) => (id, client_id, credential),
            (None, None, None) => return Ok(None),
            (id, client_id, credential) => {
                let secret = credential.as_ref().map_or(
                    "AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE",
                    Credential::variable,
                );
                return Err(incomplete([
                    (AZURE_TENANT_ID, id.is_some()),
                    (AZURE_CLIENT_ID, client_id.is_some()),
                    (secret, credential.is_some()),
                ]));
            }
        };
        check_ids(&id, &client_id)?;
        let [public, ..] = MICROSOFT_CLOUDS;
        let address = |name: &str, default: &str| {
            let help = format!("Set {name} to something like {default}, or unset it.");
            let given = lookup(name);
            base_address(given.as_deref().unwrap_or(default), name, &help)
        };
        let login = address(AZURE_AUTHORITY_HOST, public.login)?;
        let cloud = MicrosoftCloud::of_login(login.as_str()).unwrap_or(public);
        let graph = address(GRAPH_URL, cloud.graph)?;
        Ok(Some(Tenant {
            id: id.into(),
            client_id: client_id.into(),
            credential,
            login: Login(login),
            graph: Graph(graph),
        }))
    }

    /// Where the app registration gets its token.
    pub fn login_url(&self) -> &Url {
        &self.login.0
    }

    /// Where the lists are.
    pub fn graph_url(&self) -> &Url {
        &self.graph.0
    }

    /// Which credential is used, by the names of its variables.
    pub(crate) fn credential_in_words(&self) -> String {
        let (client, tenant) = (&self.client_id, &self.id);
        let by = match self.credential {
            Credential::Secret(_) => "a secret",
            Credential::Federated(_) => "a federated token",
        };
        let variable = self.credential.variable();
        format!(
            "the app registration {client} of the tenant {tenant} gets a token by {by} ({variable})"
        )
    }

    /// Whether it is Microsoft itself that is asked.
    pub fn is_at_microsoft(&self) -> bool {
        MicrosoftCloud::is_one(self.login_url().as_str(), self.graph_url().as_str())
    }
}

/// Refuses ids that are not ids: that of the tenant becomes a part of an address.
fn check_ids(tenant: &str, client: &str) -> Result<(), Failure> {
    let is_id = |text: &str, more: &[u8]| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    if !is_id(tenant, b"-.") {
        return Err(malformed(AZURE_TENANT_ID, "something that is not a tenant's id"));
    }
    if ["common", "organizations", "consumers"].contains(&&*tenant.to_ascii_lowercase()) {
        return Err(malformed(AZURE_TENANT_ID, "a name that stands for many tenants"));
    }
    if !is_id(client, b"-") {
        return Err(malformed(AZURE_CLIENT_ID, "something that is not an application's id"));
    }
    Ok(())
}

/// What is said where the policy wants Entra and the environment has nothing to ask it with.
pub(crate) fn unset() -> Failure {
    Failure::usage(
        "the policy takes the roster from Microsoft Entra, and there is no credential for it in \
         the environment",
        help(),
    )
}

/// `parts` are the variables, and whether they are set.
fn incomplete(parts: [(&str, bool); 3]) -> Failure {
    let those = |are_set: bool| {
        let names = parts.iter().filter(|(_, is_set)| *is_set == are_set).map(|(name, _)| *name);
        let names: Vec<&str> = names.collect();
        format!("{} {}", names.join(" and "), if names.len() == 1 { "is" } else { "are" })
    };
    let (set, missing) = (those(true), those(false));
    let what = "the credential for Microsoft Entra is not complete";
    Failure::usage(format!("{what}: {set} set, and {missing} not"), help())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::environment;

    const TENANT: (&str, &str) = (AZURE_TENANT_ID, "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
    const CLIENT: (&str, &str) = (AZURE_CLIENT_ID, "11111111-2222-3333-4444-555555555555");
    const SECRET: (&str, &str) = (AZURE_CLIENT_SECRET, "s3cret~value");

    fn from(variables: &[(&str, &str)]) -> Result<Option<Tenant>, Failure> {
        Tenant::from_env(&environment(variables))
    }

    #[test]
    fn all_three_or_none() {
        assert!(from(&[]).unwrap().is_none());
        assert!(from(&[(AZURE_TENANT_ID, ""), (AZURE_CLIENT_SECRET, "")]).unwrap().is_none());
        let tenant = from(&[TENANT, CLIENT, SECRET]).unwrap().unwrap();
        assert_eq!(tenant.login_url().as_str(), "https://login.microsoftonline.com/");
        assert_eq!(tenant.graph_url().as_str(), "https://graph.microsoft.com/");
        assert!(tenant.is_at_microsoft());
        assert!(!format!("{tenant:?}").contains("s3cret"));
        // A federated token is read from its file alone.
        let token = (AZURE_FEDERATED_TOKEN, "eyJ0");
        let halves = [&[TENANT][..], &[CLIENT], &[SECRET], &[TENANT, CLIENT], &[CLIENT, SECRET]];
        for set in halves.into_iter().chain([&[TENANT, CLIENT, token][..]]) {
            let failure = from(set).unwrap_err();
            assert_eq!(failure.exit().code(), 2);
            let text = failure.to_string();
            for (name, _) in [TENANT, CLIENT, SECRET] {
                assert!(text.contains(name) && !text.contains("s3cret"), "{text}");
            }
        }
    }

    #[test]
    fn national_clouds_and_others() {
        let at = |login: &str, graph: Option<&str>| {
            let graph = graph.map(|graph| (GRAPH_URL, graph));
            let variables = [TENANT, CLIENT, SECRET, (AZURE_AUTHORITY_HOST, login)];
            from(&variables.into_iter().chain(graph).collect::<Vec<_>>()).unwrap().unwrap()
        };
        let us = at("https://login.microsoftonline.us/", None);
        assert_eq!(us.graph_url().as_str(), "https://graph.microsoft.us/");
        assert!(us.is_at_microsoft());
        let dod = "https://dod-graph.microsoft.us";
        assert!(at("https://login.microsoftonline.us", Some(dod)).is_at_microsoft());
        assert!(!at("https://login.microsoftonline.com", Some(dod)).is_at_microsoft());
        assert!(!at("http://127.0.0.1:9", Some("http://127.0.0.1:9")).is_at_microsoft());
    }

    #[test]
    fn values_that_cannot_be_right() {
        for (name, value) in [
            (AZURE_TENANT_ID, "a/b"),
            (AZURE_TENANT_ID, ".."),
            (AZURE_TENANT_ID, "common"),
            (AZURE_CLIENT_ID, "a&b"),
            (AZURE_AUTHORITY_HOST, "http://login.microsoftonline.com"),
            (GRAPH_URL, "https://s3cret@graph.microsoft.com"),
            (GRAPH_URL, "graph.microsoft.com"),
        ] {
            let wrong = from(&[(name, value), TENANT, CLIENT, SECRET]).unwrap_err().to_string();
            assert!(wrong.contains(name) && !wrong.contains("s3cret"), "{wrong}");
        }
    }
}

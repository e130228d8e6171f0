//! Microsoft Graph, asked with the credential of an app registration.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::try_join;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;
use url::form_urlencoded::Serializer;

use super::directory::Directory;
use super::host::NO_LICENCE;
use super::tenant::{Credential, Tenant};
use super::wire::{Page, Registration, Row, User};
use crate::completeness;
use crate::failure::{Failure, Problem};
use crate::http::object::Object;
use crate::http::{Authorization, Need, Network, RequestError, Secret, Session};
use crate::read::list_error::ListError;
use crate::read::on_demand::Server;
use crate::read::paging::{self, MOST_PAGES, Trail};

pub(crate) struct Client<'a> {
    tenant: &'a Tenant,
    login: Session<'a>,
    graph: Session<'a>,
    /// How many requests were sent to Microsoft Graph, every try counted.
    requests: Cell<u32>,
}

/// A list of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// What users have registered.
    Registrations,
    /// The users and their addresses.
    Users,
}

/// How often a list is asked for that is refused for want of a licence.
const LICENCE_TRIES: u32 = 3;

impl List {
    fn path(self) -> &'static [&'static str] {
        match self {
            List::Registrations => {
                &["v1.0", "reports", "authenticationMethods", "userRegistrationDetails"]
            }
            List::Users => &["v1.0", "users"],
        }
    }

    fn query(self) -> &'static str {
        match self {
            List::Registrations => "$top=999",
            List::Users => {
                "$select=id,mail,userPrincipalName,proxyAddresses,accountEnabled&$top=999"
            }
        }
    }

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            List::Registrations => "the methods that users have registered",
            List::Users => "the users",
        }
    }

    /// The application permission that it needs.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            List::Registrations => "AuditLog.Read.All",
            List::Users => "User.Read.All",
        }
    }
}

impl<'a> Client<'a> {
    /// Gets ready to ask; nothing is sent yet.
    pub(crate) fn new(tenant: &'a Tenant, network: Network<'a>) -> Result<Self, Failure> {
        let login = Session::new(&tenant.login, tenant.login_url(), network)?;
        let graph = Session::new(&tenant.graph, tenant.graph_url(), network)?;
        login.secrets().keep(tenant.credential.secret());
        Ok(Client { tenant, login, graph, requests: Cell::new(0) })
    }

    /// Gets a token for the run, by the client credentials flow:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.
    ///
    /// # Errors
    /// [`Problem`] where none is granted.
    pub(crate) async fn log_in(&self) -> Result<(), Problem> {
        let url = self.login.url(&[&self.tenant.id, "oauth2", "v2.0", "token"], None);
        let granted = self.login.grant(&url, None, &self.form()).await;
        let authorized =
            granted.and_then(|token| self.graph.authorize(Authorization::Bearer(&token)));
        authorized.map_err(|error| {
            let Problem { what, help } = self.login.explain(&error);
            Problem::new(format!("the app registration was granted no token: {what}"), help)
        })
    }

    /// What a token is asked for with.
    fn form(&self) -> Secret {
        let graph = self.tenant.graph_url().as_str().trim_end_matches('/');
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.tenant.client_id)
            .append_pair("scope", &format!("{graph}/.default"));
        match &self.tenant.credential {
            Credential::Secret(secret) => form.append_pair("client_secret", secret.expose()),
            Credential::Federated(token) => form
                .append_pair("client_assertion_type", ASSERTION_TYPE)
                .append_pair("client_assertion", token.expose()),
        };
        Secret::new(form.finish())
    }

    /// The address of the first page of a list.
    fn first(&self, list: List) -> Url {
        self.graph.url(list.path(), Some(list.query()))
    }

    async fn list<R: Row + DeserializeOwned>(&self, list: List) -> Result<Vec<R>, Problem> {
        let first = self.first(list);
        let (rows, once_more) = (self.rows(&first), self.rows(&first));
        let rows = paging::read(&self.graph, first.path(), rows, once_more).await;
        rows.map_err(|error| self.explain(list, &error))
    }

    /// The rows of all pages from the first to the last.
    async fn rows<R: Row + DeserializeOwned>(&self, first: &Url) -> Result<Vec<R>, ListError> {
        let mut trail = Trail::new(first.clone(), MOST_PAGES);
        let mut page: Page<R> = self.get(first).await?;
        let mut rows: Vec<R> = Vec::new();
        loop {
            rows.extend(page.value.into_iter().map(|Object(row)| row));
            let Some(next) = page.next else { break };
            let url = paging::next_url(&self.graph, first, &next)?;
            trail.go_on(url.clone())?;
            page = self.get(&url).await?;
        }
        completeness::distinct(rows.iter().map(Row::id), rows.len())?;
        Ok(rows)
    }

    /// Asks for the first page of a list, once logged in, which shows whether the rest may be read.
    pub(crate) async fn try_list(&self, list: List) -> Result<(), Problem> {
        let page: Result<Page<IgnoredAny>, _> = self.get(&self.first(list)).await;
        page.map(|_| ()).map_err(|error| self.explain(list, &error.into()))
    }

    /// Asks for a page of a list. Tenants with a licence were refused for want of one now and then.
    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, RequestError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.graph.get(url, Need::Required, &self.requests).await {
                Ok((page, _)) => return Ok(page),
                Err(error) if is_for_licence(&error) && tries < LICENCE_TRIES => {
                    let wait = Duration::from_secs(tries.into());
                    (self.graph.network().pace.sleep)(wait).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Why a list could not be read, and what to do.
    fn explain(&self, list: List, error: &ListError) -> Problem {
        let Problem { what, help } = error.explain(self.graph.host());
        let what = format!("{} could not be read: {what}", list.in_words());
        let is_denied = matches!(error, ListError::Request(error) if !is_for_licence(error))
            && error.status() == Some(403);
        if !is_denied {
            return Problem::new(what, help);
        }
        let permission = list.permission();
        Problem::new(
            what,
            format!(
                "Give the app registration the application permission {permission} of Microsoft \
                 Graph, and grant admin consent. A delegated permission is not enough."
            ),
        )
    }
}

/// Says that a client proves itself by a signed token:
/// [RFC 7523, section 2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn is_for_licence(error: &RequestError) -> bool {
    matches!(error, RequestError::Refused(refusal) if refusal.message.contains(NO_LICENCE))
}

impl Server for Client<'_> {
    type Directory = Directory;

    async fn read(&self) -> Result<Directory, Problem> {
        let read = async {
            self.log_in().await?;
            let users = self.list::<User>(List::Users);
            let registrations = self.list::<Registration>(List::Registrations);
            let (users, registrations) = try_join(users, registrations).await?;
            let (listed, registered) = (users.len(), registrations.len());
            log::info!("Microsoft Entra was read users={listed} registrations={registered}");
            Directory::new(&users, &registrations)
        };
        read.await.map_err(|Problem { what, help }| {
            Problem::new(format!("Microsoft Entra could not be asked: {what}"), help)
        })
    }

    fn requests(&self) -> u32 {
        self.requests.get()
    }

    fn rows(directory: &Directory) -> u64 {
        directory.rows()
    }
}

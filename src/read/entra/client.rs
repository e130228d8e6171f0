//! Microsoft Graph, asked with the credential of an app registration.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::try_join;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;
use url::form_urlencoded::Serializer;

use super::directory::Directory;
use super::host::NO_LICENCE;
use super::pages;
use super::tenant::{Credential, Tenant};
use super::wire::{Page, Registration, Row, TokenGrant, User};
use crate::failure::{Failure, Problem};
use crate::http::{
    Connection, Deadline, Pace, RequestError, Secret, Session, sensitive_header, unsendable,
};
use crate::read::list_error::ListError;
use crate::read::on_demand::Server;

/// Asks a tenant.
pub(crate) struct Client<'a> {
    tenant: &'a Tenant,
    login: Session<'a>,
    graph: Session<'a>,
    pace: Pace<'a>,
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

/// How often a refusal for want of a licence is asked again: tenants with one have seen it.
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
    pub(crate) fn new(
        tenant: &'a Tenant,
        connection: &Connection,
        deadline: Deadline,
        pace: Pace<'a>,
    ) -> Result<Self, Failure> {
        let session = |host, url| Session::new(host, url, connection, deadline, pace);
        let login = session(&tenant.login, tenant.login_url())?;
        let graph = session(&tenant.graph, tenant.graph_url())?;
        let (Credential::Secret(secret) | Credential::Federated(secret)) = &tenant.credential;
        login.secrets().keep(secret);
        Ok(Client { tenant, login, graph, pace, requests: Cell::new(0) })
    }

    /// The address of the first page of a list.
    fn first(&self, list: List) -> Url {
        let mut url = self.tenant.graph_url().clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(list.path());
        }
        url.set_query(Some(list.query()));
        url
    }

    /// Gets a token for the run.
    ///
    /// # Errors
    /// [`Problem`] where none is granted.
    pub(crate) async fn log_in(&self) -> Result<Reader<'_>, Problem> {
        let authorization = self.authorize().await.map_err(|error| {
            let Problem { what, help } = self.login.explain(&error);
            Problem::new(format!("the app registration was granted no token: {what}"), help)
        })?;
        Ok(Reader { client: self, authorization })
    }

    async fn authorize(&self) -> Result<HeaderValue, RequestError> {
        let token = self.granted().await?;
        let unsent = self.graph.http().get(self.tenant.graph_url().clone());
        sensitive_header(&unsent.bearer_auth(token.expose()).build().map_err(unsendable)?)
    }

    /// A token by the client credentials flow:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.
    async fn granted(&self) -> Result<Secret, RequestError> {
        let mut url = self.tenant.login_url().clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend([&*self.tenant.id, "oauth2", "v2.0", "token"]);
        }
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
        let form = Secret::new(form.finish());
        let build = || {
            let request = self.login.http().post(url.clone());
            request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose().to_owned())
        };
        let grant: TokenGrant = self.login.fetch_secret(build).await?;
        if grant.access_token.is_empty() {
            return Err(RequestError::Unsendable("the token that was granted is empty".into()));
        }
        log::info!("the app registration was granted a token");
        let token = Secret::new(grant.access_token);
        self.graph.secrets().keep(&token);
        Ok(token)
    }
}

/// Reads lists with the token of a run.
pub(crate) struct Reader<'c> {
    client: &'c Client<'c>,
    authorization: HeaderValue,
}

impl Reader<'_> {
    /// Reads a whole list.
    async fn list<R: Row + DeserializeOwned>(&self, list: List) -> Result<Vec<R>, Problem> {
        let rows = pages::list(self, &self.client.first(list)).await;
        rows.map_err(|error| self.explain(list, error))
    }

    /// Asks for the first page of a list, which shows whether the rest may be read.
    pub(crate) async fn try_list(&self, list: List) -> Result<(), Problem> {
        let page: Result<Page<IgnoredAny>, _> = self.get(&self.client.first(list)).await;
        page.map(|_| ()).map_err(|error| self.explain(list, error.into()))
    }

    /// Asks for a page of a list.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, RequestError> {
        let Client { graph, pace, requests, .. } = self.client;
        let build = || graph.http().get(url.clone()).header(AUTHORIZATION, &self.authorization);
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match graph.fetch(build, requests).await {
                Ok((answer, _)) => return Ok(answer),
                Err(error) => error,
            };
            if !is_for_licence(&error) || tries >= LICENCE_TRIES {
                return Err(error);
            }
            (pace.sleep)(Duration::from_secs(tries.into())).await;
        }
    }

    /// The first words of what the server sent, masked.
    pub(super) fn excerpt(&self, text: &str) -> String {
        self.client.graph.secrets().excerpt(text)
    }

    /// Why a list could not be read, and what to do.
    fn explain(&self, list: List, error: ListError) -> Problem {
        let denied = match &error {
            ListError::Request(error) => error.status() == Some(403) && !is_for_licence(error),
            ListError::Elsewhere(_)
            | ListError::Loop
            | ListError::Endless
            | ListError::Inconsistency(_) => false,
        };
        let Problem { what, help } = error.explain(self.client.graph.host());
        let what = format!("{} could not be read: {what}", list.in_words());
        if !denied {
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
    match error {
        RequestError::Refused(refusal) => refusal.message.contains(NO_LICENCE),
        RequestError::Unreachable(_)
        | RequestError::Certificate(_)
        | RequestError::Unsendable(_)
        | RequestError::TimedOut(_)
        | RequestError::Deadline(_)
        | RequestError::Closed { .. }
        | RequestError::OutOfTime { .. }
        | RequestError::Exhausted { .. }
        | RequestError::TooLarge
        | RequestError::Stale(_)
        | RequestError::Shape { .. } => false,
    }
}

impl Server for Client<'_> {
    type Directory = Directory;

    async fn read(&self) -> Result<Directory, Problem> {
        let read = async {
            let reader = self.log_in().await?;
            let users = reader.list::<User>(List::Users);
            let registrations = reader.list::<Registration>(List::Registrations);
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

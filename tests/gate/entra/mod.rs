//! A mock Microsoft Entra, the login host and Graph on a port each, and the binary run against them.

mod credentials;
mod lists;
mod pages;
mod refusals;
mod reports;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::addresses::{Search, searchable};
use crate::organisation::{Checked, Ground};
use crate::support::rows;

pub(crate) const TENANT: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
pub(crate) const CLIENT: &str = "99999999-8888-7777-6666-555555555555";
/// A secret that no server but the login host may see.
pub(crate) const SECRET: &str = "Zx8~very-secret-value-of-the-app";
/// A token that no server but Graph may see.
pub(crate) const GRAPH_TOKEN: &str = "eyJ0eXAiOiJKV1Qi.very-secret-graph-token.c2lnbmF0dXJl";

pub(crate) const TOKEN_PATH: &str = "/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/oauth2/v2.0/token";
pub(crate) const USERS: &str = "/v1.0/users";
pub(crate) const REGISTRATIONS: &str =
    "/v1.0/reports/authenticationMethods/userRegistrationDetails";

/// No organisation.
pub(crate) const ALONE: [(&str, &str); 2] = [("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_KEY", "")];

/// What a policy says that takes the roster from Entra.
pub(crate) const POLICY: &str = "accept: [bitbucket, roster]\nroster: {from: entra}\n";

/// The users of a tenant, and what they have registered.
#[derive(Clone, Default)]
pub(crate) struct Tenant {
    pub(crate) users: Vec<Value>,
    pub(crate) registrations: Vec<Value>,
    /// How many rows a page has, where fewer than all.
    pub(crate) page: Option<usize>,
}

/// The user with the address of the member with this number, with more keys.
pub(crate) fn user(number: usize, more: &Value) -> Value {
    let mut user = json!({
        "id": format!("user-{number}"),
        "mail": format!("Member{number}@acme.example"),
        "userPrincipalName": format!("m{number}@acme.onmicrosoft.com"),
        "proxyAddresses": [],
        "accountEnabled": true,
    });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

/// What the user with this number has registered, with more keys.
pub(crate) fn registration(number: usize, more: &Value) -> Value {
    let mut row = json!({
        "id": format!("user-{number}"),
        "userPrincipalName": format!("m{number}@acme.onmicrosoft.com"),
        "userType": "member",
        "isMfaRegistered": true,
        "isMfaCapable": true,
        "methodsRegistered": ["softwareOneTimePasscode"],
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

impl Tenant {
    /// Users with these numbers, all able to use a second factor.
    pub(crate) fn of(numbers: std::ops::Range<usize>) -> Self {
        let mut tenant = Tenant::default();
        numbers.for_each(|number| tenant.add(number, &json!({}), &json!({})));
        tenant
    }

    pub(crate) fn add(&mut self, number: usize, account: &Value, row: &Value) {
        self.users.push(user(number, account));
        self.registrations.push(registration(number, row));
    }

    fn answer(&self, request: &Request, uri: &str) -> ResponseTemplate {
        let authorization = request.headers.get("authorization");
        if authorization.is_none_or(|value| *value != format!("Bearer {GRAPH_TOKEN}")) {
            return graph_refusal(401, "InvalidAuthenticationToken", "no such token");
        }
        let path = request.url.path();
        let query: std::collections::HashMap<_, _> = request.url.query_pairs().collect();
        let rows = match path {
            USERS => {
                let select = "id,mail,userPrincipalName,proxyAddresses,accountEnabled";
                assert_eq!(query["$select"], select);
                &self.users
            }
            REGISTRATIONS => &self.registrations,
            _ => return graph_refusal(404, "ResourceNotFound", "no such resource"),
        };
        let start = query.get("$skiptoken").map_or(0, |token| token.parse().unwrap());
        let end = start + self.page.unwrap_or(rows.len().max(1));
        let values: Vec<&Value> = rows.iter().skip(start).take(end - start).collect();
        let mut body = json!({"@odata.context": "here", "value": values});
        if end < rows.len() {
            let query = request.url.query().unwrap().split("&$skiptoken").next().unwrap();
            body["@odata.nextLink"] = json!(format!("{uri}{path}?{query}&$skiptoken={end}"));
        }
        ResponseTemplate::new(200).set_body_json(body)
    }
}

/// An error as Graph sends it.
pub(crate) fn graph_refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    let error = json!({"code": code, "message": message, "innerError": {"request-id": "r"}});
    ResponseTemplate::new(status).set_body_json(json!({"error": error}))
}

/// An error as the login host sends it.
pub(crate) fn login_refusal(error: &str, description: &str) -> ResponseTemplate {
    let description = format!("{description} Trace ID: t Correlation ID: c Timestamp: now");
    let body = json!({"error": error, "error_description": description, "error_codes": [1]});
    ResponseTemplate::new(401).set_body_json(body)
}

/// The servers of Microsoft Entra, Bitbucket and an organisation, and a folder to run the binary in.
pub(crate) struct Entra {
    pub(crate) ground: Ground,
    runtime: Runtime,
    login: MockServer,
    graph: MockServer,
}

impl Entra {
    /// Members of acme, as many as this, without a second factor at Bitbucket, who can be searched
    /// by address.
    pub(crate) fn with(members: usize) -> Self {
        Entra::beside(Ground::with(&rows(0..members, false)), members)
    }

    /// The servers of Microsoft Entra, with others that there are already.
    pub(crate) fn beside(ground: Ground, members: usize) -> Self {
        searchable(&ground.bitbucket, members, Search::Honest);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let login = runtime.block_on(MockServer::builder().start());
        let graph = runtime.block_on(MockServer::builder().start());
        Entra { ground, runtime, login, graph }
    }

    pub(crate) fn graph_url(&self) -> String {
        self.graph.uri()
    }

    /// Serves a tenant, to the credential alone.
    pub(crate) fn serve(&self, tenant: Tenant) {
        self.grant();
        let uri = self.graph.uri();
        self.graph(move |request| tenant.answer(request, &uri));
    }

    /// Grants the token to the secret.
    pub(crate) fn grant(&self) {
        self.login(|request| {
            let body = String::from_utf8(request.body.clone()).unwrap();
            let form: std::collections::HashMap<_, _> =
                url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let scope = form["scope"].strip_suffix("/.default");
            let fits = request.url.path() == TOKEN_PATH
                && form["grant_type"] == "client_credentials"
                && form["client_id"] == CLIENT
                && form.get("client_secret").is_none_or(|secret| secret == SECRET)
                && scope.is_some_and(|scope| !scope.ends_with('/'));
            if !fits {
                return login_refusal("invalid_client", "AADSTS7000215: wrong.");
            }
            let grant = json!({"token_type": "Bearer", "expires_in": 3599,
                "access_token": GRAPH_TOKEN});
            ResponseTemplate::new(200).set_body_json(grant)
        });
    }

    pub(crate) fn login(
        &self,
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        self.runtime.block_on(Mock::given(any()).respond_with(answer).mount(&self.login));
    }

    pub(crate) fn graph(
        &self,
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        self.runtime.block_on(Mock::given(any()).respond_with(answer).mount(&self.graph));
    }

    /// Answers so many requests for a list like this, before whatever is said later.
    pub(crate) fn graph_first(&self, list: &str, times: u64, answer: ResponseTemplate) {
        let mock = Mock::given(wiremock::matchers::path(list)).respond_with(answer);
        self.runtime.block_on(mock.up_to_n_times(times).with_priority(1).mount(&self.graph));
    }

    /// The requests that the login host got, oldest first.
    pub(crate) fn logins(&self) -> Vec<Request> {
        self.runtime.block_on(self.login.received_requests()).unwrap()
    }

    /// The requests that Graph got, oldest first.
    pub(crate) fn lists(&self) -> Vec<Request> {
        self.runtime.block_on(self.graph.received_requests()).unwrap()
    }

    /// How many requests came to the login host and to Graph.
    pub(crate) fn asked(&self) -> (usize, usize) {
        (self.logins().len(), self.lists().len())
    }

    /// Runs `check` with the credential for Entra and without an organisation.
    pub(crate) fn check(&self) -> Checked {
        self.check_by(POLICY, &[], &ALONE)
    }

    /// Runs `check` by a policy about acme that says this, with the credential for Entra.
    pub(crate) fn check_by(&self, policy: &str, args: &[&str], env: &[(&str, &str)]) -> Checked {
        let [login, graph] = [self.login.uri(), self.graph.uri()];
        let checked =
            self.ground.check_by(policy, args, &[&credential(&login, &graph)[..], env].concat());
        self.keeps_secrets(&checked.console);
        self.keeps_secrets(&checked.report.to_string());
        checked
    }

    /// Runs the binary with the credential for Entra.
    pub(crate) fn run(&self, args: &[&str], env: &[(&str, &str)]) -> crate::support::Outcome {
        let [login, graph] = [self.login.uri(), self.graph.uri()];
        let outcome = self.ground.run(args, &[&credential(&login, &graph)[..], env].concat());
        self.keeps_secrets(&outcome.stdout);
        self.keeps_secrets(&outcome.stderr);
        outcome
    }

    /// Checks that secrets are in no output, and that each came to its own host alone.
    fn keeps_secrets(&self, output: &str) {
        for secret in [SECRET, GRAPH_TOKEN] {
            assert!(!output.contains(secret), "a secret is in the output");
        }
        let sent = |requests: Vec<Request>| format!("{requests:?}{}", bodies(&requests));
        let holds = |text: &str, secret: &str| {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            text.contains(secret) || text.contains(&encoded)
        };
        let (bitbucket, organisation) =
            (sent(self.ground.bitbucket.requests()), sent(self.ground.organisation.requests()));
        let (login, graph) = (sent(self.logins()), sent(self.lists()));
        for other in [&bitbucket, &organisation, &graph] {
            assert!(!holds(other, SECRET), "the secret went to another server");
        }
        for other in [&bitbucket, &organisation, &login] {
            assert!(!holds(other, GRAPH_TOKEN), "the token went to another server");
        }
        for other in [crate::support::TOKEN, crate::support::BASIC, crate::organisation::KEY] {
            assert!(!login.contains(other) && !graph.contains(other), "a token went to Microsoft");
        }
    }
}

fn bodies(requests: &[Request]) -> String {
    requests.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect()
}

/// The variables that name the credential, and the two hosts.
pub(crate) fn credential<'a>(login: &'a str, graph: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_SECRET", SECRET),
        ("AZURE_AUTHORITY_HOST", login),
        ("MFA_GATE_GRAPH_URL", graph),
    ]
}

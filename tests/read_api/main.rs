//! Members from the API, through the library, against a server on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

#[path = "../shared/connect.rs"]
mod connect;

mod answers;
mod credentials;
mod flags;
mod lists;
mod owners;
mod refusals;

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mfa_gate::failure::Problem;
use mfa_gate::http::Pace;
use mfa_gate::member::Source;
use mfa_gate::quote::Quotes;
use mfa_gate::read::bitbucket::{Credential, api_url};
use mfa_gate::read::{Roles, Wanted};
use mfa_gate::reading::Reading;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use connect::Connect;

const TOKEN: &str = "ATATT-s3cret";
const MEMBERS: &str = "/2.0/workspaces/acme/members";
const CALLER: &str = "/2.0/user/workspaces/acme/permission";
const OWNERS: &str = "/2.0/workspaces/acme/permissions";
const FIELDS: &str = "%2Bvalues.user.has_2fa_enabled,%2Bvalues.user.account_status,\
    -values.workspace,-values.links,-values.user.links";

fn credential(variables: &[(&str, &str)]) -> Credential {
    let lookup = |name: &str| {
        variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    Credential::from_env(&lookup).unwrap()
}

fn connect(server: &MockServer) -> Connect {
    Connect {
        api_url: api_url(&format!("{}/2.0", server.uri())).unwrap(),
        concurrency: 8,
        timeout: Duration::from_secs(20),
        deadline: Duration::from_secs(60),
        ca_cert: None,
        credential: credential(&[
            ("BITBUCKET_EMAIL", "ada@acme.example"),
            ("BITBUCKET_API_TOKEN", TOKEN),
        ]),
    }
}

/// Reads without waiting between tries.
fn read_at_once(connect: &Connect, slugs: &[Arc<str>], roles: bool) -> Vec<Reading> {
    let roles = if roles { Roles::Required } else { Roles::Unasked };
    let wanted = Wanted { roles, ..Wanted::proof(&[Source::Bitbucket]) };
    let sleep = |_| -> Pin<Box<dyn Future<Output = ()>>> { Box::pin(std::future::ready(())) };
    let pace = Pace { sleep: &sleep, jitter: &|| 0.5, now: &SystemTime::now };
    connect.read(slugs, wanted, pace).unwrap()
}

/// Reads workspaces, on a thread of its own as the command does.
async fn read_with(connect: Connect, slugs: &[&str], roles: bool) -> Vec<Reading> {
    let slugs: Vec<Arc<str>> = slugs.iter().map(|&slug| Arc::from(slug)).collect();
    let reading = move || read_at_once(&connect, &slugs, roles);
    let readings = tokio::task::spawn_blocking(reading).await.unwrap();
    assert!(!format!("{readings:?}").contains("s3cret"), "{readings:?}");
    readings
}

async fn read(server: &MockServer) -> Reading {
    read_with(connect(server), &["acme"], false).await.remove(0)
}

fn failed(reading: &Reading) -> Problem {
    reading.members.as_ref().unwrap_err().with(Quotes::Shown)
}

async fn incomplete(server: &MockServer) -> Problem {
    failed(&read(server).await)
}

fn row(number: usize) -> Value {
    json!({"type": "workspace_membership", "user": {
        "type": "user", "uuid": format!("{{{number}}}"), "account_id": format!("557058:{number}"),
        "nickname": "m", "display_name": "Member", "account_status": "active",
        "has_2fa_enabled": true,
    }})
}

/// Pages of a hundred, as Bitbucket sends them.
fn pages(server: &MockServer, total: usize) -> Vec<Value> {
    let count = total.div_ceil(100);
    let page = |number: usize| {
        let rows = (number - 1) * 100..(number * 100).min(total);
        let mut page = json!({
            "values": rows.map(row).collect::<Vec<_>>(),
            "size": total, "page": number, "pagelen": 100,
        });
        if number < count {
            let (uri, next) = (server.uri(), number + 1);
            page["next"] = format!("{uri}{MEMBERS}?pagelen=100&fields={FIELDS}&page={next}").into();
        }
        page
    };
    (1..=count).map(page).collect()
}

fn query<'a>(request: &'a Request, key: &str) -> Option<std::borrow::Cow<'a, str>> {
    request.url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value)
}

fn page_number(request: &Request) -> usize {
    query(request, "page").map_or(1, |page| page.parse().unwrap())
}

/// Answers for members with what a function makes of each request.
async fn serve(
    server: &MockServer,
    respond: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) {
    Mock::given(method("GET")).and(path(MEMBERS)).respond_with(respond).mount(server).await;
}

async fn serve_pages(server: &MockServer, pages: Vec<Value>) {
    serve(server, move |request| {
        ResponseTemplate::new(200).set_body_json(&pages[page_number(request) - 1])
    })
    .await;
}

async fn answer(server: &MockServer, at: &str, response: ResponseTemplate) {
    Mock::given(path(at)).respond_with(response).mount(server).await;
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

fn error(message: &str) -> Value {
    json!({"type": "error", "error": {"message": message}})
}

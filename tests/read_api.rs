//! Members from the API, through the library, against a server on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

#[path = "shared/connect.rs"]
mod connect;

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use mfa_gate::failure::Exit;
use mfa_gate::failure::Problem;
use mfa_gate::http::Pace;
use mfa_gate::member::{Role, Source, TwoFactor};
use mfa_gate::quote::Quotes;
use mfa_gate::read::bitbucket::{Credential, api_url};
use mfa_gate::read::{Roles, Wanted};
use mfa_gate::reading::{Completeness, Origin, Reading};
use serde_json::{Value, json};
use wiremock::matchers::{basic_auth, bearer_token, body_string, header, method, path};
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

#[tokio::test(flavor = "multi_thread")]
async fn members_on_three_pages() {
    let server = MockServer::start().await;
    serve_pages(&server, pages(&server, 250)).await;
    let reading = read(&server).await;
    assert_eq!(reading.origin, Origin::Api);
    assert_eq!((reading.walk.requests, reading.walk.walks), (3, 1));
    assert_eq!(reading.walk.reported_size, Some(250));
    let roll = reading.members.unwrap();
    assert_eq!((roll.members.len(), roll.completeness), (250, Completeness::Size));

    let requests = requests(&server).await;
    let version = env!("CARGO_PKG_VERSION");
    for request in &requests {
        assert_eq!(request.headers["user-agent"], format!("mfa-gate/{version}"));
        let authorization = request.headers["authorization"].to_str().unwrap();
        assert!(authorization.starts_with("Basic "));
    }
    let first = requests[0].url.query().unwrap();
    assert_eq!(first, format!("pagelen=100&fields={FIELDS}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_does_not_add_up_is_counted_again() {
    let server = MockServer::start().await;
    let (good, asked) = (pages(&server, 150), AtomicUsize::new(0));
    serve(&server, move |request| {
        let mut page = good[page_number(request) - 1].clone();
        if asked.fetch_add(1, Ordering::SeqCst) == 1 {
            page["size"] = 151.into();
        }
        ResponseTemplate::new(200).set_body_json(page)
    })
    .await;
    let reading = read(&server).await;
    assert_eq!((reading.walk.requests, reading.walk.walks), (4, 2));
    assert_eq!(reading.members.unwrap().members.len(), 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_never_adds_up() {
    let server = MockServer::start().await;
    let mut pages = pages(&server, 150);
    pages[1]["values"].as_array_mut().unwrap().pop();
    serve_pages(&server, pages).await;
    let reading = read(&server).await;
    assert_eq!((reading.walk.requests, reading.walk.walks), (4, 2));
    let why = failed(&reading).what;
    assert!(why.contains("149 members were listed where Bitbucket counts 150"), "{why}");
}

/// What is said where a change makes the pages of 150 members no whole list.
async fn changed(change: impl Fn(&mut Vec<Value>, &str)) -> String {
    let server = MockServer::start().await;
    let mut pages = pages(&server, 150);
    change(&mut pages, &format!("{}{MEMBERS}", server.uri()));
    serve_pages(&server, pages).await;
    incomplete(&server).await.what
}

#[tokio::test(flavor = "multi_thread")]
async fn part_of_a_list_is_not_the_list() {
    let uncounted = |pages: &mut Vec<Value>| {
        for page in pages {
            page.as_object_mut().unwrap().remove("size");
        }
    };
    let first = changed(|pages, url| pages[0]["previous"] = format!("{url}?page=7").into()).await;
    assert!(first.contains("has a `previous`"), "{first}");
    let leap = changed(|pages, url| {
        uncounted(pages);
        pages[0]["next"] = format!("{url}?page=3").into();
        pages.push(pages[1].clone());
    });
    let leap = leap.await;
    assert!(leap.contains("does not lead to page 2"), "{leap}");
    for rows in [0, 99] {
        let short = changed(|pages, url| {
            uncounted(pages);
            pages.push(pages[1].clone());
            pages[2]["page"] = 3.into();
            pages[1]["next"] = format!("{url}?page=3").into();
            pages[1]["values"] = (100..100 + rows).map(row).collect();
            pages[2]["values"] = json!([row(300)]);
        });
        let short = short.await;
        assert!(short.contains("page 2 holds"), "{short}");
    }
    let full = changed(|pages, _| {
        uncounted(pages);
        pages[1]["values"] = (100..200).map(row).collect();
    });
    let full = full.await;
    assert!(full.contains("does not prove"), "{full}");
    let empty = changed(|pages, _| pages[0]["next"] = "".into()).await;
    assert!(empty.contains("an empty `next`"), "{empty}");
    let permissions = changed(|pages, _| pages[1]["values"][3]["permission"] = "write".into());
    assert!(permissions.await.contains("`permission`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_page_is_not_read_as_one() {
    for (status, change, part) in [
        (203, "", "sure to be whole"),
        (206, "", "sure to be whole"),
        (226, "", "sure to be whole"),
        (200, "error", "an error is reported with the rows"),
        (200, "row", "expected an object"),
        (200, "user", "expected an object"),
        (200, "page", "expected an object"),
    ] {
        let server = MockServer::start().await;
        let mut page = pages(&server, 1).remove(0);
        match change {
            "error" => page["error"] = json!({"message": "only some were read"}),
            "row" => page["values"][0] = json!([{"account_id": "557058:1"}]),
            "user" => page["values"][0]["user"] = json!(["user", "557058:1"]),
            "page" => page = json!([page["values"]]),
            _ => {}
        }
        answer(&server, MEMBERS, ResponseTemplate::new(status).set_body_json(page)).await;
        let why = incomplete(&server).await.what;
        assert!(why.contains(part), "{change}: {why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_list_are_not_asked_for_again_by_fields_that_hide_it() {
    let server = MockServer::start().await;
    let members = |request: &Request| {
        let fields = request.url.query_pairs().find(|(name, _)| name == "fields").unwrap().1;
        let mut row = row(1);
        if fields.starts_with('+') {
            row["user"].as_object_mut().unwrap().remove("has_2fa_enabled");
            row["permission"] = "write".into();
        }
        ResponseTemplate::new(200).set_body_json(json!({"size": 1, "values": [row]}))
    };
    Mock::given(path(MEMBERS)).respond_with(members).mount(&server).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("`permission`"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_may_be_of_one_person_are_not_two() {
    let server = MockServer::start().await;
    let mut pages = pages(&server, 2);
    pages[0]["values"][0]["user"].as_object_mut().unwrap().remove("uuid");
    pages[0]["values"][1]["user"].as_object_mut().unwrap().remove("account_id");
    serve_pages(&server, pages).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("may be one person"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_twice() {
    let server = MockServer::start().await;
    let mut pages = pages(&server, 150);
    pages[1]["values"][3] = row(7);
    serve_pages(&server, pages).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("557058:7 was listed twice"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn next_is_followed_nowhere_else() {
    let other = MockServer::start().await;
    let server = MockServer::start().await;
    let mut pages = pages(&server, 150);
    pages[0]["next"] = format!("{}{MEMBERS}?page=2&{TOKEN}", other.uri()).into();
    serve_pages(&server, pages.clone()).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("elsewhere") && why.contains("***"), "{why}");
    assert!(requests(&other).await.is_empty());

    server.reset().await;
    pages[0]["next"] = format!("{}/2.0/workspaces/other/members?page=2", server.uri()).into();
    serve_pages(&server, pages.clone()).await;
    assert!(incomplete(&server).await.what.contains("elsewhere"));
    assert_eq!(requests(&server).await.len(), 1);

    server.reset().await;
    pages[0]["next"] = format!("{}{MEMBERS}?page=2", server.uri()).into();
    pages[1]["next"] = pages[0]["next"].clone();
    serve_pages(&server, pages).await;
    assert!(incomplete(&server).await.what.contains("circle"));
    assert_eq!(requests(&server).await.len(), 4, "a last page with a `next` is read again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let other = MockServer::start().await;
    for status in [301, 302, 307, 308] {
        let server = MockServer::start().await;
        let to = format!("{}{MEMBERS}", other.uri());
        answer(&server, MEMBERS, ResponseTemplate::new(status).insert_header("location", to)).await;
        let why = incomplete(&server).await.what;
        assert!(why.contains(&format!("{status}, a redirect")), "{why}");
    }
    assert!(requests(&other).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_another_shape() {
    let page = format!("<!DOCTYPE html><title>Log in</title>{TOKEN}\u{1b}[2J");
    for (response, parts) in [
        (
            ResponseTemplate::new(200).set_body_raw(page.as_bytes(), "text/html"),
            ["status 200, text/html", "<!DOCTYPE html><title>Log in</title>***\\u{1b}"],
        ),
        (
            ResponseTemplate::new(502).set_body_raw(page.as_bytes(), "text/html"),
            ["answered 502: text/html", "<!DOCTYPE html>"],
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({"values": 7})),
            ["invalid type: integer `7`", "{\"values\":7}"],
        ),
        (
            ResponseTemplate::new(200)
                .set_body_json(json!({"values": [{"user": {"has_2fa_enabled": "yes"}}]})),
            ["invalid type: string", "application/json"],
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({"type": "error", "error": {}})),
            ["an error is reported with the rows", "\"type\":\"error\""],
        ),
        (ResponseTemplate::new(204), ["sure to be whole", "status 204"]),
    ] {
        let server = MockServer::start().await;
        answer(&server, MEMBERS, response).await;
        let why = incomplete(&server).await.what;
        for part in parts {
            assert!(why.contains(part), "{why}");
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_and_bombs() {
    let compressed = |bytes: &[u8]| {
        ResponseTemplate::new(200)
            .insert_header("content-encoding", "gzip")
            .set_body_raw(gzip(bytes), "application/json")
    };
    let server = MockServer::start().await;
    let page = pages(&server, 90)[0].to_string();
    answer(&server, MEMBERS, compressed(page.as_bytes())).await;
    assert_eq!(read(&server).await.members.unwrap().members.len(), 90);

    for response in [
        compressed(&vec![b' '; 17 << 20]),
        ResponseTemplate::new(200).set_body_raw(vec![b' '; 17 << 20], "application/json"),
    ] {
        server.reset().await;
        answer(&server, MEMBERS, response).await;
        assert!(incomplete(&server).await.what.contains("16 MiB"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(3600));
    answer(&server, MEMBERS, slow).await;
    let short = Duration::from_millis(100);
    let hasty = Connect { timeout: short, ..connect(&server) };
    let readings = read_with(hasty, &["acme"], false).await;
    let incomplete = failed(&readings[0]);
    assert!(incomplete.what.contains("100ms") && incomplete.help.contains("--timeout"));
    assert_eq!(readings[0].walk.requests, 6);

    let hasty = Connect { deadline: 5 * short, ..connect(&server) };
    let readings = read_with(hasty, &["acme", "acme"], false).await;
    for reading in &readings {
        assert!(failed(reading).help.contains("--deadline"), "{reading:?}");
    }
    let tries: u32 = readings.iter().map(|reading| reading.walk.requests).sum();
    assert!(tries <= 2, "{tries} tries, of which the first of each are not over with the time");

    let endless = Connect { timeout: Duration::MAX, deadline: Duration::MAX, ..connect(&server) };
    server.reset().await;
    serve_pages(&server, pages(&server, 1)).await;
    assert!(read_with(endless, &["acme"], false).await[0].members.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let server = MockServer::start().await;
    let connect = connect(&server);
    drop(server);
    // Port 1 of this machine: nothing listens there.
    let connect = Connect { api_url: api_url("http://127.0.0.1:1/2.0").unwrap(), ..connect };
    let readings = read_with(connect, &["acme"], false).await;
    let why = failed(&readings[0]).what;
    assert!(why.contains("could not be reached") && !why.contains("fields="), "{why}");
}

fn error(message: &str) -> Value {
    json!({"type": "error", "error": {"message": message}})
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_what_to_do() {
    let scopes = json!({"type": "error", "error": {
        "message": "Your credentials lack one or more required privilege scopes.",
        "detail": {"granted": ["read:user:bitbucket"], "required": ["read:workspace:bitbucket"]},
    }});
    let status = ResponseTemplate::new;
    for (response, why, help) in [
        (
            status(401).set_body_json(error("Token is invalid")),
            "401: Token is invalid",
            "may have left",
        ),
        (
            status(403).set_body_json(scopes),
            "(granted: read:user:bitbucket; required: read:workspace:bitbucket)",
            "read:workspace:bitbucket",
        ),
        (
            status(403)
                .insert_header("x-oauth-scopes", "repository")
                .insert_header("x-accepted-oauth-scopes", "account")
                .set_body_json(error("No.")),
            "403: No. (granted: repository; required: account)",
            "admin",
        ),
        (status(404).set_body_json(error("No workspace")), "404: No workspace", "slug"),
        (status(410).set_body_json(error("CHANGE-2770")), "410: CHANGE-2770", "newer"),
        (
            status(429).insert_header("retry-after", "30").set_body_string("Rate limit"),
            "Rate limit (it asks to wait for 30s) (tried 6 times)",
            "later",
        ),
        (status(500).set_body_string(""), "answered 500", "later"),
        (status(400).set_body_json(error("Bad")), "400: Bad", "--api-url"),
    ] {
        let server = MockServer::start().await;
        answer(&server, MEMBERS, response).await;
        let found = incomplete(&server).await;
        assert!(found.what.contains(why), "{found:?}");
        assert!(found.help.contains(help), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_explained_for_its_credential_and_masked() {
    for (variables, help) in [
        (vec![("BITBUCKET_EMAIL", "a@b.c"), ("BITBUCKET_API_TOKEN", "x-s3cret")], "July 2026"),
        (vec![("BITBUCKET_EMAIL", "ada"), ("BITBUCKET_API_TOKEN", "ATATT-s3cret")], "no e-mail"),
        (vec![("BITBUCKET_ACCESS_TOKEN", "ATCT-s3cret")], "scope account"),
        (vec![("BITBUCKET_ACCESS_TOKEN", "ATATT-s3cret")], "BITBUCKET_API_TOKEN"),
    ] {
        let server = MockServer::start().await;
        serve(&server, |request| {
            let sent = request.headers["authorization"].to_str().unwrap();
            let token = if sent.starts_with("Basic") { "ATATT-s3cret x-s3cret" } else { sent };
            ResponseTemplate::new(401).set_body_json(error(&format!("{sent} {token}")))
        })
        .await;
        let credential = credential(&variables);
        let debug = format!("{:?}", Connect { credential, ..connect(&server) });
        assert!(!debug.contains("s3cret"), "{debug}");
        let connect = Connect { credential: self::credential(&variables), ..connect(&server) };
        let reading = move || read_at_once(&connect, &[Arc::from("acme")], false);
        let readings = tokio::task::spawn_blocking(reading).await.unwrap();
        let found = failed(&readings[0]);
        assert!(found.help.contains(help), "{found:?}");
        assert!(found.what.contains("***"), "{found:?}");
        // The other token's name is not this credential's to hide.
        let own = variables.last().unwrap().1;
        assert!(!found.what.contains(own), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refusal_does_not_stop_the_others() {
    let server = MockServer::start().await;
    answer(&server, "/2.0/workspaces/labs/members", ResponseTemplate::new(403)).await;
    serve_pages(&server, pages(&server, 3)).await;
    let readings = read_with(connect(&server), &["labs", "acme"], false).await;
    assert!(readings[0].members.is_err());
    assert_eq!(readings[1].members.as_ref().unwrap().members.len(), 3);
}

fn without_flag(mut page: Value) -> Value {
    for row in page["values"].as_array_mut().unwrap() {
        row["user"].as_object_mut().unwrap().remove("has_2fa_enabled");
    }
    page
}

fn spelled_out(request: &Request) -> bool {
    query(request, "fields").is_some_and(|fields| !fields.contains('+'))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_that_is_lost_is_asked_for_by_name() {
    let server = MockServer::start().await;
    let good = pages(&server, 250);
    serve(&server, move |request| {
        let number = page_number(request);
        let page = good[number - 1].clone();
        let lost = number == 2 && !spelled_out(request);
        ResponseTemplate::new(200).set_body_json(if lost { without_flag(page) } else { page })
    })
    .await;
    let reading = read(&server).await;
    assert_eq!((reading.walk.requests, reading.walk.walks), (4, 1));
    let members = reading.members.unwrap().members;
    assert!(members.iter().all(|m| m.evidence.bitbucket == Some(TwoFactor::Enabled)));
    let requests = requests(&server).await;
    let again = requests.iter().find(|request| spelled_out(request)).unwrap();
    assert_eq!(page_number(again), 2);
    let fields = query(again, "fields").unwrap();
    for field in ["next", "size", "page", "pagelen", "values.user.has_2fa_enabled"] {
        assert!(fields.split(',').any(|name| name == field), "{field}: {fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spelled_out_answer_without_envelope_does_not_end_the_list() {
    let server = MockServer::start().await;
    let good = pages(&server, 150);
    serve(&server, move |request| {
        let page = good[page_number(request) - 1].clone();
        ResponseTemplate::new(200).set_body_json(if spelled_out(request) {
            json!({"values": page["values"]})
        } else {
            without_flag(page)
        })
    })
    .await;
    assert_eq!(read(&server).await.members.unwrap().members.len(), 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_spelled_out_answer_says_of_the_list_counts_even_without_the_flag() {
    for (said, rows) in [(json!({"size": 4}), 3), (json!({}), 0)] {
        let server = MockServer::start().await;
        let page = without_flag(pages(&server, 3).remove(0));
        serve(&server, move |request| {
            let mut page = page.clone();
            page.as_object_mut().unwrap().remove("size");
            if spelled_out(request) {
                page["values"].as_array_mut().unwrap().truncate(rows);
                page.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
            }
            ResponseTemplate::new(200).set_body_json(page)
        })
        .await;
        // It does not add up, so the list is read once more.
        assert_eq!(read(&server).await.walk.walks, 2, "{rows} rows");
    }
}

fn with_flags(server: &MockServer, total: usize, flag: impl Fn(usize) -> Value) -> Vec<Value> {
    let mut pages = pages(server, total);
    let rows = pages.iter_mut().flat_map(|page| page["values"].as_array_mut().unwrap());
    for (number, row) in rows.enumerate() {
        row["user"]["has_2fa_enabled"] = flag(number);
    }
    pages
}

fn permission(permission: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"permission": permission}))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_credential_is_not_shown() {
    let one = |number| if number == 7 { json!(true) } else { Value::Null };
    let nobody = |_| Value::Null;
    let server = MockServer::start().await;
    serve_pages(&server, with_flags(&server, 300, one)).await;
    answer(&server, CALLER, permission("member")).await;
    let reading = read(&server).await;
    assert_eq!(reading.walk.requests, 4);
    let why = failed(&reading).what;
    assert!(why.contains("does not see") && why.contains("`member`"), "{why}");

    server.reset().await;
    serve_pages(&server, with_flags(&server, 3, nobody)).await;
    answer(&server, CALLER, permission("owner")).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("did not show the flag of any member"), "{why}");

    server.reset().await;
    serve_pages(&server, with_flags(&server, 3, nobody)).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("no member's two-factor status is known"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_members_of_one_who_may_see_them() {
    let some = |number| if number == 1 { Value::Null } else { json!(true) };
    let unsaid = ResponseTemplate::new(200).set_body_json(json!({"type": "workspace_membership"}));
    for caller in [Some(permission("owner")), Some(unsaid), Some(ResponseTemplate::new(500)), None]
    {
        let server = MockServer::start().await;
        serve_pages(&server, with_flags(&server, 3, some)).await;
        if let Some(caller) = caller {
            answer(&server, CALLER, caller).await;
        }
        let members = read(&server).await.members.unwrap().members;
        assert_eq!(members[1].evidence.bitbucket, Some(TwoFactor::Unknown));
    }
}

fn owner(number: usize, permission: &str) -> Value {
    json!({"permission": permission, "user": {"uuid": format!("{{{number}}}")}})
}

#[tokio::test(flavor = "multi_thread")]
async fn who_owns_the_workspace() {
    let server = MockServer::start().await;
    serve_pages(&server, pages(&server, 5)).await;
    // On two pages, and as from a server that ignores the filter.
    let next = format!("{}{OWNERS}?page=2", server.uri());
    let owners = [
        json!({"values": [owner(0, "owner"), owner(1, "member")], "size": 3, "next": next}),
        json!({"values": [owner(3, "owner")], "size": 3}),
    ];
    Mock::given(path(OWNERS))
        .respond_with(move |request: &Request| {
            ResponseTemplate::new(200).set_body_json(&owners[page_number(request) - 1])
        })
        .mount(&server)
        .await;
    let reading = read_with(connect(&server), &["acme"], true).await.remove(0);
    assert_eq!((reading.walk.requests, reading.walk.walks), (3, 1));
    assert_eq!(reading.walk.reported_size, Some(5));
    let roles: Vec<_> = reading.members.unwrap().members.iter().map(|m| m.role.unwrap()).collect();
    assert_eq!(roles, [Role::Owner, Role::Member, Role::Member, Role::Owner, Role::Member]);
    let asked = requests(&server).await;
    let asked = asked.iter().find(|request| request.url.path() == OWNERS).unwrap();
    assert_eq!(query(asked, "q").unwrap(), "permission=\"owner\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_who_cannot_be_read() {
    for response in [
        ResponseTemplate::new(403),
        ResponseTemplate::new(200).set_body_json(json!({"values": [], "size": 0})),
        ResponseTemplate::new(200).set_body_json(json!({"values": [owner(1, "owner")], "size": 2})),
    ] {
        let server = MockServer::start().await;
        serve_pages(&server, pages(&server, 5)).await;
        answer(&server, OWNERS, response).await;
        let readings = read_with(connect(&server), &["acme"], true).await;
        let why = failed(&readings[0]).what;
        assert!(why.contains("who owns the workspace could not be read"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_members_at_all() {
    let server = MockServer::start().await;
    let none = json!({"values": [], "size": 0, "page": 1, "pagelen": 100});
    answer(&server, MEMBERS, ResponseTemplate::new(200).set_body_json(none)).await;
    assert!(incomplete(&server).await.what.contains("no members at all"));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_each_credential_is_sent() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_json(&pages(&server, 2)[0]);
    let token = ResponseTemplate::new(200)
        .set_body_json(json!({"access_token": "granted-s3cret", "token_type": "bearer"}));
    let mounted = [
        Mock::given(path(MEMBERS)).and(basic_auth("a@b.c", TOKEN)).respond_with(page.clone()),
        Mock::given(path(MEMBERS)).and(bearer_token("ATCT-s3cret")).respond_with(page.clone()),
        Mock::given(path(MEMBERS)).and(bearer_token("granted-s3cret")).respond_with(page),
        Mock::given(method("POST"))
            .and(path("/site/oauth2/access_token"))
            .and(basic_auth("id", "client-s3cret"))
            .and(header("content-type", "application/x-www-form-urlencoded"))
            .and(body_string("grant_type=client_credentials"))
            .respond_with(token)
            .expect(1),
    ];
    for mock in mounted {
        mock.mount(&server).await;
    }
    for variables in [
        vec![("BITBUCKET_EMAIL", "a@b.c"), ("BITBUCKET_API_TOKEN", TOKEN)],
        vec![("BITBUCKET_ACCESS_TOKEN", "ATCT-s3cret")],
        vec![("BITBUCKET_CLIENT_ID", "id"), ("BITBUCKET_CLIENT_SECRET", "client-s3cret")],
    ] {
        let connect = Connect { credential: credential(&variables), ..connect(&server) };
        for reading in read_with(connect, &["acme", "acme"], false).await {
            assert_eq!(reading.members.unwrap().members.len(), 2);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_gets_no_token() {
    let server = MockServer::start().await;
    let refused = ResponseTemplate::new(401)
        .set_body_json(error("aWQ6Y2xpZW50LXMzY3JldA== and client-s3cret are wrong"));
    answer(&server, "/site/oauth2/access_token", refused).await;
    let variables = [("BITBUCKET_CLIENT_ID", "id"), ("BITBUCKET_CLIENT_SECRET", "client-s3cret")];
    let connect = Connect { credential: credential(&variables), ..connect(&server) };
    let readings = read_with(connect, &["acme", "labs"], false).await;
    for reading in &readings {
        let found = failed(reading);
        assert!(found.what.contains("granted no token: Bitbucket answered 401"), "{found:?}");
        assert!(found.help.contains("BITBUCKET_CLIENT_SECRET"), "{found:?}");
        assert!(!format!("{found:?}").contains("s3cret"), "{found:?}");
    }
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_consumer_gets_no_token_is_said() {
    let server = MockServer::start().await;
    let refused = ResponseTemplate::new(400).set_body_json(json!({
        "error": "invalid_grant",
        "error_description": "client-s3cret needs a callback uri",
    }));
    answer(&server, "/site/oauth2/access_token", refused).await;
    let variables = [("BITBUCKET_CLIENT_ID", "id"), ("BITBUCKET_CLIENT_SECRET", "client-s3cret")];
    let connect = Connect { credential: credential(&variables), ..connect(&server) };
    let found = failed(&read_with(connect, &["acme"], false).await[0]);
    let says = "answered 400: invalid_grant: *** needs a callback uri";
    assert!(found.what.ends_with(says), "{found:?}");
    assert!(found.help.contains("private consumer with a callback URL"), "{found:?}");
}

/// What comes in place of a token may hold one.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_a_token_is_never_shown() {
    let bodies = [
        r#"{"access_token": "FRESH-s3cret"#,
        r#"{"data": {"access_token": "FRESH-s3cret"}}"#,
        r#"{"access_token": ["FRESH-s3cret"]}"#,
        "access_token=FRESH-s3cret&scopes=account",
        r#"{"access_token": ""}"#,
    ];
    for (body, status) in bodies.into_iter().flat_map(|body| [(body, 200), (body, 400)]) {
        let server = MockServer::start().await;
        let answered = ResponseTemplate::new(status).set_body_string(body);
        answer(&server, "/site/oauth2/access_token", answered).await;
        let variables = [("BITBUCKET_CLIENT_ID", "id"), ("BITBUCKET_CLIENT_SECRET", "x")];
        let connect = Connect { credential: credential(&variables), ..connect(&server) };
        let readings = read_with(connect, &["acme"], false).await;
        let found = failed(&readings[0]);
        assert!(!format!("{found:?}").contains("FRESH"), "{body}: {found:?}");
        assert!(found.what.contains("granted no token"), "{body}: {found:?}");
    }
}

#[test]
fn certificates_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let credential = || credential(&[("BITBUCKET_ACCESS_TOKEN", "ATCT-s3cret")]);
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for path in
        [folder.path().join("none"), file("empty", ""), file("text", "x"), file("broken", broken)]
    {
        let connect = Connect {
            api_url: api_url("https://127.0.0.1:1").unwrap(),
            concurrency: 1,
            timeout: Duration::from_secs(1),
            deadline: Duration::from_secs(1),
            ca_cert: Some(path),
            credential: credential(),
        };
        let failure = connect.read(&[], Wanted::proof(&[]), Pace::real()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage, "{failure}");
        assert!(failure.to_string().contains("--ca-cert"), "{failure}");
    }
}

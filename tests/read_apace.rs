//! Pages side by side, tries and waits: through the library, without waiting.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

#[path = "shared/connect.rs"]
mod connect;
#[expect(dead_code, reason = "it can do more than is needed here")]
#[path = "shared/raw.rs"]
mod raw;

use std::cell::RefCell;
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use mfa_gate::failure::Problem;
use mfa_gate::http::Pace;
use mfa_gate::member::Source;
use mfa_gate::read::Wanted;
use mfa_gate::read::bitbucket::{Credential, api_url};
use mfa_gate::reading::{Completeness, Reading};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use connect::Connect;
use raw::Raw;

const MEMBERS: &str = "/2.0/workspaces/acme/members";

fn connect(server: &MockServer) -> Connect {
    connect_to(&server.uri())
}

fn connect_to(origin: &str) -> Connect {
    let token = |name: &str| (name == "BITBUCKET_ACCESS_TOKEN").then(|| "ATCT-s3cret".to_owned());
    Connect {
        api_url: api_url(&format!("{origin}/2.0")).unwrap(),
        concurrency: 8,
        timeout: Duration::from_secs(120),
        deadline: Duration::from_secs(3600),
        ca_cert: None,
        credential: Credential::from_env(&token).unwrap(),
    }
}

/// What reading came to, and the waits it took, in order.
struct Read {
    readings: Vec<Reading>,
    waits: Vec<Duration>,
}

impl Read {
    fn incomplete(&self) -> &Problem {
        self.readings[0].members.as_ref().unwrap_err()
    }
}

/// Reads workspaces on a thread of its own, noting waits in place of waiting.
async fn read_all(connect: Connect, slugs: &[&str]) -> Read {
    let slugs: Vec<Arc<str>> = slugs.iter().map(|&slug| Arc::from(slug)).collect();
    tokio::task::spawn_blocking(move || {
        let waits = RefCell::new(Vec::new());
        let sleep = |wait| -> Pin<Box<dyn Future<Output = ()>>> {
            waits.borrow_mut().push(wait);
            Box::pin(std::future::ready(()))
        };
        let now = || SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let pace = Pace { sleep: &sleep, jitter: &|| 1.0, now: &now };
        let wanted = Wanted::proof(&[Source::Bitbucket]);
        let readings = connect.read(&slugs, wanted, pace).unwrap();
        Read { readings, waits: waits.into_inner() }
    })
    .await
    .unwrap()
}

async fn read(server: &MockServer) -> Read {
    read_all(connect(server), &["acme"]).await
}

fn number(request: &Request) -> usize {
    let page = request.url.query_pairs().find(|(name, _)| name == "page");
    page.map_or(1, |(_, page)| page.parse().unwrap())
}

/// A page of a list of so many members, a hundred on each.
fn page(server: &str, number: usize, total: usize) -> Value {
    let row = |number: usize| {
        json!({"user": {
            "type": "user", "uuid": format!("{{{number}}}"), "has_2fa_enabled": true,
            "account_id": format!("557058:{number}"),
        }})
    };
    let rows = (number - 1) * 100..(number * 100).min(total);
    let values: Vec<Value> = rows.map(row).collect();
    let mut page = json!({"values": values, "size": total, "page": number, "pagelen": 100});
    if number * 100 < total {
        let query = format!("pagelen=100&fields=%2Bvalues.user.x&page={}", number + 1);
        page["next"] = format!("{server}{MEMBERS}?{query}").into();
    }
    page
}

fn ok(page: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(page)
}

/// Answers for members: `respond` is told the number of the page and how often it was asked for
/// something before.
async fn serve(
    server: &MockServer,
    respond: impl Fn(usize, usize) -> ResponseTemplate + Send + Sync + 'static,
) {
    let asked = AtomicUsize::new(0);
    let respond =
        move |request: &Request| respond(number(request), asked.fetch_add(1, Ordering::SeqCst));
    Mock::given(method("GET")).and(path(MEMBERS)).respond_with(respond).mount(server).await;
}

async fn asked(server: &MockServer) -> Vec<usize> {
    server.received_requests().await.unwrap().iter().map(number).collect()
}

/// Lets nobody through before so many are there at once, or all that are left.
struct Crowd {
    at_once: usize,
    all: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct State {
    arrived: usize,
    under_way: usize,
    most_under_way: usize,
}

impl Crowd {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        let round = (state.arrived / self.at_once + 1) * self.at_once;
        state.arrived += 1;
        state.under_way += 1;
        state.most_under_way = state.most_under_way.max(state.under_way);
        self.changed.notify_all();
        let whole = round.min(self.all);
        let mut state = self.changed.wait_while(state, |own| own.arrived < whole).unwrap();
        state.under_way -= 1;
    }
}

/// A server of so many members that answers for pages after the first only when so many of them are
/// asked for at once.
fn crowded(total: usize, at_once: usize) -> (Raw, Arc<Crowd>) {
    let all = total.div_ceil(100) - 1;
    let (state, changed) = (Mutex::default(), Condvar::new());
    let crowd = Arc::new(Crowd { at_once, all, state, changed });
    let own = Arc::clone(&crowd);
    let server = Raw::start(move |head, stream| {
        let host = head.split("\r\nhost: ").nth(1).unwrap().split('\r').next().unwrap();
        let number = number_in(head);
        if number > 1 {
            own.pass();
        }
        let page = page(&format!("http://{host}"), number, total).to_string();
        raw::send(stream, "200 OK", "Content-Type: application/json\r\n", page.as_bytes())
    });
    (server, crowd)
}

/// The number of the page that the head of a request asks for.
fn number_in(head: &str) -> usize {
    let query = head.split("&page=").nth(1).and_then(|rest| rest.split([' ', '&']).next());
    query.map_or(1, |number| number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_members_take_a_hundred_requests() {
    let (server, crowd) = crowded(10_000, 8);
    let read = read_all(connect_to(&server.origin()), &["acme"]).await;
    let reading = &read.readings[0];
    assert_eq!((reading.walk.requests, reading.walk.walks), (100, 1));
    assert_eq!(reading.walk.reported_size, Some(10_000));
    let roll = reading.members.as_ref().unwrap();
    assert_eq!((roll.members.len(), roll.completeness), (10_000, Completeness::Size));
    let keys: Vec<&str> = roll.members.iter().map(|member| member.key()).collect();
    assert_eq!((keys[0], keys[9_999]), ("557058:0", "557058:9999"), "in the order of the pages");
    let heads = server.heads();
    assert_eq!(heads.len(), 100);
    assert_eq!(heads.iter().map(|head| number_in(head)).collect::<HashSet<_>>().len(), 100);
    for head in heads.iter().filter(|head| number_in(head) > 1) {
        let query = head.split('?').nth(1).unwrap();
        assert!(query.starts_with("pagelen=100&fields=%2Bvalues.user.x&page="), "{query}");
    }
    assert_eq!(crowd.state.lock().unwrap().most_under_way, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_at_once_as_allowed_and_no_more() {
    for concurrency in [1, 3] {
        let (server, crowd) = crowded(1_000, concurrency.into());
        let connect = Connect { concurrency, ..connect_to(&server.origin()) };
        let read = read_all(connect, &["acme"]).await;
        assert!(read.readings[0].members.is_ok(), "{:?}", read.incomplete());
        assert_eq!(crowd.state.lock().unwrap().most_under_way, usize::from(concurrency));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_cannot_be_known_before_are_followed() {
    // No size, an opaque cursor, a first page that is not full: each rules it out.
    for spoil in [
        |page: &mut Value| page["size"] = Value::Null,
        |page: &mut Value| page["pagelen"] = 200.into(),
        |page: &mut Value| {
            page["next"] = page["next"].as_str().map(|next| next.to_owned() + "&page=2").into()
        },
    ] {
        let server = MockServer::builder().start().await;
        let uri = server.uri();
        serve(&server, move |number, _| {
            let mut page = page(&uri, number, 300);
            if number == 1 {
                spoil(&mut page);
            }
            ok(&page)
        })
        .await;
        let read = read(&server).await;
        let reading = &read.readings[0];
        assert_eq!(reading.members.as_ref().unwrap().members.len(), 300);
        assert_eq!((reading.walk.requests, reading.walk.walks), (3, 1));
        assert_eq!(asked(&server).await, [1, 2, 3]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_read_again_in_turn() {
    type Spoil = fn(&mut Value);
    let spoilt: [Spoil; 6] = [
        |page| page["size"] = 301.into(),
        |page| page["page"] = 2.into(),
        |page| page["next"] = Value::Null,
        |page| page["next"] = page["next"].as_str().unwrap().replace("page=4", "page=3").into(),
        |page| page["values"][7] = page["values"][8].clone(),
        |page| page["values"] = json!([]),
    ];
    for spoil in spoilt {
        let server = MockServer::builder().start().await;
        let uri = server.uri();
        let once = AtomicUsize::new(0);
        serve(&server, move |number, _| {
            let mut page = page(&uri, number, 500);
            if number == 3 && once.fetch_add(1, Ordering::SeqCst) == 0 {
                spoil(&mut page);
            }
            ok(&page)
        })
        .await;
        let read = read(&server).await;
        let reading = &read.readings[0];
        assert_eq!(reading.walk.walks, 2);
        assert_eq!(reading.members.as_ref().unwrap().members.len(), 500);
        let asked = asked(&server).await;
        let again = asked.iter().rposition(|&number| number == 1).unwrap();
        let mut tail = asked[again..].iter();
        assert!((1..=5).all(|number| tail.any(|&asked| asked == number)), "{asked:?}");
        // Those that were dropped on their way may not have come, and are counted all the same. So is
        // one that is sent again since its connection was closed.
        assert!((asked.len()..=12).contains(&(reading.walk.requests as usize)), "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_became_shorter_is_read_again() {
    for status in [400, 404] {
        let server = MockServer::builder().start().await;
        let uri = server.uri();
        serve(&server, move |number, asked| match (number, asked) {
            (1, 0) => ok(&page(&uri, 1, 450)),
            (5, _) => ResponseTemplate::new(status),
            _ => ok(&page(&uri, number, 400)),
        })
        .await;
        let read = read(&server).await;
        assert_eq!(read.readings[0].walk.walks, 2);
        assert_eq!(read.readings[0].members.as_ref().unwrap().members.len(), 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_beyond_all_workspaces_is_refused() {
    let server = MockServer::builder().start().await;
    let uri = server.uri();
    serve(&server, move |number, _| {
        let mut page = page(&uri, number, 200);
        page["size"] = u64::MAX.into();
        ok(&page)
    })
    .await;
    let read = read(&server).await;
    assert!(read.incomplete().what.contains("no end to the pages"), "{:?}", read.incomplete());
    assert_eq!(asked(&server).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_is_dropped_when_a_page_is_refused() {
    let server = MockServer::builder().start().await;
    let uri = server.uri();
    serve(&server, move |number, _| match number {
        1 => ok(&page(&uri, 1, 10_000)),
        2 => ResponseTemplate::new(403),
        _ => ok(&page(&uri, number, 10_000)).set_delay(Duration::from_secs(3600)),
    })
    .await;
    let read = read(&server).await;
    assert!(read.incomplete().what.contains("403"), "{:?}", read.incomplete());
    assert!(asked(&server).await.len() <= 9, "whoever waits for the others tries again");
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_double_from_try_to_try() {
    let server = MockServer::builder().start().await;
    serve(&server, |_, _| ResponseTemplate::new(502)).await;
    let read = read(&server).await;
    assert_eq!(read.readings[0].walk.requests, 6);
    assert!(read.incomplete().what.contains("502") && read.incomplete().what.contains("6 times"));
    let waits: Vec<u128> = read.waits.iter().map(Duration::as_millis).collect();
    assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_say_how_long_to_wait() {
    for (status, header, value) in [
        (429, "retry-after", "30"),
        (429, "retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"),
        (429, "x-ratelimit-reset", "30"),
        (503, "retry-after", "30"),
        (500, "retry-after", "30"),
    ] {
        let server = MockServer::builder().start().await;
        let uri = server.uri();
        serve(&server, move |number, asked| match asked {
            0 => ResponseTemplate::new(status).insert_header(header, value),
            _ => ok(&page(&uri, number, 50)),
        })
        .await;
        let read = read(&server).await;
        assert_eq!(read.readings[0].members.as_ref().unwrap().members.len(), 50);
        let waits: Vec<u64> =
            read.waits.iter().map(|wait| wait.as_secs_f64().round() as u64).collect();
        assert_eq!(waits, [30], "{status} {header}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_met_once_slows_all_requests_down() {
    let server = MockServer::builder().start().await;
    let uri = server.uri();
    let limit = ResponseTemplate::new(429).insert_header("retry-after", "3000");
    let each = Duration::from_millis(50);
    serve(&server, move |number, asked| match asked {
        1 => limit.clone(),
        _ => ok(&page(&uri, number, 3_000)).set_delay(each),
    })
    .await;
    let read = read(&server).await;
    let reading = &read.readings[0];
    assert_eq!(reading.members.as_ref().unwrap().members.len(), 3_000);
    assert_eq!(reading.walk.requests, 31);
    // Some were under way; the one that was refused and those that had not been sent wait.
    assert!(read.waits.len() >= 2, "{:?}", read.waits);
    assert!(read.waits.iter().all(|wait| wait.as_secs() >= 2_000), "{:?}", read.waits);
}

/// A server that lets few requests a time through brings the client down to that, and loses none.
#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_server_is_read_to_the_end() {
    let server = MockServer::builder().start().await;
    let uri = server.uri();
    let busy = AtomicUsize::new(0);
    serve(&server, move |number, _| match busy.fetch_add(1, Ordering::SeqCst) % 3 {
        0 => ok(&page(&uri, number, 3_000)),
        _ => ResponseTemplate::new(429).insert_header("retry-after", "1"),
    })
    .await;
    let read = read(&server).await;
    assert!(read.readings[0].members.is_ok(), "{:?}", read.incomplete());
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_share_the_limit_and_the_deadline() {
    let server = MockServer::builder().start().await;
    let limit = ResponseTemplate::new(429).insert_header("retry-after", "7200");
    Mock::given(method("GET")).respond_with(limit).mount(&server).await;
    let read = read_all(connect(&server), &["acme", "beta", "labs"]).await;
    for reading in &read.readings {
        let incomplete = reading.members.as_ref().unwrap_err();
        assert!(incomplete.what.contains("to wait for 7200s"), "{incomplete:?}");
        assert!(incomplete.what.contains("left of the 3600s"), "{incomplete:?}");
        assert!(incomplete.help.contains("--deadline"), "{incomplete:?}");
    }
    // Each may have been under way when the first one was refused; none is tried again.
    assert!(server.received_requests().await.unwrap().len() <= 3);
    assert!(read.waits.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_asked_for_again_where_the_first_try_fails() {
    let server = MockServer::builder().start().await;
    let tries = AtomicUsize::new(0);
    let grant = move |_: &Request| match tries.fetch_add(1, Ordering::SeqCst) {
        0 => ResponseTemplate::new(503),
        _ => ResponseTemplate::new(200).set_body_json(json!({"access_token": "granted-s3cret"})),
    };
    Mock::given(path("/site/oauth2/access_token")).respond_with(grant).mount(&server).await;
    let uri = server.uri();
    serve(&server, move |number, _| ok(&page(&uri, number, 50))).await;
    let variables = |name: &str| match name {
        "BITBUCKET_CLIENT_ID" => Some("id".to_owned()),
        "BITBUCKET_CLIENT_SECRET" => Some("client-s3cret".to_owned()),
        _ => None,
    };
    let credential = Credential::from_env(&variables).unwrap();
    let connect = Connect { credential, ..connect(&server) };
    let read = read_all(connect, &["acme", "acme"]).await;
    assert!(read.readings.iter().all(|reading| reading.members.is_ok()));
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
    assert_eq!(read.readings[0].walk.requests, 1, "the token is no request about a workspace");
}

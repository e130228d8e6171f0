//! Lists that come in pages: read to their end, and proven to be whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use mfa_gate::reading::{Completeness, Origin};
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{
    FIELDS, MEMBERS, TOKEN, answer, failed, incomplete, page_number, pages, read, requests, row,
    serve, serve_pages,
};

#[tokio::test(flavor = "multi_thread")]
async fn members_on_three_pages() {
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
    let mut pages = pages(&server, 150);
    pages[1]["values"].as_array_mut().unwrap().pop();
    serve_pages(&server, pages).await;
    let reading = read(&server).await;
    assert_eq!((reading.walk.requests, reading.walk.walks), (4, 2));
    let why = failed(&reading).what;
    assert!(why.contains("Bitbucket counts 150 members and listed 149"), "{why}");
}

/// What is said where a change makes the pages of 150 members no whole list.
async fn changed(change: impl Fn(&mut Vec<Value>, &str)) -> String {
    let server = MockServer::builder().start().await;
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
        let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
    let mut pages = pages(&server, 2);
    pages[0]["values"][0]["user"].as_object_mut().unwrap().remove("uuid");
    pages[0]["values"][1]["user"].as_object_mut().unwrap().remove("account_id");
    serve_pages(&server, pages).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("may be one person"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_twice() {
    let server = MockServer::builder().start().await;
    let mut pages = pages(&server, 150);
    pages[1]["values"][3] = row(7);
    serve_pages(&server, pages).await;
    let why = incomplete(&server).await.what;
    assert!(why.contains("557058:7 was listed twice"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn next_is_followed_nowhere_else() {
    let other = MockServer::builder().start().await;
    let server = MockServer::builder().start().await;
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
async fn no_members_at_all() {
    let server = MockServer::builder().start().await;
    let none = json!({"values": [], "size": 0, "page": 1, "pagelen": 100});
    answer(&server, MEMBERS, ResponseTemplate::new(200).set_body_json(none)).await;
    assert!(incomplete(&server).await.what.contains("no members at all"));
}

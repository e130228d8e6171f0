//! The flag that only admins are shown: where it is lost, and what an unknown one means.

use mfa_gate::member::TwoFactor;
use serde_json::{Value, json};
use wiremock::{MockServer, Request, ResponseTemplate};

use super::{
    CALLER, answer, failed, incomplete, page_number, pages, query, read, requests, serve,
    serve_pages,
};

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
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
        let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
        let server = MockServer::builder().start().await;
        serve_pages(&server, with_flags(&server, 3, some)).await;
        if let Some(caller) = caller {
            answer(&server, CALLER, caller).await;
        }
        let members = read(&server).await.members.unwrap().members;
        assert_eq!(members[1].evidence.bitbucket, Some(TwoFactor::Unknown));
    }
}

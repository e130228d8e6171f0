//! Who owns a workspace.

use mfa_gate::member::Role;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{
    OWNERS, answer, connect, failed, page_number, pages, query, read_with, requests, serve_pages,
};

fn owner(number: usize, permission: &str) -> Value {
    json!({"permission": permission, "user": {"uuid": format!("{{{number}}}")}})
}

#[tokio::test(flavor = "multi_thread")]
async fn who_owns_the_workspace() {
    let server = MockServer::builder().start().await;
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
        let server = MockServer::builder().start().await;
        serve_pages(&server, pages(&server, 5)).await;
        answer(&server, OWNERS, response).await;
        let readings = read_with(connect(&server), &["acme"], true).await;
        let why = failed(&readings[0]).what;
        assert!(why.contains("who owns the workspace could not be read"), "{why}");
    }
}

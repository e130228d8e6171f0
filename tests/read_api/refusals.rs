//! Refusals, and what is said of them.

use std::sync::Arc;

use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use super::{
    MEMBERS, answer, connect, credential, error, failed, incomplete, pages, read_at_once,
    read_with, serve, serve_pages,
};
use crate::connect::Connect;

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
            "owner",
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
        let server = MockServer::builder().start().await;
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
        let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
    answer(&server, "/2.0/workspaces/labs/members", ResponseTemplate::new(403)).await;
    serve_pages(&server, pages(&server, 3)).await;
    let readings = read_with(connect(&server), &["labs", "acme"], false).await;
    assert!(readings[0].members.is_err());
    assert_eq!(readings[1].members.as_ref().unwrap().members.len(), 3);
}

//! How each credential is sent, and what must never be shown.

use std::time::Duration;

use mfa_gate::failure::Exit;
use mfa_gate::http::Pace;
use mfa_gate::read::Wanted;
use mfa_gate::read::bitbucket::api_url;
use serde_json::json;
use wiremock::matchers::{basic_auth, bearer_token, body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    MEMBERS, TOKEN, answer, connect, credential, error, failed, pages, read_with, requests,
};
use crate::connect::Connect;

#[tokio::test(flavor = "multi_thread")]
async fn how_each_credential_is_sent() {
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
        let server = MockServer::builder().start().await;
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

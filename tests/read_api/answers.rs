//! Answers that are none, of another shape, too large or too late.

use std::io::Write as _;
use std::time::Duration;

use mfa_gate::read::bitbucket::api_url;
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use super::{
    MEMBERS, TOKEN, answer, connect, failed, incomplete, pages, read, read_with, requests,
    serve_pages,
};
use crate::connect::Connect;

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let other = MockServer::builder().start().await;
    for status in [301, 302, 307, 308] {
        let server = MockServer::builder().start().await;
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
        let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
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
    let server = MockServer::builder().start().await;
    let connect = connect(&server);
    drop(server);
    // Port 1 of this machine: nothing listens there.
    let connect = Connect { api_url: api_url("http://127.0.0.1:1/2.0").unwrap(), ..connect };
    let readings = read_with(connect, &["acme"], false).await;
    let why = failed(&readings[0]).what;
    assert!(why.contains("could not be reached") && !why.contains("fields="), "{why}");
}

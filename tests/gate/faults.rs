//! Servers that refuse, fail, lie or do not end, and a gate that stays shut in time and says no
//! token.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::raw::{Raw, drip, send};
use crate::support::{BASIC, EMAIL, Sandbox, TOKEN, policy, rows};

/// What a run came to, with all that it wrote.
struct Run {
    code: i32,
    report: Value,
    console: String,
}

/// Runs `check` with all that it can say and write, and looks for the token in every bit of it.
fn check(origin: &str, more: &[&str]) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    let mut args = vec!["check", "-vv"];
    let formats = ["json", "junit", "sarif", "csv", "markdown", "html", "github"];
    let reports = formats.map(|format| format!("{format}=out/{format}"));
    reports.iter().for_each(|report| args.extend(["--report", report]));
    args.extend(more);
    let url = format!("{origin}/2.0");
    let env = [
        ("BITBUCKET_API_URL", &*url),
        ("BITBUCKET_EMAIL", EMAIL),
        ("BITBUCKET_API_TOKEN", TOKEN),
        ("RUST_LOG", "trace"),
    ];
    let outcome = sandbox.run_with(&args, &env);
    let console = outcome.stdout + &outcome.stderr;
    let written = formats.map(|format| sandbox.read(&format!("out/{format}")));
    for text in written.iter().chain([&console]) {
        assert!(!text.contains(TOKEN), "the token is in {text}");
        assert!(!text.contains(BASIC), "the credential is in {text}");
    }
    Run { code: outcome.code, report: sandbox.json("out/json"), console }
}

/// Checks that a run ended with 3, and that its report and its console say why.
fn incomplete(run: &Run, why: &str) {
    assert_eq!(run.code, 3, "{}", run.console);
    assert_eq!(run.report["verdict"], "incomplete");
    assert_eq!(run.report["complete"], false);
    assert_eq!(run.report["members"], json!([]));
    let error = run.report["workspaces"][0]["error"].to_string();
    assert!(error.contains(why), "{error}");
    assert!(run.console.contains("incomplete"), "{}", run.console);
}

fn page() -> Vec<u8> {
    let page = json!({"values": rows(0..3, true), "size": 3, "page": 1, "pagelen": 100});
    page.to_string().into_bytes()
}

const JSON: &str = "Content-Type: application/json\r\n";

/// A server that answers like this for members, and tells nobody who owns a workspace.
fn without_owners(
    answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<bool> + Send + Sync + 'static,
) -> Raw {
    Raw::start(move |head, stream| match is_about_owners(head) {
        true => send(stream, "403 No", "", b""),
        false => answer(head, stream),
    })
}

fn is_about_owners(head: &str) -> bool {
    head.contains("/permissions?")
}

/// How many requests came that are not about owners.
fn asked(server: &Raw) -> usize {
    server.heads().iter().filter(|head| !is_about_owners(head)).count()
}

type Answer = fn(&str, &mut TcpStream) -> std::io::Result<bool>;

#[test]
fn servers_without_end_are_left_at_the_deadline() {
    let slow: [Answer; 3] = [
        |_, _| loop {
            thread::sleep(Duration::from_secs(3600))
        },
        |_, stream| drip(stream, "HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"),
        |_, stream| drip(stream, "HTTP/1.1 200 OK\r\nX-Slow:"),
    ];
    let runs = slow.map(|answer| {
        thread::spawn(move || {
            let server = Raw::start(answer);
            incomplete(&check(&server.origin(), &["--deadline", "2s"]), "within 2s");
        })
    });
    runs.into_iter().for_each(|run| run.join().unwrap());
}

#[test]
fn a_wait_beyond_the_deadline_ends_at_once() {
    for header in ["Retry-After: 3600\r\n", "X-RateLimit-Reset: 3600\r\n"] {
        let server = without_owners(move |_, stream| {
            send(stream, "429 Too Many Requests", header, b"Rate limit for this resource")
        });
        let run = check(&server.origin(), &[]);
        incomplete(
            &run,
            "429: of no type, Rate limit for this resource (it asks to wait for 3600s)",
        );
        assert_eq!(run.report["workspaces"][0]["requests"], 2);
        assert!(run.console.contains("--deadline"), "{}", run.console);
    }
    let server = without_owners(|_, stream| {
        send(stream, "503 Down", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", b"")
    });
    incomplete(&check(&server.origin(), &[]), "503");
    assert_eq!(asked(&server), 1);
}

#[test]
fn failures_that_stay_are_given_up() {
    fn cut(stream: &mut TcpStream, page: &[u8], length: usize) -> std::io::Result<bool> {
        write!(stream, "HTTP/1.1 200 OK\r\n{JSON}Content-Length: {length}\r\n\r\n")?;
        stream.write_all(&page[..page.len() / 2])?;
        Ok(false)
    }
    let failures: [(Answer, &str); 6] = [
        (|_, _| Ok(false), "could not be reached"),
        (|_, stream| cut(stream, &page(), page().len()), "could not be reached"),
        // Whole by its length, and cut off all the same.
        (|_, stream| cut(stream, &page(), page().len() / 2), "it was cut short"),
        (|_, stream| send(stream, "408 Timeout", "", b""), "408"),
        (
            |_, stream| send(stream, "500 Oops", JSON, b"{\"error\": {\"message\": \"x\"}}"),
            "500: x",
        ),
        (|_, stream| send(stream, "504 Late", "Content-Type: text/html\r\n", b"<html>"), "<html>"),
    ];
    // All at once, since between tries the program does nothing but wait.
    let runs = failures.map(|(answer, why)| {
        thread::spawn(move || {
            let server = without_owners(answer);
            let run = check(&server.origin(), &[]);
            incomplete(&run, why);
            assert_eq!(asked(&server), 6, "{}", run.console);
            assert_eq!(run.report["workspaces"][0]["requests"], 7);
            assert!(run.console.contains("trying again"), "{}", run.console);
        })
    });
    runs.into_iter().for_each(|run| run.join().unwrap());
}

#[test]
fn failures_that_pass_are_survived() {
    let failures: [Answer; 5] = [
        |_, _| Ok(false),
        |_, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"values\"")?;
            Ok(false)
        },
        |_, stream| send(stream, "502 Bad", "", b"<html>"),
        |_, stream| send(stream, "425 Early", "", b""),
        |_, stream| send(stream, "429 Slow", "Retry-After: 1\r\n", b""),
    ];
    for fail in failures {
        let came = AtomicUsize::new(0);
        let server =
            without_owners(move |head, stream| match came.fetch_add(1, Ordering::SeqCst) {
                0 => fail(head, stream),
                _ => send(stream, "200 OK", JSON, &page()),
            });
        let run = check(&server.origin(), &[]);
        assert_eq!(run.code, 0, "{}", run.console);
        assert_eq!(run.report["workspaces"][0]["requests"], 3);
        assert_eq!(run.report["workspaces"][0]["walks"], 1);
    }
}

#[test]
fn refusals_are_not_tried_again() {
    let refusals: [(Answer, &str); 9] = [
        (|_, stream| send(stream, "400 Bad", "", b"no"), "400"),
        (|_, stream| send(stream, "401 No", "", b"no"), "401"),
        (|_, stream| send(stream, "403 No", "", b"no"), "403"),
        (|_, stream| send(stream, "404 None", "", b"no"), "404"),
        (|_, stream| send(stream, "410 Gone", "", b"CHANGE-2770"), "CHANGE-2770"),
        (|_, stream| send(stream, "302 There", "Location: /elsewhere\r\n", b""), "a redirect"),
        (
            |_, stream| send(stream, "200 OK", "Content-Type: text/html\r\n", b"<html>Log in"),
            "text/html, it starts with",
        ),
        (|_, stream| send(stream, "200 OK", JSON, b"{\"values\": 7}"), "integer `7`"),
        (
            |_, stream| send(stream, "200 OK", "Content-Encoding: gzip\r\n", &bomb()),
            "larger than 16 MiB",
        ),
    ];
    for (answer, why) in refusals {
        let server = without_owners(answer);
        let run = check(&server.origin(), &[]);
        incomplete(&run, why);
        assert_eq!(asked(&server), 1, "{}", run.console);
        assert_eq!(run.report["workspaces"][0]["requests"], 2);
    }
}

#[test]
fn refusals_send_people_the_right_way() {
    let captcha: Answer = |_, stream| {
        let header = "X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=https://x\r\n";
        send(stream, "403 Forbidden", header, b"Basic Authentication Failure")
    };
    let refusals: [(Answer, &str, &str); 3] = [
        (captcha, "it wants a CAPTCHA", "Log in at https://id.atlassian.com in a browser"),
        (|_, stream| send(stream, "401 No", "", b""), "401 and gave no reason", "it is set whole"),
        (|_, stream| send(stream, "401 No", JSON, b" \n"), "401 and gave no reason", "set whole"),
    ];
    for (answer, why, help) in refusals {
        let server = without_owners(answer);
        let run = check(&server.origin(), &[]);
        incomplete(&run, why);
        assert!(run.report["findings"][0]["help"].to_string().contains(help), "{}", run.console);
        assert_eq!(asked(&server), 1, "{}", run.console);
    }
}

/// Much more than any answer may have, compressed to little.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..64).for_each(|_| encoder.write_all(&[b' '; 1 << 20]).unwrap());
    encoder.finish().unwrap()
}

#[test]
fn nothing_is_sent_to_another_server() {
    let other = Raw::start(|_, stream| send(stream, "200 OK", JSON, &page()));
    let elsewhere = other.origin();
    let server = Raw::start(move |head, stream| {
        let next = format!("{elsewhere}/2.0/workspaces/acme/members?page=2");
        let page = json!({
            "values": rows(0..3, true), "size": 6, "page": 1, "pagelen": 3, "next": next,
        });
        let location = format!("Location: {elsewhere}/\r\n");
        match head.contains("/permission") {
            true => send(stream, "307 There", &location, b""),
            false => send(stream, "200 OK", JSON, page.to_string().as_bytes()),
        }
    });
    incomplete(&check(&server.origin(), &[]), "elsewhere");
    assert!(other.heads().is_empty());
}

#[test]
fn an_address_that_no_request_can_have_is_not_tried_again() {
    let server = Raw::start(|head, stream| {
        let host = head.split("\r\nhost: ").nth(1).unwrap().split('\r').next().unwrap();
        let cursor = "a".repeat(1 << 16);
        let next = format!("http://{host}/2.0/workspaces/acme/members?after={cursor}");
        let page = json!({"values": rows(0..1, true), "next": next});
        send(stream, "200 OK", JSON, page.to_string().as_bytes())
    });
    incomplete(&check(&server.origin(), &[]), "Bitbucket cannot be asked");
}

#[test]
fn pages_without_end_end() {
    let server = Raw::start(|head, stream| {
        let host = head.split("\r\nhost: ").nth(1).unwrap().split('\r').next().unwrap();
        let cursor = head.split("after=").nth(1).and_then(|rest| rest.split(' ').next());
        let number: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let next = format!("http://{host}/2.0/workspaces/acme/members?after={}", number + 1);
        let page = json!({"values": rows(number..number + 1, true), "next": next});
        send(stream, "200 OK", JSON, page.to_string().as_bytes())
    });
    let run = check(&server.origin(), &["--deadline", "2s"]);
    assert_eq!(run.code, 3, "{}", run.console);
}

#[test]
fn a_workspace_is_announced_in_a_line_unless_silence_is_asked_for() {
    let server = without_owners(|_, stream| send(stream, "200 OK", JSON, &page()));
    let sandbox = Sandbox::new();
    let url = format!("{}/2.0", server.origin());
    let env =
        [("BITBUCKET_API_URL", &*url), ("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let run = |more: &[&str]| {
        let args = [&["members", "--workspace", "acme"][..], more].concat();
        let outcome = sandbox.run_with(&args, &env);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stderr
    };
    assert!(run(&[]).starts_with("acme: 3 members read, 2 requests, "), "{}", run(&[]));
    for silent in ["-q", "--no-progress"] {
        assert_eq!(run(&[silent]), "");
    }
    let steps = run(&["-v"]);
    assert!(!steps.contains("/2.0/workspaces/acme/members"), "{steps}");
    let requests = run(&["-vv"]);
    assert!(requests.contains("path=\"/2.0/workspaces/acme/members\" status=200"), "{requests}");
    assert!(!requests.contains("pagelen"), "no query is shown: {requests}");
}

//! Code Insights: what is written at a commit, with which credential, and who is named there.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::raw::send;
use crate::support::{
    BASIC, Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, authorised, policy, row, rows,
};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// Where the report of a commit is.
const AT: &str =
    "/2.0/repositories/acme/shop/commit/0123456789abcdef0123456789abcdef01234567/reports/mfa-gate";
/// What Pipelines says of the commit.
pub(crate) const OF: [(&str, &str); 3] = [
    ("BITBUCKET_WORKSPACE", "acme"),
    ("BITBUCKET_REPO_SLUG", "shop"),
    ("BITBUCKET_COMMIT", COMMIT),
];

/// A workspace with these rows, whose reports can be written.
fn server(rows: &[Value]) -> Bitbucket {
    let server = Bitbucket::start();
    server.workspace("acme", rows);
    server.permission("acme", "owner");
    server
}

/// Takes whatever is written at the commit, but for what the status says of a method.
pub(crate) fn takes(server: &Bitbucket, refused: &[(&str, u16)]) {
    for (verb, status) in refused {
        let answer = ResponseTemplate::new(*status).set_body_json(
            json!({"type": "error", "error": {"message": format!("no {verb} here, {TOKEN}")}}),
        );
        let answer = answer.insert_header("Retry-After", "0");
        server.mount(Mock::given(method(*verb)).and(path_regex("/reports/")).respond_with(answer));
    }
    for (verb, at, status) in
        [("DELETE", AT.to_owned(), 204), ("PUT", AT.to_owned(), 200), ("POST", annotations(), 200)]
    {
        let mock = Mock::given(method(verb)).and(path(at)).and(authorised);
        server.mount(mock.respond_with(ResponseTemplate::new(status)));
    }
}

fn annotations() -> String {
    format!("{AT}/annotations")
}

/// Runs `check` with a credential, at the commit, with more variables.
fn run(sandbox: &Sandbox, server: &Bitbucket, more: &[&str], env: &[(&str, &str)]) -> Outcome {
    let url = server.api_url();
    let own =
        [("BITBUCKET_API_URL", &*url), ("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    let args = ["check", "--no-progress", "--code-insights", "--report", "json=report.json"];
    let outcome = sandbox.run_with(&[&args[..], more].concat(), &[&own[..], env].concat());
    for secret in [TOKEN, BASIC] {
        assert!(!outcome.stdout.contains(secret), "a secret is on stdout");
        assert!(!outcome.stderr.contains(secret), "a secret is on stderr");
    }
    outcome
}

/// A folder with a policy about acme.
fn sandbox(more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", more));
    sandbox
}

/// What was written at the commit, oldest first.
pub(crate) fn written(server: &Bitbucket) -> Vec<Request> {
    let requests = server.requests().into_iter();
    requests.filter(|it| it.url.path().contains("/reports/")).collect()
}

pub(crate) fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// The annotations of every batch.
pub(crate) fn all_annotations(written: &[Request]) -> Vec<Value> {
    let batches = written.iter().filter(|it| it.method.as_str() == "POST").map(body);
    batches.flat_map(|batch| batch.as_array().unwrap().clone()).collect()
}

/// Members of every kind, and the policy that exempts one of them.
fn mixed() -> (Vec<Value>, String) {
    let mut members = rows(0..3, true);
    members.extend(rows(3..6, false));
    members.push(row(6, None));
    members[4]["user"]["display_name"] = json!("Eve\n\u{1b}[2J\u{202e}<b>[x](y)");
    let id = &members[5]["user"]["account_id"];
    let exemptions = format!(
        "exemptions:\n  - id: EX-1\n    account_id: {id}\n    reason: a break-glass account\n    \
         starts: 2000-01-01\n    expires: 2999-01-01\nlimits:\n  max_days: 999999\n"
    );
    (members, exemptions)
}

#[test]
fn the_page_at_the_commit_counts() {
    let (members, exemptions) = mixed();
    let server = server(&members);
    takes(&server, &[]);
    let sandbox = sandbox(&exemptions);
    let build = [("BITBUCKET_BUILD_NUMBER", "42")];
    let outcome = run(&sandbox, &server, &[], &[&OF[..], &build].concat());
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("warning: "), "{}", outcome.stderr);
    let written = written(&server);
    let asked: Vec<_> = written.iter().map(|it| (it.method.as_str(), it.url.path())).collect();
    assert_eq!(asked, [("DELETE", AT), ("PUT", AT)]);
    let page = body(&written[1]);
    assert_eq!(page["report_type"], "SECURITY");
    assert_eq!(page["reporter"], "mfa-gate");
    assert_eq!(page["result"], "FAILED");
    assert_eq!(page["link"], "https://bitbucket.org/acme/shop/pipelines/results/42");
    let data = page["data"].as_array().unwrap();
    assert!(data.len() <= 10, "Bitbucket takes no more");
    let number = |title: &str| {
        let found = data.iter().find(|it| it["title"] == title).unwrap();
        assert_eq!(found["type"], "NUMBER");
        found["value"].clone()
    };
    assert_eq!(number("Members"), 7);
    assert_eq!(number("Protected"), 3);
    assert_eq!(number("Exempt"), 1);
    assert_eq!(number("Violations"), 3);
    let of_type = |kind: &str| {
        let found: Vec<&Value> = data.iter().filter(|it| it["type"] == kind).collect();
        assert_eq!(found.len(), 1, "{page:#}");
        found[0]["value"].as_i64().unwrap()
    };
    assert_eq!(of_type("PERCENTAGE"), 42, "3 of 7, never rounded up");
    let age = jiff::Timestamp::now().as_millisecond() - of_type("DATE");
    assert!((0..3_600_000).contains(&age), "{age} milliseconds");
    let details = page["details"].as_str().unwrap();
    assert!(details.contains("3 of 7 members"), "{page:#}");
    assert!(details.contains("2 × No second factor seen: Ask the member"), "{page:#}");
    names_nobody(&written, &members);
}

/// Checks that no name, id or address of a member is in any request.
fn names_nobody(written: &[Request], members: &[Value]) {
    assert!(!written.is_empty());
    for request in written {
        let text = format!("{} {}", request.url, String::from_utf8_lossy(&request.body));
        for member in members {
            for key in ["uuid", "account_id", "nickname", "display_name"] {
                let value = member["user"][key].as_str().unwrap().trim_matches(['{', '}']);
                assert!(!text.contains(value), "{value} is in {text}");
            }
        }
        assert!(!text.contains("break-glass"), "{text}");
    }
}

#[test]
fn a_reason_that_holds_an_id_is_not_told() {
    let mut members = rows(0..3, false);
    members.push(members[1].clone());
    let server = server(&members);
    takes(&server, &[]);
    let outcome = run(&sandbox(""), &server, &[], &OF);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let id = members[1]["user"]["uuid"].as_str().unwrap().trim_matches(['{', '}']);
    assert!((outcome.stdout + &outcome.stderr).contains(id), "the console names who is twice");
    let page = body(&written(&server)[1]);
    assert_eq!(page["result"], "FAILED");
    assert!(page["details"].as_str().unwrap().contains("acme could not be checked"), "{page:#}");
    assert!(!page.to_string().contains("PERCENTAGE"), "nobody knows of how many: {page:#}");
    names_nobody(&written(&server), &members);
}

#[test]
fn members_are_named_when_asked_for() {
    let (members, exemptions) = mixed();
    let server = server(&members);
    takes(&server, &[]);
    let outcome = run(&sandbox(&exemptions), &server, &["--insights-names"], &OF);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let written = written(&server);
    let asked: Vec<_> = written.iter().map(|it| (it.method.as_str(), it.url.path())).collect();
    assert_eq!(asked, [("DELETE", AT), ("PUT", AT), ("POST", &*annotations())]);
    let annotations = all_annotations(&written);
    let of = |result: &str| -> Vec<&Value> {
        annotations.iter().filter(|it| it["result"] == result).collect()
    };
    assert_eq!((annotations.len(), of("FAILED").len(), of("IGNORED").len()), (4, 3, 1));
    for (number, annotation) in annotations.iter().enumerate() {
        assert_eq!(annotation["external_id"], format!("mfa-gate-{}", number + 1));
        assert_eq!(annotation["annotation_type"], "VULNERABILITY");
        // Bitbucket would show it only where the policy is part of what it shows.
        assert!(annotation.get("path").is_none() && annotation.get("line").is_none());
    }
    assert!(of("FAILED").iter().all(|it| it["severity"] == "HIGH"));
    let ignored = of("IGNORED")[0];
    assert!(ignored["summary"].as_str().unwrap().starts_with("Member 5 ("), "{ignored:#}");
    let why = ignored["details"].as_str().unwrap();
    assert_eq!(why, "exempt by EX-1 until 2999-01-01: a break-glass account");
    let hostile = annotations[1]["summary"].as_str().unwrap();
    let shown = r"Eve\u{a}\u{1b}[2J\u{202e}<b>[x](y) (557058:";
    assert!(hostile.starts_with(shown), "{hostile}");
}

#[test]
fn only_annotations_about_exemptions_have_a_place() {
    let server = server(&rows(0..1, false));
    server.refuse("labs", 403, json!({"type": "error"}));
    takes(&server, &[]);
    let sandbox = Sandbox::new();
    let id = &rows(0..1, false)[0]["user"]["account_id"];
    let exemption = format!(
        "exemptions:\n  - id: EX-1\n    account_id: {id}\n    reason: it moves\n    \
         starts: 2000-01-01\n    expires: 2000-02-01\n"
    );
    sandbox.write("policy.yaml", policy("acme, labs", &exemption));
    let outcome = run(&sandbox, &server, &["--insights-names"], &OF);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let annotations = all_annotations(&written(&server));
    let placed: Vec<_> = annotations.iter().filter(|it| it.get("path").is_some()).collect();
    assert_eq!((annotations.len(), placed.len()), (3, 1), "{annotations:#?}");
    assert_eq!((&placed[0]["path"], &placed[0]["line"]), (&json!("policy.yaml"), &json!(4)));
    assert!(placed[0]["summary"].as_str().unwrap().contains("EX-1"), "{placed:#?}");
}

#[test]
fn annotations_come_in_batches_the_worst_first() {
    let members = rows(0..1100, false);
    let server = server(&members);
    takes(&server, &[]);
    let exemptions = "exemptions:\n  - id: EX-1\n    account_id: \"557058:nobody-by-that-id\"\n    \
                      reason: gone\n    starts: 2000-01-01\n    expires: 2999-01-01\nlimits:\n  max_days: 999999\n";
    let outcome = run(&sandbox(exemptions), &server, &["--insights-names"], &OF);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let written = written(&server);
    let sizes: Vec<usize> =
        written[2..].iter().map(|it| body(it).as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100; 10]);
    let annotations = all_annotations(&written);
    assert!(annotations.iter().all(|it| it["result"] == "FAILED"), "a warning took a place");
    assert!(annotations.iter().all(|it| it["summary"].as_str().unwrap().chars().count() <= 450));
    let details = body(&written[1])["details"].as_str().unwrap().to_owned();
    assert!(details.contains("\n101 more annotations are not shown"), "{details}");
}

#[test]
fn there_need_not_be_an_earlier_report() {
    let server = server(&rows(0..3, true));
    takes(&server, &[("DELETE", 404)]);
    let outcome = run(&sandbox(""), &server, &[], &OF);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "");
    let written = written(&server);
    assert_eq!(written.len(), 2);
    assert_eq!(body(&written[1])["result"], "PASSED");
}

#[test]
fn what_goes_wrong_there_changes_no_verdict() {
    for (verb, status) in [("DELETE", 403), ("PUT", 403), ("POST", 403), ("PUT", 500)] {
        for (flag, code, verdict) in [(true, 0, "compliant"), (false, 1, "violations")] {
            if verb == "POST" && flag {
                continue; // nobody is annotated
            }
            let server = server(&rows(0..3, flag));
            takes(&server, &[(verb, status)]);
            let sandbox = sandbox("");
            let more = ["--insights-names", "-vv"];
            let outcome = run(&sandbox, &server, &more, &OF);
            assert_eq!(outcome.code, code, "{}", outcome.stderr);
            assert_eq!(sandbox.json("report.json")["verdict"], verdict);
            let warned = outcome.stderr.lines().find(|line| line.starts_with("warning: "));
            let warned = warned.unwrap_or_else(|| panic!("no warning: {}", outcome.stderr));
            assert!(warned.contains("Code Insights could not be written"), "{warned}");
            assert!(warned.contains(&status.to_string()), "{warned}");
            assert!(warned.contains(&format!("no {verb} here")), "{warned}");
        }
    }
}

#[test]
fn without_a_commit_nothing_is_asked() {
    let server = server(&rows(0..3, true));
    for missing in 0..3 {
        let mut env = OF;
        env[missing].1 = "";
        let outcome = run(&sandbox(""), &server, &[], &env);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(OF[missing].0), "{}", outcome.stderr);
    }
    let sandbox = sandbox("");
    let outcome = sandbox.run_with(&["check", "--members", "members.json", "--code-insights"], &OF);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("take a credential"), "{}", outcome.stderr);
    let outcome = sandbox.run_with(&["check", "--insights-names"], &OF);
    assert_eq!(outcome.code, 2, "names alone are no insights: {}", outcome.stderr);
    assert_eq!(server.requests().len(), 0);
}

/// Requests that came to the proxy of Pipelines: each its head and its body.
type Proxied = Arc<Mutex<Vec<(String, String)>>>;

/// Plays the proxy, at the one port that it has: another run of these tests may have it first.
fn proxy() -> Proxied {
    let mut tries = std::iter::repeat_with(|| TcpListener::bind("127.0.0.1:29418")).take(1200);
    let free = tries.find(|bound| {
        let is_taken = bound.as_ref().is_err_and(|error| error.kind() == ErrorKind::AddrInUse);
        if is_taken {
            thread::sleep(std::time::Duration::from_millis(500));
        }
        !is_taken
    });
    assert!(free.is_some(), "port 29418, which is the proxy's, is never free");
    let listener = free.unwrap().unwrap();
    let came = Proxied::default();
    let noted = Arc::clone(&came);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let noted = Arc::clone(&noted);
            thread::spawn(move || serve(stream, &noted).ok());
        }
    });
    came
}

fn serve(
    mut stream: std::net::TcpStream,
    noted: &Mutex<Vec<(String, String)>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let length = head.to_ascii_lowercase();
        let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body)?;
        let status = if head.starts_with("DELETE") { "404 Not Found" } else { "200 OK" };
        noted.lock().unwrap().push((head, String::from_utf8(body).unwrap()));
        send(&mut stream, status, "", b"{}")?;
    }
}

/// The one test that takes the proxy's port.
#[test]
fn in_pipelines_the_proxy_is_told_and_no_credential() {
    let came = proxy();
    let server = server(&rows(0..3, false));
    let inside = [
        ("BITBUCKET_PIPELINE_UUID", "{1}"),
        ("NO_PROXY", "*"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ];
    let env = [&OF[..], &inside].concat();
    let outcome = run(&sandbox(""), &server, &["--insights-names", "-vv"], &env);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("warning: "), "{}", outcome.stderr);
    // Where nobody else is asked, there need not be one.
    let offline = sandbox("");
    let page = json!({"pagelen": 100, "size": 1, "page": 1, "values": rows(0..1, true)});
    offline.write("members.json", page.to_string());
    let args = ["check", "--members", "members.json", "--workspace", "acme", "--code-insights"];
    let quiet = offline.run_with(&args, &env);
    assert_eq!((quiet.code, &*quiet.stderr), (0, ""), "{}", quiet.stdout);
    let came = came.lock().unwrap().clone();
    let lines: Vec<_> = came.iter().map(|(head, _)| head.lines().next().unwrap()).collect();
    let at = |verb: &str, more: &str| format!("{verb} http://api.bitbucket.org{AT}{more} HTTP/1.1");
    let first = [at("DELETE", ""), at("PUT", ""), at("POST", "/annotations")];
    assert_eq!(lines, [&first[..], &[at("DELETE", ""), at("PUT", "")]].concat());
    for (head, _) in &came {
        let head = head.to_ascii_lowercase();
        assert!(head.contains("\r\nhost: api.bitbucket.org\r\n"), "{head}");
        assert!(!head.contains("authorization"), "{head}");
        assert!(!head.contains(&TOKEN.to_ascii_lowercase()), "{head}");
    }
    let page: Value = serde_json::from_str(&came[1].1).unwrap();
    assert_eq!(page["result"], "FAILED");
    let annotations: Value = serde_json::from_str(&came[2].1).unwrap();
    assert_eq!(annotations.as_array().unwrap().len(), 3);
    assert!(written(&server).is_empty(), "the API is told by the proxy alone");
}

//! The real binary in an empty folder with a scrubbed environment, and a mock Bitbucket.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A token that must never be seen in any output.
pub(crate) const TOKEN: &str = "ATATT3xFfGF0-very-secret-token-value";
/// The address that goes with it.
pub(crate) const EMAIL: &str = "auditor@acme.example";

/// What a run of the binary said and did.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A folder for one test, and the binary to run in it.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Sandbox { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Runs the binary with nothing in its environment.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.run_with(args, &[])
    }

    /// Runs the binary with these variables alone in its environment.
    pub(crate) fn run_with(&self, args: &[&str], env: &[(&str, &str)]) -> Outcome {
        run_in(self.folder.path(), args, env)
    }

    /// Runs the binary against a mock server, with an API token.
    pub(crate) fn run_against(&self, server: &Bitbucket, args: &[&str]) -> Outcome {
        let url = server.api_url();
        let env = [
            ("BITBUCKET_API_URL", &*url),
            ("BITBUCKET_EMAIL", EMAIL),
            ("BITBUCKET_API_TOKEN", TOKEN),
        ];
        let outcome = self.run_with(args, &env);
        for (stream, text) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            assert!(!text.contains(TOKEN), "the token is on {stream}");
        }
        outcome
    }
}

/// Runs the binary in a folder with these variables alone in its environment.
pub(crate) fn run_in(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_mfa-gate"))
        .current_dir(folder)
        .env_clear()
        .envs(env.iter().copied())
        .args(args)
        // Only what never ends takes as long, whatever else the machine does.
        .timeout(std::time::Duration::from_secs(600))
        .output()
        .unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A text that was wrapped for a terminal, as one line.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A summary without the files that it names at its end.
pub(crate) fn without_files(summary: &str) -> &str {
    summary.rsplit_once("written: ").map_or(summary, |(before, _)| before)
}

/// A policy about these workspaces, with more YAML after it.
pub(crate) fn policy(workspaces: &str, more: &str) -> String {
    format!("version: 1\nworkspaces: [{workspaces}]\n{more}")
}

/// A row of the members endpoint; `None` leaves the flag out.
pub(crate) fn row(number: usize, flag: Option<Value>) -> Value {
    let mut user = json!({
        "type": "user",
        "uuid": format!("{{00000000-0000-4000-8000-{number:012}}}"),
        "account_id": format!("557058:00000000-0000-4000-8000-{number:012}"),
        "nickname": format!("nick{number}"),
        "display_name": format!("Member {number}"),
        "account_status": "active",
    });
    if let Some(flag) = flag {
        user["has_2fa_enabled"] = flag;
    }
    json!({"type": "workspace_membership", "user": user})
}

/// As many rows, all with the same flag.
pub(crate) fn rows(numbers: std::ops::Range<usize>, flag: bool) -> Vec<Value> {
    numbers.map(|number| row(number, Some(json!(flag)))).collect()
}

/// A server that plays Bitbucket's API.
pub(crate) struct Bitbucket {
    runtime: Runtime,
    server: MockServer,
}

impl Bitbucket {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(MockServer::builder().start());
        Bitbucket { runtime, server }
    }

    pub(crate) fn api_url(&self) -> String {
        format!("{}/2.0", self.server.uri())
    }

    pub(crate) fn mount(&self, mock: Mock) {
        self.runtime.block_on(mock.mount(&self.server));
    }

    /// Every request that came, oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server.received_requests()).unwrap()
    }

    /// Serves a workspace in pages of a hundred, to the token alone.
    pub(crate) fn workspace(&self, slug: &str, rows: &[Value]) {
        let at = format!("/2.0/workspaces/{slug}/members");
        let pages = rows.chunks(100).count().max(1);
        for page in 1..=pages {
            let values: Vec<&Value> = rows.iter().skip((page - 1) * 100).take(100).collect();
            let mut body =
                json!({"pagelen": 100, "size": rows.len(), "page": page, "values": values});
            if page < pages {
                let next = format!("{}{at}?pagelen=100&page={}", self.server.uri(), page + 1);
                body["next"] = json!(next);
            }
            let number = page.to_string();
            let mock = Mock::given(method("GET")).and(path(&*at)).and(authorised);
            let mock = match page {
                1 => mock.and(query_param_is_missing("page")),
                _ => mock.and(query_param("page", &*number)),
            };
            self.mount(mock.respond_with(ResponseTemplate::new(200).set_body_json(body)));
        }
    }

    /// Says what the caller is in a workspace.
    pub(crate) fn permission(&self, slug: &str, permission: &str) {
        let at = format!("/2.0/user/workspaces/{slug}/permission");
        let body = json!({"permission": permission});
        let answer = ResponseTemplate::new(200).set_body_json(body);
        self.mount(Mock::given(method("GET")).and(path(at)).and(authorised).respond_with(answer));
    }

    /// Says which of the members own a workspace.
    pub(crate) fn owners(&self, slug: &str, rows: &[&Value]) {
        let owner = |row: &&Value| json!({"permission": "owner", "user": row["user"]});
        let values: Vec<Value> = rows.iter().map(owner).collect();
        let answer = ResponseTemplate::new(200)
            .set_body_json(json!({"size": values.len(), "values": values}));
        let at = format!("/2.0/workspaces/{slug}/permissions");
        self.mount(Mock::given(method("GET")).and(path(at)).and(authorised).respond_with(answer));
    }

    /// Answers every request about a workspace's members with an error, after which nobody need
    /// wait before trying again.
    pub(crate) fn refuse(&self, slug: &str, status: u16, body: Value) {
        let at = format!("/2.0/workspaces/{slug}/members");
        let answer = ResponseTemplate::new(status).insert_header("Retry-After", "0");
        let answer = answer.set_body_json(body);
        self.mount(Mock::given(method("GET")).and(path(at)).respond_with(answer));
    }
}

/// `auditor@acme.example:TOKEN` in Base64.
pub(crate) const BASIC: &str =
    "Basic YXVkaXRvckBhY21lLmV4YW1wbGU6QVRBVFQzeEZmR0YwLXZlcnktc2VjcmV0LXRva2VuLXZhbHVl";

pub(crate) fn authorised(request: &Request) -> bool {
    request.headers.get("authorization").is_some_and(|value| value == BASIC)
}

/// A day so many days from today, UTC.
pub(crate) fn day(days: i32) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::ToSpan::days(days)).to_string()
}

/// A member with names of its own and without a second factor.
pub(crate) fn named(number: usize, nickname: &str, display_name: &str) -> Value {
    let mut row = row(number, Some(json!(false)));
    row["user"]["nickname"] = json!(nickname);
    row["user"]["display_name"] = json!(display_name);
    row
}

//! A mock Atlassian organisation on a port of its own, and the binary run against both servers.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{BASIC, Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, row};

/// A key that must never be seen in any output, nor by any other server.
pub(crate) const KEY: &str = "ATCTT3xFfGN0-very-secret-organisation-key";
/// The organisation that it belongs to.
pub(crate) const ORG: &str = "0b1c2d3e-1111-4222-8333-444455556666";
/// The day that runs are judged on.
pub(crate) const TODAY: &str = "2026-01-06";
/// The day that rosters are of.
pub(crate) const AS_OF: &str = "2026-01-05";

/// The id of the account of the member with this number.
pub(crate) fn id(number: usize) -> String {
    row(number, None)["user"]["account_id"].as_str().unwrap().to_owned()
}

/// An active account that the organisation manages; `None` leaves its flag out.
pub(crate) fn account(number: usize, flag: Option<bool>) -> Value {
    let mut account = json!({
        "accountId": id(number),
        "accountType": "atlassian",
        "name": format!("Member {number}"),
        "email": format!("member{number}@acme.example"),
        "accountStatus": "active",
        "claimStatus": "managed",
    });
    if let Some(flag) = flag {
        account["mfaEnabled"] = json!(flag);
    }
    account
}

/// An organisation's directory, and in which ways it is odd.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    pub(crate) accounts: Vec<Value>,
    /// How many rows a page has, where fewer than asked for.
    pub(crate) page: Option<usize>,
    /// Rows do not say whether there is two-step verification.
    pub(crate) silent: bool,
    /// Accounts that it does not manage are listed too.
    pub(crate) lists_unmanaged: bool,
    /// Whoever has two-step verification and whoever has not: both are listed whichever is asked.
    pub(crate) ignores_flag: bool,
    /// Searching is answered with this status, and listing works.
    pub(crate) gone: Option<u16>,
    /// How many of the first walks list the first account once more on the last page.
    pub(crate) doubled_walks: usize,
    /// The last page leads back to the second.
    pub(crate) circular: bool,
}

impl Directory {
    pub(crate) fn of(accounts: Vec<Value>) -> Self {
        Directory { accounts, ..Directory::default() }
    }

    fn answer(&self, request: &Request, walks: &AtomicUsize) -> ResponseTemplate {
        let authorization = request.headers.get("authorization");
        if authorization.is_none_or(|value| *value != format!("Bearer {KEY}")) {
            return refusal(401, "Unauthorized");
        }
        let users = format!("/admin/v2/orgs/{ORG}/directories/-/users");
        let path = request.url.path();
        let asked = match (request.method.as_str(), self.gone) {
            ("POST", gone) if path == format!("{users}/search") => match gone {
                Some(status) => return refusal(status, "no longer here"),
                None => serde_json::from_slice(&request.body).unwrap(),
            },
            ("GET", Some(_)) if path == users => {
                let pairs = request.url.query_pairs();
                let value = |text: &str| serde_json::from_str(text).ok().unwrap_or(json!(text));
                pairs.map(|(name, text)| (name.into_owned(), value(&text))).collect()
            }
            _ => return refusal(404, "no such resource"),
        };
        self.page(&asked, walks)
    }

    fn page(&self, asked: &Map<String, Value>, walks: &AtomicUsize) -> ResponseTemplate {
        let limit = asked.get("limit").and_then(Value::as_u64).unwrap_or(0);
        if !(1..=100).contains(&limit) || asked.get("claimStatus") != Some(&json!("managed")) {
            return refusal(400, "limit and claimStatus are asked for");
        }
        let flag = asked.get("mfaEnabled").filter(|_| !self.ignores_flag);
        let is_listed = |account: &&Value| {
            (self.lists_unmanaged || account["claimStatus"] == "managed")
                && flag.is_none_or(|flag| account["mfaEnabled"] == *flag)
        };
        let mut rows: Vec<Value> = self.accounts.iter().filter(is_listed).cloned().collect();
        // A cursor is of one walk, and has to be encoded where it stands in an address.
        let walk = format!("+/&={:?}/", asked.get("mfaEnabled"));
        let start = match asked.get("cursor") {
            None => {
                walks.fetch_add(1, Ordering::SeqCst);
                0
            }
            Some(cursor) => {
                let offset = cursor.as_str().and_then(|cursor| cursor.strip_prefix(&*walk));
                match offset.and_then(|offset| offset.parse().ok()) {
                    Some(offset) => offset,
                    None => return refusal(400, "a cursor of another walk"),
                }
            }
        };
        if walks.load(Ordering::SeqCst) <= self.doubled_walks {
            rows.extend(rows.first().cloned());
        }
        let size = self.page.unwrap_or(100).min(usize::try_from(limit).unwrap());
        let end = start + size;
        let next = match (end < rows.len(), self.circular) {
            (true, _) => json!(format!("{walk}{end}")),
            (false, true) => json!(format!("{walk}{size}")),
            (false, false) => Value::Null,
        };
        let mut page: Vec<Value> = rows.into_iter().skip(start).take(size).collect();
        if self.silent {
            for row in &mut page {
                row.as_object_mut().unwrap().remove("mfaEnabled");
            }
        }
        let body = json!({"data": page, "links": {"self": "here", "prev": null, "next": next}});
        ResponseTemplate::new(200).set_body_json(body)
    }
}

/// An error as Atlassian's admin APIs send it.
pub(crate) fn refusal(status: u16, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"code": status, "message": message}))
}

/// A server that plays an Atlassian organisation.
pub(crate) struct Organisation {
    runtime: Runtime,
    server: MockServer,
}

impl Organisation {
    pub(crate) fn start() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(MockServer::builder().start());
        Organisation { runtime, server }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// Serves a directory, to the key alone.
    pub(crate) fn serve(&self, directory: Directory) {
        let walks = AtomicUsize::new(0);
        self.respond(move |request| directory.answer(request, &walks));
    }

    /// Answers every request by what is asked for.
    pub(crate) fn respond(
        &self,
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        self.runtime.block_on(Mock::given(any()).respond_with(answer).mount(&self.server));
    }

    /// Answers so many requests like this, before whatever is said later.
    pub(crate) fn answer(&self, times: u64, answer: ResponseTemplate) {
        let mock = Mock::given(any()).respond_with(answer).up_to_n_times(times);
        self.runtime.block_on(mock.mount(&self.server));
    }

    /// Every request that came, oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server.received_requests()).unwrap()
    }

    /// What was asked for in the bodies of searches, oldest first.
    pub(crate) fn searches(&self) -> Vec<Value> {
        let requests = self.requests().into_iter().filter(|it| it.method.as_str() == "POST");
        requests.map(|it| serde_json::from_slice(&it.body).unwrap()).collect()
    }
}

/// What a run with a JSON report came to.
pub(crate) struct Checked {
    pub(crate) code: i32,
    pub(crate) report: Value,
    pub(crate) console: String,
}

impl Checked {
    /// What the report says of the member with this number.
    pub(crate) fn member(&self, number: usize) -> &Value {
        let members = self.report["members"].as_array().unwrap();
        let found = members.iter().find(|member| member["account_id"] == id(number));
        assert!(found.is_some(), "no member {number} in {:#}", self.report);
        found.unwrap()
    }

    /// How many findings of a rule there are.
    pub(crate) fn count(&self, rule: &str) -> usize {
        let findings = self.report["findings"].as_array().unwrap();
        findings.iter().filter(|finding| finding["rule"] == rule).count()
    }

    /// Checks that nothing could be found out about anybody, for this reason.
    pub(crate) fn is_incomplete(&self, why: &str) {
        assert_eq!(self.code, 3, "{}", self.console);
        assert_eq!(self.report["verdict"], "incomplete");
        assert_eq!(self.report["complete"], false);
        assert_eq!(self.report["members"], json!([]), "nobody is judged");
        let findings = self.report["findings"].as_array().unwrap();
        assert!(findings.iter().all(|it| it["rule"] == "workspace-incomplete"), "{findings:#?}");
        let error = self.report["workspaces"][0]["error"].to_string();
        assert!(error.contains(why), "{error} does not say {why}");
    }
}

/// Both servers, and a folder to run the binary in.
pub(crate) struct Ground {
    pub(crate) sandbox: Sandbox,
    pub(crate) bitbucket: Bitbucket,
    pub(crate) organisation: Organisation,
}

impl Ground {
    /// The workspace acme with these rows at Bitbucket, as one of its owners sees it.
    pub(crate) fn with(rows: &[Value]) -> Self {
        Ground::seen_by("owner", rows)
    }

    /// The same as somebody with another permission sees it.
    pub(crate) fn seen_by(permission: &str, rows: &[Value]) -> Self {
        let (bitbucket, organisation) = (Bitbucket::start(), Organisation::start());
        bitbucket.workspace("acme", rows);
        bitbucket.permission("acme", permission);
        Ground { sandbox: Sandbox::new(), bitbucket, organisation }
    }

    /// Runs the binary with the credentials of both servers and more variables, of which the later
    /// one counts; an empty one is unset.
    pub(crate) fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Outcome {
        let (bitbucket, organisation) = (self.bitbucket.api_url(), self.organisation.url());
        let both = [
            ("BITBUCKET_API_URL", &*bitbucket),
            ("BITBUCKET_EMAIL", EMAIL),
            ("BITBUCKET_API_TOKEN", TOKEN),
            ("ATLASSIAN_API_URL", &*organisation),
            ("ATLASSIAN_ORG_ID", ORG),
            ("ATLASSIAN_API_KEY", KEY),
        ];
        let outcome = self.sandbox.run_with(args, &[&both[..], env].concat());
        for secret in [TOKEN, BASIC, KEY] {
            assert!(!outcome.stdout.contains(secret), "a secret is on stdout");
            assert!(!outcome.stderr.contains(secret), "a secret is on stderr");
        }
        outcome
    }

    /// Runs `check` on [`TODAY`] by a policy that accepts these sources.
    pub(crate) fn check(&self, accept: &str, more: &[&str]) -> Checked {
        self.check_by(&format!("accept: [{accept}]\n"), more, &[])
    }

    /// Runs `check` on [`TODAY`] by a policy about acme that says this too.
    pub(crate) fn check_by(&self, policy: &str, more: &[&str], env: &[(&str, &str)]) -> Checked {
        self.sandbox.write("policy.yaml", crate::support::policy("acme", policy));
        let args = ["check", "--today", TODAY, "--report", "json=report.json"];
        let outcome = self.run(&[&args[..], more].concat(), env);
        let console = outcome.stdout + &outcome.stderr;
        assert!(self.sandbox.path("report.json").exists(), "no report: {console}");
        let report = self.sandbox.json("report.json");
        assert_eq!(report["exit_code"], outcome.code, "{console}");
        Checked { code: outcome.code, report, console }
    }

    /// Writes a roster, and gives the arguments that name it.
    pub(crate) fn roster(&self, text: impl AsRef<[u8]>) -> [&'static str; 4] {
        self.sandbox.write("roster.csv", text);
        ["--roster", "roster.csv", "--roster-as-of", AS_OF]
    }

    /// How many requests came to Bitbucket and to the organisation.
    pub(crate) fn asked(&self) -> (usize, usize) {
        (self.bitbucket.requests().len(), self.organisation.requests().len())
    }
}

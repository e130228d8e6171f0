//! What people wrote freely never shows: a redacted run says the same whatever it was.

use serde_json::{Value, json};

use super::people::{KEY, row};
use crate::insights::{self, takes};
use crate::slack::Slack;
use crate::support::{Bitbucket, EMAIL, Sandbox, TOKEN, policy};

/// Names and texts of the same people in the same places.
struct Words {
    /// Nickname and display name of each member in turn.
    names: [&'static str; 6],
    exemption: [&'static str; 7],
}

const ONE: Words = Words {
    names: ["a", "key", "Ada", "Ada Lovelace", "members", "the"],
    exemption: [
        "Ada Lovelace",
        "Lovelace is on leave; Grace Hopper in IT orders Ada's key",
        "Grace Hopper watches, see workspace of Ada",
        "SEC-12-lovelace",
        "Grace Hopper",
        "Lovelace, A.",
        "for Ada, who is ill",
    ],
};
const OTHER: Words = Words {
    names: ["x", "uid", "Bob", "Barbara Liskov", "outcome", "and"],
    exemption: [
        "Bob Liskov-Li",
        "Liskov is at home; Donald Knuth in QA has Bob's laptop now",
        "Donald Knuth watches; see key of Bob Li...",
        "SEC-99-liskov-b",
        "Donald Knuth",
        "Liskov, Bob.",
        "of Bob, who is fine",
    ],
};

/// Everything that a redacted run writes, says and sends about these people, without what two runs
/// never share: numbers, and the digest of the policy.
fn said(words: &Words) -> Vec<(String, String)> {
    let (server, slack, sandbox) = (Bitbucket::start(), Slack::start(), Sandbox::new());
    let mut rows: Vec<Value> = (0..words.names.len()).map(|number| row(number, false)).collect();
    for (row, name) in rows.iter_mut().zip(words.names) {
        row["user"]["nickname"] = json!(name);
        row["user"]["display_name"] = json!(name);
    }
    server.workspace("acme", &rows);
    server.permission("acme", "owner");
    takes(&server, &[]);
    let account_id = rows[3]["user"]["account_id"].as_str().unwrap().to_owned();
    let [name, reason, control, ticket, owner, approver, comment] = words.exemption;
    let exemption = format!(
        "exemptions:\n  # {comment}\n  - id: EX-1\n    account_id: \"{account_id}\" # {comment}\n    \
         name: \"{name}\"\n    reason: \"{reason}\"\n    compensating_controls: [\"{control}\"]\n    \
         ticket: \"{ticket}\"\n    owner: \"{owner}\"\n    approved_by: \"{approver}\"\n    \
         starts: 2026-08-20\n    expires: 2026-09-05\n"
    );
    let policy = policy("acme", &exemption);
    sandbox.write("policy.yaml", &policy);
    let (url, webhook) = (server.api_url(), slack.webhook());
    let mut env = vec![
        KEY,
        ("BITBUCKET_API_URL", &*url),
        ("BITBUCKET_EMAIL", EMAIL),
        ("BITBUCKET_API_TOKEN", TOKEN),
        ("MFA_GATE_SLACK_WEBHOOK_URL", &*webhook),
    ];
    env.extend(insights::OF);
    let formats = ["json", "junit", "sarif", "csv", "markdown", "html", "github"];
    let reports = formats.map(|format| format!("--report={format}={format}.out"));
    let mut args = vec!["check", "--redact", "-vv", "--today=2026-09-01", "--sarif-suppressed"];
    args.extend(["--code-insights", "--insights-names", "--slack-names", "--concurrency=1"]);
    args.extend(reports.iter().map(String::as_str));
    let outcome = sandbox.run_with(&args, &env);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let body = |request: &wiremock::Request| String::from_utf8(request.body.clone()).unwrap();
    let mut said: Vec<(String, String)> =
        formats.iter().map(|name| ((*name).into(), sandbox.read(&format!("{name}.out")))).collect();
    let slack = slack.requests().iter().map(body).collect();
    let insights = insights::written(&server).iter().map(body).collect();
    for (what, text) in [
        ("stdout", outcome.stdout),
        ("stderr", outcome.stderr),
        ("slack", slack),
        ("insights", insights),
    ] {
        assert!(!text.is_empty(), "{what}");
        said.push((what.into(), text));
    }
    let digest = super::people::hex(&<sha2::Sha256 as sha2::Digest>::digest(policy));
    let shared = |text: &str| {
        let text = text.replace(&digest, "").replace("µs", "s").replace("ms", "s");
        text.replace(|c: char| c.is_ascii_digit() || c == '.', "")
    };
    said.into_iter().map(|(what, text)| (what, shared(&text))).collect()
}

#[test]
fn a_redacted_run_says_the_same_whatever_people_are_called_and_wrote() {
    for ((what, one), (_, other)) in said(&ONE).into_iter().zip(said(&OTHER)) {
        for (line, other) in one.lines().zip(other.lines()) {
            assert_eq!(line, other, "in {what}");
        }
        assert_eq!(one.len(), other.len(), "{what}");
        for word in ["lovelace", "hopper", "grace", "liskov"] {
            assert!(!one.to_lowercase().contains(word), "{word} is in {what}");
        }
    }
}

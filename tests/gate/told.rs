//! Owners, and people who are not members, in what Slack and Code Insights are told: counted, named
//! when asked for, and under pseudonyms in a redacted run.

use serde_json::Value;

use crate::coverage::{BOTH, grant, serve};
use crate::insights::{OF, all_annotations, body, takes, written};
use crate::slack::{Slack, plain};
use crate::support::{Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, row, rows};

/// What was told of a run, and how it ended.
struct Told {
    outcome: Outcome,
    slack: String,
    /// The details of the page at the commit.
    insights: String,
    annotations: Vec<Value>,
    /// All that was sent.
    sent: String,
}

impl Told {
    /// What annotations with this result say.
    fn annotated(&self, result: &str) -> Vec<&str> {
        let annotations = self.annotations.iter().filter(|it| it["result"] == result);
        annotations.map(|annotation| annotation["summary"].as_str().unwrap()).collect()
    }

    /// Who is named in the channel, and why.
    fn bullets(&self) -> Vec<&str> {
        self.slack.lines().filter_map(|line| line.strip_prefix("• ")).collect()
    }

    /// Whether anything that was sent names a person.
    fn names_anyone(&self) -> bool {
        let names = ["Member ", "nick", "557058:", "00000000-0000-4000-8000-"];
        names.iter().any(|name| self.sent.contains(name))
    }
}

fn id(number: usize) -> String {
    row(number, None)["user"]["account_id"].as_str().unwrap().to_owned()
}

/// Runs `check` against acme: members 0 to 3. 2 and 3 own it, and all but 1 have no second
/// factor; an exemption of 3; and two people with access to repositories.
fn told(more: &str, args: &[&str]) -> Told {
    let server = Bitbucket::start();
    let members = [rows(0..1, false), rows(1..2, true), rows(2..4, false)].concat();
    server.workspace("acme", &members);
    server.permission("acme", "owner");
    server.owners("acme", &[&members[2], &members[3]]);
    let grants = [
        grant(10, "app", "read"),
        grant(10, "site", "admin"),
        grant(11, "app", "write"),
        grant(12, "app", "read"),
    ];
    serve(&server, &grants);
    takes(&server, &[]);
    let exemption = |number: usize| {
        let id = id(number);
        format!(
            "  - id: EX-{number}\n    account_id: \"{id}\"\n    reason: A key is on its way\n    \
             starts: 2000-01-01\n    expires: 2999-01-01\n"
        )
    };
    let exemptions: String = [3, 12].map(exemption).concat();
    let more = format!("{more}exemptions:\n{exemptions}");
    let (sandbox, slack) = (Sandbox::new(), Slack::start());
    sandbox.write("policy.yaml", policy("acme", &more));
    let (url, webhook) = (server.api_url(), slack.webhook());
    let env = [
        ("BITBUCKET_API_URL", &*url),
        ("BITBUCKET_EMAIL", EMAIL),
        ("BITBUCKET_API_TOKEN", TOKEN),
        ("MFA_GATE_SLACK_WEBHOOK_URL", &webhook),
        ("MFA_GATE_REDACT_KEY", "a-key-for-pseudonyms-0123"),
    ];
    let args = [&["check", "--no-progress", "--code-insights"], args].concat();
    let outcome = sandbox.run_with(&args, &[&env[..], &OF].concat());
    let (message, written) = (slack.message(), written(&server));
    let bodies = written.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned());
    Told {
        sent: bodies.chain([message.to_string()]).collect(),
        slack: plain(&message),
        insights: body(&written[1])["details"].as_str().unwrap().to_owned(),
        annotations: all_annotations(&written),
        outcome,
    }
}

/// What a policy says that looks at everybody, with more owners than it allows.
fn everybody() -> String {
    format!("{BOTH}limits: {{max_owners: 1, max_days: 999999}}\n")
}

#[test]
fn they_are_counted_and_no_one_is_named() {
    let told = told(&everybody(), &[]);
    assert_eq!(told.outcome.code, 1, "{}{}", told.outcome.stdout, told.outcome.stderr);
    for text in [&told.slack, &told.insights] {
        for said in [
            "4 of 7 members of acme (1 owner) have no second factor seen by bitbucket",
            "the workspace acme has 2 owners, and `limits.max_owners` allows 1",
            "7 members (3 are not members of the workspace): ",
            "1 × Too many owners: ",
        ] {
            assert!(text.contains(said), "{said} is not in {text}");
        }
        assert!(!text.contains("were not looked at"), "{text}");
    }
    assert!(!told.names_anyone() && told.annotations.is_empty(), "{}", told.sent);
}

#[test]
fn people_who_were_not_looked_at_are_said() {
    let told = told("limits: {max_days: 999999}\n", &[]);
    assert_eq!(told.outcome.code, 1, "{}{}", told.outcome.stdout, told.outcome.stderr);
    for text in [&told.slack, &told.insights] {
        let said = "people with access to single repositories were not looked at";
        assert!(text.contains(said), "{text}");
        assert!(text.contains("2 of 4 members of acme (1 owner) have"), "{text}");
        assert!(!text.contains("not members of the workspace"), "{text}");
    }
    assert!(!told.names_anyone(), "{}", told.sent);
}

#[test]
fn they_are_named_as_what_they_are_when_asked_for() {
    let told = told(&everybody(), &["--slack-names", "--insights-names"]);
    let named = [
        format!("Owner Member 2 ({}) in acme: ", id(2)),
        format!("Member 0 ({}) in acme: ", id(0)),
        format!(
            "Member 10 ({}) (not a member; access to 2 repositories, at most admin) in ",
            id(10)
        ),
        format!("Member 11 ({}) (not a member; access to 1 repository, write) in acme: ", id(11)),
    ];
    for lines in [told.bullets(), told.annotated("FAILED")] {
        let people: Vec<&str> =
            lines.into_iter().filter(|line| !line.starts_with("the workspace acme has")).collect();
        assert_eq!(people.len(), named.len(), "{people:#?}");
        for (line, person) in people.iter().zip(&named) {
            assert!(line.starts_with(person), "{line} is not about {person}");
        }
    }
    let exempt = [
        format!("Owner Member 3 ({}) in acme", id(3)),
        format!("Member 12 ({}) (not a member; access to 1 repository, read) in acme", id(12)),
    ];
    assert_eq!(told.annotated("IGNORED"), exempt);
}

#[test]
fn a_redacted_run_calls_them_that_by_their_pseudonyms() {
    let told = told(&everybody(), &["--slack-names", "--insights-names", "--redact"]);
    assert_eq!(told.outcome.code, 1, "{}{}", told.outcome.stdout, told.outcome.stderr);
    assert!(!told.names_anyone(), "{}", told.sent);
    for lines in [told.bullets(), told.annotated("FAILED")] {
        assert!(lines[0].starts_with("Owner person-"), "{lines:#?}");
        let outsiders = lines.iter().filter(|line| {
            line.starts_with("person-") && line.contains(" (not a member; access to ")
        });
        assert_eq!(outsiders.count(), 2, "{lines:#?}");
    }
    let exempt = told.annotated("IGNORED");
    assert!(exempt.iter().any(|line| line.starts_with("Owner person-")), "{exempt:#?}");
}

//! Messages to a Slack channel: when, about which members, and that the address stays secret.

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, row, rows};

/// The part of an address that must never be seen in any output.
const PATH: &str = "/services/T00000000/B00000000/very-secret-webhook";

/// A server that plays Slack.
pub(crate) struct Slack {
    runtime: Runtime,
    server: MockServer,
}

impl Slack {
    pub(crate) fn answering(answer: ResponseTemplate) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(MockServer::builder().start());
        runtime.block_on(Mock::given(any()).respond_with(answer).mount(&server));
        Slack { runtime, server }
    }

    pub(crate) fn start() -> Self {
        Slack::answering(ResponseTemplate::new(200).set_body_string("ok"))
    }

    pub(crate) fn webhook(&self) -> String {
        format!("{}{PATH}", self.server.uri())
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server.received_requests()).unwrap()
    }

    /// The one message that came.
    pub(crate) fn message(&self) -> Value {
        let requests = self.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].url.path(), PATH);
        assert_eq!(requests[0].method.as_str(), "POST");
        assert_eq!(requests[0].headers["content-type"], "application/json");
        serde_json::from_slice(&requests[0].body).unwrap()
    }
}

/// The texts of a message's blocks, each with its type.
fn texts(message: &Value) -> Vec<(String, String)> {
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50, "Slack takes no more");
    let text = |block: &Value| {
        let (kind, text) = (&block["text"]["type"], block["text"]["text"].as_str().unwrap());
        assert!((1..=3000).contains(&text.chars().count()), "Slack takes no more");
        (kind.as_str().unwrap().to_owned(), text.to_owned())
    };
    blocks.iter().map(text).collect()
}

/// All of a message that Slack shows as it is.
pub(crate) fn plain(message: &Value) -> String {
    let plain = texts(message).into_iter().filter(|(kind, _)| kind == "plain_text");
    plain.map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}

/// Bitbucket, and a folder to run the binary in.
struct Ground {
    sandbox: Sandbox,
    bitbucket: Bitbucket,
}

impl Ground {
    /// The workspace acme with these rows.
    fn with(rows: &[Value]) -> Self {
        let bitbucket = Bitbucket::start();
        bitbucket.workspace("acme", rows);
        bitbucket.permission("acme", "owner");
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", policy("acme", ""));
        Ground { sandbox, bitbucket }
    }

    /// Runs `check` with these variables too, and looks for the webhook's address in all that it
    /// says and writes.
    fn check(&self, more: &[&str], env: &[(&str, &str)]) -> Outcome {
        let url = self.bitbucket.api_url();
        let own = [
            ("BITBUCKET_API_URL", &*url),
            ("BITBUCKET_EMAIL", EMAIL),
            ("BITBUCKET_API_TOKEN", TOKEN),
        ];
        let reports = ["json=r/a.json", "junit=r/a.xml", "sarif=r/a.sarif", "markdown=r/a.md"];
        let verbosity = if more.contains(&"-q") { None } else { Some("-vv") };
        let mut args: Vec<&str> = ["check"].into_iter().chain(verbosity).collect();
        args.extend(reports.iter().flat_map(|report| ["--report", report]));
        args.extend(more);
        let outcome = self.sandbox.run_with(&args, &[&own[..], env].concat());
        let reports = reports.map(|report| report.split_once('=').unwrap().1);
        let reports = reports.into_iter().filter(|name| self.sandbox.path(name).exists());
        let mut said: Vec<String> = reports.map(|name| self.sandbox.read(name)).collect();
        said.extend([outcome.stdout.clone(), outcome.stderr.clone()]);
        for text in said {
            for part in [PATH, "very-secret-webhook", TOKEN] {
                assert!(!text.contains(part), "{part} is in {text}");
            }
        }
        outcome
    }
}

#[test]
fn violations_are_told_once() {
    let (slack, ground) = (Slack::start(), Ground::with(&rows(0..3, false)));
    let outcome = ground.check(&[], &[("MFA_GATE_SLACK_WEBHOOK_URL", &slack.webhook())]);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let message = slack.message();
    let text = plain(&message);
    assert!(text.starts_with("mfa-gate: violations: 3 of 3 members of acme"), "{text}");
    assert!(text.contains("3 members: 3 without proof or exemption"), "{text}");
    assert!(text.contains("simulated: "), "{text}");
    assert!(text.contains("3 × No second factor seen: Ask the member"), "{text}");
    assert!(!text.contains(" more"), "{text}");
    assert!(message["text"].as_str().unwrap().contains("violations: 3 of 3"), "{message:#}");
    assert_eq!(texts(&message).iter().filter(|(kind, _)| kind == "mrkdwn").count(), 0);
}

#[test]
fn what_could_not_be_read_is_told() {
    let slack = Slack::start();
    let ground = Ground::with(&[]);
    ground.sandbox.write("policy.yaml", policy("labs", ""));
    ground.bitbucket.refuse("labs", 403, json!({"type": "error", "error": {"message": "no"}}));
    let outcome = ground.check(&[], &[("MFA_GATE_SLACK_WEBHOOK_URL", &slack.webhook())]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    let text = plain(&slack.message());
    assert!(text.starts_with("mfa-gate: incomplete: labs could not be checked"), "{text}");
    assert!(text.contains("1 × Workspace could not be checked: "), "{text}");
}

/// Whatever ends a run: violations, a wrong exemption, a workspace whose error names a member.
#[test]
fn nobody_is_named_unless_asked_for() {
    let mut twice = rows(0..3, false);
    twice.push(twice[1].clone());
    let exemption = format!(
        "exemptions:\n  - id: EX-of-ada\n    account_id: {}\n    reason: a break-glass account\n    \
         starts: 2000-01-01\n    expires: 2000-02-01\n",
        rows(0..1, false)[0]["user"]["account_id"]
    );
    let exempt = policy("acme", &exemption);
    for (members, policy) in [(rows(0..3, false), &exempt), (twice, &policy("acme", ""))] {
        for (more, named) in [(&[][..], false), (&["--slack-names"], true)] {
            let (slack, ground) = (Slack::start(), Ground::with(&members));
            ground.sandbox.write("policy.yaml", policy);
            ground.check(more, &[("MFA_GATE_SLACK_WEBHOOK_URL", &slack.webhook())]);
            let message = slack.message().to_string();
            let said = ["nick", "Member 1", "557058:", "00000000-0000-4000", "EX-of-ada"];
            let said = said.iter().filter(|part| message.contains(**part)).count();
            assert_eq!(said > 0, named, "{message}");
        }
    }
}

#[test]
fn nobody_is_told_that_all_is_well_unless_always() {
    let ground = Ground::with(&rows(0..3, true));
    for (more, told) in [(&[][..], 0), (&["--slack", "violations"], 0), (&["--slack", "always"], 1)]
    {
        let slack = Slack::start();
        let outcome = ground.check(more, &[("MFA_GATE_SLACK_WEBHOOK_URL", &slack.webhook())]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert_eq!(slack.requests().len(), told, "{more:?}");
    }
}

#[test]
fn twenty_are_named_and_the_rest_counted_however_long_their_names() {
    for name in [None, Some("ß".repeat(5000))] {
        let mut members = rows(0..47, false);
        for member in &mut members {
            if let Some(name) = &name {
                member["user"]["display_name"] = json!(name);
            }
        }
        let (slack, ground) = (Slack::start(), Ground::with(&members));
        let webhook = slack.webhook();
        ground.check(&["--slack-names"], &[("MFA_GATE_SLACK_WEBHOOK_URL", &webhook)]);
        let text = plain(&slack.message());
        assert_eq!(text.matches("• ").count(), 20, "{text}");
        for number in 0..20 {
            let id = row(number, None)["user"]["account_id"].as_str().unwrap().to_owned();
            assert!(text.contains(&id), "{id} is not in {text}");
        }
        assert!(text.contains("\nand 27 more\n47 × No second factor seen: "), "{text}");
    }
}

#[test]
fn names_stay_text() {
    let names = [
        "<!channel>",
        "a & b &amp; c",
        "*bold* _x_ `y`",
        "<https://x.example|click>",
        "@here :tada:",
        "a\n• compliant\r\u{202e}b",
    ];
    let mut members = rows(0..names.len(), false);
    for (member, name) in members.iter_mut().zip(names) {
        member["user"]["display_name"] = json!(name);
    }
    let (slack, ground) = (Slack::start(), Ground::with(&members));
    let webhook = slack.webhook();
    ground.check(&["--slack-names"], &[("MFA_GATE_SLACK_WEBHOOK_URL", &webhook)]);
    let message = slack.message();
    assert!(texts(&message).iter().all(|(kind, _)| kind == "plain_text"), "{message:#}");
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.iter().all(|block| block["text"]["emoji"] == false), "{message:#}");
    let text = plain(&message);
    for name in &names[..5] {
        assert!(text.contains(&format!("• {name} (557058:")), "{name} is not in {text}");
    }
    assert!(text.contains(r"• a\u{a}• compliant\u{d}\u{202e}b (557058:"), "{text}");
    // The text of a notification is mrkdwn.
    let notified = message["text"].as_str().unwrap();
    assert!(!notified.contains(['<', '>', '\n']), "{notified}");
}

#[test]
fn a_foreign_reason_is_escaped_in_a_notification() {
    let (slack, ground) = (Slack::start(), Ground::with(&[]));
    ground.sandbox.write("policy.yaml", policy("labs", ""));
    let body = json!({"type": "error", "error": {"message": "<!channel> & <https://x|y>"}});
    ground.bitbucket.refuse("labs", 403, body);
    let webhook = slack.webhook();
    ground.check(&["--slack-names"], &[("MFA_GATE_SLACK_WEBHOOK_URL", &webhook)]);
    let message = slack.message();
    let notified = message["text"].as_str().unwrap();
    assert!(!notified.contains('<'), "{notified}");
    assert!(notified.contains("&lt;!channel&gt; &amp; "), "{notified}");
    assert!(plain(&message).contains("<!channel> & <https://x|y>"), "{message:#}");
}

#[test]
fn the_build_is_linked() {
    let ground = Ground::with(&rows(0..1, false));
    let bitbucket = [
        ("BITBUCKET_WORKSPACE", "acme"),
        ("BITBUCKET_REPO_SLUG", "shop>|<"),
        ("BITBUCKET_BUILD_NUMBER", "42"),
    ];
    let github = [
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_RUN_ID", "43"),
    ];
    for (env, link) in [
        (bitbucket, "<https://bitbucket.org/acme/shop%3E%7C%3C/pipelines/results/42|The build>"),
        (github, "<https://github.com/acme/shop/actions/runs/43|The build>"),
    ] {
        let slack = Slack::start();
        let webhook = slack.webhook();
        let mut env = Vec::from(env);
        env.push(("MFA_GATE_SLACK_WEBHOOK_URL", &webhook));
        ground.check(&[], &env);
        let texts = texts(&slack.message());
        assert_eq!(texts.last().unwrap(), &("mrkdwn".to_owned(), link.to_owned()));
    }
}

#[test]
fn what_is_no_address_of_a_build_is_not_linked() {
    let ground = Ground::with(&rows(0..1, false));
    for server in ["javascript:alert(1)//", "https://ada:secret@github.com", "http://github.com"] {
        let slack = Slack::start();
        let env = [
            ("MFA_GATE_SLACK_WEBHOOK_URL", &*slack.webhook()),
            ("GITHUB_SERVER_URL", server),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "43"),
        ];
        ground.check(&[], &env);
        let message = slack.message();
        assert!(texts(&message).iter().all(|(kind, _)| kind != "mrkdwn"), "{message:#}");
    }
}

#[test]
fn what_goes_wrong_is_a_warning_without_the_address() {
    let ground = Ground::with(&rows(0..3, false));
    for status in [302, 403, 404, 500] {
        // Whoever tries again need not wait.
        let answer = ResponseTemplate::new(status).insert_header("Retry-After", "0");
        let said = format!("gone: {PATH}, or very-secret-webhook");
        let slack = Slack::answering(answer.set_body_string(said));
        let webhook = slack.webhook();
        let env = [("MFA_GATE_SLACK_WEBHOOK_URL", &*webhook)];
        let outcome = ground.check(&[], &env);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert_eq!(ground.sandbox.json("r/a.json")["verdict"], "violations");
        let warned = outcome.stderr.lines().find(|line| line.starts_with("warning: "));
        let warned = warned.unwrap_or_default();
        assert!(warned.contains("Slack could not be told: "), "{}", outcome.stderr);
        assert!(warned.contains(&status.to_string()), "{warned}");
        assert!(outcome.stderr.contains("\n  help: "), "{}", outcome.stderr);
        assert!(!outcome.stdout.contains("sent: "), "{}", outcome.stdout);
        let quiet = ground.check(&["-q"], &env);
        assert!(quiet.stderr.contains("warning: Slack could not be told: "), "{}", quiet.stderr);
    }
    // Nobody listens there.
    let nowhere = format!("http://127.0.0.1:9{PATH}");
    let env = [("MFA_GATE_SLACK_WEBHOOK_URL", &*nowhere)];
    let outcome = ground.check(&[], &env);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Slack could not be reached"), "{}", outcome.stderr);
}

#[test]
fn a_message_that_was_sent_is_named_last() {
    let (slack, ground) = (Slack::start(), Ground::with(&rows(0..3, false)));
    let webhook = slack.webhook();
    let env = [("MFA_GATE_SLACK_WEBHOOK_URL", &*webhook)];
    let outcome = ground.check(&[], &env);
    assert!(outcome.stdout.ends_with("\nsent: a message to Slack\n"), "{}", outcome.stdout);
    let quiet = ground.check(&["-q"], &env);
    assert!(!quiet.stdout.contains("sent: "), "{}", quiet.stdout);
}

#[test]
fn the_address_can_stand_in_a_file() {
    let (slack, ground) = (Slack::start(), Ground::with(&rows(0..1, false)));
    ground.sandbox.write("webhook.txt", slack.webhook() + "\n");
    let env = [("MFA_GATE_SLACK_WEBHOOK_URL_FILE", "webhook.txt")];
    assert_eq!(ground.check(&[], &env).code, 1);
    slack.message();
    let outcome = ground.check(&["--report", "csv=webhook.txt"], &env);
    assert_eq!(outcome.code, 2, "a report must not replace it: {}", outcome.stderr);
    assert_eq!(ground.sandbox.read("webhook.txt").trim(), slack.webhook());
}

#[test]
fn what_is_wrong_with_it_is_known_before_anything_is_asked() {
    let ground = Ground::with(&rows(0..1, false));
    let file = ("MFA_GATE_SLACK_WEBHOOK_URL_FILE", "webhook.txt");
    let url = |url| ("MFA_GATE_SLACK_WEBHOOK_URL", url);
    for (more, env, said) in [
        (&["--slack", "always"][..], vec![], "MFA_GATE_SLACK_WEBHOOK_URL"),
        (&["--slack-names"], vec![], "MFA_GATE_SLACK_WEBHOOK_URL"),
        (&[], vec![url("http://hooks.example/services/very-secret-webhook")], "plain http"),
        (&[], vec![url("very-secret-webhook")], "is not a URL"),
        (&[], vec![url("https://u:very-secret-webhook@hooks.example/x")], "password"),
        (&[], vec![url("https://hooks.example/ very-secret-webhook")], "a blank"),
        (&[], vec![file], "webhook.txt"),
        (&[], vec![file, url("https://hooks.example/very-secret-webhook")], "both set"),
        (&["--slack", "https://hooks.example/very-secret-webhook"], vec![], "violations or always"),
    ] {
        let outcome = ground.check(more, &env);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{said} is not in {}", outcome.stderr);
        assert!(!outcome.stderr.contains("very-secret"), "{}", outcome.stderr);
    }
    assert_eq!(ground.bitbucket.requests().len(), 0);
}

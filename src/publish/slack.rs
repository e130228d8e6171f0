//! A message to a Slack channel, through an incoming webhook:
//! <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::ci::build_link;
use crate::credential::value;
use crate::emit::summary;
use crate::env::SLACK_WEBHOOK_URL;
use crate::escape::slack;
use crate::failure::{Failure, Problem};
use crate::http::{
    Connection, Host, Network, Pace, Refusal, Secret, Session, base_address, block_on,
};
use crate::publish::{cut, cut_lines, what_to_do};
use crate::report::{Finding, Report, Severity, Verdict};

/// How many members a message names, where it names any.
const NAMED: usize = 20;

/// The most characters of a text in a block.
///
/// <https://docs.slack.dev/reference/block-kit/blocks/section-block>
const LONGEST: usize = 3000;

/// How many members a block names, and the most characters that it says of each, so that all fit.
const IN_A_BLOCK: usize = 5;
const LONGEST_LINE: usize = LONGEST / IN_A_BLOCK - 3;

/// Which runs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Those that end with violations, or incomplete.
    Violations,
    /// All of them.
    Always,
}

/// Which runs a channel is told of, and what.
pub(crate) struct Slack {
    pub(crate) webhook: Webhook,
    pub(crate) when: When,
    /// Whether members and exemptions are named.
    pub(crate) names: bool,
}

impl Slack {
    /// Whether a run is one to tell about.
    pub(crate) fn is_told_of(&self, report: &Report) -> bool {
        match report.verdict {
            Verdict::Compliant | Verdict::NotEnforced => self.when == When::Always,
            Verdict::Violations | Verdict::Incomplete => true,
        }
    }

    /// Tells about a run.
    ///
    /// # Errors
    /// Why it could not be sent.
    pub(crate) fn tell(&self, report: &Report, connection: &Connection) -> Result<(), Problem> {
        self.webhook.send(&message(report, self.names), connection)
    }
}

/// A channel for messages. Its address is a secret: anyone who knows it can write there.
pub(crate) struct Webhook {
    url: Url,
    secret: Secret,
}

impl Webhook {
    /// The webhook that the environment names, if it does.
    ///
    /// # Errors
    /// [`Failure::Usage`] where it is not an address that a message may be sent to. The message does
    /// not show it.
    pub(crate) fn from_env(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, Failure> {
        let Some(text) = value(lookup, SLACK_WEBHOOK_URL)? else { return Ok(None) };
        let help = format!(
            "Set {SLACK_WEBHOOK_URL} to what Slack shows under Incoming Webhooks, which starts \
             with https://hooks.slack.com/services/."
        );
        let url = base_address(&text, "the address of the Slack webhook", &help)?;
        Ok(Some(Webhook { url, secret: Secret::new(text) }))
    }

    fn send(&self, message: &Value, connection: &Connection) -> Result<(), Problem> {
        let network = Network::new(connection, Pace::real());
        let session = Session::new(self, &self.url, network)?;
        session.secrets().keep(&self.secret);
        let told = block_on(session.tell(Method::POST, &self.url, Some(message)))?;
        told.map_err(|error| session.explain(&error))
    }
}

impl Host for Webhook {
    fn name(&self) -> &'static str {
        "Slack"
    }

    fn set_by(&self) -> &'static str {
        SLACK_WEBHOOK_URL
    }

    fn shown_path<'u>(&self, _: &'u Url) -> &'u str {
        "(the webhook)"
    }

    fn help(&self, refusal: &Refusal) -> String {
        match refusal.status.as_u16() {
            403 | 404 | 410 => {
                format!("The webhook is gone: make a new one, and set {SLACK_WEBHOOK_URL} to it.")
            }
            _ => "Try again later.".into(),
        }
    }
}

/// One message: verdict, counts, who and why where that is wanted, what to do, and where to look.
/// Names stand in plain text, in which Slack reads no mentions and no formatting. Why a workspace
/// could not be read can name a member, by an id at least.
fn message(report: &Report, names: bool) -> Value {
    let headline = format!("mfa-gate: {}", summary::headline_with(report, names));
    let about = [summary::counts(report)].into_iter().chain(summary::caveats(report));
    let mut blocks = vec![plain(&[&headline]), plain(&about.collect::<Vec<_>>())];
    if names {
        blocks.extend(named(report));
    }
    let next = what_to_do(report);
    if !next.is_empty() {
        blocks.push(plain(&next));
    }
    if let Some(link) = build_link(&report.source.ci) {
        // A bar would end the address and start its text.
        let text = format!("<{}|The build>", slack(&link).replace('|', "%7C"));
        blocks.push(json!({"type": "section", "text": {"type": "mrkdwn", "text": text}}));
    }
    // What a notification shows.
    json!({"text": slack(&cut(&headline, LONGEST)), "blocks": blocks})
}

/// The first members and exemptions with an error, and how many more there are.
fn named(report: &Report) -> Vec<Value> {
    let mut blocks = Vec::new();
    let errors = report.findings.iter().filter(|finding| finding.level == Severity::Error);
    let errors: Vec<&Finding> = errors.collect();
    for errors in errors.chunks(IN_A_BLOCK).take(NAMED / IN_A_BLOCK) {
        let line = |finding: &&Finding| format!("• {}", cut(&finding.message, LONGEST_LINE));
        blocks.push(plain(&errors.iter().map(line).collect::<Vec<_>>()));
    }
    let left = errors.len().saturating_sub(NAMED);
    if left > 0 {
        blocks.push(plain(&[format!("and {left} more")]));
    }
    blocks
}

fn plain(lines: &[impl AsRef<str>]) -> Value {
    let text = cut_lines(lines, LONGEST);
    json!({"type": "section", "text": {"type": "plain_text", "emoji": false, "text": text}})
}

//! Who is told of a run once it is over: a commit's page at Bitbucket, a channel at Slack.

use std::time::Duration;

use super::Context;
use super::collect::{account, connection};
use crate::cli::Check;
use crate::failure::{Failure, Problem};
use crate::publish::insights::Insights;
use crate::publish::slack::{Slack, Webhook, When};
use crate::read::bitbucket::Account;
use crate::report::Report;

/// The longest that telling them may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who is told. What is wrong with that is found before any request.
pub(crate) struct Notices<'a> {
    /// The credential to write Code Insights with outside of Bitbucket Pipelines.
    account: Option<Account>,
    slack: Option<Slack>,
    args: &'a Check,
    context: &'a Context<'a>,
}

impl<'a> Notices<'a> {
    pub(crate) fn prepare(args: &'a Check, context: &'a Context<'a>) -> Result<Self, Failure> {
        let sources = &args.sources;
        let mut insights_account = None;
        if args.code_insights {
            // With --members there need not be a credential; the proxy takes none.
            if sources.members.members.is_none() {
                insights_account = Some(account(&sources.connect, context)?);
            }
            Insights::from_env(context.env, insights_account.as_ref(), args.insights_names)?;
        }
        let webhook = Webhook::from_env(context.env)?;
        let when = match args.slack.as_deref() {
            None | Some("violations") => When::Violations,
            Some("always") => When::Always,
            // It is not repeated: it may be the webhook.
            Some(_) => {
                return Err(Failure::usage(
                    "--slack takes violations or always",
                    "The webhook belongs in MFA_GATE_SLACK_WEBHOOK_URL.",
                ));
            }
        };
        let asked = [("--slack", args.slack.is_some()), ("--slack-names", args.slack_names)];
        let without_webhook =
            asked.into_iter().find(|(_, is_given)| *is_given && webhook.is_none());
        if let Some((option, _)) = without_webhook {
            return Err(Failure::usage(
                format!("{option} is given, and there is no webhook"),
                format!("Set MFA_GATE_SLACK_WEBHOOK_URL, or omit {option}."),
            ));
        }
        let slack = webhook.map(|webhook| Slack { webhook, when, names: args.slack_names });
        Ok(Notices { account: insights_account, slack, args, context })
    }

    /// Tells everyone, and gives what was sent. Whatever goes wrong is a warning.
    pub(crate) fn tell(&self, report: &Report) -> Vec<&'static str> {
        let mut connection = connection(&self.args.sources.connect, self.context);
        // The run itself is over by now: who is told of it must not make it last much longer.
        connection.deadline = connection.deadline.min(PATIENCE);
        let mut sent = Vec::new();
        if self.args.code_insights {
            let names = self.args.insights_names;
            let insights = Insights::from_env(self.context.env, self.account.as_ref(), names);
            let told = insights.map_err(Problem::from);
            let told = told.and_then(|insights| insights.tell(report, &connection));
            match told {
                Ok(()) => sent.push("a report to Code Insights"),
                Err(problem) => {
                    log::warn!("Code Insights could not be written: {}", problem.lines());
                }
            }
        }
        if let Some(slack) = self.slack.as_ref().filter(|slack| slack.is_told_of(report)) {
            match slack.tell(report, &connection) {
                Ok(()) => sent.push("a message to Slack"),
                Err(problem) => {
                    let problem = self.context.in_own_names(problem);
                    log::warn!("Slack could not be told: {}", problem.lines());
                }
            }
        }
        sent
    }
}

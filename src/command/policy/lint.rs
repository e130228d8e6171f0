//! `mfa-gate policy lint`: everything that can be said of the policy without asking any server.

use std::io::{self, Write};

use jiff::civil::Date;

use crate::cli::PolicyLint;
use crate::emit::summary::count;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::judge::{standing, standings};
use crate::policy::{Document, Exemption, Policy, Warning, is_usual_account_id};
use crate::report::State;
use crate::rule::{Level, Rule};
use crate::run::{Context, print};

pub(super) fn run(args: &PolicyLint, context: &Context<'_>) -> Result<Exit, Failure> {
    let (_, document) = super::open(&args.policy, false, context)?;
    let today = args.today.unwrap_or_else(|| context.today());
    let warnings = warnings(&document.policy, today);
    warn(&document, &warnings);
    if !context.stdout.quiet {
        print(&summary(&document.policy, warnings.len()))?;
    }
    Ok(if args.strict && !warnings.is_empty() { Exit::Violations } else { Exit::Success })
}

/// Says what deserves a look, on standard error.
pub(super) fn warn(document: &Document, warnings: &[Warning]) {
    if !warnings.is_empty() {
        // There is nowhere left to say that standard error cannot be written.
        let _ = writeln!(io::stderr(), "{}", document.render(warnings));
    }
}

/// What deserves a look in a policy on a day.
fn warnings(policy: &Policy, today: Date) -> Vec<Warning> {
    let mut warnings = standing_warnings(policy, today);
    warnings.extend(policy.exemptions.iter().filter_map(unusual_id));
    warnings
}

/// The exemptions that excuse nobody on that day, or not for long. `check` says the same of those
/// that somebody needs.
pub(super) fn standing_warnings(policy: &Policy, today: Date) -> Vec<Warning> {
    let states = standings(&policy.exemptions, &policy.limits, today);
    let warning = |(exemption, state): (&Exemption, State)| {
        let help = match state {
            State::OverLimit => Rule::ExemptionOverLimit.help(),
            State::Expired => Rule::ExemptionExpired.help(),
            State::Expiring if policy.levels.of(Rule::ExemptionExpiring) == Level::Allow => {
                return None;
            }
            State::Expiring => Rule::ExemptionExpiring.help(),
            State::Scheduled => {
                "It excuses nobody before that day. If it is needed now, set `starts` to an earlier \
                 day."
            }
            State::Active
            | State::Unused
            | State::Unneeded
            | State::NotAllowed
            | State::Unresolved => return None,
        };
        Some(Warning {
            location: exemption.location.clone(),
            message: standing(exemption, state, &policy.limits, today)?,
            help: help.into(),
        })
    };
    policy.exemptions.iter().zip(states).filter_map(warning).collect()
}

/// An account id that looks like none that Atlassian gives matches nobody, mostly.
fn unusual_id(exemption: &Exemption) -> Option<Warning> {
    let (account_id, _, _) = exemption.selector.parts();
    let account_id = account_id.filter(|id| !is_usual_account_id(id))?;
    Some(Warning {
        location: exemption.location.clone(),
        message: format!(
            "exemption {}: {account_id} does not look like an account id; is it a user name?",
            exemption.id
        ),
        help: "Account ids have a colon, or are 24 hexadecimal digits. `mfa-gate members \
               --workspace SLUG` lists them."
            .into(),
    })
}

fn summary(policy: &Policy, warnings: usize) -> String {
    let accept: Vec<&str> = policy.accept.iter().map(|source| source.id()).collect();
    let workspaces = match policy.workspaces.len() {
        0 => "workspaces named by the run".to_owned(),
        several => count(several as u64, "workspace"),
    };
    let warnings = match warnings {
        0 => String::new(),
        several => format!("; {}", count(several as u64, "warning")),
    };
    format!(
        "{}: valid; {workspaces}, {}, accepts {}{warnings}\nsha256: {}\n",
        terminal(&policy.path),
        count(policy.exemptions.len() as u64, "exemption"),
        accept.join(", "),
        policy.sha256
    )
}

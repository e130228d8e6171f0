//! `mfa-gate policy lint`: everything that can be said of the policy without its members.

use std::io::{self, Write};

use jiff::civil::Date;

use crate::cli::PolicyLint;
use crate::emit::summary::count;
use crate::escape::terminal;
use crate::failure::{Exit, Failure};
use crate::judge::{standing, standings};
use crate::member::Source;
use crate::policy::{
    Admins, Document, Exemption, LIMITS, Limits, POLICY, Policy, RosterSource, Warning,
    is_usual_account_id,
};
use crate::report::State;
use crate::rule::{Level, Rule};
use crate::run::{Context, print};

pub(super) fn run(args: &PolicyLint, context: &Context<'_>) -> Result<Exit, Failure> {
    let document = super::load(&args.policy, context)?;
    let today = args.today.unwrap_or_else(|| context.today());
    let warnings = warnings(&document, today);
    warn(&document, &warnings);
    if !context.stdout.quiet {
        print(&summary(&document.policy, warnings.len()))?;
    }
    Ok(if args.strict && !warnings.is_empty() { Exit::Violations } else { Exit::Success })
}

/// Prints warnings to standard error.
pub(super) fn warn(document: &Document, warnings: &[Warning]) {
    if !warnings.is_empty() {
        // If standard error cannot be written, there is nowhere to say so.
        let _ = writeln!(io::stderr(), "{}", document.render(warnings));
    }
}

/// What should be looked at in a policy on a day.
fn warnings(document: &Document, today: Date) -> Vec<Warning> {
    let policy = &document.policy;
    let standing = standing_warnings(policy, today).into_iter();
    let mut warnings: Vec<Warning> = standing.map(|(_, warning)| warning).collect();
    warnings.extend(policy.exemptions.iter().filter_map(unusual_id));
    warnings.extend(without_effect(document));
    warnings
}

/// What should be looked at in one exemption on a day.
pub(super) fn warnings_about(id: &str, policy: &Policy, today: Date) -> Vec<Warning> {
    let all = standing_warnings(policy, today).into_iter();
    all.filter(|(exemption, _)| *exemption.id == *id).map(|(_, warning)| warning).collect()
}

/// The exemptions that have no effect on that day, or not for long. `check` says the same of those
/// that a member needs.
fn standing_warnings<'p>(policy: &'p Policy, today: Date) -> Vec<(&'p Exemption, Warning)> {
    let warning = |(exemption, state): (&'p Exemption, State)| {
        let help = match state {
            State::OverLimit => Rule::ExemptionOverLimit.help(),
            State::Expired => Rule::ExemptionExpired.help(),
            State::Expiring if policy.levels.of(Rule::ExemptionExpiring) == Level::Allow => {
                return None;
            }
            State::Expiring => Rule::ExemptionExpiring.help(),
            State::Scheduled => {
                "It has no effect before that day. If it is needed now, set `starts` to an earlier \
                 date."
            }
            State::Active
            | State::Unused
            | State::Unneeded
            | State::NotAllowed
            | State::Unresolved => return None,
        };
        let message = standing(exemption, state, &policy.limits, today);
        let location = exemption.location.clone();
        Some((exemption, Warning { location, message, help: help.into() }))
    };
    standings(&policy.exemptions, &policy.limits, today).into_iter().filter_map(warning).collect()
}

/// Settings that have no effect, because of other settings.
fn without_effect(document: &Document) -> Vec<Warning> {
    let Policy { accept, roster, levels, limits, .. } = &document.policy;
    let is_set = |rule: Rule| levels.of(rule) != rule.default_level();
    let reads_roster = accept.iter().any(|source| matches!(source, Source::Roster | Source::Sso));
    let cases: [(bool, &[&str], &str, &str); 5] = [
        (
            is_set(Rule::TooManyOwners) && limits.max_owners.is_none(),
            &[POLICY.rules.name, Rule::TooManyOwners.id()],
            "the rule `too-many-owners` has no effect: `limits.max_owners` is not set",
            "Set `limits.max_owners`, or delete the rule.",
        ),
        (
            is_set(Rule::ExemptionNotAllowed) && limits.admins == Admins::Allow,
            &[POLICY.rules.name, Rule::ExemptionNotAllowed.id()],
            "the rule `exemption-not-allowed` has no effect: owners may be exempt",
            "Set `limits.admins` to `deny`, or delete the rule.",
        ),
        (
            *roster != RosterSource::default() && !reads_roster,
            &[POLICY.roster.name],
            "`roster` has no effect: `accept` contains neither `roster` nor `sso`",
            "Add `roster` or `sso` to `accept`, or delete `roster`.",
        ),
        (
            limits.roster_max_age_days != Limits::default().roster_max_age_days && !reads_roster,
            &[POLICY.limits.name, LIMITS.roster_max_age_days.name],
            "`roster_max_age_days` has no effect: `accept` contains neither `roster` nor `sso`",
            "Add `roster` or `sso` to `accept`, or delete `roster_max_age_days`.",
        ),
        (
            limits.max_days.is_some_and(|max_days| max_days <= limits.warn_before_days),
            &[POLICY.limits.name, LIMITS.max_days.name],
            "every exemption is expiring from its first day: `max_days` is not more than \
             `warn_before_days`",
            "Set `limits.warn_before_days` to fewer days than `limits.max_days`.",
        ),
    ];
    let cases = cases.into_iter().filter(|(is_so, ..)| *is_so);
    cases
        .map(|(_, keys, message, help)| Warning {
            location: document.place(keys),
            message: message.into(),
            help: help.into(),
        })
        .collect()
}

/// An account id that does not look like one of Atlassian's mostly matches no member.
fn unusual_id(exemption: &Exemption) -> Option<Warning> {
    let account_id = exemption.selector.ids().account_id.filter(|id| !is_usual_account_id(id))?;
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
        0 => "workspaces from the command line".to_owned(),
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

//! What findings say. A message claims no more than was seen.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::civil::Date;

use crate::member::{Role, Source, TwoFactor};
use crate::policy::{Exemption, Limits, Policy};
use crate::report::{ListedMember, State};
use crate::rule::Rule;

/// What is said about a member without proof, and about the exemptions that do not excuse it.
pub(super) fn member<'a>(
    member: &ListedMember,
    policy: &Policy,
    exemptions: impl Iterator<Item = (&'a Exemption, State)>,
) -> String {
    let (accept, roster) = (&policy.accept, policy.roster.kind());
    let named = accept.iter().map(|&source| (source, roster.name_in_findings(source)));
    let (seen, sources): (&str, Vec<Cow<'_, str>>) = match member.two_factor {
        TwoFactor::Unknown => {
            ("second factor unknown to", named.map(|(_, name)| name.into()).collect())
        }
        TwoFactor::Enabled | TwoFactor::Disabled if accept.len() == 1 => {
            ("no second factor seen by", named.map(|(_, name)| name.into()).collect())
        }
        TwoFactor::Enabled | TwoFactor::Disabled => (
            "no second factor seen by",
            named.map(|(source, name)| heard(member, source, name).into()).collect(),
        ),
    };
    let owner = if member.role == Some(Role::Owner) { "Owner " } else { "" };
    let access = member.access.map(|access| format!(" ({access})")).unwrap_or_default();
    let (label, workspace) = (member.label() + &access, &member.workspace);
    let mut message = format!("{owner}{label} in {workspace}: {seen}: {}", sources.join(", "));
    for (exemption, state) in exemptions {
        let id = &exemption.id;
        // Writing to a String cannot fail.
        let _ = match state {
            State::NotAllowed => write!(message, "; exemption {id} may not cover an owner"),
            State::OverLimit => write!(message, "; exemption {id} is over the limit"),
            State::Expired => write!(message, "; exemption {id} ended on {}", exemption.expires),
            State::Scheduled => match exemption.starts {
                Some(starts) => write!(message, "; exemption {id} starts on {starts}"),
                None => Ok(()),
            },
            State::Unused
            | State::Unneeded
            | State::Expiring
            | State::Active
            | State::Unresolved => Ok(()),
        };
    }
    message
}

/// The name of a source, and what it said.
fn heard(member: &ListedMember, source: Source, name: &str) -> String {
    let said = match (member.evidence.said(source), member.evidence.of(source)) {
        (None, _) => "not asked",
        (Some(_), TwoFactor::Enabled) => "on",
        (Some(_), TwoFactor::Disabled) => "off",
        (Some(_), TwoFactor::Unknown) => "unknown",
    };
    format!("{name} ({said})")
}

/// What is said about an exemption.
pub(super) fn exemption(rule: Rule, exemption: &Exemption, limits: &Limits, today: Date) -> String {
    let expires = exemption.expires;
    let said = match rule {
        Rule::ExemptionExpired => format!("ended on {expires}, and is still needed"),
        Rule::ExemptionOverLimit => over_limit(exemption, limits, today),
        Rule::ExemptionNotAllowed => "covers an owner, which `limits.admins` forbids".into(),
        Rule::ExemptionExpiring => format!("ends on {expires}"),
        Rule::ExemptionUnneeded => {
            "is not needed: the member has a second factor, or does not log in".into()
        }
        Rule::ExemptionUnused => "is unused: its workspaces have no such member".into(),
        Rule::TwoFactorDisabled
        | Rule::TwoFactorUnknown
        | Rule::TooManyOwners
        | Rule::WorkspaceIncomplete => rule.description().into(),
    };
    format!("exemption {} ({}) {said}", exemption.id, exemption.member())
}

/// What is said about the state of an exemption before any member is looked at; `None` where there
/// is nothing to say.
pub(crate) fn standing(
    exemption: &Exemption,
    state: State,
    limits: &Limits,
    today: Date,
) -> Option<String> {
    let expires = exemption.expires;
    let said = match (state, exemption.starts) {
        (State::OverLimit, _) => over_limit(exemption, limits, today),
        (State::Expired, _) => format!("ended on {expires}"),
        (State::Expiring, _) => format!("ends on {expires}"),
        (State::Scheduled, Some(starts)) => format!("starts on {starts}"),
        (State::Scheduled, None)
        | (
            State::Unused | State::Unneeded | State::NotAllowed | State::Active | State::Unresolved,
            _,
        ) => return None,
    };
    Some(format!("exemption {} ({}) {said}", exemption.id, exemption.member()))
}

fn over_limit(exemption: &Exemption, limits: &Limits, today: Date) -> String {
    let expires = exemption.expires;
    let days = |from: Date| from.duration_until(expires).as_hours() / 24;
    match (limits.max_days, exemption.starts, limits.max_exemptions) {
        (Some(max), Some(starts), _) if days(starts) > i64::from(max) => {
            format!("runs for {} days, {starts} to {expires}; the limit is {max}", days(starts))
        }
        (Some(max), None, _) => format!("has no start date, and the limit is {max} days"),
        (None, _, _) if days(today) > super::states::MAX_DAYS_AHEAD => format!(
            "ends on {expires}, {} days from today; without `limits.max_days` the limit is {}",
            days(today),
            super::states::MAX_DAYS_AHEAD
        ),
        (_, _, Some(max)) => {
            format!("is one too many: the limit is {max}, and those that end last do not count")
        }
        (_, _, None) => "is over the limit".into(),
    }
}

//! What findings say. A message claims no more than was seen.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::civil::Date;

use super::states::{MAX_DAYS_AHEAD, days};
use crate::member::{Source, TwoFactor};
use crate::policy::{Exemption, Limits, Policy};
use crate::report::{ListedMember, State};
use crate::words::Word;

/// What is said about a member without proof, and about the exemptions that do not excuse it.
pub(super) fn member<'a>(
    member: &ListedMember,
    policy: &Policy,
    exemptions: impl Iterator<Item = (&'a Exemption, State)>,
) -> String {
    let seen = match member.two_factor {
        TwoFactor::Unknown => "second factor unknown to",
        TwoFactor::Enabled | TwoFactor::Disabled => "no second factor seen by",
    };
    // Where several were asked, each of them may have said something else.
    let is_each_heard = member.two_factor != TwoFactor::Unknown && policy.accept.len() > 1;
    let sources = policy.accept.iter().map(|&source| {
        let name = policy.roster.kind().name_in_findings(source);
        if is_each_heard { heard(member, source, name).into() } else { Cow::Borrowed(name) }
    });
    let sources = sources.collect::<Vec<_>>().join(", ");
    let mut message = format!("{} in {}: {seen}: {sources}", member.person(), member.workspace);
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

/// What is said about an exemption in a state.
pub(crate) fn exemption(
    exemption: &Exemption,
    state: State,
    limits: &Limits,
    today: Date,
) -> String {
    let expires = exemption.expires;
    let said = match state {
        State::Unused => "is unused: its workspaces have no such member".into(),
        State::Unneeded => {
            "is not needed: the member has a second factor, or does not log in".into()
        }
        State::NotAllowed => "covers an owner, which `limits.admins` forbids".into(),
        State::OverLimit => over_limit(exemption, limits, today),
        State::Expired => format!("ended on {expires}"),
        State::Scheduled => match exemption.starts {
            Some(starts) => format!("starts on {starts}"),
            None => "starts later".into(),
        },
        State::Expiring => format!("ends on {expires}"),
        State::Active | State::Unresolved => format!("is {}", state.words()),
    };
    format!("exemption {} ({}) {said}", exemption.id, exemption.member())
}

fn over_limit(exemption: &Exemption, limits: &Limits, today: Date) -> String {
    let expires = exemption.expires;
    let days = |from: Date| days(from, expires);
    match (limits.max_days, exemption.starts, limits.max_exemptions) {
        (Some(max), Some(starts), _) if days(starts) > i64::from(max) => {
            format!("runs for {} days, {starts} to {expires}; the limit is {max}", days(starts))
        }
        (Some(max), None, _) => format!("has no start date, and the limit is {max} days"),
        (None, _, _) if days(today) > MAX_DAYS_AHEAD => format!(
            "ends on {expires}, {} days from today; without `limits.max_days` the limit is \
             {MAX_DAYS_AHEAD}",
            days(today)
        ),
        (_, _, Some(max)) => {
            format!("is one too many: the limit is {max}, and those that end last do not count")
        }
        (_, _, None) => "is over the limit".into(),
    }
}

//! Whether a complete list of members says enough to be judged by a policy.

use std::collections::HashSet;

use jiff::civil::Date;

use super::matching::{Index, Shown};
use super::states::days;
use crate::failure::Problem;
use crate::member::{Member, Source, TwoFactor};
use crate::policy::{Admins, Exemption, Policy, Selector};
use crate::reading::MemberList;
use crate::report::ClockGap;

/// Why the members of a workspace cannot be judged, if they cannot.
pub(super) fn refusal(
    policy: &Policy,
    exemptions: &[Exemption],
    workspace: &str,
    roll: &MemberList,
) -> Option<Problem> {
    let members = &*roll.members;
    if members.is_empty() {
        return Some(Problem::no_members());
    }
    let index = Index::new(exemptions, workspace);
    undecidable_exemptions(exemptions, workspace, roll, &index)
        .or_else(|| unknown_roles(policy, members, &index))
}

/// Why the word of a roster of some day does not count on another one, if a policy accepts it and
/// it does not: what an identity provider said long ago need not be true today.
pub(crate) fn outdated(policy: &Policy, as_of: Option<Date>, today: Date) -> Option<Problem> {
    let accepts = |source| policy.accept.contains(&source);
    if !accepts(Source::Roster) && !accepts(Source::Sso) {
        return None;
    }
    let Some(as_of) = as_of else {
        return Some(Problem::new(
            "nobody says of which day the roster is",
            "Give --roster-as-of with the day on which it was exported.",
        ));
    };
    let age = days(as_of, today);
    let limit = policy.limits.roster_max_age_days;
    let why = if age < -1 {
        format!("the roster is of {as_of}, and the day is {today}")
    } else if age > i64::from(limit) {
        format!("the roster is {age} days old, of {as_of}, and may be {limit}")
    } else {
        return None;
    };
    let help = "Export the roster again, and give its day with --roster-as-of.";
    Some(Problem::new(why, help))
}

/// Why nobody can be judged by a clock, if that is so: a wrong one makes an expired exemption valid
/// again.
pub(crate) fn wrong_clock(gap: ClockGap) -> Option<Problem> {
    gap.is_too_wide().then(|| {
        Problem::new(
            format!("the clock of this machine is wrong: {gap}"),
            "Set the clock and run it again: exemptions end by the day that it shows.",
        )
    })
}

/// An exemption by something that the source does not show can neither excuse nor be called
/// unused.
fn undecidable_exemptions(
    exemptions: &[Exemption],
    workspace: &str,
    roll: &MemberList,
    index: &Index<'_>,
) -> Option<Problem> {
    let members = &*roll.members;
    let shown = Shown::by(roll);
    let mut undecidable: Vec<(usize, &Exemption)> = exemptions
        .iter()
        .enumerate()
        .filter(|(_, exemption)| exemption.applies_to(workspace))
        .filter(|(_, exemption)| !shown.decides(&exemption.selector))
        .collect();
    if !undecidable.is_empty() {
        let matched: HashSet<usize> =
            members.iter().flat_map(|member| index.matching(member)).collect();
        undecidable.retain(|(position, _)| !matched.contains(position));
    }
    let (_, first) = undecidable.first()?;
    let (selects_by, help) = match first.selector {
        Selector::Email(_) => (
            "e-mail address",
            "Write the member's account_id beside the address: `mfa-gate members` lists the ids.",
        ),
        Selector::Id { ref id, ref email } => ("id", shown.instead_of(id, email.is_some())),
    };
    let ids: Vec<&str> = undecidable.iter().map(|(_, exemption)| &*exemption.id).collect();
    Some(Problem {
        what: format!(
            "it cannot be told whom exemption {} is about, since not every member's {selects_by} \
             is shown",
            ids.join(", ")
        ),
        help: help.into(),
    })
}

/// `limits.admins: deny` needs to know the role of whoever an exemption would excuse.
fn unknown_roles(policy: &Policy, members: &[Member], index: &Index<'_>) -> Option<Problem> {
    if policy.limits.admins == Admins::Allow {
        return None;
    }
    let unknown = members.iter().find(|member| {
        member.role.is_none()
            && member.applicable()
            && member.evidence.joined(&policy.accept).0 != TwoFactor::Enabled
            && !index.matching(member).is_empty()
    })?;
    Some(Problem {
        what: format!(
            "the policy forbids exempting owners (`limits.admins: deny`), and the role of {} is \
             not known",
            unknown.key()
        ),
        help: "Read the workspace from Bitbucket's API, with a credential of one of its owners."
            .into(),
    })
}

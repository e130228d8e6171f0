//! Whether a complete list of members says enough to be judged by a policy.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::Judging;
use super::matching::{Index, Shown};
use super::states::days;
use crate::failure::Problem;
use crate::member::{Member, Source, TwoFactor};
use crate::policy::{Admins, Policy, Selector};
use crate::reading::MemberList;
use crate::report::ClockGap;
use crate::roster_kind::RosterKind;

/// The members of a workspace, unless they cannot be judged.
///
/// # Errors
/// Why they cannot.
pub(super) fn check(
    policy: &Policy,
    judging: Judging,
    exemptions: &Index<'_, '_>,
    list: MemberList,
) -> Result<MemberList, Problem> {
    nobody_to_judge(&list.members)
        .or_else(|| undecidable_exemptions(exemptions, &list))
        .or_else(|| unknown_roles(policy, exemptions, &list.members))
        .or_else(|| {
            // Microsoft Entra is asked only where a member needs it: until then it has no date.
            let counts = judging.roster_as_of.is_some()
                || list.members.iter().any(|member| has_roster(member));
            outdated(policy, judging.roster_as_of, judging.today).filter(|_| counts)
        })
        .or_else(|| judging.clock.and_then(wrong_clock))
        .map_or(Ok(list), Err)
}

/// Whether an identity provider said something of a member.
fn has_roster(member: &Member) -> bool {
    member.evidence.roster.is_some() || member.evidence.sso.is_some()
}

/// A workspace has an owner, who logs in: a list without such a member is not what is there.
fn nobody_to_judge(members: &[Arc<Member>]) -> Option<Problem> {
    if members.is_empty() {
        return Some(Problem::no_members());
    }
    let none_logs_in = !members.iter().any(|member| member.applicable());
    none_logs_in.then(|| {
        Problem::new(
            "none of the listed members can log in: all are app users or deactivated accounts",
            "Every workspace has at least one owner who can log in: check the slug, and that the \
             credential belongs to an owner of the workspace.",
        )
    })
}

/// What to do where a saved list holds what Microsoft Entra said too long ago.
const ASK_ENTRA_AGAIN: &str = "Ask it again: omit --members, or write the members file anew with \
                               `mfa-gate members --policy FILE --report json=FILE`.";

/// Why a roster does not count on a day, if the policy accepts it and it does not: what an identity
/// provider said long ago need not be true today.
pub(crate) fn outdated(policy: &Policy, as_of: Option<Date>, today: Date) -> Option<Problem> {
    let accepts = |source| policy.accept.contains(&source);
    if !accepts(Source::Roster) && !accepts(Source::Sso) {
        return None;
    }
    let kind = policy.roster.kind();
    let Some(as_of) = as_of else {
        return Some(match kind {
            RosterKind::Export => Problem::new(
                "the date of the roster is not known",
                "Give --roster-as-of with the date on which it was exported.",
            ),
            RosterKind::Entra => {
                Problem::new("it is not known when Microsoft Entra was asked", ASK_ENTRA_AGAIN)
            }
        });
    };
    let (age, limit) = (days(as_of, today), policy.limits.roster_max_age_days);
    let (dated, old, help) = match kind {
        RosterKind::Export => (
            format!("the roster is dated {as_of}, and today is {today}"),
            format!("the roster of {as_of} is {age} days old, and at most {limit} are allowed"),
            "Export the roster again, and give its date with --roster-as-of.",
        ),
        RosterKind::Entra => (
            format!("Microsoft Entra was asked on {as_of}, and today is {today}"),
            format!(
                "Microsoft Entra was asked {age} days ago, on {as_of}, and at most {limit} are \
                 allowed"
            ),
            ASK_ENTRA_AGAIN,
        ),
    };
    match age {
        ..-1 => Some(Problem::new(dated, help)),
        _ if age > i64::from(limit) => Some(Problem::new(old, help)),
        _ => None,
    }
}

/// Why a clock cannot be judged by, if it is wrong: it could make an expired exemption valid again.
pub(crate) fn wrong_clock(gap: ClockGap) -> Option<Problem> {
    gap.is_too_wide().then(|| {
        Problem::new(
            format!("the clock of this machine is wrong: {gap}"),
            "Set the clock and run it again: it decides which exemptions have expired.",
        )
    })
}

/// An exemption by something that the source does not show can neither excuse nor be called
/// unused.
fn undecidable_exemptions(exemptions: &Index<'_, '_>, list: &MemberList) -> Option<Problem> {
    let shown = Shown::by(list);
    let mut undecidable = exemptions.all.clone();
    undecidable.retain(|candidate| !shown.decides(&candidate.exemption.selector));
    if !undecidable.is_empty() {
        let ids = list.members.iter().map(|member| member.ids());
        let matched: HashSet<usize> =
            ids.flat_map(|ids| exemptions.matching(ids)).map(|matched| matched.position).collect();
        undecidable.retain(|candidate| !matched.contains(&candidate.position));
    }
    let (selects_by, help) = match undecidable.first()?.exemption.selector {
        Selector::Email(_) => (
            "e-mail address",
            "Add the member's account_id to the exemption: `mfa-gate members` lists the ids.",
        ),
        Selector::Id { ref id, ref email } => ("id", shown.instead_of(id, email.is_some())),
    };
    let ids: Vec<&str> = undecidable.iter().map(|candidate| &*candidate.exemption.id).collect();
    Some(Problem::new(
        format!(
            "it is not known which member exemption {} is about, since the {selects_by} of some \
             members is not shown",
            ids.join(", ")
        ),
        help,
    ))
}

/// `limits.max_owners` needs to know every role, and `limits.admins: deny` that of a member that an
/// exemption would excuse.
fn unknown_roles(
    policy: &Policy,
    exemptions: &Index<'_, '_>,
    members: &[Arc<Member>],
) -> Option<Problem> {
    let (counts, denies) =
        (policy.limits.max_owners.is_some(), policy.limits.admins == Admins::Deny);
    let is_needed = |member: &Member| {
        member.evidence.joined(&policy.accept).0 != TwoFactor::Enabled
            && !exemptions.matching(member.ids()).is_empty()
    };
    let unknown = members
        .iter()
        .find(|member| is_of_unknown_role(member) && (counts || (denies && is_needed(member))))?;
    let demand = if counts {
        "limits how many owners there are (`limits.max_owners`)"
    } else {
        "forbids exempting owners (`limits.admins: deny`)"
    };
    Some(Problem::new(
        format!("the policy {demand}, and the role of {} is not known", unknown.key()),
        "Read the workspace from Bitbucket's API, with a credential of one of its owners.",
    ))
}

fn is_of_unknown_role(member: &Member) -> bool {
    // Who is not a member does not own the workspace.
    member.role.is_none() && member.access.is_none() && member.applicable()
}

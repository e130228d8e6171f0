//! Whether a complete list of members says enough to be judged by a policy.

use std::collections::HashSet;

use super::matching::{Index, Shown};
use crate::member::{Member, TwoFactor};
use crate::policy::{Admins, Exemption, Policy, Selector};
use crate::read::Incomplete;

/// Why the members of a workspace cannot be judged, if they cannot.
pub(super) fn refusal(
    policy: &Policy,
    exemptions: &[Exemption],
    workspace: &str,
    members: &[Member],
) -> Option<Incomplete> {
    if members.is_empty() {
        return Some(Incomplete::nobody());
    }
    let index = Index::new(exemptions, workspace);
    undecidable_exemptions(exemptions, workspace, members, &index)
        .or_else(|| unknown_roles(policy, members, &index))
}

/// An exemption by something that the source does not show can neither excuse nor be called
/// unused.
fn undecidable_exemptions(
    exemptions: &[Exemption],
    workspace: &str,
    members: &[Member],
    index: &Index<'_>,
) -> Option<Incomplete> {
    let shown = Shown::by(members);
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
        Selector::Id { .. } => (
            "id",
            "Write the member's e-mail address beside the id, or read the workspace from \
             Bitbucket's API.",
        ),
    };
    let ids: Vec<&str> = undecidable.iter().map(|(_, exemption)| &*exemption.id).collect();
    Some(Incomplete {
        why: format!(
            "it cannot be told whom exemption {} is about, since not every member's {selects_by} \
             is shown",
            ids.join(", ")
        ),
        help: help.into(),
    })
}

/// `limits.admins: deny` needs to know the role of whoever an exemption would excuse.
fn unknown_roles(policy: &Policy, members: &[Member], index: &Index<'_>) -> Option<Incomplete> {
    if policy.limits.admins == Admins::Allow {
        return None;
    }
    let unknown = members.iter().find(|member| {
        member.role.is_none()
            && member.applicable()
            && member.evidence.joined(&policy.accept).0 != TwoFactor::Enabled
            && !index.matching(member).is_empty()
    })?;
    Some(Incomplete {
        why: format!(
            "the policy forbids exempting owners (`limits.admins: deny`), and the role of {} is \
             not known",
            unknown.key()
        ),
        help: "Read the workspace from Bitbucket's API, with a credential of one of its owners."
            .into(),
    })
}

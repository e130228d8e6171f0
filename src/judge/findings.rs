//! What was found: which rules concern which members, exemptions and workspaces.

use std::collections::HashMap;
use std::sync::Arc;

use super::states::{Candidate, States};
use super::{Case, Judging, wording};
use crate::failure::Problem;
use crate::location::Location;
use crate::member::Role;
use crate::policy::Policy;
use crate::quote::Quotes;
use crate::reading::Reading;
use crate::report::{Finding, JudgedMember, Outcome, Severity, State, Workspace};
use crate::rule::{Level, Rule};

/// Makes the findings under a policy.
pub(super) struct Finder<'p> {
    policy: &'p Policy,
    judging: Judging,
    /// Where the policy names its workspaces, by slug.
    places: HashMap<&'p str, &'p Location>,
}

impl<'p> Finder<'p> {
    pub(super) fn new(policy: &'p Policy, judging: Judging) -> Self {
        let entries = policy.workspaces.iter();
        let places = entries.map(|entry| (&*entry.slug, &entry.location)).collect();
        Finder { policy, judging, places }
    }

    /// What a report says of a workspace, with where the policy names it.
    pub(super) fn workspace(&self, reading: &Reading) -> Workspace {
        let location = self.places.get(&*reading.workspace).copied().cloned();
        Workspace { location, ..Workspace::from(reading) }
    }

    pub(super) fn about_member(&self, case: &Case<'_, '_>, states: &States<'_>) -> Option<Finding> {
        if case.judged.exemption.is_some() {
            return None;
        }
        let member = &case.judged.member;
        let rule = member.rule();
        let exemptions =
            case.candidates.iter().map(|candidate| (candidate.exemption, states.of(candidate)));
        Some(Finding {
            level: self.severity(rule)?,
            message: wording::member(member, self.policy, exemptions),
            workspace: Some(member.workspace.clone()),
            key: Some(member.key().into()),
            account_id: member.account_id.clone(),
            uuid: member.uuid.clone(),
            role: member.role,
            ..Finding::new(rule, self.place_of(&member.workspace))
        })
    }

    /// About a workspace with these members, where they own it in too large a number.
    pub(super) fn about_owners(&self, members: &[JudgedMember]) -> Option<Finding> {
        let max = self.policy.limits.max_owners?;
        let workspace = &members.first()?.member.workspace;
        let owners = members
            .iter()
            .filter(|judged| judged.outcome != Outcome::NotApplicable)
            .filter(|judged| judged.member.role == Some(Role::Owner))
            .count();
        if u32::try_from(owners).is_ok_and(|owners| owners <= max) {
            return None;
        }
        Some(Finding {
            level: self.severity(Rule::TooManyOwners)?,
            message: format!(
                "the workspace {workspace} has {owners} owners, and `limits.max_owners` allows {max}"
            ),
            workspace: Some(workspace.clone()),
            ..Finding::new(Rule::TooManyOwners, self.place_of(workspace))
        })
    }

    pub(super) fn about_exemption(
        &self,
        candidate: &Candidate<'_>,
        state: State,
    ) -> Option<Finding> {
        let rule = match state {
            State::Unused => Rule::ExemptionUnused,
            State::Unneeded => Rule::ExemptionUnneeded,
            State::NotAllowed if candidate.matters() => Rule::ExemptionNotAllowed,
            State::OverLimit if candidate.matters() => Rule::ExemptionOverLimit,
            State::Expired if candidate.matters() => Rule::ExemptionExpired,
            State::Expiring if candidate.matters() => Rule::ExemptionExpiring,
            State::NotAllowed
            | State::OverLimit
            | State::Expired
            | State::Expiring
            | State::Scheduled
            | State::Active
            | State::Unresolved => return None,
        };
        let exemption = candidate.exemption;
        let (limits, today) = (&self.policy.limits, self.judging.today);
        let mut message = wording::exemption(exemption, state, limits, today);
        if state == State::Expired {
            message += ", and is still needed";
        }
        let ids = exemption.selector.ids();
        Some(Finding {
            level: self.severity(rule)?,
            message,
            account_id: ids.account_id.map(Into::into),
            uuid: ids.uuid.map(Into::into),
            exemption: Some(exemption.id.clone()),
            ..Finding::new(rule, exemption.location.clone())
        })
    }

    /// A workspace that could not be checked is an error, whatever the policy says.
    pub(super) fn unread(&self, workspace: &Arc<str>, problem: Problem) -> Finding {
        let problem = problem.with(Quotes::Shown);
        Finding {
            message: format!("the workspace {workspace} could not be checked: {}", problem.what),
            help: problem.help,
            workspace: Some(workspace.clone()),
            ..Finding::new(Rule::WorkspaceIncomplete, self.place_of(workspace))
        }
    }

    fn severity(&self, rule: Rule) -> Option<Severity> {
        match (self.policy.levels.of(rule), self.judging.strict) {
            (Level::Deny, _) | (Level::Warn, true) => Some(Severity::Error),
            (Level::Warn, false) => Some(Severity::Warning),
            (Level::Allow, _) => None,
        }
    }

    /// The `workspaces` entry of a slug, else the first line of the policy.
    fn place_of(&self, slug: &str) -> Location {
        let place = self.places.get(slug).copied().cloned();
        place.unwrap_or_else(|| Location::start_of(self.policy.path.clone()))
    }
}

/// What findings are sorted by: errors first; then owners before others, by workspace and key; what
/// has neither last.
pub(super) fn order(finding: &Finding) -> impl Ord + '_ {
    (
        finding.level,
        finding.role != Some(Role::Owner),
        finding.workspace.is_none(),
        &finding.workspace,
        &finding.key,
        finding.rule,
        finding.location.line,
        finding.location.column,
    )
}

//! What was found: which rules concern which members, exemptions and workspaces.

use std::collections::HashMap;

use super::{Judging, Needing, members, wording};
use crate::location::Location;
use crate::member::TwoFactor;
use crate::policy::{Exemption, Policy, WorkspaceEntry};
use crate::quote::Quotes;
use crate::reading::Reading;
use crate::report::{Finding, Severity, State};
use crate::rule::{Level, Rule};

/// Makes the findings: errors first, then by workspace and key; what has neither comes last.
pub(super) struct Finder<'a> {
    policy: &'a Policy,
    /// The policy's workspaces by slug.
    entries: HashMap<&'a str, &'a WorkspaceEntry>,
    exemptions: &'a [Exemption],
    states: &'a [State],
    readings: &'a [Reading],
    judging: Judging,
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        exemptions: &'a [Exemption],
        states: &'a [State],
        readings: &'a [Reading],
        judging: Judging,
    ) -> Self {
        let entries = policy.workspaces.iter().map(|entry| (&*entry.slug, entry)).collect();
        Finder { policy, entries, exemptions, states, readings, judging }
    }

    pub(super) fn all(&self, needing: &[Needing]) -> Vec<Finding> {
        let matters = self.mattering(needing);
        let unexcused = needing.iter().filter(|member| member.excused_by.is_none());
        let exemptions = self.exemptions.iter().zip(self.states).zip(matters);
        let mut findings: Vec<Finding> = unexcused
            .filter_map(|member| self.about_member(member))
            .chain(exemptions.filter_map(|((exemption, &state), matters)| {
                self.about_exemption(exemption, state, matters)
            }))
            .chain(self.readings.iter().filter_map(|reading| self.about_workspace(reading)))
            .collect();
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
        findings
    }

    /// For each exemption whether its state matters to anybody: one that does not excuse is worth
    /// a finding only for a member whom no other one excuses, and an expiring one only where it
    /// is the one that excuses.
    fn mattering(&self, needing: &[Needing]) -> Vec<bool> {
        let mut matters = vec![false; self.exemptions.len()];
        for member in needing {
            let concerned =
                |&&position: &&usize| member.excused_by.is_none_or(|excuse| excuse == position);
            for &position in member.exemptions.iter().filter(concerned) {
                if let Some(matters) = matters.get_mut(position) {
                    *matters = true;
                }
            }
        }
        matters
    }

    fn about_member(&self, needing: &Needing) -> Option<Finding> {
        let rule = match needing.two_factor {
            TwoFactor::Disabled => Rule::TwoFactorDisabled,
            TwoFactor::Unknown => Rule::TwoFactorUnknown,
            TwoFactor::Enabled => return None,
        };
        let level = self.severity(rule)?;
        let reading = self.readings.get(needing.workspace)?;
        let member = members(reading).get(needing.member)?;
        let invalid = needing.exemptions.iter().filter_map(|&position| {
            Some((self.exemptions.get(position)?, *self.states.get(position)?))
        });
        Some(Finding {
            rule,
            level,
            message: wording::member(
                member,
                needing.two_factor,
                &reading.workspace,
                &self.policy.accept,
                invalid,
            ),
            help: rule.help().into(),
            workspace: Some(reading.workspace.clone()),
            key: Some(member.key().into()),
            account_id: member.account_id.clone(),
            uuid: member.uuid.clone(),
            exemption: None,
            location: self.place_of(&reading.workspace),
        })
    }

    fn about_exemption(
        &self,
        exemption: &Exemption,
        state: State,
        matters: bool,
    ) -> Option<Finding> {
        let rule = match state {
            State::Unused => Rule::ExemptionUnused,
            State::Unneeded => Rule::ExemptionUnneeded,
            State::NotAllowed if matters => Rule::ExemptionNotAllowed,
            State::OverLimit if matters => Rule::ExemptionOverLimit,
            State::Expired if matters => Rule::ExemptionExpired,
            State::Expiring if matters => Rule::ExemptionExpiring,
            State::NotAllowed
            | State::OverLimit
            | State::Expired
            | State::Expiring
            | State::Scheduled
            | State::Active
            | State::Unresolved => return None,
        };
        let (account_id, uuid, _) = exemption.selector.parts();
        Some(Finding {
            rule,
            level: self.severity(rule)?,
            message: wording::exemption(rule, exemption, &self.policy.limits, self.judging.today),
            help: rule.help().into(),
            workspace: None,
            key: None,
            account_id: account_id.map(Into::into),
            uuid: uuid.map(Into::into),
            exemption: Some(exemption.id.clone()),
            location: exemption.location.clone(),
        })
    }

    fn about_workspace(&self, reading: &Reading) -> Option<Finding> {
        let problem = reading.members.as_ref().err()?.with(Quotes::Shown);
        Some(Finding {
            rule: Rule::WorkspaceIncomplete,
            level: Severity::Error,
            message: format!(
                "the workspace {} could not be checked: {}",
                reading.workspace, problem.what
            ),
            help: problem.help,
            workspace: Some(reading.workspace.clone()),
            key: None,
            account_id: None,
            uuid: None,
            exemption: None,
            location: self.place_of(&reading.workspace),
        })
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
        let entry = self.entries.get(slug).map(|entry| entry.location.clone());
        entry.unwrap_or_else(|| Location::start_of(self.policy.path.clone()))
    }
}

/// What findings are sorted by: errors first; then by workspace and key, what has neither last.
fn order(finding: &Finding) -> impl Ord + '_ {
    (
        finding.level,
        finding.workspace.is_none(),
        &finding.workspace,
        &finding.key,
        finding.rule,
        finding.location.line,
        finding.location.column,
    )
}

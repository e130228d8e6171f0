//! What the reports of a period show together: the counts, the verdict, and whether they are a chain.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Auditor, stretches};
use crate::failure::Exit;
use crate::report::{
    AUDIT_SCHEMA_VERSION, AUDIT_SCOPE, Audit, AuditOptions, AuditSummary, AuditedWorkspace, Chain,
    ChainBreak, FileCounts, NotCounted, PeriodVerdict, PreviousReport, Tool, Why,
};

impl Auditor {
    /// What the reports show. `digests` are those of all files that were read.
    pub fn finish(self, digests: &HashSet<Arc<str>>, files: FileCounts) -> Audit {
        let workspaces = self.workspaces();
        let people = self.people.finish();
        let policies = self.policies.audited(&self.period);
        let in_period = || workspaces.iter().flat_map(|workspace| &workspace.looks);
        let is_exposed = |exposures: &usize| *exposures > 0;
        let exposures = people.iter().map(|person| person.exposures.len());
        let not_evidence = self.not_counted.iter().filter(|file| file.why == Why::NotEvidence);
        let summary = AuditSummary {
            looks: in_period().count() as u64,
            looks_with_violations: in_period().filter(|look| !look.compliant).count() as u64,
            gaps: workspaces.iter().map(|workspace| workspace.gaps.len() as u64).sum(),
            people: people.len() as u64,
            exposed_people: exposures.clone().filter(is_exposed).count() as u64,
            exposures: exposures.map(|number| number as u64).sum(),
            not_evidence: not_evidence.count() as u64,
            policies_not_allowed: policies
                .iter()
                .filter(|policy| policy.allowed == Some(false))
                .count() as u64,
        };
        let has_violations = summary.looks_with_violations > 0 || self.refused_with_violations;
        let unsettled = summary.gaps + summary.not_evidence + summary.policies_not_allowed;
        let verdict = if has_violations {
            PeriodVerdict::Violations
        } else if summary.looks == 0 || unsettled > 0 {
            PeriodVerdict::Gaps
        } else {
            PeriodVerdict::Covered
        };
        let is_redacted = matches!(self.redaction, Some(Some(_)));
        Audit {
            schema_version: AUDIT_SCHEMA_VERSION,
            tool: Tool::this(),
            scope: AUDIT_SCOPE.into(),
            from: self.period.from,
            to: self.period.to,
            options: AuditOptions {
                max_gap_s: self.period.max_gap.as_secs(),
                workspace: self.period.workspaces.clone(),
                policy_sha256: self.period.policy_sha256.clone(),
            },
            verdict,
            exit_code: verdict.exit().code(),
            summary,
            workspaces,
            people,
            broken_rules: self.broken.into_values().collect(),
            exemptions: self.exemptions.finish(),
            policies,
            policy_changes: self.policies.changes(),
            chain: chain(self.previous, digests, self.start),
            not_counted: self
                .not_counted
                .into_iter()
                .map(|file| without_quotes(file, is_redacted))
                .collect(),
            files,
            redirected_by: self.redirected_by.into_values().collect(),
            redaction: self.redaction.flatten(),
        }
    }

    fn workspaces(&self) -> Vec<AuditedWorkspace> {
        let scope = if self.period.workspaces.is_empty() {
            self.policies.scope(self.start, self.end)
        } else {
            let slugs = self.period.workspaces.iter();
            slugs.map(|slug| (Arc::clone(slug), (self.start, self.end))).collect()
        };
        let audited = scope.into_iter().map(|(slug, (from, until))| {
            let looks = self.looks.get(&slug).map(Vec::as_slice).unwrap_or_default();
            stretches::workspace(slug, from, until, looks, &self.period)
        });
        audited.collect()
    }
}

impl PeriodVerdict {
    /// The exit code that goes with it.
    pub fn exit(self) -> Exit {
        match self {
            PeriodVerdict::Covered => Exit::Success,
            PeriodVerdict::Violations => Exit::Violations,
            PeriodVerdict::Gaps => Exit::Incomplete,
        }
    }
}

/// A file that is not evidence, without what was said of its text, which may name people.
fn without_quotes(file: NotCounted, is_redacted: bool) -> NotCounted {
    let detail = file.detail.filter(|_| !is_redacted || file.why != Why::NotEvidence);
    NotCounted { detail, ..file }
}

/// Whether each report names the one before it, and whether that is here.
fn chain(
    previous: Vec<(Timestamp, Arc<str>, Option<PreviousReport>)>,
    digests: &HashSet<Arc<str>>,
    start: Timestamp,
) -> Chain {
    let mut chain = Chain { reports: previous.len() as u64, ..Chain::default() };
    for (checked_at, report, previous) in previous {
        match previous {
            None => chain.without_previous += 1,
            Some(previous) if digests.contains(&*previous.sha256) => chain.linked += 1,
            Some(previous) if previous.checked_at < start => chain.from_before += 1,
            Some(previous) => chain.breaks.push(ChainBreak { checked_at, report, previous }),
        }
    }
    chain
}

//! The findings that make a look a violation, and which workspaces they are about.

use std::collections::HashMap;

use crate::report::{Finding, JudgedExemption, Report, Severity};
use crate::rule::Rule;

/// The findings that fail a run, each with the exemption that it is about.
pub(super) fn errors(report: &Report) -> Vec<(&Finding, Option<&JudgedExemption>)> {
    let exemptions: HashMap<&str, &JudgedExemption> =
        report.exemptions.iter().map(|exemption| (&*exemption.id, exemption)).collect();
    let is_error = |finding: &&Finding| {
        finding.level == Severity::Error && finding.rule != Rule::WorkspaceIncomplete
    };
    let errors = report.findings.iter().filter(is_error);
    errors
        .map(|finding| {
            let id = finding.exemption.as_deref();
            (finding, id.and_then(|id| exemptions.get(id).copied()))
        })
        .collect()
}

/// Whether a finding is about a workspace; one that names none is about all of them.
pub(super) fn is_about(
    finding: &Finding,
    exemption: Option<&JudgedExemption>,
    is_meant: impl Fn(&str) -> bool,
) -> bool {
    match (&finding.workspace, exemption) {
        (Some(slug), _) => is_meant(slug),
        (None, Some(exemption)) => {
            let slugs = &exemption.workspaces;
            slugs.is_empty() || slugs.iter().any(|slug| is_meant(slug))
        }
        (None, None) => true,
    }
}

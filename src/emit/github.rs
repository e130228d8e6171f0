//! GitHub workflow commands: annotations at the policy's lines, the worst first, since a runner
//! shows ten errors and ten warnings a step.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use std::io;

use super::summary;
use crate::escape::{workflow_data, workflow_property};
use crate::report::{Finding, Report};

/// Writes a line a finding, and the verdict as a notice.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in &report.findings {
        write_finding(finding, out)?;
    }
    let mut verdict = summary::headline(report).to_string();
    for caveat in summary::caveats(report) {
        verdict.push_str(" | ");
        verdict.push_str(&caveat);
    }
    writeln!(out, "::notice title=mfa-gate::{}", workflow_data(&verdict))
}

fn write_finding(finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
    let place = &finding.location;
    write!(
        out,
        "::{} file={},line={},endLine={}",
        finding.level.id(),
        workflow_property(&place.path),
        place.line,
        place.end_line
    )?;
    // Columns are for a place within one line; the runner drops them from any other.
    if place.line == place.end_line && place.column < place.end_column {
        write!(out, ",col={},endColumn={}", place.column, place.end_column)?;
    }
    writeln!(
        out,
        ",title={}::{}",
        workflow_property(finding.rule.title()),
        workflow_data(&finding.message)
    )
}

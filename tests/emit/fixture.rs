//! The reports that the tests are written from.

use std::sync::Arc;

use mfa_gate::emit::{self, Format, console, list};
use mfa_gate::member::Source;
use mfa_gate::report::{
    Assurance, JudgedMember, ListedMember, Outcome, Report, Snapshot, Summary, Verdict,
};

/// A report with a bit of everything, in the emitter's own form.
pub(crate) const REPORT: &str = include_str!("../data/report.json");

/// The report of [`REPORT`].
pub(crate) fn report() -> Report {
    serde_json::from_str(REPORT).unwrap()
}

/// A live run over one workspace in which everything is well.
pub(crate) fn compliant() -> Report {
    let mut report = report();
    report.assurance = Assurance::Live;
    report.verdict = Verdict::Compliant;
    report.complete = true;
    report.exit_code = 0;
    report.options = Default::default();
    report.findings.clear();
    report.workspaces.truncate(1);
    report.workspaces_not_checked.clear();
    report.exemptions.clear();
    report.members.retain(|judged| judged.outcome == Outcome::Protected);
    let protected_by = [(Source::Bitbucket, 1), (Source::Atlassian, 1)].into();
    report.summary = Summary { members: 2, protected: 2, protected_by, ..Summary::default() };
    report
}

/// The report, as if every member had written `name` wherever it can, and the exemptions too.
pub(crate) fn named(name: &str) -> Report {
    let mut report = report();
    for judged in &mut report.members {
        let member = Arc::make_mut(&mut judged.member.member);
        member.display_name = Some(name.into());
        member.nickname = Some(name.into());
        member.email = Some(name.into());
    }
    for exemption in &mut report.exemptions {
        exemption.reason = name.into();
        exemption.name = Some(name.into());
    }
    for finding in &mut report.findings {
        finding.message = format!("{name} (557058:1f0c): no second factor seen by: bitbucket");
        finding.help = name.into();
    }
    for workspace in &mut report.workspaces {
        workspace.error = workspace.error.as_ref().map(|_| name.into());
    }
    report
}

/// The members of a report, not judged.
pub(crate) fn snapshot(report: Report) -> Snapshot {
    let unjudged = |judged: JudgedMember| -> ListedMember { judged.member };
    Snapshot {
        schema_version: report.schema_version,
        tool: report.tool,
        checked_at: report.checked_at,
        source: report.source,
        complete: report.complete,
        workspaces: report.workspaces,
        members: report.members.into_iter().map(unjudged).collect(),
    }
}

/// A report in a format.
pub(crate) fn written(format: Format, report: &Report) -> String {
    let mut out = Vec::new();
    emit::write(format, report, emit::Options::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The summary on the console, without colour.
pub(crate) fn console(report: &Report) -> String {
    console_in(report, console::Style::default())
}

/// The summary on the console.
pub(crate) fn console_in(report: &Report, style: console::Style) -> String {
    let mut out = Vec::new();
    console::write(report, &mut out, style).unwrap();
    String::from_utf8(out).unwrap()
}

/// The table of members.
pub(crate) fn table(snapshot: &Snapshot, evidence: bool) -> String {
    table_in(snapshot, list::Style { evidence, width: usize::MAX })
}

/// The table of members, in lines of a width.
pub(crate) fn table_in(snapshot: &Snapshot, style: list::Style) -> String {
    let mut out = Vec::new();
    list::write(list::Format::Text, snapshot, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

//! What stands at a commit: the report and its annotations, as Bitbucket takes them.

use serde_json::{Value, json};

use crate::ci::build_link;
use crate::emit::summary;
use crate::emit::summary::Excuse;
use crate::publish::{cut, cut_lines, what_to_do};
use crate::report::{Finding, ListedMember, Report, Severity, Verdict};
use crate::rule::Subject;

/// The most annotations of a report.
const MOST_ANNOTATIONS: usize = 1000;

/// The most characters of an annotation's summary, and of longer texts.
const LONGEST_SUMMARY: usize = 450;
const LONGEST: usize = 2000;

/// A report and its annotations.
pub(super) struct Page {
    pub(super) report: Value,
    pub(super) annotations: Vec<Value>,
}

impl Page {
    pub(super) fn new(report: &Report, names: bool) -> Self {
        let mut annotations = Vec::new();
        if names {
            annotations.extend(report.findings.iter().map(annotation));
            annotations.extend(summary::exempt(report).map(ignored));
        }
        let left = annotations.len().saturating_sub(MOST_ANNOTATIONS);
        annotations.truncate(MOST_ANNOTATIONS);
        for (annotation, number) in annotations.iter_mut().zip(1..) {
            if let Value::Object(annotation) = annotation {
                annotation.insert("external_id".into(), format!("mfa-gate-{number}").into());
            }
        }
        Page { report: about(report, names, left), annotations }
    }
}

/// The report itself. Why a workspace could not be checked can name a member, by an id at least.
fn about(report: &Report, names: bool, left: usize) -> Value {
    let headline = summary::headline_with(report, names);
    let result = match report.verdict {
        Verdict::Compliant | Verdict::NotEnforced => "PASSED",
        Verdict::Violations | Verdict::Incomplete => "FAILED",
    };
    let mut lines = vec![headline.to_string(), summary::counts(report)];
    lines.extend(summary::caveats(report));
    if left > 0 {
        lines.push(format!("{left} more annotations are not shown"));
    }
    lines.extend(what_to_do(report));
    let summary = &report.summary;
    let number =
        |title: &str, value: u64| json!({"title": title, "type": "NUMBER", "value": value});
    let mut data = vec![
        number("Members", summary.members),
        number("Protected", summary.protected),
        number("Exempt", summary.exempt),
        number("Violations", summary.violations),
        number("Unknown", summary::unknown(report)),
        number("Not applicable", summary.not_applicable),
        number("Errors", summary.errors),
        number("Warnings", summary.warnings),
    ];
    if let Some(share) = protected_share(report) {
        data.push(json!({"title": "Protected members", "type": "PERCENTAGE", "value": share}));
    }
    let checked_at = report.checked_at.as_millisecond();
    data.push(json!({"title": "Checked", "type": "DATE", "value": checked_at}));
    let mut page = json!({
        "title": "Two-factor status of the workspace's members",
        "details": cut_lines(&lines, LONGEST),
        "report_type": "SECURITY",
        "reporter": "mfa-gate",
        "result": result,
        "data": data,
    });
    if let (Some(link), Value::Object(page)) = (build_link(&report.source.ci), &mut page) {
        page.insert("link".into(), link.into());
    }
    page
}

/// How many of a hundred members who log in are protected, rounded down: 100 is all of them. Of a
/// workspace that was not read nothing can be said.
fn protected_share(report: &Report) -> Option<u64> {
    let summary = &report.summary;
    let log_in = summary.members.saturating_sub(summary.not_applicable);
    report.complete.then(|| summary.protected.saturating_mul(100).checked_div(log_in)).flatten()
}

/// Bitbucket shows an annotation with a path only where that file is part of what it shows, so that
/// those about members and workspaces have none.
fn annotation(finding: &Finding) -> Value {
    let subject = finding.rule.subject();
    let (kind, severity) = match (subject, finding.level) {
        (_, Severity::Warning) => ("CODE_SMELL", "LOW"),
        (Subject::Member, Severity::Error) => ("VULNERABILITY", "HIGH"),
        (Subject::Exemption | Subject::Workspace, Severity::Error) => ("VULNERABILITY", "MEDIUM"),
    };
    let result = match finding.level {
        Severity::Error => "FAILED",
        Severity::Warning => "SKIPPED",
    };
    let mut annotation = json!({
        "annotation_type": kind,
        "summary": cut(&finding.message, LONGEST_SUMMARY),
        "details": cut(&format!("{}: {}", finding.rule.title(), finding.help), LONGEST),
        "result": result,
        "severity": severity,
    });
    if let (Subject::Exemption, Value::Object(annotation)) = (subject, &mut annotation) {
        let place = &finding.location;
        annotation.insert("path".into(), (*place.path).into());
        annotation.insert("line".into(), place.line.into());
    }
    annotation
}

/// A member that an exemption excuses.
fn ignored((member, excuse): (&ListedMember, Excuse<'_>)) -> Value {
    let who = format!("{} in {}", member.person(), member.workspace);
    json!({
        "annotation_type": "VULNERABILITY",
        "summary": cut(&who, LONGEST_SUMMARY),
        "details": cut(&excuse.why(), LONGEST),
        "result": "IGNORED",
        "severity": "LOW",
    })
}

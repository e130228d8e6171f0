//! SARIF 2.1.0, as GitHub's code scanning takes it: one run, every result at a place in the policy
//! file and with a fingerprint of its own, since all members of a workspace share a line.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>,
//! <https://docs.github.com/code-security/reference/code-scanning/sarif-support-for-code-scanning>

mod form;

use std::borrow::Cow;
use std::io;

use serde::Serializer;
use sha2::{Digest, Sha256};

use self::form::{
    ArtifactLocation, AutomationDetails, Configuration, Descriptor, Driver, Fingerprints, Help,
    Invocation, Level, Location, Log, LogicalLocation, Message, Notification, Outcome,
    PhysicalLocation, Region, RuleProperties, RuleReference, Run, RunProperties, Tool,
};
use super::{json, words};
use crate::escape::{sarif_message, uri_path};
use crate::policy::Location as Place;
use crate::report::{Finding, Report, Severity};
use crate::rule::{Level as RuleLevel, Rule};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How many results GitHub takes in a run.
const MAX_RESULTS: usize = 25_000;

/// Writes the report as one run.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run(report)] };
    json::write(&log, json::Broken::Results, out)
}

fn run(report: &Report) -> Run<'_> {
    let slugs: Vec<&str> = report.workspaces.iter().map(|own| &*own.slug).collect();
    Run {
        tool: Tool {
            driver: Driver {
                name: &report.tool.name,
                version: &report.tool.version,
                semantic_version: &report.tool.version,
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules: Rule::ALL.map(descriptor),
            },
        },
        automation_details: AutomationDetails { id: format!("mfa-gate/{}/", slugs.join("+")) },
        invocations: [Invocation {
            execution_successful: report.complete,
            exit_code: report.exit_code,
            tool_execution_notifications: notifications(report),
        }],
        column_kind: "unicodeCodePoints",
        // The worst come first, so what is cut off is the least of it.
        results: report.findings.get(..MAX_RESULTS).unwrap_or(&report.findings),
        properties: RunProperties {
            assurance: report.assurance,
            verdict: report.verdict,
            complete: report.complete,
            checked_at: report.checked_at.to_string(),
            scope: &report.scope,
        },
    }
}

fn notifications(report: &Report) -> Vec<Notification<'_>> {
    let unread = words::of_rule(report, Rule::WorkspaceIncomplete).map(|finding| Notification {
        level: level(finding.level),
        message: Message { text: sarif_message(&finding.message) },
        associated_rule: Some(RuleReference { id: finding.rule.id(), index: index(finding.rule) }),
    });
    let said = |level, text: &str| Notification {
        level,
        message: Message { text: Cow::Owned(sarif_message(text).into_owned()) },
        associated_rule: None,
    };
    let caveats = words::caveats(report);
    let caveats = caveats.iter().map(|caveat| said(Level::Note, caveat));
    let all = report.findings.len();
    let left_out = all.checked_sub(MAX_RESULTS).filter(|&number| number > 0).map(|number| {
        let text = format!(
            "{number} of {all} results are left out: code scanning takes {MAX_RESULTS} in a run."
        );
        said(Level::Warning, &text)
    });
    unread.chain(caveats).chain(left_out).collect()
}

fn descriptor(rule: Rule) -> Descriptor {
    let supports: Vec<String> =
        rule.controls().iter().map(|own| format!("{} {}", own.framework, own.id)).collect();
    let supports = supports.join(", ");
    let help = rule.help();
    Descriptor {
        id: rule.id(),
        short_description: Message { text: sarif_message(rule.title()) },
        full_description: Message { text: sarif_message(rule.description()) },
        default_configuration: Configuration {
            level: match rule.default_level() {
                RuleLevel::Deny => Level::Error,
                RuleLevel::Warn => Level::Warning,
                RuleLevel::Allow => Level::Note,
            },
        },
        help: Help {
            text: sarif_message(&format!("{help} Supports {supports}.")).into_owned(),
            markdown: format!("{help}\n\nSupports {supports}."),
        },
        properties: RuleProperties {
            tags: ["security", "authentication", "external/cwe/cwe-308"],
            security_severity: security_severity(rule),
        },
    }
}

/// The score by which GitHub ranks alerts: high from 7.0, medium from 4.0, low below.
fn security_severity(rule: Rule) -> &'static str {
    match rule {
        Rule::TwoFactorDisabled => "8.0",
        Rule::TwoFactorUnknown | Rule::ExemptionNotAllowed | Rule::WorkspaceIncomplete => "6.0",
        Rule::ExemptionExpired | Rule::ExemptionOverLimit => "5.0",
        Rule::ExemptionExpiring | Rule::ExemptionUnneeded | Rule::ExemptionUnused => "2.0",
    }
}

/// The place of a rule among those of the driver.
fn index(rule: Rule) -> usize {
    Rule::ALL.into_iter().take_while(|&other| other != rule).count()
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
    }
}

/// Results are made one at a time, so that they need no memory.
fn results<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.iter().map(result))
}

fn result(finding: &Finding) -> Outcome<'_> {
    Outcome {
        rule_id: finding.rule.id(),
        rule_index: index(finding.rule),
        level: level(finding.level),
        message: Message { text: sarif_message(&finding.message) },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri_path(words::repository_path(&finding.location.path)),
                },
                region: region(&finding.location),
            },
            logical_locations: [LogicalLocation { fully_qualified_name: subject(finding) }],
        }],
        partial_fingerprints: Fingerprints { primary_location_line_hash: fingerprint(finding) },
    }
}

/// A place of no width stands for its whole line.
fn region(place: &Place) -> Region {
    let is_wide = (place.line, place.column) < (place.end_line, place.end_column);
    Region {
        start_line: place.line,
        start_column: is_wide.then_some(place.column),
        end_line: place.end_line,
        end_column: is_wide.then_some(place.end_column),
    }
}

/// What a finding is about: `workspace/key`, `workspace`, or `exemptions/id`.
fn subject(finding: &Finding) -> String {
    match (&finding.workspace, &finding.key, &finding.exemption) {
        (Some(workspace), Some(key), _) => format!("{workspace}/{key}"),
        (_, _, Some(exemption)) => format!("exemptions/{exemption}"),
        (Some(workspace), None, None) => workspace.to_string(),
        (None, _, None) => finding.rule.id().to_owned(),
    }
}

/// The identity of an alert over time: rule and subject, not the line or the wording.
fn fingerprint(finding: &Finding) -> String {
    let workspace = finding.workspace.as_deref().unwrap_or_default();
    let subject = finding.key.as_deref().or(finding.exemption.as_deref()).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [finding.rule.id(), workspace, subject] {
        hash.update(part);
        hash.update([0]);
    }
    let digits = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

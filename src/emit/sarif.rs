//! SARIF 2.1.0, as GitHub's code scanning takes it: one run, every result at a place in the policy
//! file and with a fingerprint of its own, since all members of a workspace share a line.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>,
//! <https://docs.github.com/code-security/reference/code-scanning/sarif-support-for-code-scanning>

mod form;

use std::io;

use serde::{Serialize, Serializer};

use self::form::{
    ArtifactLocation, AutomationDetails, Configuration, Descriptor, Driver, Fingerprints, Help,
    Invocation, Level, Location, Log, LogicalLocation, Message, Notification, Outcome,
    PhysicalLocation, Region, RuleProperties, RuleReference, Run, RunProperties, Suppression, Tool,
};
use super::json;
use super::summary::{self, Excuse};
use crate::digest::{hex, sha256};
use crate::escape::{sarif_message, uri_path, visible};
use crate::failure::docs;
use crate::location::Location as Place;
use crate::report::{Finding, ListedMember, Report, Severity};
use crate::rule::{Level as RuleLevel, Rule};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How many results GitHub takes in a run.
const MAX_RESULTS: usize = 25_000;

/// Writes the report as one run. Exempt members are in it only as `suppressed` results: GitHub
/// does not look at suppressions, and would open an alert for each.
pub(super) fn write(report: &Report, suppressed: bool, out: &mut dyn io::Write) -> io::Result<()> {
    let start = Place::start_of(report.policy.path.clone());
    let run = run(report, Results { report, suppressed, start });
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    json::write(&log, json::Broken::Results, out)
}

fn run<'a>(report: &'a Report, results: Results<'a>) -> Run<'a> {
    let slugs: Vec<&str> = report.workspaces.iter().map(|workspace| &*workspace.slug).collect();
    Run {
        tool: Tool {
            driver: Driver {
                name: &report.tool.name,
                full_name: format!("{} {}", report.tool.name, report.tool.version),
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
            // The only time that a report knows: when its members were read.
            end_time_utc: report.checked_at,
            tool_execution_notifications: notifications(report, results.count()),
        }],
        column_kind: "unicodeCodePoints",
        results,
        properties: RunProperties {
            assurance: report.assurance,
            verdict: report.verdict,
            complete: report.complete,
            checked_at: report.checked_at,
            scope: &report.scope,
        },
    }
}

fn notifications(report: &Report, results: usize) -> Vec<Notification<'_>> {
    let unread = summary::of_rule(report, Rule::WorkspaceIncomplete).map(|finding| Notification {
        level: level(finding.level),
        message: Message { text: sarif_message(&finding.message) },
        associated_rule: Some(RuleReference { id: finding.rule.id(), index: index(finding.rule) }),
    });
    let said = |level, text: &str| Notification {
        level,
        message: Message { text: sarif_message(text).into_owned().into() },
        associated_rule: None,
    };
    let caveats = summary::caveats(report);
    let caveats = caveats.iter().map(|caveat| said(Level::Note, caveat));
    let left_out = results.checked_sub(MAX_RESULTS).filter(|&number| number > 0).map(|number| {
        let text = format!(
            "{number} of {results} results are left out: code scanning takes {MAX_RESULTS} in a \
             run."
        );
        said(Level::Warning, &text)
    });
    unread.chain(caveats).chain(left_out).collect()
}

fn descriptor(rule: Rule) -> Descriptor {
    let supports: Vec<String> = rule
        .controls()
        .iter()
        .map(|control| format!("{} {}", control.framework, control.id_and_condition()))
        .collect();
    let supports = supports.join(", ");
    let help = rule.help();
    Descriptor {
        id: rule.id(),
        name: name(rule),
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
        help_uri: format!("{}#{}", docs("rules.md"), rule.id()),
        properties: RuleProperties {
            tags: ["security", "authentication", "external/cwe/cwe-308"],
            security_severity: rule.security_severity(),
        },
    }
}

/// The name of a rule as SARIF wants it: its id in Pascal case.
fn name(rule: Rule) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(chars)
            .collect::<String>()
    };
    rule.id().split('-').map(word).collect()
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

/// The results of a run, made one at a time, so that they need no memory.
struct Results<'a> {
    report: &'a Report,
    /// Whether exempt members are wanted too.
    suppressed: bool,
    /// What stands for the place of an exemption that the report does not list.
    start: Place,
}

impl Results<'_> {
    /// How many there are before any is cut off.
    fn count(&self) -> usize {
        self.report.findings.len() + self.exempt().count()
    }

    fn exempt(&self) -> impl Iterator<Item = (&ListedMember, Excuse<'_>)> {
        self.suppressed.then(|| summary::exempt(self.report)).into_iter().flatten()
    }
}

impl Serialize for Results<'_> {
    /// The worst come first, so what is cut off is the least of it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let exempt = self.exempt().map(|(member, excuse)| exempted(member, excuse, &self.start));
        let all = self.report.findings.iter().map(result).chain(exempt);
        serializer.collect_seq(all.take(MAX_RESULTS))
    }
}

fn result(finding: &Finding) -> Outcome<'_> {
    Outcome {
        rule_id: finding.rule.id(),
        rule_index: index(finding.rule),
        level: level(finding.level),
        message: Message { text: sarif_message(&finding.message) },
        locations: location(&finding.location, subject(finding)),
        partial_fingerprints: fingerprint(
            finding.rule,
            finding.workspace.as_deref().unwrap_or_default(),
            finding.key.as_deref().or(finding.exemption.as_deref()).unwrap_or_default(),
        ),
        suppressions: None,
    }
}

/// What would have been found of a member if it were not exempt.
fn exempted<'a>(member: &'a ListedMember, excuse: Excuse<'a>, start: &'a Place) -> Outcome<'a> {
    let (rule, why) = (member.rule(), excuse.why());
    let place = excuse.entry.map_or(start, |(_, exemption)| &exemption.location);
    let message = format!("{} in {}: {why}", member.person(), member.workspace);
    Outcome {
        rule_id: rule.id(),
        rule_index: index(rule),
        level: Level::Note,
        message: Message { text: sarif_message(&message).into_owned().into() },
        locations: location(place, format!("{}/{}", member.workspace, member.key())),
        partial_fingerprints: fingerprint(rule, &member.workspace, member.key()),
        suppressions: Some([Suppression {
            kind: "external",
            justification: visible(&why).into_owned(),
        }]),
    }
}

fn location(place: &Place, subject: String) -> [Location<'_>; 1] {
    [Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri_path(&place.path) },
            region: region(place),
        },
        logical_locations: [LogicalLocation { fully_qualified_name: subject }],
    }]
}

/// A place without a width means its whole line.
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
fn fingerprint(rule: Rule, workspace: &str, subject: &str) -> Fingerprints {
    let identity = format!("{}\0{workspace}\0{subject}\0", rule.id());
    Fingerprints { primary_location_line_hash: hex(sha256(identity)) }
}

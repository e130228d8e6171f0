//! The report: the one document that every format is written from, and the evidence that
//! `verify` judges again. Its JSON form is the interface that others build on, so a field that
//! changes its meaning changes [`SCHEMA_VERSION`].

mod changes;
mod judged;
mod period;
mod provenance;
mod row;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::location::Location;
use crate::member::Source;
use crate::policy::{Levels, Limits};
use crate::reading::{Completeness, Coverage, Origin};
use crate::roster_kind::RosterKind;
use crate::unique;
use crate::words::words;
pub use changes::{Changes, Concern, Earlier, PreviousReport, Settled};
pub use judged::{Finding, JudgedExemption, JudgedMember, ListedMember, Outcome, Severity, State};
pub use period::{
    AUDIT_SCHEMA_VERSION, AUDIT_SCOPE, Audit, AuditOptions, AuditSummary, AuditedExemption,
    AuditedPolicy, AuditedWorkspace, BrokenRule, Chain, ChainBreak, Day, DayState, Ended,
    EntryChange, ExemptionChange, Exposure, FileCounts, Gap, Look, NotCounted, OutcomeCounts,
    PeriodVerdict, Person, PolicyChange, RuleChange, SettingChange, StateSpan, Stay, Why,
};
pub use provenance::{
    Assurance, ClockGap, Commit, CredentialKind, DirectoryRecord, EntraRecord, Input, Provenance,
    Redirection, RosterRecord,
};

/// The version of the report's JSON form.
pub const SCHEMA_VERSION: u32 = 1;

/// What a report is about, in words.
pub const SCOPE: &str = "workspace members at one point in time";

/// A time as reports state it. Most readers of dates take no fractions of a second.
pub(crate) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn in_whole_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Timestamp::deserialize(deserializer).map(whole_seconds)
}

/// What was seen and judged in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this form: 1.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// What it is about: "workspace members at one point in time".
    pub scope: String,
    /// How far it can be relied on.
    pub assurance: Assurance,
    /// When the members were read.
    #[serde(deserialize_with = "in_whole_seconds")]
    pub checked_at: Timestamp,
    /// The day that exemptions were judged by, UTC.
    pub today: Date,
    /// Every flag that can change a verdict.
    pub options: Options,
    /// Where the members came from.
    pub source: Provenance,
    /// The commit that the run was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Commit>,
    /// The policy that was applied.
    pub policy: AppliedPolicy,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether every selected workspace was read to the end, and its members could be judged.
    pub complete: bool,
    /// The exit code of the run, as far as it follows from this report.
    pub exit_code: u8,
    /// Counts.
    pub summary: Summary,
    /// The workspaces that were selected, by slug.
    pub workspaces: Vec<Workspace>,
    /// The workspaces of the policy that were not selected.
    pub workspaces_not_checked: Vec<Arc<str>>,
    /// The members of the workspaces that were read completely, by workspace and key.
    pub members: Vec<JudgedMember>,
    /// The exemptions, in the order of the policy.
    pub exemptions: Vec<JudgedExemption>,
    /// The findings: errors first, then by workspace, key and rule.
    pub findings: Vec<Finding>,
    /// The report of the earlier run that was given with `--previous`. Each report that names the
    /// one before it makes a chain, in which one that was removed or edited shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousReport>,
    /// What changed since an earlier run, where one was given. It changes no verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// How names, ids and addresses were replaced, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
}

/// How names, ids and addresses were replaced by pseudonyms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// Which key it was, without telling it: two reports with the same one have the same pseudonyms.
    pub key_id: Box<str>,
    /// Whether the key was made for this run alone, so that no other run has its pseudonyms.
    pub for_this_run: bool,
}

/// A program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `mfa-gate`
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    pub fn this() -> Self {
        Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// The flags that can change a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// `--today` was given.
    pub today: bool,
    /// `--members` was given.
    pub members: bool,
    /// `--roster` was given.
    #[serde(default)]
    pub roster: bool,
    /// The slugs of `--workspace`.
    pub workspace: Vec<Arc<str>>,
    /// `--ignore-exemptions` was given.
    pub ignore_exemptions: bool,
    /// `--strict` was given: warnings are errors.
    pub strict: bool,
    /// `--exit-zero` was given: violations do not fail the run.
    pub exit_zero: bool,
    /// Through what others could have answered in the place of the servers that were asked: a proxy,
    /// certificates to trust.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirected_by: Vec<Redirection>,
}

impl Options {
    /// Without what may name a person.
    pub(crate) fn redacted(mut self) -> Self {
        self.redirected_by.iter_mut().for_each(|redirection| redirection.to = None);
        self
    }
}

/// The policy that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliedPolicy {
    /// The file, relative to the root of the repository that it is in, with forward slashes.
    pub path: Arc<str>,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: Box<str>,
    /// What it says once defaults are filled in, without the exemptions, which have a list of their own.
    pub effective: EffectivePolicy,
}

/// A policy with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EffectivePolicy {
    /// The sources whose proof counts, in order of preference.
    pub accept: Vec<Source>,
    /// Who is looked at. Without `repositories`, people with access to single repositories who are
    /// not members were not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Coverage>,
    /// Whether the roster is an export or Microsoft Entra; missing for an export.
    #[serde(default, skip_serializing_if = "RosterKind::is_export")]
    pub roster: RosterKind,
    /// The level of every rule.
    pub rules: Levels,
    /// What exemptions may look like.
    pub limits: Limits,
    /// The workspaces it is about.
    pub workspaces: Vec<Arc<str>>,
}

words! {
    /// What the run concludes.
    pub enum Verdict {
        /// Complete, no error, and no member unprotected without an exemption.
        Compliant = "compliant",
        /// As compliant, but a two-factor rule only warns, and it found members.
        NotEnforced = "not_enforced",
        /// There is an error other than an incomplete workspace.
        Violations = "violations",
        /// Something could not be found out.
        Incomplete = "incomplete",
    }
}

/// Counts of members and findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Members listed; a person in two workspaces counts twice.
    pub members: u64,
    /// Members with a second factor.
    pub protected: u64,
    /// Members excused by a valid exemption.
    pub exempt: u64,
    /// Members with neither.
    pub violations: u64,
    /// Members that no accepted source knows anything about, whatever their outcome.
    pub unknown: u64,
    /// App users and deactivated accounts.
    pub not_applicable: u64,
    /// Findings of level error.
    pub errors: u64,
    /// Findings of level warning.
    pub warnings: u64,
    /// Protected members by the source that decided.
    #[serde(deserialize_with = "unique::map")]
    pub protected_by: BTreeMap<Source, u64>,
    /// Members that only the roster protects, which says who registered a second factor and
    /// not who is made to use it.
    #[serde(default)]
    pub protected_by_roster_alone: u64,
}

/// One selected workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// Its slug.
    pub slug: Arc<str>,
    /// Where its members came from.
    pub source: Origin,
    /// Whether it was read to the end, and its members could be judged.
    pub complete: bool,
    /// Which people the list holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Coverage>,
    /// How it is known that the list is complete; missing where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Completeness>,
    /// Why it could not be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many members are listed.
    pub members: u64,
    /// Whether each member who has an e-mail address that an exemption names shows it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub addresses_looked_up: bool,
    /// How many members the server says there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_size: Option<u64>,
    /// How many requests it took; 0 for a file.
    pub requests: u32,
    /// How often the list was read from its start; 0 for a file.
    pub walks: u32,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Where the policy names it; missing in a list that was made without a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The members of some workspaces, without any judgement: what `members --report json` writes
/// and `--members` reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The version of this form: 1.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// When the members were read.
    #[serde(deserialize_with = "in_whole_seconds")]
    pub checked_at: Timestamp,
    /// Where the members came from.
    pub source: Provenance,
    /// Whether every workspace was read to the end.
    pub complete: bool,
    /// The workspaces, by slug.
    pub workspaces: Vec<Workspace>,
    /// The members of the workspaces that were read completely, by workspace and key.
    pub members: Vec<ListedMember>,
}

//! What the reports of a period show together: the answer of `audit`, and its JSON form.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Assurance, EffectivePolicy, JudgedExemption, PreviousReport, Redaction, Redirection, State,
    Tool,
};
use crate::member::Role;
use crate::rule::{Level, Rule};

/// The version of the audit's JSON form.
pub const AUDIT_SCHEMA_VERSION: u32 = 1;

/// What an audit is about, in words.
pub const AUDIT_SCOPE: &str = "workspace members over a period";

/// What the reports of a period show.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Audit {
    /// The version of this form: 1.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// What it is about: "workspace members over a period".
    pub scope: String,
    /// The first day of the period, from its start, UTC.
    #[schemars(with = "String", extend("format" = "date"))]
    pub from: Date,
    /// The last day of the period, to its end, UTC.
    #[schemars(with = "String", extend("format" = "date"))]
    pub to: Date,
    /// What was asked for.
    pub options: AuditOptions,
    /// The verdict.
    pub verdict: PeriodVerdict,
    /// The exit code that goes with it.
    pub exit_code: u8,
    /// Counts.
    pub summary: AuditSummary,
    /// The workspaces of the policies in force, by slug.
    pub workspaces: Vec<AuditedWorkspace>,
    /// Everyone who was a member at a look in the period, by workspace and key.
    pub people: Vec<Person>,
    /// The other rules of level deny that were broken.
    pub broken_rules: Vec<BrokenRule>,
    /// The exemptions that were in a policy in the period, by id.
    pub exemptions: Vec<AuditedExemption>,
    /// The policies, in the order in which they were first used.
    pub policies: Vec<AuditedPolicy>,
    /// What changed from one policy to the next, the earliest first.
    pub policy_changes: Vec<PolicyChange>,
    /// Whether each report names the one before it.
    pub chain: Chain,
    /// The reports of the period, or parts of them, that count for nothing.
    pub not_counted: Vec<NotCounted>,
    /// How many files were looked at.
    pub files: FileCounts,
    /// Through what others could have answered in the place of the servers that were asked.
    pub redirected_by: Vec<Redirection>,
    /// How names, ids and addresses were replaced, where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction: Option<Redaction>,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AuditOptions {
    /// The longest time that may pass without a look, in seconds.
    pub max_gap_s: i64,
    /// The slugs of `--workspace`.
    pub workspace: Vec<Arc<str>>,
    /// The SHA-256 of each policy that is allowed; empty where all are.
    pub policy_sha256: Vec<Box<str>>,
}

/// Whether the control worked through the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodVerdict {
    /// There is no gap, and every look was compliant.
    Covered,
    /// At some look a member was exposed or a rule of level deny was broken.
    Violations,
    /// There is a gap, a report that is no evidence, or a policy that is not allowed.
    Gaps,
}

impl PeriodVerdict {
    /// The name used in reports.
    pub fn id(self) -> &'static str {
        match self {
            PeriodVerdict::Covered => "covered",
            PeriodVerdict::Violations => "violations",
            PeriodVerdict::Gaps => "gaps",
        }
    }
}

/// Counts of the period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AuditSummary {
    /// Looks: complete readings of one workspace by a live report.
    pub looks: u64,
    /// Looks at which a member was exposed or a rule of level deny was broken.
    pub looks_with_violations: u64,
    /// Stretches without a look that are longer than allowed.
    pub gaps: u64,
    /// Members; a person in two workspaces counts twice.
    pub people: u64,
    /// Members who were exposed.
    pub exposed_people: u64,
    /// Exposures.
    pub exposures: u64,
    /// Reports that cannot be read or contradict themselves.
    pub not_evidence: u64,
    /// Policies that `--policy-sha256` does not name.
    pub policies_not_allowed: u64,
}

/// One workspace over the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AuditedWorkspace {
    /// Its slug.
    pub slug: Arc<str>,
    /// From when on it is to be looked at: the start of the period, or the first look of the policy
    /// that added it.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// Until when: the end of the period, or the first look of a policy that dropped it.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// The last look before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub look_before: Option<Timestamp>,
    /// The longest time between two looks, or between a look and an end of the period, in seconds.
    pub longest_stretch_s: i64,
    /// The stretches without a look that are longer than allowed.
    pub gaps: Vec<Gap>,
    /// The looks, the earliest first.
    pub looks: Vec<Look>,
    /// Every day of the period.
    pub days: Vec<Day>,
}

/// A stretch without a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gap {
    /// Its start: a look, or the time from which the workspace is to be looked at.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// Its end: a look, or the time until which the workspace is to be looked at.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
    /// Its length in seconds.
    pub length_s: i64,
}

/// One complete reading of one workspace by a live report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Look {
    /// When the members were read.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Whether nobody was exposed and no rule of level deny was broken.
    pub compliant: bool,
    /// How many members there were.
    pub members: u64,
    /// How many of them were exposed.
    pub exposed: u64,
    /// The SHA-256 of the report.
    pub report: Arc<str>,
    /// The SHA-256 of its policy.
    pub policy: Arc<str>,
}

/// One day of one workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Day {
    /// The day, UTC.
    #[schemars(with = "String", extend("format" = "date"))]
    pub day: Date,
    /// How many looks there were.
    pub looks: u32,
    /// What they showed.
    pub state: DayState,
}

/// What the looks of a day showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// Every look was compliant.
    Compliant,
    /// A look was not.
    Violations,
    /// There was no look, and the stretch without one is longer than allowed.
    Gap,
    /// There was no look, and the stretch without one is not longer than allowed.
    NoLook,
    /// No policy in force named the workspace.
    OutOfScope,
}

impl DayState {
    /// The name used in reports.
    pub fn id(self) -> &'static str {
        match self {
            DayState::Compliant => "compliant",
            DayState::Violations => "violations",
            DayState::Gap => "gap",
            DayState::NoLook => "no_look",
            DayState::OutOfScope => "out_of_scope",
        }
    }
}

/// One member of one workspace over the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Person {
    /// The workspace's slug.
    pub workspace: Arc<str>,
    /// The member's key at the last look.
    pub key: Box<str>,
    /// The Atlassian account id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Box<str>>,
    /// Bitbucket's own id, in braces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Box<str>>,
    /// The shown name at the last look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// The role at the last look, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The looks in a row at which this was a member: more than one stay for a member who left and
    /// came back.
    pub stays: Vec<Stay>,
    /// At how many looks the member was what.
    pub looks: OutcomeCounts,
    /// The looks in a row at which the member had neither proof nor a valid exemption.
    pub exposures: Vec<Exposure>,
}

/// Looks in a row at which somebody was a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Stay {
    /// The first of them in the period.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Timestamp,
    /// The last of them in the period.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last: Timestamp,
}

/// At how many looks of the period a member was what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OutcomeCounts {
    /// An accepted source proved a second factor.
    pub protected: u64,
    /// No proof, and a valid exemption.
    pub exempt: u64,
    /// No second factor was seen, and there was no valid exemption.
    pub unprotected: u64,
    /// No accepted source knew, and there was no valid exemption.
    pub unknown: u64,
    /// Nobody logs in with the account.
    pub not_applicable: u64,
}

/// Looks in a row at which a member had neither proof nor a valid exemption, as an interval: nothing
/// is known of the time between two looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Exposure {
    /// The first of these looks; it may be before the period.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first_seen: Timestamp,
    /// The last of these looks.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last_seen: Timestamp,
    /// How many looks these are.
    pub looks: u64,
    /// At how many of them no accepted source knew the member's status.
    pub unknown: u64,
    /// The look before, at which the member was not exposed, or was no member; missing where there
    /// is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub look_before: Option<Timestamp>,
    /// The look after, at which the member was not exposed, or was no member any more; missing where
    /// there is none in the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub look_after: Option<Timestamp>,
    /// The least that it can have lasted, in seconds: from the first to the last of these looks.
    pub at_least_s: i64,
    /// The most, in seconds: from the look before to the look after, where there are both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most_s: Option<i64>,
    /// What the look after showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// How an exposure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The member had a second factor.
    Protected,
    /// An exemption excused the member.
    Exempt,
    /// Nobody logged in with the account any more.
    NotApplicable,
    /// The member had left the workspace.
    Left,
}

impl Ended {
    /// The name used in reports.
    pub fn id(self) -> &'static str {
        match self {
            Ended::Protected => "protected",
            Ended::Exempt => "exempt",
            Ended::NotApplicable => "not_applicable",
            Ended::Left => "left",
        }
    }
}

/// A rule of level deny, other than the two-factor rules, that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BrokenRule {
    /// The rule.
    pub rule: Rule,
    /// The workspace's slug, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Arc<str>>,
    /// The exemption's id, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Arc<str>>,
    /// The first report of the period that says so.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Timestamp,
    /// The last one.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last: Timestamp,
    /// How many reports say so.
    pub reports: u64,
}

/// An exemption over the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AuditedExemption {
    /// The entry as the last report of the period has it. An entry that came to be about another
    /// member is listed twice.
    pub entry: JudgedExemption,
    /// On how many days it was between its first and its last day and looked at.
    pub days_in_force: u64,
    /// On how many days it excused a member.
    pub days_needed: u64,
    /// Its states, the earliest first.
    pub states: Vec<StateSpan>,
}

/// Reports in a row that give an exemption the same state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StateSpan {
    /// The state.
    pub state: State,
    /// The first of these reports.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Timestamp,
    /// The last of them.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last: Timestamp,
    /// How many they are.
    pub reports: u64,
}

/// A policy that was used in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AuditedPolicy {
    /// The SHA-256 of its bytes.
    pub sha256: Arc<str>,
    /// The file, relative to the root of its repository.
    pub path: Arc<str>,
    /// The first report of the period that used it.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub first: Timestamp,
    /// The last one.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last: Timestamp,
    /// How many reports used it.
    pub reports: u64,
    /// Whether `--policy-sha256` names it; missing where that was not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<bool>,
    /// What it says once defaults are filled in.
    pub effective: EffectivePolicy,
    /// How many exemptions it has.
    pub exemptions: u64,
}

/// What changed from one policy to the next one of the same workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PolicyChange {
    /// The first report with the new policy.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// The SHA-256 of the policy before.
    pub from: Arc<str>,
    /// The SHA-256 of the new policy.
    pub to: Arc<str>,
    /// How often the one followed the other.
    pub times: u64,
    /// The rules that have another level.
    pub rules: Vec<RuleChange>,
    /// What else changed but the exemptions: the accepted sources, limits, workspaces.
    pub settings: Vec<SettingChange>,
    /// The exemptions that changed, by id.
    pub exemptions: Vec<ExemptionChange>,
}

/// A rule that has another level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RuleChange {
    /// The rule.
    pub rule: Rule,
    /// Its level before.
    pub from: Level,
    /// Its level now.
    pub to: Level,
}

/// A setting of the policy that has another value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SettingChange {
    /// The setting, such as `limits.max_days`.
    pub setting: String,
    /// Its value before, as JSON; `null` where it was not set.
    pub from: String,
    /// Its value now.
    pub to: String,
}

/// An exemption that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExemptionChange {
    /// Its id.
    pub exemption: Arc<str>,
    /// What happened to it.
    pub change: EntryChange,
    /// Its last day before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub expired: Option<Date>,
    /// Its last day now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub expires: Option<Date>,
    /// The fields that differ, but for `expires`.
    pub fields: Vec<String>,
    /// Who approved it as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Box<str>>,
}

/// What happened to an exemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryChange {
    /// It is new.
    Added,
    /// Its last day is later.
    Extended,
    /// Its last day is earlier.
    Shortened,
    /// Its last day is the same, and something else changed.
    Reworded,
    /// It is gone.
    Removed,
}

impl EntryChange {
    /// The name used in reports.
    pub fn id(self) -> &'static str {
        match self {
            EntryChange::Added => "added",
            EntryChange::Extended => "extended",
            EntryChange::Shortened => "shortened",
            EntryChange::Reworded => "reworded",
            EntryChange::Removed => "removed",
        }
    }
}

/// Whether each report of the period names the one before it, as `check --previous` writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Chain {
    /// The reports of the period that could be read.
    pub reports: u64,
    /// Those whose previous report is here, unchanged.
    pub linked: u64,
    /// Those that name none.
    pub without_previous: u64,
    /// Those whose previous report is from before the period and not here.
    pub from_before: u64,
    /// Those whose previous report was removed, replaced or edited.
    pub breaks: Vec<ChainBreak>,
}

/// A report whose previous one is not here as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChainBreak {
    /// When the report was made.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub checked_at: Timestamp,
    /// The SHA-256 of the report.
    pub report: Arc<str>,
    /// The report that it names.
    pub previous: PreviousReport,
}

/// A report, or one workspace of it, that counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct NotCounted {
    /// When it was made, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub checked_at: Option<Timestamp>,
    /// The file.
    pub path: Box<str>,
    /// The SHA-256 of the file, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Arc<str>>,
    /// The workspace's slug, where only one of the report is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Arc<str>>,
    /// Why.
    pub why: Why,
    /// What is wrong with it, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why a report counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It cannot be read as a report, or contradicts itself: the audit is not `covered`.
    NotEvidence,
    /// Its members came from a file.
    Offline,
    /// Another server was asked, or its day was given.
    Simulated,
    /// It was judged with `--ignore-exemptions`.
    ExemptionsIgnored,
    /// The workspace was not read to the end.
    Incomplete,
}

impl Why {
    /// Why a report that is not live is not.
    pub(crate) fn not_live(assurance: Assurance) -> Self {
        match assurance {
            Assurance::Offline => Why::Offline,
            // A report that says `live` and is not was asked elsewhere.
            Assurance::Simulated | Assurance::Live => Why::Simulated,
        }
    }

    /// What it says, in words.
    pub fn words(self) -> &'static str {
        match self {
            Why::NotEvidence => "not evidence",
            Why::Offline => "offline: its members came from a file",
            Why::Simulated => "simulated: another server was asked, or its day was given",
            Why::ExemptionsIgnored => "judged with --ignore-exemptions",
            Why::Incomplete => "not read to the end",
        }
    }
}

/// How many files were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FileCounts {
    /// Reports, each counted once.
    pub reports: u64,
    /// Reports that were there more than once.
    pub duplicates: u64,
    /// Reports from before the period. They say how it began.
    pub before: u64,
    /// Reports from after the period, which were passed over.
    pub after: u64,
    /// JSON files that are not reports.
    pub other_json: u64,
}

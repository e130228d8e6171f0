//! What the reports of a period show together: the answer of `audit`, and its JSON form.

mod people;
mod policies;
mod workspaces;

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Serialize;

pub use self::people::{Ended, Exposure, OutcomeCounts, Person, Stay};
pub use self::policies::{
    AuditedExemption, AuditedPolicy, BrokenRule, EntryChange, ExemptionChange, PolicyChange,
    RuleChange, SettingChange, StateSpan,
};
pub use self::workspaces::{AuditedWorkspace, Day, DayState, Gap, Look};
use super::{Assurance, PreviousReport, Redaction, Redirection, Tool};

use crate::words::words;

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
    pub from: Date,
    /// The last day of the period, to its end, UTC.
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

words! {
    /// Whether the control worked through the period.
    pub enum PeriodVerdict {
        /// There is no gap, and every look was compliant.
        Covered = "covered",
        /// At some look a member was exposed or a rule of level deny was broken.
        Violations = "violations",
        /// There is a gap, a report that is not evidence, or a policy that is not allowed.
        Gaps = "gaps",
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

words! {
    /// Why a report counts for nothing.
    pub enum Why {
        /// It cannot be read as a report, or contradicts itself: the audit is not `covered`.
        NotEvidence = "not_evidence",
        /// Its members came from a file.
        Offline = "offline",
        /// Another server was asked, or its day was given.
        Simulated = "simulated",
        /// It was judged with `--ignore-exemptions`.
        ExemptionsIgnored = "exemptions_ignored",
        /// The workspace was not read to the end.
        Incomplete = "incomplete",
    }
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

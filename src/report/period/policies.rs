//! The policies and exemptions of an audit, and what changed in them.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Serialize;

use crate::report::{EffectivePolicy, JudgedExemption, State};
use crate::rule::{Level, Rule};
use crate::words::words;

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
    pub first: Timestamp,
    /// The last one.
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
    pub first: Timestamp,
    /// The last of them.
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
    pub first: Timestamp,
    /// The last one.
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
    pub expired: Option<Date>,
    /// Its last day now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// The fields that differ, but for `expires`.
    pub fields: Vec<String>,
    /// Who approved it as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Box<str>>,
}

words! {
    /// What happened to an exemption.
    pub enum EntryChange {
        /// It is new.
        Added = "added",
        /// Its last day is later.
        Extended = "extended",
        /// Its last day is earlier.
        Shortened = "shortened",
        /// Its last day is the same, and something else changed.
        Reworded = "reworded",
        /// It is gone.
        Removed = "removed",
    }
}

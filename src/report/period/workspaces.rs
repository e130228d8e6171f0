//! The workspaces of an audit: their looks, gaps and days.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::Serialize;

use crate::words::words;

/// One workspace over the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AuditedWorkspace {
    /// Its slug.
    pub slug: Arc<str>,
    /// From when on it is to be looked at: the start of the period, or the first look of the policy
    /// that added it.
    pub from: Timestamp,
    /// Until when: the end of the period, or the first look of a policy that dropped it.
    pub until: Timestamp,
    /// The last look before that.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    pub from: Timestamp,
    /// Its end: a look, or the time until which the workspace is to be looked at.
    pub to: Timestamp,
    /// Its length in seconds.
    pub length_s: i64,
}

/// One complete reading of one workspace by a live report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Look {
    /// When the members were read.
    pub at: Timestamp,
    /// Whether no person was exposed and no rule of level deny was broken.
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
    pub day: Date,
    /// How many looks there were.
    pub looks: u32,
    /// What they showed.
    pub state: DayState,
}

words! {
    /// What the looks of a day showed.
    pub enum DayState {
        /// Every look was compliant.
        Compliant = "compliant",
        /// A look was not.
        Violations = "violations",
        /// There was no look, and the stretch without one is longer than allowed.
        Gap = "gap",
        /// There was no look, and the stretch without one is not longer than allowed.
        NoLook = "no_look",
        /// No policy in force named the workspace.
        OutOfScope = "out_of_scope",
    }
}

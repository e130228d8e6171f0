//! What changed between an earlier run and this one. It informs; no verdict depends on it.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::rule::Rule;

/// What changed since an earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The run that this one is compared with.
    pub previous: Earlier,
    /// What was no concern then, or a lesser one.
    pub new: Vec<Concern>,
    /// What was a concern then and is none now, and how it was settled.
    pub fixed: Vec<Concern>,
    /// What was a concern then and still is one.
    pub staying: Vec<Concern>,
    /// The workspaces that one of the two runs did not read to the end, or was not asked to; nothing
    /// is compared there.
    pub not_compared: Vec<Arc<str>>,
}

/// An earlier run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Earlier {
    /// When it read the members.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub checked_at: Timestamp,
    /// What it concluded.
    pub verdict: Verdict,
    /// The SHA-256 of its policy.
    pub policy_sha256: Box<str>,
}

/// A member or an exemption that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Concern {
    /// The rule: of this run, or for what is fixed that of the earlier one.
    pub rule: Rule,
    /// The workspace's slug, for a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Arc<str>>,
    /// The member's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<str>>,
    /// The member's shown name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// The exemption's id, for an exemption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Arc<str>>,
    /// How it was settled, for what is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
}

/// How a concern came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// The member has a second factor now.
    Protected,
    /// An exemption excuses the member now.
    Exempt,
    /// Nobody logs in with the account any more.
    NotApplicable,
    /// The member has left the workspace.
    Left,
    /// The entry is gone from the policy.
    Removed,
    /// The entry is there still, and nothing is wrong with it.
    InOrder,
}

impl Settled {
    /// What happened, in words.
    pub fn words(self) -> &'static str {
        match self {
            Settled::Protected => "has a second factor now",
            Settled::Exempt => "exempt now",
            Settled::NotApplicable => "no longer applicable",
            Settled::Left => "left the workspace",
            Settled::Removed => "removed from the policy",
            Settled::InOrder => "in order now",
        }
    }
}

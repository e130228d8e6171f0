//! The members of an audit: when they were there, and when they were exposed.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::member::Role;
use crate::words::words;

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

/// Looks in a row at which the person was a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Stay {
    /// The first of them in the period.
    pub first: Timestamp,
    /// The last of them in the period.
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
    /// The account cannot log in.
    pub not_applicable: u64,
}

/// Looks in a row at which a member had neither proof nor a valid exemption, as an interval: nothing
/// is known of the time between two looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Exposure {
    /// The first of these looks; it may be before the period.
    pub first_seen: Timestamp,
    /// The last of these looks.
    pub last_seen: Timestamp,
    /// How many looks these are.
    pub looks: u64,
    /// At how many of them no accepted source knew the member's status.
    pub unknown: u64,
    /// The look before, at which the member was not exposed, or was no member; missing where there
    /// is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_before: Option<Timestamp>,
    /// The look after, at which the member was not exposed, or was no member any more; missing where
    /// there is none in the period.
    #[serde(skip_serializing_if = "Option::is_none")]
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

words! {
    /// How an exposure ended.
    pub enum Ended {
        /// The member had a second factor.
        Protected = "protected",
        /// An exemption excused the member.
        Exempt = "exempt",
        /// The account could not log in any more.
        NotApplicable = "not_applicable",
        /// The member had left the workspace.
        Left = "left",
    }
}

//! What a report lists: members, exemptions and findings.

use std::ops::Deref;
use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::location::Location;
use crate::member::{Ids, Member, Role, Source, TwoFactor};
use crate::policy::Category;
use crate::rule::Rule;
use crate::words::words;

/// A member as it is listed, before any judgement. Its JSON is one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMember {
    /// The workspace's slug.
    pub workspace: Arc<str>,
    /// The member as it was read.
    pub member: Arc<Member>,
    /// What the accepted sources say together.
    pub two_factor: TwoFactor,
    /// The source that decided.
    pub decided_by: Option<Source>,
}

impl Deref for ListedMember {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.member
    }
}

impl ListedMember {
    /// A member as it was read, with what `accept` makes of its evidence.
    pub(crate) fn new(workspace: &Arc<str>, member: Arc<Member>, accept: &[Source]) -> Self {
        let (two_factor, decided_by) = member.evidence.joined(accept);
        ListedMember { workspace: Arc::clone(workspace), member, two_factor, decided_by }
    }

    /// The member as sources show it: a list that was edited may have an address in capitals.
    pub(crate) fn into_read(self) -> Arc<Member> {
        let mut member = self.member;
        let email = member.email.as_deref().unwrap_or_default();
        if email.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let lower = email.to_ascii_lowercase();
            let member = Arc::make_mut(&mut member);
            member.email = Some(lower.into());
            if !member.has_other_key() {
                // The key was in lower case already.
                member.given_key = None;
            }
        }
        member
    }

    /// The rule that the member breaks, where it is neither protected nor exempt.
    pub(crate) fn rule(&self) -> Rule {
        match self.two_factor {
            TwoFactor::Unknown => Rule::TwoFactorUnknown,
            TwoFactor::Enabled | TwoFactor::Disabled => Rule::TwoFactorDisabled,
        }
    }
}

/// A member and what the policy makes of it.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct JudgedMember {
    /// The member.
    #[schemars(flatten)]
    pub member: ListedMember,
    /// What the policy makes of it.
    pub outcome: Outcome,
    /// The exemption that excuses it.
    pub exemption: Option<Arc<str>>,
}

words! {
    /// What the policy makes of a member.
    pub enum Outcome {
        /// An accepted source proves a second factor.
        Protected = "protected",
        /// No proof, and a valid exemption.
        Exempt = "exempt",
        /// No proof, and no valid exemption.
        Violation = "violation",
        /// The account cannot log in: an app user, or deactivated.
        NotApplicable = "not_applicable",
    }
}

/// An exemption and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedExemption {
    /// Its name in the policy.
    pub id: Arc<str>,
    /// Its state on that day.
    pub state: State,
    /// The account id it selects by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Box<str>>,
    /// The uuid it selects by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Box<str>>,
    /// The e-mail address it selects by, alone or where a source knows no ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<str>>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// What sort of exemption it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Why there is one.
    pub reason: Box<str>,
    /// What stands in for the second factor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compensating_controls: Vec<Box<str>>,
    /// Who is responsible for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Box<str>>,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Box<str>>,
    /// Where it was discussed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Box<str>>,
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Date>,
    /// Its last day, UTC. It is valid to the end of that day.
    pub expires: Date,
    /// The workspaces it applies to; missing for all of the policy's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<Arc<str>>,
    /// Where it is in the policy.
    pub location: Location,
}

impl JudgedExemption {
    /// What it selects by.
    pub(crate) fn ids(&self) -> Ids<'_> {
        Ids::of(&self.account_id, &self.uuid, &self.email)
    }
}

words! {
    /// The state of an exemption: the first that fits, in this order.
    pub enum State {
        /// No such member is in its workspaces, all of which were read.
        Unused = "unused",
        /// The member is protected, or does not log in, in every workspace where it applies.
        Unneeded = "unneeded",
        /// It covers an owner, and the policy forbids that.
        NotAllowed = "not_allowed",
        /// It is longer, or there are more, than the policy allows.
        OverLimit = "over_limit",
        /// Its last day is over.
        Expired = "expired",
        /// Its first day is to come.
        Scheduled = "scheduled",
        /// It is valid and ends soon.
        Expiring = "expiring",
        /// It is valid.
        Active = "active",
        /// Its workspaces were not all read, and nothing else can be said.
        Unresolved = "unresolved",
    }
}

impl State {
    /// Whether an exemption in this state excuses a member.
    pub fn excuses(self) -> bool {
        match self {
            State::Expiring | State::Active => true,
            State::Unused
            | State::Unneeded
            | State::NotAllowed
            | State::OverLimit
            | State::Expired
            | State::Scheduled
            | State::Unresolved => false,
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How grave it is under the policy and the options.
    pub level: Severity,
    /// What was seen of which member. It may hold text that a member wrote.
    pub message: String,
    /// What to do next.
    pub help: String,
    /// The workspace's slug, for a member or a workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Arc<str>>,
    /// The member's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Box<str>>,
    /// The member's account id, or the one that the exemption selects by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Box<str>>,
    /// The member's uuid, or the one that the exemption selects by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Box<str>>,
    /// The member's role, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The exemption's id, for a finding about an exemption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Arc<str>>,
    /// The place in the policy that it points at.
    pub location: Location,
}

impl Finding {
    /// An error about nothing yet, with the help of its rule.
    pub(crate) fn new(rule: Rule, location: Location) -> Self {
        Finding {
            rule,
            level: Severity::Error,
            message: String::new(),
            help: rule.help().into(),
            workspace: None,
            key: None,
            account_id: None,
            uuid: None,
            role: None,
            exemption: None,
            location,
        }
    }
}

words! {
    /// How grave a finding is.
    pub enum Severity {
        /// It fails the run.
        Error = "error",
        /// It does not.
        Warning = "warning",
    }
}

//! What a report lists: members, exemptions and findings.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::location::Location;
use crate::member::{
    self, Access, AccountStatus, Evidence, Ids, Kind, Member, Role, Source, TwoFactor,
};
use crate::policy::Category;
use crate::rule::Rule;
use crate::words::words;

/// A member as it is listed, before any judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedMember {
    /// The workspace's slug.
    pub workspace: Arc<str>,
    /// Account id, else uuid, else e-mail address, else row number and name.
    pub key: Box<str>,
    /// The Atlassian account id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Box<str>>,
    /// Bitbucket's own id, in braces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Box<str>>,
    /// The e-mail address, where the source shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<str>>,
    /// What kind of account it is.
    pub kind: Kind,
    /// The role in the workspace, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What a person who is not a member may do in repositories; missing for members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// The account's state, where the source shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_status: Option<AccountStatus>,
    /// The nickname, written by its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<Box<str>>,
    /// The shown name, written by its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Box<str>>,
    /// What the accepted sources say together.
    pub two_factor: TwoFactor,
    /// The source that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Source>,
    /// What each source says.
    pub evidence: Evidence,
}

impl ListedMember {
    /// Its ids.
    pub fn ids(&self) -> Ids<'_> {
        Ids::of(&self.account_id, &self.uuid, &self.email)
    }

    /// The rule that the member breaks, where it is neither protected nor exempt.
    pub(crate) fn rule(&self) -> Rule {
        match self.two_factor {
            TwoFactor::Unknown => Rule::TwoFactorUnknown,
            TwoFactor::Enabled | TwoFactor::Disabled => Rule::TwoFactorDisabled,
        }
    }

    /// The member for people: the shown name, else the nickname, and the key whole.
    pub(crate) fn label(&self) -> String {
        member::label(&self.key, [&self.display_name, &self.nickname])
    }

    /// The label, and whether it is an owner, or is not a member of the workspace.
    pub(crate) fn person(&self) -> String {
        let owner = if self.role == Some(Role::Owner) { "Owner " } else { "" };
        let access = self.access.map(|access| format!(" ({access})")).unwrap_or_default();
        format!("{owner}{}{access}", self.label())
    }
}

impl From<ListedMember> for Member {
    fn from(listed: ListedMember) -> Self {
        let named = listed.account_id.is_some() || listed.uuid.is_some() || listed.email.is_some();
        Member {
            row: (!named).then_some(listed.key),
            account_id: listed.account_id,
            uuid: listed.uuid,
            email: listed.email.map(|mut email| {
                email.make_ascii_lowercase();
                email
            }),
            nickname: listed.nickname,
            display_name: listed.display_name,
            kind: listed.kind,
            account_status: listed.account_status,
            role: listed.role,
            access: listed.access,
            evidence: listed.evidence,
        }
    }
}

/// A member and what the policy makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct JudgedMember {
    /// The member.
    #[serde(flatten)]
    pub member: ListedMember,
    /// What the policy makes of it.
    pub outcome: Outcome,
    /// The exemption that excuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

//! A member as the JSON of reports and lists has it: one object, with what the policy makes of it
//! where it was judged. `serde(flatten)` would take any field for it, and keep the whole object
//! twice in memory.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{JudgedMember, ListedMember, Outcome};
use crate::member::{Access, AccountStatus, Evidence, Kind, Member, Role, Source, TwoFactor};

/// A member as it is listed, before any judgement.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Row<'m> {
    /// The workspace's slug.
    workspace: Arc<str>,
    /// Account id, else uuid, else e-mail address, else row number and name.
    key: Cow<'m, str>,
    /// The Atlassian account id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_id: Option<Cow<'m, str>>,
    /// Bitbucket's own id, in braces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uuid: Option<Cow<'m, str>>,
    /// The e-mail address, where the source shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<Cow<'m, str>>,
    /// What kind of account it is.
    kind: Cow<'m, Kind>,
    /// The role in the workspace, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// What a person who is not a member may do in repositories; missing for members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<Access>,
    /// The account's state, where the source shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_status: Option<Cow<'m, AccountStatus>>,
    /// The nickname, written by its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nickname: Option<Cow<'m, str>>,
    /// The shown name, written by its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    display_name: Option<Cow<'m, str>>,
    /// What the accepted sources say together.
    two_factor: TwoFactor,
    /// The source that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided_by: Option<Source>,
    /// What each source says.
    evidence: Evidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    outcome: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    exemption: Option<Arc<str>>,
}

impl<'m> From<&'m ListedMember> for Row<'m> {
    fn from(listed: &'m ListedMember) -> Self {
        fn text(text: &Option<Box<str>>) -> Option<Cow<'_, str>> {
            text.as_deref().map(Cow::Borrowed)
        }
        Row {
            workspace: Arc::clone(&listed.workspace),
            key: Cow::Borrowed(listed.key()),
            account_id: text(&listed.account_id),
            uuid: text(&listed.uuid),
            email: text(&listed.email),
            kind: Cow::Borrowed(&listed.kind),
            role: listed.role,
            access: listed.access,
            account_status: listed.account_status.as_ref().map(Cow::Borrowed),
            nickname: text(&listed.nickname),
            display_name: text(&listed.display_name),
            two_factor: listed.two_factor,
            decided_by: listed.decided_by,
            evidence: listed.evidence,
            outcome: None,
            exemption: None,
        }
    }
}

impl From<Row<'_>> for ListedMember {
    fn from(row: Row<'_>) -> Self {
        let text = |text: Option<Cow<'_, str>>| text.map(|text| text.into_owned().into());
        let mut member = Member {
            account_id: text(row.account_id),
            uuid: text(row.uuid),
            email: text(row.email),
            nickname: text(row.nickname),
            display_name: text(row.display_name),
            kind: row.kind.into_owned(),
            account_status: row.account_status.map(Cow::into_owned),
            role: row.role,
            access: row.access,
            given_key: None,
            evidence: row.evidence,
        };
        if *member.key() != *row.key {
            member.given_key = text(Some(row.key));
        }
        ListedMember {
            workspace: row.workspace,
            member: Arc::new(member),
            two_factor: row.two_factor,
            decided_by: row.decided_by,
        }
    }
}

impl Serialize for ListedMember {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Row::from(self).serialize(serializer)
    }
}

impl Serialize for JudgedMember {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let JudgedMember { member, outcome, exemption } = self;
        let row = Row::from(member);
        Row { outcome: Some(*outcome), exemption: exemption.clone(), ..row }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ListedMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Row::deserialize(deserializer)?;
        if row.outcome.is_some() || row.exemption.is_some() {
            return Err(D::Error::custom("a member on a list has no `outcome` and no `exemption`"));
        }
        Ok(row.into())
    }
}

impl<'de> Deserialize<'de> for JudgedMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut row = Row::deserialize(deserializer)?;
        let outcome = row.outcome.ok_or_else(|| D::Error::missing_field("outcome"))?;
        let exemption = row.exemption.take();
        Ok(JudgedMember { member: row.into(), outcome, exemption })
    }
}

impl JsonSchema for ListedMember {
    fn schema_name() -> Cow<'static, str> {
        "ListedMember".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Row::json_schema(generator)
    }
}

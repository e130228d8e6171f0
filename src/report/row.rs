//! A member as the JSON of reports and lists has it: one object. Of a judged member most of it is the
//! listed member's; `serde(flatten)` would take any field for it, and keep the whole object twice in
//! memory.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{JudgedMember, ListedMember, Outcome};
use crate::member::{Access, AccountStatus, Evidence, Kind, Member, Role, Source, TwoFactor};

/// A member as it is listed, before any judgement.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Listed<'m> {
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
}

impl Serialize for ListedMember {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn text(text: &Option<Box<str>>) -> Option<Cow<'_, str>> {
            text.as_deref().map(Cow::Borrowed)
        }
        let listed = Listed {
            workspace: Arc::clone(&self.workspace),
            key: Cow::Borrowed(self.key()),
            account_id: text(&self.account_id),
            uuid: text(&self.uuid),
            email: text(&self.email),
            kind: Cow::Borrowed(&self.kind),
            role: self.role,
            access: self.access,
            account_status: self.account_status.as_ref().map(Cow::Borrowed),
            nickname: text(&self.nickname),
            display_name: text(&self.display_name),
            two_factor: self.two_factor,
            decided_by: self.decided_by,
            evidence: self.evidence,
        };
        listed.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ListedMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let listed = Listed::deserialize(deserializer)?;
        let text = |text: Option<Cow<'_, str>>| text.map(|text| text.into_owned().into());
        let mut member = Member {
            account_id: text(listed.account_id),
            uuid: text(listed.uuid),
            email: text(listed.email),
            nickname: text(listed.nickname),
            display_name: text(listed.display_name),
            kind: listed.kind.into_owned(),
            account_status: listed.account_status.map(Cow::into_owned),
            role: listed.role,
            access: listed.access,
            row: None,
            evidence: listed.evidence,
        };
        if *member.key() != *listed.key {
            member.row = Some(listed.key.into_owned().into());
        }
        Ok(ListedMember {
            workspace: listed.workspace,
            member: Arc::new(member),
            two_factor: listed.two_factor,
            decided_by: listed.decided_by,
        })
    }
}

impl JsonSchema for ListedMember {
    fn schema_name() -> Cow<'static, str> {
        "ListedMember".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Listed::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for JudgedMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Row)
    }
}

struct Row;

impl<'de> Visitor<'de> for Row {
    type Value = JudgedMember;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<JudgedMember, A::Error> {
        let (mut outcome, mut exemption) = (None, None);
        let own = MembersOwn { entries, outcome: &mut outcome, exemption: &mut exemption };
        let member = ListedMember::deserialize(MapAccessDeserializer::new(own))?;
        let outcome = outcome.ok_or_else(|| A::Error::missing_field("outcome"))?;
        Ok(JudgedMember { member, outcome, exemption: exemption.flatten() })
    }
}

/// The fields of the member; those of its judgement are put aside.
struct MembersOwn<'r, A> {
    entries: A,
    outcome: &'r mut Option<Outcome>,
    exemption: &'r mut Option<Option<Arc<str>>>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for MembersOwn<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        mut seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        loop {
            let repeated = match self.entries.next_key_seed(Field(seed))? {
                None => return Ok(None),
                Some(Key::Members(key)) => return Ok(Some(key)),
                Some(Key::Outcome(unused)) => {
                    seed = unused;
                    let earlier = self.outcome.replace(self.entries.next_value()?);
                    earlier.is_some().then_some("outcome")
                }
                Some(Key::Exemption(unused)) => {
                    seed = unused;
                    let earlier = self.exemption.replace(self.entries.next_value()?);
                    earlier.is_some().then_some("exemption")
                }
            };
            if let Some(field) = repeated {
                return Err(A::Error::duplicate_field(field));
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }
}

/// Reads the name of a field where it stands: there are as many as members times fields.
struct Field<K>(K);

/// Whose field it is; the seed is given back where it was not used.
enum Key<V, K> {
    Members(V),
    Outcome(K),
    Exemption(K),
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Field<K> {
    type Value = Key<K::Value, K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Field<K> {
    type Value = Key<K::Value, K>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        match name {
            "outcome" => Ok(Key::Outcome(self.0)),
            "exemption" => Ok(Key::Exemption(self.0)),
            _ => self.0.deserialize(name.into_deserializer()).map(Key::Members),
        }
    }
}

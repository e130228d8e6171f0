//! A judged member as it is read back: one object, most of which is the member's. `serde(flatten)`
//! would take any field for it, and keep the whole object twice in memory.

use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};

use super::{JudgedMember, ListedMember, Outcome};

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
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.entries.next_key::<String>()? {
            let repeated = match &*key {
                "outcome" => self.outcome.replace(self.entries.next_value()?).is_some(),
                "exemption" => self.exemption.replace(self.entries.next_value()?).is_some(),
                _ => return seed.deserialize(key.into_deserializer()).map(Some),
            };
            if repeated {
                return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }
}

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

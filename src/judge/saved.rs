//! A report that was saved: read strictly, judged again, and refused where it contradicts itself.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

use crate::failure::unparsed;
use crate::report::{Report, SCHEMA_VERSION, Verdict};

/// Why a document gives no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a report, and why.
    NoReport(String),
    /// It is a report of another version of its form.
    Version(u64),
    /// It is a report that cannot be believed.
    Contradiction(Contradiction),
}

/// What keeps a report from being evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What does not fit: a sentence fragment that may hold text that people wrote.
    pub why: String,
    /// Whether what it contains shows violations all the same.
    pub violations: bool,
}

impl Report {
    /// Reads a report and judges it again. Nothing that it concludes is believed.
    ///
    /// # Errors
    /// Where it is not a report of this version, or claims anything else than what judging again
    /// gives.
    pub fn from_saved(document: &[u8]) -> Result<Report, Refusal> {
        let claimed: Report =
            serde_json::from_slice(document).map_err(|error| unreadable(document, &error))?;
        if claimed.schema_version != SCHEMA_VERSION {
            return Err(Refusal::Version(claimed.schema_version.into()));
        }
        claimed.judged_again().map_err(Refusal::Contradiction)
    }
}

/// Why a document cannot be read as a report.
fn unreadable(document: &[u8], error: &serde_json::Error) -> Refusal {
    /// As much of a report as every version of it has.
    #[derive(Deserialize)]
    struct Versioned {
        schema_version: u64,
    }
    // What serde says of a key that comes twice, and no quoted text can begin like it.
    if error.to_string().starts_with("duplicate field") {
        return Refusal::Contradiction(Contradiction {
            why: format!("it has a key twice in one object: {error}"),
            violations: may_violate(document),
        });
    }
    match serde_json::from_slice(document) {
        Ok(Versioned { schema_version }) if schema_version != u64::from(SCHEMA_VERSION) => {
            Refusal::Version(schema_version)
        }
        Ok(_) | Err(_) => Refusal::NoReport(unparsed(error)),
    }
}

/// Whether a document in which a key comes twice shows violations. Which of the two counts depends
/// on the reader, so it is judged as read by one that takes the first, and by one that takes the
/// last.
fn may_violate(document: &[u8]) -> bool {
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    let first = FirstWins.deserialize(&mut deserializer);
    let last = serde_json::from_slice(document);
    [first, last].into_iter().any(|reading| {
        let report = reading.and_then(|reading: Value| Report::deserialize(reading));
        report.is_ok_and(|report| report.rejudged().verdict == Verdict::Violations)
    })
}

/// Reads a document in which the first of equal keys counts.
struct FirstWins;

impl<'de> DeserializeSeed<'de> for FirstWins {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FirstWins {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(FirstWins)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(FirstWins)?;
            object.entry(key).or_insert(value);
        }
        Ok(Value::Object(object))
    }
}

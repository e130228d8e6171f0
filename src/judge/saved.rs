//! A report that was saved: read strictly, judged again, and refused where it contradicts itself.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

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
        let claimed: Report = match serde_json::from_slice(document) {
            Ok(report) => report,
            Err(error) => return Err(unreadable(document, &error)),
        };
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
    if let Some((key, readings)) = repeated_key(document) {
        // Which of the two counts cannot be known, so whichever shows a violation does.
        let violate = |reading: Value| {
            let report = Report::deserialize(reading).ok();
            report.is_some_and(|report| report.rejudged().verdict == Verdict::Violations)
        };
        return Refusal::Contradiction(Contradiction {
            why: format!("it has the key `{key}` twice in one object"),
            violations: readings.into_iter().any(violate),
        });
    }
    match serde_json::from_slice(document) {
        Ok(Versioned { schema_version }) if schema_version != u64::from(SCHEMA_VERSION) => {
            Refusal::Version(schema_version)
        }
        Ok(_) | Err(_) => Refusal::NoReport(error.to_string()),
    }
}

/// A key that comes twice in one object, and the document as it is read by whoever takes the first
/// of the two, and by whoever takes the last.
fn repeated_key(document: &[u8]) -> Option<(String, [Value; 2])> {
    let mut repeated = None;
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    let first = FirstWins(&mut repeated).deserialize(&mut deserializer).ok()?;
    let last = serde_json::from_slice(document).ok()?;
    Some((repeated?, [first, last]))
}

/// Reads a document in which the first of equal keys counts, and notes that there are some.
struct FirstWins<'r>(&'r mut Option<String>);

impl<'de> DeserializeSeed<'de> for FirstWins<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FirstWins<'_> {
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

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(FirstWins(&mut *self.0))? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(FirstWins(&mut *self.0))?;
            if object.contains_key(&key) {
                self.0.get_or_insert(key);
            } else {
                object.insert(key, value);
            }
        }
        Ok(Value::Object(object))
    }
}

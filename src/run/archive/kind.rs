//! What a file is, by its first lines: a report, other JSON, or neither.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::failure::unparsed;
use crate::files;
use crate::report::whole_seconds;
use crate::run::saved::LARGEST;

/// What a file seems to be, by its first lines.
pub(super) enum Kind {
    /// A report, and when it was made.
    Report(Timestamp),
    /// Other JSON.
    Other,
    /// Neither, and why.
    Broken(String),
}

/// What a file is. A report has a time and a policy near its start, so the rest of it is not read
/// here.
pub(super) fn kind(path: &Path) -> io::Result<Kind> {
    if !fs::metadata(path)?.is_file() {
        // It is read twice, and a pipe gives its bytes once.
        return Ok(Kind::Broken("it is not a regular file".into()));
    }
    let mut seen = Seen::default();
    let start = io::BufReader::new(files::open(path, LARGEST)?);
    // What is seen tells more than how the reading ended, which an early end makes an error.
    let _ = serde_json::Deserializer::from_reader(start).deserialize_map(&mut seen);
    if let Seen { checked_at: Some(checked_at), has_policy: true } = seen {
        let time = checked_at.parse().map(whole_seconds);
        let broken = |_| Kind::Broken("its `checked_at` is not a time".into());
        return Ok(time.map_or_else(broken, Kind::Report));
    }
    let document = files::read(path, LARGEST)?;
    Ok(match serde_json::from_slice::<IgnoredAny>(&document) {
        Ok(_) => Kind::Other,
        Err(error) => Kind::Broken(format!("it is not JSON: {}", unparsed(&error))),
    })
}

#[derive(Default)]
struct Seen {
    checked_at: Option<String>,
    has_policy: bool,
}

impl<'de> Visitor<'de> for &mut Seen {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            match &*key {
                "checked_at" => {
                    self.checked_at = Some(
                        entries
                            .next_value::<serde_json::Value>()?
                            .as_str()
                            .unwrap_or_default()
                            .to_owned(),
                    )
                }
                "policy" => {
                    entries.next_value::<IgnoredAny>()?;
                    self.has_policy = true;
                }
                _ => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
            if self.has_policy && self.checked_at.is_some() {
                return Err(A::Error::custom("that is enough"));
            }
        }
        Ok(())
    }
}

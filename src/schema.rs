//! JSON Schemas as validators take them with their defaults.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of a type, by the name of its file in `docs/schema`.
pub(crate) fn of<T: JsonSchema>(name: &str) -> Schema {
    let plain = RecursiveTransform(without_formats);
    let mut schema = SchemaSettings::default()
        .with_transform(plain)
        .into_generator()
        .into_root_schema_for::<T>();
    schema.insert("$id".into(), address(name).into());
    schema
}

/// Where the schema of that name is published.
pub(crate) fn address(name: &str) -> String {
    format!("{}/raw/main/docs/schema/{name}.schema.json", env!("CARGO_PKG_REPOSITORY"))
}

const DATE: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const TIME: &str = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z";

/// Says the same without `format`: validators that do not know one refuse the whole schema, and few
/// know `uint32`. Whole numbers have their bounds, days and times a pattern.
fn without_formats(schema: &mut Schema) {
    let pattern = match schema.get("format").and_then(Value::as_str) {
        Some("date") => Some(format!("^{DATE}$")),
        Some("date-time") => Some(format!("^{DATE}T{TIME}$")),
        Some(_) | None => None,
    };
    schema.remove("format");
    if let Some(pattern) = pattern {
        schema.insert("pattern".into(), pattern.into());
    }
}

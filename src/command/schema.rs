//! `mfa-gate schema`: the JSON Schemas of the policy and of the report.

use crate::cli::SchemaKind;
use crate::failure::{Exit, Failure};
use crate::policy;
use crate::report::Report;
use crate::run::print;
use crate::schema;

pub(super) fn run(kind: SchemaKind) -> Result<Exit, Failure> {
    let schema = match kind {
        SchemaKind::Policy => policy::schema(),
        SchemaKind::Report => schema::of::<Report>("report"),
    };
    print(&format!("{:#}\n", schema.as_value()))?;
    Ok(Exit::Success)
}

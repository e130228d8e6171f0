//! `mfa-gate schema`: the JSON Schemas of the policy, the report and the audit.

use crate::cli::SchemaKind;
use crate::failure::{Exit, Failure};
use crate::policy;
use crate::report::{Audit, Report};
use crate::run::print;
use crate::schema;

pub(super) fn run(kind: SchemaKind) -> Result<Exit, Failure> {
    let schema = match kind {
        SchemaKind::Policy => policy::schema(),
        SchemaKind::Report => schema::of::<Report>("report"),
        SchemaKind::Audit => schema::of::<Audit>("audit"),
    };
    print(&format!("{:#}\n", schema.as_value()))
}

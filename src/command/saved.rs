//! A report that was saved: read back, and judged again by what it contains.

use std::path::Path;

use crate::escape::terminal;
use crate::failure::Failure;
use crate::files;
use crate::read::excerpt;
use crate::redact::{Redactor, is_redacted};
use crate::report::{Report, SCHEMA_VERSION};

/// The largest report, in bytes: half a million members.
const LARGEST: u64 = 256 << 20;

/// Reads a report as it was saved.
pub(super) fn load(path: &Path) -> Result<Report, Failure> {
    let shown = path.display();
    let help = "Give it what `mfa-gate check --report json=PATH` wrote.";
    let bytes = files::read(path, LARGEST).map_err(|error| {
        Failure::usage(format!("the report {shown} cannot be read: {error}"), help)
    })?;
    let report: Report = serde_json::from_slice(&bytes).map_err(|error| {
        let why = error.to_string();
        Failure::usage(format!("{shown} is no report: {}", excerpt::whole(&why)), help)
    })?;
    if report.schema_version != SCHEMA_VERSION {
        return Err(Failure::usage(
            format!(
                "{shown} has schema version {}, and this program reads {SCHEMA_VERSION}",
                report.schema_version
            ),
            "Use the version of mfa-gate that wrote it.",
        ));
    }
    Ok(report)
}

/// Reads a report and judges it again: what it claims is not believed, and said where it differs
/// from what it contains.
pub(super) fn judged_again(path: &Path) -> Result<Report, Failure> {
    let claimed = load(path)?;
    let judged = claimed.judged_again();
    if claimed.verdict != judged.verdict {
        tracing::warn!(
            "{} says {}, and what it contains says {}: it was changed, or written by another \
             version",
            terminal(excerpt::whole(&path.display().to_string())),
            claimed.verdict.id(),
            judged.verdict.id()
        );
    }
    Ok(judged)
}

/// The report with pseudonyms in place of people, where that is wanted and not done yet.
pub(super) fn redacted(report: Report, redactor: Option<&Redactor>) -> Report {
    match redactor {
        Some(redactor) if !is_redacted(&report) => report.redacted(redactor),
        Some(_) | None => report,
    }
}

//! The formats of an audit: written from the [`Audit`] alone, like those of a report.

mod console;
mod csv;
mod markdown;
mod sections;
pub(in crate::emit) mod words;

use std::io;

pub(crate) use console::write as console;

use super::{Format, html, json};
use crate::report::Audit;

/// The formats that an audit has.
pub(crate) const FORMATS: [Format; 4] = [Format::Json, Format::Csv, Format::Markdown, Format::Html];

/// Writes an audit. `out` should be buffered: the emitters write in small pieces.
///
/// # Errors
/// Those of `out`, and where the format is none of [`FORMATS`].
pub(crate) fn write(format: Format, audit: &Audit, out: &mut dyn io::Write) -> anyhow::Result<()> {
    match format {
        Format::Json => json::write(audit, json::Broken::Members, out)?,
        Format::Csv => csv::write(audit, out)?,
        Format::Markdown => markdown::write(audit, out)?,
        Format::Html => html::audit::write(audit, out)?,
        Format::Junit | Format::Sarif | Format::Github | Format::InToto => {
            anyhow::bail!("an audit has no such form")
        }
    }
    Ok(())
}

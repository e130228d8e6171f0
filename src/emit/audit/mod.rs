//! The formats of an audit: written from the [`Audit`] alone, like those of a report.

mod console;
mod csv;
mod markdown;
mod sections;
pub(in crate::emit) mod words;

use std::io;

pub(crate) use console::write as console;

use super::{html, json};
use crate::report::Audit;
use crate::words::words;

words! {
    /// What an audit can be written as.
    pub enum Format {
        /// What programs read.
        Json = "json",
        /// A row a member and workspace.
        Csv = "csv",
        /// A comment or a summary.
        Markdown = "markdown",
        /// A page for people and auditors.
        Html = "html",
    }
}

/// Writes an audit. `out` should be buffered: the emitters write in small pieces.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(format: Format, audit: &Audit, out: &mut dyn io::Write) -> anyhow::Result<()> {
    match format {
        Format::Json => json::write(audit, json::Broken::Members, out)?,
        Format::Csv => csv::write(audit, out)?,
        Format::Markdown => markdown::write(audit, out)?,
        Format::Html => html::audit::write(audit, out)?,
    }
    Ok(())
}

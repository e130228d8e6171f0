//! The formats: one file each, all of them written from the [`Report`] alone.
//!
//! No emitter decides anything, so no two formats can disagree; they keep the report's order, and
//! the same report gives the same bytes. Everything that is not this program's own wording goes
//! through [`crate::escape`].

pub(crate) mod changes;
mod csv;
mod github;
mod html;
mod in_toto;
mod json;
mod junit;
mod markdown;
mod reports;
mod sarif;
pub(crate) mod summary;

pub mod audit;
pub mod console;
pub mod list;
pub mod wrap;

use std::io;

pub use self::reports::{ReportArg, Reports, Written};

use crate::report::Report;
use crate::words::words;

words! {
    /// A format of the report.
    pub enum Format {
        /// The evidence: the report itself.
        Json = "json",
        /// JUnit XML, for the test tab of a CI system.
        Junit = "junit",
        /// SARIF 2.1.0, for code scanning.
        Sarif = "sarif",
        /// One row a member, for a spreadsheet.
        Csv = "csv",
        /// A step summary or a comment.
        Markdown = "markdown",
        /// A page for people and auditors.
        Html = "html",
        /// Workflow commands, which GitHub's runner turns into annotations.
        Github = "github",
        /// A statement about a commit, to be signed.
        InToto = "in-toto",
    }
}

/// What a format may be asked to do otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// List exempt members in SARIF too, as suppressed results.
    pub sarif_suppressed: bool,
}

/// Writes a report. `out` should be buffered: the emitters write in small pieces.
///
/// # Errors
/// Those of `out`, and where a format cannot say what the report holds.
pub fn write(
    format: Format,
    report: &Report,
    options: Options,
    out: &mut dyn io::Write,
) -> anyhow::Result<()> {
    match format {
        Format::Json => json::write(report, json::Broken::Members, out)?,
        Format::Junit => junit::write(report, out)?,
        Format::Sarif => sarif::write(report, options.sarif_suppressed, out)?,
        Format::Csv => csv::write(report, out)?,
        Format::Markdown => markdown::write(report, out)?,
        Format::Html => html::write(report, out)?,
        Format::Github => github::write(report, out)?,
        Format::InToto => in_toto::write(report, out)?,
    }
    Ok(())
}

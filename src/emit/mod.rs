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
pub(crate) mod wrap;

pub mod audit;
pub mod console;
pub mod list;

use std::io;

pub use self::reports::{ReportArg, ReportFormat, Reports, Written};

use crate::report::Report;

/// A format of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The evidence: the report itself.
    Json,
    /// JUnit XML, for the test tab of a CI system.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// One row a member, for a spreadsheet.
    Csv,
    /// A step summary or a comment.
    Markdown,
    /// A page for people and auditors.
    Html,
    /// Workflow commands, which GitHub's runner turns into annotations.
    Github,
    /// A statement about a commit, to be signed.
    InToto,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 8] = [
        Format::Json,
        Format::Junit,
        Format::Sarif,
        Format::Csv,
        Format::Markdown,
        Format::Html,
        Format::Github,
        Format::InToto,
    ];

    /// The name used on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Junit => "junit",
            Format::Sarif => "sarif",
            Format::Csv => "csv",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Github => "github",
            Format::InToto => "in-toto",
        }
    }
}

impl ReportFormat for Format {
    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn id(self) -> &'static str {
        Format::id(self)
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

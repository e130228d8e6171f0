//! The members without any judgement: what `mfa-gate members` prints.

use std::borrow::Cow;
use std::io;

use unicode_width::UnicodeWidthStr;

use super::wrap::{INDENT, row, wrap};
use super::{csv, json, summary};
use crate::escape::terminal;
use crate::member::{AccountStatus, Kind, Source, TwoFactor};
use crate::report::{ListedMember, Snapshot};
use crate::roster_kind::RosterKind;
use crate::words::words;

/// The widest that a column is padded to, in terminal cells; one long name must not push the
/// other columns out of sight.
const MAX_PADDING: usize = 46;

words! {
    /// How members are listed.
    pub enum Format {
        /// A table for people.
        Text = "text",
        /// What `--members` reads.
        Json = "json",
        /// A row a member.
        Csv = "csv",
    }
}

/// How the table looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether it has a column for each source.
    pub evidence: bool,
    /// How wide a line may be, in cells.
    pub width: usize,
}

/// Writes the list.
///
/// # Errors
/// Those of `out`.
pub fn write(
    format: Format,
    snapshot: &Snapshot,
    style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Text => text(snapshot, style, out),
        Format::Json => json::write(snapshot, json::Broken::Members, out),
        Format::Csv => csv::write_members(&snapshot.members, out),
    }
}

/// Writes an aligned table, and below it how the workspaces were read.
fn text(snapshot: &Snapshot, style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    let columns = Columns::new(snapshot, style.evidence);
    let headings = columns.headings();
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.width()).collect();
    for member in &snapshot.members {
        for (width, cell) in widths.iter_mut().zip(columns.cells(member)) {
            *width = cell.width().min(MAX_PADDING).max(*width);
        }
    }
    if !snapshot.members.is_empty() {
        writeln!(out, "{}", row(headings, &widths, style.width))?;
        for member in &snapshot.members {
            writeln!(out, "{}", row(columns.cells(member), &widths, style.width))?;
        }
        writeln!(out)?;
    }
    let listed = summary::number(snapshot.members.len());
    let all = snapshot.workspaces.iter().map(|workspace| workspace.members);
    let all = all.fold(0, u64::saturating_add);
    if listed != all {
        writeln!(out, "{listed} of {} listed", summary::count(all, "member"))?;
    }
    let read = snapshot.workspaces.iter().map(summary::read);
    let sources = summary::other_sources(&snapshot.source);
    let mut complete = snapshot.workspaces.iter().filter(|workspace| workspace.complete);
    let unseen = complete.find_map(|workspace| summary::unseen(&workspace.coverage));
    let notes = unseen.map(str::to_owned).into_iter().chain(summary::clock(&snapshot.source));
    for line in read.chain(sources).chain(notes) {
        writeln!(out, "{}", wrap(&terminal(&line), style.width, 0, INDENT))?;
    }
    Ok(())
}

/// The columns that have something to say.
struct Columns {
    has_workspace: bool,
    /// The sources that have a column.
    sources: Vec<Source>,
    roster: RosterKind,
}

impl Columns {
    fn new(snapshot: &Snapshot, evidence: bool) -> Self {
        let said = |source: Source| {
            snapshot.members.iter().any(|member| member.evidence.said(source).is_some())
        };
        Columns {
            has_workspace: snapshot.workspaces.len() > 1,
            sources: Source::ALL.into_iter().filter(|source| evidence && said(*source)).collect(),
            roster: snapshot.source.roster_kind(),
        }
    }

    fn headings(&self) -> Vec<Cow<'static, str>> {
        let workspace = self.has_workspace.then_some("WORKSPACE");
        let always = ["NAME", "ID", "STATUS", "TWO-FACTOR"];
        let sources = self.sources.iter().map(|&source| self.roster.heading(source).to_uppercase());
        let fixed = workspace.into_iter().chain(always).map(Cow::from);
        fixed.chain(sources.map(Cow::from)).collect()
    }

    fn cells<'m>(&self, member: &'m ListedMember) -> Vec<Cow<'m, str>> {
        let workspace = self.has_workspace.then(|| terminal(&member.workspace));
        let always = [
            terminal(summary::shown_name(member).unwrap_or("-")),
            terminal(member.key()),
            status(member),
            two_factor(member, self.roster),
        ];
        let sources = self.sources.iter().map(|&source| match member.evidence.said(source) {
            Some(TwoFactor::Enabled) => "yes".into(),
            Some(TwoFactor::Disabled) => "no".into(),
            Some(TwoFactor::Unknown) => "unknown".into(),
            None => "-".into(),
        });
        workspace.into_iter().chain(always).chain(sources).collect()
    }
}

/// What kind of account it is, where that is out of the ordinary, else its state.
fn status(member: &ListedMember) -> Cow<'_, str> {
    if let Some(access) = member.access {
        return access.to_string().into();
    }
    match &member.kind {
        Kind::AppUser => "app".into(),
        Kind::User => terminal(member.account_status.as_ref().map_or("-", AccountStatus::as_str)),
        Kind::Other(kind) => terminal(kind),
    }
}

fn two_factor(member: &ListedMember, roster: RosterKind) -> Cow<'static, str> {
    match member.two_factor {
        TwoFactor::Enabled => summary::protected(member.decided_by, roster).into(),
        TwoFactor::Disabled => "off".into(),
        TwoFactor::Unknown => "unknown".into(),
    }
}

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
    let columns = columns(snapshot, style.evidence);
    let roster = snapshot.source.roster_kind();
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| {
            let cells = snapshot.members.iter().map(|member| column.cell(member, roster).width());
            cells.chain([column.heading(roster).width()]).max().unwrap_or_default().min(MAX_PADDING)
        })
        .collect();
    if !snapshot.members.is_empty() {
        let headings = columns.iter().map(|column| column.heading(roster));
        writeln!(out, "{}", row(headings, &widths, style.width))?;
        for member in &snapshot.members {
            let cells = columns.iter().map(|column| column.cell(member, roster));
            writeln!(out, "{}", row(cells, &widths, style.width))?;
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
    for line in read.chain(sources).chain(summary::clock(&snapshot.source)) {
        writeln!(out, "{}", wrap(&terminal(&line), style.width, 0, INDENT))?;
    }
    Ok(())
}

/// A column of the table.
#[derive(Clone, Copy)]
enum Column {
    Workspace,
    Name,
    Id,
    Status,
    TwoFactor,
    Evidence(Source),
}

/// The columns that have something to say.
fn columns(snapshot: &Snapshot, evidence: bool) -> Vec<Column> {
    let workspace = (snapshot.workspaces.len() > 1).then_some(Column::Workspace);
    let was_asked = |source: &Source| {
        evidence && snapshot.members.iter().any(|member| member.evidence.said(*source).is_some())
    };
    let asked = Source::ALL.into_iter().filter(was_asked).map(Column::Evidence);
    let always = [Column::Name, Column::Id, Column::Status, Column::TwoFactor];
    workspace.into_iter().chain(always).chain(asked).collect()
}

impl Column {
    fn heading(self, roster: RosterKind) -> Cow<'static, str> {
        match self {
            Column::Workspace => "WORKSPACE".into(),
            Column::Name => "NAME".into(),
            Column::Id => "ID".into(),
            Column::Status => "STATUS".into(),
            Column::TwoFactor => "TWO-FACTOR".into(),
            Column::Evidence(source) => roster.heading(source).to_uppercase().into(),
        }
    }

    fn cell(self, member: &ListedMember, roster: RosterKind) -> Cow<'_, str> {
        match self {
            Column::Workspace => terminal(&member.workspace),
            Column::Name => terminal(summary::shown_name(member).unwrap_or("-")),
            Column::Id => terminal(&member.key),
            Column::Status => status(member),
            Column::TwoFactor => two_factor(member, roster),
            Column::Evidence(source) => match member.evidence.said(source) {
                Some(TwoFactor::Enabled) => "yes".into(),
                Some(TwoFactor::Disabled) => "no".into(),
                Some(TwoFactor::Unknown) => "unknown".into(),
                None => "-".into(),
            },
        }
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

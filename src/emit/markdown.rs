//! Markdown for a step summary or a comment on a merge request: verdict, counts, findings, exempt
//! members, workspaces.

use std::io;

use super::summary::Excuse;
use super::{changes, summary};
use crate::escape::markdown;
use crate::quote::shortened;
use crate::report::{Changes, Concern, Finding, ListedMember, Report, Workspace};
use crate::rule::Rule;

/// What a comment on GitHub holds, in characters; a page is not longer than that in bytes. A step
/// summary and a comment on GitLab hold more.
const MOST: usize = 65_536;

/// What is kept free for everything but table rows, none of which grows with the report.
const RESERVE: usize = 12 * 1024;

/// How much of a reason is repeated, in characters: the findings also say why a workspace was not
/// read.
const LONGEST_REASON: usize = 400;

/// Writes the page, as many whole rows of it as fit.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page { out, room: MOST - RESERVE };
    let headline = summary::headline(report);
    page.line(&format!("## mfa-gate: {}\n", headline.verdict))?;
    for reason in &headline.reasons {
        page.line(&format!("- {}", markdown(&shortened(reason, LONGEST_REASON))))?;
    }
    page.line(&format!("\n{}", markdown(&summary::counts(report))))?;
    for caveat in summary::caveats(report) {
        page.line(&format!("\n> **Note:** {}", markdown(&caveat)))?;
    }
    if let Some(changes) = &report.changes {
        compared(report, changes, &mut page)?;
    }
    findings(report, &mut page)?;
    exempt(report, &mut page)?;
    workspaces(report, &mut page)?;
    for source in summary::other_sources(&report.source) {
        page.line(&format!("\n{}", markdown(&source)))?;
    }
    page.line(&format!(
        "\n{} {}, {}, as of {} (UTC).",
        report.tool.name,
        markdown(&report.tool.version),
        markdown(&report.scope),
        report.checked_at
    ))
}

/// A page that has an end.
struct Page<'a> {
    out: &'a mut dyn io::Write,
    room: usize,
}

impl Page<'_> {
    /// A line of the frame, which always has room.
    fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// A table, with a heading over it; nothing where there is nothing to list.
    fn table<T, const N: usize>(
        &mut self,
        title: &str,
        headings: [&str; N],
        items: impl Iterator<Item = T>,
        row: impl Fn(T) -> [String; N],
    ) -> io::Result<()> {
        let mut items = items.peekable();
        if items.peek().is_none() {
            return Ok(());
        }
        self.line(&format!("\n### {title}\n\n| {} |", headings.join(" | ")))?;
        self.line(&format!("|{}", " --- |".repeat(N)))?;
        while let Some(item) = items.next() {
            let line = format!("| {} |\n", row(item).join(" | "));
            let Some(room) = self.room.checked_sub(line.len()) else {
                // The sum cannot overflow: it counts what is in memory.
                let left_out = summary::number(items.count()) + 1;
                let rows = summary::count(left_out, "row");
                return self.line(&format!(
                    "\n{rows} left out here: this page ends at 65,536 characters, the limit of a \
                     comment on GitHub. The whole list is in the JSON, CSV and HTML reports of \
                     the same run (`--report html=FILE`)."
                ));
            };
            self.room = room;
            self.out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}

/// What changed since an earlier run; what stayed as it was is among the findings.
fn compared(report: &Report, changes: &Changes, page: &mut Page<'_>) -> io::Result<()> {
    page.line(&format!("\n**{}**", markdown(&changes::headline(report, changes))))?;
    for caveat in changes::caveats(report, changes) {
        page.line(&format!("\n> **Note:** {}", markdown(&caveat)))?;
    }
    let row = |concern: &Concern| {
        [markdown(&changes::about(concern)).into_owned(), changes::said(concern).to_owned()]
    };
    page.table("New", ["Who or what", "Rule"], changes.new.iter(), row)?;
    page.table("Fixed", ["Who or what", "Now"], changes.fixed.iter(), row)
}

fn findings(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let row = |finding: &Finding| {
        let place = &finding.location;
        [
            finding.level.id().to_owned(),
            finding.rule.title().to_owned(),
            if finding.help == finding.rule.help() {
                markdown(&finding.message).into_owned()
            } else {
                format!("{}. {}", markdown(&finding.message), markdown(&finding.help))
            },
            format!("{}:{}", markdown(&place.path), place.line),
        ]
    };
    let headings = ["Level", "Rule", "What was seen", "Policy"];
    page.table("Findings", headings, report.findings.iter(), row)?;
    let found = |rule: &Rule| summary::of_rule(report, *rule).next().is_some();
    let mut rules = Rule::ALL.into_iter().filter(found).peekable();
    if rules.peek().is_some() {
        page.line("\n### What to do\n")?;
    }
    for rule in rules {
        page.line(&format!("- **{}**: {}", rule.title(), rule.help()))?;
    }
    if let Some(hint) = summary::sign_on_hint(report) {
        page.line(&format!("\n{hint}"))?;
    }
    Ok(())
}

fn exempt(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let row = |(member, excuse): (&ListedMember, Excuse<'_>)| {
        let reason = excuse.entry.map(|(_, exemption)| markdown(&exemption.reason).into_owned());
        [
            markdown(&member.person()).into_owned(),
            markdown(&member.workspace).into_owned(),
            markdown(excuse.id).into_owned(),
            excuse.until(),
            reason.unwrap_or_default(),
        ]
    };
    let headings = ["Member", "Workspace", "Exemption", "Until", "Reason"];
    page.table("Exempt members", headings, summary::exempt(report), row)
}

fn workspaces(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let row = |workspace: &Workspace| {
        [
            markdown(&workspace.slug).into_owned(),
            if workspace.complete { workspace.members.to_string() } else { "unknown".to_owned() },
            markdown(&summary::read_how(workspace)).into_owned(),
        ]
    };
    page.table("Workspaces", ["Workspace", "Members", "Read"], report.workspaces.iter(), row)
}

//! The summary for a person at a terminal or before a CI log: the verdict first, then who and why
//! and what to do next, then what was counted, then the files that were written.

use std::cmp::min;
use std::io;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style as Paint};

use super::changes;
use super::summary;
use super::summary::Headline;
use super::wrap::{WIDTH, wrap};
use crate::escape::terminal;
use crate::report::{Changes, Concern, Finding, Report, Severity, Verdict, Workspace};
use crate::rule::{Rule, Subject};

/// How many members are listed in all, and how many things of any other kind; the rest is counted.
const MAX_LISTED: usize = 50;

/// Where to find the members that are not listed.
const ALL_MEMBERS: &str = "`--report csv=FILE` lists all";

/// How the summary looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour it.
    pub color: bool,
    /// Whether to write only the verdict and what weakens it.
    pub quiet: bool,
    /// How wide a line may be, in cells.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Style { color: false, quiet: false, width: WIDTH }
    }
}

/// Writes the summary.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write, style: Style) -> io::Result<()> {
    let mut console = Console::new(out, style);
    let headline = summary::headline(report);
    let verdict = console.paint.verdict(report.verdict);
    console.headline(headline, verdict, style)?;
    for caveat in summary::caveats(report) {
        console.advice("note:", &caveat, console.paint.strong)?;
    }
    if style.quiet {
        return Ok(());
    }
    console.findings(report)?;
    if let Some(hint) = summary::sign_on_hint(report) {
        writeln!(console.out)?;
        console.advice("hint:", hint, console.paint.strong)?;
    }
    if let Some(changes) = &report.changes {
        console.changes(report, changes)?;
    }
    console.counts(report)
}

/// Names the files that were written.
///
/// # Errors
/// Those of `out`.
pub fn written(files: &[PathBuf], out: &mut dyn io::Write, style: Style) -> io::Result<()> {
    if files.is_empty() || style.quiet {
        return Ok(());
    }
    let files: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let files = terminal(&files.join(", ")).into_owned();
    writeln!(out, "written: {}", wrap(&files, style.width, 9, 9))
}

/// Names what was sent to others.
///
/// # Errors
/// Those of `out`.
pub(crate) fn sent(sent: &[&str], out: &mut dyn io::Write, style: Style) -> io::Result<()> {
    if sent.is_empty() || style.quiet {
        return Ok(());
    }
    writeln!(out, "sent: {}", sent.join(", "))
}

/// Where the summary is written to.
pub(super) struct Console<'a> {
    pub(super) out: &'a mut dyn io::Write,
    pub(super) paint: Palette,
    pub(super) width: usize,
}

/// The findings of one rule and level.
struct Group<'a> {
    rule: Rule,
    level: Severity,
    findings: Vec<&'a Finding>,
    /// How many are listed.
    listed: usize,
}

impl<'a> Console<'a> {
    pub(super) fn new(out: &'a mut dyn io::Write, style: Style) -> Self {
        Console { out, paint: Palette::new(style.color), width: style.width }
    }

    /// The verdict, and what it rests on.
    pub(super) fn headline(
        &mut self,
        headline: Headline,
        paint: Paint,
        style: Style,
    ) -> io::Result<()> {
        let Headline { verdict, reasons } = headline;
        let reasons = if style.quiet { vec![reasons.join("; ")] } else { reasons };
        let mut label = format!("{verdict}:");
        let indent = label.len() + 1;
        // In quiet mode the verdict is one line, for scripts.
        let width = if style.quiet { usize::MAX } else { style.width };
        for reason in &reasons {
            let reason = wrap(&terminal(reason), width, indent, indent);
            writeln!(self.out, "{paint}{label} {reason}{paint:#}")?;
            label = " ".repeat(label.len());
        }
        Ok(())
    }

    /// The findings by rule, errors first, each rule with what to do about it.
    fn findings(&mut self, report: &Report) -> io::Result<()> {
        let group = |(level, rule, findings)| Group { rule, level, listed: MAX_LISTED, findings };
        let mut groups: Vec<Group<'_>> = summary::by_rule(report).map(group).collect();
        share(&mut groups);
        let several = report.workspaces.len() > 1;
        let accept = summary::accepted(report, ", ");
        groups.iter().try_for_each(|group| self.group(group, several, &accept))
    }

    fn group(&mut self, group: &Group<'_>, several: bool, accept: &str) -> io::Result<()> {
        let Group { rule, level, findings, listed } = group;
        let (color, strong, faint) =
            (self.paint.severity(*level), self.paint.strong, self.paint.faint);
        let (level, title, number) = (level.id(), rule.title(), findings.len());
        writeln!(self.out, "\n{color}{level}{color:#}{strong}: {title} ({number}){strong:#}")?;
        let help = findings.first().map(|finding| &*finding.help);
        let is_common = findings.iter().all(|finding| Some(&*finding.help) == help);
        for finding in findings.iter().take(*listed) {
            match rule.subject() {
                Subject::Member => self.item(&member(finding, several, accept))?,
                Subject::Exemption => {
                    let place = &finding.location;
                    self.item(&format!("{} [{}:{}]", finding.message, place.path, place.line))?;
                }
                Subject::Workspace => self.item(&finding.message)?,
            }
            if !is_common {
                self.advice("help:", &finding.help, faint)?;
            }
        }
        let (thing, where_) = match rule.subject() {
            Subject::Member => ("member", ALL_MEMBERS),
            Subject::Exemption => ("exemption", "`mfa-gate policy list` lists all"),
            Subject::Workspace => ("workspace", "`--report json=FILE` lists all"),
        };
        self.more(number, *listed, thing, where_)?;
        help.filter(|_| is_common).map_or(Ok(()), |help| self.advice("help:", help, faint))
    }

    /// What changed since an earlier run; what stayed as it was is among the findings.
    fn changes(&mut self, report: &Report, changes: &Changes) -> io::Result<()> {
        let strong = self.paint.strong;
        let headline = terminal(&changes::headline(report, changes)).into_owned();
        writeln!(self.out, "\n{strong}{}{strong:#}", wrap(&headline, self.width, 0, 2))?;
        for (label, concerns) in [("new", &changes.new), ("fixed", &changes.fixed)] {
            for concern in concerns.iter().take(MAX_LISTED) {
                let said = |concern: &Concern| {
                    format!("{}: {}", changes::about(concern), changes::said(concern))
                };
                self.labelled(label, 8, &said(concern), self.paint.faint)?;
            }
            self.more(concerns.len(), MAX_LISTED, label, "`--report html=FILE` lists all")?;
        }
        for caveat in changes::caveats(report, changes) {
            self.advice("note:", &caveat, self.paint.faint)?;
        }
        Ok(())
    }

    fn counts(&mut self, report: &Report) -> io::Result<()> {
        writeln!(self.out)?;
        let workspace = |workspace: &Workspace| match workspace.complete {
            true => summary::read(workspace),
            // The findings above say why, and what to do about it.
            false => format!("{}: could not be checked", workspace.slug),
        };
        for line in report.workspaces.iter().take(MAX_LISTED).map(workspace) {
            self.line(&line)?;
        }
        let all = "`--report json=FILE` lists all";
        self.more(report.workspaces.len(), MAX_LISTED, "workspace", all)?;
        for source in summary::other_sources(&report.source) {
            self.line(&source)?;
        }
        self.line(&summary::counts(report))
    }

    /// A line of its own.
    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", wrap(&terminal(text), self.width, 0, 4))
    }

    /// An item of a list.
    pub(super) fn item(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "  {}", wrap(&terminal(text), self.width, 2, 4))
    }

    /// A note, a hint or a help.
    pub(super) fn advice(&mut self, label: &str, text: &str, paint: Paint) -> io::Result<()> {
        self.labelled(label, label.len() + 3, text, paint)
    }

    /// A text that starts at `indent`, after a label.
    fn labelled(&mut self, label: &str, indent: usize, text: &str, paint: Paint) -> io::Result<()> {
        let text = wrap(&terminal(text), self.width, indent, indent);
        let gap = indent.saturating_sub(label.len() + 2);
        writeln!(self.out, "  {paint}{label}{paint:#}{:gap$}{text}", "")
    }

    /// Counts what is not listed, and says where it is.
    pub(super) fn more(
        &mut self,
        all: usize,
        listed: usize,
        thing: &str,
        where_: &str,
    ) -> io::Result<()> {
        match all.saturating_sub(listed) {
            0 => Ok(()),
            left => {
                let more = summary::count(summary::number(left), &format!("more {thing}"));
                self.item(&format!("and {more}; {where_}"))
            }
        }
    }
}

/// Divides the room for members among the rules, so that each shows some of its own.
fn share(groups: &mut [Group<'_>]) {
    let about_members = |group: &&mut Group<'_>| group.rule.subject() == Subject::Member;
    let mut groups: Vec<&mut Group<'_>> = groups.iter_mut().filter(about_members).collect();
    // What a small group leaves free goes to the larger ones after it.
    groups.sort_by_key(|group| group.findings.len());
    let (mut room, mut waiting) = (MAX_LISTED, groups.len());
    for group in groups {
        group.listed = min(group.findings.len(), room.div_ceil(waiting.max(1)));
        room -= group.listed;
        waiting -= 1;
    }
}

/// Who it is and what was seen. Where one source is accepted, the title of the rule says that.
fn member(finding: &Finding, several_workspaces: bool, accept: &str) -> String {
    let Some((who, seen)) = summary::who_and_seen(finding) else {
        return finding.message.clone();
    };
    let seen = seen.strip_prefix(accept).map_or(seen, |rest| rest.trim_start_matches("; "));
    let place = match &finding.workspace {
        Some(slug) if several_workspaces => format!(" in {slug}"),
        Some(_) | None => String::new(),
    };
    if seen.is_empty() { format!("{who}{place}") } else { format!("{who}{place}: {seen}") }
}

/// The styles in use; all of them plain where no colour is wanted.
pub(super) struct Palette {
    pub(super) good: Paint,
    caution: Paint,
    pub(super) bad: Paint,
    pub(super) strong: Paint,
    faint: Paint,
}

impl Palette {
    fn new(color: bool) -> Self {
        let paint = |style| if color { style } else { Paint::new() };
        let bold = Paint::new().bold();
        Palette {
            good: paint(bold.fg_color(Some(AnsiColor::Green.into()))),
            caution: paint(bold.fg_color(Some(AnsiColor::Yellow.into()))),
            bad: paint(bold.fg_color(Some(AnsiColor::Red.into()))),
            strong: paint(bold),
            faint: paint(Paint::new().dimmed()),
        }
    }

    fn verdict(&self, verdict: Verdict) -> Paint {
        match verdict {
            Verdict::Compliant => self.good,
            Verdict::NotEnforced => self.caution,
            Verdict::Violations | Verdict::Incomplete => self.bad,
        }
    }

    fn severity(&self, severity: Severity) -> Paint {
        match severity {
            Severity::Error => self.bad,
            Severity::Warning => self.caution,
        }
    }
}

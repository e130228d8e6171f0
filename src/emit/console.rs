//! The summary for a person at a terminal or before a CI log: the verdict first, then who and why
//! and what to do next, then what was counted.

use std::io;

use anstyle::{AnsiColor, Style as Paint};
use unicode_width::UnicodeWidthStr;

use super::changes;
use super::summary;
use super::summary::Subject;
use crate::escape::terminal;
use crate::report::{Changes, Finding, Report, Severity, Verdict};
use crate::rule::Rule;

/// How many members are listed, and how many entries of any other kind; the rest is counted.
const MAX_LISTED: usize = 50;

/// How wide advice is set. What was seen stands on one line each, whole, for `grep`.
const MAX_WIDTH: usize = 80;

/// How the summary looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour it.
    pub color: bool,
    /// Whether to write no more than the verdict and what weakens it.
    pub quiet: bool,
}

/// Writes the summary.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write, style: Style) -> io::Result<()> {
    let paint = Palette::new(style.color);
    let headline = summary::headline(report);
    let verdict = paint.verdict(report.verdict);
    if style.quiet {
        writeln!(out, "{verdict}{}{verdict:#}", terminal(&headline.to_string()))?;
        for caveat in summary::caveats(report) {
            advice("note:", &caveat, paint.strong, out)?;
        }
        return Ok(());
    }
    let mut label = format!("{}:", headline.verdict);
    for reason in &headline.reasons {
        writeln!(out, "{verdict}{label} {}{verdict:#}", terminal(reason))?;
        label = " ".repeat(label.len());
    }
    for caveat in summary::caveats(report) {
        advice("note:", &caveat, paint.strong, out)?;
    }
    findings(report, out, &paint)?;
    if let Some(changes) = &report.changes {
        compared(report, changes, out, &paint)?;
    }
    writeln!(out)?;
    for workspace in report.workspaces.iter().take(MAX_LISTED) {
        // Why that is stands above, with what to do about it.
        let line = if workspace.complete {
            summary::read(workspace)
        } else {
            format!("{}: could not be checked", workspace.slug)
        };
        writeln!(out, "{}", terminal(&line))?;
    }
    more(report.workspaces.len(), MAX_LISTED, "workspace", out)?;
    for source in summary::other_sources(&report.source) {
        writeln!(out, "{}", terminal(&source))?;
    }
    writeln!(out, "{}", terminal(&summary::counts(report)))
}

/// The findings by rule, errors first, each rule with what to do about it.
fn findings(report: &Report, out: &mut dyn io::Write, paint: &Palette) -> io::Result<()> {
    let mut members_left = MAX_LISTED;
    for severity in [Severity::Error, Severity::Warning] {
        for rule in Rule::ALL {
            let found: Vec<&Finding> = summary::of_rule(report, rule)
                .filter(|finding| finding.level == severity)
                .collect();
            if found.is_empty() {
                continue;
            }
            let room = match summary::subject(rule) {
                Subject::Member => {
                    let room = members_left;
                    members_left = members_left.saturating_sub(found.len());
                    room
                }
                Subject::Exemption | Subject::Workspace => MAX_LISTED,
            };
            group(rule, &found, room, out, paint)?;
        }
    }
    if let Some(hint) = summary::sign_on_hint(report) {
        writeln!(out)?;
        advice("hint:", hint, paint.strong, out)?;
    }
    Ok(())
}

/// The findings of one rule and level, as many as there is room for.
fn group(
    rule: Rule,
    found: &[&Finding],
    room: usize,
    out: &mut dyn io::Write,
    paint: &Palette,
) -> io::Result<()> {
    let Some(first) = found.first() else { return Ok(()) };
    let (color, strong, faint) = (paint.severity(first.level), paint.strong, paint.faint);
    let level = summary::level(first.level);
    let number = found.len();
    writeln!(out, "\n{color}{level}{color:#}{strong}: {} ({number}){strong:#}", rule.title())?;
    for finding in found.iter().take(room) {
        write!(out, "  {}", terminal(&finding.message))?;
        match summary::subject(rule) {
            Subject::Exemption => {
                let path = &finding.location.path;
                write!(out, " {faint}[{}:{}]{faint:#}", terminal(path), finding.location.line)?;
            }
            Subject::Member | Subject::Workspace => {}
        }
        writeln!(out)?;
        if finding.help != rule.help() {
            advice("help:", &finding.help, faint, out)?;
        }
    }
    let thing = match summary::subject(rule) {
        Subject::Member => "member",
        Subject::Exemption => "exemption",
        Subject::Workspace => "workspace",
    };
    more(number, room, thing, out)?;
    if found.iter().any(|finding| finding.help == rule.help()) {
        advice("help:", rule.help(), faint, out)?;
    }
    Ok(())
}

/// What changed since an earlier run; what stayed as it was stands among the findings.
fn compared(
    report: &Report,
    changes: &Changes,
    out: &mut dyn io::Write,
    paint: &Palette,
) -> io::Result<()> {
    let (strong, faint) = (paint.strong, paint.faint);
    writeln!(out, "\n{strong}{}{strong:#}", terminal(&changes::headline(changes)))?;
    for (label, concerns) in [("new", &changes.new), ("fixed", &changes.fixed)] {
        for concern in concerns.iter().take(MAX_LISTED) {
            let (about, said) = (changes::about(concern), changes::said(concern));
            writeln!(out, "  {faint}{label:5}{faint:#} {}: {said}", terminal(&about))?;
        }
        if concerns.len() > MAX_LISTED {
            writeln!(out, "  and {} more {label}", concerns.len() - MAX_LISTED)?;
        }
    }
    for caveat in changes::caveats(report, changes) {
        advice("note:", &caveat, faint, out)?;
    }
    Ok(())
}

/// Writes a labelled text, indented and wrapped at blanks.
fn advice(label: &str, text: &str, paint: Paint, out: &mut dyn io::Write) -> io::Result<()> {
    let indent = label.len() + 2;
    write!(out, "  {paint}{label}{paint:#}")?;
    let mut column = indent;
    for word in terminal(text).split_whitespace() {
        let width = word.width();
        if column > indent && column + 1 + width > MAX_WIDTH {
            write!(out, "\n{:indent$}", "")?;
            column = indent;
        }
        write!(out, " {word}")?;
        column += 1 + width;
    }
    writeln!(out)
}

/// Counts what is not listed.
fn more(all: usize, listed: usize, thing: &str, out: &mut dyn io::Write) -> io::Result<()> {
    match all.saturating_sub(listed) {
        0 => Ok(()),
        left => writeln!(out, "  and {} more", summary::count(summary::number(left), thing)),
    }
}

/// The styles in use; all of them plain where no colour is wanted.
struct Palette {
    good: Paint,
    caution: Paint,
    bad: Paint,
    strong: Paint,
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

//! Markdown for a step summary or a ticket: the verdict, then a list of each kind.

use std::io;

use super::{sections, verdict, words};
use crate::emit::summary::{count, number};
use crate::escape::markdown;
use crate::report::Audit;

/// How many things of a kind are listed.
const MAX_LISTED: usize = 100;

/// Writes the page.
pub(super) fn write(audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    let headline = verdict::headline(audit);
    let (slugs, period) = (words::workspaces(audit), words::period(audit));
    writeln!(out, "## mfa-gate audit: {}\n", headline.verdict)?;
    writeln!(out, "{}, {period} (UTC)\n", markdown(&slugs))?;
    for reason in &headline.reasons {
        writeln!(out, "- {}", markdown(reason))?;
    }
    for caveat in verdict::caveats(audit) {
        writeln!(out, "\n> **Note:** {}", markdown(&caveat))?;
    }
    for help in verdict::help(audit) {
        writeln!(out, "\n> **Help:** {}", markdown(help))?;
    }
    for (title, lines) in sections(audit) {
        if lines.is_empty() {
            continue;
        }
        writeln!(out, "\n### {title}\n")?;
        for line in lines.iter().take(MAX_LISTED) {
            writeln!(out, "- {}", markdown(line))?;
        }
        let left = number(lines.len().saturating_sub(MAX_LISTED));
        if left > 0 {
            let more = count(left, "more line");
            writeln!(out, "- and {more}; the JSON and HTML reports have all of them")?;
        }
    }
    let tool = &audit.tool;
    writeln!(out, "\n{} {}, {}.", tool.name, markdown(&tool.version), markdown(&audit.scope))
}

//! The summary of an audit for a person at a terminal.

use std::io;

use super::{sections, verdict};
use crate::emit::console::{Console, Style};
use crate::report::{Audit, PeriodVerdict};

/// How many things of a kind are listed; the rest is counted.
const MAX_LISTED: usize = 20;

/// Writes the summary.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(audit: &Audit, out: &mut dyn io::Write, style: Style) -> io::Result<()> {
    let mut console = Console::new(out, style);
    let paint = match audit.verdict {
        PeriodVerdict::Covered => console.paint.good,
        PeriodVerdict::Violations | PeriodVerdict::Gaps => console.paint.bad,
    };
    console.headline(verdict::headline(audit), paint, style)?;
    for caveat in verdict::caveats(audit) {
        console.advice("note:", &caveat, console.paint.strong)?;
    }
    if style.quiet {
        return Ok(());
    }
    for help in verdict::help(audit) {
        console.advice("help:", help, console.paint.strong)?;
    }
    for (title, lines) in sections(audit) {
        if lines.is_empty() {
            continue;
        }
        let strong = console.paint.strong;
        writeln!(console.out, "\n{strong}{title} ({}){strong:#}", lines.len())?;
        for line in lines.iter().take(MAX_LISTED) {
            console.item(line)?;
        }
        console.more(lines.len(), MAX_LISTED, "line", "`--report html=FILE` lists all")?;
    }
    Ok(())
}

//! The formats of an audit: written from the [`Audit`] alone, like those of a report.

mod console;
mod csv;
mod markdown;
pub(in crate::emit) mod verdict;
pub(in crate::emit) mod words;

use std::io;

pub(crate) use console::write as console;
pub(crate) use words::{length, time};

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

/// What an audit lists, the same on the console and in Markdown: a kind of thing and its lines, in the
/// order in which a reader asks for them; some have no line.
pub(super) fn sections(audit: &Audit) -> Vec<(&'static str, Vec<String>)> {
    let exposures = words::exposed(audit).map(|(person, exposure)| {
        let exposure = words::exposure(exposure);
        format!("{} in {}: {exposure}", words::person(person), person.workspace)
    });
    let gaps = words::gaps(audit).map(|(workspace, gap)| words::gap(workspace, gap));
    let not_allowed = audit.policies.iter().filter(|policy| policy.allowed == Some(false));
    let not_allowed = not_allowed.map(|policy| {
        let (first, last) = (words::time(policy.first), words::time(policy.last));
        format!("{} ({}), {first} to {last}", policy.sha256, policy.path)
    });
    let exemptions = audit.exemptions.iter().map(|exemption| {
        let states: Vec<String> = exemption.states.iter().map(words::state).collect();
        let (id, days) = (&exemption.entry.id, words::days_of(exemption));
        format!("{id}: {days}; {}", states.join(", "))
    });
    let changes = audit.policy_changes.iter().flat_map(|change| {
        let settings = words::settings(change).into_iter();
        let entries = change.exemptions.iter().map(words::entry_change);
        let at = words::policy_change(change);
        settings.chain(entries).map(move |line| format!("{at}: {line}"))
    });
    let workspaces = audit
        .workspaces
        .iter()
        .map(|workspace| format!("{}: {}", workspace.slug, words::looks(audit, workspace)));
    let breaks = audit.chain.breaks.iter().map(words::chain_break);
    let period = format!("{}, UTC", words::period(audit));
    let chain = (audit.chain.reports > 0).then(|| words::chain(audit));
    let evidence = [period, words::files(audit)].into_iter().chain(chain);
    vec![
        ("Exposures", exposures.collect()),
        ("Other broken rules", audit.broken_rules.iter().map(words::broken).collect()),
        ("Gaps", gaps.collect()),
        ("Policies that are not allowed", not_allowed.collect()),
        ("Exemptions", exemptions.collect()),
        ("Changes of the policy", changes.collect()),
        ("Breaks in the chain of reports", breaks.collect()),
        ("Not counted", audit.not_counted.iter().map(words::not_counted).collect()),
        ("Workspaces", workspaces.collect()),
        ("Evidence", evidence.collect()),
    ]
}

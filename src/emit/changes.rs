//! What changed since an earlier run, in the words that formats share. Nothing here is escaped.

use super::summary::{count, number};
use crate::member;
use crate::report::{Changes, Concern, Report, Workspace};

/// The run that is compared with, and how much changed: one line.
pub(crate) fn headline(report: &Report, changes: &Changes) -> String {
    let Changes { new, fixed, staying, not_compared, .. } = changes;
    let since = changes.previous.checked_at.strftime("%Y-%m-%d %H:%M UTC");
    let is_compared = |workspace: &Workspace| !not_compared.contains(&workspace.slug);
    let nothing = new.is_empty() && fixed.is_empty() && staying.is_empty();
    if nothing && !report.workspaces.iter().any(is_compared) {
        return format!("since {since}: not compared");
    }
    format!("since {since}: {} new, {} fixed, {} as before", new.len(), fixed.len(), staying.len())
}

/// What limits the comparison, a line each.
pub(crate) fn caveats(report: &Report, changes: &Changes) -> Vec<String> {
    let other_policy = (changes.previous.policy_sha256 != report.policy.sha256)
        .then(|| "the policy has changed since".to_owned());
    let slugs = &changes.not_compared;
    let not_compared = (!slugs.is_empty()).then(|| {
        format!(
            "{} not compared: {}. Both runs must read a workspace to the end and know its members \
             by the same ids",
            count(number(slugs.len()), "workspace"),
            slugs.join(", ")
        )
    });
    other_policy.into_iter().chain(not_compared).collect()
}

/// What a concern is about.
pub(crate) fn about(concern: &Concern) -> String {
    match (&concern.exemption, &concern.key, &concern.workspace) {
        (Some(id), _, _) => format!("exemption {id}"),
        (None, Some(key), Some(slug)) => {
            format!("{} in {slug}", member::label(key, [&concern.name, &None]))
        }
        (None, Some(key), None) => key.to_string(),
        (None, None, _) => concern.rule.title().to_owned(),
    }
}

/// The rule of a new concern, or how a fixed one was settled.
pub(crate) fn said(concern: &Concern) -> &'static str {
    concern.settled.map_or_else(|| concern.rule.title(), |settled| settled.words())
}

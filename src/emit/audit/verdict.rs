//! What an audit comes to: its verdict and why, what to do, and what to know before relying on it.
//! Nothing here is escaped.

use super::words::{dropped, length, time, unseen, workspaces};
use crate::emit::summary::{Headline, count, number, redacted, redirected, unseen as coverage_gap};
use crate::report::{Audit, PeriodVerdict, Why};

/// The verdict, and what it rests on.
pub(crate) fn headline(audit: &Audit) -> Headline {
    let summary = &audit.summary;
    let looks = count(summary.looks, "look");
    let max_gap = length(audit.options.max_gap_s);
    let all = audit.workspaces.iter().flat_map(|workspace| &workspace.looks);
    let exposing = all.filter(|look| look.exposed > 0).count();
    let broken = number(audit.broken_rules.len());
    let when = |number: u64, reason: String| (number > 0).then_some(reason);
    let violations = [
        when(
            summary.exposed_people,
            format!(
                "{} with no second factor seen and no valid exemption, at {exposing} of {looks}",
                count(summary.exposed_people, "member"),
            ),
        ),
        when(broken, format!("{} broken", count(broken, "other rule"))),
        (summary.exposed_people + broken == 0)
            .then(|| "a report that is not evidence shows violations all the same".into()),
    ];
    let gaps = [
        when(
            summary.gaps,
            format!("{} of more than {max_gap} without a look", count(summary.gaps, "gap")),
        ),
        (summary.looks == 0).then(|| {
            let outside = audit.files.before + audit.files.after;
            let outside = when(outside, format!("; {} outside of it", are(outside, "report")));
            let outside = outside.unwrap_or_default();
            format!("no complete reading by a live report within the period{outside}")
        }),
        when(summary.not_evidence, format!("{} not evidence", are(summary.not_evidence, "report"))),
        when(
            summary.policies_not_allowed,
            format!("{} not allowed", are(summary.policies_not_allowed, "policy file")),
        ),
    ];
    let (verdict, reasons): (_, Vec<String>) = match audit.verdict {
        PeriodVerdict::Covered => {
            let longest =
                audit.workspaces.iter().map(|workspace| workspace.longest_stretch_s).max();
            let longest = unseen(longest.unwrap_or_default());
            ("covered", vec![format!("{looks}, all compliant"), longest])
        }
        PeriodVerdict::Violations => {
            ("violations", violations.into_iter().chain(gaps).flatten().collect())
        }
        PeriodVerdict::Gaps => ("gaps", gaps.into_iter().flatten().collect()),
    };
    Headline { verdict, reasons }
}

fn are(number: u64, thing: &str) -> String {
    format!("{} {}", count(number, thing), if number == 1 { "is" } else { "are" })
}

/// What to do about what is missing, a sentence each.
pub(crate) fn help(audit: &Audit) -> Vec<&'static str> {
    let summary = &audit.summary;
    let all = [
        (
            summary.looks == 0,
            "Give the reports of runs within the period, or another period; only complete, live \
             ones count.",
        ),
        (
            summary.looks > 0 && summary.gaps > 0,
            "Give the reports that are missing from the gaps. If there was no run, find out why \
             its schedule stopped.",
        ),
        (
            summary.not_evidence > 0,
            "`mfa-gate verify REPORT.json` says what is wrong with a report that is not evidence.",
        ),
        (
            summary.policies_not_allowed > 0,
            "If a policy that is not allowed was approved, give its digest with --policy-sha256 \
             too.",
        ),
    ];
    all.into_iter().filter_map(|(applies, help)| applies.then_some(help)).collect()
}

/// What a reader has to know before relying on the verdict.
pub(crate) fn caveats(audit: &Audit) -> Vec<String> {
    let mut caveats = Vec::new();
    let not_counted = audit.not_counted.iter().filter(|file| file.why != Why::NotEvidence).count();
    if not_counted > 0 {
        caveats.push(format!(
            "{} or parts of reports count for nothing: not live, or not read to the end",
            count(number(not_counted), "report")
        ));
    }
    let breaks = number(audit.chain.breaks.len());
    if breaks > 0 {
        caveats.push(format!(
            "the chain of reports breaks {}: an earlier report was removed, replaced or edited",
            count(breaks, "time")
        ));
    }
    if !audit.options.workspace.is_empty() {
        caveats.push(format!("--workspace: only {} looked at", workspaces(audit)));
    }
    caveats.extend(audit.workspaces.iter().filter_map(|workspace| {
        let since = time(dropped(audit, workspace)?);
        Some(format!(
            "{} has been in no policy since {since}, and needs no look from then on",
            workspace.slug
        ))
    }));
    caveats.extend(not_looked_at(audit));
    caveats.extend(redirected(&audit.redirected_by));
    caveats.extend(audit.redaction.as_ref().map(redacted));
    for change in &audit.policy_changes {
        let weaker = change.rules.iter().filter(|rule| rule.from < rule.to);
        caveats.extend(weaker.map(|rule| {
            let (id, from, to) = (rule.rule.id(), rule.from.id(), rule.to.id());
            format!("the rule {id} went from {from} to {to} on {}", time(change.at))
        }));
    }
    caveats
}

/// Who was not looked at, in all runs or in some.
fn not_looked_at(audit: &Audit) -> Option<String> {
    let mut narrow =
        audit.policies.iter().filter_map(|policy| coverage_gap(&policy.effective.coverage));
    let in_some = if narrow.clone().count() < audit.policies.len() { " in some runs" } else { "" };
    narrow.next().map(|unseen| format!("{unseen}{in_some}"))
}

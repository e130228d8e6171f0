//! The coverage chart: every member once, by what protects or excuses it.

use super::scale::Percent;
use crate::emit::summary;
use crate::emit::summary::count;
use crate::report::Report;

/// The least width of a part: one member of ten thousand is seen as well.
const LEAST: u64 = 80;

/// A bar over all members, in parts.
pub(super) struct Coverage {
    /// How many are proven to have a second factor, of those who log in.
    pub(super) sentence: String,
    /// The parts with at least one member, from protected to not applicable.
    pub(super) parts: Vec<Part>,
}

/// Members of one outcome.
pub(super) struct Part {
    /// How it is painted.
    pub(super) class: &'static str,
    /// Whether lines mark it as well, for readers who see no colours.
    pub(super) hatched: bool,
    /// What its members have in common.
    pub(super) label: String,
    /// How many there are.
    pub(super) count: u64,
    /// Where it begins.
    pub(super) start: Percent,
    /// How wide it is.
    pub(super) width: Percent,
}

impl Coverage {
    pub(super) fn new(report: &Report) -> Self {
        let summary = &report.summary;
        let unknown = summary::unknown_violations(report);
        let part = |class, hatched, label, count| {
            let (start, width) = (Percent(0), Percent(0));
            Part { class, hatched, label, count, start, width }
        };
        let roster = report.policy.effective.roster;
        let protected = summary.protected_by.iter().map(|(&by, &count)| {
            part(by.id(), false, format!("protected: {}", roster.protection(by)), count)
        });
        let off = summary.violations.saturating_sub(unknown);
        let others = [
            part("exempt", true, "exempt".into(), summary.exempt),
            part("off", false, "no second factor seen".into(), off),
            part("unknown", true, "second factor unknown".into(), unknown),
            part("idle", false, "not applicable".into(), summary.not_applicable),
        ];
        let mut parts: Vec<Part> = protected.chain(others).filter(|part| part.count > 0).collect();
        lay_out(&mut parts);
        Coverage { sentence: sentence(report), parts }
    }

    /// The chart in words.
    pub(super) fn described(&self) -> String {
        let part = |part: &Part| format!("{}: {}", part.label, part.count);
        self.parts.iter().map(part).collect::<Vec<_>>().join("; ")
    }
}

/// Gives each part its share, or the least width at the expense of the widest.
fn lay_out(parts: &mut [Part]) {
    let all: u64 = parts.iter().map(|part| part.count).sum();
    for part in parts.iter_mut() {
        part.width = Percent::of(part.count, all).at_least(LEAST);
    }
    let taken: u64 = parts.iter().map(|part| part.width.0).sum();
    if let Some(widest) = parts.iter_mut().max_by_key(|part| part.width.0) {
        widest.width.0 = (widest.width.0 + Percent::WHOLE).saturating_sub(taken);
    }
    let mut start = 0;
    for part in parts {
        part.start = Percent(start);
        start += part.width.0;
    }
}

/// How many members are protected, in whole percent, rounded down: 100 is all of them.
fn sentence(report: &Report) -> String {
    let summary = &report.summary;
    let applicable = summary.members.saturating_sub(summary.not_applicable);
    let Some(percent) = summary.protected.saturating_mul(100).checked_div(applicable) else {
        return "No member who logs in is listed.".into();
    };
    let have = if summary.protected == 1 { "has" } else { "have" };
    let unread =
        if report.complete { "" } else { " Workspaces that could not be checked are not counted." };
    let people = match summary::several_people(report) {
        Some(members) => format!(" There are {members}."),
        None => String::new(),
    };
    format!(
        "{} of {} who log in {have} a proof of a second factor that the policy accepts: \
         {percent} %.{unread}{people}",
        summary.protected,
        count(applicable, "member")
    )
}

//! What an audit found, a line each, in the words of all its formats. Nothing here is escaped.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::emit::summary::{count, number, slugs, some};
use crate::member;
use crate::report::{
    Audit, AuditedExemption, AuditedWorkspace, BrokenRule, ChainBreak, Ended, EntryChange,
    ExemptionChange, Exposure, Gap, NotCounted, Person, PolicyChange, StateSpan,
};
use crate::words::Word;

/// How many digits of a digest tell one policy from another at a glance.
const SHORT: usize = 12;

/// A time to the minute.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A length of time in its two largest units, rounded down. What is under two days is counted in
/// hours, as the schedules of runs are.
pub(crate) fn length(seconds: i64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let (days, rest) = (hours / 24, hours % 24);
    let in_days = count(days.unsigned_abs(), "day");
    match (days, hours, minutes) {
        (_, 0, 0) => format!("{seconds} s"),
        (_, 0, _) => format!("{minutes} min"),
        (0 | 1, _, 0) => format!("{hours} h"),
        (0 | 1, ..) => format!("{hours} h {minutes} min"),
        _ if rest == 0 => in_days,
        _ => format!("{in_days} {rest} h"),
    }
}

/// The first digits of a digest.
pub(crate) fn short(digest: &str) -> &str {
    digest.get(..SHORT).unwrap_or(digest)
}

/// The period in words.
pub(crate) fn period(audit: &Audit) -> String {
    format!("{} to {}", audit.from, audit.to)
}

/// The workspaces, by name or counted.
pub(crate) fn workspaces(audit: &Audit) -> String {
    if audit.workspaces.is_empty() {
        return "no workspace".into();
    }
    slugs(audit.workspaces.iter().map(|workspace| &*workspace.slug))
}

/// What `people` has a row of: a person can be a member of several workspaces.
pub(crate) fn membership(audit: &Audit) -> &'static str {
    if audit.workspaces.len() > 1 { "membership" } else { "member" }
}

/// The longest time without a look.
pub(super) fn unseen(seconds: i64) -> String {
    format!("longest time without a look: {}", length(seconds))
}

/// A person for people: the name, and the key whole.
pub(crate) fn person(person: &Person) -> String {
    member::label(&person.key, [&person.name, &None])
}

/// What was seen of a member in an exposure.
pub(crate) fn seen(exposure: &Exposure) -> String {
    match (exposure.unknown, exposure.looks) {
        (0, _) => "no second factor seen".into(),
        (unknown, looks) if unknown == looks => "second factor unknown".into(),
        (unknown, looks) => {
            format!("no second factor seen, unknown at {unknown} of {}", count(looks, "look"))
        }
    }
}

/// The least and the most that an exposure can have lasted.
pub(crate) fn interval(exposure: &Exposure) -> String {
    let (first, last) = (time(exposure.first_seen), time(exposure.last_seen));
    let least = if exposure.looks == 1 {
        format!("seen once, {first}")
    } else {
        let looks = count(exposure.looks, "look");
        format!("at least {} ({first} to {last}, {looks})", length(exposure.at_least_s))
    };
    let most = match (exposure.look_before, exposure.look_after) {
        (Some(before), Some(after)) => {
            let most = length(exposure.at_most_s.unwrap_or_default());
            format!("at most {most} ({} to {})", time(before), time(after))
        }
        (None, Some(after)) => format!("no look before, ended by {}", time(after)),
        (Some(before), None) => format!("after {}, not seen to end", time(before)),
        (None, None) => "no look before, not seen to end".into(),
    };
    format!("{least}; {most}")
}

/// How an exposure ended, after "then".
pub(crate) fn ended(exposure: &Exposure) -> Option<&'static str> {
    exposure.ended.map(|ended| match ended {
        Ended::Protected => "protected",
        Ended::Exempt => "exempt",
        Ended::NotApplicable => "an account that cannot log in",
        Ended::Left => "not in the workspace any more",
    })
}

/// An exposure in one line.
pub(crate) fn exposure(exposure: &Exposure) -> String {
    let then = ended(exposure).map(|ended| format!("; then {ended}")).unwrap_or_default();
    format!("{}, {}{then}", seen(exposure), interval(exposure))
}

/// The exposures of everyone, with who it was.
pub(crate) fn exposed(audit: &Audit) -> impl Iterator<Item = (&Person, &Exposure)> {
    let people = audit.people.iter();
    people.flat_map(|person| person.exposures.iter().map(move |exposure| (person, exposure)))
}

/// A stretch without a look.
pub(crate) fn gap(workspace: &AuditedWorkspace, gap: &Gap) -> String {
    let is_look = workspace.looks.iter().any(|look| look.at == gap.from);
    let is_look = is_look || workspace.look_before == Some(gap.from);
    let from = if is_look { "the look of " } else { "" };
    let (length, slug) = (length(gap.length_s), &workspace.slug);
    format!("{slug}: no look for {length}, from {from}{} to {}", time(gap.from), time(gap.to))
}

/// All gaps of all workspaces.
pub(crate) fn gaps(audit: &Audit) -> impl Iterator<Item = (&AuditedWorkspace, &Gap)> {
    let workspaces = audit.workspaces.iter();
    workspaces.flat_map(|workspace| workspace.gaps.iter().map(move |gap| (workspace, gap)))
}

/// From when on the policies of the period do not name a workspace.
pub(super) fn dropped(audit: &Audit, workspace: &AuditedWorkspace) -> Option<Timestamp> {
    let last_day = workspace.until.to_zoned(TimeZone::UTC).date();
    (last_day <= audit.to).then_some(workspace.until)
}

/// How often a workspace was looked at, and since when or until when, where that was not for the
/// whole period.
pub(crate) fn looks(audit: &Audit, workspace: &AuditedWorkspace) -> String {
    let looks = count(number(workspace.looks.len()), "look");
    let compliant = workspace.looks.iter().filter(|look| look.compliant).count();
    let longest = unseen(workspace.longest_stretch_s);
    let mut line = match workspace.looks.len() {
        0 => "no look".to_owned(),
        _ => format!("{looks}, {compliant} compliant; {longest}"),
    };
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    if day(workspace.from) > audit.from {
        line += &format!("; added on {}", time(workspace.from));
    }
    if let Some(dropped) = dropped(audit, workspace) {
        line += &format!("; in no policy since {}", time(dropped));
    }
    line
}

/// A broken rule in one line.
pub(crate) fn broken(rule: &BrokenRule) -> String {
    let about = match (&rule.exemption, &rule.workspace) {
        (Some(id), _) => format!("exemption {id}: "),
        (None, Some(slug)) => format!("{slug}: "),
        (None, None) => String::new(),
    };
    let (first, last) = (time(rule.first), time(rule.last));
    let when = if rule.reports == 1 {
        format!("in the report of {first}")
    } else {
        format!("in {} from {first} to {last}", count(rule.reports, "report"))
    };
    format!("{about}{}, {when}", rule.rule.title())
}

/// What a policy change says of everything but exemptions, a line each.
pub(crate) fn settings(change: &PolicyChange) -> Vec<String> {
    let rules = change.rules.iter().map(|rule| {
        format!("rule {}: {} before, {} now", rule.rule.id(), rule.from.id(), rule.to.id())
    });
    let settings = change.settings.iter().map(|setting| {
        let is_limit = setting.setting.starts_with("limits.");
        let [from, to] = [&*setting.from, &*setting.to].map(|value| match value {
            "null" if is_limit => "no limit",
            "null" => "not set",
            value => value,
        });
        format!("{}: {from} before, {to} now", setting.setting)
    });
    rules.chain(settings).collect()
}

/// What happened to an exemption from one policy to the next.
pub(crate) fn entry_change(change: &ExemptionChange) -> String {
    let expires = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let mut line = format!("exemption {}: {}", change.exemption, change.change.id());
    line += &match change.change {
        EntryChange::Added => format!(", expires {}", expires(change.expires)),
        EntryChange::Extended | EntryChange::Shortened => {
            format!(" from {} to {}", expires(change.expired), expires(change.expires))
        }
        EntryChange::Reworded | EntryChange::Removed => String::new(),
    };
    if !change.fields.is_empty() {
        line += &format!(", changed: {}", change.fields.join(", "));
    }
    if let Some(approver) = &change.approved_by {
        line += &format!(", approved by {approver}");
    }
    line
}

/// From which policy to which, and when.
pub(crate) fn policy_change(change: &PolicyChange) -> String {
    let again = if change.times > 1 { format!(", {} times", change.times) } else { String::new() };
    format!(
        "{}: policy {} after {}{again}",
        time(change.at),
        short(&change.to),
        short(&change.from)
    )
}

/// On how many days an exemption was in force and needed.
pub(crate) fn days_of(exemption: &AuditedExemption) -> String {
    let [in_force, needed] =
        [exemption.days_in_force, exemption.days_needed].map(|days| count(days, "day"));
    format!("in force on {in_force}, needed on {needed}")
}

/// A state of an exemption, and from when to when it had it.
pub(crate) fn state(span: &StateSpan) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let (first, last) = (day(span.first), day(span.last));
    let state = span.state.words();
    if first == last { format!("{state} {first}") } else { format!("{state} {first} to {last}") }
}

/// How far each report names the one before it.
pub(crate) fn chain(audit: &Audit) -> String {
    let chain = &audit.chain;
    let mut parts = vec![format!(
        "{} of {} name an earlier report that is here",
        chain.linked,
        count(chain.reports, "report")
    )];
    parts.extend(some([
        (chain.without_previous, "name none"),
        (chain.from_before, "name one from before the period that is not here"),
        (number(chain.breaks.len()), "name one that is not here as it was"),
    ]));
    parts.join(", ")
}

/// Where the chain breaks.
pub(crate) fn chain_break(broken: &ChainBreak) -> String {
    format!(
        "the report of {} names one of {} ({}), which was removed, replaced or edited",
        time(broken.checked_at),
        time(broken.previous.checked_at),
        short(&broken.previous.sha256)
    )
}

/// A report that counts for nothing, and why.
pub(crate) fn not_counted(file: &NotCounted) -> String {
    let of = file.checked_at.map(|at| format!(" of {}", time(at))).unwrap_or_default();
    let slug = file.workspace.as_ref().map(|slug| format!(", {slug}")).unwrap_or_default();
    let detail = file.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{}{of}{slug}: {}{detail}", file.path, file.why.words())
}

/// How many files were read.
pub(crate) fn files(audit: &Audit) -> String {
    let files = &audit.files;
    let mut parts = vec![count(files.reports, "report")];
    parts.extend(some([
        (files.before, "from before the period"),
        (files.after, "from after it"),
        (files.duplicates, "there twice"),
        (files.other_json, "other JSON"),
    ]));
    parts.join(", ")
}

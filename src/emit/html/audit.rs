//! The page of an audit: of the same make as that of a report, for people and auditors.

use std::cmp::Reverse;
use std::io::{self, BufWriter, Write};

use askama::Template;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{CHUNK, Percent, SCRIPT, STYLE, digest, evidence};
use crate::emit::audit::words;
use crate::emit::summary::{Headline, count, number};
use crate::report::{
    Audit, AuditedExemption, AuditedWorkspace, DayState, PeriodVerdict, Person, Tool, Why,
};

/// What this page has beyond `style.css`.
const AUDIT_STYLE: &str = include_str!("audit/audit.css");

/// How many lines of a kind are drawn; the tables have them all.
const MOST: usize = 60;

/// How many months are named, which is what fits on a telephone.
const NAMED_MONTHS: usize = 6;

/// The least width of a bar: one look is seen as well.
const LEAST: u64 = 50;

/// The distance of two days in a calendar, and the width of what names the days of the week.
const STEP: usize = 14;
const MARGIN: usize = 30;

/// How many days are drawn larger: a bit more than a quarter.
const SHORT: usize = 100;

/// Writes the page.
pub(in crate::emit) fn write(audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    Page::new(audit).write_into(&mut out)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[derive(Template)]
#[template(path = "audit/page.html")]
struct Page<'a> {
    audit: &'a Audit,
    tool: &'a Tool,
    headline: Headline,
    slugs: String,
    period: String,
    caveats: Vec<String>,
    calendars: Vec<Calendar<'a>>,
    months: Vec<Month>,
    exposures: Vec<Line<'a>>,
    exemptions: Vec<Line<'a>>,
    exposed: Vec<&'a Person>,
}

impl<'a> Page<'a> {
    fn new(audit: &'a Audit) -> Self {
        let span = Span::new(audit);
        let is_exposed = |person: &&Person| !person.exposures.is_empty();
        let mut exposed: Vec<&Person> = audit.people.iter().filter(is_exposed).collect();
        exposed.sort_by_key(|person| Reverse(longest(person)));
        let exemptions = audit.exemptions.iter().enumerate().take(MOST);
        Page {
            audit,
            tool: &audit.tool,
            headline: words::headline(audit),
            slugs: words::workspaces(audit),
            period: words::period(audit),
            caveats: words::caveats(audit),
            calendars: audit.workspaces.iter().map(Calendar::new).collect(),
            months: span.months(audit),
            exposures: exposed.iter().take(MOST).map(|person| span.exposures(person)).collect(),
            exemptions: exemptions.map(|(at, own)| span.exemption(at + 1, own)).collect(),
            exposed,
        }
    }
}

/// The days of a workspace: a column a week, from Monday down.
struct Calendar<'a> {
    workspace: &'a AuditedWorkspace,
    width: usize,
    /// How many tenths of its size it is drawn at: a short period has room for larger days.
    scale: usize,
    months: Vec<(usize, String)>,
    days: Vec<Cell>,
    label: String,
}

/// One day of a calendar.
struct Cell {
    x: usize,
    y: usize,
    state: &'static str,
    title: String,
}

impl<'a> Calendar<'a> {
    fn new(workspace: &'a AuditedWorkspace) -> Self {
        let first = workspace.days.first().map(|day| day.day);
        let offset = first.map_or(0, row);
        let (mut cells, mut months) = (Vec::new(), Vec::new());
        for (at, day) in workspace.days.iter().enumerate() {
            let (column, row) = ((at + offset) / 7, row(day.day));
            let x = MARGIN + column * STEP;
            if day.day.day() == 1 || (at == 0 && day.day.day() < 20) {
                months.push((x, day.day.strftime("%b").to_string()));
            }
            let looks = count(day.looks.into(), "look");
            cells.push(Cell {
                x,
                y: 18 + row * STEP,
                state: day.state.id(),
                title: format!("{}: {}, {looks}", day.day, state_words(day.state)),
            });
        }
        let of = |state: DayState| workspace.days.iter().filter(|day| day.state == state).count();
        let counts = STATES
            .into_iter()
            .filter(|state| of(*state) > 0)
            .map(|state| format!("{} {}", count(number(of(state)), "day"), state_words(state)));
        let label = counts.collect::<Vec<_>>().join(", ");
        let width = cells.last().map_or(MARGIN, |cell| cell.x + STEP);
        let scale = if cells.len() > SHORT { 10 } else { 15 };
        Calendar { workspace, width, scale, months, days: cells, label }
    }
}

/// Where a day stands in its week, from Monday.
fn row(day: Date) -> usize {
    usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)
}

/// What a day can have been, in the order of the legend.
const STATES: [DayState; 5] = [
    DayState::Compliant,
    DayState::Violations,
    DayState::Gap,
    DayState::NoLook,
    DayState::OutOfScope,
];

fn state_words(state: DayState) -> &'static str {
    match state {
        DayState::Compliant => "compliant",
        DayState::Violations => "with violations",
        DayState::Gap => "in a gap",
        DayState::NoLook => "without a look",
        DayState::OutOfScope => "not in a policy",
    }
}

/// A line of the time line.
struct Line<'a> {
    /// The place of its row in the table, from 1.
    place: usize,
    name: String,
    sub: &'a str,
    bars: Vec<Bar>,
    said: String,
}

/// A part of a line.
struct Bar {
    class: &'static str,
    start: Percent,
    width: Percent,
}

/// The first day of a month.
struct Month {
    at: Percent,
    name: Option<String>,
}

/// The period as a line.
struct Span {
    start: Timestamp,
    seconds: u64,
}

impl Span {
    fn new(audit: &Audit) -> Self {
        let end = start_of(audit.to.saturating_add(1.day()));
        let start = start_of(audit.from);
        Span { start, seconds: seconds(start, end) }
    }

    fn at(&self, at: Timestamp) -> Percent {
        Percent::of(seconds(self.start, at).min(self.seconds), self.seconds)
    }

    fn bar(&self, class: &'static str, from: Option<Timestamp>, to: Option<Timestamp>) -> Bar {
        let start = from.map_or(Percent(0), |from| self.at(from));
        let end = to.map_or(Percent(Percent::WHOLE), |to| self.at(to));
        let width = Percent(end.0.saturating_sub(start.0)).at_least(LEAST);
        Bar { class, start: Percent(start.0.min(Percent::WHOLE - LEAST)), width }
    }

    /// What an exposure lasted at most, and on it what it lasted at least.
    fn exposures<'a>(&self, person: &'a Person) -> Line<'a> {
        let most =
            person.exposures.iter().map(|own| self.bar("most", own.look_before, own.look_after));
        let least = person.exposures.iter();
        let least = least.map(|own| self.bar("least", Some(own.first_seen), Some(own.last_seen)));
        let longest = longest(person);
        let said = match (person.exposures.as_slice(), longest) {
            ([_], 0) => "seen once".into(),
            ([_], _) => format!("at least {}", words::length(longest)),
            (several, _) => format!(
                "{}, the longest at least {}",
                count(number(several.len()), "exposure"),
                words::length(longest)
            ),
        };
        Line {
            place: 0,
            name: person.name.as_deref().unwrap_or(&person.key).to_owned(),
            sub: &person.workspace,
            bars: most.chain(least).collect(),
            said,
        }
    }

    fn exemption<'a>(&self, place: usize, exemption: &'a AuditedExemption) -> Line<'a> {
        let bar = |own: &crate::report::StateSpan| {
            self.bar(own.state.id(), Some(own.first), Some(own.last))
        };
        Line {
            place,
            name: exemption.entry.id.to_string(),
            sub: exemption.entry.name.as_deref().unwrap_or_default(),
            bars: exemption.states.iter().map(bar).collect(),
            said: format!("needed on {}", count(exemption.days_needed, "day")),
        }
    }

    /// Every month, and the names of some, evenly chosen.
    fn months(&self, audit: &Audit) -> Vec<Month> {
        let first = audit.from.first_of_month();
        let all = first.series(1.month()).take_while(|day| *day <= audit.to);
        let days: Vec<Date> = all.filter(|day| *day >= audit.from).collect();
        let step = days.len().div_ceil(NAMED_MONTHS).max(1);
        let month = |(at, day): (usize, &Date)| Month {
            at: self.at(start_of(*day)),
            name: at.is_multiple_of(step).then(|| day.strftime("%Y-%m").to_string()),
        };
        days.iter().enumerate().map(month).collect()
    }
}

/// The least that the longest exposure of a member lasted, in seconds.
fn longest(person: &Person) -> i64 {
    person.exposures.iter().map(|exposure| exposure.at_least_s).max().unwrap_or(0)
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
}

fn start_of(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |start| start.timestamp())
}

/// The looks of a person, in words.
fn looks(person: &Person) -> String {
    let looks = person.looks;
    let parts = [
        (looks.protected, "protected"),
        (looks.exempt, "exempt"),
        (looks.unprotected, "unprotected"),
        (looks.unknown, "unknown"),
        (looks.not_applicable, "not applicable"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
}

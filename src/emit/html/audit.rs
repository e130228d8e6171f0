//! The page of an audit: of the same make as that of a report, for people and auditors.

use std::cmp::Reverse;
use std::io;

use askama::Template;
use jiff::civil::Date;

use super::scale::{Bar, Month, Scale};
use super::{CHUNK, SCRIPT, STYLE, digest, evidence, spans, write_page};
use crate::emit::audit::{verdict, words};
use crate::emit::summary::{Headline, count, number, some};
use crate::report::{
    Audit, AuditedExemption, AuditedWorkspace, DayState, Person, StateSpan, Tool, Why,
};

/// What this page has beyond `style.css`.
const AUDIT_STYLE: &str = include_str!("audit/audit.css");

/// How many lines of a kind are drawn; the tables have them all.
const MOST: usize = 60;

/// The distance of two days in a calendar, and the width of what names the days of the week.
const STEP: usize = 14;
const MARGIN: usize = 30;

/// How many days are drawn larger: a bit more than a quarter.
const SHORT: usize = 100;

/// Writes the page.
pub(in crate::emit) fn write(audit: &Audit, out: &mut dyn io::Write) -> io::Result<()> {
    write_page(&Page::new(audit), out)
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
        let scale = Scale::new(audit.from, audit.to);
        let is_exposed = |person: &&Person| !person.exposures.is_empty();
        let mut exposed: Vec<&Person> = audit.people.iter().filter(is_exposed).collect();
        exposed.sort_by_key(|person| Reverse(longest(person)));
        let exemptions = (1..).zip(&audit.exemptions).take(MOST);
        Page {
            audit,
            tool: &audit.tool,
            headline: verdict::headline(audit),
            slugs: words::workspaces(audit),
            period: words::period(audit),
            caveats: verdict::caveats(audit),
            calendars: audit.workspaces.iter().map(Calendar::new).collect(),
            months: scale.months(),
            exposures: exposed
                .iter()
                .take(MOST)
                .map(|exposed| Line::exposures(exposed, &scale))
                .collect(),
            exemptions: exemptions
                .map(|(at, exemption)| Line::exemption(at, exemption, &scale))
                .collect(),
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
        let counts = DayState::ALL
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

impl<'a> Line<'a> {
    /// What an exposure lasted at most, and on it what it lasted at least.
    fn exposures(person: &'a Person, scale: &Scale) -> Self {
        let all = || person.exposures.iter();
        let most =
            all().map(|exposure| scale.bar("most", exposure.look_before, exposure.look_after));
        let least = all().map(|exposure| {
            scale.bar("least", Some(exposure.first_seen), Some(exposure.last_seen))
        });
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

    fn exemption(place: usize, exemption: &'a AuditedExemption, scale: &Scale) -> Self {
        let bar = |span: &StateSpan| scale.bar(span.state.id(), Some(span.first), Some(span.last));
        Line {
            place,
            name: exemption.entry.id.to_string(),
            sub: exemption.entry.name.as_deref().unwrap_or_default(),
            bars: exemption.states.iter().map(bar).collect(),
            said: format!("needed on {}", count(exemption.days_needed, "day")),
        }
    }
}

/// The least that the longest exposure of a member lasted, in seconds.
fn longest(person: &Person) -> i64 {
    person.exposures.iter().map(|exposure| exposure.at_least_s).max().unwrap_or(0)
}

/// The looks of a person, in words.
fn looks(person: &Person) -> String {
    let looks = person.looks;
    let parts = some([
        (looks.protected, "protected"),
        (looks.exempt, "exempt"),
        (looks.unprotected, "unprotected"),
        (looks.unknown, "unknown"),
        (looks.not_applicable, "not applicable"),
    ]);
    parts.join(", ")
}

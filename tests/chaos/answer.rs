//! What the server has to say: pages of the list as it is at that moment, and single answers.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::history::{Flag, Person, State};
use crate::schedule::{Cursor, Detour, Ending, Fields, Ids, Numbers, Permission, Schedule, Size};

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Position {
    /// The first one.
    Start,
    /// The one of that number.
    Number(usize),
    /// The one that starts after so many rows; the second figure tells apart addresses that mean
    /// the same.
    Offset(usize, usize),
    /// The one after that member.
    After(usize),
}

/// A request for a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) position: Position,
    pub(crate) wants: Wants,
}

/// What its `fields` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    /// The usual fields, the flag not among them.
    Usual,
    /// The usual fields and the flag.
    More,
    /// The fields that are spelled out.
    SpelledOut,
}

/// A page as it was served.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Its rows, each with the flag that was shown.
    pub(crate) rows: Vec<Person>,
    /// The size it states.
    pub(crate) size: Option<u64>,
    /// Whether it says that another one follows.
    pub(crate) next: bool,
    /// All of it.
    pub(crate) body: Value,
}

/// Where the two servers listen: this one, and the one that must not be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) own: u16,
    pub(crate) other: u16,
}

/// Where the members of a workspace are listed.
pub(crate) fn members_of(slug: &str) -> String {
    format!("/2.0/workspaces/{slug}/members")
}

impl Asked {
    pub(crate) fn parse(query: &str) -> Self {
        let value = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        };
        let cursor = |text: &str| {
            let (kind, rest) = text.split_at(1);
            let mut numbers = rest.split('-').map(|number| number.parse().unwrap());
            match kind {
                "o" => Position::Offset(numbers.next().unwrap(), numbers.next().unwrap()),
                _ => Position::After(numbers.next().unwrap()),
            }
        };
        let number = value("page").map(|page| Position::Number(page.parse().unwrap()));
        Asked {
            position: number.or_else(|| value("cursor").map(cursor)).unwrap_or(Position::Start),
            wants: match value("fields") {
                None => Wants::Usual,
                Some(fields) if fields.starts_with("%2B") => Wants::More,
                Some(_) => Wants::SpelledOut,
            },
        }
    }
}

impl Schedule {
    /// Who is listed after so many requests, in the order of that server.
    fn listed(&self, tick: usize) -> State {
        let mut state = self.history.at(tick).clone();
        if self.cursor == Cursor::After {
            state.sort_by_key(|person| person.id);
        }
        state
    }

    /// Where a page starts in the list of that moment.
    fn offset(&self, tick: usize, position: Position) -> usize {
        match position {
            Position::Start => 0,
            Position::Number(number) => number.saturating_sub(1) * self.page_size,
            Position::Offset(offset, _) => offset,
            Position::After(id) => {
                self.listed(tick).iter().take_while(|person| person.id <= id).count()
            }
        }
    }

    /// The number of a page, from 1.
    pub(crate) fn number(&self, tick: usize, position: Position) -> usize {
        self.offset(tick, position) / self.page_size + 1
    }

    /// A page as it is at that moment.
    pub(crate) fn page(&self, tick: usize, asked: Asked, ports: Ports) -> Page {
        let dice = &mut Dice::new(&[self.seed, 3, tick as u64]);
        let number = self.number(tick, asked.position);
        let mut from = self.offset(tick, asked.position);
        let listed = self.listed(tick);
        let next = self.next(&listed, from, asked, ports);
        if self.repeats == Some(number) {
            from -= self.page_size;
        }
        let shown = asked.wants == Wants::More
            || (asked.wants == Wants::SpelledOut && self.fields != Fields::Deaf);
        let mut rows: Vec<Person> = listed
            .iter()
            .skip(from)
            .take(self.page_size)
            .map(|&person| if shown { person } else { Person { flag: Flag::Absent, ..person } })
            .collect();
        if self.short == Some(number) && next.is_some() {
            rows.pop();
        }
        let size = match self.size {
            Size::Live => Some(listed.len()),
            Size::Missing => None,
            Size::Sometimes => dice.percent(50).then_some(listed.len()),
            Size::Stale => Some(self.history.at(tick.saturating_sub(dice.of(0..=3))).len()),
            Size::TooMany => Some(listed.len() + 1),
        };
        let stated = match self.numbers {
            Numbers::Right => Some(number),
            Numbers::Missing => None,
            Numbers::Wrong => Some(dice.of(1..=9)),
        };
        let mut body =
            json!({"values": rows.iter().map(|&person| self.row(person)).collect::<Vec<_>>()});
        let silent = asked.wants == Wants::SpelledOut && self.fields == Fields::LostAndBare;
        if !silent {
            body["pagelen"] = self.page_size.into();
            let facts = [("size", size.map(Value::from)), ("page", stated.map(Value::from))];
            let next = ("next", next.as_deref().map(Value::from));
            for (name, value) in facts.into_iter().chain([next]) {
                if let Some(value) = value {
                    body[name] = value;
                }
            }
        }
        let size = size.filter(|_| !silent).map(|size| size as u64);
        Page { rows, size, next: next.is_some(), body }
    }

    /// The address of the page after the one that starts there.
    fn next(&self, listed: &State, from: usize, asked: Asked, ports: Ports) -> Option<String> {
        let number = from / self.page_size + 1;
        let mut after = from + self.page_size;
        let early = self.ending == Ending::Early && number == 1;
        let position = if after < listed.len() && !early {
            if self.leaps == Some(number + 1) && after + self.page_size < listed.len() {
                after += self.page_size;
            }
            match self.cursor {
                Cursor::Numbered => Position::Number(after / self.page_size + 1),
                Cursor::Offset => Position::Offset(after, 0),
                Cursor::After => {
                    Position::After(listed.get(after - 1).map_or(usize::MAX, |p| p.id))
                }
            }
        } else {
            match (self.ending, asked.position) {
                (Ending::Plain | Ending::Early, _) => return None,
                (Ending::First, _) => Position::Start,
                (Ending::FirstRespelled, _) => Position::Number(1),
                (Ending::Itself, position) => position,
                (Ending::Endless, Position::Offset(_, again)) => Position::Offset(from, again + 1),
                (Ending::Endless, _) => Position::Offset(from, 1),
            }
        };
        let query = match position {
            Position::Start => "pagelen=100".into(),
            Position::Number(number) => format!("pagelen=100&page={number}"),
            Position::Offset(offset, again) => format!("cursor=o{offset}-{again}"),
            Position::After(id) => format!("cursor=a{id}"),
        };
        let fields = if self.fields == Fields::Kept || position == Position::Start {
            "&fields=%2Bvalues.user.has_2fa_enabled,%2Bvalues.user.account_status,\
             -values.workspace,-values.links,-values.user.links"
        } else {
            ""
        };
        let detour = self.detour.filter(|(page, _)| *page == number).map(|(_, detour)| detour);
        let (Ports { own, other }, members) = (ports, members_of(self.slug));
        let place = match detour {
            None => format!("127.0.0.1:{own}{members}"),
            Some(Detour::Beside) => format!("127.0.0.1:{other}{members}"),
            Some(Detour::BesideInDisguise) => {
                format!("127.0.0.1:{own}@127.0.0.1:{other}{members}")
            }
            Some(Detour::OtherPath) => format!("127.0.0.1:{own}/2.0/workspaces/other/members"),
        };
        Some(format!("http://{place}?{query}{fields}"))
    }

    /// The answer to the question what the caller is, or none.
    pub(crate) fn own_permission(&self) -> Option<Value> {
        match self.permission {
            Permission::Owner => Some(json!({"permission": "owner"})),
            Permission::Member => Some(json!({"permission": "member"})),
            Permission::Unavailable => None,
        }
    }
}

impl Schedule {
    fn row(&self, person: Person) -> Value {
        let mut row = row(person);
        let taken: &[&str] = match self.ids {
            Ids::Both => &[],
            Ids::Neither => &["account_id", "uuid"],
            Ids::OneOrTheOther if person.id.is_multiple_of(2) => &["account_id"],
            Ids::OneOrTheOther => &["uuid"],
        };
        if let Some(user) = row["user"].as_object_mut() {
            user.retain(|key, _| !taken.contains(&&**key));
        }
        row
    }
}

pub(crate) fn row(person: Person) -> Value {
    let mut user = json!({
        "type": person.kind,
        "uuid": format!("{{00000000-0000-4000-8000-{:012}}}", person.id),
        "account_id": person.account_id(),
        "nickname": "somebody",
        "display_name": "Some Body",
        "account_status": person.status,
    });
    match person.flag {
        Flag::On => user["has_2fa_enabled"] = true.into(),
        Flag::Off => user["has_2fa_enabled"] = false.into(),
        Flag::Null => user["has_2fa_enabled"] = Value::Null,
        Flag::Absent => {}
    }
    json!({"type": "workspace_membership", "user": user})
}

//! A Microsoft Entra tenant: its users, how they change while they are read, and how its servers fail.

use std::collections::{BTreeMap, BTreeSet};

use mfa_gate::member::TwoFactor;

use crate::dice::Dice;
use crate::history::{Flag, State};
use crate::paging::{Ending, Paging};
use crate::schedule::Detour;
use crate::weather::Weather;

/// Changes stop after as many requests.
const EVENTFUL: usize = 40;

/// Users from this number on are not members of the workspace.
const STRANGERS: usize = 1_000;

/// What a tenant says of a second factor, by the person whose address it says it of.
pub(crate) type Word = BTreeMap<usize, TwoFactor>;

/// A list of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    Users,
    /// What users have registered.
    Registrations,
}

/// Where the address of a user stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Mail,
    /// It is the principal's name, which guests have in another form.
    Principal,
    Proxy,
    /// Only where users may write what they like, or in a form that is not an e-mail address.
    Nowhere,
}

/// A user, numbered as in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: usize,
    pub(crate) names: Names,
    /// The person whose address the user has as well.
    pub(crate) alias: Option<usize>,
    pub(crate) guest: bool,
    pub(crate) enabled: Flag,
    /// Whether a method is registered that counts.
    pub(crate) capable: Flag,
    /// Whether any method is.
    pub(crate) registered: bool,
    lists: &'static [List],
}

impl User {
    /// The people whose addresses the user has.
    fn addresses(self) -> BTreeSet<usize> {
        let own = match self.names {
            Names::Mail | Names::Proxy => true,
            Names::Principal => !self.guest,
            Names::Nowhere => false,
        };
        own.then_some(self.id).into_iter().chain(self.alias).collect()
    }

    /// What a row of what this user has registered says.
    fn two_factor(self) -> Option<TwoFactor> {
        match self.capable {
            Flag::On => Some(TwoFactor::Enabled),
            Flag::Off if !self.guest => Some(TwoFactor::Disabled),
            Flag::Off | Flag::Null | Flag::Absent => None,
        }
    }
}

/// What the rows of both lists say.
pub(crate) fn word(users: &[User], registrations: &[User]) -> Word {
    let mut owners: BTreeMap<usize, Vec<&User>> = BTreeMap::new();
    for user in users {
        for address in user.addresses() {
            owners.entry(address).or_default().push(user);
        }
    }
    let said = |(address, owners): (usize, Vec<&User>)| {
        // An address of two users is no one's.
        let [owner] = owners[..] else { return None };
        let row = registrations.iter().find(|row| row.id == owner.id)?;
        let said = row.two_factor().filter(|_| owner.enabled == Flag::On)?;
        Some((address, said))
    };
    owners.into_iter().filter_map(said).collect()
}

/// What is wrong with a page, so that it cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A row has no id.
    NoId,
    /// A flag is text.
    Word,
    /// There is no list of rows.
    NoRows,
    /// The address of the next page is empty.
    EmptyLink,
}

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The secret, with this status.
    Secret(u16),
    /// The secret is accepted, and the token is empty, or missing.
    Token(bool),
    /// A list, with this status.
    List(List, u16),
    /// What is registered, for want of a licence, so many times.
    Licence(usize),
}

/// A tenant, and how its servers fail.
#[derive(Debug)]
pub(crate) struct Tenant {
    states: Vec<Vec<User>>,
    pub(crate) paging: Paging,
    /// The page whose link leads away, and where.
    pub(crate) detour: Option<(usize, Detour)>,
    /// The page that cannot be understood, and why.
    pub(crate) shape: Option<(usize, Shape)>,
    /// The page that holds a row less than it should, unless it is the last one.
    pub(crate) short: Option<usize>,
    pub(crate) refuses: Option<Refusal>,
    pub(crate) weather: Weather,
}

/// How users are, each in a hundred.
#[derive(Clone, Copy)]
struct Habits {
    listed: usize,
    without: usize,
    odd: usize,
}

impl Tenant {
    pub(crate) fn new(dice: &mut Dice, members: &[usize]) -> Self {
        let habits = Habits {
            listed: dice.pick(&[100, 100, 100, 100, 80, 0]),
            without: dice.pick(&[0, 0, 0, 0, 10, 40]),
            odd: dice.pick(&[0, 0, 0, 10, 30]),
        };
        let changes = if dice.percent(65) { 0 } else { dice.of(1..=60) };
        let strangers = if dice.percent(40) { 0 } else { dice.of(1..=12) };
        let members = members.iter().copied().filter(|_| dice.percent(habits.listed));
        let mut ids: Vec<usize> = members.collect();
        ids.extend(STRANGERS..STRANGERS + strangers);
        dice.shuffle(&mut ids);
        let mut users: Vec<User> = ids.iter().map(|&id| user(dice, id, habits)).collect();
        if dice.percent(25) && !users.is_empty() {
            let user = dice.of(0..=users.len() - 1);
            users[user].alias = Some(dice.pick(&ids));
        }
        let mut states = vec![users];
        while states.len() < EVENTFUL && changes > 0 {
            let mut state = states.last().unwrap().clone();
            if dice.percent(changes) {
                let newcomer = user(dice, 2 * STRANGERS + states.len(), habits);
                change(dice, &mut state, newcomer);
            }
            states.push(state);
        }
        let mut tenant = Tenant {
            states,
            paging: Paging::new(dice),
            detour: None,
            shape: None,
            short: None,
            refuses: None,
            weather: Weather::new(dice),
        };
        if dice.percent(25) {
            tenant.lie(dice);
        }
        tenant
    }

    /// Makes the servers say something that is not so, or nothing.
    fn lie(&mut self, dice: &mut Dice) {
        let page = dice.of(1..=3);
        match dice.of(0..=11) {
            0..=4 => self.paging.lie(dice),
            5..=6 => {
                let detours = [Detour::Beside, Detour::BesideInDisguise, Detour::OtherPath];
                self.detour = Some((page, dice.pick(&detours)));
            }
            7 => {
                let shapes = [Shape::NoId, Shape::Word, Shape::NoRows, Shape::EmptyLink];
                self.shape = Some((page, dice.pick(&shapes)));
            }
            8 => self.short = Some(page),
            9 => self.refuses = Some(Refusal::Licence(dice.pick(&[1, 2, 9]))),
            10 => {
                let list = dice.pick(&[List::Users, List::Registrations]);
                self.refuses = Some(Refusal::List(list, dice.pick(&[400, 401, 403, 404])));
            }
            _ => {
                let secret = Refusal::Secret(dice.pick(&[400, 401]));
                let refusals = [secret, Refusal::Token(false), Refusal::Token(true)];
                self.refuses = Some(dice.pick(&refusals));
            }
        }
    }

    /// Who is on a list after as many requests.
    pub(crate) fn listed(&self, tick: usize, list: List) -> Vec<User> {
        let mut users = self.states[tick.min(self.states.len() - 1)].clone();
        users.retain(|user| user.lists.contains(&list));
        if self.paging.by_age {
            users.sort_by_key(|user| user.id);
        }
        users
    }

    /// What it says before anything changes.
    pub(crate) fn word(&self) -> Word {
        word(&self.listed(0, List::Users), &self.listed(0, List::Registrations))
    }

    /// Whether it says anything of any of these people.
    pub(crate) fn knows(&self, people: &State) -> bool {
        let word = self.word();
        people.iter().any(|person| word.contains_key(&person.id))
    }

    /// Whether it may be waited for in vain.
    pub(crate) fn stuck(&self) -> bool {
        self.weather == Weather::Stuck || self.paging.ending == Ending::Endless
    }

    /// Whether the reader has no excuse.
    pub(crate) fn harmless(&self) -> bool {
        self.states.len() == 1
            && self.weather == Weather::Calm
            && self.paging.honest()
            && self.detour.is_none()
            && self.shape.is_none()
            && self.short.is_none()
            // Tenants with a licence have seen that now and then.
            && matches!(self.refuses, None | Some(Refusal::Licence(1 | 2)))
    }
}

fn user(dice: &mut Dice, id: usize, habits: Habits) -> User {
    let without = [Flag::Off, Flag::Off, Flag::Null, Flag::Absent];
    let capable = if dice.percent(habits.without) { dice.pick(&without) } else { Flag::On };
    let mut user = User {
        id,
        names: dice.pick(&[Names::Mail, Names::Mail, Names::Principal, Names::Proxy]),
        alias: None,
        guest: false,
        enabled: Flag::On,
        capable,
        registered: capable == Flag::On || dice.percent(50),
        lists: &[List::Users, List::Registrations],
    };
    if dice.percent(habits.odd) {
        match dice.of(0..=4) {
            0 => user.enabled = dice.pick(&[Flag::Off, Flag::Off, Flag::Null, Flag::Absent]),
            1 => (user.guest, user.capable) = (true, dice.pick(&[Flag::On, Flag::Off])),
            2 => user.names = Names::Nowhere,
            3 => user.lists = &[List::Users],
            _ => user.lists = &[List::Registrations],
        }
    }
    user
}

/// A user is added, removed, registers or removes a method, or is disabled; or the tenant lists the
/// same users in another order.
fn change(dice: &mut Dice, state: &mut Vec<User>, newcomer: User) {
    let what = dice.of(0..=9);
    if state.is_empty() || matches!(what, 0..=2) {
        state.insert(dice.of(0..=state.len()), newcomer);
        return;
    }
    let at = dice.of(0..=state.len() - 1);
    match what {
        3..=4 => drop(state.remove(at)),
        5..=7 => state[at].capable = dice.pick(&[Flag::On, Flag::Off]),
        8 => state[at].enabled = Flag::Off,
        _ => dice.shuffle(state),
    }
}

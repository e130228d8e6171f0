//! An identity provider's export.

use mfa_gate::member::Source;

use crate::dice::Dice;
use crate::history::{State, account_id, address};

/// Rows from this number on are about nobody in the workspace.
const STRANGERS: usize = 3_000;

/// By what rows name people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Ids,
    Addresses,
    /// Some by the one, some by the other, some by both.
    Mixed,
}

/// A row. People are numbered as in the workspace; what is left blank is not known.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    id: Option<usize>,
    address: Option<usize>,
    mfa: Option<bool>,
    sso: Option<bool>,
}

impl Row {
    /// Whether it is about somebody: an id says so, an address only where there is no id.
    fn is_about(self, id: usize) -> bool {
        self.id.or(self.address) == Some(id)
    }

    fn answer(self, source: Source) -> Option<bool> {
        match source {
            Source::Roster => self.mfa,
            Source::Sso => self.sso,
            Source::Bitbucket | Source::Atlassian => None,
        }
    }
}

/// A roster.
#[derive(Debug)]
pub(crate) struct Roster {
    rows: Vec<Row>,
    /// Its columns.
    answers: Vec<Source>,
    keys: Keys,
    /// Whether two rows may be about one person, and disagree.
    contradicts: bool,
}

impl Roster {
    pub(crate) fn new(dice: &mut Dice, members: &[usize], accept: &[Source]) -> Self {
        let keys = dice.pick(&[Keys::Ids, Keys::Addresses, Keys::Mixed]);
        let listed = dice.pick(&[100, 100, 100, 70, 30, 0]);
        let yes = dice.pick(&[100, 100, 100, 90, 50]);
        let mixed = keys == Keys::Mixed;
        let share = if mixed { dice.pick(&[0, 20]) } else { 0 };
        let contradicts = mixed && dice.percent(15);
        let mut rows = Vec::new();
        for &member in members {
            let by =
                if mixed { dice.pick(&[Keys::Ids, Keys::Addresses, Keys::Mixed]) } else { keys };
            let named = |by| Row {
                id: (by != Keys::Addresses).then_some(member),
                address: (by != Keys::Ids).then_some(member),
                ..Row::default()
            };
            let mut answer = || {
                if dice.percent(yes) { Some(true) } else { dice.pick(&[Some(false), None]) }
            };
            let (mfa, sso) = (answer(), answer());
            let is_listed = dice.percent(listed);
            if is_listed {
                rows.push(Row { mfa, sso, ..named(by) });
                // The same person once more, with less in the row.
                if dice.percent(10) {
                    rows.push(named(by));
                }
            }
            // Somebody else's id beside the address, which says nothing about the member.
            // Where it has a row of its own with the address, that one does not say the opposite.
            let agrees = mfa != Some(false) && sso != Some(false);
            if dice.percent(share) && (!is_listed || by == Keys::Ids || agrees) {
                let somebody = Some(STRANGERS + rows.len());
                let address = Some(member);
                rows.push(Row { id: somebody, address, mfa: Some(true), sso: Some(true) });
            } else if contradicts && by == Keys::Ids && is_listed {
                let not = |said: Option<bool>| said.map(|said| !said);
                rows.push(Row { mfa: not(mfa), sso: not(sso), ..named(Keys::Addresses) });
            }
        }
        for stranger in STRANGERS * 2..=STRANGERS * 2 + dice.of(0..=3) {
            let (id, address) = (Some(stranger), Some(stranger));
            rows.push(Row { id, address, mfa: Some(true), sso: Some(true) });
        }
        let counts = |source: &Source| matches!(source, Source::Roster | Source::Sso);
        let answers = accept.iter().copied().filter(counts).collect();
        Roster { rows, answers, keys, contradicts }
    }

    /// The file.
    pub(crate) fn csv(&self) -> String {
        let (ids, addresses) = (self.keys != Keys::Addresses, self.keys != Keys::Ids);
        let columns =
            [(ids, "account_id"), (addresses, "Email")].into_iter().filter(|(has, _)| *has);
        let mut columns: Vec<&str> = columns.map(|(_, name)| name).collect();
        let heading = |source: &Source| if *source == Source::Sso { "SSO" } else { "mfa" };
        columns.extend(self.answers.iter().map(heading));
        let mut text = columns.join(",") + "\n";
        for (number, row) in self.rows.iter().enumerate() {
            let word = |said: Option<bool>| match said {
                None => "",
                Some(true) => ["true", "Yes", "enabled"][number % 3],
                Some(false) => ["False", "no", "disabled"][number % 3],
            };
            let mut cells = Vec::new();
            cells.extend(ids.then(|| row.id.map(account_id).unwrap_or_default()));
            cells.extend(addresses.then(|| row.address.map(address).unwrap_or_default()));
            cells.extend(self.answers.iter().map(|&source| word(row.answer(source)).to_owned()));
            text += &(cells.join(",") + "\n");
        }
        text
    }

    /// Whether any row says so of somebody.
    pub(crate) fn ever_says(&self, id: usize, source: Source, said: bool) -> bool {
        let mut rows = self.rows.iter().filter(|row| row.is_about(id));
        self.answers.contains(&source) && rows.any(|row| row.answer(source) == Some(said))
    }

    /// Whether the rows agree.
    pub(crate) fn is_clear(&self) -> bool {
        !self.contradicts
    }

    /// Whether the rows name people by nothing but their ids.
    pub(crate) fn needs_no_lookup(&self) -> bool {
        self.keys == Keys::Ids
    }

    /// Whether any row is about any of these people.
    pub(crate) fn knows(&self, people: &State) -> bool {
        let mut people = people.iter();
        people.any(|person| self.rows.iter().any(|row| row.is_about(person.id)))
    }
}

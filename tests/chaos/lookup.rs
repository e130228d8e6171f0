//! How Bitbucket answers who has some e-mail addresses.

use serde_json::{Value, json};

use crate::answer;
use crate::dice::Dice;
use crate::history::{Flag, Person, State, address};

/// Which members it answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// Those who have them.
    Right,
    /// Those, with addresses in upper case.
    Shouted,
    /// All members without addresses, as it may answer callers who are not admins.
    Unfiltered,
    /// All members with their addresses.
    Everybody,
    /// Those who have them, without the addresses.
    Mute,
    /// The first of several pages.
    InPages,
    /// None.
    Nobody,
    /// All of those but the first.
    Forgetful,
    Refused,
}

impl Lookup {
    /// Mostly right.
    pub(crate) fn new(dice: &mut Dice) -> Self {
        if dice.percent(65) {
            return dice.pick(&[Lookup::Right, Lookup::Shouted]);
        }
        let (strange, silent) = ([Lookup::Unfiltered, Lookup::Everybody], Lookup::Mute);
        let partial = [Lookup::InPages, Lookup::Nobody, Lookup::Forgetful, Lookup::Refused];
        dice.pick(&[&strange[..], &[silent], &partial].concat())
    }

    /// Whether it tells for sure who has which address.
    pub(crate) fn is_right(self) -> bool {
        match self {
            Lookup::Right | Lookup::Shouted => true,
            Lookup::Unfiltered | Lookup::Everybody | Lookup::Mute | Lookup::InPages => false,
            Lookup::Nobody | Lookup::Forgetful | Lookup::Refused => false,
        }
    }

    /// Whether a reader can tell that the answer is wrong.
    pub(crate) fn is_absurd(self, listed: &State, asked: &[String]) -> bool {
        let is_asked = |person: &Person| asked.contains(&address(person.id));
        match self {
            Lookup::Unfiltered | Lookup::InPages | Lookup::Refused => true,
            Lookup::Everybody => !listed.iter().all(is_asked),
            Lookup::Mute => listed.iter().any(is_asked),
            Lookup::Right | Lookup::Shouted | Lookup::Nobody | Lookup::Forgetful => false,
        }
    }

    /// The answer to the question who has these addresses, or a status.
    pub(crate) fn answer(self, listed: &State, asked: &[String]) -> Result<Value, u16> {
        let is_asked = |person: &&Person| asked.contains(&address(person.id));
        let everybody = || listed.iter().collect::<Vec<_>>();
        let mut found: Vec<&Person> = listed.iter().filter(is_asked).collect();
        let mut shows = true;
        match self {
            Lookup::Right | Lookup::Shouted | Lookup::InPages => {}
            Lookup::Unfiltered => (found, shows) = (everybody(), false),
            Lookup::Everybody => found = everybody(),
            Lookup::Mute => shows = false,
            Lookup::Nobody => found.clear(),
            Lookup::Forgetful => found = found.into_iter().skip(1).collect(),
            Lookup::Refused => return Err(403),
        }
        let row = |person: &&Person| {
            let mut row = answer::row(Person { flag: Flag::Absent, ..**person });
            let address = address(person.id);
            let shouted = self == Lookup::Shouted;
            let address = if shouted { address.to_ascii_uppercase() } else { address };
            if shows {
                row["user"]["email"] = address.into();
            }
            row
        };
        let rows: Vec<Value> = found.iter().map(row).collect();
        let mut body = json!({"size": rows.len(), "page": 1, "pagelen": 100, "values": rows});
        if self == Lookup::InPages {
            body["size"] = (found.len() + 1).into();
        }
        Ok(body)
    }
}

//! What an organisation has to say: pages of its directory as it is at that moment.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::dice::Dice;
use crate::directory::Account;
use crate::history::address;
use crate::http::Request;
use crate::organisation::{Addresses, Filter, Flags, Looks, Organisation};
use crate::paging::Place;

const SEARCH: &str = "/admin/v2/orgs/acme-org/directories/-/users/search";
const LISTING: &str = "/admin/v2/orgs/acme-org/directories/-/users";

/// Which accounts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    All,
    /// Those with two-step verification.
    With,
    Without,
}

/// A request for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    /// Whether it is a search.
    pub(crate) search: bool,
    pub(crate) list: List,
    pub(crate) place: Place,
}

/// A page as it was served.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Its rows, each with what it said of two-step verification.
    pub(crate) rows: Vec<(Account, Option<bool>)>,
    pub(crate) next: Option<Place>,
    /// All of it.
    pub(crate) body: Value,
}

impl Asked {
    /// What a request asks for.
    ///
    /// # Errors
    /// What no reader should ask for.
    pub(crate) fn parse(request: &Request) -> Result<Self, String> {
        let (search, asked) = match (&*request.method, &*request.path) {
            ("POST", SEARCH) => (true, serde_json::from_str(&request.body).unwrap_or_default()),
            ("GET", LISTING) => {
                let pairs = form_urlencoded::parse(request.query.as_bytes());
                let value = |name: &str, text: &str| match name {
                    "limit" | "mfaEnabled" => serde_json::from_str(text).unwrap_or_default(),
                    _ => Value::from(text),
                };
                let pairs = pairs.map(|(name, text)| (name.to_string(), value(&name, &text)));
                (false, Value::Object(pairs.collect()))
            }
            (method, path) => return Err(format!("{method} {path}")),
        };
        if asked["claimStatus"] != "managed" || asked["limit"] != 100 {
            return Err(format!("accounts were asked for with {asked}"));
        }
        let (filter, cursor) = (&asked["mfaEnabled"], &asked["cursor"]);
        let list = match filter.as_bool() {
            Some(true) => List::With,
            Some(false) => List::Without,
            None if filter.is_null() => List::All,
            None => return Err(format!("mfaEnabled was {filter}")),
        };
        let start = cursor.is_null().then_some(Place::Start);
        let place = start.or_else(|| place(cursor.as_str()?));
        let place = place.ok_or_else(|| format!("no page has the cursor {cursor}"))?;
        Ok(Asked { search, list, place })
    }
}

/// A place as a cursor that looks like this.
fn cursor(place: Place, looks: Looks, other: u16) -> String {
    let bare = place.cursor();
    match looks {
        Looks::Plain => bare,
        Looks::Odd => format!("{bare}| +/=&?#%20\"\\é"),
        Looks::Address => format!("http://127.0.0.1:{other}{LISTING}?limit=100&cursor={bare}"),
    }
}

/// The place that such a cursor stands for.
fn place(cursor: &str) -> Option<Place> {
    Place::parse(cursor.rsplit("cursor=").next()?.split('|').next()?)
}

impl Organisation {
    /// The accounts that are on a list at some moment, in its order.
    fn listed(&self, tick: usize, asked: Asked) -> Vec<Account> {
        let filtered = match self.filter {
            Filter::Kept => true,
            Filter::Ignored => false,
            Filter::Forgotten => asked.place == Place::Start,
        };
        let wanted = |account: &Account| {
            let fits = match asked.list {
                List::All => return self.lists_unmanaged || account.claim == "managed",
                List::With => account.two_step,
                List::Without => !account.two_step,
            };
            account.claim == "managed" && (fits || !filtered)
        };
        let mut listed = self.directory.at(tick).clone();
        listed.retain(wanted);
        if self.paging.by_age {
            listed.sort_by_key(|account| account.id);
        }
        listed
    }

    /// The number of a page, from 1.
    pub(crate) fn number(&self, tick: usize, asked: Asked) -> usize {
        self.paging.number(&ids(&self.listed(tick, asked)), asked.place)
    }

    /// A page as it is at that moment.
    pub(crate) fn page(&self, seed: u64, tick: usize, asked: Asked, other: u16) -> Page {
        let listed = self.listed(tick, asked);
        let ids = ids(&listed);
        let next = self.paging.next(&ids, asked.place);
        let rows = listed[self.paging.rows(&ids, asked.place)].iter();
        let rows: Vec<_> = rows.map(|&account| (account, self.flag(account))).collect();
        let mut body = json!({"data": rows.iter().map(|&row| self.row(row)).collect::<Vec<_>>()});
        if !self.bare {
            let dice = &mut Dice::new(&[seed, 24, tick as u64]);
            body["links"] = json!({"self": "cursor-of-this-page"});
            match next {
                Some(place) => body["links"]["next"] = cursor(place, self.looks, other).into(),
                None if dice.percent(50) => {}
                None => body["links"]["next"] = dice.pick(&[None, Some("")]).into(),
            }
        }
        Page { rows, next: next.filter(|_| !self.bare), body }
    }

    /// What the row of an account says of two-step verification.
    fn flag(&self, account: Account) -> Option<bool> {
        let shown = match self.flags {
            Flags::Shown => account.claim == "managed",
            Flags::Hidden => false,
            Flags::Patchy => account.claim == "managed" && !account.id.is_multiple_of(3),
        };
        shown.then_some(account.two_step)
    }

    fn row(&self, (account, flag): (Account, Option<bool>)) -> Value {
        let mut row = json!({
            "accountId": account.account_id(),
            "accountType": "atlassian",
            "name": "Some Body",
            "status": account.status,
            "accountStatus": account.status,
            "claimStatus": account.claim,
        });
        // A flag that is not shown is null or not there at all.
        if flag.is_some() || account.id.is_multiple_of(2) {
            row["mfaEnabled"] = flag.into();
        }
        let address = address(account.id);
        match self.addresses {
            Addresses::Shown => row["email"] = address.into(),
            Addresses::Shouted => row["email"] = address.to_ascii_uppercase().into(),
            Addresses::Patchy if !account.id.is_multiple_of(3) => row["email"] = address.into(),
            Addresses::Patchy => row["email"] = "".into(),
            Addresses::Hidden => {}
        }
        row
    }
}

fn ids(accounts: &[Account]) -> Vec<usize> {
    accounts.iter().map(|account| account.id).collect()
}

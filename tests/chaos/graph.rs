//! What a tenant has to say: pages of its lists as they are at that moment.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::answer::Ports;
use crate::dice::Dice;
use crate::history::{Flag, address};
use crate::http::Request;
use crate::paging::Place;
use crate::schedule::Detour;
use crate::tenant::{List, Names, Shape, Tenant, User};

pub(crate) const USERS: &str = "/v1.0/users";
const REGISTRATIONS: &str = "/v1.0/reports/authenticationMethods/userRegistrationDetails";

/// A request for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked {
    pub(crate) list: List,
    pub(crate) place: Place,
}

/// A page as it was served.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) rows: Vec<User>,
    pub(crate) next: Option<Place>,
    /// Whether a reader can tell that it is not a page.
    pub(crate) absurd: bool,
    /// All of it.
    pub(crate) body: Value,
}

impl Asked {
    /// What a request asks for.
    ///
    /// # Errors
    /// What a reader must not ask for.
    pub(crate) fn parse(request: &Request) -> Result<Self, String> {
        let Request { method, path, query, .. } = request;
        let list = match (&**method, &**path) {
            ("GET", USERS) => List::Users,
            ("GET", REGISTRATIONS) => List::Registrations,
            _ => return Err(format!("{method} {path}")),
        };
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let token = pairs.find(|(name, _)| name == "$skiptoken");
        let place = match &token {
            Some((_, token)) => Place::parse(token),
            None => query.contains("$top=999").then_some(Place::Start),
        };
        let place = place.ok_or_else(|| format!("{path} was asked for with {query}"))?;
        Ok(Asked { list, place })
    }

    /// The number of the page, from 1.
    pub(crate) fn number(self, tenant: &Tenant, tick: usize) -> usize {
        tenant.paging.number(&ids(&tenant.listed(tick, self.list)), self.place)
    }
}

impl Page {
    /// A page as it is at that moment.
    pub(crate) fn new(tenant: &Tenant, seed: u64, tick: usize, asked: Asked, ports: Ports) -> Self {
        let dice = &mut Dice::new(&[seed, 27, tick as u64]);
        let listed = tenant.listed(tick, asked.list);
        let (ids, paging) = (ids(&listed), tenant.paging);
        let number = paging.number(&ids, asked.place);
        let next = paging.next(&ids, asked.place);
        let mut rows = listed[paging.rows(&ids, asked.place)].to_vec();
        if tenant.short == Some(number) && next.is_some() {
            rows.pop();
        }
        let values = rows.iter().map(|&user| match asked.list {
            List::Users => account(user),
            List::Registrations => registration(user),
        });
        let mut body = json!({"@odata.context": "here", "value": values.collect::<Vec<_>>()});
        if dice.percent(20) {
            body["@odata.count"] = dice.of(0..=99).into();
        }
        match next {
            Some(place) => {
                body["@odata.nextLink"] = link(tenant, asked, number, place, ports).into()
            }
            None if dice.percent(20) => body["@odata.nextLink"] = Value::Null,
            None => {}
        }
        let shape = tenant.shape.filter(|(page, _)| *page == number).map(|(_, shape)| shape);
        let absurd = match shape {
            None => false,
            Some(Shape::NoId) => body["value"][0].as_object_mut().is_some_and(|row| {
                row.remove("id");
                true
            }),
            Some(Shape::Word) => {
                let flag = match asked.list {
                    List::Users => "accountEnabled",
                    List::Registrations => "isMfaCapable",
                };
                body["value"][0].as_object_mut().is_some_and(|row| {
                    row.insert(flag.into(), "true".into());
                    true
                })
            }
            Some(Shape::NoRows) => body.as_object_mut().unwrap().remove("value").is_some(),
            Some(Shape::EmptyLink) => {
                body["@odata.nextLink"] = "".into();
                true
            }
        };
        Page { rows, next, absurd, body }
    }
}

/// The address of the page after one.
fn link(tenant: &Tenant, asked: Asked, number: usize, place: Place, ports: Ports) -> String {
    let path = match asked.list {
        List::Users => USERS,
        List::Registrations => REGISTRATIONS,
    };
    let (Ports { own, other }, token) = (ports, place.cursor());
    let detour = tenant.detour.filter(|(page, _)| *page == number).map(|(_, detour)| detour);
    let place = match detour {
        None => format!("127.0.0.1:{own}{path}"),
        Some(Detour::Beside) => format!("127.0.0.1:{other}{path}"),
        Some(Detour::BesideInDisguise) => format!("127.0.0.1:{own}@127.0.0.1:{other}{path}"),
        Some(Detour::OtherPath) => format!("127.0.0.1:{own}/v1.0/groups"),
    };
    format!("http://{place}?$top=999&$skiptoken={token}")
}

fn ids(users: &[User]) -> Vec<usize> {
    users.iter().map(|user| user.id).collect()
}

fn set(row: &mut Value, name: &str, flag: Flag) {
    match flag {
        Flag::On => row[name] = true.into(),
        Flag::Off => row[name] = false.into(),
        Flag::Null => row[name] = Value::Null,
        Flag::Absent => {}
    }
}

fn row_id(user: User) -> String {
    format!("00000000-0000-4000-8000-{:012}", user.id)
}

/// The row of a user.
fn account(user: User) -> Value {
    let address = |id: usize| {
        let address = address(id);
        if id.is_multiple_of(3) { address.to_ascii_uppercase() } else { address }
    };
    let own = address(user.id);
    let mut row = json!({
        "id": row_id(user),
        "mail": null,
        "userPrincipalName": format!("u{}@acme.onmicrosoft.com", user.id),
    });
    if user.guest {
        row["userPrincipalName"] =
            format!("{}#EXT#@acme.onmicrosoft.com", own.replace('@', "_")).into();
    }
    let mut proxies: Vec<String> =
        user.alias.into_iter().map(|alias| format!("smtp:{}", address(alias))).collect();
    match user.names {
        Names::Mail => row["mail"] = own.into(),
        Names::Principal if user.guest => {}
        Names::Principal => row["userPrincipalName"] = own.into(),
        Names::Proxy => proxies.push(format!("SMTP:{own}")),
        Names::Nowhere => {
            proxies.extend([format!("SIP:{own}"), format!("X500:/o=acme/cn={own}")]);
            row["otherMails"] = json!([own]);
        }
    }
    if !proxies.is_empty() || user.id.is_multiple_of(2) {
        row["proxyAddresses"] = proxies.into();
    }
    set(&mut row, "accountEnabled", user.enabled);
    row
}

/// The row of what a user has registered.
fn registration(user: User) -> Value {
    let mut row = json!({
        "id": row_id(user),
        "userDisplayName": "Some Body",
        "userType": if user.guest { "guest" } else { "member" },
        "isMfaRegistered": user.registered,
    });
    set(&mut row, "isMfaCapable", user.capable);
    row
}

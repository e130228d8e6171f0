//! What four sources say together: everything that each can say with everything that the others
//! can, in every order in which a policy can accept them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::entra::{Entra, Tenant};
use crate::organisation::{Checked, Directory, Ground, account, id};
use crate::support::row;

const SOURCES: [&str; 4] = ["bitbucket", "atlassian", "roster", "sso"];

/// What a source says: yes, no or nothing.
type Said = Option<bool>;

const ALL: [Said; 3] = [Some(true), Some(false), None];

/// A member, with what each source says of it.
struct Person {
    number: usize,
    said: BTreeMap<&'static str, Said>,
}

/// Everybody: 3 × 3 × 3 × 2.
fn people() -> Vec<Person> {
    let mut people = Vec::new();
    for bitbucket in ALL {
        for atlassian in ALL {
            for roster in ALL {
                for sso in [Some(true), Some(false)] {
                    let said = SOURCES.into_iter().zip([bitbucket, atlassian, roster, sso]);
                    people.push(Person { number: people.len(), said: said.collect() });
                }
            }
        }
    }
    people
}

impl Person {
    fn row(&self) -> Value {
        let unknown = (self.number.is_multiple_of(2)).then_some(Value::Null);
        row(self.number, self.said["bitbucket"].map(Value::from).or(unknown))
    }

    /// The account, if there is one. Whoever is unknown has none, or one of which nothing follows.
    fn account(&self) -> Option<Value> {
        let Some(flag) = self.said["atlassian"] else {
            let mut unknown = account(self.number, Some(self.number.is_multiple_of(3)));
            match self.number % 4 {
                0 => return None,
                1 => unknown["claimStatus"] = json!("unmanaged"),
                2 => unknown["accountStatus"] = json!("inactive"),
                _ => unknown = account(self.number, None),
            }
            return Some(unknown);
        };
        Some(account(self.number, Some(flag)))
    }

    fn roster_row(&self) -> String {
        let words = [("true", "no"), ("YES", "Disabled"), ("enabled", "FALSE")];
        let (yes, no) = words[self.number % words.len()];
        let cell = |said: Said| said.map_or("", |said| if said { yes } else { no });
        format!("{},{},{}\n", id(self.number), cell(self.said["roster"]), cell(self.said["sso"]))
    }

    /// What a source says of a second factor: no single sign-on is no word on it.
    fn factor(&self, source: &str) -> Said {
        self.said[source].filter(|&said| said || source != "sso")
    }

    /// Adds the user of the tenant, if there is one. Whoever is unknown has none, or one of which
    /// nothing follows.
    fn add_user(&self, tenant: &mut Tenant) {
        let (mut user, mut row) = (json!({}), json!({"isMfaCapable": self.said["roster"]}));
        if self.said["roster"].is_none() {
            match self.number % 6 {
                0 => return,
                1 => row = json!({"isMfaCapable": null, "isMfaRegistered": true}),
                2 => row = json!({"isMfaCapable": false, "userType": "guest"}),
                3 => row = json!({"isMfaCapable": false, "userType": null}),
                4 => (user, row) = (json!({"accountEnabled": false}), json!({})),
                _ => (user, row) = (json!({"mail": "shared@acme.example"}), json!({})),
            }
        }
        tenant.add(self.number, &user, &row);
    }

    /// The joined value, and who decided.
    fn joined<'a>(&self, accept: &[&'a str]) -> (&'static str, Option<&'a str>) {
        let first = |said| accept.iter().copied().find(|own| self.factor(own) == Some(said));
        match (first(true), first(false)) {
            (Some(own), _) => ("enabled", Some(own)),
            (None, Some(own)) => ("disabled", Some(own)),
            (None, None) => ("unknown", None),
        }
    }

    /// What is recorded where these sources were asked.
    fn evidence(&self, asked: &[&str]) -> Value {
        let word = |said: Said| match said {
            Some(true) => "enabled",
            Some(false) => "disabled",
            None => "unknown",
        };
        asked.iter().map(|&own| (own.to_owned(), json!(word(self.factor(own))))).collect()
    }

    /// What a finding says that was heard, where it calls the roster this.
    fn heard(&self, accept: &[&str], roster: &str) -> String {
        let start = match self.joined(accept).0 {
            "unknown" => "second factor unknown to",
            _ => "no second factor seen by",
        };
        let word = |own: &str| match self.factor(own) {
            Some(true) => "on",
            Some(false) => "off",
            None => "unknown",
        };
        let name = |own| if own == "roster" { roster } else { own };
        let heard = accept.iter().map(|&own| match (accept, self.joined(accept).0) {
            ([_], _) | (_, "unknown") => name(own).to_owned(),
            (_, _) => format!("{} ({})", name(own), word(own)),
        });
        format!(
            "Member {0} ({1}) in acme: {start}: {2}",
            self.number,
            id(self.number),
            heard.collect::<Vec<_>>().join(", ")
        )
    }
}

/// Everybody at both servers.
fn ground(people: &[Person]) -> Ground {
    let rows: Vec<Value> = people.iter().map(Person::row).collect();
    let ground = Ground::with(&rows);
    let accounts: Vec<Value> = people.iter().filter_map(Person::account).collect();
    let directory = Directory { page: Some(7), lists_unmanaged: true, ..Directory::of(accounts) };
    ground.organisation.serve(directory);
    ground
}

/// Judges everybody by a policy that accepts these with a file as the roster, and compares with what
/// is to be expected.
fn compare(ground: &Ground, people: &[Person], accept: &[&str]) {
    let rows: String = people.iter().map(Person::roster_row).collect();
    let roster = ground.roster(format!("account_id,mfa,sso\n{rows}"));
    let with_roster = accept.contains(&"roster") || accept.contains(&"sso");
    let more = if with_roster { &roster[..] } else { &[] };
    let before = ground.asked().1;
    let checked = ground.check(&accept.join(", "), more);

    let with_organisation = accept.contains(&"atlassian");
    assert_eq!(ground.asked().1 > before, with_organisation, "who is asked for {accept:?}");
    let is_asked = |own: &&str| match *own {
        "bitbucket" => true,
        "atlassian" => with_organisation,
        _ => with_roster,
    };
    let asked: Vec<&str> = SOURCES.into_iter().filter(is_asked).collect();
    expect(&checked, people, accept, &asked, "roster");
}

/// The same with Microsoft Entra as the roster.
fn compare_entra(entra: &Entra, people: &[Person], accept: &[&str]) {
    let with_entra = accept.contains(&"roster");
    let before = entra.asked().1;
    let policy = format!("accept: [{}]\nroster: {{from: entra}}\n", accept.join(", "));
    let checked = entra.check_by(&policy, &[], &[]);
    assert_eq!(entra.asked().1 > before, with_entra, "who is asked for {accept:?}");
    let is_asked = |own: &&str| match *own {
        "bitbucket" => true,
        "atlassian" => accept.contains(&"atlassian"),
        "roster" => with_entra,
        _ => false,
    };
    let asked: Vec<&str> = SOURCES.into_iter().filter(is_asked).collect();
    expect(&checked, people, accept, &asked, "Microsoft Entra");
}

/// Compares a report with what is to be expected of a policy that accepts these sources, where those
/// were asked and findings call the roster this.
fn expect(checked: &Checked, people: &[Person], accept: &[&str], asked: &[&str], roster: &str) {
    let members = checked.report["members"].as_array().unwrap();
    assert_eq!(members.len(), people.len());
    let (mut by, mut unknown, mut alone) = (BTreeMap::<&str, u64>::new(), 0, 0);
    let mut findings = BTreeMap::new();
    for person in people {
        let (two_factor, decided_by) = person.joined(accept);
        let member = checked.member(person.number);
        let outcome = if two_factor == "enabled" { "protected" } else { "violation" };
        assert_eq!(member["two_factor"], two_factor, "{accept:?} {member:#}");
        assert_eq!(member["decided_by"].as_str(), decided_by, "{accept:?} {member:#}");
        assert_eq!(member["outcome"], outcome, "{accept:?} {member:#}");
        assert_eq!(member["evidence"], person.evidence(asked), "{accept:?} {member:#}");
        if outcome == "violation" {
            findings.insert(person.heard(accept, roster), format!("two-factor-{two_factor}"));
        } else {
            *by.entry(decided_by.unwrap()).or_default() += 1;
            let proofs = accept.iter().filter(|own| person.factor(own) == Some(true));
            alone += u64::from(proofs.collect::<Vec<_>>() == [&"roster"]);
        }
        unknown += u64::from(two_factor == "unknown");
    }
    let found = checked.report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found: Vec<(String, String)> =
        found.map(|finding| (text(&finding["message"]), text(&finding["rule"]))).collect();
    assert_eq!(found.len(), findings.len(), "{accept:?}");
    assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), findings, "{accept:?}");
    let summary = &checked.report["summary"];
    assert_eq!(summary["protected_by"], json!(by), "{accept:?}");
    assert_eq!(summary["violations"], findings.len(), "{accept:?}");
    assert_eq!(summary["unknown"], unknown, "{accept:?}");
    assert_eq!(summary["protected_by_roster_alone"], alone, "{accept:?}");
    assert_eq!(checked.code, i32::from(!findings.is_empty()), "{accept:?}");
}

/// Every order of some things.
fn orders(things: &[&'static str]) -> Vec<Vec<&'static str>> {
    let Some((first, rest)) = things.split_first() else { return vec![Vec::new()] };
    let mut orders = Vec::new();
    for order in self::orders(rest) {
        for at in 0..=order.len() {
            let mut order = order.clone();
            order.insert(at, *first);
            orders.push(order);
        }
    }
    orders
}

#[test]
fn every_order_of_all_sources() {
    let people = people();
    assert_eq!(people.len(), 54);
    let (ground, orders) = (ground(&people), orders(&SOURCES));
    assert_eq!(orders.len(), 24);
    orders.iter().for_each(|accept| compare(&ground, &people, accept));
}

#[test]
fn every_order_of_sources_with_entra_as_the_roster() {
    let people = people();
    let entra = Entra::beside(ground(&people), people.len());
    let mut tenant = Tenant { page: Some(20), ..Tenant::default() };
    people.iter().for_each(|person| person.add_user(&mut tenant));
    entra.serve(tenant);
    for chosen in [
        &["bitbucket", "atlassian", "roster"][..],
        &["bitbucket", "roster"],
        &["atlassian", "roster"],
        &["roster"],
        &["bitbucket", "atlassian"],
    ] {
        orders(chosen).iter().for_each(|accept| compare_entra(&entra, &people, accept));
    }
}

#[test]
fn every_selection_of_sources() {
    let people = people();
    let ground = ground(&people);
    for selection in 1..1 << SOURCES.len() {
        let chosen = SOURCES.into_iter().enumerate().filter(|(at, _)| selection >> at & 1 == 1);
        let accept: Vec<&str> = chosen.map(|(_, own)| own).collect();
        compare(&ground, &people, &accept);
    }
}

#[test]
fn whoever_is_known_to_be_safe_is_compliant() {
    let people: Vec<Person> = people()
        .into_iter()
        .filter(|person| SOURCES.iter().any(|own| person.factor(own) == Some(true)))
        .collect();
    assert_eq!(people.len(), 54 - 8);
    compare(&ground(&people), &people, &SOURCES);
}

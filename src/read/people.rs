//! The people of a workspace, and which of them has which e-mail address. Pure.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::atlassian::Directory;
use crate::failure::Problem;
use crate::member::{Kind, Member};

/// The people on a list, while other sources are asked about them.
pub(super) struct People<'m> {
    people: Vec<Person<'m>>,
    /// For each address that a member is said to have: how many of those who have it could log in.
    claims: HashMap<Arc<str>, usize>,
    /// Addresses that no member has.
    unowned: HashSet<Box<str>>,
}

/// One of them.
pub(super) struct Person<'m> {
    pub(super) member: &'m mut Member,
    /// The addresses that they are said to have.
    addresses: Vec<Arc<str>>,
}

impl<'m> People<'m> {
    /// The members of a list, with the addresses that they show themselves.
    pub(super) fn of(members: impl IntoIterator<Item = &'m mut Member>) -> Self {
        let person = |member| Person { member, addresses: Vec::new() };
        let people = members.into_iter().map(person).collect();
        let mut people = People { people, claims: HashMap::new(), unowned: HashSet::new() };
        people.add(|member| member.email.as_deref().map(Arc::from));
        people
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        self.people.iter().map(|person| &*person.member)
    }

    pub(super) fn members_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.people.iter_mut().map(|person| &mut *person.member)
    }

    /// Each person with the addresses that are theirs alone.
    pub(super) fn owners(&mut self) -> impl Iterator<Item = (&mut Person<'m>, Vec<Arc<str>>)> {
        let claims = &self.claims;
        self.people.iter_mut().map(|person| {
            let own = person.addresses.iter().filter(|address| person.owns(address, claims));
            let own = own.cloned().collect();
            (person, own)
        })
    }

    /// Whether an address was looked up that no member has.
    pub(super) fn has_unowned(&self) -> bool {
        !self.unowned.is_empty()
    }

    /// The members who could log in and whose address is not known.
    pub(super) fn strangers(&self) -> impl Iterator<Item = &Member> {
        let strangers = self.people.iter().filter(|person| person.is_stranger());
        strangers.map(|person| &*person.member).filter(|member| member.applicable())
    }

    /// Lets the owners of some addresses show them.
    pub(super) fn show(&mut self, addresses: &[&str]) {
        let addresses: HashSet<&str> = addresses.iter().copied().collect();
        for (person, own) in self.owners() {
            if let Some(address) = own.iter().find(|address| addresses.contains(&***address)) {
                person.member.email = Some((&**address).into());
            }
        }
    }

    /// Adds what the organisation knows of them.
    pub(super) fn add_directory(&mut self, directory: &Directory) {
        self.add(|member| {
            let account = directory.account(member.account_id.as_deref()?)?;
            account.email.as_deref().map(Arc::from)
        });
    }

    /// Adds the members who were found to have some of these addresses; no member has the others.
    ///
    /// # Errors
    /// [`Problem`] where a person was found who is not on the list.
    pub(super) fn add_found(
        &mut self,
        addresses: &[&str],
        found: &[Arc<Member>],
    ) -> Result<(), Problem> {
        let listed: HashSet<&str> = self.members().flat_map(ids).collect();
        if !found.iter().all(|found| ids(found).any(|id| listed.contains(id))) {
            return Err(Problem::new(
                "a member joined while the list was read",
                "Try again when fewer people join and leave.",
            ));
        }
        let mut found_by_id: HashMap<&str, Vec<&Member>> = HashMap::new();
        for found in found {
            ids(found).for_each(|id| found_by_id.entry(id).or_default().push(found));
        }
        for person in &mut self.people {
            let rows = ids(person.member).filter_map(|id| found_by_id.get(id)).flatten();
            let rows: Vec<&Member> = rows.copied().collect();
            if !rows.iter().all(|found| has_no_other_id(person.member, found)) {
                return Err(Problem::new(
                    "a person who was looked up by address has the ids of two members",
                    "Try again; if it stays so, report it to Atlassian.",
                ));
            }
            for address in rows.iter().filter_map(|found| found.email.as_deref()) {
                person.claim(address.into(), &mut self.claims);
            }
        }
        let unowned = addresses.iter().filter(|address| !self.claims.contains_key(**address));
        self.unowned.extend(unowned.map(|&address| Box::from(address)));
        Ok(())
    }

    /// Adds the address that is known of each member, where one is.
    fn add(&mut self, known: impl Fn(&Member) -> Option<Arc<str>>) {
        for person in &mut self.people {
            if let Some(address) = known(person.member) {
                person.claim(address, &mut self.claims);
            }
        }
    }

    /// One of some addresses that several members are said to have, so that it is not known whose
    /// it is.
    pub(super) fn contested<'e>(
        &self,
        mut addresses: impl Iterator<Item = &'e str>,
    ) -> Option<&'e str> {
        addresses.find(|address| self.claims.get(*address).is_some_and(|&claims| claims > 1))
    }

    /// Those of some addresses of which it is not known whether a member has them, and which.
    pub(super) fn open<'e>(&self, addresses: impl Iterator<Item = &'e str>) -> Vec<&'e str> {
        if !self.people.iter().any(Person::is_stranger) {
            return Vec::new();
        }
        let is_open = |address: &&str| {
            !self.claims.contains_key(*address) && !self.unowned.contains(*address)
        };
        let mut open: Vec<&str> = addresses.filter(is_open).collect();
        open.sort_unstable();
        open.dedup();
        open
    }
}

impl Person<'_> {
    /// Whether it is not known which address they have; apps have none.
    pub(super) fn is_stranger(&self) -> bool {
        self.addresses.is_empty() && self.member.kind != Kind::AppUser
    }

    /// Notes an address that they are said to have.
    fn claim(&mut self, address: Arc<str>, claims: &mut HashMap<Arc<str>, usize>) {
        if !self.addresses.contains(&address) {
            let claims = claims.entry(Arc::clone(&address)).or_default();
            *claims += usize::from(self.member.applicable());
            self.addresses.push(address);
        }
    }

    /// Whether an address that they are said to have is theirs. An account that can no longer log
    /// in yields to one that can; whose it is of several such cannot be told.
    fn owns(&self, address: &str, claims: &HashMap<Arc<str>, usize>) -> bool {
        claims.get(address) == Some(&usize::from(self.member.applicable()))
    }
}

/// Whether two rows may be of one person: each id that both of them show is the same.
fn has_no_other_id(listed: &Member, found: &Member) -> bool {
    let agree = |listed: &Option<Box<str>>, found: &Option<Box<str>>| {
        listed.as_ref().zip(found.as_ref()).is_none_or(|(listed, found)| listed == found)
    };
    agree(&listed.account_id, &found.account_id) && agree(&listed.uuid, &found.uuid)
}

fn ids(member: &Member) -> impl Iterator<Item = &str> {
    [member.account_id.as_deref(), member.uuid.as_deref()].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::AccountStatus;

    fn member(id: u8, email: Option<&str>) -> Member {
        Member {
            account_id: Some(format!("557058:{id}").into()),
            email: email.map(Into::into),
            ..Member::nobody()
        }
    }

    /// The account id of the member who has an address.
    fn owner(people: &mut People<'_>, address: &str) -> Option<Box<str>> {
        let mut owners =
            people.owners().filter(|(_, owned)| owned.iter().any(|owned| **owned == *address));
        let owner = owners.next().and_then(|(person, _)| person.member.account_id.clone());
        assert!(owners.next().is_none());
        owner
    }

    #[test]
    fn a_found_member_has_the_address_and_no_member_the_others() {
        let mut members = [member(0, None), member(1, None)];
        let found = Member { email: Some("a".into()), ..members[1].clone() };
        let id = found.account_id.clone();
        let mut people = People::of(&mut members);
        assert_eq!(people.open(["b", "a", "b"].into_iter()), ["a", "b"]);
        assert_eq!(people.add_found(&["a", "b"], &[Arc::new(found)]), Ok(()));
        assert_eq!((owner(&mut people, "a"), owner(&mut people, "b")), (id, None));
        assert_eq!(people.open(["a", "b", "c"].into_iter()), ["c"], "the first one may have it");

        let stranger = member(7, Some("m7@acme.example"));
        assert!(people.add_found(&["m7@acme.example"], &[Arc::new(stranger)]).is_err());
    }

    #[test]
    fn a_row_with_the_ids_of_two_members_is_neither() {
        let with_uuid =
            |id: u8| Member { uuid: Some(format!("{{{id}}}").into()), ..member(id, None) };
        let members = [with_uuid(0), with_uuid(1)];
        for uuid in ["{1}", "{7}"] {
            let both =
                Member { uuid: Some(uuid.into()), email: Some("a".into()), ..members[0].clone() };
            let mut members = members.clone();
            assert!(
                People::of(&mut members).add_found(&["a"], &[Arc::new(both)]).is_err(),
                "{uuid}"
            );
        }
        // A row that shows fewer ids is about the member who has those.
        let bare = Member { uuid: None, email: Some("a".into()), ..members[1].clone() };
        let mut members = members;
        let mut people = People::of(&mut members);
        assert_eq!(people.add_found(&["a"], &[Arc::new(bare.clone())]), Ok(()));
        assert_eq!(owner(&mut people, "a"), bare.account_id);
    }

    #[test]
    fn an_address_of_two_members_has_no_owner_until_one_is_gone() {
        let mut members = [member(0, Some("a")), member(1, Some("a")), member(2, Some("b"))];
        let [first, second, third] = members.clone().map(|member| member.account_id);
        let mut people = People::of(&mut members);
        assert_eq!((owner(&mut people, "a"), owner(&mut people, "b")), (None, third));
        assert_eq!(people.contested(["b", "a"].into_iter()), Some("a"));
        for (gone, other) in [(0, second), (1, first)] {
            members[gone].account_status = Some(AccountStatus::Closed);
            let mut people = People::of(&mut members);
            assert_eq!(owner(&mut people, "a"), other);
            assert_eq!(people.contested(["a"].into_iter()), None);
            members[gone].account_status = None;
        }
    }
}

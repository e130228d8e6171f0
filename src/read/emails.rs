//! Which member has which e-mail address. Pure.

use std::collections::{HashMap, HashSet};

use super::atlassian::Directory;
use crate::failure::Problem;
use crate::member::{Kind, Member};

/// Who has which e-mail address, as far as it is known.
pub(super) struct AddressBook {
    owners: HashMap<Box<str>, Owner>,
    /// The positions of those whose address is not known; apps have none.
    unknown: HashSet<usize>,
    /// Addresses that no member has.
    unowned: HashSet<Box<str>>,
}

/// Whose an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// That of the member at this position of the list.
    One(usize),
    /// That of several who could all log in, as far as anybody says.
    Several,
}

impl AddressBook {
    /// What the members show themselves.
    pub(super) fn of(members: &[Member]) -> Self {
        let people = members.iter().enumerate().filter(|(_, member)| member.kind != Kind::AppUser);
        let unknown = people.map(|(position, _)| position);
        let mut book = AddressBook {
            owners: HashMap::new(),
            unknown: unknown.collect(),
            unowned: HashSet::new(),
        };
        for (position, member) in members.iter().enumerate() {
            if let Some(email) = &member.email {
                book.enter(members, email, position);
            }
        }
        book
    }

    /// Whether an address was looked up that no member has.
    pub(super) fn has_unowned(&self) -> bool {
        !self.unowned.is_empty()
    }

    /// Whether an address that is not in here has no owner.
    pub(super) fn is_complete(&self) -> bool {
        self.unknown.is_empty()
    }

    /// The members who could log in and whose address is not known.
    pub(super) fn strangers<'m>(
        &'m self,
        members: &'m [Member],
    ) -> impl Iterator<Item = &'m Member> {
        let unknown = self.unknown.iter().filter_map(|&position| members.get(position));
        unknown.filter(|member| member.applicable())
    }

    /// Lets the owners of some addresses show them.
    pub(super) fn show(&self, members: &mut [Member], emails: &[&str]) {
        for &email in emails {
            let owner = self.owner(email).and_then(|position| members.get_mut(position));
            if let Some(owner) = owner {
                owner.email = Some(email.into());
            }
        }
    }

    /// Adds what the organisation knows of them.
    pub(super) fn add_directory(&mut self, members: &[Member], directory: &Directory) {
        for (position, member) in members.iter().enumerate() {
            let account = member.account_id.as_deref().and_then(|id| directory.account(id));
            if let Some(email) = account.and_then(|account| account.email.as_deref()) {
                self.enter(members, email, position);
            }
        }
    }

    /// Adds the members who were found to have some of these addresses; no member has the others.
    ///
    /// # Errors
    /// [`Problem`] where a person was found who is not on the list.
    pub(super) fn add_found(
        &mut self,
        members: &[Member],
        emails: &[&str],
        found: &[Member],
    ) -> Result<(), Problem> {
        let by_id: HashMap<&str, usize> = members
            .iter()
            .enumerate()
            .flat_map(|(position, member)| ids(member).map(move |id| (id, position)))
            .collect();
        for found in found {
            let Some(&position) = ids(found).find_map(|id| by_id.get(id)) else {
                return Err(Problem::new(
                    "a member joined while the list was read",
                    "Try again when fewer people join and leave.",
                ));
            };
            if !members.get(position).is_some_and(|member| has_no_other_id(member, found)) {
                return Err(Problem::new(
                    "a person who was looked up by address has the ids of two members",
                    "Try again; if it stays so, report it to Atlassian.",
                ));
            }
            self.enter(members, found.email.as_deref().unwrap_or_default(), position);
        }
        let unowned = emails.iter().filter(|email| !self.owners.contains_key(**email));
        let unowned: Vec<Box<str>> = unowned.map(|&email| email.into()).collect();
        self.unowned.extend(unowned);
        Ok(())
    }

    /// Notes whose an address is. An account that can no longer log in yields to one that
    /// can.
    fn enter(&mut self, members: &[Member], email: &str, position: usize) {
        self.unknown.remove(&position);
        let logs_in = |at: usize| members.get(at).is_some_and(Member::applicable);
        let owner = match self.owners.get(email) {
            Some(&Owner::One(before)) if before != position && logs_in(before) => {
                if logs_in(position) { Owner::Several } else { Owner::One(before) }
            }
            Some(Owner::Several) => Owner::Several,
            Some(Owner::One(_)) | None => Owner::One(position),
        };
        self.owners.insert(email.into(), owner);
    }

    /// One of some addresses that several members are said to have, so that it is not known whose
    /// it is.
    pub(super) fn contested<'e>(
        &self,
        mut emails: impl Iterator<Item = &'e str>,
    ) -> Option<&'e str> {
        emails.find(|email| matches!(self.owners.get(*email), Some(Owner::Several)))
    }

    /// Whether the address of a member who could log in is known.
    pub(super) fn knows_address_of(&self, position: usize, member: &Member) -> bool {
        member.applicable() && !self.unknown.contains(&position)
    }

    /// The position of the member who has an address, in lower-case ASCII.
    pub(super) fn owner(&self, email: &str) -> Option<usize> {
        match self.owners.get(email)? {
            Owner::One(position) => Some(*position),
            Owner::Several => None,
        }
    }

    /// Those of some addresses of which it is not known whose they are, if anybody's.
    pub(super) fn open<'e>(&self, emails: impl Iterator<Item = &'e str>) -> Vec<&'e str> {
        if self.is_complete() {
            return Vec::new();
        }
        let is_open =
            |email: &&str| !self.owners.contains_key(*email) && !self.unowned.contains(*email);
        let mut open: Vec<&str> = emails.filter(is_open).collect();
        open.sort_unstable();
        open.dedup();
        open
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

    #[test]
    fn a_found_member_has_the_address_and_no_member_the_others() {
        let members = [member(0, None), member(1, None)];
        let mut book = AddressBook::of(&members);
        assert_eq!(book.open(["b", "a", "b"].into_iter()), ["a", "b"]);
        let found = Member { email: Some("a".into()), ..members[1].clone() };
        assert_eq!(book.add_found(&members, &["a", "b"], &[found]), Ok(()));
        assert_eq!((book.owner("a"), book.owner("b")), (Some(1), None));
        assert_eq!(book.open(["a", "b", "c"].into_iter()), ["c"]);
        assert!(!book.is_complete(), "the address of the first is not known");

        let mut book = AddressBook::of(&members);
        let stranger = member(7, Some("m7@acme.example"));
        assert!(book.add_found(&members, &["m7@acme.example"], &[stranger]).is_err());
    }

    #[test]
    fn a_row_with_the_ids_of_two_members_is_neither() {
        let with_uuid =
            |id: u8| Member { uuid: Some(format!("{{{id}}}").into()), ..member(id, None) };
        let members = [with_uuid(0), with_uuid(1)];
        for uuid in ["{1}", "{7}"] {
            let both =
                Member { uuid: Some(uuid.into()), email: Some("a".into()), ..members[0].clone() };
            let mut book = AddressBook::of(&members);
            assert!(book.add_found(&members, &["a"], &[both]).is_err(), "{uuid}");
            assert_eq!(book.owner("a"), None);
        }
        // A row that shows fewer ids is about the member who has those.
        let bare = Member { uuid: None, email: Some("a".into()), ..members[1].clone() };
        let mut book = AddressBook::of(&members);
        assert_eq!(book.add_found(&members, &["a"], &[bare]), Ok(()));
        assert_eq!(book.owner("a"), Some(1));
    }

    #[test]
    fn an_address_of_two_members_has_no_owner_until_one_is_gone() {
        let mut members = [member(0, Some("a")), member(1, Some("a")), member(2, Some("b"))];
        let book = AddressBook::of(&members);
        assert_eq!((book.owner("a"), book.owner("b")), (None, Some(2)));
        assert_eq!(book.contested(["b", "a"].into_iter()), Some("a"));
        for gone in [0, 1] {
            members[gone].account_status = Some(AccountStatus::Closed);
            let book = AddressBook::of(&members);
            assert_eq!(
                (book.owner("a"), book.contested(["a"].into_iter())),
                (Some(1 - gone), None)
            );
            members[gone].account_status = None;
        }
    }
}

//! Which exemptions are about which member.

use std::collections::HashMap;

use super::states::Candidate;
use crate::member::Ids;
use crate::policy::{MemberId, Selector};
use crate::reading::{Addresses, MemberList};

/// The exemptions that apply to one workspace, by what they select.
#[derive(Default)]
pub(super) struct Index<'c, 'p> {
    /// All of them, in the order of the policy.
    pub(super) all: Vec<&'c Candidate<'p>>,
    by_account_id: HashMap<&'p str, Vec<&'c Candidate<'p>>>,
    by_uuid: HashMap<&'p str, Vec<&'c Candidate<'p>>>,
    by_email: HashMap<&'p str, Vec<&'c Candidate<'p>>>,
    /// Addresses next to an id: they count for members whose id of that kind is not known.
    by_email_next_to: HashMap<&'p str, Vec<(&'c Candidate<'p>, &'p MemberId)>>,
}

impl<'c, 'p> Index<'c, 'p> {
    pub(super) fn new(candidates: &'c [Candidate<'p>], workspace: &str) -> Self {
        let mut index = Index::default();
        for candidate in candidates.iter().filter(|one| one.exemption.applies_to(workspace)) {
            index.all.push(candidate);
            match &candidate.exemption.selector {
                Selector::Id { id, email } => {
                    match id {
                        MemberId::AccountId(id) => index.by_account_id.entry(id),
                        MemberId::Uuid(id) => index.by_uuid.entry(id),
                    }
                    .or_default()
                    .push(candidate);
                    if let Some(email) = email {
                        index.by_email_next_to.entry(email).or_default().push((candidate, id));
                    }
                }
                Selector::Email(email) => index.by_email.entry(email).or_default().push(candidate),
            }
        }
        index
    }

    /// The exemptions about a member, in the order of the policy.
    pub(super) fn matching(&self, member: Ids<'_>) -> Vec<&'c Candidate<'p>> {
        let mut matching = Vec::new();
        for (index, id) in [
            (&self.by_account_id, member.account_id),
            (&self.by_uuid, member.uuid),
            (&self.by_email, member.email),
        ] {
            matching.extend(id.and_then(|id| index.get(id)).into_iter().flatten().copied());
        }
        let next_to = member.email.and_then(|email| self.by_email_next_to.get(email));
        let is_shown = |id: &MemberId| match id {
            MemberId::AccountId(_) => member.account_id.is_some(),
            MemberId::Uuid(_) => member.uuid.is_some(),
        };
        for (candidate, _) in next_to.into_iter().flatten().filter(|(_, id)| !is_shown(id)) {
            matching.push(*candidate);
        }
        matching.sort_unstable_by_key(|candidate| candidate.position);
        matching
    }
}

/// Which ids all members of a workspace show who can log in, as far as exemptions select by them.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    account_id: bool,
    uuid: bool,
    email: bool,
    account_id_or_email: bool,
    uuid_or_email: bool,
}

impl Shown {
    pub(super) fn by(list: &MemberList) -> Self {
        let mut shown = Shown {
            account_id: true,
            uuid: true,
            email: true,
            account_id_or_email: true,
            uuid_or_email: true,
        };
        for member in list.members.iter().filter(|member| member.applicable()) {
            let email = member.email.is_some();
            shown.account_id &= member.account_id.is_some();
            shown.uuid &= member.uuid.is_some();
            shown.email &= email;
            shown.account_id_or_email &= member.account_id.is_some() || email;
            shown.uuid_or_email &= member.uuid.is_some() || email;
        }
        shown.email |= list.addresses == Addresses::LookedUp;
        shown
    }

    /// What to do where some members do not show the id that an exemption selects by.
    pub(super) fn instead_of(self, id: &MemberId, has_email: bool) -> &'static str {
        match id {
            MemberId::AccountId(_) if self.uuid => {
                "Use `uuid` instead of `account_id` in the exemption: `mfa-gate members` lists the \
                 uuid of every member."
            }
            MemberId::Uuid(_) if self.account_id => {
                "Use `account_id` instead of `uuid` in the exemption: `mfa-gate members` lists the \
                 account id of every member."
            }
            MemberId::AccountId(_) | MemberId::Uuid(_) if has_email => {
                "Read the workspace from Bitbucket's API, or save its pages with the ids of the \
                 members."
            }
            MemberId::AccountId(_) | MemberId::Uuid(_) => {
                "Add the member's e-mail address to the exemption, or read the workspace from \
                 Bitbucket's API."
            }
        }
    }

    /// Whether it is known of every member whether an exemption is about it.
    pub(super) fn decides(self, selector: &Selector) -> bool {
        match selector {
            Selector::Id { id: MemberId::AccountId(_), email: None } => self.account_id,
            Selector::Id { id: MemberId::AccountId(_), email: Some(_) } => self.account_id_or_email,
            Selector::Id { id: MemberId::Uuid(_), email: None } => self.uuid,
            Selector::Id { id: MemberId::Uuid(_), email: Some(_) } => self.uuid_or_email,
            Selector::Email(_) => self.email,
        }
    }
}

//! Which exemptions are about which member.

use std::collections::HashMap;

use crate::member::Member;
use crate::policy::{Exemption, MemberId, Selector};
use crate::reading::{Addresses, MemberList};

/// The exemptions that apply to one workspace, by what they select.
pub(super) struct Index<'p> {
    by_account_id: HashMap<&'p str, Vec<usize>>,
    by_uuid: HashMap<&'p str, Vec<usize>>,
    by_email: HashMap<&'p str, Vec<usize>>,
    /// Addresses beside an id: they count for members of whom the source does not know that id.
    by_email_beside: HashMap<&'p str, Vec<(usize, &'p MemberId)>>,
}

impl<'p> Index<'p> {
    pub(super) fn new(exemptions: &'p [Exemption], workspace: &str) -> Self {
        let mut index = Index {
            by_account_id: HashMap::new(),
            by_uuid: HashMap::new(),
            by_email: HashMap::new(),
            by_email_beside: HashMap::new(),
        };
        let applying =
            exemptions.iter().enumerate().filter(|(_, exemption)| exemption.applies_to(workspace));
        for (position, exemption) in applying {
            match &exemption.selector {
                Selector::Id { id, email } => {
                    match id {
                        MemberId::AccountId(id) => index.by_account_id.entry(id),
                        MemberId::Uuid(id) => index.by_uuid.entry(id),
                    }
                    .or_default()
                    .push(position);
                    if let Some(email) = email {
                        index.by_email_beside.entry(email).or_default().push((position, id));
                    }
                }
                Selector::Email(email) => index.by_email.entry(email).or_default().push(position),
            }
        }
        index
    }

    /// The positions of the exemptions about a member, in the order of the policy.
    pub(super) fn matching(&self, member: &Member) -> Vec<usize> {
        let mut matching = Vec::new();
        for (index, value) in [
            (&self.by_account_id, &member.account_id),
            (&self.by_uuid, &member.uuid),
            (&self.by_email, &member.email),
        ] {
            let found = value.as_deref().and_then(|value| index.get(value));
            matching.extend(found.into_iter().flatten());
        }
        let beside = member.email.as_deref().and_then(|email| self.by_email_beside.get(email));
        let unknown_id = beside.into_iter().flatten().filter(|(_, id)| !knows(member, id));
        matching.extend(unknown_id.map(|(position, _)| position));
        matching.sort_unstable();
        matching
    }
}

/// Whether a member shows the kind of id that an exemption selects by.
fn knows(member: &Member, id: &MemberId) -> bool {
    match id {
        MemberId::AccountId(_) => member.account_id.is_some(),
        MemberId::Uuid(_) => member.uuid.is_some(),
    }
}

/// Which identifiers every member of a workspace shows that could log in, as far as exemptions
/// select by them.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    account_id: bool,
    uuid: bool,
    email: bool,
    account_id_or_email: bool,
    uuid_or_email: bool,
}

impl Shown {
    pub(super) fn by(roll: &MemberList) -> Self {
        let mut shown = Shown {
            account_id: true,
            uuid: true,
            email: true,
            account_id_or_email: true,
            uuid_or_email: true,
        };
        for member in roll.members.iter().filter(|member| member.applicable()) {
            let email = member.email.is_some();
            shown.account_id &= member.account_id.is_some();
            shown.uuid &= member.uuid.is_some();
            shown.email &= email;
            shown.account_id_or_email &= member.account_id.is_some() || email;
            shown.uuid_or_email &= member.uuid.is_some() || email;
        }
        shown.email |= roll.addresses == Addresses::LookedUp;
        shown
    }

    /// What to select by where not everybody shows the id that an exemption names.
    pub(super) fn instead_of(self, id: &MemberId, has_email: bool) -> &'static str {
        match id {
            MemberId::AccountId(_) if self.uuid => {
                "Name the member by `uuid` in place of `account_id`: `mfa-gate members` lists what \
                 everybody shows here."
            }
            MemberId::Uuid(_) if self.account_id => {
                "Name the member by `account_id` in place of `uuid`: `mfa-gate members` lists what \
                 everybody shows here."
            }
            MemberId::AccountId(_) | MemberId::Uuid(_) if has_email => {
                "Read the workspace from Bitbucket's API, or save its pages with the ids of the \
                 members."
            }
            MemberId::AccountId(_) | MemberId::Uuid(_) => {
                "Write the member's e-mail address beside the id, or read the workspace from \
                 Bitbucket's API."
            }
        }
    }

    /// Whether it can be told of every member whether an exemption is about it.
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

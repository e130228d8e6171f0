//! Members of a workspace and what is known of their second factor.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quote::shortened;
use crate::words::{open_words, words};

words! {
    /// What is known about a second factor. Unknown is not off.
    pub enum TwoFactor {
        /// A source says that there is a second factor.
        Enabled = "enabled",
        /// A source says that there is none, as far as that source can see.
        Disabled = "disabled",
        /// The source says nothing about it.
        Unknown = "unknown",
    }
}

words! {
    /// A source of evidence about a member's second factor.
    pub enum Source {
        /// Bitbucket's own two-step verification: `has_2fa_enabled`.
        Bitbucket = "bitbucket",
        /// The two-step verification of the Atlassian account, from the organisation's directory.
        Atlassian = "atlassian",
        /// A second factor registered with an identity provider, from its export.
        Roster = "roster",
        /// Sign-in through an identity provider, which asks for the second factor.
        Sso = "sso",
    }
}

/// What each source says of one member; `None` where the source was not asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What Bitbucket says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitbucket: Option<TwoFactor>,
    /// What the Atlassian organisation says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atlassian: Option<TwoFactor>,
    /// What the identity provider's export says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roster: Option<TwoFactor>,
    /// Whether sign-in is delegated to the identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso: Option<TwoFactor>,
}

impl Evidence {
    /// What one source said, as it said it; `None` where it was not asked.
    pub fn said(self, source: Source) -> Option<TwoFactor> {
        match source {
            Source::Bitbucket => self.bitbucket,
            Source::Atlassian => self.atlassian,
            Source::Roster => self.roster,
            Source::Sso => self.sso,
        }
    }

    /// What one source says. A source that was not asked knows nothing, and the absence of
    /// single sign-on says nothing about a second factor.
    pub fn of(self, source: Source) -> TwoFactor {
        match (source, self.said(source).unwrap_or(TwoFactor::Unknown)) {
            (Source::Sso, TwoFactor::Disabled) => TwoFactor::Unknown,
            (Source::Bitbucket | Source::Atlassian | Source::Roster | Source::Sso, said) => said,
        }
    }

    /// Forgets what a roster said, where its day is another one or is not known.
    pub(crate) fn forget_roster(&mut self) {
        (self.roster, self.sso) = (None, None);
    }

    /// What the accepted sources say together, and which of them decided: enabled if any says
    /// so, else disabled if any says so, else unknown, which no source decides. The deciding source
    /// is the first in the order of `accept` that says the deciding value.
    pub fn joined(self, accept: &[Source]) -> (TwoFactor, Option<Source>) {
        for value in [TwoFactor::Enabled, TwoFactor::Disabled] {
            if let Some(&source) = accept.iter().find(|&&source| self.of(source) == value) {
                return (value, Some(source));
            }
        }
        (TwoFactor::Unknown, None)
    }
}

open_words! {
    /// What kind of account a member is. An unknown one is checked like a person.
    pub enum Kind {
        /// A person's account, `user`.
        User = "user",
        /// An account of an app, `app_user`, which does not log in.
        AppUser = "app_user",
    }
}

impl Kind {
    /// Whether an account of this kind and status logs in, so that a second factor can be asked of
    /// it.
    pub fn logs_in(&self, status: Option<&AccountStatus>) -> bool {
        match self {
            Kind::AppUser => false,
            Kind::User | Kind::Other(_) => status.is_none_or(AccountStatus::logs_in),
        }
    }
}

open_words! {
    /// The state of the account behind a member. An unknown one is checked like an active one.
    ///
    /// Bitbucket's OpenAPI document has only `active` and says that more may come; the three that
    /// mean "does not log in" were seen for Atlassian accounts.
    pub enum AccountStatus {
        /// `active`
        Active = "active",
        /// `inactive`
        Inactive = "inactive",
        /// `closed`
        Closed = "closed",
        /// `deactivated`
        Deactivated = "deactivated",
    }
}

impl AccountStatus {
    /// Whether one can log in with such an account. Other programs write a status with capital
    /// letters, as in `Inactive`.
    pub fn logs_in(&self) -> bool {
        let without = [AccountStatus::Inactive, AccountStatus::Closed, AccountStatus::Deactivated];
        !without.iter().any(|status| status.as_str().eq_ignore_ascii_case(self.as_str()))
    }
}

words! {
    /// Whether a member owns the workspace.
    pub enum Role {
        /// An administrator of the workspace; Bitbucket's permission `owner`.
        Owner = "owner",
        /// Any other member.
        Member = "member",
    }
}

/// What a person who is not a member of the workspace may do in its repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// How many repositories they have access to.
    pub repositories: u32,
    /// The highest permission that they have in one of them.
    pub permission: Permission,
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permission = self.permission.id();
        match self.repositories {
            1 => write!(formatter, "not a member; access to 1 repository, {permission}"),
            more => write!(
                formatter,
                "not a member; access to {more} repositories, at most {permission}"
            ),
        }
    }
}

words! {
    /// A permission in a repository, from the lowest to the highest.
    pub enum Permission {
        /// They can read it.
        Read = "read",
        /// They can push to it.
        Write = "write",
        /// They can change its settings.
        Admin = "admin",
    }
}

/// How much of a name people are shown, in characters; JSON and CSV have it whole.
pub(crate) const LONGEST_NAME: usize = 100;

/// A member for people: the first name that shows anything, and the key whole.
pub(crate) fn label(key: &str, names: [&Option<Box<str>>; 2]) -> String {
    match shown_name(names) {
        Some(name) if name != key => format!("{} ({key})", shortened(name, LONGEST_NAME)),
        Some(_) | None => key.to_owned(),
    }
}

/// The first name that shows anything.
pub(crate) fn shown_name(names: [&Option<Box<str>>; 2]) -> Option<&str> {
    names.into_iter().filter_map(Option::as_deref).find(|name| !name.trim().is_empty())
}

/// The ids of a member, or those that an exemption selects by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids<'a> {
    /// The Atlassian account id.
    pub account_id: Option<&'a str>,
    /// Bitbucket's own id, in braces.
    pub uuid: Option<&'a str>,
    /// The e-mail address, in lower-case ASCII.
    pub email: Option<&'a str>,
}

impl<'a> Ids<'a> {
    pub(crate) fn of(
        account_id: &'a Option<Box<str>>,
        uuid: &'a Option<Box<str>>,
        email: &'a Option<Box<str>>,
    ) -> Self {
        let [account_id, uuid, email] = [account_id, uuid, email].map(Option::as_deref);
        Ids { account_id, uuid, email }
    }

    /// Account id, uuid, address.
    pub fn each(self) -> [Option<&'a str>; 3] {
        [self.account_id, self.uuid, self.email]
    }
}

/// One member of one workspace, as the sources show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The Atlassian account id, an opaque text.
    pub account_id: Option<Box<str>>,
    /// Bitbucket's own id, in braces.
    pub uuid: Option<Box<str>>,
    /// The e-mail address in lower-case ASCII, where the source shows it.
    pub email: Option<Box<str>>,
    /// The nickname: neither unique nor fixed, for people only.
    pub nickname: Option<Box<str>>,
    /// The shown name: neither unique nor fixed, for people only.
    pub display_name: Option<Box<str>>,
    /// What kind of account it is.
    pub kind: Kind,
    /// The account's state, where the source shows it.
    pub account_status: Option<AccountStatus>,
    /// The role in the workspace, where it was asked for.
    pub role: Option<Role>,
    /// What a person who is not a member may do in repositories; none for members.
    pub access: Option<Access>,
    /// A key that none of the ids is: row number and name, where a row has no id and no address; or
    /// what a saved list has in place of the key that its ids make.
    pub given_key: Option<Box<str>>,
    /// What each source says.
    pub evidence: Evidence,
}

impl Member {
    /// A member that nothing is known about, for a test to change.
    #[cfg(test)]
    pub(crate) fn nobody() -> Self {
        Member {
            account_id: None,
            uuid: None,
            email: None,
            nickname: None,
            display_name: None,
            kind: Kind::User,
            account_status: None,
            role: None,
            access: None,
            given_key: None,
            evidence: Evidence::default(),
        }
    }

    /// Its ids.
    pub fn ids(&self) -> Ids<'_> {
        Ids::of(&self.account_id, &self.uuid, &self.email)
    }

    /// What the member is sorted, fingerprinted and named by: account id, else uuid, else e-mail,
    /// else row number and name.
    pub fn key(&self) -> &str {
        [&self.account_id, &self.uuid, &self.email, &self.given_key]
            .into_iter()
            .find_map(Option::as_deref)
            .unwrap_or_default()
    }

    /// Whether a saved list has it under a key that its ids do not make.
    pub(crate) fn has_other_key(&self) -> bool {
        self.given_key.as_deref().is_some_and(|key| key != self.key())
    }

    /// The member for people: the shown name, else the nickname, and the key whole.
    pub fn label(&self) -> String {
        label(self.key(), [&self.display_name, &self.nickname])
    }

    /// The label, and whether it is an owner, or is not a member of the workspace.
    pub(crate) fn person(&self) -> String {
        let label = self.label();
        match (self.role, self.access) {
            (_, Some(access)) => format!("{label} ({access})"),
            (Some(Role::Owner), None) => format!("Owner {label}"),
            (Some(Role::Member) | None, None) => label,
        }
    }

    /// Whether a second factor can be asked of the member: app users and deactivated accounts do
    /// not log in.
    pub fn applicable(&self) -> bool {
        self.kind.logs_in(self.account_status.as_ref())
    }
}

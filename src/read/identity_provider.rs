//! What an identity provider says of the people that it lists, wherever that was read. Pure.

use super::entra;
use super::roster::{Entry, Roster};
use crate::failure::Problem;
use crate::member::{Member, Source, TwoFactor};
use crate::quote::all;

/// An identity provider's list of people.
#[derive(Clone, Copy)]
pub(super) enum IdentityProvider<'r> {
    /// As a file has it.
    Export(&'r Roster),
    /// As a Microsoft Entra tenant answered.
    Entra(&'r entra::Directory),
}

impl<'r> IdentityProvider<'r> {
    pub(super) fn entries(self) -> &'r [Entry] {
        match self {
            IdentityProvider::Export(roster) => roster.entries(),
            IdentityProvider::Entra(directory) => directory.entries(),
        }
    }

    /// The sources that it speaks for.
    pub(super) fn answers(self) -> &'r [Source] {
        match self {
            IdentityProvider::Export(roster) => &roster.answers,
            IdentityProvider::Entra(_) => &[Source::Roster],
        }
    }

    /// The addresses that may tell whose a row is: where a row has an account id, that does, unless
    /// there are members without one.
    pub(super) fn decisive_addresses(self, all_have_ids: bool) -> impl Iterator<Item = &'r str> {
        let decisive = move |entry: &&Entry| !(all_have_ids && entry.account_id.is_some());
        self.entries().iter().filter(decisive).filter_map(|entry| entry.email.as_deref())
    }

    /// Whether a row protects a person and names them by account id alone, where that id is not
    /// among those of the members.
    pub(super) fn protects_by_other_id(
        self,
        accept: &[Source],
        is_shown: impl Fn(&str) -> bool,
    ) -> bool {
        let counts = |source, said| accept.contains(&source) && said == TwoFactor::Enabled;
        self.entries().iter().any(|entry| {
            (counts(Source::Roster, entry.mfa) || counts(Source::Sso, entry.sso))
                && entry.email.is_none()
                && entry.account_id.as_deref().is_some_and(|id| !is_shown(id))
        })
    }

    /// Two rows are about one member and say different things.
    pub(super) fn contradiction(self, member: &Member, rows: [&Entry; 2]) -> Problem {
        let (member, [first, second]) = (all(member.key()), rows.map(|row| row.line));
        match self {
            IdentityProvider::Export(_) => Problem::new(
                format!(
                    "the roster contradicts itself about {member}: line {first} and line {second}"
                ),
                "Export the roster again, or delete the row that is out of date.",
            ),
            IdentityProvider::Entra(_) => Problem::new(
                format!(
                    "Microsoft Entra has two users with an e-mail address of {member}, and says \
                     different things of them"
                ),
                "Remove the address from the user that is not this person's.",
            ),
        }
    }

    /// No row is about a member, so this is not the list of these people.
    pub(super) fn no_row_matches(self) -> Problem {
        match self {
            IdentityProvider::Export(roster) => Problem::new(
                format!(
                    "none of the {} rows of the roster {} is about a member",
                    roster.rows,
                    all(&roster.path)
                ),
                "Check that it is the roster of these people: its account ids or e-mail addresses \
                 must be those of their Atlassian accounts.",
            ),
            IdentityProvider::Entra(directory) => Problem::new(
                format!(
                    "none of the {} users that Microsoft Entra lists has the e-mail address of a \
                     member",
                    directory.rows()
                ),
                "Check AZURE_TENANT_ID: it must be the tenant in which the members sign in, with \
                 the e-mail addresses of their Atlassian accounts.",
            ),
        }
    }
}

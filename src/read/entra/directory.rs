//! What a tenant says of its users. Pure.

use std::collections::{BTreeSet, HashMap};

use super::wire::{Registration, Row, User};
use crate::failure::Problem;
use crate::member::TwoFactor;
use crate::read::roster::Entry;

/// What a tenant says of its users, by their addresses.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    entries: Vec<Entry>,
    rows: u64,
}

impl Directory {
    /// Joins the users to what they have registered. An address that two users have counts for
    /// neither, also where one of the two is unknown or disabled.
    ///
    /// # Errors
    /// [`Problem`] where nothing is said of any user, so that its silence would judge all of them.
    pub(crate) fn new(users: &[User], registrations: &[Registration]) -> Result<Self, Problem> {
        let said: HashMap<&str, TwoFactor> = registrations
            .iter()
            .map(|registration| (registration.id(), two_factor(registration)))
            .collect();
        let addresses: Vec<BTreeSet<Box<str>>> =
            users.iter().map(|user| user.addresses().collect()).collect();
        let mut owners: HashMap<&str, usize> = HashMap::new();
        for address in addresses.iter().flatten() {
            *owners.entry(address).or_default() += 1;
        }
        let mut entries = Vec::new();
        for ((user, addresses), line) in users.iter().zip(&addresses).zip(1..) {
            let mfa = said.get(user.id()).copied().filter(|_| user.is_enabled());
            let Some(mfa) = mfa.filter(|mfa| *mfa != TwoFactor::Unknown) else { continue };
            let owned = addresses.iter().filter(|address| owners.get(&***address) == Some(&1));
            entries.extend(owned.map(|address| Entry {
                account_id: None,
                email: Some(address.clone()),
                mfa,
                sso: TwoFactor::Unknown,
                line,
            }));
        }
        if entries.is_empty() {
            return Err(Problem::new(
                "it says of no enabled user with an e-mail address whether a method for \
                 multifactor authentication is registered",
                "Check AZURE_TENANT_ID, and that the app registration has the application \
                 permissions AuditLog.Read.All and User.Read.All with admin consent.",
            ));
        }
        Ok(Directory { entries, rows: registrations.len() as u64 })
    }

    /// A row for each address of which something is said.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many users it lists with what they have registered.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }
}

/// A guest without a method here may be asked for one by the tenant that they come from.
fn two_factor(registration: &Registration) -> TwoFactor {
    match registration.is_mfa_capable {
        Some(true) => TwoFactor::Enabled,
        Some(false) if registration.is_of_member() => TwoFactor::Disabled,
        Some(false) | None => TwoFactor::Unknown,
    }
}

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
    /// Joins the users to what they have registered. An address that two users have is no one's,
    /// also where one of the two is unknown or disabled.
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user(id: &str, more: &Value) -> User {
        let mut user =
            json!({"id": id, "mail": format!("{id}@acme.example"), "accountEnabled": true});
        user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(user).unwrap()
    }

    fn registration(id: &str, more: &Value) -> Registration {
        let mut row = json!({"id": id, "userType": "member", "isMfaCapable": true});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(row).unwrap()
    }

    /// What is said of an address, where one other user is known.
    fn said(users: &[User], rows: &[Registration], email: &str) -> TwoFactor {
        let users = [users, &[user("other", &json!({}))]].concat();
        let rows = [rows, &[registration("other", &json!({}))]].concat();
        let directory = Directory::new(&users, &rows).unwrap();
        let entry = directory.entries().iter().find(|entry| entry.email.as_deref() == Some(email));
        entry.map_or(TwoFactor::Unknown, |entry| entry.mfa)
    }

    #[test]
    fn only_capable_members_and_enabled_users_are_known() {
        use TwoFactor::{Disabled, Enabled, Unknown};
        for (account, row, expected) in [
            (json!({}), json!({}), Enabled),
            (json!({}), json!({"userType": "guest"}), Enabled),
            (json!({}), json!({"isMfaCapable": false}), Disabled),
            (json!({}), json!({"isMfaCapable": false, "userType": "Member"}), Disabled),
            (json!({}), json!({"isMfaCapable": false, "userType": "guest"}), Unknown),
            (json!({}), json!({"isMfaCapable": false, "userType": null}), Unknown),
            (json!({}), json!({"isMfaCapable": null, "isMfaRegistered": true}), Unknown),
            (json!({}), json!({"isMfaCapable": false, "isMfaRegistered": true}), Disabled),
            (json!({"accountEnabled": false}), json!({}), Unknown),
            (json!({"accountEnabled": null}), json!({}), Unknown),
        ] {
            let users = [user("ada", &account)];
            let rows = [registration("ada", &row)];
            assert_eq!(said(&users, &rows, "ada@acme.example"), expected, "{account} {row}");
        }
        assert_eq!(said(&[user("ada", &json!({}))], &[], "ada@acme.example"), Unknown);
        assert_eq!(said(&[], &[registration("ada", &json!({}))], "ada@acme.example"), Unknown);
    }

    #[test]
    fn every_address_that_the_tenant_gave_counts() {
        let ada = user(
            "ada",
            &json!({
                "userPrincipalName": "Ada.L@acme.example",
                "proxyAddresses": ["SMTP:ada@acme.example", "smtp:Countess@acme.example",
                    "SIP:sip@acme.example", "X500:/o=acme@acme.example"],
                "otherMails": ["self@acme.example"],
            }),
        );
        let rows = [registration("ada", &json!({}))];
        for email in ["ada@acme.example", "ada.l@acme.example", "countess@acme.example"] {
            assert_eq!(
                said(std::slice::from_ref(&ada), &rows, email),
                TwoFactor::Enabled,
                "{email}"
            );
        }
        for email in ["sip@acme.example", "/o=acme@acme.example", "self@acme.example"] {
            assert_eq!(
                said(std::slice::from_ref(&ada), &rows, email),
                TwoFactor::Unknown,
                "{email}"
            );
        }
    }

    #[test]
    fn an_address_of_two_users_belongs_to_neither() {
        for enabled in [true, false] {
            let bob = user("bob", &json!({"mail": "Ada@acme.example", "accountEnabled": enabled}));
            let users = [user("ada", &json!({})), bob];
            let rows = [registration("ada", &json!({})), registration("bob", &json!({}))];
            assert_eq!(said(&users, &rows, "ada@acme.example"), TwoFactor::Unknown, "{enabled}");
        }
    }

    #[test]
    fn a_directory_that_says_nothing_is_refused() {
        assert!(Directory::new(&[], &[]).is_err());
        let rows = [registration("ada", &json!({"isMfaCapable": null}))];
        assert!(Directory::new(&[user("ada", &json!({}))], &rows).is_err());
    }
}

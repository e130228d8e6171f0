//! The directory of an organisation: what it says about each account.

use std::collections::HashMap;
use std::rc::Rc;

use super::accounts;
use super::client::Client;
use super::wire::Row;
use crate::failure::Problem;
use crate::member::TwoFactor;

/// What an organisation says about the accounts that it manages.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    accounts: HashMap<Box<str>, Rc<Account>>,
    by_email: HashMap<Box<str>, Vec<Rc<Account>>>,
}

/// What an organisation says about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Whether it has two-step verification; unknown for accounts that are not active or not managed.
    pub(crate) two_factor: TwoFactor,
    /// Its e-mail address in lower-case ASCII.
    pub(crate) email: Option<Box<str>>,
}

impl Directory {
    /// Reads the whole directory.
    ///
    /// # Errors
    /// [`Problem`] where it cannot be read to its end, or contradicts itself.
    pub(crate) async fn read(client: &Client<'_>) -> Result<Self, Problem> {
        let rows = accounts::all_accounts(client)
            .await
            .map_err(|error| unread(&client.explain(&error)))?;
        if !rows.iter().any(|row| row.is_known() && row.mfa_enabled.is_some()) {
            return Err(unread(&Problem::new(
                "it says of no active managed account whether it has two-step verification",
                "Check ATLASSIAN_ORG_ID and the scope read:directories:admin of the key. An \
                 organisation knows the accounts of the domains that it has verified.",
            )));
        }
        let accounts = rows.len();
        log::info!("the organisation's directory was read accounts={accounts}");
        Ok(Directory::new(rows))
    }

    /// What these rows say.
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        let mut directory = Directory::default();
        for mut row in rows {
            let two_factor = match (row.is_known(), row.mfa_enabled) {
                (true, Some(true)) => TwoFactor::Enabled,
                (true, Some(false)) => TwoFactor::Disabled,
                (true, None) | (false, _) => TwoFactor::Unknown,
            };
            let account = Rc::new(Account { two_factor, email: row.take_email() });
            if let Some(email) = account.email.clone() {
                directory.by_email.entry(email).or_default().push(Rc::clone(&account));
            }
            directory.accounts.insert(row.account_id, account);
        }
        directory
    }

    /// How many accounts there are.
    pub(crate) fn len(&self) -> usize {
        self.accounts.len()
    }

    /// The account of an id.
    pub(crate) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id).map(Rc::as_ref)
    }

    /// The account of an e-mail address in lower-case ASCII. One of which something is known goes
    /// before others; whose the address is of several such cannot be told.
    pub(crate) fn account_by_email(&self, email: &str) -> Option<&Account> {
        let accounts = self.by_email.get(email)?;
        let mut known = accounts.iter().filter(|account| account.two_factor != TwoFactor::Unknown);
        match (known.next(), known.next()) {
            (Some(_), Some(_)) => None,
            (one, _) => one.or(accounts.first()).map(Rc::as_ref),
        }
    }
}

fn unread(problem: &Problem) -> Problem {
    let Problem { what, help } = problem;
    Problem::new(
        format!("the directory of the Atlassian organisation could not be read: {what}"),
        help.clone(),
    )
}

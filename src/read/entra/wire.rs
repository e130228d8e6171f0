//! What Microsoft Entra answers.
//!
//! Shapes: <https://learn.microsoft.com/graph/api/resources/userregistrationdetails> and
//! <https://learn.microsoft.com/graph/api/resources/user>.

use serde::Deserialize;

use crate::http::object::Object;

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
pub(crate) struct Page<R> {
    pub(crate) value: Vec<Object<R>>,
    #[serde(default, rename = "@odata.nextLink")]
    pub(crate) next: Option<Box<str>>,
}

/// A row that its id tells from every other.
pub(crate) trait Row {
    fn id(&self) -> &str;
}

/// What a user has registered. Disabled users are left out of this list.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration {
    id: Box<str>,
    #[serde(default)]
    user_type: Option<Box<str>>,
    /// Whether a method is registered that the tenant's policy allows for multifactor
    /// authentication. `isMfaRegistered`, which is not read, says so of any method.
    #[serde(default)]
    pub(crate) is_mfa_capable: Option<bool>,
}

impl Registration {
    /// Whether the user belongs to the tenant, and is not a guest whose own tenant may ask for a
    /// second factor.
    pub(crate) fn is_of_member(&self) -> bool {
        self.user_type.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("member"))
    }
}

impl Row for Registration {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A user of the tenant.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: Box<str>,
    #[serde(default)]
    mail: Option<Box<str>>,
    #[serde(default)]
    user_principal_name: Option<Box<str>>,
    #[serde(default)]
    proxy_addresses: Option<Vec<Box<str>>>,
    #[serde(default)]
    account_enabled: Option<bool>,
}

impl User {
    /// Whether the user may sign in.
    pub(crate) fn is_enabled(&self) -> bool {
        self.account_enabled == Some(true)
    }

    /// The e-mail addresses that the tenant gave the user, in lower-case ASCII, in any order.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Box<str>> {
        let proxies = self.proxy_addresses.iter().flatten().filter_map(|address| {
            let (kind, address) = address.split_once(':')?;
            kind.eq_ignore_ascii_case("smtp").then_some(address)
        });
        let own = [&self.mail, &self.user_principal_name].into_iter().filter_map(Option::as_deref);
        // A guest's principal name is made of the address, and is none.
        let is_address = |text: &&str| text.contains('@') && !text.contains("#EXT#");
        own.chain(proxies).filter(is_address).map(|text| text.to_ascii_lowercase().into())
    }
}

impl Row for User {
    fn id(&self) -> &str {
        &self.id
    }
}

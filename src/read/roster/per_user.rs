//! Microsoft's [per-user MFA list]. Its "Enabled" says that a second factor was asked for, not that
//! one is registered, so it proves nothing.
//!
//! [per-user MFA list]: https://learn.microsoft.com/entra/identity/authentication/howto-mfa-userstates

use csv::StringRecord;

use crate::quote::excerpt;
use crate::read::file_error::Misfit;

/// What its column of states is called, without blanks, marks and case.
const STATES: [&str; 6] = [
    "mfastatus",
    "mfastate",
    "multifactorauthstatus",
    "multifactorauthenticationstatus",
    "perusermfastate",
    "perusermfastatus",
];

/// What its column of user principal names is called.
const USERS: [&str; 3] = ["userprincipalname", "upn", "username"];

/// Refuses a heading whose column for the second factor is the list's, or would have to be where
/// none was found and one is `wanted`.
pub(super) fn refuse(
    heading: &StringRecord,
    mfa: Option<usize>,
    wanted: bool,
) -> Result<(), Misfit> {
    let one_of = |names: &'static [&'static str]| {
        move |(_, heading): &(usize, &str)| names.contains(&&*plain(heading))
    };
    let read = |(at, _): &(usize, &str)| mfa.map_or(wanted, |mfa| mfa == *at);
    let mut cells = heading.iter().enumerate();
    let state = cells.clone().filter(one_of(&STATES)).find(read);
    match (cells.find(one_of(&USERS)), state) {
        (Some((_, user)), Some((_, state))) => Err(refusal(format!(
            "the columns \"{}\" and \"{}\" are those of Microsoft's per-user MFA list",
            excerpt(user),
            excerpt(state)
        ))),
        (None, _) | (_, None) => Ok(()),
    }
}

/// Whether a cell says what no other list says.
pub(super) fn is_its_own_word(cell: &str) -> bool {
    cell.eq_ignore_ascii_case("enforced")
}

/// Why the list is of no use, and what to use instead.
pub(super) fn refusal(what: String) -> Misfit {
    Misfit::Known {
        what: format!(
            "{what}; \"Enabled\" there means that a second factor was asked for, not that one is \
             registered"
        ),
        help: "Export who has registered one, in PowerShell with \
               `Get-MgReportAuthenticationMethodUserRegistrationDetail | Export-Csv`, and name its \
               columns in the policy: roster: {email: UserPrincipalName, mfa: IsMfaCapable}."
            .into(),
    }
}

/// A heading without blanks, marks and case.
fn plain(heading: &str) -> String {
    heading.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

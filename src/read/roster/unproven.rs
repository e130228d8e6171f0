//! Columns that look as if they said who has registered a second factor, and say something else.

use csv::StringRecord;

use crate::quote::excerpt;
use crate::read::file_error::FileError;

/// A column that proves nothing. Names are without blanks, marks and case.
struct Unproven {
    names: &'static [&'static str],
    /// The names of a column that is in the same export; none if its own name is enough.
    with: &'static [&'static str],
    says: &'static str,
    help: &'static str,
}

/// Microsoft's [per-user MFA list].
///
/// [per-user MFA list]: https://learn.microsoft.com/entra/identity/authentication/howto-mfa-userstates
const PER_USER: Unproven = Unproven {
    names: &[
        "mfastatus",
        "mfastate",
        "multifactorauthstatus",
        "multifactorauthenticationstatus",
        "perusermfastate",
        "perusermfastatus",
    ],
    with: &["userprincipalname", "upn", "username"],
    says: "is that of Microsoft's per-user MFA list, where \"Enabled\" means that a second factor \
           was asked for, not that one is registered",
    help: "Export who has registered one, in PowerShell with \
           `Get-MgReportAuthenticationMethodUserRegistrationDetail | Export-Csv`; its columns \
           UserPrincipalName and IsMfaCapable are known.",
};

const ALL: [Unproven; 3] = [
    PER_USER,
    // https://learn.microsoft.com/graph/api/resources/userregistrationdetails
    Unproven {
        names: &["ismfaregistered"],
        with: &[],
        says: "also counts methods that the tenant does not allow, so it does not prove a second \
               factor",
        help: "Use the column IsMfaCapable of the same export. If the policy names the other one \
               as mfa, delete that.",
    },
    // https://support.google.com/a/answer/7348070
    Unproven {
        names: &["2svenforcedreadonly"],
        with: &[],
        says: "says who must use a second factor, not who has registered one",
        help: "Use the column \"2sv Enrolled [READ ONLY]\" of the same export. If the policy names \
               the other one as mfa, delete that.",
    },
];

/// Refuses a heading whose column for the second factor proves nothing; or where none was found
/// and one is `wanted`, a heading in which such a column is the only one.
pub(super) fn refuse(
    heading: &StringRecord,
    mfa: Option<usize>,
    wanted: bool,
) -> Result<(), FileError> {
    let called = |names: &[&str]| {
        heading.iter().enumerate().filter(|(_, cell)| names.contains(&&*plain(cell))).collect()
    };
    for column in &ALL {
        let (found, with): (Vec<_>, Vec<_>) = (called(column.names), called(column.with));
        let is_used = |at: usize| mfa.map_or(wanted, |mfa| mfa == at);
        if (column.with.is_empty() || !with.is_empty())
            && let Some((at, cell)) = found.into_iter().find(|(at, _)| is_used(*at))
        {
            let what = format!("column {}, \"{}\", {}", at + 1, excerpt(cell), column.says);
            return Err(FileError::known(what, column.help));
        }
    }
    Ok(())
}

/// What to say of a word that no other list has, if this is one.
pub(super) fn own_word(cell: &str, shown: &str) -> Option<FileError> {
    cell.eq_ignore_ascii_case("enforced")
        .then(|| FileError::known(format!("{shown}: this column {}", PER_USER.says), PER_USER.help))
}

/// A heading without blanks, marks and case.
fn plain(heading: &str) -> String {
    heading.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

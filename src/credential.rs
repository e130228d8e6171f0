//! Variables of the environment that hold credentials, and the files that may stand in for them.

use std::path::Path;

use crate::env::{
    ATLASSIAN_ORG_ID, AZURE_CLIENT_ID, AZURE_TENANT_ID, BITBUCKET_CLIENT_ID, BITBUCKET_EMAIL,
    CREDENTIALS, file_of,
};
use crate::failure::Failure;
use crate::files;

/// Those of [`CREDENTIALS`] that say whose a credential is. The others are secret.
const SHOWN: [&str; 5] =
    [BITBUCKET_EMAIL, BITBUCKET_CLIENT_ID, ATLASSIAN_ORG_ID, AZURE_TENANT_ID, AZURE_CLIENT_ID];

/// Every secret that the environment holds, of use or not: what cannot be used is not to be shown
/// either. A pipe that stands in for a variable can be read only once, and is left to who needs it.
pub(crate) fn secrets(lookup: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let names = CREDENTIALS.into_iter().filter(|name| !SHOWN.contains(name));
    let values = names.flat_map(|name| {
        let named_by = file_of(name);
        let file = lookup(&named_by).filter(|path| Path::new(path).is_file());
        [lookup(name), file.and_then(|path| read_file(name, &named_by, Path::new(&path)).ok())]
    });
    let bare = |value: String| value.trim().trim_matches(['"', '\'']).to_owned();
    values.flatten().map(bare).collect()
}

/// The variable that a value comes from: this one, or the one that names its file.
pub(crate) fn variable(lookup: &dyn Fn(&str) -> Option<String>, name: &str) -> String {
    let file = file_of(name);
    if lookup(&file).is_some() { file } else { name.into() }
}

/// The files that hold secrets, each with the variable that names it.
pub(crate) fn secret_files(lookup: &dyn Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let names = CREDENTIALS.into_iter().filter(|name| !SHOWN.contains(name)).map(file_of);
    names.filter_map(|name| lookup(&name).map(|path| (name, path))).collect()
}

/// The values of two variables that go together; none where neither is set.
///
/// # Errors
/// As [`value`]; also where only one of them is set.
pub(crate) fn pair(
    lookup: &dyn Fn(&str) -> Option<String>,
    first: &str,
    second: &str,
) -> Result<Option<(String, String)>, Failure> {
    let (set, missing) = match (value(lookup, first)?, value(lookup, second)?) {
        (None, None) => return Ok(None),
        (Some(first), Some(second)) => return Ok(Some((first, second))),
        (Some(_), None) => (first, second),
        (None, Some(_)) => (second, first),
    };
    let file = file_of(missing);
    Err(Failure::usage(
        format!("{set} is set, and {missing} is not"),
        format!("Set {missing} or {file} as well, or unset {set}."),
    ))
}

/// The value of a variable, or of the file that it names: printable ASCII without blanks. An empty
/// variable is an unset one.
///
/// # Errors
/// [`Failure::Usage`] where both are set, the file cannot be read, or the value is not a credential.
/// No message holds a value.
pub(crate) fn value(
    lookup: &dyn Fn(&str) -> Option<String>,
    name: &str,
) -> Result<Option<String>, Failure> {
    let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
    let file = file_of(name);
    let (value, source) = match (lookup(name), lookup(&file)) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Failure::usage(
                format!("{name} and {file} are both set"),
                "Unset one of them.",
            ));
        }
        (Some(value), None) => (value, name),
        (None, Some(path)) => (read_file(name, &file, Path::new(&path))?, &*file),
    };
    if value.is_empty() {
        return Err(malformed(source, "nothing"));
    }
    if [('"', '"'), ('\'', '\''), ('\u{201c}', '\u{201d}')]
        .iter()
        .any(|&(first, last)| value.len() > 1 && value.starts_with(first) && value.ends_with(last))
    {
        return Err(malformed(source, "quotes around its value, which are not part of it"));
    }
    if value.chars().any(|character| character.is_control()) {
        return Err(malformed(source, "a line break or another control character"));
    }
    if !value.is_ascii() || value.contains(' ') {
        return Err(malformed(source, "a blank or another character that no credential has"));
    }
    Ok(Some(value))
}

/// More than any credential has, in bytes.
const LARGEST: u64 = 1 << 16;

/// Reads the value of a variable from the file that another one names.
fn read_file(name: &str, file: &str, path: &Path) -> Result<String, Failure> {
    let bytes = files::read_credential(name, path, LARGEST).map_err(|error| {
        Failure::usage(
            format!("could not read the file {} that {file} names: {error}", path.display()),
            "Check the path, and that this user may read it.",
        )
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| malformed(file, "a character that no credential has"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).into())
}

/// A variable whose value is not a credential.
pub(crate) fn malformed(name: &str, what: &str) -> Failure {
    Failure::usage(
        format!("{name} holds {what}"),
        "Set it to the value alone, as it was shown when it was made.",
    )
}

/// An environment that holds these variables.
#[cfg(test)]
pub(crate) fn environment<'a>(
    variables: &'a [(&'a str, &'a str)],
) -> impl Fn(&str) -> Option<String> + 'a {
    |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
}

//! What is wrong with the environment, whatever the command: each of these would drop, in silence,
//! something that was asked for.

use std::ffi::OsString;

use crate::failure::Failure;
use crate::suggest::nearest;

/// The variables that hold credentials; each may be read from a file by the same name with `_FILE`
/// added.
pub(crate) const CREDENTIALS: [&str; 13] = [
    BITBUCKET_EMAIL,
    BITBUCKET_API_TOKEN,
    BITBUCKET_ACCESS_TOKEN,
    BITBUCKET_CLIENT_ID,
    BITBUCKET_CLIENT_SECRET,
    ATLASSIAN_ORG_ID,
    ATLASSIAN_API_KEY,
    AZURE_TENANT_ID,
    AZURE_CLIENT_ID,
    AZURE_CLIENT_SECRET,
    AZURE_FEDERATED_TOKEN,
    SLACK_WEBHOOK_URL,
    REDACT_KEY,
];

pub(crate) const BITBUCKET_EMAIL: &str = "BITBUCKET_EMAIL";
pub(crate) const BITBUCKET_API_TOKEN: &str = "BITBUCKET_API_TOKEN";
/// A workspace access token.
pub(crate) const BITBUCKET_ACCESS_TOKEN: &str = "BITBUCKET_ACCESS_TOKEN";
/// The key of an OAuth consumer.
pub(crate) const BITBUCKET_CLIENT_ID: &str = "BITBUCKET_CLIENT_ID";
pub(crate) const BITBUCKET_CLIENT_SECRET: &str = "BITBUCKET_CLIENT_SECRET";
pub(crate) const ATLASSIAN_ORG_ID: &str = "ATLASSIAN_ORG_ID";
pub(crate) const ATLASSIAN_API_KEY: &str = "ATLASSIAN_API_KEY";
pub(crate) const AZURE_TENANT_ID: &str = "AZURE_TENANT_ID";
pub(crate) const AZURE_CLIENT_ID: &str = "AZURE_CLIENT_ID";
pub(crate) const AZURE_CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
/// A token that the app registration trusts, in place of a secret; read from its file alone.
pub(crate) const AZURE_FEDERATED_TOKEN: &str = "AZURE_FEDERATED_TOKEN";
/// Where the app registration gets its token.
pub(crate) const AZURE_AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";
/// The address of Microsoft Graph.
pub(crate) const GRAPH_URL: &str = "MFA_GATE_GRAPH_URL";
/// Where a message to a Slack channel is sent; anyone who knows it can write there.
pub(crate) const SLACK_WEBHOOK_URL: &str = "MFA_GATE_SLACK_WEBHOOK_URL";
/// The key of the pseudonyms of `--redact`; anyone who knows it can find out whose they are.
pub(crate) const REDACT_KEY: &str = "MFA_GATE_REDACT_KEY";
/// The policy file, where no argument names it.
pub(crate) const POLICY: &str = "MFA_GATE_POLICY";
/// The SHA-256 that the policy file must have, where no argument says it.
pub(crate) const POLICY_SHA256: &str = "MFA_GATE_POLICY_SHA256";
/// Which of several credentials is used.
pub(crate) const AUTH: &str = "MFA_GATE_AUTH";

/// The variable that names a file to read the value of another one from.
pub(crate) fn file_of(name: &str) -> String {
    format!("{name}_FILE")
}

/// The variables of a process, as they are.
pub type Variables = [(OsString, OsString)];

/// The prefixes of the variables that this program reads.
const PREFIXES: [&str; 3] = [OWN_PREFIX, "BITBUCKET_", "ATLASSIAN_"];

/// The prefix that no other program uses.
const OWN_PREFIX: &str = "MFA_GATE_";

/// Refuses a variable of ours that is not UTF-8, an unknown one with our prefix, and a pin that
/// holds nothing: a CI system writes that where the pin's own variable is missing.
pub(crate) fn check(variables: &Variables) -> Result<(), Failure> {
    for (name, value) in variables {
        let name = name.to_string_lossy();
        if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && value.to_str().is_none() {
            return Err(not_text(&name));
        }
        if name.starts_with(OWN_PREFIX) && !known().any(|known| known == name) {
            return Err(unknown(&name));
        }
        if name == POLICY_SHA256 && value.to_string_lossy().trim().is_empty() {
            return Err(Failure::usage(
                format!("{name} is set and empty, so the policy would not be pinned"),
                "Set it to the SHA-256 that the policy must have, or unset it.",
            ));
        }
    }
    Ok(())
}

/// A variable that is not UTF-8.
pub(crate) fn not_text(name: &str) -> Failure {
    Failure::usage(format!("the variable {name} is not UTF-8"), "Set it to text, or unset it.")
}

fn unknown(name: &str) -> Failure {
    let known: Vec<String> = known().collect();
    // The prefix that all of them share would make any two look alike.
    let bare = known.iter().filter_map(|name| name.strip_prefix(OWN_PREFIX));
    let help = match nearest(name.trim_start_matches(OWN_PREFIX), bare) {
        Some(meant) => format!("Did you mean {OWN_PREFIX}{meant}?"),
        None => format!("Unset it. The names are {}.", known.join(", ")),
    };
    Failure::usage(format!("mfa-gate reads no variable {name}"), help)
}

/// Every variable with our own prefix.
fn known() -> impl Iterator<Item = String> {
    let values = [SLACK_WEBHOOK_URL, REDACT_KEY];
    [POLICY, POLICY_SHA256, AUTH, GRAPH_URL]
        .into_iter()
        .chain(values)
        .map(str::to_owned)
        .chain(values.map(file_of))
}

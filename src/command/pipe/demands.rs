//! The secured variables that a run needs. One that the pipeline does not have arrives as its own
//! name or as nothing, which must not pass in silence where something asks for it.

use super::variables::{SECURED, Variables, missing};
use crate::env::{
    ATLASSIAN_API_KEY, ATLASSIAN_ORG_ID, AUTH, BITBUCKET_ACCESS_TOKEN, BITBUCKET_API_TOKEN,
    BITBUCKET_CLIENT_ID, BITBUCKET_CLIENT_SECRET, BITBUCKET_EMAIL,
};
use crate::failure::Failure;

/// Variables that are a credential only together.
const BITBUCKET_PAIRS: [(&str, &str); 2] =
    [(BITBUCKET_EMAIL, BITBUCKET_API_TOKEN), (BITBUCKET_CLIENT_ID, BITBUCKET_CLIENT_SECRET)];
const ATLASSIAN_PAIR: (&str, &str) = (ATLASSIAN_ORG_ID, ATLASSIAN_API_KEY);

/// Refuses a run that asks for a secured variable that the pipeline does not have, and warns of
/// others like that. `is_set` says whether the program finds a value, under whichever name.
pub(super) fn demand(variables: &Variables, is_set: &dyn Fn(&str) -> bool) -> Result<(), Failure> {
    demand_webhook(variables, is_set)?;
    demand_key(variables, is_set)?;
    demand_credentials(variables, is_set)?;
    let is_idle = |name: &&str| is_undefined(variables, name) && !is_set(name);
    let idle: Vec<&str> = SECURED.into_iter().filter(is_idle).collect();
    if !idle.is_empty() {
        log::warn!(
            "the pipeline has no variable {}, so the pipe runs without it. Define it in the \
             repository's settings, or omit it in the pipe's variables.",
            idle.join(", ")
        );
    }
    Ok(())
}

/// Whether a variable is passed on that the pipeline does not have. The default of `pipe.yml` has
/// braces, and is there in runs that want no such variable.
fn is_undefined(variables: &Variables, name: &str) -> bool {
    variables.is_void(name) && variables.value(name) != Some(&*format!("${{{name}}}"))
}

fn demand_webhook(variables: &Variables, is_set: &dyn Fn(&str) -> bool) -> Result<(), Failure> {
    match ["SLACK", "SLACK_NAMES"].into_iter().find(|name| variables.is_on(name)) {
        Some(setting) if !is_set("SLACK_WEBHOOK_URL") => Err(Failure::usage(
            format!("the pipe's variable {setting} is set, and SLACK_WEBHOOK_URL is not defined"),
            format!(
                "Define that variable in the repository's settings and pass it to the pipe as \
                 SLACK_WEBHOOK_URL, or omit {setting}."
            ),
        )),
        Some(_) | None => Ok(()),
    }
}

fn demand_key(variables: &Variables, is_set: &dyn Fn(&str) -> bool) -> Result<(), Failure> {
    let name = "REDACT_KEY";
    if !variables.is_on("REDACT") || !is_undefined(variables, name) || is_set(name) {
        return Ok(());
    }
    Err(Failure::usage(
        "the pipe's variable REDACT is set, and REDACT_KEY is not defined",
        "Define that variable in the repository's settings, or omit REDACT_KEY: then each run has \
         other pseudonyms.",
    ))
}

fn demand_credentials(variables: &Variables, is_set: &dyn Fn(&str) -> bool) -> Result<(), Failure> {
    let is_missing = |name: &&str| variables.is_void(name) && !is_set(name);
    let mut pairs = vec![ATLASSIAN_PAIR];
    // Where MFA_GATE_AUTH chooses one, the others need not be whole.
    if !is_set(AUTH) {
        pairs.extend(BITBUCKET_PAIRS);
    }
    let halves = pairs.into_iter().flat_map(|(first, second)| [(first, second), (second, first)]);
    let mut needed = halves.filter(|(half, _)| is_set(half)).map(|(_, other)| other);
    let of_bitbucket = || {
        let pairs = BITBUCKET_PAIRS.into_iter().flat_map(|(first, second)| [first, second]);
        pairs.chain([BITBUCKET_ACCESS_TOKEN])
    };
    let half = needed.find(is_missing);
    let any = || of_bitbucket().find(is_missing).filter(|_| !of_bitbucket().any(is_set));
    match half.or_else(any) {
        Some(name) => Err(missing(name, variables.value(name).unwrap_or_default())),
        None => Ok(()),
    }
}

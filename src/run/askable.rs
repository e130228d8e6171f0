//! The sources that a run can ask, and what to say of one that counts as proof and cannot be asked.

use super::Context;
use super::roster::RosterInput;
use crate::env::{ATLASSIAN_API_KEY, ATLASSIAN_ORG_ID};
use crate::failure::Failure;
use crate::member::Source;
use crate::read::atlassian::Organisation;
use crate::read::entra;

/// The sources that a run can ask: Bitbucket, and those that it is given.
pub(crate) fn askable(
    roster: Option<&RosterInput>,
    context: &Context<'_>,
) -> Result<Vec<Source>, Failure> {
    let mut sources = vec![Source::Bitbucket];
    sources.extend(Organisation::from_env(context.env)?.map(|_| Source::Atlassian));
    let known = [Source::Roster, Source::Sso];
    sources.extend(
        known.into_iter().filter(|source| roster.is_some_and(|roster| roster.answers(*source))),
    );
    Ok(sources)
}

/// What to say of a source that counts as proof and is not asked.
pub(crate) fn not_asked(source: Source, roster: Option<&RosterInput>) -> Failure {
    let (missing, instead) = match source {
        Source::Bitbucket => (
            "the members file says nothing about it".to_owned(),
            "give --members a file that has it".to_owned(),
        ),
        Source::Atlassian => (
            format!("{ATLASSIAN_ORG_ID} and {ATLASSIAN_API_KEY} are not set"),
            "set them, or give --members a snapshot that has its evidence".to_owned(),
        ),
        Source::Roster if matches!(roster, Some(RosterInput::Entra(None))) => {
            return entra::unset();
        }
        Source::Sso if matches!(roster, Some(RosterInput::Entra(_))) => (
            "Microsoft Entra, from which the policy takes the roster, does not know it".to_owned(),
            "delete `from: entra` and give --roster".to_owned(),
        ),
        Source::Roster | Source::Sso => (
            "there is no --roster with a column for it".to_owned(),
            "give --roster and --roster-as-of, or a snapshot that has its evidence to --members"
                .to_owned(),
        ),
    };
    let id = source.id();
    Failure::usage(
        format!("the policy accepts `{id}` as proof, and {missing}"),
        format!("Take `{id}` out of `accept`, or {instead}."),
    )
}

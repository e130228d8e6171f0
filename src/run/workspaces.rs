//! Which workspaces a run is about.

use std::sync::Arc;

use super::Context;
use crate::ci;
use crate::cli::MembersArgs;
use crate::failure::{Failure, sentence};
use crate::policy::{WorkspaceEntry, check_slug};
use crate::reading::Selection;

/// The policy's workspaces, narrowed by `--workspace`; where the policy lists none, those of
/// `--workspace`, else that of `BITBUCKET_WORKSPACE`, else all that `--members` names.
pub(crate) fn select(
    listed: &[WorkspaceEntry],
    args: &MembersArgs,
    context: &Context<'_>,
) -> Result<Selection, Failure> {
    if listed.is_empty() {
        let slugs = chosen(&args.workspace, listed, context)?;
        let selection = match (slugs.as_slice(), &args.members) {
            ([], None) => return Err(no_workspace()),
            ([], Some(_)) => Selection::All,
            ([_, ..], _) => Selection::Slugs(slugs),
        };
        return Ok(selection);
    }
    let named = named(&args.workspace)?;
    demand_listed(listed, &named)?;
    let mut slugs: Vec<Arc<str>> = listed.iter().map(|entry| entry.slug.clone()).collect();
    slugs.retain(|slug| named.is_empty() || named.contains(slug));
    Ok(Selection::Slugs(slugs))
}

/// Refuses workspaces that a policy with workspaces does not list.
pub(crate) fn demand_listed(listed: &[WorkspaceEntry], named: &[Arc<str>]) -> Result<(), Failure> {
    let is_listed = |slug: &&Arc<str>| listed.iter().any(|entry| entry.slug == **slug);
    let stranger = named.iter().find(|slug| !is_listed(slug));
    let Some(stranger) = stranger.filter(|_| !listed.is_empty()) else { return Ok(()) };
    let slugs: Vec<&str> = listed.iter().map(|entry| &*entry.slug).collect();
    Err(Failure::usage(
        format!("the policy does not list the workspace {stranger}"),
        format!("It lists {}. Name one of these, or add it there.", slugs.join(", ")),
    ))
}

/// The slugs of `--workspace`, each once.
pub(crate) fn named(flags: &[String]) -> Result<Vec<Arc<str>>, Failure> {
    let mut slugs: Vec<Arc<str>> = Vec::with_capacity(flags.len());
    for flag in flags {
        let slug = slug(flag, "--workspace")?;
        if !slugs.contains(&slug) {
            slugs.push(slug);
        }
    }
    Ok(slugs)
}

/// The workspaces of `--workspace`, else those that a policy lists, else the one that Bitbucket
/// Pipelines runs in.
pub(crate) fn chosen(
    flags: &[String],
    listed: &[WorkspaceEntry],
    context: &Context<'_>,
) -> Result<Vec<Arc<str>>, Failure> {
    if !flags.is_empty() {
        named(flags)
    } else if !listed.is_empty() {
        Ok(listed.iter().map(|entry| Arc::clone(&entry.slug)).collect())
    } else {
        let value = (context.env)(ci::WORKSPACE);
        value.map(|value| slug(&value, ci::WORKSPACE)).into_iter().collect()
    }
}

pub(crate) fn no_workspace() -> Failure {
    Failure::usage(
        "no workspace is named",
        "List them under `workspaces` in the policy, or use --workspace SLUG; the slug is the \
         first part of a repository's address: bitbucket.org/SLUG/REPOSITORY.",
    )
}

fn slug(text: &str, origin: &str) -> Result<Arc<str>, Failure> {
    match check_slug(text) {
        Ok(()) => Ok(text.into()),
        Err(help) => {
            let what = format!("{origin} is not a workspace slug: {text}");
            Err(Failure::usage(what, sentence(&help)))
        }
    }
}

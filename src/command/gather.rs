//! Which workspaces a run is about, and their members from wherever they come.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::Context;
use super::progress::Announcer;
use crate::cli::{ConnectArgs, MembersArgs};
use crate::failure::Failure;
use crate::member::Source;
use crate::policy::{WorkspaceEntry, check_slug};
use crate::read::bitbucket::{self, Connect, Credential, DEFAULT_API_URL, Wanted};
use crate::read::file::{self, FileRead};
use crate::read::{Reading, Selection};
use crate::report::{Assurance, Input, Provenance};

/// What CI systems say about a run, by their own names for it.
const CI_VARIABLES: [&str; 15] = [
    "BITBUCKET_WORKSPACE",
    "BITBUCKET_REPO_SLUG",
    "BITBUCKET_COMMIT",
    "BITBUCKET_BRANCH",
    "BITBUCKET_TAG",
    "BITBUCKET_PR_ID",
    "BITBUCKET_BUILD_NUMBER",
    "BITBUCKET_PIPELINE_UUID",
    "BITBUCKET_STEP_UUID",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_SHA",
    "GITHUB_REF",
    "GITHUB_RUN_ID",
    "GITHUB_RUN_ATTEMPT",
];

/// The workspaces of a run, and those of the policy that it leaves out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selected {
    pub(super) slugs: Vec<Arc<str>>,
    pub(super) not_checked: Vec<Arc<str>>,
}

/// The policy's workspaces, narrowed by `--workspace`; where the policy lists none, those of
/// `--workspace`, else that of `BITBUCKET_WORKSPACE`.
pub(super) fn select(
    listed: &[WorkspaceEntry],
    flags: &[String],
    context: &Context<'_>,
) -> Result<Selected, Failure> {
    let named = named(flags)?;
    if listed.is_empty() {
        let slugs = if named.is_empty() { from_environment(context)? } else { named };
        if slugs.is_empty() {
            return Err(no_workspace());
        }
        return Ok(Selected { slugs, not_checked: Vec::new() });
    }
    let all: Vec<Arc<str>> = listed.iter().map(|entry| entry.slug.clone()).collect();
    if let Some(stranger) = named.iter().find(|slug| !all.contains(slug)) {
        return Err(Failure::usage(
            format!("the policy does not list the workspace {stranger}"),
            format!("It lists {}. Name one of these, or add it there.", all.join(", ")),
        ));
    }
    let (slugs, not_checked) =
        all.into_iter().partition(|slug| named.is_empty() || named.contains(slug));
    Ok(Selected { slugs, not_checked })
}

/// The slugs of `--workspace`, each once.
pub(super) fn named(flags: &[String]) -> Result<Vec<Arc<str>>, Failure> {
    let mut slugs: Vec<Arc<str>> = Vec::with_capacity(flags.len());
    for flag in flags {
        let slug = slug(flag, "--workspace")?;
        if !slugs.contains(&slug) {
            slugs.push(slug);
        }
    }
    Ok(slugs)
}

/// The workspace that Bitbucket Pipelines runs in, if it does.
pub(super) fn from_environment(context: &Context<'_>) -> Result<Vec<Arc<str>>, Failure> {
    let value = (context.env)("BITBUCKET_WORKSPACE");
    value.map(|value| slug(&value, "BITBUCKET_WORKSPACE")).into_iter().collect()
}

pub(super) fn no_workspace() -> Failure {
    Failure::usage(
        "no workspace is named",
        "List them under `workspaces` in the policy, or use --workspace SLUG; the slug is the \
         first part of a repository's address: bitbucket.org/SLUG/REPOSITORY.",
    )
}

fn slug(text: &str, origin: &str) -> Result<Arc<str>, Failure> {
    match check_slug(text) {
        Ok(()) => Ok(text.into()),
        Err(help) => Err(Failure::usage(format!("{origin} is no workspace slug: {text}"), help)),
    }
}

/// What was read, and where it came from.
pub(super) struct Gathered {
    pub(super) readings: Vec<Reading>,
    /// When they were read, where that was not now.
    pub(super) read_at: Option<Timestamp>,
    pub(super) source: Provenance,
    /// How far it can be relied on, the clock left aside.
    pub(super) assurance: Assurance,
}

/// Reads the members of the selected workspaces from `--members`, else from Bitbucket.
pub(super) fn gather(
    members: &MembersArgs,
    connect: &ConnectArgs,
    selection: &Selection,
    wanted: Wanted<'_>,
    context: &Context<'_>,
) -> Result<Gathered, Failure> {
    match (&members.members, selection) {
        (Some(path), selection) => from_file(path, selection, wanted, context),
        (None, Selection::Slugs(slugs)) => from_bitbucket(connect, slugs, wanted, context),
        (None, Selection::All) => Err(no_workspace()),
    }
}

fn from_file(
    path: &Path,
    selection: &Selection,
    wanted: Wanted<'_>,
    context: &Context<'_>,
) -> Result<Gathered, Failure> {
    let read = file::read(path, selection, wanted.accept)?;
    let rolls = || read.readings.iter().flat_map(|reading| &reading.members);
    let silent = |source: &&Source| {
        let mut members = rolls().flat_map(|roll| &roll.members);
        members.any(|member| member.evidence.said(**source).is_none())
    };
    if let Some(source) = wanted.accept.iter().find(silent) {
        return Err(not_asked(*source, &format!("{} says nothing about it", path.display())));
    }
    let path = path.display().to_string();
    let inputs = vec![Input { path, sha256: read.sha256.clone() }];
    let source = Provenance { inputs, ci: ci(context), ..Provenance::default() };
    let FileRead { readings, read_at, .. } = read;
    Ok(Gathered { readings, read_at, source, assurance: Assurance::Offline })
}

fn from_bitbucket(
    args: &ConnectArgs,
    slugs: &[Arc<str>],
    wanted: Wanted<'_>,
    context: &Context<'_>,
) -> Result<Gathered, Failure> {
    if let Some(other) = wanted.accept.iter().find(|&&source| source != Source::Bitbucket) {
        return Err(not_asked(*other, "this version asks Bitbucket alone"));
    }
    let connect = connect(args, context)?;
    let source = Provenance {
        api_url: Some(connect.api_url.as_str().into()),
        credential_kind: Some(connect.credential.kind()),
        inputs: Vec::new(),
        ci: ci(context),
    };
    let usual = bitbucket::api_url(DEFAULT_API_URL)? == connect.api_url;
    let announcer = Announcer::new(context.announce);
    let readings = bitbucket::read(&connect, slugs, wanted, &|progress| announcer.show(progress))?;
    let assurance = if usual { Assurance::Live } else { Assurance::Simulated };
    Ok(Gathered { readings, read_at: None, source, assurance })
}

/// How to reach Bitbucket, by the command line and the environment.
pub(super) fn connect(args: &ConnectArgs, context: &Context<'_>) -> Result<Connect, Failure> {
    let given = args.api_url.clone().or_else(|| (context.env)("BITBUCKET_API_URL"));
    Ok(Connect {
        api_url: bitbucket::api_url(given.as_deref().unwrap_or(DEFAULT_API_URL))?,
        concurrency: args.concurrency,
        timeout: args.timeout.unsigned_abs(),
        deadline: args.deadline.unsigned_abs(),
        ca_cert: args.ca_cert.clone(),
        credential: Credential::from_env(context.env)?,
    })
}

/// A source that counts as proof and was not asked might clear people, so nobody is judged
/// without it.
fn not_asked(source: Source, why: &str) -> Failure {
    let id = source.id();
    Failure::usage(
        format!("the policy accepts `{id}` as proof, and {why}"),
        format!("Take `{id}` out of `accept`, or give --members a snapshot that has its evidence."),
    )
}

fn ci(context: &Context<'_>) -> BTreeMap<String, String> {
    let known = CI_VARIABLES.into_iter();
    known.filter_map(|name| Some((name.into(), (context.env)(name)?))).collect()
}

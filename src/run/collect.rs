//! The members of a run and what is known of them, from wherever they come.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::progress::Announcer;
use super::redirection::redirections;
use super::roster::DatedRoster;
use super::workspaces::no_workspace;
use super::{Context, mask};
use crate::ci;
use crate::cli::{ConnectArgs, MembersArgs};
use crate::env::{ATLASSIAN_API_KEY, ATLASSIAN_ORG_ID};
use crate::failure::{Failure, Problem};
use crate::hosts::BITBUCKET_API;
use crate::http::{Clock, Connection};
use crate::judge::wrong_clock;
use crate::member::Source;
use crate::read;
use crate::read::atlassian::Organisation;
use crate::read::bitbucket::{self, Account, Credential};
use crate::read::file::{self, FileRead};
use crate::read::{DirectoryRead, Found, Members, Sources, Wanted};
use crate::reading::{Origin, Reading, Selection, Walk};
use crate::report::{DirectoryRecord, Input, Provenance, Redirection, RosterRecord};

/// What a run is to gather.
pub(crate) struct Request<'a> {
    pub(crate) members: &'a MembersArgs,
    pub(crate) connect: &'a ConnectArgs,
    pub(crate) selection: &'a Selection,
    pub(crate) roster: Option<&'a DatedRoster>,
    /// Why nobody can be judged, whatever the servers say: then they are not asked.
    pub(crate) refused: Option<Problem>,
    /// Whether anything but a live run is of no use.
    pub(crate) must_be_live: bool,
}

/// What was read, and where it came from.
pub(crate) struct Gathered {
    pub(crate) readings: Vec<Reading>,
    /// When they were read, where that was not now.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) source: Provenance,
    /// Through what others could have answered in the place of the servers that were asked.
    pub(crate) redirected_by: Vec<Redirection>,
}

impl Gathered {
    /// Refuses to go on by a clock that is wrong, where the day matters and nobody is judged.
    ///
    /// # Errors
    /// [`Failure::Incomplete`] where it is.
    pub(crate) fn demand_clock(&self) -> Result<(), Failure> {
        match self.source.clock.and_then(wrong_clock) {
            Some(Problem { what, help }) => Err(Failure::incomplete(what, help)),
            None => Ok(()),
        }
    }
}

/// Reads the members of the selected workspaces from `--members`, else from Bitbucket, and what
/// the other sources say of them.
pub(crate) fn gather(
    request: Request<'_>,
    wanted: Wanted<'_>,
    context: &Context<'_>,
) -> Result<Gathered, Failure> {
    let Request { members, connect, selection, roster, refused, must_be_live } = request;
    let organisation = Organisation::from_env(context.env)?;
    let connection = connection(connect, context);
    let mut source = Provenance { ci: ci::recorded(context.env), ..Provenance::default() };
    let mut read_at = None;
    let mut servers: Vec<Url> = Vec::new();
    let account;
    let members = match (&members.members, selection) {
        (Some(path), selection) => {
            let FileRead { readings, read_at: when, sha256, roster } = file::read(path, selection)?;
            let path = context.repository_path(path);
            source.inputs.push(Input { path, sha256 });
            source.roster = roster;
            read_at = when;
            Members::Listed(readings)
        }
        (None, Selection::Slugs(slugs)) => {
            account = self::account(connect, context)?;
            source.api_url = Some(account.api_url.as_str().into());
            source.credential_kind = Some(account.credential.kind());
            servers.extend(account.servers());
            Members::Bitbucket(&account, slugs)
        }
        (None, Selection::All) => return Err(no_workspace()),
    };
    let silent = |own: &&Source| !is_answered(**own, &members, organisation.as_ref(), roster);
    if let Some(silent) = wanted.accept.iter().find(silent) {
        return Err(not_asked(*silent));
    }
    let elsewhere = organisation.as_ref().is_some_and(|own| !own.is_at_default());
    if must_be_live && (!source.inputs.is_empty() || source.is_elsewhere() || elsewhere) {
        return Err(not_live());
    }
    let given = roster.map(|dated| &dated.roster);
    let found = match refused {
        Some(incomplete) => Found::nothing(unread(members, &incomplete)),
        None => {
            let announcer = Announcer::new(context.announce);
            let organisation = organisation.as_ref();
            let sources = Sources { members, organisation, roster: given, connection: &connection };
            read::read(sources, wanted, &|progress| announcer.show(progress))?
        }
    };
    let asked = organisation.zip(found.directory);
    servers.extend(asked.as_ref().map(|(own, _)| own.api_url.clone()));
    source.clock = connection.clock.gap();
    source.atlassian = asked.map(|(organisation, walk)| directory_record(&organisation, walk));
    if let Some(dated) = roster {
        source.roster = Some(roster_record(dated, found.roster_matched, context));
    }
    let mut readings = found.readings;
    mask::readings(&mut readings, context.secrets);
    mask::provenance(&mut source, context.secrets);
    let redirected_by = redirections(&servers, &connection, context);
    Ok(Gathered { readings, read_at, source, redirected_by })
}

/// A statement that others rely on takes answers of Bitbucket and Atlassian themselves, today.
pub(crate) fn not_live() -> Failure {
    Failure::usage(
        "an in-toto statement takes a live run, and this one would be none",
        "Leave away --today, --members and other API hosts, or the statement.",
    )
}

/// The sources that a run can ask: Bitbucket, and those that it is given.
pub(crate) fn askable(
    roster: Option<&DatedRoster>,
    context: &Context<'_>,
) -> Result<Vec<Source>, Failure> {
    let mut sources = vec![Source::Bitbucket];
    sources.extend(Organisation::from_env(context.env)?.map(|_| Source::Atlassian));
    sources.extend(roster.into_iter().flat_map(|dated| &dated.roster.answers));
    Ok(sources)
}

/// What to say of the workspaces that were not read to the end, if there are any.
pub(crate) fn unread_complaint(readings: &[Reading]) -> Option<Problem> {
    let reasons = readings
        .iter()
        .filter_map(|reading| Some((&reading.workspace, reading.members.as_ref().err()?)));
    let (_, first) = reasons.clone().next()?;
    let said: Vec<String> = reasons
        .map(|(slug, incomplete)| {
            format!("the workspace {slug} could not be checked: {}", incomplete.what)
        })
        .collect();
    Some(Problem { what: said.join("; "), help: first.help.clone() })
}

/// Whether a source can be asked, or has said something of every member already.
fn is_answered(
    source: Source,
    members: &Members<'_>,
    organisation: Option<&Organisation>,
    roster: Option<&DatedRoster>,
) -> bool {
    let asked = match source {
        Source::Bitbucket => matches!(members, Members::Bitbucket(..)),
        Source::Atlassian => organisation.is_some(),
        Source::Roster | Source::Sso => {
            roster.is_some_and(|dated| dated.roster.answers.contains(&source))
        }
    };
    let listed: &[Reading] = match members {
        Members::Bitbucket(..) => return asked,
        Members::Listed(readings) => readings,
    };
    let rolls = || listed.iter().flat_map(|reading| &reading.members);
    asked
        || rolls()
            .flat_map(|roll| &roll.members)
            .all(|member| member.evidence.said(source).is_some())
}

/// The workspaces as they would have been read, but for what keeps anybody from being judged.
fn unread(members: Members<'_>, incomplete: &Problem) -> Vec<Reading> {
    let reading = |workspace: &Arc<str>, origin, walk| Reading {
        workspace: Arc::clone(workspace),
        origin,
        walk,
        members: Err(incomplete.clone()),
    };
    match members {
        Members::Bitbucket(_, slugs) => {
            slugs.iter().map(|slug| reading(slug, Origin::Api, Walk::default())).collect()
        }
        Members::Listed(readings) => {
            readings.iter().map(|own| reading(&own.workspace, own.origin, own.walk)).collect()
        }
    }
}

fn directory_record(organisation: &Organisation, walk: DirectoryRead) -> DirectoryRecord {
    DirectoryRecord {
        api_url: organisation.api_url.as_str().into(),
        organisation: organisation.id.clone(),
        accounts: walk.accounts,
        requests: walk.requests,
    }
}

fn roster_record(dated: &DatedRoster, matched: Option<u64>, context: &Context<'_>) -> RosterRecord {
    let DatedRoster { roster, as_of } = dated;
    RosterRecord {
        path: context.repository_path(Path::new(&roster.path)),
        sha256: roster.sha256.clone(),
        as_of: *as_of,
        rows: roster.rows,
        unmatched: matched.map(|matched| roster.rows.saturating_sub(matched)),
    }
}

/// How servers are reached, by the command line.
pub(crate) fn connection(args: &ConnectArgs, context: &Context<'_>) -> Connection {
    Connection {
        concurrency: args.concurrency,
        timeout: args.timeout.unsigned_abs(),
        deadline: args.deadline.unsigned_abs(),
        ca_cert: args.ca_cert.clone(),
        secrets: context.secrets.clone(),
        clock: Clock::default(),
    }
}

/// Bitbucket, and as whom it is asked, by the command line and the environment.
pub(crate) fn account(args: &ConnectArgs, context: &Context<'_>) -> Result<Account, Failure> {
    let given = args.api_url.clone().or_else(|| (context.env)("BITBUCKET_API_URL"));
    Ok(Account {
        api_url: bitbucket::api_url(given.as_deref().unwrap_or(BITBUCKET_API))?,
        credential: Credential::from_env(context.env)?,
    })
}

/// A source that counts as proof and was not asked might clear people, so nobody is judged
/// without it.
fn not_asked(source: Source) -> Failure {
    let (missing, instead) = match source {
        Source::Bitbucket => (
            "the members file says nothing about it".to_owned(),
            "give --members a file that has it".to_owned(),
        ),
        Source::Atlassian => (
            format!("{ATLASSIAN_ORG_ID} and {ATLASSIAN_API_KEY} are not set"),
            "set them, or give --members a snapshot that has its evidence".to_owned(),
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

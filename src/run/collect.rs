//! The members of a run and what is known of them, from wherever they come.

use std::path::Path;
use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use url::Url;

use super::askable::not_asked;
use super::progress::Announcer;
use super::redirection::redirections;
use super::roster::{DatedRoster, RosterInput};
use super::workspaces::no_workspace;
use super::{Context, mask};
use crate::ci;
use crate::cli::{ConnectArgs, MembersArgs};
use crate::failure::{Failure, Problem};
use crate::hosts::BITBUCKET_API;
use crate::http::{Clock, Connection, Pace};
use crate::judge::wrong_clock;
use crate::member::Source;
use crate::read;
use crate::read::atlassian::Organisation;
use crate::read::bitbucket::{self, Account, Credential};
use crate::read::entra::Tenant;
use crate::read::file::{self, FileRead};
use crate::read::{DirectoryRead, Found, Members, Sources, Wanted};
use crate::reading::{Origin, Reading, Selection, Walk};
use crate::report::{
    DirectoryRecord, EntraRecord, Input, Provenance, Redirection, RosterRecord, whole_seconds,
};

/// Where members and evidence come from. All that can be wrong with what was typed is known once
/// this is made.
pub(crate) struct Collector<'a> {
    from: From<'a>,
    organisation: Option<Organisation>,
    roster: Option<RosterInput>,
    connection: Connection,
    context: &'a Context<'a>,
}

/// Where members come from.
enum From<'a> {
    /// A file in place of Bitbucket.
    File(&'a Path, Selection),
    Bitbucket(Account, Vec<Arc<str>>),
}

/// What was read, and where it came from.
pub(crate) struct Facts {
    /// One a workspace, at least one.
    pub(crate) readings: Vec<Reading>,
    /// When they were read, where that was not now.
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) source: Provenance,
    /// Through what others could have answered in the place of the servers that were asked.
    pub(crate) redirected_by: Vec<Redirection>,
}

impl Facts {
    /// Refuses to go on with a wrong clock, where the day matters and no member is judged.
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

impl<'a> Collector<'a> {
    pub(crate) fn new(
        members: &'a MembersArgs,
        connect: &ConnectArgs,
        selection: Selection,
        roster: Option<RosterInput>,
        context: &'a Context<'a>,
    ) -> Result<Self, Failure> {
        let from = match (&members.members, selection) {
            (Some(path), selection) => From::File(path, selection),
            (None, Selection::Slugs(slugs)) => From::Bitbucket(account(connect, context)?, slugs),
            (None, Selection::All) => return Err(no_workspace()),
        };
        let organisation = Organisation::from_env(context.env)?;
        let connection = connection(connect, context);
        Ok(Collector { from, organisation, roster, connection, context })
    }

    /// The day that the roster is of, where there is one.
    pub(crate) fn roster_as_of(&self) -> Option<Date> {
        self.export().map(|dated| dated.as_of)
    }

    fn export(&self) -> Option<&DatedRoster> {
        self.roster.as_ref().and_then(RosterInput::export)
    }

    fn tenant(&self) -> Option<&Tenant> {
        self.roster.as_ref().and_then(RosterInput::tenant)
    }

    /// Whether Bitbucket, Atlassian and Microsoft themselves are asked, and no file stands in for them.
    pub(crate) fn is_live(&self) -> bool {
        let bitbucket = match &self.from {
            From::File(..) => false,
            From::Bitbucket(account, _) => account.api_url.as_str() == BITBUCKET_API,
        };
        bitbucket
            && self.organisation.as_ref().is_none_or(Organisation::is_at_default)
            && self.tenant().is_none_or(Tenant::is_at_microsoft)
    }

    /// Reads the members of the selected workspaces, and what the other sources say of them. Where
    /// there is a reason why no member can be judged, no server is asked.
    pub(crate) fn collect(
        &self,
        wanted: Wanted<'_>,
        refused: Option<Problem>,
    ) -> Result<Facts, Failure> {
        let mut source = Provenance { ci: ci::recorded(self.context.env), ..Provenance::default() };
        let mut read_at = None;
        let members = match &self.from {
            From::File(path, selection) => {
                let FileRead { readings, read_at: when, sha256, roster } =
                    file::read(path, selection)?;
                let path = self.context.repository_path(path);
                source.inputs.push(Input { path, sha256 });
                (source.roster, source.entra) = (roster.export, roster.entra);
                read_at = when;
                self.demand_evidence(wanted.accept, &readings)?;
                Members::Listed(readings)
            }
            From::Bitbucket(account, slugs) => {
                source.api_url = Some(account.api_url.as_str().into());
                source.credential_kind = Some(account.credential.kind());
                Members::Bitbucket(account, slugs)
            }
        };
        let found = match refused {
            Some(problem) => Found::nothing(unread(members, &problem)),
            None => {
                let announcer = Announcer::new(self.context.announce);
                let sources = Sources {
                    members,
                    organisation: self.organisation.as_ref(),
                    roster: self.export().map(|dated| &dated.roster),
                    entra: self.tenant(),
                    connection: &self.connection,
                };
                read::read(sources, wanted, Pace::real(), &|progress| announcer.show(progress))?
            }
        };
        if found.readings.is_empty() {
            return Err(no_workspace());
        }
        let servers = self.record(&found, &mut source);
        let mut readings = found.readings;
        mask::readings(&mut readings, self.context.secrets);
        mask::provenance(&mut source, self.context.secrets);
        let redirected_by = redirections(&servers, &self.connection, self.context);
        Ok(Facts { readings, read_at, source, redirected_by })
    }

    /// Records what was asked, and gives the addresses of the servers.
    fn record(&self, found: &Found, source: &mut Provenance) -> Vec<Url> {
        let asked = self.organisation.as_ref().zip(found.organisation);
        let mut servers = match &self.from {
            From::File(..) => Vec::new(),
            From::Bitbucket(account, _) => account.servers(),
        };
        servers.extend(asked.map(|(organisation, _)| organisation.api_url.clone()));
        source.clock = self.connection.clock.gap();
        source.atlassian = asked.map(|(organisation, walk)| directory_record(organisation, walk));
        // What a file says of an older roster is forgotten where there is a new one.
        if let Some(dated) = self.export() {
            source.roster = Some(roster_record(dated, found.roster_matched, self.context));
            source.entra = None;
        }
        if let Some(tenant) = self.tenant() {
            source.roster = None;
            source.entra = found.entra.map(|taken| entra_record(tenant, taken, self.context.now));
            let asked = source.entra.iter();
            servers.extend(asked.flat_map(|_| [tenant.login_url(), tenant.graph_url()]).cloned());
        }
        servers
    }

    /// Refuses a source that counts as proof and is not asked: it might clear people, so no member is
    /// judged without it. What a file says is known once it is read.
    pub(crate) fn demand_sources(&self, accept: &[Source]) -> Result<(), Failure> {
        match &self.from {
            From::File(..) => Ok(()),
            From::Bitbucket(..) => self.demand_evidence(accept, &[]),
        }
    }

    /// The same for members that a file lists: it may have said something of all of them already.
    fn demand_evidence(&self, accept: &[Source], listed: &[Reading]) -> Result<(), Failure> {
        let is_listed = matches!(self.from, From::File(..));
        let members = || {
            let lists = listed.iter().flat_map(|reading| &reading.members);
            lists.flat_map(|list| &list.members)
        };
        let is_silent = |source: &&Source| {
            let is_asked = match source {
                Source::Bitbucket => !is_listed,
                Source::Atlassian => self.organisation.is_some(),
                Source::Roster | Source::Sso => {
                    self.roster.as_ref().is_some_and(|roster| roster.answers(**source))
                }
            };
            let is_said = || members().all(|member| member.evidence.said(**source).is_some());
            !(is_asked || is_listed && is_said())
        };
        match accept.iter().find(is_silent) {
            Some(source) => Err(not_asked(*source, self.roster.as_ref())),
            None => Ok(()),
        }
    }
}

/// Refuses to go on where a workspace was not read to the end: a member who was not seen may be one
/// who matters. `then` says what that leads to.
///
/// # Errors
/// [`Failure::Incomplete`], one for all of these workspaces.
pub(crate) fn demand_all(readings: &[Reading], then: &str) -> Result<(), Failure> {
    let mut said = Vec::new();
    let mut help = None;
    for reading in readings {
        if let Err(problem) = &reading.members {
            let slug = &reading.workspace;
            said.push(format!("the workspace {slug} could not be checked: {}", problem.what));
            help.get_or_insert(&problem.help);
        }
    }
    match help {
        Some(help) => Err(Failure::incomplete(said.join("; ") + then, help.clone())),
        None => Ok(()),
    }
}

/// The workspaces as they would have been read, but for what keeps anybody from being judged.
fn unread(members: Members<'_>, problem: &Problem) -> Vec<Reading> {
    let reading = |workspace: &Arc<str>, origin, walk| Reading {
        workspace: Arc::clone(workspace),
        origin,
        walk,
        members: Err(problem.clone()),
    };
    match members {
        Members::Bitbucket(_, slugs) => {
            slugs.iter().map(|slug| reading(slug, Origin::Api, Walk::default())).collect()
        }
        Members::Listed(readings) => {
            readings.iter().map(|read| reading(&read.workspace, read.origin, read.walk)).collect()
        }
    }
}

fn directory_record(organisation: &Organisation, walk: DirectoryRead) -> DirectoryRecord {
    DirectoryRecord {
        api_url: organisation.api_url.as_str().into(),
        organisation: organisation.id.clone(),
        accounts: walk.rows,
        requests: walk.requests,
    }
}

fn entra_record(tenant: &Tenant, taken: DirectoryRead, read_at: Timestamp) -> EntraRecord {
    EntraRecord {
        login_url: tenant.login_url().as_str().into(),
        graph_url: tenant.graph_url().as_str().into(),
        tenant: tenant.id.clone(),
        read_at: whole_seconds(read_at),
        rows: taken.rows,
        requests: taken.requests,
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

/// Bitbucket's address and the credential for it, by the command line and the environment.
pub(crate) fn account(args: &ConnectArgs, context: &Context<'_>) -> Result<Account, Failure> {
    let given = args.api_url.clone().or_else(|| (context.env)("BITBUCKET_API_URL"));
    Ok(Account {
        api_url: bitbucket::api_url(given.as_deref().unwrap_or(BITBUCKET_API))?,
        credential: Credential::from_env(context.env)?,
    })
}

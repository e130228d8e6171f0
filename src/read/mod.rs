//! What was read of each workspace, from Bitbucket or from a file, and whether it is everything.

use crate::member::Source;
use crate::reading::{Coverage, Reading};

pub mod atlassian;
pub mod bitbucket;
mod csv;
pub mod entra;
pub mod file;
mod file_error;
mod identity_provider;
mod join;
pub(crate) mod list_error;
mod on_demand;
mod other_sources;
mod paging;
mod people;
mod reader;
pub mod roster;
#[doc(hidden)]
pub mod saved;
mod sources;
mod text;
pub(crate) mod visibility;

pub use self::sources::{Members, Sources, read};

/// What is to be known of the members.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The sources whose proof counts.
    pub accept: &'a [Source],
    /// Who is looked at.
    pub coverage: &'a [Coverage],
    /// Whether it is to be known who owns the workspace.
    pub roles: Roles,
    /// The e-mail addresses, in lower-case ASCII, that exemptions for a workspace name in place of
    /// ids.
    pub addresses: &'a dyn Fn(&str) -> Vec<&'a str>,
    /// Whether every source is to say what it knows, also where no member needs it.
    pub everything: bool,
}

impl<'a> Wanted<'a> {
    /// No more than whether these sources prove a second factor.
    pub fn proof(accept: &'a [Source]) -> Self {
        Wanted {
            accept,
            coverage: &[Coverage::Members],
            roles: Roles::Unasked,
            addresses: &|_| Vec::new(),
            everything: false,
        }
    }

    /// Whether people are looked at who are not members and have access to a repository.
    pub(crate) fn outsiders(&self) -> bool {
        self.coverage.contains(&Coverage::Repositories)
    }
}

/// Whether it is to be known who owns a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// It is not needed.
    Unasked,
    /// It is said where it can be found out.
    Welcome,
    /// Without it the workspace is incomplete.
    Required,
}

/// What was found out.
#[derive(Debug)]
pub struct Found {
    /// The workspaces, in the order in which they were asked for.
    pub readings: Vec<Reading>,
    /// What reading the organisation's directory took; none where it was not asked.
    pub organisation: Option<DirectoryRead>,
    /// What reading Microsoft Entra took; none where it was not asked.
    pub entra: Option<DirectoryRead>,
    /// How many rows of the roster are about a member; none where not all could be compared, since
    /// no member needed it.
    pub roster_matched: Option<u64>,
}

impl Found {
    /// These workspaces, with no other source asked.
    pub(crate) fn nothing(readings: Vec<Reading>) -> Self {
        Found { readings, organisation: None, entra: None, roster_matched: None }
    }
}

/// What reading a directory took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryRead {
    /// How many rows it has; none where it could not be read.
    pub rows: Option<u64>,
    /// How many requests were sent, every try counted.
    pub requests: u32,
}

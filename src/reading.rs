//! What was read of a workspace, from Bitbucket or from a file, and whether it is everything.

use std::sync::Arc;
use std::time::Duration;

use crate::failure::Problem;
use crate::member::Member;
use crate::words::words;

/// Which workspaces are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// These, by slug.
    Slugs(Vec<Arc<str>>),
    /// Every workspace that the source names.
    All,
}

/// One workspace, read or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The workspace's slug.
    pub workspace: Arc<str>,
    /// Where its members came from.
    pub origin: Origin,
    /// What reading it took.
    pub walk: Walk,
    /// The complete list of its members, or why there is none.
    pub members: Result<MemberList, Problem>,
}

words! {
    /// Where members come from.
    pub enum Origin {
        /// Bitbucket's API, asked now.
        Api = "api",
        /// A file of `mfa-gate members --report json`.
        Snapshot = "snapshot",
        /// Saved pages of Bitbucket's API.
        SavedPages = "saved_pages",
        /// Bitbucket's own user export, a CSV.
        UserExport = "user_export",
    }
}

/// What it took to read a workspace. For a file, nothing but the count that the file repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// How many requests were sent, every try counted.
    pub requests: u32,
    /// How often the list was read from its start: 2 where the first time did not add up.
    pub walks: u32,
    /// How many members the server says there are.
    pub reported_size: Option<u64>,
    /// How long it took.
    pub duration: Duration,
}

/// The complete list of a workspace's members, and of others with access to its repositories where
/// these were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberList {
    /// Every member once, in no particular order; shared with the report that is made of them.
    pub members: Vec<Arc<Member>>,
    /// How it is known that these are all.
    pub completeness: Completeness,
    /// Which e-mail addresses they show.
    pub addresses: Addresses,
    /// Who is on it.
    pub coverage: Vec<Coverage>,
}

impl MemberList {
    /// The members alone, as the list came.
    pub(crate) fn new(members: Vec<Arc<Member>>, completeness: Completeness) -> Self {
        let (addresses, coverage) = (Addresses::AsShown, Coverage::usual());
        MemberList { members, completeness, addresses, coverage }
    }
}

words! {
    /// Whose second factor is looked at.
    pub enum Coverage {
        /// The members of the workspace.
        Members = "members",
        /// Everybody else who has access to one of its repositories.
        Repositories = "repositories",
    }
}

impl Coverage {
    /// What is looked at where nothing else is said.
    pub(crate) fn usual() -> Vec<Coverage> {
        vec![Coverage::Members]
    }
}

/// Which e-mail addresses the members of a list show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Those that the list came with.
    AsShown,
    /// Also those that exemptions name: each member who has one of them shows it.
    LookedUp,
}

words! {
    /// How it is known that a list of members is complete.
    pub enum Completeness {
        /// Counted against the server's own count.
        Size = "size",
        /// The server gave no count; the last page had no `next`.
        LastPage = "last_page",
        /// The file's author says so; a CSV has no count.
        Asserted = "asserted",
    }
}

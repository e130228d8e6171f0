//! The JSON documents that a members file is made of.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};

use super::RosterOrigins;
use crate::http::object::{Object, each};
use crate::member::Member;
use crate::quote::excerpt;
use crate::read::bitbucket::page::{NoError, Page};
use crate::read::bitbucket::refusal::ErrorDetail;
use crate::read::bitbucket::rows::MemberRows;
use crate::read::file_error::FileError;
use crate::report::{ListedMember, SCHEMA_VERSION, Workspace};

/// Everything that a document can have: which kind it is shows only when it is read, and reading
/// it twice would take twice as long.
#[derive(Deserialize)]
pub(super) struct SavedDocument {
    #[serde(default)]
    error: Option<ErrorDetail>,

    #[serde(default)]
    values: Option<MemberRows>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    page: Option<NonZeroU64>,
    #[serde(default)]
    pagelen: Option<u64>,
    #[serde(default)]
    next: Option<Box<str>>,
    #[serde(default)]
    previous: Option<Box<str>>,

    #[serde(default)]
    schema_version: Option<KnownVersion>,
    #[serde(default)]
    checked_at: Option<Timestamp>,
    #[serde(default)]
    source: Option<RosterOrigins>,
    #[serde(default)]
    complete: Option<bool>,
    #[serde(default)]
    workspaces: Option<Vec<Object<Workspace>>>,
    #[serde(default)]
    members: Option<Lists>,

    #[serde(default)]
    verdict: Option<IgnoredAny>,
    #[serde(default)]
    policy: Option<IgnoredAny>,
}

/// What a document is.
pub(super) enum Saved {
    /// A page of the API.
    Page(Page<MemberRows>),
    /// The output of `mfa-gate members --report json`.
    Snapshot(SavedSnapshot),
}

/// The part of [`crate::report::Snapshot`] that members are read from.
pub(super) struct SavedSnapshot {
    /// When the members were read.
    pub(super) checked_at: Timestamp,
    /// Whether every workspace was read to the end.
    pub(super) complete: bool,
    pub(super) workspaces: Vec<Workspace>,
    /// The members of those that were read to the end.
    pub(super) members: Lists,
    /// Which rosters were joined to them.
    pub(super) roster: RosterOrigins,
}

/// Listed members, by the slug of their workspace.
#[derive(Default)]
pub(super) struct Lists(pub(super) BTreeMap<Arc<str>, Vec<Arc<Member>>>);

impl<'de> Deserialize<'de> for Lists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut lists = Lists::default();
        each(deserializer, "a list of members", |listed: ListedMember| {
            let slug = Arc::clone(&listed.workspace);
            lists.0.entry(slug).or_default().push(listed.into_read());
        })?;
        Ok(lists)
    }
}

impl TryFrom<SavedDocument> for Saved {
    type Error = FileError;

    fn try_from(document: SavedDocument) -> Result<Self, FileError> {
        if document.verdict.is_some() || document.policy.is_some() {
            return Err(FileError::known(
                "it is a report, which was judged already",
                "`mfa-gate verify` reads reports; --members takes the output of `mfa-gate members \
                 --report json`.",
            ));
        }
        if let Some(error) = document.error {
            let message = error.message.unwrap_or_default();
            return Err(FileError::known(
                format!(
                    "it holds an error that Bitbucket answered with in place of members: {}",
                    excerpt(&message)
                ),
                "Save the pages again with a credential that may list the members of the \
                 workspace; curl with --fail stops at an error.",
            ));
        }
        let listed = (document.checked_at, document.workspaces, document.members);
        match (document.values, document.schema_version, listed) {
            (Some(values), None, _) => Ok(Saved::Page(Page {
                values,
                size: document.size,
                page: document.page,
                pagelen: document.pagelen,
                next: document.next,
                previous: document.previous,
                no_error: NoError,
            })),
            (None, Some(KnownVersion), (Some(checked_at), Some(workspaces), Some(members))) => {
                let complete = document.complete.unwrap_or(false);
                let workspaces = workspaces.into_iter().map(|Object(workspace)| workspace);
                let roster = document.source.unwrap_or_default();
                Ok(Saved::Snapshot(SavedSnapshot {
                    checked_at,
                    complete,
                    workspaces: workspaces.collect(),
                    members,
                    roster,
                }))
            }
            _ => Err(FileError::content(
                "an object in it is neither a page with `values` nor a list with \
                 `schema_version`, `checked_at`, `workspaces` and `members`",
            )),
        }
    }
}

/// The version that this program writes. Another one is refused where it stands, before its
/// members fail for some reason that says less.
struct KnownVersion;

impl<'de> Deserialize<'de> for KnownVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            version if version == u64::from(SCHEMA_VERSION) => Ok(KnownVersion),
            version => Err(D::Error::custom(format!(
                "the schema_version {version} is not known, only {SCHEMA_VERSION} is"
            ))),
        }
    }
}

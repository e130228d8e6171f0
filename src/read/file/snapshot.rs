//! The output of `mfa-gate members --report json`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::wire::{Lists, SavedSnapshot};
use super::{Contents, Held, RosterOrigins, wants};
use crate::completeness;
use crate::failure::Problem;
use crate::member::Member;
use crate::quote::all;
use crate::read::file_error::FileError;
use crate::reading::{Completeness, MemberList, Origin, Selection};
use crate::report::Workspace;

const HELP: &str = "Run `mfa-gate members --report json` again; it exits 0 only where every \
    workspace was read to the end.";

/// The workspaces so far.
#[derive(Default)]
pub(super) struct Snapshots {
    workspaces: BTreeMap<Arc<str>, Held>,
    /// Every workspace that was there, wanted or not.
    seen: BTreeSet<Arc<str>>,
    documents: u64,
    read_at: Option<Timestamp>,
    /// The rosters that were joined to the members.
    roster: RosterOrigins,
}

impl Snapshots {
    pub(super) fn is_empty(&self) -> bool {
        self.documents == 0
    }

    /// Adds the workspaces of a document that are wanted.
    pub(super) fn add(
        &mut self,
        snapshot: SavedSnapshot,
        selection: &Selection,
    ) -> Result<(), FileError> {
        self.documents += 1;
        let SavedSnapshot { checked_at, complete, workspaces, members: Lists(mut lists), roster } =
            snapshot;
        self.read_at = Some(self.read_at.map_or(checked_at, |oldest| oldest.min(checked_at)));
        let RosterOrigins { export, entra } = roster;
        if export.is_none() && entra.is_none() {
            // What a roster said on an unknown day may be too old.
            let members = lists.values_mut().flatten();
            members.for_each(|member| Arc::make_mut(member).evidence.forget_roster());
        }
        keep_older(&mut self.roster.export, export, |export| export.as_of);
        keep_older(&mut self.roster.entra, entra, |entra| entra.read_at);
        // A document that calls itself incomplete while each of its workspaces is complete was
        // edited; which of the two is true cannot be known.
        let contradicts = !complete && workspaces.iter().all(|workspace| workspace.complete);

        for workspace in workspaces {
            let slug = Arc::clone(&workspace.slug);
            if !self.seen.insert(Arc::clone(&slug)) {
                return Err(FileError::content(format!("it holds the workspace `{slug}` twice")));
            }
            let members = lists.remove(&slug).unwrap_or_default();
            if wants(selection, &slug) {
                let reported_size = workspace.reported_size;
                let members = conclude(workspace, members, contradicts)
                    .map_err(|why| Problem::new(why, HELP));
                self.workspaces.insert(slug, Held { members, reported_size });
            }
        }
        match lists.pop_first() {
            None => Ok(()),
            Some((slug, _)) => Err(FileError::content(format!(
                "it lists members of the workspace `{slug}`, which is not among its workspaces"
            ))),
        }
    }

    /// The workspaces, each with all of its members or why they are not all.
    pub(super) fn conclude(self) -> Contents {
        let Snapshots { workspaces, read_at, roster, .. } = self;
        Contents { origin: Origin::Snapshot, read_at, roster, workspaces }
    }
}

/// Keeps the older of two origins.
fn keep_older<T, K: Ord>(kept: &mut Option<T>, other: Option<T>, age: impl Fn(&T) -> K) {
    *kept = kept.take().into_iter().chain(other).min_by_key(age);
}

fn has_empty_id(member: &Member) -> bool {
    let ids = [&member.account_id, &member.uuid, &member.email];
    member.key().is_empty() || ids.into_iter().flatten().any(|id| id.is_empty())
}

/// The members of a workspace, or why they are not all.
fn conclude(
    workspace: Workspace,
    members: Vec<Arc<Member>>,
    contradicts: bool,
) -> Result<MemberList, String> {
    if !workspace.complete {
        let why = workspace.error.as_deref().map_or("the file does not say why".into(), all);
        return Err(format!("it was incomplete when the members file was made: {why}"));
    }
    if contradicts {
        return Err("the members file says that it is not complete, and does not say where".into());
    }
    let contradiction = |what: &str| format!("the members file contradicts itself: {what}");
    if let Some(error) = &workspace.error {
        let error = all(error);
        return Err(contradiction(&format!("it is complete, and could not be read: {error}")));
    }
    if members.iter().any(|member| has_empty_id(member)) {
        return Err(contradiction("a member has an empty id"));
    }
    // A file that does not say how it knows gets the weakest claim.
    let completeness = workspace.completeness.unwrap_or(Completeness::Asserted);
    completeness::recorded(&members, workspace.members, completeness, workspace.reported_size)
        .map_err(|why| contradiction(&why.to_string()))?;
    if members.iter().any(|member| member.has_other_key()) {
        return Err(contradiction("a member has another key than its ids make"));
    }
    let list = MemberList::new(members, completeness);
    Ok(match workspace.coverage {
        said if said.is_empty() => list,
        coverage => MemberList { coverage, ..list },
    })
}

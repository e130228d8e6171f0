//! Pages of Bitbucket's API as somebody saved them, in whatever order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Found, Held, only, wants};
use crate::member::Member;
use crate::read::misfit::Misfit;
use crate::read::proof::{self, Doubt, Facts};
use crate::read::wire::{MemberRows, Page, Slug, name_by_row};
use crate::read::{Incomplete, Origin, Selection};

/// Rows that are a multiple of this could fill a page: nobody asks for pages of 7, and
/// Bitbucket's own are 10 and 100.
const FULL_PAGE: u64 = 5;

/// The pages so far, by workspace.
#[derive(Default)]
pub(super) struct Gathered {
    workspaces: BTreeMap<Arc<str>, List>,
    pages: u64,
}

#[derive(Default)]
struct List {
    pages: Vec<Facts>,
    members: Vec<Member>,
}

impl Gathered {
    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// Adds a page, unless it is of a workspace that is not wanted.
    pub(super) fn add(
        &mut self,
        mut page: Page<MemberRows>,
        selection: &Selection,
    ) -> Result<(), Misfit> {
        self.pages += 1;
        let slug: Arc<str> = match &page.values.slug {
            Slug::One(slug) if !wants(selection, slug) => return Ok(()),
            Slug::One(slug) => Arc::from(&**slug),
            Slug::Unnamed => Arc::clone(only(selection)?),
            Slug::Mixed => {
                return Err(Misfit::Content(format!(
                    "the rows of its page no. {} are not all of one workspace",
                    self.pages
                )));
            }
        };
        let list = self.workspaces.entry(slug).or_default();
        list.pages.push(page.facts());
        list.members.append(&mut page.values.members);
        Ok(())
    }

    /// The workspaces, each with all of its members or why they are not all.
    pub(super) fn conclude(self) -> Found {
        let workspaces = self.workspaces.into_iter().map(|(slug, list)| (slug, list.conclude()));
        Found {
            origin: Origin::SavedPages,
            read_at: None,
            roster: None,
            workspaces: workspaces.collect(),
        }
    }
}

impl List {
    /// Without a count, a last page that is full may be one whose `next` was taken away.
    fn ends(&self) -> Result<(), Doubt> {
        match self.pages.last() {
            Some(page) if page.size.is_none() && page.length == Some(page.rows) => {
                Err(Doubt::Bare { rows: page.rows })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn conclude(mut self) -> Held {
        let size = self.pages.iter().find_map(|page| page.size);
        name_by_row(&mut self.members);
        let proven = proof::sequence(&self.pages)
            .and_then(|()| self.ends())
            .and_then(|()| proof::counts(&self.pages, FULL_PAGE))
            .and_then(|proof| Held::new(self.members, proof.completeness, proof.size));
        proven.unwrap_or_else(|doubt| Held::incomplete(incomplete(&doubt), size))
    }
}

fn incomplete(doubt: &Doubt) -> Incomplete {
    let help = match doubt {
        Doubt::Bare { .. } => {
            "A list in `fields=` without `+` takes `next` and `size` away. Save the pages again \
             with ?pagelen=100&fields=%2Bvalues.user.has_2fa_enabled, which adds the flag and \
             keeps them."
        }
        Doubt::Sizes(..)
        | Doubt::Count { .. }
        | Doubt::Twice(_)
        | Doubt::PageTwice(_)
        | Doubt::PageMissing(_)
        | Doubt::Unfinished
        | Doubt::Lengths(..)
        | Doubt::Recorded { .. }
        | Doubt::EndsEarly { .. }
        | Doubt::BothWays(_)
        | Doubt::OtherPage { .. }
        | Doubt::Astray(_)
        | Doubt::Shifted => {
            "Save every page again in one go: from the first one, following `next` until a page \
             has none."
        }
    };
    Incomplete::new(format!("the saved pages are not the whole list: {}", doubt.why()), help)
}

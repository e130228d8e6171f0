//! Saved pages of Bitbucket's API, in any order.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;

use url::Url;

use super::{Contents, Held, RosterOrigins, only, wants};
use crate::completeness::{self, Facts, Inconsistency};
use crate::failure::Problem;
use crate::member::Member;
use crate::read::bitbucket::page::Page;
use crate::read::bitbucket::page_url::page_number;
use crate::read::bitbucket::rows::{MemberRows, Slug, name_by_row};
use crate::read::file_error::FileError;
use crate::reading::{MemberList, Origin, Selection};

/// For how many members there is room at first, whatever number a file claims.
const MOST_AT_ONCE: u64 = 1 << 17;

/// The pages so far, by workspace.
#[derive(Default)]
pub(super) struct SavedPages {
    workspaces: BTreeMap<Arc<str>, List>,
    pages: u64,
}

#[derive(Default)]
struct List {
    pages: Vec<Facts>,
    members: Vec<Arc<Member>>,
    /// What a page's `next` or `previous` says against this being the list of members.
    other: Option<Inconsistency>,
}

impl SavedPages {
    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// Adds a page, unless it is of a workspace that is not wanted.
    pub(super) fn add(
        &mut self,
        mut page: Page<MemberRows>,
        selection: &Selection,
    ) -> Result<(), FileError> {
        self.pages += 1;
        let slug: Arc<str> = match &page.values.slug {
            Slug::One(slug) if !wants(selection, slug) => return Ok(()),
            Slug::One(slug) => Arc::from(&**slug),
            Slug::Unnamed => Arc::clone(only(selection)?),
            Slug::Mixed => {
                return Err(FileError::content(format!(
                    "the rows of its page no. {} are not all of one workspace",
                    self.pages
                )));
            }
        };
        let other = other_list(&page, &slug);
        let list = self.workspaces.entry(slug).or_default();
        list.other = list.other.take().or(other);
        if list.pages.is_empty() {
            // Room for all of them at once: a list that grows is copied.
            let size = page.size.unwrap_or_default().min(MOST_AT_ONCE);
            list.members.reserve_exact(usize::try_from(size).unwrap_or_default());
        }
        list.pages.push(page.facts());
        list.members.append(&mut page.values.members);
        Ok(())
    }

    /// The workspaces, each with all of its members or why they are not all.
    pub(super) fn conclude(self) -> Contents {
        let workspaces = self.workspaces.into_iter().map(|(slug, list)| (slug, list.conclude()));
        Contents {
            origin: Origin::SavedPages,
            read_at: None,
            roster: RosterOrigins::default(),
            workspaces: workspaces.collect(),
        }
    }
}

impl List {
    fn conclude(self) -> Held {
        let reported_size = self.pages.iter().find_map(|page| page.size);
        Held { members: self.proven().map_err(|why| incomplete(&why)), reported_size }
    }

    fn proven(mut self) -> Result<MemberList, Inconsistency> {
        if let Some(other) = self.other {
            return Err(other);
        }
        let completeness = completeness::complete(&self.pages)?;
        name_by_row(&mut self.members);
        completeness::distinct_people(&self.members)?;
        Ok(MemberList::new(self.members, completeness))
    }
}

/// What a page says against its being of the list of members of a workspace, by the type of its
/// rows, and by its `next` and `previous`: where the rows do not name the workspace, nothing else
/// does.
fn other_list(page: &Page<MemberRows>, slug: &str) -> Option<Inconsistency> {
    if let Some(kind) = &page.values.other_type {
        return Some(Inconsistency::OtherRows(kind.clone()));
    }
    let number = page.page.map(NonZeroU64::get);
    let after = number.and_then(|number| number.checked_add(1));
    let before = number.and_then(|number| number.checked_sub(1)).filter(|&before| before > 0);
    let links = [(&page.next, after), (&page.previous, before)];
    links
        .into_iter()
        .find_map(|(link, expected)| link_astray(link.as_deref()?, number, expected, slug))
}

/// Why a link of a page does not lead to the page before or after it.
fn link_astray(
    link: &str,
    number: Option<u64>,
    expected: Option<u64>,
    slug: &str,
) -> Option<Inconsistency> {
    if link.is_empty() {
        return Some(Inconsistency::EmptyLink);
    }
    let Some(url) = Url::parse(link).ok().filter(|url| is_of_members(url, slug)) else {
        return Some(Inconsistency::OtherList(link.into()));
    };
    let ((page, to), leads_to) = (number.zip(expected)?, page_number(&url)?);
    (leads_to != to).then_some(Inconsistency::Astray { page, to })
}

/// Whether an address is of all members of a workspace: `…/workspaces/SLUG/members`, and no `q=`,
/// which leaves some of them out.
fn is_of_members(url: &Url, slug: &str) -> bool {
    let mut segments = url.path_segments().into_iter().flatten().rev();
    let ends = [segments.next(), segments.next(), segments.next()];
    ends == [Some("members"), Some(slug), Some("workspaces")]
        && !url.query_pairs().any(|(key, _)| key == "q")
}

fn incomplete(why: &Inconsistency) -> Problem {
    let lacks_fields = matches!(why, Inconsistency::OpenEnd { .. } | Inconsistency::Indistinct);
    let is_another_list = matches!(
        why,
        Inconsistency::OtherList(_)
            | Inconsistency::OtherRows(_)
            | Inconsistency::Permissions
            | Inconsistency::EmptyLink
    );
    let help = if lacks_fields {
        "A list in `fields=` without `+` takes `next`, `size` and ids away. Save the pages again \
         with ?pagelen=100&fields=%2Bvalues.user.has_2fa_enabled, which adds the flag and keeps them."
    } else if is_another_list {
        "Save the pages of /workspaces/SLUG/members, for the workspace that is checked and without \
         `q=`."
    } else {
        "Save every page again in one go: from the first one, following `next` until a page has none."
    };
    Problem::new(format!("the saved pages are not the whole list: {why}"), help)
}

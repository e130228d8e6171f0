//! Whether pages prove that a list is complete. Pure arithmetic, the same for the API and for
//! saved pages.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::num::NonZeroU64;

use super::Completeness;
use super::excerpt::excerpt;
use crate::member::Member;

/// What one page says about the list that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// How many rows it holds.
    pub(crate) rows: u64,
    /// How many rows the whole list has.
    pub(crate) size: Option<u64>,
    /// Its number, from 1.
    pub(crate) number: Option<NonZeroU64>,
    /// How many rows a full page holds.
    pub(crate) length: Option<u64>,
    /// Whether another page follows.
    pub(crate) next: bool,
    /// Whether it says nothing about the list, as when `fields=` took the envelope away.
    pub(crate) bare: bool,
}

/// What is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// What the proof rests on.
    pub(crate) completeness: Completeness,
    /// How many rows the pages say there are.
    pub(crate) size: Option<u64>,
}

/// Why pages do not add up to a complete list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Two pages state different sizes.
    Sizes(u64, u64),
    /// Not as many rows came as the pages state.
    Count { came: u64, size: u64 },
    /// Somebody is on the list twice.
    Twice(Box<str>),
    /// Somebody is on the list of those with two-step verification, and on that of those without.
    BothWays(Box<str>),
    /// A page is there twice.
    PageTwice(u64),
    /// A page is not there.
    PageMissing(u64),
    /// The last page says that another one follows.
    Unfinished,
    /// A page that is not the last one says that no other follows.
    EndsEarly { page: u64, of: u64 },
    /// Another page came than the one that was asked for.
    OtherPage { asked: u64, came: u64 },
    /// The `next` of a page does not lead to the page after it.
    Astray(u64),
    /// A page that was asked for twice held other rows the second time.
    Shifted,
    /// The only page says nothing about the list, and may be one of several.
    Bare { rows: u64 },
    /// Pages of different lengths, without a count: they are not of one walk.
    Lengths(u64, u64),
    /// Not as many members are listed as were counted when the list was made.
    Recorded { listed: u64, counted: u64 },
}

impl Doubt {
    /// What does not add up: a sentence fragment.
    pub(crate) fn why(&self) -> String {
        match self {
            Doubt::Sizes(one, other) => {
                format!("the pages do not agree on how many members there are: {one} and {other}")
            }
            Doubt::Count { came, size } => {
                format!("{came} members were listed where Bitbucket counts {size}")
            }
            Doubt::Twice(id) => format!("the member {} was listed twice", excerpt(id)),
            Doubt::BothWays(id) => format!(
                "the account {} is listed with two-step verification and without",
                excerpt(id)
            ),
            Doubt::PageTwice(number) => format!("page {number} is there twice"),
            Doubt::PageMissing(number) => format!("page {number} is missing"),
            Doubt::Unfinished => {
                "the last page has a `next`: the pages after it are missing".into()
            }
            Doubt::EndsEarly { page, of } => {
                format!("page {page} of {of} has no `next`, so the pages are not of one list")
            }
            Doubt::Lengths(one, other) => {
                format!(
                    "the pages are of different lengths, {one} and {other}, and state no `size`"
                )
            }
            Doubt::Recorded { listed, counted } => {
                format!("{listed} members are listed where {counted} were counted")
            }
            Doubt::OtherPage { asked, came } => {
                format!("page {came} came where page {asked} was asked for")
            }
            Doubt::Shifted => "a page that was asked for twice held other members then".into(),
            Doubt::Astray(page) => {
                format!(
                    "the `next` of page {page} does not lead to page {}",
                    page.saturating_add(1)
                )
            }
            Doubt::Bare { rows } => format!(
                "a page of {rows} members does not say whether it is the last one: it states \
                 neither `size` nor `next` nor anything else about the list"
            ),
        }
    }
}

/// Compares what the pages count with what came.
///
/// A page without any statement about the list is believed to be the whole of it unless its rows
/// could fill a page, that is, unless they are a multiple of `full_page`.
pub(crate) fn counts(pages: &[Facts], full_page: u64) -> Result<Proof, Doubt> {
    let mut sizes = pages.iter().filter_map(|page| page.size);
    let Some(size) = sizes.next() else {
        let full =
            |page: &&Facts| page.bare && page.rows > 0 && page.rows.is_multiple_of(full_page);
        return match pages.last().filter(full) {
            Some(page) => Err(Doubt::Bare { rows: page.rows }),
            None => Ok(Proof { completeness: Completeness::LastPage, size: None }),
        };
    };
    if let Some(other) = sizes.find(|&other| other != size) {
        return Err(Doubt::Sizes(size, other));
    }
    let came = pages.iter().map(|page| page.rows).sum();
    if came == size {
        Ok(Proof { completeness: Completeness::Size, size: Some(size) })
    } else {
        Err(Doubt::Count { came, size })
    }
}

/// Checks that pages are all the pages of one list: by their numbers, in whatever order they
/// were saved, or, where they have none, by the `next` of each in the order of the file.
pub(crate) fn sequence(pages: &[Facts]) -> Result<(), Doubt> {
    let mut numbers: Vec<u64> =
        pages.iter().filter_map(|page| page.number.map(NonZeroU64::get)).collect();
    numbers.sort_unstable();
    let all_numbered = numbers.len() == pages.len();
    if all_numbered {
        for (number, expected) in numbers.into_iter().zip(1..) {
            match number.cmp(&expected) {
                Ordering::Less => return Err(Doubt::PageTwice(number)),
                Ordering::Equal => {}
                Ordering::Greater => return Err(Doubt::PageMissing(expected)),
            }
        }
    }
    let counted = pages.iter().any(|page| page.size.is_some());
    let mut lengths = pages.iter().filter_map(|page| page.length);
    if let Some(one) = lengths.next().filter(|_| !counted)
        && let Some(other) = lengths.find(|&other| other != one)
    {
        return Err(Doubt::Lengths(one, other));
    }
    let last = if all_numbered {
        pages.iter().max_by_key(|page| page.number)
    } else {
        if let Some(early) = pages.iter().rev().skip(1).rev().position(|page| !page.next) {
            let of = pages.len() as u64;
            return Err(Doubt::EndsEarly { page: early as u64 + 1, of });
        }
        pages.last()
    };
    match last {
        Some(page) if page.next => Err(Doubt::Unfinished),
        Some(_) | None => Ok(()),
    }
}

/// Checks a list that somebody made against what was written down about it: how many there were,
/// and, where that was proven by the server's own count, what that was.
pub(crate) fn recorded(
    members: &[Member],
    counted: u64,
    completeness: Completeness,
    reported_size: Option<u64>,
) -> Result<(), Doubt> {
    let listed = members.len() as u64;
    let reported = match completeness {
        Completeness::Size => reported_size.unwrap_or(0),
        Completeness::LastPage | Completeness::Asserted => reported_size.unwrap_or(listed),
    };
    match [counted, reported].into_iter().find(|&counted| counted != listed) {
        Some(counted) => Err(Doubt::Recorded { listed, counted }),
        None => distinct_members(members),
    }
}

/// Checks that no id comes twice.
pub(crate) fn distinct<'a>(
    ids: impl IntoIterator<Item = &'a str>,
    at_most: usize,
) -> Result<(), Doubt> {
    let mut seen = HashSet::with_capacity(at_most);
    match ids.into_iter().find(|&id| !seen.insert(id)) {
        Some(id) => Err(Doubt::Twice(id.into())),
        None => Ok(()),
    }
}

/// Checks that no member comes twice. Ids are compared with others of their kind: a pseudonym is
/// the same one as account id and as uuid of one person.
pub(crate) fn distinct_members(members: &[Member]) -> Result<(), Doubt> {
    let email = |member: &Member| member.account_id.is_none() && member.uuid.is_none();
    let emails = members.iter().filter(|&member| email(member));
    distinct(members.iter().filter_map(|member| member.account_id.as_deref()), members.len())?;
    distinct(members.iter().filter_map(|member| member.uuid.as_deref()), members.len())?;
    distinct(emails.filter_map(|member| member.email.as_deref()), members.len())
}

/// What tells a member from every other. The e-mail address does where there is no id.
pub(crate) fn ids(member: &Member) -> impl Iterator<Item = &str> {
    let (account_id, uuid) = (member.account_id.as_deref(), member.uuid.as_deref());
    let email = member.email.as_deref().filter(|_| account_id.is_none() && uuid.is_none());
    [account_id, uuid, email].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: u64, rows: u64, size: Option<u64>, next: bool) -> Facts {
        Facts { rows, size, number: NonZeroU64::new(number), length: None, next, bare: false }
    }

    #[test]
    fn a_count_proves_the_list() {
        let pages = [page(1, 100, Some(150), true), page(2, 50, Some(150), false)];
        let proof = Proof { completeness: Completeness::Size, size: Some(150) };
        assert_eq!(counts(&pages, 5), Ok(proof));
        let one_states_it = [page(1, 100, Some(150), true), page(2, 50, None, false)];
        assert_eq!(counts(&one_states_it, 5), Ok(proof));
    }

    #[test]
    fn too_few_too_many_and_disagreeing_counts() {
        assert_eq!(
            counts(&[page(1, 99, Some(100), false)], 5),
            Err(Doubt::Count { came: 99, size: 100 })
        );
        assert_eq!(
            counts(&[page(1, 101, Some(100), false)], 5),
            Err(Doubt::Count { came: 101, size: 100 })
        );
        let pages = [page(1, 100, Some(150), true), page(2, 50, Some(151), false)];
        assert_eq!(counts(&pages, 5), Err(Doubt::Sizes(150, 151)));
    }

    #[test]
    fn without_a_count_the_last_page_proves_it_unless_it_says_nothing() {
        let last_page = Ok(Proof { completeness: Completeness::LastPage, size: None });
        assert_eq!(counts(&[page(1, 100, None, false)], 5), last_page);
        let bare = |rows| {
            [Facts { rows, size: None, number: None, length: None, next: false, bare: true }]
        };
        assert_eq!(counts(&bare(10), 5), Err(Doubt::Bare { rows: 10 }));
        assert_eq!(counts(&bare(12), 5), last_page);
        assert_eq!(counts(&bare(0), 5), last_page);
    }

    #[test]
    fn numbered_pages_may_come_in_any_order() {
        let pages = [page(1, 1, None, true), page(3, 1, None, false), page(2, 1, None, true)];
        assert_eq!(sequence(&pages), Ok(()));
        let twice = [page(1, 1, None, true), page(2, 1, None, true), page(2, 1, None, false)];
        assert_eq!(sequence(&twice), Err(Doubt::PageTwice(2)));
        let hole = [page(1, 1, None, true), page(3, 1, None, false)];
        assert_eq!(sequence(&hole), Err(Doubt::PageMissing(2)));
        let no_first = [page(2, 1, None, false)];
        assert_eq!(sequence(&no_first), Err(Doubt::PageMissing(1)));
        let unfinished = [page(2, 1, None, true), page(1, 1, None, true)];
        assert_eq!(sequence(&unfinished), Err(Doubt::Unfinished));
    }

    #[test]
    fn unnumbered_pages_come_in_order() {
        assert_eq!(sequence(&[page(0, 1, None, true), page(0, 1, None, false)]), Ok(()));
        assert_eq!(
            sequence(&[page(0, 1, None, false), page(0, 1, None, false)]),
            Err(Doubt::EndsEarly { page: 1, of: 2 })
        );
        assert_eq!(sequence(&[page(0, 1, None, true)]), Err(Doubt::Unfinished));
    }

    #[test]
    fn nobody_comes_twice() {
        assert_eq!(distinct(["a", "b"], 2), Ok(()));
        assert_eq!(distinct(["a", "b", "a"], 3), Err(Doubt::Twice("a".into())));
    }
}

//! Why pages do not add up to a complete list, and what to do about it.

use crate::quote::excerpt;

/// Why pages do not add up to a complete list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inconsistency {
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
    /// The `next` or `previous` of a page does not lead to the page beside it.
    Astray { page: u64, to: u64 },
    /// A page that was asked for twice held other rows the second time.
    Shifted,
    /// A full page of accounts says nothing about the list that it is part of.
    Bare { rows: u64 },
    /// The last page does not prove that it is the last one.
    OpenEnd { rows: u64 },
    /// The first page says that another one comes before it.
    NotFirst,
    /// A page that others follow holds fewer rows than a full one.
    Short { page: u64, rows: u64, full: u64 },
    /// The rows have a permission: they are not the list of members.
    Permissions,
    /// The rows are of this type, which is not that of members.
    OtherRows(Box<str>),
    /// A page's `next` or `previous` is empty.
    EmptyLink,
    /// A page's `next` or `previous` is of another list.
    OtherList(Box<str>),
    /// Two rows have no id of one kind, so they may be of one person.
    Indistinct,
    /// Pages of different lengths, without a count: they are not of one walk.
    Lengths(u64, u64),
    /// Not as many members are listed as were counted when the list was made.
    Recorded { listed: u64, counted: u64 },
}

impl Inconsistency {
    /// What does not add up: a sentence fragment.
    pub(crate) fn why(&self) -> String {
        match self {
            Inconsistency::Sizes(one, other) => {
                format!("the pages do not agree on how many members there are: {one} and {other}")
            }
            Inconsistency::Count { came, size } => {
                format!("{came} members were listed where Bitbucket counts {size}")
            }
            Inconsistency::Twice(id) => format!("the member {} was listed twice", excerpt(id)),
            Inconsistency::BothWays(id) => format!(
                "the account {} is listed with two-step verification and without",
                excerpt(id)
            ),
            Inconsistency::PageTwice(number) => format!("page {number} is there twice"),
            Inconsistency::PageMissing(number) => format!("page {number} is missing"),
            Inconsistency::Unfinished => {
                "the last page has a `next`: the pages after it are missing".into()
            }
            Inconsistency::EndsEarly { page, of } => {
                format!("page {page} of {of} has no `next`, so the pages are not of one list")
            }
            Inconsistency::Lengths(one, other) => {
                format!(
                    "the pages are of different lengths, {one} and {other}, and state no `size`"
                )
            }
            Inconsistency::Recorded { listed, counted } => {
                format!("{listed} members are listed where {counted} were counted")
            }
            Inconsistency::OtherPage { asked, came } => {
                format!("page {came} came where page {asked} was asked for")
            }
            Inconsistency::Shifted => {
                "a page that was asked for twice held other members then".into()
            }
            Inconsistency::Astray { page, to } => {
                let link = if to > page { "next" } else { "previous" };
                format!("the `{link}` of page {page} does not lead to page {to}")
            }
            Inconsistency::Bare { rows } => format!(
                "a page of {rows} accounts does not say whether it is the last one: it has no `links`"
            ),
            Inconsistency::OpenEnd { rows } => format!(
                "no page states `size`, and the last one, of {rows} members, does not prove that \
                 it is the last: it must state its number and `pagelen`, hold fewer members than \
                 that, and have no `next`"
            ),
            Inconsistency::NotFirst => {
                "the first page has a `previous`: pages before it are missing".into()
            }
            Inconsistency::Short { page, rows, full } => format!(
                "page {page} holds {rows} members where a full page holds {full}, and others \
                 follow it"
            ),
            Inconsistency::Permissions => {
                "its rows have a `permission`, as those of other lists do".into()
            }
            Inconsistency::OtherRows(kind) => {
                format!("its rows are of another list: {}", excerpt(kind))
            }
            Inconsistency::EmptyLink => "a page has an empty `next` or `previous`".into(),
            Inconsistency::OtherList(address) => {
                format!("a page's `next` or `previous` is of another list: {}", excerpt(address))
            }
            Inconsistency::Indistinct => {
                "neither account id nor uuid is there for every member, so two of \
                 them may be one person"
                    .into()
            }
        }
    }

    /// What to do about it, where the list was read from a server, twice.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Inconsistency::Sizes(..)
            | Inconsistency::Count { .. }
            | Inconsistency::Twice(_)
            | Inconsistency::BothWays(_)
            | Inconsistency::PageMissing(_)
            | Inconsistency::Shifted => "Try again when fewer people join and leave.",
            Inconsistency::PageTwice(_)
            | Inconsistency::Unfinished
            | Inconsistency::EndsEarly { .. }
            | Inconsistency::OtherPage { .. }
            | Inconsistency::Astray { .. }
            | Inconsistency::Bare { .. }
            | Inconsistency::OpenEnd { .. }
            | Inconsistency::NotFirst
            | Inconsistency::Short { .. }
            | Inconsistency::Permissions
            | Inconsistency::OtherRows(_)
            | Inconsistency::EmptyLink
            | Inconsistency::OtherList(_)
            | Inconsistency::Indistinct
            | Inconsistency::Lengths(..)
            | Inconsistency::Recorded { .. } => {
                "Trying again is unlikely to help. Check --api-url and whether a proxy changes the \
                 answers; if neither is the cause, report it to Atlassian."
            }
        }
    }
}

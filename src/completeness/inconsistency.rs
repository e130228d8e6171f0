//! Why pages do not add up to a complete list, and what to do about it.

use thiserror::Error;

use crate::quote::excerpt;

/// Why pages do not add up to a complete list: a sentence fragment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Inconsistency {
    #[error("the pages do not agree on how many members there are: {0} and {1}")]
    Sizes(u64, u64),
    #[error("Bitbucket counts {size} members and listed {came}")]
    Count { came: u64, size: u64 },
    #[error("the member {} was listed twice", excerpt(.0))]
    Twice(Box<str>),
    #[error("the account {} is listed with two-step verification and without", excerpt(.0))]
    BothWays(Box<str>),
    #[error("page {0} is there twice")]
    PageTwice(u64),
    #[error("page {0} is missing")]
    PageMissing(u64),
    #[error("the last page has a `next`: the pages after it are missing")]
    Unfinished,
    #[error("page {page} of {of} has no `next`, so the pages are not of one list")]
    EndsEarly { page: u64, of: u64 },
    #[error("page {came} came where page {asked} was asked for")]
    OtherPage { asked: u64, came: u64 },
    /// A link does not lead to the page that follows, or to the one before.
    #[error(
        "the `{}` of page {page} does not lead to page {to}",
        if to > page { "next" } else { "previous" }
    )]
    Astray { page: u64, to: u64 },
    #[error("a page that was asked for twice held other members the second time")]
    Shifted,
    /// A full page of accounts says nothing about its list.
    #[error("a page of {rows} accounts does not say whether it is the last one: it has no `links`")]
    Bare { rows: u64 },
    #[error(
        "no page states `size`, and the last one, of {rows} members, does not prove that it is the \
         last: it must state its number and `pagelen`, hold fewer members than that, and have no \
         `next`"
    )]
    OpenEnd { rows: u64 },
    #[error("the first page has a `previous`: pages before it are missing")]
    NotFirst,
    #[error(
        "page {page} holds {rows} members where a full page holds {full}, and others follow it"
    )]
    Short { page: u64, rows: u64, full: u64 },
    #[error("its rows have a `permission`, as those of other lists do")]
    Permissions,
    #[error("its rows are of another list: {}", excerpt(.0))]
    OtherRows(Box<str>),
    #[error("a page has an empty `next` or `previous`")]
    EmptyLink,
    #[error("a page's `next` or `previous` is of another list: {}", excerpt(.0))]
    OtherList(Box<str>),
    #[error(
        "neither account id nor uuid is there for every member, so two of them may be one person"
    )]
    Indistinct,
    #[error("the pages are of different lengths, {0} and {1}, and state no `size`")]
    Lengths(u64, u64),
    /// A saved list does not hold as many members as it says.
    #[error("{listed} members are listed where {counted} were counted")]
    Recorded { listed: u64, counted: u64 },
}

impl Inconsistency {
    /// The same, where the ids in it are shown as `quote` has them.
    pub(crate) fn quoting(mut self, quote: impl Fn(&str) -> String) -> Self {
        if let Inconsistency::Twice(id) | Inconsistency::BothWays(id) = &mut self {
            *id = quote(id).into();
        }
        self
    }

    /// What to do about it, where the list was read twice from a server whose address is set by this
    /// option or variable.
    pub(crate) fn help(&self, set_by: &str) -> String {
        let may_pass = matches!(
            self,
            Inconsistency::Sizes(..)
                | Inconsistency::Count { .. }
                | Inconsistency::Twice(_)
                | Inconsistency::BothWays(_)
                | Inconsistency::PageMissing(_)
                | Inconsistency::Shifted
        );
        if may_pass {
            return "Try again when fewer people join and leave.".into();
        }
        format!(
            "Trying again is unlikely to help. Check {set_by} and whether a proxy changes the \
             answers; if neither is the cause, report it to Atlassian."
        )
    }
}

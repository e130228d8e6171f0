//! A page of a list as Bitbucket sends it, now or when it was saved: the envelope, whatever the
//! rows are.
//!
//! Shape: <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination>.

use std::iter;
use std::num::NonZeroU64;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny};

use crate::completeness::{Facts, Inconsistency};
use crate::read::paging::MOST_PAGES;

#[derive(Debug, Deserialize)]
#[serde(bound = "R: DeserializeOwned")]
pub(crate) struct Page<R> {
    pub(crate) values: R,
    /// How many rows the list has.
    #[serde(default)]
    pub(crate) size: Option<u64>,
    #[serde(default)]
    pub(crate) page: Option<NonZeroU64>,
    /// How many rows a page has at most.
    #[serde(default)]
    pub(crate) pagelen: Option<u64>,
    /// Where the next page is; none on the last one.
    #[serde(default)]
    pub(crate) next: Option<Box<str>>,
    /// Where the page before is.
    #[serde(default)]
    pub(crate) previous: Option<Box<str>>,
    /// An error is not a page, whatever comes with it.
    #[serde(default, rename = "error")]
    pub(crate) no_error: NoError,
}

/// A key that must not be there, or hold nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NoError;

impl<'de> Deserialize<'de> for NoError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<IgnoredAny>::deserialize(deserializer)? {
            None => Ok(NoError),
            Some(_) => Err(D::Error::custom("an error is reported with the rows")),
        }
    }
}

impl<R: Rows> Page<R> {
    /// What the page says about its list.
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            rows: self.values.len() as u64,
            size: self.size,
            number: self.page,
            length: self.pagelen,
            previous: self.previous.is_some(),
            next: self.next.is_some(),
            permissions: self.values.have_permissions(),
        }
    }
}

/// The rows of a page.
pub(crate) trait Rows: DeserializeOwned + Default {
    /// The fields to ask for by name, where a page came without the one that matters.
    const SPELLED_OUT: Option<&'static str> = None;

    /// More pages than this are not read.
    const MOST_PAGES: u64 = MOST_PAGES;

    /// How many there are.
    fn len(&self) -> usize;

    /// Whether the field that matters is missing from every row.
    fn lacks_flag(&self) -> bool {
        false
    }

    /// Adds the rows of another page.
    fn append(&mut self, more: Self);

    /// What tells each row from every other, as far as that matters where fields are spelled out.
    fn ids(&self) -> impl Iterator<Item = &str> {
        iter::empty()
    }

    /// Whether a row has a `permission` that rows of this list do not have.
    fn have_permissions(&self) -> bool {
        false
    }

    /// Checks that no two rows are of one person.
    fn distinct(&self) -> Result<(), Inconsistency>;
}

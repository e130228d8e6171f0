//! Lists that come in pages, read from the first page to the last and proven to be complete.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use futures_util::stream::{self, StreamExt};
use reqwest::header::HeaderMap;
use url::Url;

use super::page::{Page, Rows};
use super::page_url::{page_number, with_fields, with_page};
use super::workspace::Workspace;
use crate::completeness::{self, Facts, Inconsistency};
use crate::http::Session;
use crate::read::list_error::ListError;
use crate::read::paging::{self, Trail, follow};
use crate::reading::Completeness;

/// Rows asked for on a page: the most that Bitbucket gives.
pub(crate) const PAGELEN: u64 = 100;

/// A list that is proven to be complete.
pub(super) struct Listing<R> {
    pub(super) rows: R,
    pub(super) completeness: Completeness,
}

/// In which order pages are read.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// Side by side, where the first page says how many there are and what they are called.
    SideBySide,
    /// One after another, each where the one before says that it is.
    InTurn,
}

impl Workspace<'_> {
    /// Reads a list: pages side by side where they can be, and where it does not add up, once more
    /// one after another.
    pub(super) async fn list<R: Rows>(&self, first: &Url) -> Result<Listing<R>, ListError> {
        let list = self.read_from(first, Order::SideBySide);
        let once_more = self.read_from(first, Order::InTurn);
        paging::read(&self.client.session, first.path(), list, once_more).await
    }

    async fn read_from<R: Rows>(&self, first: &Url, order: Order) -> Result<Listing<R>, ListError> {
        self.walk();
        let head: Page<R> = self.next_page(first).await?;
        let series = match order {
            Order::SideBySide => Series::of(first, &head)?,
            Order::InTurn => None,
        };
        let (rows, pages) = match series {
            Some(series) => self.side_by_side(&series, head).await?,
            None => self.in_turn(first, head).await?,
        };
        Ok(proven(rows, &pages, self.size())?)
    }

    /// Follows `next` from page to page.
    async fn in_turn<R: Rows>(
        &self,
        first: &Url,
        head: Page<R>,
    ) -> Result<(R, Vec<Facts>), ListError> {
        let mut trail = Trail::new(first.clone(), R::MOST_PAGES);
        let mut pages = vec![Facts { number: head.page.or(Some(NonZeroU64::MIN)), ..head.facts() }];
        let (mut rows, mut next) = (head.values, head.next);
        let mut numbered = false;
        while let Some(address) = next {
            let read = pages.len() as u64;
            let url = paging::next_url(&self.client.session, first, &address)?;
            trail.go_on(url.clone())?;
            let (leads_to, asked) = (page_number(&url), read + 1);
            numbered |= read == 1 && leads_to.is_some();
            if numbered && leads_to != Some(asked) {
                return Err(Inconsistency::Astray { page: read, to: asked }.into());
            }
            let page: Page<R> = self.next_page(&url).await?;
            if let Some(came) = page.page.map(NonZeroU64::get).filter(|&came| came != asked) {
                return Err(Inconsistency::OtherPage { asked, came }.into());
            }
            pages.push(Facts { number: NonZeroU64::new(asked), ..page.facts() });
            rows.append(page.values);
            next = page.next;
        }
        Ok((rows, pages))
    }

    /// Asks for all pages of a series after the first, several at once. Nothing that the first page
    /// says is believed: a page that does not fit ends the walk, and the requests under way with
    /// it.
    async fn side_by_side<R: Rows>(
        &self,
        series: &Series,
        head: Page<R>,
    ) -> Result<(R, Vec<Facts>), ListError> {
        let session = &self.client.session;
        let at_once = session.network().connection.at_once();
        let (path, pages) = (series.first.path(), series.pages);
        log::info!("reading pages side by side path={path:?} pages={pages} at_once={at_once}");
        let mut under_way = stream::iter(2..=series.pages)
            .map(|number| async move {
                let url = with_page(&series.second, number);
                (number, self.next_page::<R>(&url).await)
            })
            .buffer_unordered(at_once);
        let mut rest = BTreeMap::new();
        while let Some((number, page)) = under_way.next().await {
            let page = page.map_err(|error| Series::missing(number, error))?;
            series.admit(number, &page, session)?;
            rest.insert(number, page);
        }
        let mut facts = vec![Facts { number: Some(NonZeroU64::MIN), ..head.facts() }];
        let mut rows = head.values;
        for (number, page) in rest {
            facts.push(Facts { number: NonZeroU64::new(number), ..page.facts() });
            rows.append(page.values);
        }
        Ok((rows, facts))
    }

    /// One page, noted.
    async fn next_page<R: Rows>(&self, url: &Url) -> Result<Page<R>, ListError> {
        let (page, _): (Page<R>, _) = self.flagged(url).await?;
        self.page(page.values.len(), page.size);
        Ok(page)
    }

    /// One page and the headers of its answer. Whether `next` carries `fields` along is not
    /// documented; so a page without the field that matters is asked for once more with every field
    /// by its name.
    pub(super) async fn flagged<R: Rows>(
        &self,
        url: &Url,
    ) -> Result<(Page<R>, HeaderMap), ListError> {
        let (page, headers): (Page<R>, _) = self.get(url).await?;
        // Rows of another list stay as they came, so that they are seen to be such.
        let lacks_flag = page.values.lacks_flag() && !page.values.have_permissions();
        let Some(fields) = R::SPELLED_OUT.filter(|_| lacks_flag) else {
            return Ok((page, headers));
        };
        let again: Page<R> = match self.get(&with_fields(url, fields)).await {
            Ok((again, _)) => again,
            // A server that does not understand the fields leaves the first answer standing:
            // without the flag, it still says who is on the list.
            Err(error) if error.status() == Some(400) => return Ok((page, headers)),
            Err(error) => return Err(error.into()),
        };
        let same_size = again.size.is_none() || page.size.is_none() || again.size == page.size;
        let same_number = again.values.len() == page.values.len();
        let named = again.values.ids().next().is_some();
        let same_rows = same_number && (!named || again.values.ids().eq(page.values.ids()));
        if !same_size || !same_rows {
            return Err(Inconsistency::Shifted.into());
        }
        let values = if named && !again.values.lacks_flag() { again.values } else { page.values };
        // What the second answer leaves out about the list, the first one said; what it says is
        // later.
        let page = Page {
            values,
            size: again.size.or(page.size),
            page: again.page.or(page.page),
            pagelen: again.pagelen.or(page.pagelen),
            next: again.next.or(page.next),
            previous: again.previous.or(page.previous),
            no_error: page.no_error,
        };
        Ok((page, headers))
    }
}

/// `size` is how many rows there are by whatever page said so last, in this walk or before it.
fn proven<R: Rows>(
    rows: R,
    pages: &[Facts],
    size: Option<u64>,
) -> Result<Listing<R>, Inconsistency> {
    let completeness = completeness::complete(pages)?;
    let came = rows.len() as u64;
    if let Some(size) = size.filter(|&size| size != came) {
        return Err(Inconsistency::Count { came, size });
    }
    rows.distinct()?;
    Ok(Listing { rows, completeness })
}

/// Pages that are known by number before they are read.
struct Series {
    first: Url,
    /// The second page's, as the first one gives it.
    second: Url,
    pages: u64,
    /// How many rows there are.
    size: u64,
}

impl Series {
    /// The series that a first page begins, if it says how long it is and its pages have numbers.
    fn of<R: Rows>(first: &Url, head: &Page<R>) -> Result<Option<Self>, ListError> {
        let rows = head.values.len() as u64;
        let second = head.next.as_ref().and_then(|next| follow(first, next));
        let (Some(size), Some(second)) = (head.size, second) else { return Ok(None) };
        let numbered = page_number(&second) == Some(2)
            && head.page.is_none_or(|number| number == NonZeroU64::MIN);
        let full = rows > 0 && head.pagelen.is_none_or(|length| length == rows);
        if !numbered || !full {
            return Ok(None);
        }
        match size.div_ceil(rows) {
            0 | 1 => Ok(None),
            pages if pages > R::MOST_PAGES => Err(ListError::Endless),
            pages => Ok(Some(Series { first: first.clone(), second, pages, size })),
        }
    }

    /// Checks that a page is the one that was asked for.
    fn admit<R>(
        &self,
        number: u64,
        page: &Page<R>,
        session: &Session<'_>,
    ) -> Result<(), ListError> {
        let stated = page.page.map_or(number, NonZeroU64::get);
        if stated != number {
            return Err(Inconsistency::OtherPage { asked: number, came: stated }.into());
        }
        let size = page.size.unwrap_or(self.size);
        if size != self.size {
            return Err(Inconsistency::Sizes(self.size, size).into());
        }
        match &page.next {
            None if number == self.pages => Ok(()),
            None => Err(Inconsistency::EndsEarly { page: number, of: self.pages }.into()),
            Some(next) => {
                let next = paging::next_url(session, &self.first, next)?;
                if number == self.pages {
                    Err(Inconsistency::Unfinished.into())
                } else if page_number(&next) == number.checked_add(1) {
                    Ok(())
                } else {
                    let to = number.saturating_add(1);
                    Err(Inconsistency::Astray { page: number, to }.into())
                }
            }
        }
    }

    /// What it means that a page could not be read: one that is not there any more is what is
    /// left of a list that became shorter.
    fn missing(number: u64, error: ListError) -> ListError {
        match error.status() {
            Some(400 | 404) => Inconsistency::PageMissing(number).into(),
            Some(_) | None => error,
        }
    }
}

//! Whether pages prove that a list is complete. Pure arithmetic, the same for the API and for
//! saved pages.

mod inconsistency;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::Arc;

pub(crate) use self::inconsistency::Inconsistency;
use crate::member::Member;
use crate::reading::Completeness;

/// What one page says about the list that it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) rows: u64,
    /// How many rows the whole list has.
    pub(crate) size: Option<u64>,
    /// Its number, from 1.
    pub(crate) number: Option<NonZeroU64>,
    /// How many rows a full page holds.
    pub(crate) length: Option<u64>,
    /// Whether it says that a page comes before it.
    pub(crate) previous: bool,
    /// Whether it says that another page follows.
    pub(crate) next: bool,
    /// Whether a row has a `permission`, as those of other lists do.
    pub(crate) permissions: bool,
}

/// Checks that pages are all the pages of one list, in whatever order they come, and that the list
/// ends where they end: by the count that they state, else by an end that proves itself.
pub(crate) fn complete(pages: &[Facts]) -> Result<Completeness, Inconsistency> {
    if pages.iter().any(|page| page.permissions) {
        return Err(Inconsistency::Permissions);
    }
    let mut sizes = pages.iter().filter_map(|page| page.size);
    let size = sizes.next();
    if let Some((size, other)) = size.zip(sizes.find(|&other| Some(other) != size)) {
        return Err(Inconsistency::Sizes(size, other));
    }
    series(pages)?;
    let Some(size) = size else {
        uncounted(pages)?;
        return Ok(Completeness::LastPage);
    };
    let came = pages.iter().map(|page| page.rows).sum();
    if came == size { Ok(Completeness::Size) } else { Err(Inconsistency::Count { came, size }) }
}

/// Checks what the pages say about each other: each is there once, only the first one has none
/// before it, and only the last one has none after it.
fn series(pages: &[Facts]) -> Result<(), Inconsistency> {
    let mut numbers: Vec<u64> =
        pages.iter().filter_map(|page| page.number.map(NonZeroU64::get)).collect();
    numbers.sort_unstable();
    let all_numbered = numbers.len() == pages.len();
    if all_numbered {
        for (number, expected) in numbers.into_iter().zip(1..) {
            match number.cmp(&expected) {
                Ordering::Less => return Err(Inconsistency::PageTwice(number)),
                Ordering::Equal => {}
                Ordering::Greater => return Err(Inconsistency::PageMissing(expected)),
            }
        }
        let first = pages.iter().min_by_key(|page| page.number);
        if first.is_some_and(|page| page.previous) {
            return Err(Inconsistency::NotFirst);
        }
    }
    if !pages.is_empty() && pages.iter().all(|page| page.previous) {
        return Err(Inconsistency::NotFirst);
    }
    let of = pages.len() as u64;
    let mut ends = pages.iter().zip(1..).filter(|(page, _)| !page.next);
    let Some((last, at)) = ends.next() else {
        return if pages.is_empty() { Ok(()) } else { Err(Inconsistency::Unfinished) };
    };
    let end = last.number.map_or(at, NonZeroU64::get);
    let highest = pages.iter().filter_map(|page| page.number).max();
    if ends.next().is_some() || highest.is_some_and(|highest| highest.get() > end) {
        return Err(Inconsistency::EndsEarly { page: end, of });
    }
    Ok(())
}

/// Without a count it takes pages that are all full, and after them one that is not.
fn uncounted(pages: &[Facts]) -> Result<(), Inconsistency> {
    let mut lengths = pages.iter().filter_map(|page| page.length);
    if let Some(one) = lengths.next()
        && let Some(other) = lengths.find(|&other| other != one)
    {
        return Err(Inconsistency::Lengths(one, other));
    }
    let mut ordered: Vec<&Facts> = pages.iter().collect();
    ordered.sort_by_key(|page| page.number);
    let Some((last, others)) = ordered.split_last() else { return Ok(()) };
    let proves = last.number.is_some() && last.length.is_some_and(|full| last.rows < full);
    if !proves || others.iter().any(|page| page.number.is_none()) {
        return Err(Inconsistency::OpenEnd { rows: last.rows });
    }
    for (page, number) in others.iter().zip(1..) {
        let full = page.length.or(last.length).unwrap_or(page.rows);
        if page.rows < full {
            return Err(Inconsistency::Short { page: number, rows: page.rows, full });
        }
    }
    Ok(())
}

/// Checks a list that was made before against what was written down about it: how many there were,
/// and, where that was proven by the server's own count, what that was.
pub(crate) fn recorded(
    members: &[Arc<Member>],
    counted: u64,
    completeness: Completeness,
    reported_size: Option<u64>,
) -> Result<(), Inconsistency> {
    let listed = members.len() as u64;
    // The server counts members alone.
    let inside = members.iter().filter(|member| member.access.is_none()).count() as u64;
    let reported = match completeness {
        Completeness::Size => reported_size.unwrap_or(0),
        Completeness::LastPage | Completeness::Asserted => reported_size.unwrap_or(inside),
    };
    for (listed, counted) in [(listed, counted), (inside, reported)] {
        if listed != counted {
            return Err(Inconsistency::Recorded { listed, counted });
        }
    }
    match completeness {
        Completeness::Size | Completeness::LastPage => distinct_people(members),
        // An export may have neither id nor address for a person.
        Completeness::Asserted => distinct_members(members),
    }
}

/// Checks that no id comes twice.
pub(crate) fn distinct<'a>(
    ids: impl IntoIterator<Item = &'a str>,
    at_most: usize,
) -> Result<(), Inconsistency> {
    match twice(ids, at_most) {
        Some(id) => Err(Inconsistency::Twice(id.into())),
        None => Ok(()),
    }
}

/// The first id that comes twice.
pub(crate) fn twice<'a>(ids: impl IntoIterator<Item = &'a str>, at_most: usize) -> Option<&'a str> {
    let mut seen = HashSet::with_capacity(at_most);
    ids.into_iter().find(|&id| !seen.insert(id))
}

/// Checks that no member comes twice. Ids are compared with others of their kind: a pseudonym is
/// the same one as account id and as uuid of one person.
pub(crate) fn distinct_members(members: &[Arc<Member>]) -> Result<(), Inconsistency> {
    let nameless =
        members.iter().filter(|member| member.account_id.is_none() && member.uuid.is_none());
    // A list that was edited may have a row of an export twice.
    let others =
        nameless.filter_map(|member| member.email.as_deref().or(member.given_key.as_deref()));
    distinct(members.iter().filter_map(|member| member.account_id.as_deref()), members.len())?;
    distinct(members.iter().filter_map(|member| member.uuid.as_deref()), members.len())?;
    distinct(others, members.len())
}

/// Checks that the rows of a list are of as many people: any two have ids of one kind, which
/// differ. One person may come once by account id and once by uuid alone; equal rows without any
/// id are no proof of two people.
pub(crate) fn distinct_people(members: &[Arc<Member>]) -> Result<(), Inconsistency> {
    distinct_members(members)?;
    let all_have = |id: fn(&Member) -> bool| members.iter().all(|member| id(member));
    let nameless = |member: &Arc<Member>| member.account_id.is_none() && member.uuid.is_none();
    let told_apart = if members.len() < 2 {
        true
    } else if members.iter().any(nameless) {
        all_have(|member| member.email.is_some())
    } else {
        all_have(|member| member.account_id.is_some()) || all_have(|member| member.uuid.is_some())
    };
    if !told_apart {
        return Err(Inconsistency::Indistinct);
    }
    if members.iter().any(nameless) {
        distinct(members.iter().filter_map(|member| member.email.as_deref()), members.len())?;
    }
    Ok(())
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

    /// A page of a list whose full pages have a hundred rows.
    fn page(number: u64, rows: u64, size: Option<u64>, next: bool) -> Facts {
        Facts {
            rows,
            size,
            number: NonZeroU64::new(number),
            length: Some(100),
            previous: number > 1,
            next,
            permissions: false,
        }
    }

    #[test]
    fn a_count_proves_the_list() {
        let pages = [page(1, 100, Some(150), true), page(2, 50, Some(150), false)];
        assert_eq!(complete(&pages), Ok(Completeness::Size));
        let one_states_it = [page(1, 100, Some(150), true), page(2, 50, None, false)];
        assert_eq!(complete(&one_states_it), Ok(Completeness::Size));
        let unnumbered = pages.map(|page| Facts { number: None, ..page });
        assert_eq!(complete(&unnumbered), Ok(Completeness::Size));
        let [first, second] = unnumbered;
        assert_eq!(complete(&[second, first]), Ok(Completeness::Size));
    }

    #[test]
    fn too_few_too_many_and_disagreeing_counts() {
        for (came, size) in [(99, 100), (101, 100)] {
            let found = complete(&[page(1, came, Some(size), false)]);
            assert_eq!(found, Err(Inconsistency::Count { came, size }));
        }
        let pages = [page(1, 100, Some(150), true), page(2, 50, Some(151), false)];
        assert_eq!(complete(&pages), Err(Inconsistency::Sizes(150, 151)));
    }

    #[test]
    fn without_a_count_the_end_must_prove_itself() {
        assert_eq!(complete(&[page(1, 99, None, false)]), Ok(Completeness::LastPage));
        assert_eq!(
            complete(&[page(1, 100, None, true), page(2, 0, None, false)]),
            Ok(Completeness::LastPage)
        );
        for end in [
            page(1, 100, None, false),
            Facts { length: None, ..page(1, 99, None, false) },
            Facts { number: None, ..page(1, 99, None, false) },
        ] {
            assert_eq!(complete(&[end]), Err(Inconsistency::OpenEnd { rows: end.rows }), "{end:?}");
        }
        let full_end = [page(2, 100, None, false), page(1, 100, None, true)];
        assert_eq!(complete(&full_end), Err(Inconsistency::OpenEnd { rows: 100 }));
        for rows in [0, 99] {
            let short =
                [page(1, 100, None, true), page(2, rows, None, true), page(3, 7, None, false)];
            assert_eq!(complete(&short), Err(Inconsistency::Short { page: 2, rows, full: 100 }));
        }
        let fifty = Facts { length: Some(50), ..page(2, 7, None, false) };
        assert_eq!(
            complete(&[page(1, 100, None, true), fifty]),
            Err(Inconsistency::Lengths(100, 50))
        );
    }

    #[test]
    fn pages_may_come_in_any_order_and_are_there_once() {
        for size in [None, Some(207)] {
            let page = |number, rows, next| page(number, rows, size, next);
            let (one, two, three) = (page(1, 100, true), page(2, 100, true), page(3, 7, false));
            for pages in [[one, two, three], [three, one, two], [two, three, one]] {
                assert!(complete(&pages).is_ok(), "{pages:?}");
            }
            assert_eq!(complete(&[one, two, two]), Err(Inconsistency::PageTwice(2)));
            assert_eq!(complete(&[one, three]), Err(Inconsistency::PageMissing(2)));
            assert_eq!(complete(&[two, three]), Err(Inconsistency::PageMissing(1)));
            assert_eq!(complete(&[two, one]), Err(Inconsistency::Unfinished));
            let (early, on) = (Facts { next: false, ..two }, Facts { next: true, ..three });
            for end in [three, on] {
                let pages = [one, early, end];
                let found = complete(&pages);
                assert_eq!(found, Err(Inconsistency::EndsEarly { page: 2, of: 3 }), "{pages:?}");
            }
            let late = Facts { previous: true, ..one };
            assert_eq!(complete(&[late, two, three]), Err(Inconsistency::NotFirst));
            let unnumbered = [two, three].map(|page| Facts { number: None, ..page });
            assert_eq!(complete(&unnumbered), Err(Inconsistency::NotFirst));
            let ends = [early, three].map(|page| Facts { number: None, previous: false, ..page });
            assert_eq!(complete(&ends), Err(Inconsistency::EndsEarly { page: 1, of: 2 }));
            let permissions = Facts { permissions: true, ..two };
            assert_eq!(complete(&[one, permissions, three]), Err(Inconsistency::Permissions));
        }
    }

    #[test]
    fn nobody_comes_twice() {
        assert_eq!(distinct(["a", "b"], 2), Ok(()));
        assert_eq!(distinct(["a", "b", "a"], 3), Err(Inconsistency::Twice("a".into())));
    }

    /// A member with the ids that are not empty.
    fn member(account_id: &str, uuid: &str, email: &str) -> Member {
        let id = |id: &str| (!id.is_empty()).then(|| id.into());
        Member { account_id: id(account_id), uuid: id(uuid), email: id(email), ..Member::nobody() }
    }

    #[test]
    fn an_address_is_an_id_where_there_is_no_other() {
        for (account_id, uuid, email, expected) in [
            ("a", "u", "e", &["a", "u"][..]),
            ("a", "", "e", &["a"]),
            ("", "u", "e", &["u"]),
            ("", "", "e", &["e"]),
            ("", "", "", &[]),
        ] {
            let member = member(account_id, uuid, email);
            assert_eq!(ids(&member).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn people_are_told_apart_by_ids_of_one_kind() {
        for (members, expected) in [
            (vec![member("a", "u", ""), member("b", "", "")], Ok(())),
            (vec![member("a", "u", ""), member("", "v", "")], Ok(())),
            (vec![member("a", "", ""), member("", "v", "")], Err(Inconsistency::Indistinct)),
            (
                vec![member("a", "u", ""), member("b", "", ""), member("", "v", "")],
                Err(Inconsistency::Indistinct),
            ),
            (vec![member("", "", "")], Ok(())),
            (vec![member("", "", ""), member("", "", "")], Err(Inconsistency::Indistinct)),
            (vec![member("", "", "e"), member("", "", "f")], Ok(())),
            (vec![member("", "", "e"), member("", "", "e")], Err(Inconsistency::Twice("e".into()))),
            (
                vec![member("a", "", "e"), member("", "", "e")],
                Err(Inconsistency::Twice("e".into())),
            ),
            (vec![member("a", "", ""), member("", "", "e")], Err(Inconsistency::Indistinct)),
            (vec![member("a", "u", "e"), member("b", "v", "e")], Ok(())),
            (vec![member("a", "", "e"), member("b", "", "e")], Ok(())),
            (vec![member("", "u", "e"), member("", "v", "e")], Ok(())),
        ] {
            let members: Vec<_> = members.into_iter().map(Arc::new).collect();
            assert_eq!(distinct_people(&members), expected, "{members:?}");
        }
    }
}

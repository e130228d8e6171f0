//! Exemptions that excuse the same member, in the same place, at the same time.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::{MemberId, Selector};
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::Spanned;

/// Whom an exemption claims to excuse, where and when.
pub(super) struct Claim {
    /// The exemption's id, where it has a valid one.
    pub(super) id: Option<Arc<str>>,
    pub(super) selector: Spanned<Selector>,
    pub(super) workspaces: HashSet<Arc<str>>,
    pub(super) starts: Option<Date>,
    pub(super) expires: Date,
}

impl Claim {
    /// Every id and address that could match a member.
    fn handles(&self) -> impl Iterator<Item = Box<str>> {
        let (id, email) = match &self.selector.value {
            Selector::Id { id: MemberId::AccountId(id) | MemberId::Uuid(id), email } => {
                (Some(id), email.as_ref())
            }
            Selector::Email(email) => (None, Some(email)),
        };
        // An account id has no `@` and a uuid has braces: none is taken for another.
        [id.cloned(), email.cloned()].into_iter().flatten()
    }

    fn named(&self) -> Cow<'_, str> {
        self.id.as_deref().map_or("an exemption without an id".into(), |id| shown(id).into())
    }

    fn overlaps(&self, other: &Claim) -> bool {
        let starts_in_time =
            |one: &Claim, two: &Claim| one.starts.is_none_or(|starts| starts <= two.expires);
        let same_place = || {
            self.workspaces.is_empty()
                || other.workspaces.is_empty()
                || !self.workspaces.is_disjoint(&other.workspaces)
        };
        starts_in_time(self, other) && starts_in_time(other, self) && same_place()
    }
}

/// The claims so far, by whom they are about.
#[derive(Default)]
pub(super) struct Claims {
    claims: Vec<Claim>,
    by_handle: HashMap<Box<str>, Vec<usize>>,
}

impl Claims {
    /// Adds a claim; reports the first earlier one that it overlaps.
    pub(super) fn add(&mut self, claim: Claim, problems: &mut Diagnostics) {
        let earlier = claim
            .handles()
            .filter_map(|handle| self.by_handle.get(&handle))
            .flatten()
            .filter_map(|&index| self.claims.get(index))
            .find(|earlier| earlier.overlaps(&claim));
        if let Some(earlier) = earlier {
            let later = |last: &Claim, first: &Claim| {
                let (last, first, day) = (last.named(), first.named(), first.expires);
                format!("delete one, or let {last} start after {day}, when {first} expires")
            };
            let help = match claim.expires.cmp(&earlier.expires) {
                Ordering::Less => later(earlier, &claim),
                Ordering::Greater => later(&claim, earlier),
                Ordering::Equal => "delete one".to_owned(),
            };
            let (one, other) = (earlier.named(), claim.named());
            problems.push_related(
                claim.selector.span,
                format!("{one} and {other} exempt the same member at the same time"),
                help,
                (earlier.selector.span, "exempt here already"),
            );
        }
        for handle in claim.handles() {
            self.by_handle.entry(handle).or_default().push(self.claims.len());
        }
        self.claims.push(claim);
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Claims, Diagnostics, MemberId, Selector, Spanned};
    use crate::yaml::source::Span;

    fn claim(id: Option<&str>, email: Option<&str>, days: &str, workspaces: &[&str]) -> Claim {
        let value = match (id, email) {
            (Some(id), email) => {
                Selector::Id { id: MemberId::AccountId(id.into()), email: email.map(Into::into) }
            }
            (None, email) => Selector::Email(email.unwrap_or_default().into()),
        };
        let (starts, expires) = days.split_once("..").unwrap();
        Claim {
            id: None,
            selector: Spanned { value, span: Span { start: 0, end: 0 } },
            workspaces: workspaces.iter().map(|slug| (*slug).into()).collect(),
            starts: (!starts.is_empty()).then(|| starts.parse().unwrap()),
            expires: expires.parse().unwrap(),
        }
    }

    fn overlap(first: Claim, second: Claim) -> bool {
        let mut problems = Diagnostics::default();
        let mut claims = Claims::default();
        claims.add(first, &mut problems);
        claims.add(second, &mut problems);
        !problems.is_empty()
    }

    #[test]
    fn member_place_and_time_must_all_meet() {
        let ever = "..2026-12-31";
        let base = || claim(Some("x"), Some("x@b.cc"), "2026-02-01..2026-02-28", &["a", "b"]);
        let cases = [
            (claim(Some("x"), None, ever, &[]), true),
            (claim(None, Some("x@b.cc"), ever, &["b"]), true),
            (claim(Some("y"), Some("x@b.cc"), ever, &[]), true),
            (claim(Some("y"), None, ever, &[]), false),
            (claim(Some("x"), None, ever, &["c"]), false),
            (claim(Some("x"), None, "..2026-01-31", &[]), false),
            (claim(Some("x"), None, "..2026-02-01", &[]), true),
            (claim(Some("x"), None, "2026-02-28..2026-03-31", &[]), true),
            (claim(Some("x"), None, "2026-03-01..2026-03-31", &[]), false),
        ];
        for (number, (other, expected)) in cases.into_iter().enumerate() {
            assert_eq!(overlap(base(), other), expected, "case {number}");
        }
    }
}

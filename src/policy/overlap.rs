//! Exemptions for the same member, in the same workspace, at the same time.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use jiff::civil::Date;

use super::{MemberId, Selector};
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::Spanned;

/// Which member an exemption is for, where and when.
pub(super) struct Scope {
    /// The exemption's id, where it has a valid one.
    pub(super) id: Option<Arc<str>>,
    pub(super) selector: Spanned<Selector>,
    pub(super) workspaces: HashSet<Arc<str>>,
    pub(super) starts: Option<Date>,
    pub(super) expires: Date,
}

impl Scope {
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

    fn overlaps(&self, other: &Scope) -> bool {
        let starts_in_time =
            |one: &Scope, two: &Scope| one.starts.is_none_or(|starts| starts <= two.expires);
        let same_place = || {
            self.workspaces.is_empty()
                || other.workspaces.is_empty()
                || !self.workspaces.is_disjoint(&other.workspaces)
        };
        starts_in_time(self, other) && starts_in_time(other, self) && same_place()
    }
}

/// The exemptions so far, by the ids and addresses of their members.
#[derive(Default)]
pub(super) struct Scopes(HashMap<Box<str>, Vec<Rc<Scope>>>);

impl Scopes {
    /// Adds one; reports the first earlier one that it overlaps.
    pub(super) fn add(&mut self, scope: Scope, diagnostics: &mut Diagnostics) {
        let scope = Rc::new(scope);
        let mut earlier = scope.handles().filter_map(|handle| self.0.get(&handle)).flatten();
        if let Some(earlier) = earlier.find(|earlier| earlier.overlaps(&scope)) {
            let later = |last: &Scope, first: &Scope| {
                let (last, first, day) = (last.named(), first.named(), first.expires);
                format!("delete one, or let {last} start after {day}, when {first} ends")
            };
            let help = match scope.expires.cmp(&earlier.expires) {
                Ordering::Less => later(earlier, &scope),
                Ordering::Greater => later(&scope, earlier),
                Ordering::Equal => "delete one".to_owned(),
            };
            let (one, other) = (earlier.named(), scope.named());
            diagnostics.push_related(
                scope.selector.span,
                format!("{one} and {other} exempt the same member at the same time"),
                help,
                (earlier.selector.span, "already exempt here"),
            );
        }
        for handle in scope.handles() {
            self.0.entry(handle).or_default().push(Rc::clone(&scope));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagnostics, MemberId, Scope, Scopes, Selector, Spanned};
    use crate::yaml::source::Span;

    fn scope(id: Option<&str>, email: Option<&str>, days: &str, workspaces: &[&str]) -> Scope {
        let value = match (id, email) {
            (Some(id), email) => {
                Selector::Id { id: MemberId::AccountId(id.into()), email: email.map(Into::into) }
            }
            (None, email) => Selector::Email(email.unwrap_or_default().into()),
        };
        let (starts, expires) = days.split_once("..").unwrap();
        Scope {
            id: None,
            selector: Spanned { value, span: Span { start: 0, end: 0 } },
            workspaces: workspaces.iter().map(|slug| (*slug).into()).collect(),
            starts: (!starts.is_empty()).then(|| starts.parse().unwrap()),
            expires: expires.parse().unwrap(),
        }
    }

    fn overlap(first: Scope, second: Scope) -> bool {
        let mut diagnostics = Diagnostics::default();
        let mut scopes = Scopes::default();
        scopes.add(first, &mut diagnostics);
        scopes.add(second, &mut diagnostics);
        !diagnostics.is_empty()
    }

    #[test]
    fn exemptions_overlap_only_where_member_workspace_and_time_do() {
        let ever = "..2026-12-31";
        let base = || scope(Some("x"), Some("x@b.cc"), "2026-02-01..2026-02-28", &["a", "b"]);
        let cases = [
            (scope(Some("x"), None, ever, &[]), true),
            (scope(None, Some("x@b.cc"), ever, &["b"]), true),
            (scope(Some("y"), Some("x@b.cc"), ever, &[]), true),
            (scope(Some("y"), None, ever, &[]), false),
            (scope(Some("x"), None, ever, &["c"]), false),
            (scope(Some("x"), None, "..2026-01-31", &[]), false),
            (scope(Some("x"), None, "..2026-02-01", &[]), true),
            (scope(Some("x"), None, "2026-02-28..2026-03-31", &[]), true),
            (scope(Some("x"), None, "2026-03-01..2026-03-31", &[]), false),
        ];
        for (number, (other, expected)) in cases.into_iter().enumerate() {
            assert_eq!(overlap(base(), other), expected, "case {number}");
        }
    }
}

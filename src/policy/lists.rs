//! Lists of words, and one of a few words.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fields::{Field, Fields, List};
use super::keys::Key;
use super::values::Form;
use crate::suggest::{choose, each_alone, words};
use crate::words::Word;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::Spanned;

/// Slugs as they were written, and whether they are all there are.
pub(super) struct Slugs {
    pub(super) items: Vec<Spanned<Arc<str>>>,
    complete: bool,
    set: HashSet<Arc<str>>,
}

impl Slugs {
    pub(super) fn contain(&self, slug: &str) -> bool {
        self.set.contains(slug)
    }

    /// Whether they are all there are, at least one.
    pub(super) fn are_known(&self) -> bool {
        self.complete && !self.items.is_empty()
    }
}

/// The slugs under `workspaces`, of the policy or of an exemption. An empty list is refused: it might
/// be taken for all workspaces or for none.
pub(super) fn workspaces(fields: &mut Fields<'_>, key: Key) -> Field<Slugs> {
    let help = "name at least one, as in `workspaces: [acme]`, or delete the key";
    fields.refuse_empty(key, "`workspaces` is empty", help);
    fields.list(key).check(|Spanned { value: list, .. }| {
        let diagnostics = &mut *fields.diagnostics;
        let mut complete = list.complete;
        let mut items: Vec<Spanned<Arc<str>>> = Vec::new();
        for item in unique(list, diagnostics) {
            let span = item.span;
            match Form::Slug.check(item, "a workspace", diagnostics) {
                Some(slug) => items.push(Spanned { value: slug.into(), span }),
                None => complete = false,
            }
        }
        let set = items.iter().map(|slug| Arc::clone(&slug.value)).collect();
        Some(Slugs { items, complete, set })
    })
}

/// The items of a list; those that are listed twice are reported.
pub(super) fn unique(list: List, diagnostics: &mut Diagnostics) -> Vec<Spanned<String>> {
    let mut seen = HashMap::new();
    let mut items = list.items;
    items.retain(|item| match seen.get(&item.value) {
        None => {
            seen.insert(item.value.clone(), item.span);
            true
        }
        Some(&first) => {
            let message = format!("{} is listed twice", shown(&item.value));
            let help = "delete one of the two";
            diagnostics.push_related(item.span, message, help, (first, "first here"));
            false
        }
    });
    items
}

/// One of a few words; `what` says what they stand for.
pub(super) fn choice<T: Word>(
    Spanned { value, span }: Spanned<String>,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    let found = T::from_id(&value);
    if found.is_none() {
        let choices = || T::ALL.iter().map(|word| word.id());
        let several: Vec<&str> = words(&value).collect();
        let help =
            if several.len() > 1 && several.iter().all(|one| choices().any(|word| word == *one)) {
                each_alone(several)
            } else {
                choose(&value, choices())
            };
        diagnostics.push(span, format!("unknown {what} {}", shown(&value)), help);
    }
    found
}

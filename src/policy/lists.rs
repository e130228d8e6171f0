//! Lists of words, and one of a few words.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fields::{Field, List};
use super::{meant, values};
use crate::suggest::choose;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::Spanned;

/// Slugs as they were written, and whether they are all there are.
pub(super) struct Slugs {
    pub(super) items: Vec<Spanned<Arc<str>>>,
    pub(super) complete: bool,
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

/// A list of slugs that is not empty: an empty one might be taken for all workspaces or for none.
pub(super) fn slugs(
    field: Field<List>,
    key: &'static str,
    problems: &mut Diagnostics,
) -> Field<Slugs> {
    field.check(|Spanned { value: list, span }| {
        if list.items.is_empty() && list.complete {
            let help = format!("name at least one, as in `{key}: [acme]`, or delete the key");
            problems.push(span, format!("`{key}` is empty"), help);
        }
        let mut complete = list.complete;
        let mut items: Vec<Spanned<Arc<str>>> = Vec::new();
        for item in unique(list, problems) {
            let span = item.span;
            match values::slug(item, problems) {
                Some(slug) => items.push(Spanned { value: slug.into(), span }),
                None => complete = false,
            }
        }
        let set = items.iter().map(|slug| Arc::clone(&slug.value)).collect();
        Some(Slugs { items, complete, set })
    })
}

/// The items of a list without those that come again, which are reported.
pub(super) fn unique(list: List, problems: &mut Diagnostics) -> Vec<Spanned<String>> {
    let mut seen = HashMap::new();
    let mut items = list.items;
    items.retain(|item| match seen.get(&item.value) {
        None => {
            seen.insert(item.value.clone(), item.span);
            true
        }
        Some(&first) => {
            let message = format!("{} comes twice", shown(&item.value));
            problems.push_related(
                item.span,
                message,
                "delete one of the two",
                (first, "first here"),
            );
            false
        }
    });
    items
}

/// One of a few words.
pub(super) fn choice<T: Copy>(
    Spanned { value, span }: Spanned<String>,
    what: &str,
    choices: &[(&'static str, T)],
    problems: &mut Diagnostics,
) -> Option<T> {
    let found = choices.iter().find(|(word, _)| *word == value);
    if found.is_none() {
        let words = || choices.iter().map(|(word, _)| *word);
        let several: Vec<&str> = meant::words(&value).collect();
        let help =
            if several.len() > 1 && several.iter().all(|one| words().any(|word| word == *one)) {
                meant::each_alone(several)
            } else {
                choose(&value, words())
            };
        problems.push(span, format!("unknown {what} {}", shown(&value)), help);
    }
    found.map(|(_, choice)| *choice)
}

//! The levels of rules.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;

use super::Levels;
use super::fields;
use super::keys::{Key, Takes, Words};
use crate::rule::{Level, Rule};
use crate::suggest::{choose, listed};
use crate::words::Word;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::{Entry, Mapping, Node, Value};

/// The levels that the mapping under `rules` sets.
pub(super) fn levels(mapping: Mapping, diagnostics: &mut Diagnostics) -> Levels {
    let entries = mapping.entries.into_iter();
    let set = entries.filter_map(|entry| level(entry, diagnostics));
    Levels::from(set.collect::<BTreeMap<_, _>>())
}

fn level(entry: Entry, diagnostics: &mut Diagnostics) -> Option<(Rule, Level)> {
    let Entry { key, key_span, value, .. } = entry;
    let rule = Rule::from_id(&key);
    let span = if matches!(value.value, Value::Null) { key_span } else { value.span };
    let node = Node { value: value.value, span };
    let what = format!("the level of {}", shown(&key));
    let word = fields::text(node, &what, wanted(rule), diagnostics);
    let Some(rule) = rule else {
        let help = choose(&key, Rule::settable().map(Rule::id));
        diagnostics.push(key_span, format!("unknown rule {}", shown(&key)), help);
        return None;
    };
    let allowed = rule.allowed_levels();
    if allowed.is_empty() {
        let message = format!("`{}` has no level: it is always an error", rule.id());
        diagnostics.push(key_span, message, "delete this line");
        return None;
    }
    let word = word?;
    let Some(level) = Level::from_id(&word) else {
        let help = choose(&word, allowed.iter().copied().map(Level::id));
        diagnostics.push(span, format!("unknown level {}", shown(&word)), help);
        return None;
    };
    if !allowed.contains(&level) {
        let allowed = listed(allowed.iter().copied().map(Level::id));
        diagnostics.push(
            span,
            format!("`{}` cannot be set to `{word}`", rule.id()),
            format!(
                "write one of {allowed}: this rule cannot be switched off; exempt single members \
                 under `exemptions`"
            ),
        );
        return None;
    }
    Some((rule, level))
}

/// The key of a rule, for what is said of a level that is not text.
fn wanted(rule: Option<Rule>) -> Key {
    let is_strict = rule.is_some_and(|rule| !rule.allowed_levels().contains(&Level::Allow));
    let all: fn() -> Vec<&'static str> =
        if is_strict { || vec!["deny", "warn"] } else { || vec!["deny", "warn", "allow"] };
    Key {
        name: rule.map_or("RULE", Rule::id),
        takes: Takes::Word(Words { all, schema: SchemaGenerator::subschema_for::<Level> }),
        example: "exemption-unused: warn",
        about: "",
    }
}

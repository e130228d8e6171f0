//! What changed from one policy to the next: levels of rules, other settings, exemptions.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::report::{
    EffectivePolicy, EntryChange, ExemptionChange, JudgedExemption, RuleChange, SettingChange,
};
use crate::rule::Rule;

pub(super) fn rules(before: &EffectivePolicy, after: &EffectivePolicy) -> Vec<RuleChange> {
    let levels = Rule::ALL.into_iter().map(|rule| RuleChange {
        rule,
        from: before.rules.of(rule),
        to: after.rules.of(rule),
    });
    levels.filter(|change| change.from != change.to).collect()
}

/// The fields of a value as JSON has them.
fn fields(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// The names of the fields that differ, with both values; `null` where there is none.
fn differences(before: &impl Serialize, after: &impl Serialize) -> Vec<(String, Value, Value)> {
    let (mut before, mut after) = (fields(before), fields(after));
    let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    let pairs = names.into_iter().map(|name| {
        let [from, to] = [&mut before, &mut after].map(|fields| fields.remove(&name));
        (name, from.unwrap_or_default(), to.unwrap_or_default())
    });
    pairs.filter(|(_, from, to)| from != to).collect()
}

pub(super) fn settings(before: &EffectivePolicy, after: &EffectivePolicy) -> Vec<SettingChange> {
    let others = differences(before, after).into_iter().filter_map(|(name, from, to)| {
        let is_elsewhere = matches!(&*name, "rules" | "limits");
        (!is_elsewhere).then_some((name, from, to))
    });
    let limits = differences(&before.limits, &after.limits).into_iter();
    let limits = limits.map(|(name, from, to)| (format!("limits.{name}"), from, to));
    let change = |(setting, from, to): (String, Value, Value)| SettingChange {
        setting,
        from: from.to_string(),
        to: to.to_string(),
    };
    others.chain(limits).map(change).collect()
}

pub(super) fn exemptions(
    before: &[JudgedExemption],
    after: &[JudgedExemption],
) -> Vec<ExemptionChange> {
    let by_id = |entries: &'_ [JudgedExemption]| -> BTreeMap<Arc<str>, JudgedExemption> {
        entries.iter().map(|entry| (Arc::clone(&entry.id), entry.clone())).collect()
    };
    let (before, after) = (by_id(before), by_id(after));
    let ids = before.keys().chain(after.keys().filter(|id| !before.contains_key(*id)));
    let changes = ids.filter_map(|id| exemption(id, before.get(id), after.get(id)));
    let mut changes: Vec<ExemptionChange> = changes.collect();
    changes.sort_by(|a, b| a.exemption.cmp(&b.exemption));
    changes
}

fn exemption(
    id: &Arc<str>,
    before: Option<&JudgedExemption>,
    after: Option<&JudgedExemption>,
) -> Option<ExemptionChange> {
    let (expired, expires) = (before.map(|entry| entry.expires), after.map(|entry| entry.expires));
    let mut fields = Vec::new();
    let change = match (before, after) {
        (Some(before), Some(after)) => {
            let names = differences(before, after).into_iter().map(|(name, ..)| name);
            // Its state and its place are no part of what was approved.
            fields =
                names.filter(|name| !matches!(&**name, "state" | "location" | "expires")).collect();
            match before.expires.cmp(&after.expires) {
                Ordering::Less => EntryChange::Extended,
                Ordering::Greater => EntryChange::Shortened,
                Ordering::Equal if fields.is_empty() => return None,
                Ordering::Equal => EntryChange::Reworded,
            }
        }
        (None, _) => EntryChange::Added,
        (Some(_), None) => EntryChange::Removed,
    };
    Some(ExemptionChange {
        exemption: Arc::clone(id),
        change,
        expired,
        expires,
        fields,
        approved_by: after.and_then(|entry| entry.approved_by.clone()),
    })
}

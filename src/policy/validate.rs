//! From the raw policy to the valid one. Every check pushes what it finds and goes on, so that all
//! problems of a file are reported in one go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exemption::{self, Context};
use super::fields::{Field, List};
use super::limits::limits;
use super::lists::{choice, slugs, unique};
use super::schema::{RawPolicy, RawRoster, RawRule};
use super::{Levels, Policy, RosterColumns, WorkspaceEntry, values};
use crate::member::Source;
use crate::rule::{Level, Rule};
use crate::suggest::{choose, listed};
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::{SourceText, Span, Spanned};

/// The version of the format that this program reads.
const VERSION: u32 = 1;

/// Checks a raw policy; `None` where a problem was pushed, now or before.
pub(super) fn policy(
    raw: RawPolicy,
    sha256: Box<str>,
    source: &SourceText<'_>,
    problems: &mut Diagnostics,
) -> Option<Policy> {
    version(raw.version, raw.start, problems);
    let workspaces = slugs(raw.workspaces, "workspaces", problems);
    let accept = accept(raw.accept, problems);
    let roster = raw.roster.check(|given| Some(roster(given.value, problems))).optional();
    let levels = raw.rules.check(|given| Some(levels(given.value, problems))).optional();
    let limits = raw.limits.check(|given| Some(limits(given.value, problems))).optional();
    let limits = limits.map(Option::unwrap_or_default);
    let context = Context {
        workspaces: workspaces.given().filter(|given| given.value.are_known()),
        limits: limits.as_ref(),
    };
    let exemptions = exemption::all(raw.exemptions, &context, source, problems);
    let workspaces = workspaces.optional()?.map(|slugs| slugs.items).unwrap_or_default();
    let entries = workspaces.into_iter().map(|Spanned { value, span }| WorkspaceEntry {
        slug: value,
        location: source.location(span),
    });
    let policy = Policy {
        path: Arc::clone(&source.path),
        sha256,
        workspaces: entries.collect(),
        accept: accept?,
        roster: roster?.unwrap_or_default(),
        levels: levels?.unwrap_or_default(),
        limits: limits?.limits,
        exemptions: exemptions?,
    };
    problems.is_empty().then_some(policy)
}

fn version(field: Field<u32>, start: Span, problems: &mut Diagnostics) {
    let help = format!("write `version: {VERSION}`, the only version this program knows");
    match field {
        Field::Missing => problems.push(start, "missing `version`", help),
        Field::Given(given) if given.value != VERSION => {
            problems.push(given.span, format!("unknown version {}", given.value), help);
        }
        Field::Given(_) | Field::Invalid => {}
    }
}

fn accept(field: Field<List>, problems: &mut Diagnostics) -> Option<Vec<Source>> {
    let sources = field.check(|Spanned { value: list, span }| {
        if list.items.is_empty() && list.complete {
            problems.push(
                span,
                "`accept` is empty: no proof would count",
                "write `accept: [bitbucket]`, or delete the key",
            );
        }
        let sources = Source::ALL.map(|source| (source.id(), source));
        let items = unique(list, problems).into_iter();
        Some(items.filter_map(|item| choice(item, "source", &sources, problems)).collect())
    });
    sources.optional().map(|sources| sources.unwrap_or_else(|| vec![Source::Bitbucket]))
}

fn roster(raw: RawRoster, problems: &mut Diagnostics) -> RosterColumns {
    let mut heading = |field: Field<String>, key| {
        field.check(|text| values::line(text, key, problems)).optional().flatten()
    };
    RosterColumns {
        account_id: heading(raw.account_id, "`account_id`"),
        email: heading(raw.email, "`email`"),
        mfa: heading(raw.mfa, "`mfa`"),
        sso: heading(raw.sso, "`sso`"),
    }
}

fn levels(raw: Vec<RawRule>, problems: &mut Diagnostics) -> Levels {
    let set = raw.into_iter().filter_map(|entry| level(entry, problems));
    Levels::from(set.collect::<BTreeMap<_, _>>())
}

fn level(raw: RawRule, problems: &mut Diagnostics) -> Option<(Rule, Level)> {
    let settable = Rule::ALL.into_iter().filter(|rule| !rule.allowed_levels().is_empty());
    let Some(rule) = Rule::from_id(&raw.rule.value) else {
        let help = choose(&raw.rule.value, settable.map(Rule::id));
        problems.push(raw.rule.span, format!("unknown rule {}", shown(&raw.rule.value)), help);
        return None;
    };
    let allowed = rule.allowed_levels();
    if allowed.is_empty() {
        problems.push(
            raw.rule.span,
            format!("`{}` has no level: it is always an error", rule.id()),
            "delete it: nothing is known of a workspace that could not be read",
        );
        return None;
    }
    let levels = [Level::Deny, Level::Warn, Level::Allow];
    let Spanned { value: word, span } = raw.level;
    let Some(level) = levels.into_iter().find(|level| level.id() == word) else {
        let help = choose(&word, allowed.iter().copied().map(Level::id));
        problems.push(span, format!("unknown level {}", shown(&word)), help);
        return None;
    };
    if !allowed.contains(&level) {
        let allowed = listed(allowed.iter().copied().map(Level::id));
        problems.push(
            span,
            format!("`{}` cannot be set to `{}`", rule.id(), level.id()),
            format!(
                "write one of {allowed}: a gate that lets everybody pass is none; \
                 exempt single members under `exemptions`"
            ),
        );
        return None;
    }
    Some((rule, level))
}

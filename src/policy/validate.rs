//! From the raw policy to the valid one. Every check pushes what it finds and goes on, so that all
//! problems of a file are reported in one go.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use super::exemption::{self, Context};
use super::fields::{Field, List};
use super::problem::{Problems, shown};
use super::raw::{RawLimits, RawPolicy, RawRoster, RawRule};
use super::source::{SourceText, Span, Spanned};
use super::suggest::{choose, listed};
use super::{Admins, Levels, Limits, OptionalField, Policy, RosterColumns, WorkspaceEntry, form};
use crate::member::Source;
use crate::rule::{Level, Rule};

/// The version of the format that this program reads.
const VERSION: u32 = 1;

/// Checks a raw policy; `None` where a problem was pushed, now or before.
pub(super) fn policy(
    raw: RawPolicy,
    sha256: Box<str>,
    source: &SourceText<'_>,
    problems: &mut Problems,
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

fn version(field: Field<u32>, start: Span, problems: &mut Problems) {
    let help = format!("write `version: {VERSION}`, the only version this program knows");
    match field {
        Field::Missing => problems.push(start, "missing `version`", help),
        Field::Given(given) if given.value != VERSION => {
            problems.push(given.span, format!("unknown version {}", given.value), help);
        }
        Field::Given(_) | Field::Invalid => {}
    }
}

/// Slugs as they were written, and whether they are all there are.
pub(super) struct Slugs {
    pub(super) items: Vec<Spanned<Arc<str>>>,
    pub(super) complete: bool,
}

impl Slugs {
    /// Whether they are all there are, at least one.
    pub(super) fn are_known(&self) -> bool {
        self.complete && !self.items.is_empty()
    }
}

/// A list of slugs that is not empty: an empty one might be taken for all workspaces or for none.
pub(super) fn slugs(
    field: Field<List>,
    key: &'static str,
    problems: &mut Problems,
) -> Field<Slugs> {
    field.check(|Spanned { value: list, span }| {
        if list.items.is_empty() && list.complete {
            let help = format!("name at least one, as in `{key}: [acme]`, or delete the key");
            problems.push(span, format!("`{key}` is empty"), help);
        }
        let mut complete = list.complete;
        let mut items = Vec::new();
        for item in unique(list, problems) {
            let span = item.span;
            match form::slug(item, problems) {
                Some(slug) => items.push(Spanned { value: slug.into(), span }),
                None => complete = false,
            }
        }
        Some(Slugs { items, complete })
    })
}

/// The items of a list without those that come again, which are reported.
fn unique(list: List, problems: &mut Problems) -> Vec<Spanned<String>> {
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

fn accept(field: Field<List>, problems: &mut Problems) -> Option<Vec<Source>> {
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

/// One of a few words.
pub(super) fn choice<T: Copy>(
    Spanned { value, span }: Spanned<String>,
    what: &str,
    choices: &[(&'static str, T)],
    problems: &mut Problems,
) -> Option<T> {
    let found = choices.iter().find(|(word, _)| *word == value);
    if found.is_none() {
        let help = choose(&value, choices.iter().map(|(word, _)| *word));
        problems.push(span, format!("unknown {what} {}", shown(&value)), help);
    }
    found.map(|(_, choice)| *choice)
}

fn roster(raw: RawRoster, problems: &mut Problems) -> RosterColumns {
    let mut heading = |field: Field<String>, key| {
        field.check(|text| form::line(text, key, problems)).optional().flatten()
    };
    RosterColumns {
        account_id: heading(raw.account_id, "`account_id`"),
        email: heading(raw.email, "`email`"),
        mfa: heading(raw.mfa, "`mfa`"),
        sso: heading(raw.sso, "`sso`"),
    }
}

fn levels(raw: Vec<RawRule>, problems: &mut Problems) -> Levels {
    let set = raw.into_iter().filter_map(|entry| level(entry, problems));
    Levels::from(set.collect::<BTreeMap<_, _>>())
}

fn level(raw: RawRule, problems: &mut Problems) -> Option<(Rule, Level)> {
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
    let levels = [Level::Deny, Level::Warn, Level::Allow].map(|level| (level.id(), level));
    let span = raw.level.span;
    let level = choice(raw.level, "level", &levels, problems)?;
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

/// The limits, and the places of those that ask something of every exemption.
#[derive(Default)]
pub(super) struct CheckedLimits {
    pub(super) limits: Limits,
    pub(super) max_days: Option<Span>,
    pub(super) require: Vec<Spanned<OptionalField>>,
}

fn limits(raw: RawLimits, problems: &mut Problems) -> CheckedLimits {
    let default = Limits::default();
    let max_days_span = raw.max_days.given().map(|given| given.span);
    let require = raw.require.check(|given| Some(require(given.value, problems)));
    let require = require.optional().flatten().unwrap_or_default();
    let admins = [Admins::Deny, Admins::Allow].map(|admins| (admins.id(), admins));
    let admins =
        raw.admins.check(|text| choice(text, "value of `admins`", &admins, problems)).optional();
    // A default in place of an invalid number does no harm: the policy is refused anyway.
    let number = |field: Field<u32>| field.optional().flatten();
    CheckedLimits {
        limits: Limits {
            max_days: number(raw.max_days),
            max_exemptions: number(raw.max_exemptions),
            warn_before_days: number(raw.warn_before_days).unwrap_or(default.warn_before_days),
            roster_max_age_days: number(raw.roster_max_age_days)
                .unwrap_or(default.roster_max_age_days),
            require: require.iter().map(|field| field.value).collect(),
            admins: admins.flatten().unwrap_or(default.admins),
        },
        max_days: max_days_span,
        require,
    }
}

fn require(list: List, problems: &mut Problems) -> Vec<Spanned<OptionalField>> {
    let fields = OptionalField::ALL.map(|field| (field.id(), field));
    let items = unique(list, problems).into_iter();
    items
        .filter_map(|item| {
            let span = item.span;
            if matches!(item.value.as_str(), "id" | "reason" | "expires") {
                let message = format!("`{}` is required anyway", item.value);
                problems.push(span, message, "delete it from `require`");
                return None;
            }
            let value = choice(item, "optional field", &fields, problems)?;
            Some(Spanned { value, span })
        })
        .collect()
}

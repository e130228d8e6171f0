//! From the tree of a document to the valid policy. Every check reports what it finds and goes on,
//! so that all problems of a file are reported in one go.

use std::sync::Arc;

use super::exemption::{self, Requirements};
use super::fields::{self, Field, Fields, List};
use super::keys::{EXEMPTION, Key, LIMITS, POLICY, Takes};
use super::lists::{choice, unique, workspaces};
use super::rules::levels;
use super::{Admins, Limits, OptionalField, Policy, WorkspaceEntry, roster};
use crate::member::Source;
use crate::reading::Coverage;
use crate::yaml::diagnostics::Diagnostics;
use crate::yaml::node::{Mapping, Node, Value};
use crate::yaml::source::{SourceText, Span, Spanned};
use crate::yaml::syntax;

/// The version of the format that this program reads.
pub(super) const VERSION: u32 = 1;

/// The document itself, as if it was the value of a key.
const DOCUMENT: Key =
    Key { name: "policy", takes: Takes::Mapping(&POLICY.shape), example: "version: 1", about: "" };

/// Checks a document; `None` where a problem was reported, now or before.
pub(super) fn policy(
    root: Node,
    sha256: Box<str>,
    source: &SourceText<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Policy> {
    if matches!(root.value, Value::Null) {
        diagnostics.add(syntax::empty(root.span));
        return None;
    }
    let Spanned { value: mapping, span } =
        fields::mapping(root, "the policy", DOCUMENT, diagnostics)?;
    let start = mapping.entries.first().map_or(span, |entry| entry.key_span);
    let mut fields = Fields::open(mapping, &POLICY.shape, diagnostics);
    version(&mut fields, start);
    let workspaces = workspaces(&mut fields, POLICY.workspaces);
    let accept = accept(&mut fields);
    let coverage = coverage(&mut fields);
    let roster = fields
        .mapping(POLICY.roster)
        .check(|given| Some(roster::source(given.value, fields.diagnostics)));
    let levels =
        fields.mapping(POLICY.rules).check(|given| Some(levels(given.value, fields.diagnostics)));
    let limits =
        fields.mapping(POLICY.limits).check(|given| Some(limits(given.value, fields.diagnostics)));
    let limits = limits.optional().map(Option::unwrap_or_default);
    let requirements = Requirements {
        workspaces: workspaces.given().filter(|given| given.value.are_known()),
        limits: limits.as_ref(),
    };
    let exemptions = fields.mappings(POLICY.exemptions);
    let exemptions = exemption::all(exemptions, &requirements, source, fields.diagnostics);
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
        coverage: coverage?,
        roster: roster.optional()?.unwrap_or_default(),
        levels: levels.optional()?.unwrap_or_default(),
        limits: limits?.limits,
        exemptions: exemptions?,
    };
    diagnostics.is_empty().then_some(policy)
}

fn version(fields: &mut Fields<'_>, start: Span) {
    let help = format!("write `version: {VERSION}`, the only version that this program reads");
    match fields.number(POLICY.version) {
        Field::Missing => fields.diagnostics.push(start, "missing `version`", help),
        Field::Given(given) if given.value != VERSION => {
            fields.diagnostics.push(given.span, format!("unknown version {}", given.value), help);
        }
        Field::Given(_) | Field::Invalid => {}
    }
}

fn accept(fields: &mut Fields<'_>) -> Option<Vec<Source>> {
    let help = "write `accept: [bitbucket]`, or delete the key";
    fields.refuse_empty(POLICY.accept, "`accept` is empty: no proof would count", help);
    let sources = fields.words(POLICY.accept, "source").optional()?;
    Some(sources.unwrap_or_else(|| vec![Source::Bitbucket]))
}

fn coverage(fields: &mut Fields<'_>) -> Option<Vec<Coverage>> {
    let coverage = fields.words(POLICY.coverage, "word of `coverage`");
    if let Field::Given(Spanned { value: words, span }) = &coverage
        && !words.contains(&Coverage::Members)
    {
        fields.diagnostics.push(
            *span,
            "`coverage` does not have `members`, who are always looked at",
            "write `coverage: [members]` or `coverage: [members, repositories]`",
        );
    }
    let mut words = coverage.optional()?.unwrap_or_else(Coverage::usual);
    words.sort();
    Some(words)
}

/// The limits, and the places of those that ask something of every exemption.
#[derive(Default)]
pub(super) struct CheckedLimits {
    pub(super) limits: Limits,
    pub(super) max_days: Option<Span>,
    pub(super) require: Vec<Spanned<OptionalField>>,
}

fn limits(mapping: Mapping, diagnostics: &mut Diagnostics) -> CheckedLimits {
    let default = Limits::default();
    let mut fields = Fields::open(mapping, &LIMITS.shape, diagnostics);
    let max_days = fields.number(LIMITS.max_days);
    let max_days_span = max_days.given().map(|given| given.span);
    let require =
        fields.list(LIMITS.require).check(|given| Some(require(given.value, fields.diagnostics)));
    let require = require.optional().flatten().unwrap_or_default();
    let admins: Field<Admins> = fields.word(LIMITS.admins, "value of `admins`");
    // A default in place of an invalid number does no harm: the policy is refused anyway.
    let mut number = |key| fields.number(key).optional().flatten();
    CheckedLimits {
        limits: Limits {
            max_days: max_days.optional().flatten(),
            max_exemptions: number(LIMITS.max_exemptions),
            warn_before_days: number(LIMITS.warn_before_days).unwrap_or(default.warn_before_days),
            roster_max_age_days: number(LIMITS.roster_max_age_days)
                .unwrap_or(default.roster_max_age_days),
            require: require.iter().map(|field| field.value).collect(),
            admins: admins.optional().flatten().unwrap_or(default.admins),
            max_owners: number(LIMITS.max_owners),
        },
        max_days: max_days_span,
        require,
    }
}

fn require(list: List, diagnostics: &mut Diagnostics) -> Vec<Spanned<OptionalField>> {
    let items = unique(list, diagnostics).into_iter();
    items
        .filter_map(|item| {
            let span = item.span;
            let always = |key: &&Key| key.is_required() && key.name == item.value;
            if EXEMPTION.shape.keys.iter().any(always) {
                let message = format!("`{}` is always required", item.value);
                diagnostics.push(span, message, "delete it from `require`");
                return None;
            }
            let value = choice(item, "optional field", diagnostics)?;
            Some(Spanned { value, span })
        })
        .collect()
}

//! The checks of exemptions, each by itself and against the others.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::fields::{Field, Fields};
use super::keys::{EXEMPTION, Key, NAMES, NO_SELECTOR, SELECTORS};
use super::lists::{self, Slugs};
use super::overlap::{Scope, Scopes};
use super::validate::CheckedLimits;
use super::values::Form;
use super::{Exemption, MemberId, OptionalField, Selector};
use crate::suggest::choose;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::Mapping;
use crate::yaml::source::{SourceText, Span, Spanned};

/// What the rest of the policy asks of exemptions; `None` where that is not known.
pub(super) struct Requirements<'a> {
    /// The policy's own workspaces, where it names them.
    pub(super) workspaces: Option<&'a Spanned<Slugs>>,
    pub(super) limits: Option<&'a CheckedLimits>,
}

/// Checks all exemptions; `None` where a problem was reported, now or before.
pub(super) fn all(
    field: Field<Vec<Spanned<Mapping>>>,
    requirements: &Requirements<'_>,
    source: &SourceText<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Exemption>> {
    let entries = field.optional()?.unwrap_or_default();
    let count = entries.len();
    let mut ids: HashMap<Arc<str>, Span> = HashMap::new();
    let mut scopes = Scopes::default();
    let checked = entries.into_iter().filter_map(|entry| {
        let Checked { id, scope, exemption } = check(entry, requirements, source, diagnostics);
        if let Some(Spanned { value: id, span }) = id {
            match ids.get(&id) {
                Some(&first) => diagnostics.push_related(
                    span,
                    format!("duplicate id {}", shown(&id)),
                    "give each exemption a different id",
                    (first, "first here"),
                ),
                None => {
                    ids.insert(id, span);
                }
            }
        }
        if let Some(scope) = scope {
            scopes.add(scope, diagnostics);
        }
        exemption
    });
    let checked: Vec<_> = checked.collect();
    (checked.len() == count).then_some(checked)
}

/// One exemption, and what it is compared with others by; `None` where something was reported.
struct Checked {
    id: Option<Spanned<Arc<str>>>,
    scope: Option<Scope>,
    exemption: Option<Exemption>,
}

fn check(
    entry: Spanned<Mapping>,
    requirements: &Requirements<'_>,
    source: &SourceText<'_>,
    diagnostics: &mut Diagnostics,
) -> Checked {
    let Spanned { value: mut mapping, span } = entry;
    let start = mapping.entries.first().map_or(span, |entry| entry.key_span);
    let end = mapping.entries.last().map_or(span.end, |entry| entry.value.span.end);
    let span = Span { start: start.start, end };
    let selected_by_name = refuse_names(&mut mapping, diagnostics);
    let mut fields = Fields::open(mapping, &EXEMPTION.shape, diagnostics);
    if let Some(limits) = requirements.limits {
        required_by_limits(&mut fields, start, limits);
    }
    let id = required(fields.text(EXEMPTION.id), EXEMPTION.id, start, &mut fields);
    let reason = required(fields.text(EXEMPTION.reason), EXEMPTION.reason, start, &mut fields);
    let (starts, expires) = days(&mut fields, start);
    let name = fields.text(EXEMPTION.name);
    let named = name.given().map(|name| name.span);
    let selector = selector(&mut fields, selected_by_name, named, start);
    let category = fields.word(EXEMPTION.category, "category").optional();
    let controls = controls(&mut fields);
    let owner = fields.text(EXEMPTION.owner).optional();
    let approved_by = fields.text(EXEMPTION.approved_by).optional();
    let ticket = fields.text(EXEMPTION.ticket).optional();
    let workspaces = workspaces(&mut fields, requirements.workspaces);

    let id = id.map(|Spanned { value, span }| Spanned { value: value.into(), span });
    let scope = || {
        Some(Scope {
            id: id.as_ref().map(|id| Arc::clone(&id.value)),
            selector: selector.clone()?,
            workspaces: workspaces.iter().flatten().cloned().collect(),
            starts: starts?,
            expires: expires?,
        })
    };
    let scope = scope().filter(|_| workspaces.is_some());
    let exemption = || {
        Some(Exemption {
            id: Arc::clone(&id.as_ref()?.value),
            selector: selector?.value,
            name: name.optional()?,
            category: category?,
            reason: reason?.value,
            compensating_controls: controls?,
            owner: owner?,
            approved_by: approved_by?,
            ticket: ticket?,
            starts: starts?,
            expires: expires?,
            workspaces: workspaces?,
            location: source.location(span),
        })
    };
    Checked { scope, exemption: exemption(), id }
}

/// Takes out what people call a member, reported; whether there was any.
fn refuse_names(mapping: &mut Mapping, diagnostics: &mut Diagnostics) -> bool {
    let count = mapping.entries.len();
    mapping.entries.retain(|entry| {
        let is_name = NAMES.contains(&entry.key.as_str());
        if is_name {
            let message = format!("`{}` cannot select a member", entry.key);
            diagnostics.push(entry.key_span, message, NO_SELECTOR);
        }
        !is_name
    });
    mapping.entries.len() < count
}

fn required<T>(
    field: Field<T>,
    key: Key,
    start: Span,
    fields: &mut Fields<'_>,
) -> Option<Spanned<T>> {
    match field {
        Field::Given(given) => Some(given),
        Field::Invalid => None,
        Field::Missing => {
            let help = format!("add `{}`", key.example);
            fields.diagnostics.push(start, format!("missing `{}`", key.name), help);
            None
        }
    }
}

/// Reports the fields that the limits require and the exemption does not have.
fn required_by_limits(fields: &mut Fields<'_>, start: Span, limits: &CheckedLimits) {
    for field in &limits.require {
        let key = key_of(field.value);
        if fields.is_missing(key) || fields.empty_list(key).is_some() {
            fields.diagnostics.push_related(
                start,
                format!("missing `{}`, which `limits.require` requires", key.name),
                format!("add `{}`", key.example),
                (field.span, "required here"),
            );
        }
    }
    let required = limits.require.iter().any(|field| field.value == OptionalField::Starts);
    if let Some(max_days) = limits.max_days
        && !required
        && fields.is_missing(EXEMPTION.starts)
    {
        fields.diagnostics.push_related(
            start,
            "missing `starts`, which `limits.max_days` requires",
            format!("add `{}`", EXEMPTION.starts.example),
            (max_days, "limited here"),
        );
    }
}

/// The first and the last day; `None` where a problem was reported.
fn days(fields: &mut Fields<'_>, start: Span) -> (Option<Option<Date>>, Option<Date>) {
    let starts = fields.date(EXEMPTION.starts);
    let expires = required(fields.date(EXEMPTION.expires), EXEMPTION.expires, start, fields);
    if let (Some(starts), Some(expires)) = (starts.given(), &expires)
        && expires.value < starts.value
    {
        fields.diagnostics.push_related(
            expires.span,
            "`expires` is before `starts`",
            format!("write `{}` or a later date", starts.value),
            (starts.span, "starts here"),
        );
    }
    (starts.optional(), expires.map(|expires| expires.value))
}

/// The key of a field that a policy can require.
fn key_of(field: OptionalField) -> Key {
    match field {
        OptionalField::Name => EXEMPTION.name,
        OptionalField::Category => EXEMPTION.category,
        OptionalField::CompensatingControls => EXEMPTION.compensating_controls,
        OptionalField::Owner => EXEMPTION.owner,
        OptionalField::ApprovedBy => EXEMPTION.approved_by,
        OptionalField::Ticket => EXEMPTION.ticket,
        OptionalField::Starts => EXEMPTION.starts,
    }
}

fn selector(
    fields: &mut Fields<'_>,
    selected_by_name: bool,
    named: Option<Span>,
    start: Span,
) -> Option<Spanned<Selector>> {
    if SELECTORS.into_iter().all(|key| fields.is_missing(*key)) {
        match named {
            // One report of a selector that is none is enough.
            _ if selected_by_name => {}
            Some(name) => {
                fields.diagnostics.push(name, "`name` cannot select a member", NO_SELECTOR)
            }
            None => fields.diagnostics.push(
                start,
                "this exemption does not say for which member it is",
                "add `account_id`, `uuid` or `email`; `mfa-gate members --workspace SLUG` lists \
                 the ids",
            ),
        }
        return None;
    }
    let account_id = fields.text(EXEMPTION.account_id);
    let uuid = fields.text(EXEMPTION.uuid);
    let email = fields.text(EXEMPTION.email);
    if let (Some(account_id), Some(uuid)) = (account_id.given(), uuid.given()) {
        let (first, second) = (account_id.span.min(uuid.span), account_id.span.max(uuid.span));
        fields.diagnostics.push_related(
            second,
            "both `account_id` and `uuid`",
            "keep one of the two",
            (first, "the other one"),
        );
    }
    let spans = [&account_id, &uuid, &email].map(|field| field.given().map(|given| given.span));
    let span = spans.into_iter().flatten().next()?;
    let value = match (account_id.optional()?, uuid.optional()?, email.optional()?) {
        (Some(id), None, email) => Selector::Id { id: MemberId::AccountId(id), email },
        (None, Some(id), email) => Selector::Id { id: MemberId::Uuid(id), email },
        (None, None, Some(email)) => Selector::Email(email),
        // Reported above.
        (Some(_), Some(_), _) | (None, None, None) => return None,
    };
    Some(Spanned { value, span })
}

fn controls(fields: &mut Fields<'_>) -> Option<Vec<Box<str>>> {
    let Some(list) = fields.list(EXEMPTION.compensating_controls).optional()? else {
        return Some(Vec::new());
    };
    let count = list.items.len();
    let what = "an entry of `compensating_controls`";
    let items = list.items.into_iter();
    let controls: Vec<_> =
        items.filter_map(|item| Form::Paragraph.check(item, what, fields.diagnostics)).collect();
    (list.complete && controls.len() == count).then_some(controls)
}

fn workspaces(fields: &mut Fields<'_>, known: Option<&Spanned<Slugs>>) -> Option<Vec<Arc<str>>> {
    let Some(listed) = lists::workspaces(fields, EXEMPTION.workspaces).optional()? else {
        return Some(Vec::new());
    };
    if let Some(Spanned { value: known, span }) = known {
        for slug in listed.items.iter().filter(|slug| !known.contain(&slug.value)) {
            // So many are not shown, and looking for the nearest word takes time.
            let help = if fields.diagnostics.are_many() {
                "write one of the policy's workspaces".into()
            } else {
                choose(&slug.value, known.items.iter().map(|slug| &*slug.value))
            };
            fields.diagnostics.push_related(
                slug.span,
                format!("{} is not one of the policy's workspaces", shown(&slug.value)),
                help,
                (*span, "the policy's workspaces"),
            );
        }
    }
    // Without any, it would apply to all.
    let usable = listed.are_known();
    usable.then(|| listed.items.into_iter().map(|slug| slug.value).collect())
}

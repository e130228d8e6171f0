//! The checks of exemptions, each by itself and against the others.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::fields::{Field, List};
use super::keys::{EXEMPTION, NO_SELECTOR};
use super::limits::CheckedLimits;
use super::lists::{Slugs, choice, slugs};
use super::overlap::{Claim, Claims};
use super::schema::RawExemption;
use super::{Category, Exemption, MemberId, OptionalField, Selector, values};
use crate::suggest::choose;
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::source::{SourceText, Span, Spanned};

/// What the rest of the policy asks of exemptions; `None` where that is not known.
pub(super) struct Context<'a> {
    /// The policy's own workspaces, where it names them.
    pub(super) workspaces: Option<&'a Spanned<Slugs>>,
    pub(super) limits: Option<&'a CheckedLimits>,
}

/// Checks all exemptions; `None` where a problem was pushed, now or before.
pub(super) fn all(
    field: Field<Vec<RawExemption>>,
    context: &Context<'_>,
    source: &SourceText<'_>,
    problems: &mut Diagnostics,
) -> Option<Vec<Exemption>> {
    let raw = field.optional()?.unwrap_or_default();
    let count = raw.len();
    let mut ids: HashMap<Arc<str>, Span> = HashMap::new();
    let mut claims = Claims::default();
    let checked = raw.into_iter().filter_map(|raw| {
        let parts = Parts::check(raw, context, problems);
        if let Some(Spanned { value: id, span }) = &parts.id {
            match ids.get(id) {
                None => {
                    ids.insert(Arc::clone(id), *span);
                }
                Some(&first) => problems.push_related(
                    *span,
                    format!("duplicate id {}", shown(id)),
                    "give every exemption an id of its own",
                    (first, "first here"),
                ),
            }
        }
        if let Some(claim) = parts.claim() {
            claims.add(claim, problems);
        }
        parts.finish(source)
    });
    let checked: Vec<_> = checked.collect();
    (checked.len() == count).then_some(checked)
}

/// The checked fields of one exemption; `None` for what was reported.
struct Parts {
    span: Span,
    id: Option<Spanned<Arc<str>>>,
    selector: Option<Spanned<Selector>>,
    name: Option<Option<Box<str>>>,
    category: Option<Option<Category>>,
    reason: Option<Box<str>>,
    compensating_controls: Option<Vec<Box<str>>>,
    owner: Option<Option<Box<str>>>,
    approved_by: Option<Option<Box<str>>>,
    ticket: Option<Option<Box<str>>>,
    starts: Option<Option<Date>>,
    expires: Option<Date>,
    workspaces: Option<Vec<Arc<str>>>,
}

impl Parts {
    fn check(raw: RawExemption, context: &Context<'_>, problems: &mut Diagnostics) -> Self {
        if let Some(limits) = context.limits {
            required_by_limits(&raw, limits, problems);
        }
        let start = raw.start;
        let mut line =
            |field: Field<String>, key| field.check(|text| values::line(text, key, problems));
        let id = line(raw.id, "`id`");
        let name = line(raw.name, "`name`");
        let owner = line(raw.owner, "`owner`").optional();
        let approved_by = line(raw.approved_by, "`approved_by`").optional();
        let ticket = line(raw.ticket, "`ticket`").optional();
        let id = required(id, "id", start, problems);
        let reason = raw.reason.check(|text| values::paragraph(text, "`reason`", problems));
        let reason = required(reason, "reason", start, problems);
        let starts = raw.starts.check(|text| values::date(text, problems));
        let expires = raw.expires.check(|text| values::date(text, problems));
        let expires = required(expires, "expires", start, problems);
        if let (Some(starts), Some(expires)) = (starts.given(), &expires)
            && expires.value < starts.value
        {
            problems.push_related(
                expires.span,
                "`expires` is before `starts`",
                format!("write a day from `{}` on", starts.value),
                (starts.span, "starts here"),
            );
        }
        let named = name.given().map(|name| name.span);
        let selector = selector(raw.account_id, raw.uuid, raw.email, named, start, problems);
        let categories = Category::ALL.map(|category| (category.id(), category));
        let category = raw.category.check(|text| choice(text, "category", &categories, problems));
        Parts {
            span: raw.span,
            id: id.map(|Spanned { value, span }| Spanned { value: value.into(), span }),
            selector,
            name: name.optional(),
            category: category.optional(),
            reason: reason.map(|reason| reason.value),
            compensating_controls: controls(raw.compensating_controls, problems),
            owner,
            approved_by,
            ticket,
            starts: starts.optional(),
            expires: expires.map(|expires| expires.value),
            workspaces: workspaces(raw.workspaces, context.workspaces, problems),
        }
    }

    fn claim(&self) -> Option<Claim> {
        Some(Claim {
            id: self.id.as_ref().map(|id| Arc::clone(&id.value)),
            selector: self.selector.clone()?,
            workspaces: self.workspaces.clone()?.into_iter().collect(),
            starts: self.starts?,
            expires: self.expires?,
        })
    }

    fn finish(self, source: &SourceText<'_>) -> Option<Exemption> {
        Some(Exemption {
            id: self.id?.value,
            selector: self.selector?.value,
            name: self.name?,
            category: self.category?,
            reason: self.reason?,
            compensating_controls: self.compensating_controls?,
            owner: self.owner?,
            approved_by: self.approved_by?,
            ticket: self.ticket?,
            starts: self.starts?,
            expires: self.expires?,
            workspaces: self.workspaces?,
            location: source.location(self.span),
        })
    }
}

fn required<T>(
    field: Field<T>,
    key: &'static str,
    start: Span,
    problems: &mut Diagnostics,
) -> Option<Spanned<T>> {
    match field {
        Field::Given(given) => Some(given),
        Field::Invalid => None,
        Field::Missing => {
            let help = format!("add `{}`", EXEMPTION.key(key).example);
            problems.push(start, format!("missing `{key}`"), help);
            None
        }
    }
}

/// Reports the fields that the limits ask for and the exemption does not have.
fn required_by_limits(raw: &RawExemption, limits: &CheckedLimits, problems: &mut Diagnostics) {
    for field in &limits.require {
        let missing = match field.value {
            OptionalField::Name => raw.name.is_missing(),
            OptionalField::Category => raw.category.is_missing(),
            OptionalField::CompensatingControls => {
                let list = raw.compensating_controls.given().map(|given| &given.value);
                raw.compensating_controls.is_missing()
                    || list.is_some_and(|list| list.complete && list.items.is_empty())
            }
            OptionalField::Owner => raw.owner.is_missing(),
            OptionalField::ApprovedBy => raw.approved_by.is_missing(),
            OptionalField::Ticket => raw.ticket.is_missing(),
            OptionalField::Starts => raw.starts.is_missing(),
        };
        if missing {
            let key = field.value.id();
            problems.push_related(
                raw.start,
                format!("missing `{key}`, which `limits.require` asks for"),
                format!("add `{}`", EXEMPTION.key(key).example),
                (field.span, "required here"),
            );
        }
    }
    let required = limits.require.iter().any(|field| field.value == OptionalField::Starts);
    if let Some(max_days) = limits.max_days.filter(|_| !required && raw.starts.is_missing()) {
        problems.push_related(
            raw.start,
            "missing `starts`, without which `limits.max_days` cannot be judged",
            format!("add `{}`", EXEMPTION.key("starts").example),
            (max_days, "limited here"),
        );
    }
}

fn selector(
    account_id: Field<String>,
    uuid: Field<String>,
    email: Field<String>,
    named: Option<Span>,
    start: Span,
    problems: &mut Diagnostics,
) -> Option<Spanned<Selector>> {
    if account_id.is_missing() && uuid.is_missing() && email.is_missing() {
        match named {
            Some(name) => problems.push(name, "`name` is no selector", NO_SELECTOR),
            None => problems.push(
                start,
                "nobody is selected",
                "add `account_id`, `uuid` or `email`; `mfa-gate members --workspace SLUG` lists \
                 the ids",
            ),
        }
        return None;
    }
    if let (Some(account_id), Some(uuid)) = (account_id.given(), uuid.given()) {
        let (first, second) = (account_id.span.min(uuid.span), account_id.span.max(uuid.span));
        problems.push_related(
            second,
            "both `account_id` and `uuid`",
            "keep one of the two",
            (first, "the other one"),
        );
    }
    let account_id = account_id.check(|text| values::account_id(text, problems));
    let uuid = uuid.check(|text| values::uuid(text, problems));
    let email = email.check(|text| values::email(text, problems));
    let spans = [
        account_id.given().map(|given| given.span),
        uuid.given().map(|given| given.span),
        email.given().map(|given| given.span),
    ];
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

fn controls(field: Field<List>, problems: &mut Diagnostics) -> Option<Vec<Box<str>>> {
    let Some(list) = field.optional()? else { return Some(Vec::new()) };
    let count = list.items.len();
    let controls: Vec<_> = list
        .items
        .into_iter()
        .filter_map(|item| values::paragraph(item, "an entry of `compensating_controls`", problems))
        .collect();
    (list.complete && controls.len() == count).then_some(controls)
}

fn workspaces(
    field: Field<List>,
    known: Option<&Spanned<Slugs>>,
    problems: &mut Diagnostics,
) -> Option<Vec<Arc<str>>> {
    let Some(own) = slugs(field, "workspaces", problems).optional()? else {
        return Some(Vec::new());
    };
    if let Some(Spanned { value: known, span }) = known {
        for slug in own.items.iter().filter(|slug| !known.contain(&slug.value)) {
            // Nobody reads this far, and looking for the nearest word takes time.
            let help = if problems.are_many() {
                "write one of the policy's workspaces".into()
            } else {
                choose(&slug.value, known.items.iter().map(|slug| &*slug.value))
            };
            problems.push_related(
                slug.span,
                format!("{} is no workspace of this policy", shown(&slug.value)),
                help,
                (*span, "the policy's workspaces"),
            );
        }
    }
    // Without any, it would apply to all.
    let usable = own.are_known();
    usable.then(|| own.items.into_iter().map(|slug| slug.value).collect())
}

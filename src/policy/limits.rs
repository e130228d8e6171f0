//! The limits that a policy sets for exemptions.

use super::fields::{Field, List};
use super::lists::{choice, unique};
use super::schema::RawLimits;
use super::{Admins, Limits, OptionalField};
use crate::yaml::diagnostics::Diagnostics;
use crate::yaml::source::{Span, Spanned};

/// The limits, and the places of those that ask something of every exemption.
#[derive(Default)]
pub(super) struct CheckedLimits {
    pub(super) limits: Limits,
    pub(super) max_days: Option<Span>,
    pub(super) require: Vec<Spanned<OptionalField>>,
}

pub(super) fn limits(raw: RawLimits, problems: &mut Diagnostics) -> CheckedLimits {
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

fn require(list: List, problems: &mut Diagnostics) -> Vec<Spanned<OptionalField>> {
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

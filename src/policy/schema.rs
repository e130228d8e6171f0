//! The policy as it is written: keys of the right types, not yet checked against each other. The
//! JSON Schema that editors use is derived from here.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::fields::{self, Field, Fields, List};
use super::keys::{
    EXEMPTION, Key, LIMITS, NAMES, NO_SELECTOR, POLICY, ROSTER, Shape, Takes, Words,
};
use super::{Admins, Category, OptionalField};
use crate::member::Source;
use crate::rule::{Level, Rule};
use crate::yaml::diagnostics::{Diagnostics, shown};
use crate::yaml::node::{Entry, Mapping, Node, Value};
use crate::yaml::source::{Span, Spanned};
use crate::yaml::syntax;

/// A text on one line: no control characters, and something to see.
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";
/// As [`LINE`], with line breaks.
const PARAGRAPH: &str = r"^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$";
const SLUG: &str = "^[a-z0-9_-][a-z0-9_.-]*$";
const ACCOUNT_ID: &str = r"^[A-Za-z0-9_:-]+(\.[A-Za-z0-9_:-]+)*$";
const UUID: &str = r"^\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}$";
const EMAIL: &str = r"^[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$";
const DATE: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

/// The policy of mfa-gate: what counts as proof of a second factor, and who is exempt until when.
#[derive(JsonSchema)]
#[schemars(title = "mfa-gate policy", deny_unknown_fields)]
pub(super) struct RawPolicy {
    /// The first key.
    #[schemars(skip)]
    pub(super) start: Span,
    /// The version of this format.
    #[schemars(with = "u32", extend("const" = 1))]
    pub(super) version: Field<u32>,
    /// The slugs of the workspaces it is about; without this key the run names them.
    #[schemars(
        with = "Vec<String>",
        default,
        length(min = 1),
        inner(regex(pattern = SLUG)),
        extend("uniqueItems" = true)
    )]
    pub(super) workspaces: Field<List>,
    /// The proofs of a second factor that count, any one suffices; `bitbucket` without this key.
    #[schemars(with = "Vec<Source>", default, length(min = 1), extend("uniqueItems" = true))]
    pub(super) accept: Field<List>,
    /// The column headings of the roster.
    #[schemars(with = "RawRoster", default)]
    pub(super) roster: Field<RawRoster>,
    /// The level of a rule, where it differs from the default.
    #[schemars(schema_with = "rules_schema", default)]
    pub(super) rules: Field<Vec<RawRule>>,
    /// What exemptions may look like.
    #[schemars(with = "RawLimits", default)]
    pub(super) limits: Field<RawLimits>,
    /// Who is exempt, and until when.
    #[schemars(with = "Vec<RawExemption>", default)]
    pub(super) exemptions: Field<Vec<RawExemption>>,
}

/// The column headings of an identity provider's export.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(rename = "Roster")]
pub(super) struct RawRoster {
    /// The heading of the Atlassian account ids.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) account_id: Field<String>,
    /// The heading of the e-mail addresses.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) email: Field<String>,
    /// The heading of the second factor.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) mfa: Field<String>,
    /// The heading of single sign-on.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) sso: Field<String>,
}

/// An entry of `rules`.
pub(super) struct RawRule {
    pub(super) rule: Spanned<String>,
    pub(super) level: Spanned<String>,
}

/// What exemptions may look like, and how old a roster may be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(rename = "Limits")]
pub(super) struct RawLimits {
    /// The longest an exemption may run, from `starts` to `expires`, in days. `starts` is then
    /// required.
    #[schemars(with = "u32", default, range(max = 4294967295u32))]
    pub(super) max_days: Field<u32>,
    /// How many exemptions the policy may have.
    #[schemars(with = "u32", default, range(max = 4294967295u32))]
    pub(super) max_exemptions: Field<u32>,
    /// How many days before its end an exemption is announced as expiring; 14 without this key.
    #[schemars(with = "u32", default, range(max = 4294967295u32))]
    pub(super) warn_before_days: Field<u32>,
    /// How old a roster may be, in days; 7 without this key.
    #[schemars(with = "u32", default, range(max = 4294967295u32))]
    pub(super) roster_max_age_days: Field<u32>,
    /// The optional fields that every exemption must have.
    #[schemars(with = "Vec<OptionalField>", default, extend("uniqueItems" = true))]
    pub(super) require: Field<List>,
    /// Whether a workspace owner may be exempted; `allow` without this key.
    #[schemars(with = "Admins", default)]
    pub(super) admins: Field<String>,
}

/// An allowed absence of a second factor, with an end.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend(
        "anyOf" = [
            {"required": ["account_id"]},
            {"required": ["uuid"]},
            {"required": ["email"]},
        ],
        "not" = {"required": ["account_id", "uuid"]}
    )
)]
#[schemars(rename = "Exemption")]
pub(super) struct RawExemption {
    /// The first key.
    #[schemars(skip)]
    pub(super) start: Span,
    /// From the first key to the end of the last value.
    #[schemars(skip)]
    pub(super) span: Span,
    /// Its name, unique in the policy.
    #[schemars(with = "String", regex(pattern = LINE))]
    pub(super) id: Field<String>,
    /// The Atlassian account id of the member, whole and exact.
    #[schemars(with = "String", default, regex(pattern = ACCOUNT_ID))]
    pub(super) account_id: Field<String>,
    /// Or the Bitbucket uuid of the member, in braces.
    #[schemars(with = "String", default, regex(pattern = UUID))]
    pub(super) uuid: Field<String>,
    /// The e-mail address of the member: alone, or beside an id for sources that know no ids.
    #[schemars(with = "String", default, regex(pattern = EMAIL))]
    pub(super) email: Field<String>,
    /// A name for people; never matched.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) name: Field<String>,
    /// What sort of exemption it is.
    #[schemars(with = "Category", default)]
    pub(super) category: Field<String>,
    /// Why there is one.
    #[schemars(with = "String", regex(pattern = PARAGRAPH))]
    pub(super) reason: Field<String>,
    /// What stands in for the second factor.
    #[schemars(with = "Vec<String>", default, inner(regex(pattern = PARAGRAPH)))]
    pub(super) compensating_controls: Field<List>,
    /// Who answers for it.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) owner: Field<String>,
    /// Who approved it.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) approved_by: Field<String>,
    /// Where it was discussed.
    #[schemars(with = "String", default, regex(pattern = LINE))]
    pub(super) ticket: Field<String>,
    /// Its first day.
    #[schemars(with = "String", default, regex(pattern = DATE), extend("format" = "date"))]
    pub(super) starts: Field<String>,
    /// Its last day, valid to the end of it, UTC.
    #[schemars(with = "String", regex(pattern = DATE), extend("format" = "date"))]
    pub(super) expires: Field<String>,
    /// The slugs of the workspaces it applies to; all of the policy's without this key.
    #[schemars(
        with = "Vec<String>",
        default,
        length(min = 1),
        inner(regex(pattern = SLUG)),
        extend("uniqueItems" = true)
    )]
    pub(super) workspaces: Field<List>,
}

/// The document itself, as if it was the value of a key.
const DOCUMENT: Key<'_> = Key { name: "policy", takes: Takes::Mapping, example: "version: 1" };

impl RawPolicy {
    /// Reads the root of a document.
    pub(super) fn read(root: Node, problems: &mut Diagnostics) -> Option<Self> {
        if matches!(root.value, Value::Null) {
            syntax::empty(root.span, problems);
            return None;
        }
        let Spanned { value: mapping, span } =
            fields::mapping(root, "the policy", DOCUMENT, problems)?;
        let start = mapping.entries.first().map_or(span, |entry| entry.key_span);
        let mut fields = open(mapping, &POLICY, problems);
        Some(RawPolicy {
            start,
            version: fields.whole_number("version"),
            workspaces: fields.list("workspaces"),
            accept: fields.list("accept"),
            roster: fields
                .mapping("roster")
                .check(|mapping| Some(RawRoster::read(mapping.value, fields.problems))),
            rules: fields
                .mapping("rules")
                .check(|mapping| Some(read_rules(mapping.value, fields.problems))),
            limits: fields
                .mapping("limits")
                .check(|mapping| Some(RawLimits::read(mapping.value, fields.problems))),
            exemptions: fields.mappings("exemptions").check(|mappings| {
                let mappings = mappings.value.into_iter();
                Some(mappings.map(|entry| RawExemption::read(entry, fields.problems)).collect())
            }),
        })
    }
}

impl RawRoster {
    fn read(mapping: Mapping, problems: &mut Diagnostics) -> Self {
        let mut fields = open(mapping, &ROSTER, problems);
        RawRoster {
            account_id: fields.text("account_id"),
            email: fields.text("email"),
            mfa: fields.text("mfa"),
            sso: fields.text("sso"),
        }
    }
}

fn read_rules(mapping: Mapping, problems: &mut Diagnostics) -> Vec<RawRule> {
    let read = |Entry { key, key_span, value, .. }: Entry| {
        let rule = Spanned { value: key, span: key_span };
        let span = if matches!(value.value, Value::Null) { key_span } else { value.span };
        let node = Node { value: value.value, span };
        let what = format!("the level of {}", shown(&rule.value));
        let known = Rule::from_id(&rule.value);
        let wanted = Key {
            name: known.map_or("RULE", Rule::id),
            takes: Takes::Word(known.map_or(any_level, levels)),
            example: "exemption-unused: warn",
        };
        let level = fields::text(node, &what, wanted, problems)?;
        Some(RawRule { rule, level: Spanned { value: level, span } })
    };
    mapping.entries.into_iter().filter_map(read).collect()
}

fn any_level() -> Vec<&'static str> {
    [Level::Deny, Level::Warn, Level::Allow].map(Level::id).to_vec()
}

/// The levels that a rule can have.
fn levels(rule: Rule) -> Words {
    if rule.allowed_levels().contains(&Level::Allow) {
        any_level
    } else {
        || [Level::Deny, Level::Warn].map(Level::id).to_vec()
    }
}

impl RawLimits {
    fn read(mapping: Mapping, problems: &mut Diagnostics) -> Self {
        let mut fields = open(mapping, &LIMITS, problems);
        RawLimits {
            max_days: fields.whole_number("max_days"),
            max_exemptions: fields.whole_number("max_exemptions"),
            warn_before_days: fields.whole_number("warn_before_days"),
            roster_max_age_days: fields.whole_number("roster_max_age_days"),
            require: fields.list("require"),
            admins: fields.text("admins"),
        }
    }
}

impl RawExemption {
    fn read(entry: Spanned<Mapping>, problems: &mut Diagnostics) -> Self {
        let Spanned { value: mapping, span } = entry;
        let start = mapping.entries.first().map_or(span, |entry| entry.key_span);
        let end = mapping.entries.last().map_or(span.end, |entry| entry.value.span.end);
        let mut selected_by_name = false;
        let mut fields = Fields::open(mapping, &EXEMPTION, problems, |entry, problems| {
            let is_name = NAMES.contains(&entry.key.as_str());
            if is_name {
                selected_by_name = true;
                let message = format!("`{}` is no selector", entry.key);
                problems.push(entry.key_span, message, NO_SELECTOR);
            }
            is_name
        });
        // One report of a selector that is none is enough.
        let selector = |field: Field<String>| match field {
            Field::Missing if selected_by_name => Field::Invalid,
            Field::Missing | Field::Invalid | Field::Given(_) => field,
        };
        RawExemption {
            start,
            span: Span { start: start.start, end },
            id: fields.text("id"),
            account_id: selector(fields.text("account_id")),
            uuid: selector(fields.text("uuid")),
            email: selector(fields.text("email")),
            name: fields.text("name"),
            category: fields.text("category"),
            reason: fields.text("reason"),
            compensating_controls: fields.list("compensating_controls"),
            owner: fields.text("owner"),
            approved_by: fields.text("approved_by"),
            ticket: fields.text("ticket"),
            starts: fields.text("starts"),
            expires: fields.text("expires"),
            workspaces: fields.list("workspaces"),
        }
    }
}

fn open<'p>(mapping: Mapping, shape: &'static Shape, problems: &'p mut Diagnostics) -> Fields<'p> {
    Fields::open(mapping, shape, problems, |_, _| false)
}

fn rules_schema(_: &mut SchemaGenerator) -> Schema {
    let settable = Rule::ALL.into_iter().filter(|rule| !rule.allowed_levels().is_empty());
    let properties: serde_json::Map<_, _> = settable
        .map(|rule| {
            let levels: Vec<_> = rule.allowed_levels().iter().copied().map(Level::id).collect();
            let schema = serde_json::json!({
                "description": rule.description(),
                "default": rule.default_level().id(),
                "enum": levels,
            });
            (rule.id().to_owned(), schema)
        })
        .collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

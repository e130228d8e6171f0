//! A first policy, and an exemption, as YAML text. Every text becomes one scalar: nothing in it can
//! end the value, begin another one, or be invisible in the file.

use std::fmt::Write;
use std::sync::Arc;

use jiff::civil::Date;

use super::keys::EXEMPTION;
use super::{Exemption, Limits};
use crate::member::{Ids, Source};
use crate::rule::Rule;
use crate::yaml::quotes::{Quoting, key, quoted, word};

/// The keys of an exemption with their values as YAML, in the order of the documentation.
pub(super) fn fields(exemption: &Exemption, quotes: Quoting) -> Vec<(String, String)> {
    let Ids { account_id, uuid, email } = exemption.selector.ids();
    let word = |text: &str| word(text, quotes);
    let days = |day: Option<Date>| {
        day.map(|day| match quotes {
            Quoting::Needed => day.to_string(),
            Quoting::Everywhere => quoted(&day.to_string()),
        })
    };
    let list = |texts: Vec<String>| (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")));
    let controls = exemption.compensating_controls.iter().map(|control| quoted(control));
    let fields = [
        (EXEMPTION.id, Some(word(&exemption.id))),
        (EXEMPTION.account_id, account_id.map(quoted)),
        (EXEMPTION.uuid, uuid.map(quoted)),
        (EXEMPTION.email, email.map(word)),
        (EXEMPTION.name, exemption.name.as_deref().map(quoted)),
        (EXEMPTION.category, exemption.category.map(|category| word(category.id()))),
        (EXEMPTION.reason, Some(quoted(&exemption.reason))),
        (EXEMPTION.compensating_controls, list(controls.collect())),
        (EXEMPTION.owner, exemption.owner.as_deref().map(word)),
        (EXEMPTION.approved_by, exemption.approved_by.as_deref().map(word)),
        (EXEMPTION.ticket, exemption.ticket.as_deref().map(word)),
        (EXEMPTION.starts, days(exemption.starts)),
        (EXEMPTION.expires, days(Some(exemption.expires))),
        (EXEMPTION.workspaces, list(exemption.workspaces.iter().map(|slug| word(slug)).collect())),
    ];
    let written =
        fields.into_iter().filter_map(|(named, value)| Some((key(named.name, quotes), value?)));
    written.collect()
}

/// An exemption as an entry of a block list: lines that end with `newline`, the dash `indent`
/// columns from the left and the keys `gap` columns from the dash.
pub(super) fn block(exemption: &Exemption, indent: usize, gap: usize, newline: &str) -> String {
    let mut out = String::new();
    for (number, (key, value)) in fields(exemption, Quoting::Needed).into_iter().enumerate() {
        let dash = if number == 0 { "-" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(out, "{:indent$}{dash:gap$}{key}: {value}{newline}", "");
    }
    out
}

/// An exemption as a flow mapping on one line.
pub(super) fn flow(exemption: &Exemption, quotes: Quoting) -> String {
    let fields = fields(exemption, quotes).into_iter();
    let fields: Vec<String> = fields.map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

/// What a first policy says.
#[derive(Clone, Copy, Debug)]
pub struct FirstPolicy<'a> {
    /// The slugs of its workspaces, at least one.
    pub workspaces: &'a [Arc<str>],
    /// The sources whose proof counts, at least one.
    pub accept: &'a [Source],
    /// The longest that an exemption may run, in days.
    pub max_days: u32,
    /// The exemptions of members who would fail without one.
    pub exemptions: &'a [Exemption],
    /// The day on which it is written.
    pub today: Date,
}

impl FirstPolicy<'_> {
    /// The policy as YAML.
    pub fn to_yaml(&self) -> String {
        let workspaces = self.workspaces.iter().map(|slug| word(slug, Quoting::Needed));
        format!(
            "\
# yaml-language-server: $schema={schema}
# The policy of mfa-gate: which proofs of a second factor count, and who is exempt until when.
# `mfa-gate policy lint` checks it.
version: 1

# The workspaces that are checked: SLUG in https://bitbucket.org/SLUG/REPOSITORY.
workspaces: [{workspaces}]

# The proofs that count; any one of them is enough: {sources}.
# `mfa-gate members --evidence` shows what each of them says.
accept: [{accept}]

# Errors (deny), warnings (warn) or nothing (allow). The two-factor rules cannot be set to allow.
# `mfa-gate explain RULE` explains a rule.
rules:
{rules}
# What exemptions may look like.
limits:
  # The longest that an exemption may run, from `starts` to `expires`, in days.
  max_days: {max_days}
  # How many days before its last day an exemption becomes a warning.
  warn_before_days: {warn_before_days}
  # How many exemptions there may be.{not_yet}
  # max_exemptions: 5
  # The fields that every exemption must have, besides `id`, `reason` and `expires`.
  # require: [owner, approved_by, ticket]
  # Whether an owner of a workspace may be exempt: allow or deny.
  # admins: deny
  # How many members may own a workspace.
  # max_owners: 3

# Who is exempt. `mfa-gate policy add` adds an exemption; `mfa-gate policy prune` removes those
# that are no longer needed.
{exemptions}",
            schema = crate::schema::address("policy"),
            workspaces = workspaces.collect::<Vec<_>>().join(", "),
            sources = Source::ALL.map(Source::id).join(", "),
            accept = self.accept.iter().map(|source| source.id()).collect::<Vec<_>>().join(", "),
            rules = rules(),
            max_days = self.max_days,
            warn_before_days = Limits::default().warn_before_days,
            not_yet = if self.exemptions.is_empty() {
                ""
            } else {
                " Set it once the exemptions below are no longer needed."
            },
            exemptions = self.exemptions(),
        )
    }

    fn exemptions(&self) -> String {
        if self.exemptions.is_empty() {
            return "exemptions: []\n".into();
        }
        let entries = self.exemptions.iter().map(|exemption| block(exemption, 2, 2, "\n"));
        format!(
            "# These members had no second factor on {}, when this policy was written.\nexemptions:\n{}",
            self.today,
            entries.collect::<String>()
        )
    }
}

/// Every rule that can be set, at its default.
fn rules() -> String {
    Rule::settable()
        .map(|rule| format!("  {}: {}\n", rule.id(), rule.default_level().id()))
        .collect()
}

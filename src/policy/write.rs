//! A first policy, and an exemption, as YAML text. Whatever a text says, it becomes one scalar: nothing in it can end the
//! value, begin another one, or hide from whoever reads the file.

use std::fmt::Write;
use std::sync::Arc;

use jiff::civil::Date;

use super::{Exemption, Limits, RosterColumns};
use crate::member::Source;
use crate::rule::Rule;
use crate::yaml::quotes::{Quotes, key, quoted, word};

/// The keys of an exemption with their values as YAML, in the order of the documentation.
pub(super) fn fields(exemption: &Exemption, quotes: Quotes) -> Vec<(String, String)> {
    let (account_id, uuid, email) = exemption.selector.parts();
    let word = |text: &str| word(text, quotes);
    let days = |day: Option<Date>| {
        day.map(|day| match quotes {
            Quotes::Needed => day.to_string(),
            Quotes::Everywhere => quoted(&day.to_string()),
        })
    };
    let list = |texts: Vec<String>| (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")));
    let controls = exemption.compensating_controls.iter().map(|control| quoted(control));
    let fields = [
        ("id", Some(word(&exemption.id))),
        ("account_id", account_id.map(quoted)),
        ("uuid", uuid.map(quoted)),
        ("email", email.map(word)),
        ("name", exemption.name.as_deref().map(quoted)),
        ("category", exemption.category.map(|category| word(category.id()))),
        ("reason", Some(quoted(&exemption.reason))),
        ("compensating_controls", list(controls.collect())),
        ("owner", exemption.owner.as_deref().map(word)),
        ("approved_by", exemption.approved_by.as_deref().map(word)),
        ("ticket", exemption.ticket.as_deref().map(word)),
        ("starts", days(exemption.starts)),
        ("expires", days(Some(exemption.expires))),
        ("workspaces", list(exemption.workspaces.iter().map(|slug| word(slug)).collect())),
    ];
    let written = fields.into_iter().filter_map(|(key, value)| Some((key, value?)));
    written.map(|(name, value)| (key(name, quotes), value)).collect()
}

/// An exemption as an entry of a block list: lines that end with `newline`, the dash `indent`
/// columns from the left and the keys `gap` columns from the dash.
pub(super) fn block(exemption: &Exemption, indent: usize, gap: usize, newline: &str) -> String {
    let mut out = String::new();
    for (number, (key, value)) in fields(exemption, Quotes::Needed).into_iter().enumerate() {
        let dash = if number == 0 { "-" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(out, "{:indent$}{dash:gap$}{key}: {value}{newline}", "");
    }
    out
}

/// An exemption as a flow mapping on one line.
pub(super) fn flow(exemption: &Exemption, quotes: Quotes) -> String {
    let fields = fields(exemption, quotes).into_iter();
    let fields: Vec<String> = fields.map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

impl RosterColumns {
    /// These columns and words as the line of a policy.
    pub(crate) fn to_yaml(&self) -> String {
        let headings = [
            ("account_id", &self.account_id),
            ("email", &self.email),
            ("mfa", &self.mfa),
            ("sso", &self.sso),
        ];
        let word = |text: &str| word(text, Quotes::Needed);
        let headings = headings
            .into_iter()
            .filter_map(|(key, heading)| Some(format!("{key}: {}", word(heading.as_deref()?))));
        let words = [("enabled", &self.enabled), ("disabled", &self.disabled)]
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(key, words)| {
                let words: Vec<_> = words.iter().map(|text| word(text)).collect();
                format!("{key}: [{}]", words.join(", "))
            });
        format!("roster: {{{}}}", headings.chain(words).collect::<Vec<_>>().join(", "))
    }
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
    /// Whoever would fail without an exemption, if they are to have one.
    pub exemptions: &'a [Exemption],
    /// The day on which it is written.
    pub today: Date,
}

impl FirstPolicy<'_> {
    /// The policy as YAML.
    pub fn to_yaml(&self) -> String {
        let workspaces = self.workspaces.iter().map(|slug| word(slug, Quotes::Needed));
        format!(
            "\
# The policy of mfa-gate: what counts as proof of a second factor, and who is exempt until when.
# `mfa-gate policy lint` checks it; `mfa-gate schema policy` prints a schema for editors.
version: 1

# The workspaces that it is about, by the SLUG of bitbucket.org/SLUG/REPOSITORY.
workspaces: [{workspaces}]

# The proofs that count, any one of which suffices, of: {sources}.
# `mfa-gate members --evidence` shows what each of them says.
accept: [{accept}]

# What is an error (deny), a warning (warn) or nothing (allow, but for the first two).
# `mfa-gate explain RULE` says what a rule is about.
rules:
{rules}
# What exemptions may look like.
limits:
  # The longest that one may run, from `starts` to `expires`, in days.
  max_days: {max_days}
  # How long before its end one is announced, in days.
  warn_before_days: {warn_before_days}
  # How many there may be.{left_out}
  # max_exemptions: 5
  # What every one must have beside `id`, `reason` and `expires`.
  # require: [owner, approved_by, ticket]
  # Whether one may cover an owner of a workspace: allow or deny.
  # admins: deny

# Who is exempt. `mfa-gate policy add` adds an entry; `mfa-gate policy prune` removes those that
# have run out or that nobody needs.
{exemptions}",
            workspaces = workspaces.collect::<Vec<_>>().join(", "),
            sources = Source::ALL.map(Source::id).join(", "),
            accept = self.accept.iter().map(|own| own.id()).collect::<Vec<_>>().join(", "),
            rules = rules(),
            max_days = self.max_days,
            warn_before_days = Limits::default().warn_before_days,
            left_out = if self.exemptions.is_empty() {
                ""
            } else {
                " Left out while the entries below are worked off: set it then."
            },
            exemptions = self.exemptions(),
        )
    }

    fn exemptions(&self) -> String {
        if self.exemptions.is_empty() {
            return "exemptions: []\n".into();
        }
        let entries = self.exemptions.iter().map(|own| block(own, 2, 2, "\n"));
        format!(
            "# On {}, when the gate was switched on, these would have failed.\nexemptions:\n{}",
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

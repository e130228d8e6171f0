//! A first policy, with a comment on everything that it says.

use std::sync::Arc;

use jiff::civil::Date;

use super::draft;
use super::{Exemption, Limits};
use crate::member::Source;
use crate::rule::Rule;
use crate::yaml::quotes::{self, Quotes};

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
        let workspaces = self.workspaces.iter().map(|slug| quotes::word(slug, Quotes::Needed));
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
        let entries = self.exemptions.iter().map(|own| draft::block(own, 2, 2, "\n"));
        format!(
            "# On {}, when the gate was switched on, these would have failed.\nexemptions:\n{}",
            self.today,
            entries.collect::<String>()
        )
    }
}

/// Every rule that can be set, at its default.
fn rules() -> String {
    let settable = Rule::ALL.into_iter().filter(|rule| !rule.allowed_levels().is_empty());
    settable.map(|rule| format!("  {}: {}\n", rule.id(), rule.default_level().id())).collect()
}

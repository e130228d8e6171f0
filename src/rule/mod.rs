//! The rules: what can be found, how grave it is by default, and what to do about it.
//!
//! Every format and `explain` read from here, so that a rule is described once.

mod control;
mod table;

use crate::words::words;

pub use control::Control;

words! {
    /// What a finding is about.
    ///
    /// The order is the order in which rules are listed and findings of one member are sorted.
    pub enum Rule {
        /// No second factor was seen, at least one source says off, and nothing excuses it.
        TwoFactorDisabled = "two-factor-disabled",
        /// No accepted source knows the member's status, and nothing excuses it.
        TwoFactorUnknown = "two-factor-unknown",
        /// The exemption has expired and the member still needs it.
        ExemptionExpired = "exemption-expired",
        /// The exemption is longer, or there are more of them, than the policy allows.
        ExemptionOverLimit = "exemption-over-limit",
        /// A workspace owner is exempted although the policy forbids it.
        ExemptionNotAllowed = "exemption-not-allowed",
        /// The exemption ends soon.
        ExemptionExpiring = "exemption-expiring",
        /// The member has a second factor now, or does not log in.
        ExemptionUnneeded = "exemption-unneeded",
        /// No member of the exemption's workspaces has its id.
        ExemptionUnused = "exemption-unused",
        /// More members own the workspace than the policy allows.
        TooManyOwners = "too-many-owners",
        /// The workspace could not be read to the end, or its members could not be judged.
        WorkspaceIncomplete = "workspace-incomplete",
    }
}

words! {
    /// What the policy makes of a rule: `deny` gives errors, `warn` warnings, `allow` nothing.
    pub enum Level {
        /// A finding of level error.
        Deny = "deny",
        /// A finding of level warning.
        Warn = "warn",
        /// No finding.
        Allow = "allow",
    }
}

/// What a rule's findings are about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A member of a workspace.
    Member,
    /// An entry of the policy.
    Exemption,
    /// A workspace.
    Workspace,
}

/// The day on which the examples are judged.
pub const EXAMPLE_DAY: &str = "2026-09-01";

/// An example of when a rule is broken. The member is called Ada.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The situation on [`EXAMPLE_DAY`]: a sentence without its full stop.
    pub given: &'static str,
    /// A whole policy, in YAML.
    pub policy: &'static str,
    /// The message of the finding.
    pub finding: &'static str,
}

impl Rule {
    /// The rules whose level a policy may set.
    pub fn settable() -> impl Iterator<Item = Rule> + Clone {
        Rule::ALL.into_iter().filter(|rule| !rule.allowed_levels().is_empty())
    }

    /// The level where the policy names none.
    pub fn default_level(self) -> Level {
        self.row().default
    }

    /// The levels that a policy may give the rule; empty where it is fixed.
    pub fn allowed_levels(self) -> &'static [Level] {
        self.row().levels
    }

    /// A heading of a few words.
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// The score by which GitHub ranks alerts: high from 7.0, medium from 4.0, low below.
    pub(crate) fn security_severity(self) -> &'static str {
        self.row().security_severity
    }

    /// What its findings are about.
    pub(crate) fn subject(self) -> Subject {
        self.row().subject
    }

    /// One or two sentences: what was seen.
    pub fn description(self) -> &'static str {
        self.row().description
    }

    /// What to do next.
    pub fn help(self) -> &'static str {
        self.row().help
    }

    /// One or two sentences: what the rule does not claim.
    pub fn does_not_say(self) -> &'static str {
        self.row().does_not_say
    }

    /// The controls that the rule supports.
    pub fn controls(self) -> &'static [Control] {
        self.row().controls
    }

    /// An example of the rule.
    pub fn example(self) -> &'static Example {
        &self.row().example
    }
}

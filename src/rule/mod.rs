//! The rules: what can be found, how grave it is by default, and what it is good for.
//!
//! Every format and `explain` read from here, so that a rule is described once.

mod control;
mod example;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use control::Control;
pub use example::{EXAMPLE_DAY, Example};

/// What a finding is about.
///
/// The order is the order in which rules are listed and findings of one member are sorted.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// No second factor was seen, at least one source says off, and nothing excuses it.
    TwoFactorDisabled,
    /// No accepted source knows the member's status, and nothing excuses it.
    TwoFactorUnknown,
    /// The exemption has run out and the member still needs it.
    ExemptionExpired,
    /// The exemption is longer, or there are more of them, than the policy allows.
    ExemptionOverLimit,
    /// A workspace owner is exempted although the policy forbids it.
    ExemptionNotAllowed,
    /// The exemption ends soon.
    ExemptionExpiring,
    /// The member has a second factor now, or does not log in.
    ExemptionUnneeded,
    /// Nobody by that id is in the exemption's workspaces.
    ExemptionUnused,
    /// The workspace could not be read to the end, or its members not be judged.
    WorkspaceIncomplete,
}

/// What the policy makes of a rule: `deny` gives errors, `warn` warnings, `allow` nothing.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A finding of level error.
    Deny,
    /// A finding of level warning.
    Warn,
    /// No finding.
    Allow,
}

impl Rule {
    /// Every rule, in the order in which they are listed.
    pub const ALL: [Rule; 9] = [
        Rule::TwoFactorDisabled,
        Rule::TwoFactorUnknown,
        Rule::ExemptionExpired,
        Rule::ExemptionOverLimit,
        Rule::ExemptionNotAllowed,
        Rule::ExemptionExpiring,
        Rule::ExemptionUnneeded,
        Rule::ExemptionUnused,
        Rule::WorkspaceIncomplete,
    ];

    /// The name used in policies and reports, such as `two-factor-disabled`.
    pub fn id(self) -> &'static str {
        match self {
            Rule::TwoFactorDisabled => "two-factor-disabled",
            Rule::TwoFactorUnknown => "two-factor-unknown",
            Rule::ExemptionExpired => "exemption-expired",
            Rule::ExemptionOverLimit => "exemption-over-limit",
            Rule::ExemptionNotAllowed => "exemption-not-allowed",
            Rule::ExemptionExpiring => "exemption-expiring",
            Rule::ExemptionUnneeded => "exemption-unneeded",
            Rule::ExemptionUnused => "exemption-unused",
            Rule::WorkspaceIncomplete => "workspace-incomplete",
        }
    }

    /// The rules whose level a policy may set.
    pub fn settable() -> impl Iterator<Item = Rule> + Clone {
        Rule::ALL.into_iter().filter(|rule| !rule.allowed_levels().is_empty())
    }

    /// The rule of that name, if there is one.
    pub fn from_id(id: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.id() == id)
    }

    /// The level where the policy names none.
    pub fn default_level(self) -> Level {
        match self {
            Rule::TwoFactorDisabled
            | Rule::TwoFactorUnknown
            | Rule::ExemptionExpired
            | Rule::ExemptionOverLimit
            | Rule::ExemptionNotAllowed
            | Rule::WorkspaceIncomplete => Level::Deny,
            Rule::ExemptionExpiring | Rule::ExemptionUnneeded | Rule::ExemptionUnused => {
                Level::Warn
            }
        }
    }

    /// The levels that a policy may give the rule; empty where it is fixed.
    pub fn allowed_levels(self) -> &'static [Level] {
        match self {
            Rule::TwoFactorDisabled | Rule::TwoFactorUnknown => &[Level::Deny, Level::Warn],
            Rule::ExemptionExpired
            | Rule::ExemptionOverLimit
            | Rule::ExemptionNotAllowed
            | Rule::ExemptionExpiring
            | Rule::ExemptionUnneeded
            | Rule::ExemptionUnused => &[Level::Deny, Level::Warn, Level::Allow],
            Rule::WorkspaceIncomplete => &[],
        }
    }

    /// A heading of a few words.
    pub fn title(self) -> &'static str {
        match self {
            Rule::TwoFactorDisabled => "No second factor seen",
            Rule::TwoFactorUnknown => "Second factor unknown",
            Rule::ExemptionExpired => "Exemption expired",
            Rule::ExemptionOverLimit => "Exemption over the limit",
            Rule::ExemptionNotAllowed => "Exemption not allowed",
            Rule::ExemptionExpiring => "Exemption expiring",
            Rule::ExemptionUnneeded => "Exemption no longer needed",
            Rule::ExemptionUnused => "Exemption unused",
            Rule::WorkspaceIncomplete => "Workspace could not be checked",
        }
    }

    /// One or two sentences: what was seen.
    pub fn description(self) -> &'static str {
        match self {
            Rule::TwoFactorDisabled => {
                "No second factor was seen by any source that the policy accepts, at least one \
                 of them says it is off, and no valid exemption covers the member."
            }
            Rule::TwoFactorUnknown => {
                "No source that the policy accepts knows whether the member has a second \
                 factor, and no valid exemption covers the member. Unknown is not off, but it \
                 is no proof either."
            }
            Rule::ExemptionExpired => "The exemption has run out and the member still needs it.",
            Rule::ExemptionOverLimit => {
                "The exemption runs longer, or the policy has more exemptions, than its limits \
                 allow. Without `limits.max_days` an exemption may end at most 366 days from today."
            }
            Rule::ExemptionNotAllowed => {
                "The exemption covers an owner of a workspace, and `limits.admins: deny` forbids \
                 that."
            }
            Rule::ExemptionExpiring => {
                "The exemption is valid and ends within `limits.warn_before_days` days."
            }
            Rule::ExemptionUnneeded => {
                "The member is protected, or does not log in, wherever the exemption applies."
            }
            Rule::ExemptionUnused => {
                "Nobody that the exemption names is a member of its workspaces, all of which \
                 were read."
            }
            Rule::WorkspaceIncomplete => {
                "The workspace could not be read to the end, or what is known of its members is \
                 not enough to judge them, so nothing is said about them and the run cannot be \
                 compliant."
            }
        }
    }

    /// What to do next.
    pub fn help(self) -> &'static str {
        match self {
            Rule::TwoFactorDisabled => {
                "Ask the member to switch on a second factor that an accepted source sees (in \
                 Bitbucket: Personal settings > Two-step verification), or add an exemption with an \
                 end to the policy."
            }
            Rule::TwoFactorUnknown => {
                "Have an owner of the workspace look at the member's account, accept another proof \
                 in the policy, such as an identity provider's roster, or add an exemption with an \
                 end."
            }
            Rule::ExemptionExpired => {
                "See that the member has a second factor, then delete the entry; or have it \
                 approved anew with a later `expires`."
            }
            Rule::ExemptionOverLimit => {
                "Bring `expires` nearer, delete exemptions that nobody needs, or have whoever \
                 owns the policy raise `limits`."
            }
            Rule::ExemptionNotAllowed => {
                "Let the owner switch on a second factor, or take the owner role away while the \
                 exemption lasts."
            }
            Rule::ExemptionExpiring => {
                "See that the member has a second factor before that day, or have the exemption \
                 renewed."
            }
            Rule::ExemptionUnneeded => "Delete the entry from the policy.",
            Rule::ExemptionUnused => {
                "Delete the entry, or correct its id: `mfa-gate members` lists the ids."
            }
            Rule::WorkspaceIncomplete => {
                "Fix what the message names and run again. Nothing is known until then."
            }
        }
    }

    /// One or two sentences: what the rule leaves open, for whoever reads more into it.
    pub fn does_not_say(self) -> &'static str {
        match self {
            Rule::TwoFactorDisabled => {
                "It does not say that the member has no second factor: Bitbucket's flag is about \
                 Bitbucket's own second step, and whoever signs in through SSO or has two-step \
                 verification on the Atlassian account can show as off there."
            }
            Rule::TwoFactorUnknown => {
                "It does not say that the second factor is off. Where nobody's flag could be seen \
                 the credential is the likely reason, and the run is incomplete instead."
            }
            Rule::ExemptionExpired => {
                "It does not say that the member did anything wrong: whoever answers for the \
                 exemption let it run out."
            }
            Rule::ExemptionOverLimit => {
                "It does not say which exemption should go: of those that are too many, the ones \
                 that end last are over the limit."
            }
            Rule::ExemptionNotAllowed => {
                "It says nothing about owners who are not exempt: they are judged like everybody."
            }
            Rule::ExemptionExpiring => {
                "It does not say that anything is wrong today: the member is still excused."
            }
            Rule::ExemptionUnneeded => {
                "It does not say that it will stay so: the second factor was seen at one point in \
                 time."
            }
            Rule::ExemptionUnused => {
                "It does not say why: the member may have left, or the id may be wrong."
            }
            Rule::WorkspaceIncomplete => {
                "It does not say that anything is wrong with a member, nor that nothing is."
            }
        }
    }

    /// The controls that the rule supports.
    pub fn controls(self) -> &'static [Control] {
        match self {
            Rule::TwoFactorDisabled
            | Rule::TwoFactorUnknown
            | Rule::ExemptionExpired
            | Rule::ExemptionOverLimit
            | Rule::ExemptionNotAllowed
            | Rule::ExemptionExpiring
            | Rule::ExemptionUnneeded
            | Rule::ExemptionUnused
            | Rule::WorkspaceIncomplete => control::MFA,
        }
    }
}

impl Level {
    /// The name used in policies, such as `deny`.
    pub fn id(self) -> &'static str {
        match self {
            Level::Deny => "deny",
            Level::Warn => "warn",
            Level::Allow => "allow",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn ids_are_those_that_serde_writes() {
        for rule in Rule::ALL {
            let written = serde_json::to_string(&rule).unwrap();
            assert_eq!(written, format!("\"{}\"", rule.id()));
            assert_eq!(Rule::from_id(rule.id()), Some(rule));
        }
    }
}

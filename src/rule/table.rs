//! What is known of each rule: a row a rule.

use super::control::{MFA, OWNERS};
use super::{Control, Example, Level, Rule, Subject};

/// A row of the table.
pub(super) struct Row {
    /// A heading of a few words.
    pub(super) title: &'static str,
    /// The score by which GitHub ranks alerts: high from 7.0, medium from 4.0, low below.
    pub(super) security_severity: &'static str,
    pub(super) subject: Subject,
    /// The level where the policy names none.
    pub(super) default: Level,
    /// The levels that a policy may give the rule; empty where it is fixed.
    pub(super) levels: &'static [Level],
    /// One or two sentences: what was seen.
    pub(super) description: &'static str,
    /// What to do next.
    pub(super) help: &'static str,
    /// One or two sentences: what the rule does not claim.
    pub(super) does_not_say: &'static str,
    pub(super) controls: &'static [Control],
    pub(super) example: Example,
}

const ANY: &[Level] = &[Level::Deny, Level::Warn, Level::Allow];

/// A policy without exemptions.
macro_rules! policy {
    () => {
        "version: 1\nworkspaces: [acme]\n"
    };
}

/// A policy that exempts Ada, with these limits and these dates.
macro_rules! exempting {
    ($limits:literal, $dates:literal) => {
        concat!(
            policy!(),
            $limits,
            "exemptions:\n  - id: EX-1\n    account_id: ",
            "\"557058:00000000-0000-4000-8000-000000000001\"\n    reason: Waits for a hardware key.\n    ",
            $dates,
            "\n"
        )
    };
}

/// What a finding says about Ada.
macro_rules! ada {
    ($said:literal) => {
        concat!("Ada (557058:00000000-0000-4000-8000-000000000001) in acme: ", $said)
    };
}

/// What a finding says about her exemption.
macro_rules! exemption {
    ($said:literal) => {
        concat!("exemption EX-1 (557058:00000000-0000-4000-8000-000000000001) ", $said)
    };
}

impl Rule {
    /// Its row.
    pub(super) fn row(self) -> &'static Row {
        match self {
            Rule::TwoFactorDisabled => &Row {
                title: "No second factor seen",
                security_severity: "8.0",
                subject: Subject::Member,
                default: Level::Deny,
                levels: &[Level::Deny, Level::Warn],
                description: "No second factor was seen by any source that the policy accepts, at \
                              least one of them says it is off, and no valid exemption covers the \
                              member.",
                help: "Ask the member to switch on a second factor that an accepted source sees \
                       (in Bitbucket: Personal settings > Two-step verification), or add an \
                       exemption with an expiry date to the policy.",
                does_not_say: "It does not say that the member has no second factor: Bitbucket's \
                               flag is about Bitbucket's own two-step verification. A member who \
                               signs in through SSO, or has two-step verification on the Atlassian \
                               account, can show as off there.",
                controls: MFA,
                example: Example {
                    given: "Bitbucket shows Ada's second factor as off",
                    policy: policy!(),
                    finding: ada!("no second factor seen by: bitbucket"),
                },
            },
            Rule::TwoFactorUnknown => &Row {
                title: "Second factor unknown",
                security_severity: "6.0",
                subject: Subject::Member,
                default: Level::Deny,
                levels: &[Level::Deny, Level::Warn],
                description: "No source that the policy accepts knows whether the member has a \
                              second factor, and no valid exemption covers the member. Unknown is \
                              not off, but it is no proof either.",
                help: "Have an owner of the workspace look at the member's account, accept another \
                       proof in the policy, such as an identity provider's roster, or add an \
                       exemption with an expiry date.",
                does_not_say: "It does not say that the second factor is off. Where no member's \
                               flag could be seen, the credential is the likely reason, and the \
                               run is incomplete instead.",
                controls: MFA,
                example: Example {
                    given: "Bitbucket shows the flag of every member except Ada",
                    policy: policy!(),
                    finding: ada!("second factor unknown to: bitbucket"),
                },
            },
            Rule::ExemptionExpired => &Row {
                title: "Exemption expired",
                security_severity: "5.0",
                subject: Subject::Exemption,
                default: Level::Deny,
                levels: ANY,
                description: "The exemption has expired and the member still needs it.",
                help: "Check that the member has a second factor, then delete the entry; or have \
                       it approved again with a later `expires`.",
                does_not_say: "It does not say that the member did anything wrong: the owner of \
                               the exemption let it expire.",
                controls: MFA,
                example: Example {
                    given: "Bitbucket shows Ada's second factor as off",
                    policy: exempting!("", "expires: 2026-08-29"),
                    finding: exemption!("ended on 2026-08-29, and is still needed"),
                },
            },
            Rule::ExemptionOverLimit => &Row {
                title: "Exemption over the limit",
                security_severity: "5.0",
                subject: Subject::Exemption,
                default: Level::Deny,
                levels: ANY,
                description: "The exemption runs longer, or the policy has more exemptions, than \
                              its limits allow. Without `limits.max_days` an exemption may end at \
                              most 366 days from today.",
                help: "Move `expires` closer, delete exemptions that are not needed, or have the \
                       owner of the policy raise `limits`.",
                does_not_say: "It does not say which exemption should go: if there are too many, \
                               the ones that end last are over the limit.",
                controls: MFA,
                example: Example {
                    given: "Bitbucket shows Ada's second factor as off",
                    policy: exempting!(
                        "limits:\n  max_days: 90\n",
                        "starts: 2026-08-01\n    expires: 2026-12-31"
                    ),
                    finding: exemption!(
                        "runs for 152 days, 2026-08-01 to 2026-12-31; the limit is 90"
                    ),
                },
            },
            Rule::ExemptionNotAllowed => &Row {
                title: "Exemption not allowed",
                security_severity: "6.0",
                subject: Subject::Exemption,
                default: Level::Deny,
                levels: ANY,
                description: "The exemption covers an owner of a workspace, and `limits.admins: \
                              deny` forbids that.",
                help: "Ask the owner to switch on a second factor, or remove the owner role while \
                       the exemption lasts.",
                does_not_say: "It says nothing about owners who are not exempt: they are judged \
                               like every other member.",
                controls: MFA,
                example: Example {
                    given: "Ada owns the workspace, and Bitbucket shows her second factor as off",
                    policy: exempting!("limits:\n  admins: deny\n", "expires: 2026-10-29"),
                    finding: exemption!("covers an owner, which `limits.admins` forbids"),
                },
            },
            Rule::ExemptionExpiring => &Row {
                title: "Exemption expiring",
                security_severity: "2.0",
                subject: Subject::Exemption,
                default: Level::Warn,
                levels: ANY,
                description: "The exemption is valid and ends within `limits.warn_before_days` \
                              days.",
                help: "Check that the member has a second factor before that day, or have the \
                       exemption renewed.",
                does_not_say: "It does not say that anything is wrong today: the member is still \
                               exempt.",
                controls: MFA,
                example: Example {
                    given: "Bitbucket shows Ada's second factor as off",
                    policy: exempting!("limits:\n  warn_before_days: 14\n", "expires: 2026-09-10"),
                    finding: exemption!("ends on 2026-09-10"),
                },
            },
            Rule::ExemptionUnneeded => &Row {
                title: "Exemption no longer needed",
                security_severity: "2.0",
                subject: Subject::Exemption,
                default: Level::Warn,
                levels: ANY,
                description: "The member is protected, or does not log in, in every workspace \
                              where the exemption applies.",
                help: "Delete the entry from the policy.",
                does_not_say: "It does not say that this will stay so: the second factor was seen \
                               at one point in time.",
                controls: MFA,
                example: Example {
                    given: "Bitbucket shows Ada's second factor as on",
                    policy: exempting!("", "expires: 2026-10-29"),
                    finding: exemption!(
                        "is not needed: the member has a second factor, or does not log in"
                    ),
                },
            },
            Rule::ExemptionUnused => &Row {
                title: "Exemption unused",
                security_severity: "2.0",
                subject: Subject::Exemption,
                default: Level::Warn,
                levels: ANY,
                description: "No member of the exemption's workspaces has the id or address that \
                              it names. All of these workspaces were read.",
                help: "Delete the entry, or correct its id: `mfa-gate members` lists the ids.",
                does_not_say: "It does not say why: the member may have left, or the id may be \
                               wrong.",
                controls: MFA,
                example: Example {
                    given: "Ada has left the workspace",
                    policy: exempting!("", "expires: 2026-10-29"),
                    finding: exemption!("is unused: its workspaces have no such member"),
                },
            },
            Rule::TooManyOwners => &Row {
                title: "Too many owners",
                security_severity: "5.0",
                subject: Subject::Workspace,
                default: Level::Deny,
                levels: ANY,
                description: "More members own the workspace than `limits.max_owners` allows. An \
                              owner can do everything in a workspace.",
                help: "Make some of the owners members without that role, or have the owner of the \
                       policy raise `limits.max_owners`.",
                does_not_say: "It does not say which of them should not be an owner, nor that any \
                               of them is unprotected.",
                controls: OWNERS,
                example: Example {
                    given: "Ada and Grace own the workspace",
                    policy: concat!(policy!(), "limits:\n  max_owners: 1\n"),
                    finding: "the workspace acme has 2 owners, and `limits.max_owners` allows 1",
                },
            },
            Rule::WorkspaceIncomplete => &Row {
                title: "Workspace could not be checked",
                security_severity: "6.0",
                subject: Subject::Workspace,
                default: Level::Deny,
                levels: &[],
                description: "The workspace could not be read to the end, or too little is known \
                              of its members to judge them. Nothing is said about them, and the \
                              run cannot be compliant.",
                help: "Fix what the message names and run again. Nothing is known until then.",
                does_not_say: "It does not say that anything is wrong with a member, nor that \
                               nothing is.",
                controls: MFA,
                example: Example {
                    given: "The credential is that of a member who does not own the workspace",
                    policy: policy!(),
                    finding: "the workspace acme could not be checked: this credential does not \
                              see the two-factor status of other members: its permission in the \
                              workspace is `member`, not `owner`",
                },
            },
        }
    }
}

//! An example of each rule: a policy, what is so, and the finding that comes of it.

use super::Rule;

/// The day on which the examples are judged.
pub const EXAMPLE_DAY: &str = "2026-09-01";

/// When a rule has something to say, by example. Who it is about is called Ada.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What is so on [`EXAMPLE_DAY`]: a sentence without its full stop.
    pub given: &'static str,
    /// A whole policy, in YAML.
    pub policy: String,
    /// The message of the finding.
    pub finding: &'static str,
}

/// A policy without exemptions.
const BARE: &str = "\
version: 1
workspaces: [acme]
";

/// A policy that exempts Ada, with these limits and these days.
fn exempting(limits: &str, days: &str) -> String {
    format!(
        "{BARE}{limits}exemptions:
  - id: EX-1
    account_id: \"557058:00000000-0000-4000-8000-000000000001\"
    reason: Waits for a hardware key.
    {days}
"
    )
}

impl Rule {
    /// An example of the rule.
    pub fn example(self) -> Example {
        match self {
            Rule::TwoFactorDisabled => Example {
                given: "Bitbucket shows Ada's second factor as off",
                policy: BARE.into(),
                finding: "Ada (557058:00000000-0000-4000-8000-000000000001) in acme: no second \
                          factor seen by: bitbucket",
            },
            Rule::TwoFactorUnknown => Example {
                given: "Bitbucket shows everybody's flag but Ada's",
                policy: BARE.into(),
                finding: "Ada (557058:00000000-0000-4000-8000-000000000001) in acme: second \
                          factor unknown to: bitbucket",
            },
            Rule::ExemptionExpired => Example {
                given: "Bitbucket shows Ada's second factor as off",
                policy: exempting("", "expires: 2026-08-29"),
                finding: "exemption EX-1 (557058:00000000-0000-4000-8000-000000000001) ended on \
                          2026-08-29, and is still needed",
            },
            Rule::ExemptionOverLimit => Example {
                given: "Bitbucket shows Ada's second factor as off",
                policy: exempting(
                    "limits:\n  max_days: 90\n",
                    "starts: 2026-08-01\n    expires: 2026-12-31",
                ),
                finding: "exemption EX-1 (557058:00000000-0000-4000-8000-000000000001) runs for \
                          152 days, 2026-08-01 to 2026-12-31; the limit is 90",
            },
            Rule::ExemptionNotAllowed => Example {
                given: "Ada owns the workspace, and Bitbucket shows her second factor as off",
                policy: exempting("limits:\n  admins: deny\n", "expires: 2026-10-29"),
                finding: "exemption EX-1 (557058:00000000-0000-4000-8000-000000000001) covers an \
                          owner, which `limits.admins` forbids",
            },
            Rule::ExemptionExpiring => Example {
                given: "Bitbucket shows Ada's second factor as off",
                policy: exempting("limits:\n  warn_before_days: 14\n", "expires: 2026-09-10"),
                finding: "exemption EX-1 (557058:00000000-0000-4000-8000-000000000001) ends on \
                          2026-09-10",
            },
            Rule::ExemptionUnneeded => Example {
                given: "Bitbucket shows Ada's second factor as on",
                policy: exempting("", "expires: 2026-10-29"),
                finding: "exemption EX-1 (557058:00000000-0000-4000-8000-000000000001) is not \
                          needed: whom it names has a second factor or does not log in",
            },
            Rule::ExemptionUnused => Example {
                given: "Ada has left the workspace",
                policy: exempting("", "expires: 2026-10-29"),
                finding: "exemption EX-1 (557058:00000000-0000-4000-8000-000000000001) is \
                          unused: nobody whom it names is in its workspaces",
            },
            Rule::WorkspaceIncomplete => Example {
                given: "The credential is that of a member who does not own the workspace",
                policy: BARE.into(),
                finding: "the workspace acme could not be checked: this credential does not see the \
                          two-factor status of other members: its permission in the workspace is \
                          `member`, not `owner`",
            },
        }
    }
}

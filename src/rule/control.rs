//! The controls of published frameworks that the rules support.

/// A control of a published framework that a rule supports; it never satisfies one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The framework, with its version where controls are renumbered.
    pub framework: &'static str,
    /// The control's number in it.
    pub id: &'static str,
    /// What the framework calls it; a sentence where it has no shorter name.
    pub name: &'static str,
    /// The condition on which the rule supports it, where it does not always.
    pub only_where: Option<&'static str>,
}

impl Control {
    /// Its number, with the condition if there is one.
    pub fn id_and_condition(&self) -> String {
        match self.only_where {
            Some(condition) => format!("{} (where {condition})", self.id),
            None => self.id.into(),
        }
    }
}

/// The controls that ask for a second factor for people.
///
/// Names by NIST SP 800-53 revision 5, OSPS Baseline v2026.02.19 (that of OSPS-AC-01), OWASP SPVS
/// 1.0, the CIS Software Supply Chain Security Guide 1.0, CWE, PCI DSS 4.0.1, ISO/IEC 27001:2022,
/// and the Trust Services Criteria of 2017, shortened.
pub(super) const MFA: &[Control] = &[
    control(
        "CIS Software Supply Chain Security",
        "1.3.5",
        "Ensure the organization is requiring members to use Multi-Factor Authentication (MFA)",
    ),
    control("OSPS Baseline", "OSPS-AC-01.01", "Use MFA for Sensitive Actions"),
    control("NIST SP 800-53", "IA-2(1)", "Multi-factor Authentication to Privileged Accounts"),
    control("NIST SP 800-53", "IA-2(2)", "Multi-factor Authentication to Non-privileged Accounts"),
    Control {
        only_where: Some("the workspace's code is in the scope of PCI DSS"),
        ..control(
            "PCI DSS 4.0.1",
            "8.4.2",
            "MFA is implemented for all non-console access into the CDE",
        )
    },
    control("ISO/IEC 27001", "A.8.5", "Secure authentication"),
    control("SOC 2", "CC6.1", "Logical access security over protected information assets"),
    control("OWASP SPVS", "V1.1.6", "Verify Version Control System requires MFA for all users"),
    control("MITRE", "CWE-308", "Use of Single-factor Authentication"),
];

/// The controls that ask for few administrators.
pub(super) const OWNERS: &[Control] = &[control(
    "CIS Software Supply Chain Security",
    "1.3.3",
    "Ensure minimum number of administrators are set for the organization",
)];

/// A control that a rule always supports.
const fn control(framework: &'static str, id: &'static str, name: &'static str) -> Control {
    Control { framework, id, name, only_where: None }
}

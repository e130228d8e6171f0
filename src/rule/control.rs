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
    Control {
        framework: "CIS Software Supply Chain Security",
        id: "1.3.5",
        name: "Ensure the organization is requiring members to use Multi-Factor Authentication (MFA)",
        only_where: None,
    },
    Control {
        framework: "OSPS Baseline",
        id: "OSPS-AC-01.01",
        name: "Use MFA for Sensitive Actions",
        only_where: None,
    },
    Control {
        framework: "NIST SP 800-53",
        id: "IA-2(1)",
        name: "Multi-factor Authentication to Privileged Accounts",
        only_where: None,
    },
    Control {
        framework: "NIST SP 800-53",
        id: "IA-2(2)",
        name: "Multi-factor Authentication to Non-privileged Accounts",
        only_where: None,
    },
    Control {
        framework: "PCI DSS 4.0.1",
        id: "8.4.2",
        name: "MFA is implemented for all non-console access into the CDE",
        only_where: Some("the workspace's code is in the scope of PCI DSS"),
    },
    Control {
        framework: "ISO/IEC 27001",
        id: "A.8.5",
        name: "Secure authentication",
        only_where: None,
    },
    Control {
        framework: "SOC 2",
        id: "CC6.1",
        name: "Logical access security over protected information assets",
        only_where: None,
    },
    Control {
        framework: "OWASP SPVS",
        id: "V1.1.6",
        name: "Verify Version Control System requires MFA for all users",
        only_where: None,
    },
    Control {
        framework: "MITRE",
        id: "CWE-308",
        name: "Use of Single-factor Authentication",
        only_where: None,
    },
];

/// The controls that ask for few administrators.
pub(super) const OWNERS: &[Control] = &[Control {
    framework: "CIS Software Supply Chain Security",
    id: "1.3.3",
    name: "Ensure minimum number of administrators are set for the organization",
    only_where: None,
}];

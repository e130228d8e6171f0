//! `mfa-gate explain`: the examples are run, and what they promise comes of them.

use mfa_gate::rule::{EXAMPLE_DAY, Rule};
use serde_json::{Value, json};

use crate::support::{Bitbucket, Sandbox, row};

const ADA: &str = "557058:00000000-0000-4000-8000-000000000001";

/// Ada with this flag, and Grace, who is protected: what an example takes for given.
fn bitbucket(rule: Rule) -> Bitbucket {
    let server = Bitbucket::start();
    let mut ada =
        row(1, Some(json!(matches!(rule, Rule::ExemptionUnneeded | Rule::TooManyOwners))));
    ada["user"]["display_name"] = json!("Ada");
    let grace = row(2, Some(json!(true)));
    let both = |ada| vec![ada, grace.clone()];
    let (permission, rows) = match rule {
        Rule::TwoFactorUnknown => {
            ada["user"]["has_2fa_enabled"] = Value::Null;
            ("owner", both(ada))
        }
        Rule::ExemptionUnused => ("owner", vec![grace]),
        Rule::WorkspaceIncomplete => {
            let unflagged = [1, 2].map(|number| row(number, None));
            ("member", unflagged.into())
        }
        Rule::TwoFactorDisabled
        | Rule::ExemptionExpired
        | Rule::ExemptionOverLimit
        | Rule::ExemptionNotAllowed
        | Rule::ExemptionExpiring
        | Rule::ExemptionUnneeded
        | Rule::TooManyOwners => ("owner", both(ada)),
    };
    server.workspace("acme", &rows);
    server.permission("acme", permission);
    if rule == Rule::ExemptionNotAllowed {
        server.owners("acme", &[&rows[0]]);
    }
    if rule == Rule::TooManyOwners {
        server.owners("acme", &[&rows[0], &rows[1]]);
    }
    server
}

#[test]
fn every_example_is_true() {
    for rule in Rule::ALL {
        let example = rule.example();
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", example.policy);
        let server = bitbucket(rule);
        let args = ["check", "--today", EXAMPLE_DAY, "--report", "json=report.json"];
        let outcome = sandbox.run_against(&server, &args);
        assert!(sandbox.path("report.json").exists(), "{}", outcome.stderr);
        let report = sandbox.json("report.json");
        let findings = report["findings"].as_array().unwrap();
        let (own, others): (Vec<_>, Vec<_>) =
            findings.iter().partition(|finding| finding["rule"] == rule.id());
        assert_eq!(own.len(), 1, "{}: {findings:#?}", rule.id());
        assert_eq!(own[0]["message"], example.finding);
        // An exemption that does not excuse leaves a member who is found as well, and no more.
        let excuses_nobody = matches!(
            rule,
            Rule::ExemptionExpired | Rule::ExemptionOverLimit | Rule::ExemptionNotAllowed
        );
        assert_eq!(others.len(), usize::from(excuses_nobody), "{}: {others:#?}", rule.id());
        for other in others {
            assert_eq!(other["rule"], "two-factor-disabled");
            assert_eq!(other["account_id"], ADA);
        }
    }
}

#[test]
fn a_rule_is_explained_with_its_example_and_its_controls() {
    let sandbox = Sandbox::new();
    for rule in Rule::ALL {
        let outcome = sandbox.run(&["explain", rule.id()]);
        assert_eq!(outcome.code, 0);
        let said = outcome.stdout;
        let example = rule.example();
        let policy = example.policy.lines().map(|line| format!("  {line}\n")).collect::<String>();
        for part in [&*policy, EXAMPLE_DAY, "It supports, and does not alone satisfy"] {
            assert!(said.contains(part), "{part} is missing:\n{said}");
        }
        let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
        for sentence in
            [rule.description(), rule.does_not_say(), rule.help(), example.given, example.finding]
        {
            assert!(flowing.contains(sentence), "{sentence} is missing:\n{said}");
        }
        for control in rule.controls() {
            assert!(flowing.contains(&format!("{}: {}", control.id, control.name)), "{said}");
        }
        assert!(!said.contains("satisfies"), "{said}");
        // What MFA systems must be like is nothing that a list of members shows.
        assert!(!said.contains("8.5.1"), "{said}");
        let about_cde = flowing.contains("into the CDE, where the workspace's code is in");
        assert_eq!(about_cde, rule != Rule::TooManyOwners, "{said}");
    }
    insta::assert_snapshot!(sandbox.run(&["explain", "two-factor-disabled"]).stdout, @r"
    two-factor-disabled: No second factor seen

    No second factor was seen by any source that the policy accepts, at least one of
    them says it is off, and no valid exemption covers the member.

    It does not say that the member has no second factor: Bitbucket's flag is about
    Bitbucket's own two-step verification. A member who signs in through SSO, or has
    two-step verification on the Atlassian account, can show as off there.

    Example: Bitbucket shows Ada's second factor as off. On 2026-09-01, by this
    policy

      version: 1
      workspaces: [acme]

    the finding is

      Ada (557058:00000000-0000-4000-8000-000000000001) in acme: no second factor
        seen by: bitbucket

    How to fix: Ask the member to switch on a second factor that an accepted source
    sees (in Bitbucket: Personal settings > Two-step verification), or add an
    exemption with an expiry date to the policy.

    Level: deny; the policy may say deny, warn.

    It supports, and does not alone satisfy:
      CIS Software Supply Chain Security 1.3.5: Ensure the organization is requiring
        members to use Multi-Factor Authentication (MFA)
      OSPS Baseline OSPS-AC-01.01: Use MFA for Sensitive Actions
      NIST SP 800-53 IA-2(1): Multi-factor Authentication to Privileged Accounts
      NIST SP 800-53 IA-2(2): Multi-factor Authentication to Non-privileged Accounts
      PCI DSS 4.0.1 8.4.2: MFA is implemented for all non-console access into the
        CDE, where the workspace's code is in the scope of PCI DSS
      ISO/IEC 27001 A.8.5: Secure authentication
      SOC 2 CC6.1: Logical access security over protected information assets
      OWASP SPVS V1.1.6: Verify Version Control System requires MFA for all users
      MITRE CWE-308: Use of Single-factor Authentication
    ");
}

#[test]
fn rules_are_listed_and_a_slip_of_the_pen_is_named() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["explain"]);
    assert_eq!(list.code, 0);
    insta::assert_snapshot!(list.stdout, @r"
    two-factor-disabled     deny   No second factor seen
    two-factor-unknown      deny   Second factor unknown
    exemption-expired       deny   Exemption expired
    exemption-over-limit    deny   Exemption over the limit
    exemption-not-allowed   deny   Exemption not allowed
    exemption-expiring      warn   Exemption expiring
    exemption-unneeded      warn   Exemption no longer needed
    exemption-unused        warn   Exemption unused
    too-many-owners         deny   Too many owners
    workspace-incomplete    error  Workspace could not be checked

    `mfa-gate explain RULE` says more.
    ");
    let unknown = sandbox.run(&["explain", "two-factor-disable"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("`two-factor-disabled`"), "{}", unknown.stderr);
}

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
    let two_factor = sandbox.run(&["explain", "two-factor-disabled"]).stdout;
    assert!(two_factor.contains("the policy may say deny, warn.\n"), "{two_factor}");
}

#[test]
fn rules_are_listed_and_a_slip_of_the_pen_is_named() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["explain"]);
    assert_eq!(list.code, 0);
    for rule in Rule::ALL {
        assert!(list.stdout.contains(&format!("{:<23} ", rule.id())), "{}", list.stdout);
    }
    let unknown = sandbox.run(&["explain", "two-factor-disable"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("'two-factor-disabled'"), "{}", unknown.stderr);
}

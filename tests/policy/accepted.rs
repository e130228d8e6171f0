//! What is accepted, and what it is read as.

use mfa_gate::location::Location;
use mfa_gate::member::Source;
use mfa_gate::policy::{
    Admins, Category, MemberId, OptionalField, RosterColumns, RosterSource, Selector,
};
use mfa_gate::rule::{Level, Rule};

use super::{parsed, replaced, with};

/// Every key there is.
const FULL: &str = r#"version: 1
workspaces: [acme, acme-labs]
accept: [atlassian, bitbucket]
roster: {account_id: Id, email: Email, mfa: MFA, sso: SSO}
rules:
  exemption-unused: deny
  two-factor-unknown: warn
limits:
  max_days: 90
  max_exemptions: 5
  warn_before_days: 10
  roster_max_age_days: 3
  require: [owner, approved_by, ticket]
  admins: deny
exemptions:
  - id: EX-7
    account_id: "557058:1f0c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f"
    email: Build-Bot@Acme.example
    name: Build bot
    category: service-account
    reason: Its second factor moves to the new vault; token use only until then.
    compensating_controls: [IP allowlist]
    owner: platform@acme.example
    approved_by: security@acme.example
    ticket: SEC-123
    starts: 2026-08-01
    expires: "2026-10-29"
    workspaces: [acme]
"#;

#[test]
fn every_field_is_read_as_written() {
    let policy = parsed(FULL);
    let slugs: Vec<_> = policy.workspaces.iter().map(|entry| &*entry.slug).collect();
    assert_eq!(slugs, ["acme", "acme-labs"]);
    assert_eq!(policy.workspaces[1].location, at(2, 20, 2, 29));
    assert_eq!(policy.accept, [Source::Atlassian, Source::Bitbucket]);
    let heading = |text: &str| Some(text.into());
    let columns = RosterColumns {
        account_id: heading("Id"),
        email: heading("Email"),
        mfa: heading("MFA"),
        sso: heading("SSO"),
        ..RosterColumns::default()
    };
    assert_eq!(policy.roster, RosterSource::File(columns));
    assert_eq!(policy.levels.of(Rule::ExemptionUnused), Level::Deny);
    assert_eq!(policy.levels.of(Rule::TwoFactorUnknown), Level::Warn);
    assert_eq!(policy.levels.of(Rule::TwoFactorDisabled), Level::Deny);
    assert_eq!(policy.limits.max_days, Some(90));
    assert_eq!(policy.limits.max_exemptions, Some(5));
    assert_eq!(policy.limits.warn_before_days, 10);
    assert_eq!(policy.limits.roster_max_age_days, 3);
    assert_eq!(
        policy.limits.require,
        [OptionalField::Owner, OptionalField::ApprovedBy, OptionalField::Ticket]
    );
    assert_eq!(policy.limits.admins, Admins::Deny);
    let [exemption] = &policy.exemptions[..] else { panic!() };
    assert_eq!(&*exemption.id, "EX-7");
    assert_eq!(
        exemption.selector,
        Selector::Id {
            id: MemberId::AccountId("557058:1f0c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f".into()),
            email: Some("build-bot@acme.example".into()),
        }
    );
    assert_eq!(exemption.name.as_deref(), Some("Build bot"));
    assert_eq!(exemption.category, Some(Category::ServiceAccount));
    assert_eq!(
        &*exemption.reason,
        "Its second factor moves to the new vault; token use only until then."
    );
    assert_eq!(exemption.compensating_controls, ["IP allowlist".into()]);
    assert_eq!(exemption.owner.as_deref(), Some("platform@acme.example"));
    assert_eq!(exemption.approved_by.as_deref(), Some("security@acme.example"));
    assert_eq!(exemption.ticket.as_deref(), Some("SEC-123"));
    assert_eq!(exemption.starts.unwrap().to_string(), "2026-08-01");
    assert_eq!(exemption.expires.to_string(), "2026-10-29");
    assert_eq!(exemption.workspaces, ["acme".into()]);
    assert_eq!(exemption.location, at(16, 5, 28, 23));
}

fn at(line: u32, column: u32, end_line: u32, end_column: u32) -> Location {
    Location { path: "policy.yaml".into(), line, column, end_line, end_column }
}

#[test]
fn the_least_policy_has_the_defaults() {
    let policy = parsed("version: 1");
    assert!(policy.workspaces.is_empty());
    assert_eq!(policy.accept, [Source::Bitbucket]);
    assert_eq!(policy.limits, Default::default());
    assert_eq!(policy.levels, Default::default());
    assert_eq!(policy.roster, Default::default());
    assert!(policy.exemptions.is_empty());
    assert_eq!(&*policy.path, "policy.yaml");
    // printf 'version: 1' | sha256sum
    assert_eq!(&*policy.sha256, "1a6ddd3533d91cae4b3742d4294fb07ee863a4d667fe598f01365bd68a18bcfd");
}

#[test]
fn words_that_other_parsers_take_for_booleans_are_text() {
    for word in ["no", "off", "yes", "on", "n", "NO"] {
        let policy = parsed(&with(&format!("owner: {word}")));
        assert_eq!(policy.exemptions[0].owner.as_deref(), Some(word));
    }
}

#[test]
fn reasons_may_have_several_lines() {
    let policy = parsed(&replaced("reason: why", "reason: |\n      one\n      two\n"));
    assert_eq!(&*policy.exemptions[0].reason, "one\ntwo");
    let policy = parsed(&replaced("reason: why", "reason: >\n      one\n      two\n\n"));
    assert_eq!(&*policy.exemptions[0].reason, "one two");
}

#[test]
fn a_renewal_may_be_prepared() {
    let text = "version: 1
exemptions:
  - {id: A, email: a@acme.example, reason: r, starts: 2026-01-01, expires: 2026-01-31}
  - {id: B, email: A@acme.example, reason: r, starts: 2026-02-01, expires: 2026-02-28}
  - {id: C, email: a@acme.example, reason: r, starts: 2026-03-01, expires: 2026-03-31, workspaces: [one]}
  - {id: D, email: a@acme.example, reason: r, starts: 2026-03-01, expires: 2026-03-31, workspaces: [two]}
";
    assert_eq!(parsed(text).exemptions.len(), 4);
}

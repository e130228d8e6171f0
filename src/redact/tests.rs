//! What is redacted, and what a report that is redacted shows.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::judge::{Judging, evaluate};
use crate::member::{Evidence, Role, TwoFactor};
use crate::reading::{Addresses, Completeness, MemberList, Origin, Walk};

/// Ids and addresses that are easily taken for each other.
const SELECTORS: [&str; 5] = [
    "account_id: a",
    "account_id: A",
    "uuid: \"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}\"",
    "email: Ada@acme.example",
    "account_id: b\n    email: a@acme.example",
];

fn member() -> impl Strategy<Value = Member> {
    let id = select(vec![None, Some("a"), Some("A"), Some("b"), Some("ada@acme.example")]);
    let uuid = select(vec![
        None,
        Some("{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}"),
        Some("{0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0}"),
    ]);
    let email = select(vec![None, Some("ada@acme.example"), Some("a@acme.example")]);
    (id, uuid, email, any::<bool>(), any::<bool>()).prop_map(|(id, uuid, email, on, owns)| {
        let said = if on { TwoFactor::Enabled } else { TwoFactor::Disabled };
        Member {
            account_id: id.map(Into::into),
            uuid: uuid.map(Into::into),
            email: email.map(Into::into),
            nickname: Some("a".into()),
            role: Some(if owns { Role::Owner } else { Role::Member }),
            given_key: (id.or(uuid).or(email).is_none()).then(|| "row 2 Ada".into()),
            evidence: Evidence { bitbucket: Some(said), ..Evidence::default() },
            ..Member::nobody()
        }
    })
}

fn policy(selectors: &[&str]) -> Policy {
    let rest = "reason: a\n    expires: 2026-10-01";
    let entry = |(number, own)| format!("  - id: a{number}\n    {own}\n    {rest}\n");
    let entries: String = selectors.iter().enumerate().map(entry).collect();
    let head = "version: 1\nworkspaces: [acme]\nlimits: {admins: deny}\nexemptions:";
    let text = if entries.is_empty() { format!("{head} []") } else { format!("{head}\n{entries}") };
    crate::policy::parse("policy.yaml".into(), text.as_bytes()).unwrap()
}

#[test]
fn one_text_has_another_pseudonym_as_another_kind_of_id() {
    let redactor = Redactor::from_env(&|_| None).unwrap();
    let kinds = [Kind::AccountId, Kind::Uuid, Kind::Email, Kind::Row];
    let pseudonyms: HashSet<Box<str>> = kinds.map(|kind| redactor.person((kind, "a"))).into();
    assert_eq!(pseudonyms.len(), kinds.len());
}

#[test]
fn a_report_is_redacted_where_no_place_names_anybody() {
    let redactor = Redactor::from_env(&|_| None).unwrap();
    let report: Report =
        serde_json::from_str(include_str!("../../tests/data/report.json")).unwrap();
    assert!(!is_redacted(&report));
    let report = report.concealed(redactor.redaction(), |policy, readings, source| {
        redactor.conceal(policy, readings, source);
    });
    let person = redactor.person((Kind::Row, "a"));
    let exemption = redactor.exemption_id("a");
    let tenant = format!("{TENANT}{}", "0".repeat(16));
    let mut report = serde_json::to_value(report).unwrap();
    let said = [("owner", json!(WITHHELD)), ("ticket", json!(WITHHELD))];
    for (field, value) in said.into_iter().chain([("approved_by", json!(WITHHELD))]) {
        report["exemptions"][0][field] = value;
    }
    report["exemptions"][0]["compensating_controls"] = json!([WITHHELD]);
    report["exemptions"][0]["email"] = json!(person);
    report["source"]["entra"] = json!({
        "login_url": "https://login.microsoftonline.com",
        "graph_url": "https://graph.microsoft.com",
        "tenant": tenant,
        "read_at": "2026-09-01T12:00:00Z",
        "requests": 1,
    });
    report["options"]["redirected_by"] = json!([{"by": "--ca-cert"}]);
    let concern = json!({"rule": "exemption-unused", "key": person, "exemption": exemption});
    report["changes"] = json!({
        "previous": {
            "checked_at": "2026-09-01T12:00:00Z", "verdict": "compliant", "policy_sha256": "0",
        },
        "new": [concern.clone()],
        "fixed": [concern.clone()],
        "staying": [concern],
        "not_compared": [],
    });
    let is_redacted =
        |report: &serde_json::Value| is_redacted(&Report::deserialize(report).unwrap());
    assert!(is_redacted(&report));
    let places = [
        "members/0/key",
        "members/0/account_id",
        "members/0/uuid",
        "members/0/email",
        "members/0/nickname",
        "members/0/display_name",
        "exemptions/0/id",
        "exemptions/0/account_id",
        "exemptions/0/uuid",
        "exemptions/0/email",
        "exemptions/0/name",
        "exemptions/0/reason",
        "exemptions/0/owner",
        "exemptions/0/approved_by",
        "exemptions/0/ticket",
        "exemptions/0/compensating_controls/0",
        "changes/new/0/name",
        "changes/new/0/key",
        "changes/new/0/exemption",
        "changes/fixed/0/key",
        "changes/staying/0/key",
        "source/inputs/0/path",
        "source/roster/path",
        "source/entra/tenant",
        "source/ci/BITBUCKET_BRANCH",
        "options/redirected_by/0/to",
    ];
    let named = ["Ada", "person-ada", "person-0123456789abcdef0", "person-0123456789ABCDEF"];
    for (place, name) in places.iter().flat_map(|place| named.map(|name| (place, name))) {
        let mut edited = report.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        let parent = edited.pointer_mut(&format!("/{parent}")).unwrap();
        match key.parse::<usize>() {
            Ok(position) => parent[position] = json!(name),
            Err(_) => parent[key] = json!(name),
        }
        assert!(!is_redacted(&edited), "{place}: {name}");
    }
    report["redaction"] = serde_json::Value::Null;
    assert!(!is_redacted(&report));
}

proptest! {
    #[test]
    fn pseudonyms_are_judged_as_people_are(
        members in prop::collection::vec(member(), 0..6),
        selectors in prop::sample::subsequence(&SELECTORS, 0..=5),
    ) {
        let mut policy = policy(&selectors);
        let (completeness, addresses) = (Completeness::Asserted, Addresses::AsShown);
        let mut readings = vec![Reading {
            workspace: "acme".into(),
            origin: Origin::SavedPages,
            walk: Walk::default(),
            members: Ok(MemberList { members: members.into_iter().map(Arc::new).collect(), completeness, addresses, coverage: crate::reading::Coverage::usual() }),
        }];
        let judging = Judging {
            today: date(2026, 9, 1),
            ignore_exemptions: false,
            strict: false,
            roster_as_of: None,
            clock: None,
        };
        let people = evaluate(&policy, readings.clone(), judging);
        let redactor = Redactor::from_env(&|_| None).unwrap();
        redactor.conceal(&mut policy, &mut readings, &mut Provenance::default());
        let pseudonyms = evaluate(&policy, readings, judging);
        let judged = [&people, &pseudonyms].map(|evaluation| {
            let members = evaluation.members.iter();
            let exemptions = evaluation.exemptions.iter().map(|exemption| exemption.state);
            let mut outcomes: Vec<String> = members
                .map(|judged| {
                    let excused = judged.exemption.is_some();
                    format!("{:?} {:?} {excused}", judged.outcome, judged.member.evidence)
                })
                .collect();
            outcomes.sort_unstable();
            (outcomes, exemptions.collect::<Vec<_>>())
        });
        prop_assert_eq!(&judged[0], &judged[1]);
        let mut rules = [people.findings, pseudonyms.findings]
            .map(|all| all.iter().map(|finding| finding.rule).collect::<Vec<_>>());
        rules.iter_mut().for_each(|rules| rules.sort_unstable());
        prop_assert_eq!(&rules[0], &rules[1]);
    }
}

//! Every state of an exemption, from the policy's text to the reports and back to the text.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Sandbox, row};

const TODAY: &str = "2026-09-01";

/// An entry of the policy: its number is the member's, its name the state that is expected.
fn entry(number: usize, state: &str, expires: &str, more: &str) -> String {
    format!(
        "id: EX-{number}\n    account_id: \"557058:00000000-0000-4000-8000-{number:012}\"\n    \
         reason: >-\n      to be\n      {state}\n{more}    expires: {expires}"
    )
}

/// The entries with the states that are expected of them.
fn entries() -> Vec<(String, &'static str)> {
    let in_acme = "    workspaces: [acme]\n";
    vec![
        (entry(1, "unused", "2026-10-01", in_acme), "unused"),
        (entry(2, "unneeded", "2026-10-01", in_acme), "unneeded"),
        (entry(3, "not allowed", "2026-10-01", ""), "not_allowed"),
        (entry(4, "over the limit", "9999-12-31", ""), "over_limit"),
        (entry(5, "expired", "2026-08-31", ""), "expired"),
        (entry(6, "scheduled", "2026-10-01", "    starts: 2026-09-02\n"), "scheduled"),
        (entry(7, "expiring", TODAY, ""), "expiring"),
        (entry(8, "active", "2026-09-16", ""), "active"),
        (entry(9, "unresolved", "2026-10-01", "    workspaces: [beta]\n"), "unresolved"),
    ]
}

/// What each state makes of the member, and which rule speaks of the exemption at which level.
fn expected() -> BTreeMap<&'static str, (Option<&'static str>, Option<[&'static str; 2]>)> {
    let violation = Some("violation");
    BTreeMap::from([
        ("unused", (None, Some(["exemption-unused", "warning"]))),
        ("unneeded", (Some("protected"), Some(["exemption-unneeded", "warning"]))),
        ("not_allowed", (violation, Some(["exemption-not-allowed", "error"]))),
        ("over_limit", (violation, Some(["exemption-over-limit", "error"]))),
        ("expired", (violation, Some(["exemption-expired", "error"]))),
        ("scheduled", (violation, None)),
        ("expiring", (Some("exempt"), Some(["exemption-expiring", "warning"]))),
        ("active", (Some("exempt"), None)),
        ("unresolved", (None, None)),
    ])
}

/// A snapshot of acme, in which member 2 is protected and member 3 an owner; beta was not read.
fn snapshot() -> Value {
    let member = |number: usize| {
        let user = row(number, None)["user"].clone();
        let enabled = if number == 2 { "enabled" } else { "disabled" };
        json!({
            "workspace": "acme",
            "key": user["account_id"],
            "account_id": user["account_id"],
            "uuid": user["uuid"],
            "kind": "user",
            "role": if number == 3 { "owner" } else { "member" },
            "two_factor": enabled,
            "evidence": {"bitbucket": enabled},
        })
    };
    let members: Vec<Value> = (2..=8).map(member).collect();
    let workspace = |slug: &str, members: Option<usize>| {
        json!({
            "slug": slug,
            "source": "api",
            "complete": members.is_some(),
            "completeness": members.map(|_| "last_page"),
            "error": members.is_none().then_some("it was refused"),
            "members": members.unwrap_or(0),
            "requests": 1,
            "walks": 1,
            "duration_ms": 1,
        })
    };
    json!({
        "schema_version": 1,
        "tool": {"name": "mfa-gate", "version": "0.1.0"},
        "checked_at": "2026-09-01T00:00:00Z",
        "source": {"inputs": [], "ci": {}},
        "complete": false,
        "workspaces": [workspace("acme", Some(members.len())), workspace("beta", None)],
        "members": members,
    })
}

/// The text of a region of SARIF: lines and columns from 1, the end column exclusive.
fn region<'a>(text: &'a str, region: &Value) -> &'a str {
    let offset = |line: &str, column: &str| {
        let line = usize::try_from(region[line].as_u64().unwrap()).unwrap();
        let column = usize::try_from(region[column].as_u64().unwrap()).unwrap();
        let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let within = text[before..].char_indices().nth(column - 1).unwrap().0;
        before + within
    };
    &text[offset("startLine", "startColumn")..offset("endLine", "endColumn")]
}

#[test]
fn every_state_has_its_outcome_rule_and_place() {
    let entries = entries();
    let list: String = entries.iter().map(|(entry, _)| format!("  - {entry}\n")).collect();
    let policy = format!(
        "# ünïcödé before it\nversion: 1\nworkspaces: [acme, beta]\nlimits: {{admins: deny}}\n\
         exemptions:\n{list}"
    );
    for policy in [policy.clone(), format!("\u{feff}{}", policy.replace('\n', "\r\n"))] {
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", &policy);
        sandbox.write("members.json", snapshot().to_string());
        let args = ["check", "--members", "members.json", "--today", TODAY];
        let reports = ["--report", "json=report.json", "--report", "sarif=report.sarif"];
        let outcome = sandbox.run(&[&args[..], &reports].concat());
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let (report, sarif) = (sandbox.json("report.json"), sandbox.json("report.sarif"));
        let text = policy.trim_start_matches('\u{feff}');

        for (number, (entry, state)) in entries.iter().enumerate() {
            let (id, entry) = (format!("EX-{}", number + 1), entry.as_str());
            let entry =
                if text.contains('\r') { entry.replace('\n', "\r\n") } else { entry.into() };
            let judged = &report["exemptions"][number];
            assert_eq!((&judged["id"], &judged["state"]), (&json!(id), &json!(state)));
            let (outcome, rule) = expected()[state];

            let own = |member: &&Value| member["account_id"] == judged["account_id"];
            let member = report["members"].as_array().unwrap().iter().find(own);
            assert_eq!(member.map(|member| member["outcome"].as_str().unwrap()), outcome, "{id}");
            let excused = (outcome == Some("exempt")).then_some(&*id);
            assert_eq!(member.and_then(|member| member["exemption"].as_str()), excused);

            let findings = report["findings"].as_array().unwrap().iter();
            let about: Vec<[&str; 2]> = findings
                .filter(|finding| finding["exemption"] == id)
                .map(|finding| [&finding["rule"], &finding["level"]].map(|it| it.as_str().unwrap()))
                .collect();
            assert_eq!(about, rule.into_iter().collect::<Vec<_>>(), "{id}");

            let results = sarif["runs"][0]["results"].as_array().unwrap().iter();
            let name = format!("exemptions/{id}");
            let regions: Vec<&str> = results
                .map(|result| &result["locations"][0])
                .filter(|place| place["logicalLocations"][0]["fullyQualifiedName"] == name)
                .map(|place| region(text, &place["physicalLocation"]["region"]))
                .collect();
            assert_eq!(regions, rule.iter().map(|_| &*entry).collect::<Vec<_>>(), "{id}");
        }
        // A finding about a member points at the workspace's entry.
        let result = &sarif["runs"][0]["results"][0]["locations"][0];
        assert_eq!(region(text, &result["physicalLocation"]["region"]), "acme");
    }
}

#[test]
fn exempt_members_are_suppressed_results_on_request_alone() {
    let sandbox = Sandbox::new();
    let (active, _) = entries().swap_remove(7);
    sandbox.write(
        "policy.yaml",
        format!("version: 1\nworkspaces: [acme]\nexemptions:\n  - {active}\n"),
    );
    let page = json!({"size": 1, "page": 1, "values": [row(8, Some(json!(false)))]});
    sandbox.write("members.json", page.to_string());
    let args = ["check", "--members", "members.json", "--today", TODAY];
    let args = [&args[..], &["--report", "sarif=report.sarif"]].concat();
    assert_eq!(sandbox.run(&args).code, 0);
    assert_eq!(sandbox.json("report.sarif")["runs"][0]["results"], json!([]));
    assert_eq!(sandbox.run(&[&args[..], &["--sarif-suppressed"]].concat()).code, 0);
    let result = &sandbox.json("report.sarif")["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "two-factor-disabled");
    assert_eq!(result["suppressions"][0]["kind"], "external");
}

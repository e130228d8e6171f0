//! Which reports can be merged, and what comes of it.

use serde_json::json;

use super::*;
use crate::report::{Commit, CredentialKind, DirectoryRecord, Input, Redaction, RosterRecord};

/// A report that every source had its part in, on these workspaces.
fn report(slugs: [&str; 2]) -> Report {
    let text = include_str!("../../../tests/data/report.json");
    let mut report: Report = serde_json::from_str(text).unwrap();
    for (workspace, slug) in report.workspaces.iter_mut().zip(slugs) {
        workspace.slug = slug.into();
    }
    report.workspaces.truncate(2);
    report.source = serde_json::from_value(json!({
        "api_url": "https://api.bitbucket.org/2.0",
        "credential_kind": "api-token",
        "inputs": [],
        "atlassian": {
            "api_url": "https://api.atlassian.com",
            "organisation": "an-organisation",
            "accounts": 7,
            "requests": 2,
        },
        "roster": {
            "path": "roster.csv",
            "sha256": "aa",
            "as_of": "2026-09-01",
            "rows": 9,
            "unmatched": 3,
        },
        "entra": {
            "login_url": "https://login.microsoftonline.com/",
            "graph_url": "https://graph.microsoft.com/",
            "tenant": "a-tenant",
            "read_at": "2026-09-01T00:00:00Z",
            "rows": 7,
            "requests": 2,
        },
        "ci": {"NUMBER": "7", "STEP": slugs.concat()},
    }))
    .unwrap();
    report.options = Default::default();
    report.subject = Some(commit("00"));
    report
}

fn commit(digest: &str) -> Commit {
    Commit { name: "shop".into(), algorithm: "sha256".into(), digest: digest.into() }
}

fn merged(change: impl Fn(&mut Report)) -> Result<Report, Clash> {
    let (mut one, mut other) = (report(["a", "b"]), report(["c", "d"]));
    change(&mut other);
    one.merge(other).map(|()| one)
}

#[test]
fn the_weaker_part_says_what_the_whole_is() {
    let early = "2020-01-01T00:00:00Z".parse().unwrap();
    let whole = merged(|other| {
        other.checked_at = early;
        (other.options.members, other.options.today) = (true, true);
        (other.options.roster, other.options.exit_zero) = (true, true);
        other.subject = Some(commit("01"));
        other.source.credential_kind = None;
        other.source.inputs = vec![Input { path: "page.json".into(), sha256: "bb".into() }];
    });
    let whole = whole.unwrap();
    assert_eq!(whole.checked_at, early);
    let options = &whole.options;
    assert!(options.members && options.today && options.roster && !options.exit_zero);
    assert_eq!((whole.subject, whole.source.credential_kind), (None, None));
    assert_eq!(whole.source.inputs.len(), 1);
}

#[test]
fn what_is_known_of_the_sources_is_true_of_the_whole() {
    let whole = merged(|_| ()).unwrap();
    assert_eq!(whole.subject, Some(commit("00")));
    let source = whole.source;
    assert_eq!(source.credential_kind, Some(CredentialKind::ApiToken));
    let asked = source.atlassian.unwrap();
    assert_eq!((asked.requests, asked.accounts), (4, Some(7)));
    let roster = source.roster.unwrap();
    assert_eq!((roster.rows, roster.unmatched), (9, None));
    assert_eq!(source.ci, [("NUMBER".into(), "7".into())].into());
    // One of them could not read the directory to its end.
    let whole = merged(|other| {
        let own = other.source.atlassian.take().unwrap();
        other.source.atlassian = Some(DirectoryRecord { accounts: None, ..own });
    });
    assert_eq!(whole.unwrap().source.atlassian.unwrap().accounts, None);
    for (rows, of_both) in [(Some(7), Some(7)), (None, None)] {
        let whole = merged(|other| other.source.entra.as_mut().unwrap().rows = rows).unwrap();
        assert_eq!(whole.source.entra.unwrap().rows, of_both);
    }
}

#[test]
fn a_policy_without_workspaces_is_one_policy_of_every_part() {
    let slugs = vec!["c".into(), "d".into()];
    let whole = merged(|other| other.policy.effective.workspaces = slugs.clone()).unwrap();
    assert!(whole.policy.effective.workspaces.ends_with(&slugs));
}

#[test]
fn a_part_that_did_not_see_a_person_takes_over_the_pseudonym() {
    let redaction = |key_id: &str| Some(Redaction { key_id: key_id.into(), for_this_run: false });
    // The pseudonyms of one exemption's person in both parts, and whether each part saw it.
    let shared = |seen: [bool; 2], keys: [Option<Redaction>; 2]| {
        let mut parts = [report(["a", "b"]), report(["c", "d"])];
        let pseudonyms = ["person-one", "person-other"];
        for (number, part) in parts.iter_mut().enumerate() {
            part.redaction = keys[number].clone();
            part.exemptions.truncate(1);
            part.exemptions[0].account_id = Some(pseudonyms[number].into());
            if seen[number] {
                let member = Arc::make_mut(&mut part.members[0].member.member);
                member.account_id = Some(pseudonyms[number].into());
            }
        }
        let [mut one, mut other] = parts;
        share_pseudonyms(&mut one, &mut other);
        [one, other].map(|part| part.exemptions[0].account_id.clone().unwrap().to_string())
    };
    let same = || [redaction("1f"), redaction("1f")];
    assert_eq!(shared([true, false], same()), ["person-one", "person-one"]);
    assert_eq!(shared([false, true], same()), ["person-other", "person-other"]);
    for apart in [
        shared([true, true], same()),
        shared([false, false], same()),
        shared([true, false], [None, None]),
        shared([true, false], [redaction("1f"), redaction("2f")]),
    ] {
        assert_eq!(apart, ["person-one", "person-other"]);
    }
}

#[test]
fn other_sources_and_other_pseudonyms_clash() {
    let pseudonyms = Redaction { key_id: "1f".into(), for_this_run: false };
    let clashes = |said: &str, change: &dyn Fn(&mut Report)| {
        let clash = merged(change).unwrap_err().to_string();
        assert!(clash.contains(said), "{clash}");
    };
    clashes("another API", &|other| other.source.api_url = Some("http://127.0.0.1/".into()));
    clashes("another Atlassian organisation", &|other| {
        other.source.atlassian.as_mut().unwrap().organisation = "another".into();
    });
    clashes("another Microsoft Entra tenant", &|other| {
        other.source.entra.as_mut().unwrap().tenant = "another".into();
    });
    let roster = |other: &mut Report| other.source.roster.take().unwrap();
    clashes("another roster", &|other| {
        let as_of = "2026-08-01".parse().unwrap();
        other.source.roster = Some(RosterRecord { as_of, ..roster(other) });
    });
    clashes("another roster", &|other| {
        other.source.roster = Some(RosterRecord { sha256: "cc".into(), ..roster(other) });
    });
    clashes("pseudonyms", &|other| other.redaction = Some(pseudonyms.clone()));
}

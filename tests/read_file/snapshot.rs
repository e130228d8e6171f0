//! The output of `mfa-gate members`.

use mfa_gate::member::{Role, TwoFactor};
use mfa_gate::reading::{Completeness, Origin, Selection};
use serde_json::{Value, json};

use super::{acme, incomplete, pages, read_bytes, refused, slugs};

pub(crate) fn snapshot() -> Value {
    let workspace = |slug: &str, members: u64| {
        json!({
            "slug": slug, "source": "api", "complete": true, "completeness": "size",
            "members": members, "reported_size": members, "requests": 1, "walks": 1,
            "duration_ms": 5,
        })
    };
    let member = |slug: &str, number: u64| {
        json!({
            "workspace": slug, "key": format!("557058:{number}"),
            "account_id": format!("557058:{number}"), "uuid": format!("{{{number}}}"),
            "kind": "user", "role": "owner", "account_status": "active", "nickname": "m",
            "two_factor": "enabled", "decided_by": "roster",
            "evidence": {"bitbucket": "disabled", "roster": "enabled"},
        })
    };
    json!({
        "schema_version": 1, "tool": {"name": "mfa-gate", "version": "0.1.0"},
        "checked_at": "2026-11-20T10:00:00Z", "complete": true,
        "source": {
            "inputs": [], "ci": {},
            "roster": {"path": "idp.csv", "sha256": "00", "as_of": "2026-11-19", "rows": 3},
        },
        "workspaces": [workspace("acme", 2), workspace("labs", 1)],
        "members": [member("acme", 1), member("acme", 2), member("labs", 1)],
    })
}

#[test]
fn a_snapshot() {
    let reading = acme(&format!("{:#}", snapshot()));
    assert_eq!(reading.origin, Origin::Snapshot);
    assert_eq!(reading.walk.reported_size, Some(2));
    let roll = reading.members.unwrap();
    assert_eq!(roll.completeness, Completeness::Size);
    assert_eq!(roll.members.len(), 2);
    assert_eq!(roll.members[0].role, Some(Role::Owner));
    assert_eq!(roll.members[0].evidence.bitbucket, Some(TwoFactor::Disabled));
    assert_eq!(roll.members[0].evidence.roster, Some(TwoFactor::Enabled));
    let all = read_bytes(snapshot().to_string().as_bytes(), &Selection::All).unwrap();
    assert_eq!(all.readings.len(), 2);
    assert_eq!(all.roster.export.unwrap().as_of.to_string(), "2026-11-19");

    // What a roster of a day that nobody knows said does not count.
    let mut undated = snapshot();
    undated["source"].as_object_mut().unwrap().remove("roster");
    let members = acme(&undated.to_string()).members.unwrap().members;
    assert_eq!(members[0].evidence.roster, None);
    assert_eq!(members[0].evidence.bitbucket, Some(TwoFactor::Disabled));
}

#[test]
fn a_snapshot_that_is_not_complete() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut snapshot = snapshot();
        change(&mut snapshot);
        incomplete(&snapshot.to_string()).what
    };
    for (why, part) in [
        (
            changed(&|s| {
                s["workspaces"][0]["complete"] = false.into();
                s["workspaces"][0]["error"] = "Bitbucket answered 500".into();
            }),
            "Bitbucket answered 500",
        ),
        (changed(&|s| s["complete"] = false.into()), "says that it is not complete"),
        (changed(&|s| s["workspaces"][0]["members"] = 3.into()), "2 members are listed where 3"),
        (changed(&|s| s["workspaces"][0]["reported_size"] = 300.into()), "listed where 300"),
        (changed(&|s| s["members"][1]["uuid"] = "{1}".into()), "{1} was listed twice"),
    ] {
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn a_snapshot_that_is_not_understood() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut snapshot = snapshot();
        change(&mut snapshot);
        refused(snapshot.to_string().as_bytes(), &slugs(&["acme"]))
    };
    for (text, part) in [
        (changed(&|s| s["schema_version"] = 2.into()), "the schema_version 2 is not known"),
        (changed(&|s| s["members"][0]["workspace"] = "x".into()), "the workspace `x`"),
        (
            changed(&|s| {
                let acme = s["workspaces"][0].clone();
                s["workspaces"].as_array_mut().unwrap().push(acme);
            }),
            "`acme` twice",
        ),
        (changed(&|s| s["verdict"] = "compliant".into()), "mfa-gate verify"),
        (changed(&|s| s["members"][0]["evidence"]["bitbucket"] = true.into()), "expected value"),
        (changed(&|s| s["members"][0]["outcome"] = "protected".into()), "no `outcome`"),
        (changed(&|s| s["members"][0]["exemption"] = "EX-1".into()), "no `exemption`"),
        (changed(&|s| drop(s.as_object_mut().unwrap().remove("members"))), "`members`"),
    ] {
        assert!(text.contains(part), "{text}");
    }
    let mixed = format!("{}{}", snapshot(), pages("acme", 2, 5)[0]);
    assert!(refused(mixed.as_bytes(), &slugs(&["acme"])).contains("mixes"));
}

#[test]
fn a_snapshot_that_contradicts_itself_is_not_a_list() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut snapshot = snapshot();
        change(&mut snapshot);
        acme(&snapshot.to_string()).members.unwrap_err().what
    };
    let why = changed(&|s| s["workspaces"][0]["error"] = "no answer".into());
    assert!(why.contains("contradicts itself") && why.contains("no answer"), "{why}");
    for id in ["account_id", "uuid", "email"] {
        let why = changed(&|s| s["members"][0][id] = "".into());
        assert!(why.contains("an empty id"), "{why}");
    }
    for key in ["ada", ""] {
        let why = changed(&|s| s["members"][0]["key"] = key.into());
        assert!(why.contains("another key than its ids make"), "{why}");
    }
    let without_ids = |s: &mut Value, key: &str| {
        s["workspaces"][0]["completeness"] = "asserted".into();
        for number in 0..2 {
            let member = s["members"][number].as_object_mut().unwrap();
            member.retain(|key, _| !["account_id", "uuid"].contains(&&**key));
            member["key"] = key.into();
        }
    };
    let why = changed(&|s| without_ids(s, "row 2: Ada"));
    assert!(why.contains("row 2: Ada") && why.contains("was listed twice"), "{why}");
    let why = changed(&|s| without_ids(s, ""));
    assert!(why.contains("an empty id"), "{why}");
    let apart = |s: &mut Value, completeness: &str, kept: [&str; 2]| {
        s["workspaces"][0]["completeness"] = completeness.into();
        for (member, kept) in kept.into_iter().enumerate() {
            let ids = ["account_id", "uuid"];
            let member = s["members"][member].as_object_mut().unwrap();
            member.retain(|key, _| !ids.contains(&&**key) || key == kept);
        }
    };
    for kept in [["account_id", "uuid"], ["uuid", ""], ["", ""]] {
        for completeness in ["size", "last_page"] {
            let why = changed(&|s| apart(s, completeness, kept));
            assert!(why.contains("may be one person"), "{why}");
        }
    }
}

#[test]
fn an_address_in_capitals_is_the_one_in_lower_case() {
    let addressed = |email: &str| {
        let mut snapshot = snapshot();
        for (member, address) in ["ada@acme.example", "ben@acme.example"].into_iter().enumerate() {
            let member = snapshot["members"][member].as_object_mut().unwrap();
            member.retain(|key, _| !["account_id", "uuid"].contains(&&**key));
            member.insert("key".into(), address.into());
            member.insert("email".into(), address.into());
        }
        snapshot["members"][0]["email"] = email.into();
        acme(&snapshot.to_string()).members.unwrap().members
    };
    let shown = addressed("ada@acme.example");
    assert_eq!(shown[0].key(), "ada@acme.example");
    assert_eq!(addressed("Ada@ACME.example"), shown);
}

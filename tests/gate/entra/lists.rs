//! What a tenant says of each user, and when it is asked.

use serde_json::json;

use super::{ALONE, Entra, POLICY, REGISTRATIONS, Tenant, USERS, registration, user};
use crate::addresses::searches;
use crate::organisation::{Directory, Ground, account};
use crate::support::{row, rows};

/// A tenant with everything that can be odd about a user, and what the gate makes of each.
fn odd() -> (Tenant, Vec<(&'static str, &'static str)>) {
    let mut tenant = Tenant { page: Some(4), ..Tenant::default() };
    let nothing = json!({});
    tenant.add(0, &nothing, &nothing);
    tenant.add(1, &nothing, &json!({"isMfaCapable": false}));
    let alias = json!({"mail": "other@acme.example",
        "proxyAddresses": ["SMTP:other@acme.example", "smtp:MEMBER2@acme.example"]});
    tenant.add(2, &alias, &nothing);
    let guest = json!({"userPrincipalName": "member3_acme.example#EXT#@acme.onmicrosoft.com"});
    tenant.add(3, &guest, &json!({"userType": "guest", "isMfaCapable": false}));
    tenant.add(4, &json!({"accountEnabled": false}), &nothing);
    tenant.add(5, &nothing, &nothing);
    tenant.add(
        50,
        &json!({"mail": null, "proxyAddresses": ["smtp:member5@acme.example"]}),
        &nothing,
    );
    tenant.add(6, &nothing, &json!({"isMfaCapable": null}));
    tenant.add(7, &nothing, &nothing);
    let row = tenant.registrations.last_mut().unwrap().as_object_mut().unwrap();
    row.remove("isMfaCapable");
    tenant.add(8, &nothing, &json!({"isMfaCapable": false, "isMfaRegistered": true}));
    // No row, and a row without a user.
    tenant.users.push(user(9, &nothing));
    tenant.registrations.push(registration(10, &nothing));
    let proxies = json!({"mail": null, "otherMails": ["member11@acme.example"],
        "proxyAddresses": ["SIP:member11@acme.example", "X500:/o=member11@acme.example"]});
    tenant.add(11, &proxies, &nothing);
    tenant.add(12, &nothing, &json!({"userType": "guest"}));
    tenant.add(13, &nothing, &json!({"userType": null, "isMfaCapable": false}));
    tenant.add(14, &nothing, &json!({"userType": "Member", "isMfaCapable": false}));
    tenant.add(15, &json!({"accountEnabled": null}), &nothing);
    // An address that a disabled user has as well belongs to neither.
    tenant.add(16, &json!({"userPrincipalName": "Second@acme.example"}), &nothing);
    let shared = json!({"mail": "member16@acme.example", "accountEnabled": false});
    tenant.add(17, &shared, &nothing);
    let expected = vec![
        ("enabled", "protected"),
        ("disabled", "violation"),
        ("enabled", "protected"),
        ("unknown", "violation"),
        ("unknown", "violation"),
        ("unknown", "violation"),
        ("unknown", "violation"),
        ("unknown", "violation"),
        ("disabled", "violation"),
        ("unknown", "violation"),
        ("unknown", "violation"),
        ("unknown", "violation"),
        ("enabled", "protected"),
        ("unknown", "violation"),
        ("disabled", "violation"),
        ("unknown", "violation"),
        ("unknown", "violation"),
        ("unknown", "violation"),
    ];
    (tenant, expected)
}

#[test]
fn each_user_is_known_by_what_can_be_relied_on() {
    let (tenant, expected) = odd();
    assert_eq!((tenant.users.len(), tenant.registrations.len()), (18, 18));
    let entra = Entra::with(expected.len());
    entra.serve(tenant);
    let checked = entra.check();
    assert_eq!(checked.code, 1, "{}", checked.console);
    for (number, (said, outcome)) in expected.iter().enumerate() {
        let member = checked.member(number);
        assert_eq!(member["evidence"]["roster"], *said, "{member:#}");
        assert_eq!(member["outcome"], *outcome, "{member:#}");
    }
    // Five pages of each list, and one login.
    assert_eq!(entra.asked(), (1, 10));
    for list in [USERS, REGISTRATIONS] {
        let pages = entra.lists().into_iter().filter(|request| request.url.path() == list);
        assert_eq!(pages.count(), 5, "{list}");
    }
    let said = &checked.report["source"]["entra"];
    assert_eq!(said["tenant"], super::TENANT);
    assert_eq!((&said["rows"], &said["requests"]), (&json!(18), &json!(10)));
    assert_eq!(checked.report["assurance"], "simulated");
    let console: Vec<_> = checked.console.split_whitespace().collect();
    let asked = [&said["login_url"], &said["graph_url"]].map(|url| url.as_str().unwrap());
    let asked = format!("{} and {} were asked for Microsoft Entra", asked[0], asked[1]);
    assert!(console.join(" ").contains(&asked), "{}", checked.console);
    assert_eq!(checked.report["source"].get("roster"), None);
    let again = entra.ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(again.code, 1, "{}{}", again.stdout, again.stderr);
}

#[test]
fn it_is_asked_only_where_a_member_needs_it() {
    let entra = Entra::beside(Ground::with(&rows(0..5, true)), 5);
    let checked = entra.check();
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert_eq!(entra.asked(), (0, 0));
    assert_eq!(entra.ground.bitbucket.requests().len(), 2);
    assert_eq!(checked.report["source"].get("entra"), None);
    let again = entra.ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);

    // A policy that does not accept it does not have it asked either, whatever the variables say.
    let policy = "accept: [bitbucket]\nroster: {from: entra}\n";
    let entra = Entra::with(2);
    let half = [&ALONE[..], &[("AZURE_CLIENT_SECRET", "")]].concat();
    assert_eq!(entra.check_by(policy, &[], &half).code, 1);
    assert_eq!(entra.asked(), (0, 0));
}

#[test]
fn it_is_not_asked_where_the_organisation_protects_everyone() {
    let entra = Entra::with(3);
    let accounts = (0..3).map(|number| account(number, Some(true))).collect();
    entra.ground.organisation.serve(Directory::of(accounts));
    let policy = "accept: [bitbucket, atlassian, roster]\nroster: {from: entra}\n";
    assert_eq!(entra.check_by(policy, &[], &[]).code, 0);
    assert_eq!(entra.asked(), (0, 0));
}

#[test]
fn the_organisation_knows_whose_its_addresses_are() {
    let accounts = (0..3).map(|number| account(number, Some(false))).collect();
    let entra = Entra::with(3);
    entra.serve(Tenant::of(0..3));
    entra.ground.organisation.serve(Directory::of(accounts));
    let checked = entra.check_by(POLICY, &[], &[]);
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert!(searches(&entra.ground).is_empty(), "the addresses are known already");
}

#[test]
fn all_workspaces_share_one_reading() {
    let entra = Entra::with(2);
    let labs: Vec<_> = (0..2).map(|number| row(number, Some(json!(false)))).collect();
    entra.ground.bitbucket.workspace("labs", &labs);
    entra.ground.bitbucket.permission("labs", "owner");
    entra.serve(Tenant::of(0..2));
    let accounts = (0..2).map(|number| account(number, Some(false))).collect();
    entra.ground.organisation.serve(Directory::of(accounts));
    let policy = format!("version: 1\nworkspaces: [acme, labs]\n{POLICY}");
    entra.ground.sandbox.write("both.yaml", policy);
    let outcome = entra.run(&["check", "--policy", "both.yaml"], &[]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(entra.asked(), (1, 2));
}

#[test]
fn a_tenant_of_other_people_judges_no_one() {
    let entra = Entra::with(2);
    entra.serve(Tenant::of(70..75));
    let checked = entra.check();
    checked.is_incomplete("none of the 5 users that Microsoft Entra lists");
    assert!(checked.console.contains("Check AZURE_TENANT_ID"), "{}", checked.console);
}

#[test]
fn a_tenant_that_says_nothing_judges_no_one() {
    let entra = Entra::with(2);
    let mut tenant = Tenant::default();
    tenant.add(0, &json!({}), &json!({"isMfaCapable": null}));
    tenant.add(1, &json!({"accountEnabled": false}), &json!({}));
    entra.serve(tenant);
    entra.check().is_incomplete("it says of no enabled user");
}

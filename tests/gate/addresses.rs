//! Whose an e-mail address is: by the organisation's directory, else by Bitbucket's own search.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::organisation::{Checked, Directory, Ground, account, id, refusal};
use crate::support::{Bitbucket, authorised, row, rows};

/// How Bitbucket answers a search by address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// As documented.
    Honest,
    /// In upper case.
    Shouting,
    /// As if nothing was searched for.
    Deaf,
    /// Without addresses.
    Hiding,
    /// With nobody.
    Empty,
    /// With this status.
    Refused(u16),
    /// With somebody who is not on the list of members.
    Newcomer,
}

/// The addresses that a request searches for; none where it does not search.
fn searched(request: &Request) -> Option<Vec<String>> {
    // The owners have a `q` too, and a list of their own.
    if request.url.path().ends_with("/permissions") {
        return None;
    }
    let query = request.url.query_pairs().find(|(name, _)| name == "q")?.1.into_owned();
    let list = query.strip_prefix("user.email IN (").and_then(|rest| rest.strip_suffix(')'));
    assert!(list.is_some(), "{query}");
    let quoted = list.unwrap().split(',');
    Some(quoted.map(|own| own.trim_matches('"').to_owned()).collect())
}

/// Lets acme's members be searched; each has the address `memberN@acme.example`.
pub(crate) fn searchable(server: &Bitbucket, number: usize, search: Search) {
    let answer = move |request: &Request| {
        if let Search::Refused(status) = search {
            return refusal(status, "no searching here");
        }
        let asked = searched(request).unwrap();
        let fields = request.url.query_pairs().find(|(name, _)| name == "fields").unwrap().1;
        assert!(fields.contains("+values.user.email"), "{fields}");
        let offset = if search == Search::Newcomer { 50 } else { 0 };
        let found = (0..number).filter_map(|number| {
            let mut email = format!("member{number}@acme.example");
            let found = asked.contains(&email) || search == Search::Deaf;
            let mut row = row(number + offset, None);
            if search == Search::Shouting {
                email = email.to_uppercase();
            }
            if search != Search::Hiding {
                row["user"]["email"] = json!(email);
            }
            (found && search != Search::Empty).then_some(row)
        });
        let found: Vec<Value> = found.collect();
        ResponseTemplate::new(200).set_body_json(json!({"size": found.len(), "values": found}))
    };
    let at = Mock::given(method("GET")).and(path("/2.0/workspaces/acme/members")).and(authorised);
    let is_search = |request: &Request| request.url.query_pairs().any(|(name, _)| name == "q");
    server.mount(at.and(is_search).respond_with(answer).with_priority(1));
}

/// Everything that was searched for, a list a request.
pub(crate) fn searches(ground: &Ground) -> Vec<Vec<String>> {
    ground.bitbucket.requests().iter().filter_map(searched).collect()
}

/// Two members, the second of them off, and how the second can be searched.
fn two(search: Search) -> Ground {
    let ground = Ground::with(&[row(0, Some(json!(true))), row(1, Some(json!(false)))]);
    searchable(&ground.bitbucket, 2, search);
    ground
}

/// No organisation.
const ALONE: [(&str, &str); 2] = [("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_KEY", "")];

fn exempt(email: &str) -> String {
    format!("exemptions:\n  - {{id: EX-1, email: {email}, reason: a bot, expires: 2026-02-28}}\n")
}

/// Checks that the second member is exempt by its address, and that the report bears that out.
fn is_exempt(ground: &Ground, checked: &Checked) {
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert_eq!(checked.member(1)["outcome"], "exempt");
    assert_eq!(checked.member(1)["exemption"], "EX-1");
    assert_eq!(checked.member(1)["email"], "member1@acme.example");
    assert_eq!(checked.member(0).get("email"), None, "no address is shown that nobody asked for");
    let again = ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    // Without the address nobody is excused, and without the look-up nobody can tell.
    let mut edited = checked.report.clone();
    edited["members"][1].as_object_mut().unwrap().remove("email");
    ground.sandbox.write("edited.json", edited.to_string());
    assert_eq!(ground.sandbox.run(&["verify", "edited.json"]).code, 1);
    edited["workspaces"][0].as_object_mut().unwrap().remove("addresses_looked_up");
    ground.sandbox.write("edited.json", edited.to_string());
    assert_eq!(ground.sandbox.run(&["verify", "edited.json"]).code, 3);
}

#[test]
fn part_of_an_answer_does_not_tell_whose_an_address_is() {
    let address = "member1@acme.example";
    for (key, value, part) in [
        ("page", json!(2), "page 1 is missing"),
        ("previous", json!("https://x/2.0/workspaces/acme/members?page=1"), "`previous`"),
        ("next", json!("https://x/2.0/workspaces/acme/members?page=2"), "`next`"),
        ("pagelen", json!(0), "does not prove"),
        ("size", json!(1), "and listed 0"),
        ("permission", json!("owner"), "`permission`"),
    ] {
        let ground = Ground::with(&[row(0, Some(json!(true))), row(1, Some(json!(false)))]);
        let answer = move |_: &Request| {
            let mut page = json!({"page": 1, "pagelen": 100, "values": []});
            if key == "permission" {
                let mut row = row(0, None);
                row["user"]["email"] = address.into();
                page["values"] = json!([row]);
                page["values"][0][key] = value.clone();
            } else {
                page[key] = value.clone();
            }
            ResponseTemplate::new(200).set_body_json(page)
        };
        let search = |request: &Request| request.url.query_pairs().any(|(name, _)| name == "q");
        let at = Mock::given(path("/2.0/workspaces/acme/members")).and(authorised).and(search);
        ground.bitbucket.mount(at.respond_with(answer).with_priority(1));
        let checked = ground.check_by(&exempt(address), &[], &ALONE);
        assert_eq!(checked.code, 3, "{key}: {}", checked.console);
        assert!(checked.console.contains(part), "{key}: {}", checked.console);
    }
}

/// The second member is gone once it is searched for; `leaves` says whether the list shows that.
fn leaving(leaves: bool) -> Ground {
    let ground = Ground::with(&[]);
    let searched = std::sync::atomic::AtomicBool::new(false);
    let answer = move |request: &Request| {
        let search = request.url.query_pairs().any(|(name, _)| name == "q");
        if search {
            searched.store(true, std::sync::atomic::Ordering::SeqCst);
        }
        let gone = leaves && searched.load(std::sync::atomic::Ordering::SeqCst);
        let mut rows = vec![row(0, Some(json!(true)))];
        if !gone {
            rows.push(row(1, Some(json!(false))));
        }
        let rows = if search { Vec::new() } else { rows };
        ResponseTemplate::new(200)
            .set_body_json(json!({"page": 1, "pagelen": 100, "size": rows.len(), "values": rows}))
    };
    let at = Mock::given(method("GET")).and(path("/2.0/workspaces/acme/members")).and(authorised);
    ground.bitbucket.mount(at.respond_with(answer).with_priority(1));
    ground
}

#[test]
fn a_member_who_leaves_before_the_look_up_is_not_accused() {
    let address = "member1@acme.example";
    let ground = leaving(true);
    let checked = ground.check_by(&exempt(address), &[], &ALONE);
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert_eq!(checked.report["members"].as_array().unwrap().len(), 1);
    let ground = leaving(true);
    let args = ground.roster(format!("email,mfa\n{address},yes\n"));
    let args: Vec<&str> = args.iter().map(|arg| &**arg).collect();
    let checked = ground.check_by("accept: [bitbucket, roster]\n", &args, &ALONE);
    assert_eq!(checked.code, 0, "{}", checked.console);

    // Who is still on the list does not have the address.
    let checked = leaving(false).check_by(&exempt(address), &[], &ALONE);
    assert_eq!(checked.code, 1, "{}", checked.console);
    assert_eq!(checked.member(1)["outcome"], "violation");
}

#[test]
fn who_leaves_after_the_look_up_is_not_accused() {
    // The first member keeps the list from being settled: nobody knows its address.
    let ground = Ground::with(&[row(0, Some(json!(false))), row(1, Some(json!(false)))]);
    let searches = std::sync::atomic::AtomicUsize::new(0);
    let answer = move |_: &Request| {
        let before = searches.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let mut row = row(1, None);
        row["user"]["email"] = "member1@acme.example".into();
        let rows = if before == 0 { vec![row] } else { Vec::new() };
        ResponseTemplate::new(200).set_body_json(json!({"size": rows.len(), "values": rows}))
    };
    let search = |request: &Request| request.url.query_pairs().any(|(name, _)| name == "q");
    let at = Mock::given(path("/2.0/workspaces/acme/members")).and(authorised).and(search);
    ground.bitbucket.mount(at.respond_with(answer).with_priority(1));
    let args = ground.roster("email,mfa\nmember1@acme.example,yes\nghost@acme.example,yes\n");
    let args: Vec<&str> = args.iter().map(|arg| &**arg).collect();
    let checked = ground.check_by("accept: [bitbucket, roster]\n", &args, &ALONE);
    assert_eq!(checked.code, 1, "{}", checked.console);
    assert_eq!(checked.member(0)["outcome"], "violation");
    assert_eq!(checked.member(1)["outcome"], "protected", "{}", checked.console);
}

#[test]
fn the_directory_tells_which_member_an_exemption_is_about() {
    let ground = two(Search::Refused(403));
    ground.organisation.serve(Directory::of(vec![account(1, Some(true))]));
    let checked = ground.check_by(&exempt("Member1@ACME.example"), &[], &[]);
    is_exempt(&ground, &checked);
    assert_eq!(searches(&ground).len(), 0);
    assert_eq!(checked.member(1)["evidence"], json!({"bitbucket": "disabled"}), "not accepted");
}

#[test]
fn bitbucket_tells_which_member_an_exemption_is_about() {
    for search in [Search::Honest, Search::Shouting] {
        let ground = two(search);
        let checked = ground.check_by(&exempt("Member1@Acme.example"), &[], &ALONE);
        is_exempt(&ground, &checked);
        assert_eq!(searches(&ground), [["member1@acme.example"]]);
    }
}

#[test]
fn bitbucket_tells_what_the_directory_cannot() {
    for refused in [false, true] {
        let ground = two(Search::Honest);
        match refused {
            true => ground.organisation.answer(9, refusal(401, "Unauthorized")),
            false => ground.organisation.serve(Directory::of(vec![account(0, Some(true))])),
        }
        let checked = ground.check_by(&exempt("member1@acme.example"), &[], &[]);
        is_exempt(&ground, &checked);
        assert_eq!(searches(&ground), [["member1@acme.example"]]);
        assert_eq!(checked.console.contains("Unauthorized"), refused, "{}", checked.console);
    }
}

#[test]
fn a_search_that_is_not_answered_accuses_nobody() {
    for (search, why) in [
        (Search::Deaf, "other addresses than were asked for"),
        (Search::Hiding, "other addresses than were asked for"),
        (Search::Refused(400), "400"),
        (Search::Refused(403), "403"),
        (Search::Newcomer, "a member joined"),
    ] {
        let ground = two(search);
        let email = exempt("member1@acme.example");
        ground.check_by(&email, &[], &ALONE).is_incomplete(why);
        assert_eq!(searches(&ground).len(), 1, "{why}");
    }
}

#[test]
fn nobody_found_is_believed_of_owners_alone() {
    let email = exempt("leaver@acme.example");
    let ground = two(Search::Empty);
    let checked = ground.check_by(&email, &[], &ALONE);
    assert_eq!((checked.code, checked.count("two-factor-disabled")), (1, 1));
    assert_eq!(checked.report["exemptions"][0]["state"], "unused");
    let again = ground.sandbox.run(&["verify", "report.json"]);
    assert_eq!(again.code, 1, "{}{}", again.stdout, again.stderr);

    let safe = Ground::with(&rows(0..2, true));
    searchable(&safe.bitbucket, 2, Search::Honest);
    let checked = safe.check_by(&email, &[], &ALONE);
    assert_eq!((checked.code, checked.count("exemption-unused")), (0, 1), "{}", checked.console);

    for permission in [Some("member"), Some("collaborator"), None] {
        let ground = Ground { bitbucket: Bitbucket::start(), ..two(Search::Empty) };
        ground.bitbucket.workspace("acme", &rows(0..2, false));
        searchable(&ground.bitbucket, 2, Search::Empty);
        if let Some(permission) = permission {
            ground.bitbucket.permission("acme", permission);
        }
        ground.check_by(&email, &[], &ALONE).is_incomplete("could not be looked up");
    }
}

#[test]
fn somebody_found_is_no_word_on_the_others_to_who_is_no_owner() {
    let ground = Ground { bitbucket: Bitbucket::start(), ..two(Search::Empty) };
    ground.bitbucket.workspace("acme", &rows(0..2, false));
    searchable(&ground.bitbucket, 1, Search::Honest);
    ground.bitbucket.permission("acme", "member");
    let roster = ground.roster("email,mfa\nmember0@acme.example,yes\nmember1@acme.example,yes\n");
    let policy = "accept: [bitbucket, roster]\n";
    ground.check_by(policy, &roster, &ALONE).is_incomplete("could not be looked up");
}

#[test]
fn an_address_that_no_member_needs_is_not_searched() {
    let ground = two(Search::Honest);
    let ignored = ["--ignore-exemptions"];
    let checked = ground.check_by(&exempt("member1@acme.example"), &ignored, &ALONE);
    assert_eq!((checked.code, searches(&ground).len()), (1, 0));

    let safe = Ground::with(&rows(0..2, true));
    searchable(&safe.bitbucket, 2, Search::Honest);
    let roster = safe.roster("email,mfa\nmember0@acme.example,yes\nleaver@acme.example,no\n");
    let checked = safe.check_by("accept: [bitbucket, roster]\n", &roster, &ALONE);
    assert_eq!((checked.code, searches(&safe).len()), (0, 0), "{}", checked.console);
    assert_eq!(checked.report["source"]["roster"].get("unmatched"), None, "nobody compared it");
}

#[test]
fn many_addresses_are_searched_in_batches() {
    let mut members = rows(0..2, true);
    members.extend(rows(2..5, false));
    let ground = Ground::with(&members);
    // Member 4 has an address that the roster does not know.
    searchable(&ground.bitbucket, 4, Search::Honest);
    let listed = (1..4).chain(100..297).map(|own| format!("Member{own}@acme.example"));
    let listed: Vec<String> = listed.collect();
    assert_eq!(listed.len(), 200);
    let text: String = listed
        .iter()
        .map(|own| format!("{own},{}\n", if own.starts_with("Member2@") { "no" } else { "yes" }))
        .collect();
    let roster = ground.roster(format!("Email,mfa\n{text}"));
    let checked = ground.check_by("accept: [bitbucket, roster]\n", &roster, &ALONE);
    assert_eq!(checked.code, 1, "{}", checked.console);
    assert_eq!(checked.member(3)["decided_by"], "roster");
    let said = |number| checked.member(number)["evidence"]["roster"].clone();
    assert_eq!([0, 1, 2, 3, 4].map(said), ["unknown", "enabled", "disabled", "enabled", "unknown"]);
    assert_eq!(checked.count("two-factor-disabled"), 2);
    assert_eq!(checked.report["source"]["roster"]["unmatched"], 197);
    assert!(!checked.report.to_string().contains("member3@"), "no address is shown needlessly");

    let searches = searches(&ground);
    assert_eq!(searches.len(), 3);
    assert!(searches.iter().all(|own| own.len() <= 90), "{searches:?}");
    let all: Vec<String> = searches.concat();
    let expected: BTreeSet<String> = listed.iter().map(|own| own.to_lowercase()).collect();
    assert_eq!(all.len(), 200, "none is searched twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn addresses_that_are_none_are_not_searched() {
    let ground = two(Search::Honest);
    let rows = "email,mfa\nmember1,yes\n\"a\"\"b@acme.example\",yes\n\"x y@z.example\",yes\n\
                member1+bot@acme.example,yes\n\u{fc}@acme.example,yes\n";
    let roster = ground.roster(rows);
    let checked = ground.check_by("accept: [bitbucket, roster]\n", &roster, &ALONE);
    checked.is_incomplete("is about a member");
    assert_eq!(searches(&ground), [["member1+bot@acme.example", "\u{fc}@acme.example"]]);
}

#[test]
fn the_directory_tells_whose_the_rows_of_a_roster_are() {
    let ground = two(Search::Refused(403));
    let accounts = (0..2).map(|number| account(number, Some(false))).collect();
    ground.organisation.serve(Directory::of(accounts));
    let roster = ground.roster("email,sso\nMEMBER1@acme.example,yes\nleaver@acme.example,yes\n");
    let checked = ground.check("bitbucket, sso", &roster);
    assert_eq!(checked.code, 0, "{}", checked.console);
    assert_eq!(checked.member(1)["decided_by"], "sso");
    assert_eq!(checked.report["source"]["roster"]["unmatched"], 1);
    assert_eq!(searches(&ground).len(), 0);
    assert_eq!(checked.member(0)["evidence"], json!({"bitbucket": "enabled", "sso": "unknown"}));
    assert!(checked.report["members"].to_string().contains(&id(1)));
}

//! Saved pages of the API: which are the whole list.

use std::fmt::Write as _;

use mfa_gate::member::{AccountStatus, Kind, TwoFactor};
use mfa_gate::reading::{Completeness, Origin, Reading, Selection};
use serde_json::{Value, json};

use super::{acme, concatenated, incomplete, link, members, pages, read_bytes, slugs};
use crate::export::EXPORT;

#[test]
fn saved_pages_in_the_order_of_their_names() {
    let pages = pages("acme", 250, 10);
    let mut by_name: Vec<_> = (1..=25).map(|number| number.to_string()).collect();
    by_name.sort();
    let shuffled: Vec<_> =
        by_name.iter().map(|name| pages[name.parse::<usize>().unwrap() - 1].clone()).collect();
    let reading = acme(&concatenated(&shuffled));
    assert_eq!(reading.origin, Origin::SavedPages);
    assert_eq!(reading.walk.reported_size, Some(250));
    assert_eq!((reading.walk.requests, reading.walk.walks), (0, 0));
    let roll = reading.members.unwrap();
    assert_eq!(roll.completeness, Completeness::Size);
    assert_eq!(roll.members.len(), 250);
    let first = roll.members.iter().find(|member| member.key() == "557058:0").unwrap();
    assert_eq!(first.uuid.as_deref(), Some("{0}"));
    assert_eq!(first.kind, Kind::User);
    assert_eq!(first.account_status, Some(AccountStatus::Active));
    assert_eq!(first.evidence.bitbucket, Some(TwoFactor::Enabled));
}

#[test]
fn the_digest_is_that_of_the_whole_file() {
    let content = concatenated(&pages("acme", 3, 2)) + "\n \n";
    let read = read_bytes(content.as_bytes(), &Selection::All).unwrap();
    let csv = read_bytes(EXPORT.as_bytes(), &slugs(&["acme"])).unwrap();
    // The digests that `sha256sum` prints.
    assert_eq!(read.sha256.len(), 64);
    assert_eq!(csv.sha256, sha256(EXPORT.as_bytes()));
    assert_eq!(read.sha256, sha256(content.as_bytes()));
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn pages_in_utf_16_are_read_as_in_utf_8() {
    let text = concatenated(&pages("acme", 3, 2));
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let marked = format!("\u{feff}{text}");
        let bytes: Vec<u8> = marked.encode_utf16().flat_map(order).collect();
        let read = read_bytes(&bytes, &slugs(&["acme"])).unwrap();
        assert_eq!(read.readings[0].members.as_ref().unwrap().members, members(&text));
        assert_eq!(read.sha256, sha256(&bytes));
    }
}

#[test]
fn several_workspaces_in_one_file() {
    let mut both = pages("labs", 3, 2);
    both.extend(pages("acme", 5, 2));
    let content = concatenated(&both);
    let found = |selection: &Selection| {
        let readings = read_bytes(content.as_bytes(), selection).unwrap().readings;
        let count = |reading: &Reading| {
            reading.members.as_ref().map(|roll| roll.members.len()).map_err(|_| ())
        };
        readings.iter().map(|reading| (reading.workspace.to_string(), count(reading))).collect()
    };
    let all: Vec<_> = found(&Selection::All);
    assert_eq!(all, [("acme".into(), Ok(5)), ("labs".into(), Ok(3))]);
    let labs: Vec<_> = found(&slugs(&["labs"]));
    assert_eq!(labs, [("labs".into(), Ok(3))]);
    let other: Vec<_> = found(&slugs(&["other", "acme"]));
    assert_eq!(other, [("other".into(), Err(())), ("acme".into(), Ok(5))]);
}

#[test]
fn pages_that_are_not_the_whole_list() {
    let whole = pages("acme", 5, 2);
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut pages = whole.clone();
        change(&mut pages);
        incomplete(&concatenated(&pages)).what
    };
    for (why, part) in [
        (changed(&|pages| pages.truncate(2)), "has a `next`"),
        (changed(&|pages| drop(pages.remove(1))), "page 2 is missing"),
        (changed(&|pages| pages.push(whole[1].clone())), "page 2 is there twice"),
        (changed(&|pages| pages[1]["size"] = 6.into()), "5 and 6"),
        (
            changed(&|pages| drop(pages[1]["values"].as_array_mut().unwrap().pop())),
            "Bitbucket counts 5 members and listed 4",
        ),
        (
            changed(&|pages| pages[1]["values"][0] = whole[0]["values"][0].clone()),
            "557058:0 was listed twice",
        ),
        (
            changed(&|pages| pages[2]["values"][0]["user"]["uuid"] = "{1}".into()),
            "{1} was listed twice",
        ),
    ] {
        assert!(why.contains(part), "{why}");
    }
}

/// Pages without a count.
fn uncounted(total: usize, pagelen: usize) -> Vec<Value> {
    let mut pages = pages("acme", total, pagelen);
    for page in &mut pages {
        page.as_object_mut().unwrap().remove("size");
    }
    pages
}

#[test]
fn without_a_count_the_last_page_must_prove_that_it_is_the_last() {
    let mut pages = uncounted(5, 2);
    pages.swap(0, 2);
    let roll = acme(&concatenated(&pages)).members.unwrap();
    assert_eq!((roll.members.len(), roll.completeness), (5, Completeness::LastPage));

    let full = uncounted(4, 2);
    for order in [[0, 1], [1, 0]] {
        let text = concatenated(&order.map(|at| full[at].clone()));
        assert!(incomplete(&text).what.contains("does not prove"), "{text}");
    }
    let last = json!({"page": 1, "values": full[0]["values"]});
    assert!(incomplete(&last.to_string()).what.contains("does not prove"));
    for key in ["page", "pagelen"] {
        let mut pages = uncounted(5, 2);
        pages[2].as_object_mut().unwrap().remove(key);
        assert!(incomplete(&concatenated(&pages)).what.contains("does not prove"), "{key}");
    }
    let mut one = uncounted(1, 2);
    one[0]["previous"] = link("acme", 1).into();
    assert!(incomplete(&concatenated(&one)).what.contains("has a `previous`"));
    let mut short = uncounted(7, 3);
    short[1]["values"].as_array_mut().unwrap().pop();
    let why = incomplete(&concatenated(&short)).what;
    assert!(why.contains("page 2 holds 2 members where a full page holds 3"), "{why}");
}

#[test]
fn pages_of_another_list_are_not_the_members() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut pages = pages("acme", 3, 2);
        for page in &mut pages {
            change(page);
            for row in page["values"].as_array_mut().unwrap() {
                row.as_object_mut().unwrap().remove("workspace");
            }
        }
        acme(&concatenated(&pages)).members
    };
    assert_eq!(changed(&|_| ()).unwrap().members.len(), 3);
    let base = "https://api.bitbucket.org/2.0/workspaces";
    for (next, part) in [
        (format!("{base}/labs/members?page=2"), "another list"),
        (format!("{base}/ACME/members?page=2"), "another list"),
        (format!("{base}/acme/permissions?page=2"), "another list"),
        (format!("{base}/acme/permissions/repositories?page=2"), "another list"),
        (format!("{base}/acme/members?page=2&q=user.email+IN+(%22a%22)"), "another list"),
        (format!("{base}/acme/members?page=2&%71=x"), "another list"),
        (format!("{base}/acme/members/?page=2"), "another list"),
        ("/2.0/workspaces/acme/members?page=2".into(), "another list"),
        (String::new(), "an empty `next`"),
    ] {
        for key in ["next", "previous"] {
            let incomplete = changed(&|page: &mut Value| {
                if let Some(link) = page.get_mut(key) {
                    *link = next.clone().into();
                }
            });
            let why = incomplete.unwrap_err().what;
            assert!(why.contains(part), "{key} {next}: {why}");
        }
    }
    let permission = changed(&|page| page["values"][0]["permission"] = "owner".into());
    assert!(permission.unwrap_err().what.contains("`permission`"));
}

#[test]
fn pages_lead_to_the_pages_beside_them() {
    for (at, key, to, part) in [
        (0, "next", 3, "the `next` of page 1 does not lead to page 2"),
        (1, "next", 2, "the `next` of page 2 does not lead to page 3"),
        (2, "previous", 5, "the `previous` of page 3 does not lead to page 2"),
    ] {
        for mut pages in [pages("acme", 5, 2), uncounted(5, 2)] {
            pages[at][key] = link("acme", to).into();
            let why = incomplete(&concatenated(&pages)).what;
            assert!(why.contains(part), "{why}");
        }
    }
    // Bitbucket may call its pages otherwise.
    let mut pages = pages("acme", 3, 2);
    pages[0]["next"] = format!("{}&after=x", link("acme", 2).replace("&page=2", "")).into();
    assert_eq!(members(&concatenated(&pages)).len(), 3);
}

#[test]
fn rows_of_another_type_are_not_the_members() {
    for kind in ["repository_permission", "default_reviewer", "user", ""] {
        let mut page = pages("acme", 3, 10).remove(0);
        page["values"][1]["type"] = kind.into();
        let why = incomplete(&page.to_string()).what;
        assert!(why.contains("of another list"), "{why}");
        page["values"][1].as_object_mut().unwrap().remove("type");
        assert_eq!(members(&page.to_string()).len(), 3, "`fields=` can take it away");
    }
}

#[test]
fn rows_that_may_be_one_person_are_not_a_list() {
    let without = |kept: &dyn Fn(usize) -> &'static str| {
        let mut page = pages("acme", 3, 10).remove(0);
        for (number, row) in page["values"].as_array_mut().unwrap().iter_mut().enumerate() {
            let user = row["user"].as_object_mut().unwrap();
            user.retain(|key, _| !["account_id", "uuid"].contains(&&**key) || key == kept(number));
        }
        acme(&page.to_string()).members
    };
    assert_eq!(without(&|_| "uuid").unwrap().members.len(), 3);
    assert_eq!(without(&|_| "account_id").unwrap().members.len(), 3);
    for kept in [
        (&|_| "") as &dyn Fn(usize) -> &'static str,
        &|number| if number == 0 { "account_id" } else { "uuid" },
        &|number| if number == 0 { "" } else { "uuid" },
    ] {
        let why = without(kept).unwrap_err().what;
        assert!(why.contains("may be one person"), "{why}");
    }
}

//! Members from files, through the library: what is understood, what is complete, and what is
//! said where it is not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use mfa_gate::failure::Problem;
use mfa_gate::failure::{Exit, Failure};
use mfa_gate::http::{Clock, Connection, Pace, Secrets};
use mfa_gate::member::{AccountStatus, Kind, Member, Role, Source, TwoFactor};
use mfa_gate::quote::Quotes;
use mfa_gate::read;
use mfa_gate::read::file::{self, FileRead};
use mfa_gate::read::{Members, Sources, Wanted};
use mfa_gate::reading::{Completeness, Origin, Reading, Selection};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read_bytes(content: &[u8], selection: &Selection) -> Result<FileRead, Failure> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    let read = file::read(file.path(), selection)?;
    let connection = Connection {
        concurrency: 1,
        timeout: Duration::MAX,
        deadline: Duration::MAX,
        ca_cert: None,
        secrets: Secrets::default(),
        clock: Clock::default(),
    };
    let sources = Sources {
        members: Members::Listed(read.readings),
        organisation: None,
        roster: None,
        entra: None,
        connection: &connection,
    };
    let found = read::read(sources, Wanted::proof(&[Source::Bitbucket]), Pace::real(), &|_| ())?;
    Ok(FileRead { readings: found.readings, ..read })
}

fn slugs(slugs: &[&str]) -> Selection {
    Selection::Slugs(slugs.iter().map(|&slug| Arc::from(slug)).collect())
}

/// The one reading of `acme`.
fn acme(content: &str) -> Reading {
    let read = read_bytes(content.as_bytes(), &slugs(&["acme"])).unwrap();
    <[Reading; 1]>::try_from(read.readings).unwrap().into_iter().next().unwrap()
}

fn members(content: &str) -> Vec<Member> {
    acme(content).members.unwrap().members
}

fn incomplete(content: &str) -> Problem {
    acme(content).members.unwrap_err().with(Quotes::Shown)
}

/// The message of a failure, which has to be one of exit code 2.
fn refused(content: &[u8], selection: &Selection) -> String {
    let failure = read_bytes(content, selection).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage, "{failure}");
    failure.to_string()
}

fn row(number: usize, slug: &str) -> Value {
    json!({
        "type": "workspace_membership",
        "user": {
            "type": "user",
            "uuid": format!("{{{number}}}"),
            "account_id": format!("557058:{number}"),
            "nickname": format!("m{number}"),
            "display_name": format!("Member {number}"),
            "account_status": "active",
            "has_2fa_enabled": true,
        },
        "workspace": {"type": "workspace", "slug": slug, "name": "Acme"},
    })
}

/// The address of a page.
fn link(slug: &str, number: usize) -> String {
    format!("https://api.bitbucket.org/2.0/workspaces/{slug}/members?pagelen=100&page={number}")
}

/// Saved pages of `total` members, `pagelen` on each.
fn pages(slug: &str, total: usize, pagelen: usize) -> Vec<Value> {
    let count = total.div_ceil(pagelen);
    let page = |number: usize| {
        let rows = (number - 1) * pagelen..(number * pagelen).min(total);
        let mut page = json!({
            "values": rows.map(|index| row(index, slug)).collect::<Vec<_>>(),
            "size": total, "page": number, "pagelen": pagelen,
        });
        if number < count {
            page["next"] = link(slug, number + 1).into();
        }
        if number > 1 {
            page["previous"] = link(slug, number - 1).into();
        }
        page
    };
    (1..=count).map(page).collect()
}

fn concatenated(pages: &[Value]) -> String {
    pages.iter().map(|page| format!("{page}\n")).collect()
}

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
            "4 members were listed where Bitbucket counts 5",
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
fn a_row_is_an_object() {
    for page in [
        json!({"size": 1, "values": [[{"account_id": "557058:1"}, null, null]]}),
        json!({"size": 1, "values": [{"user": ["user", "557058:1", "{1}"]}]}),
        json!({"size": 1, "values": [{"user": {"account_id": "557058:1"}, "workspace": ["acme"]}]}),
    ] {
        refused(page.to_string().as_bytes(), &slugs(&["acme"]));
    }
    let mut list = snapshot();
    list["members"][0] = json!(["acme", "557058:1", "557058:1", "{1}", null, "user", null, null,
        null, null, "enabled", null, {"bitbucket": "enabled"}]);
    refused(list.to_string().as_bytes(), &slugs(&["acme"]));
}

#[test]
fn a_page_that_says_nothing_may_be_one_of_many() {
    let bare = |count: usize| {
        json!({"values": (0..count).map(|number| row(number, "acme")).collect::<Vec<_>>()})
            .to_string()
    };
    for count in [1, 2, 10, 99, 100] {
        let incomplete = incomplete(&bare(count));
        assert!(incomplete.help.contains("without `+`"), "{incomplete:?}");
    }
}

#[test]
fn rows_without_a_workspace() {
    let mut page = pages("acme", 3, 10).remove(0);
    for row in page["values"].as_array_mut().unwrap() {
        row.as_object_mut().unwrap().remove("workspace");
    }
    assert_eq!(members(&page.to_string()).len(), 3);
    let text = refused(page.to_string().as_bytes(), &slugs(&["acme", "labs"]));
    assert!(text.contains("which workspace") && text.contains("--workspace"), "{text}");
    assert!(refused(page.to_string().as_bytes(), &Selection::All).contains("none is selected"));
    page["values"][1]["workspace"]["slug"] = "labs".into();
    assert!(refused(page.to_string().as_bytes(), &slugs(&["acme"])).contains("one workspace"));
}

#[test]
fn no_members_and_no_flags() {
    let mut page = pages("acme", 3, 10).remove(0);
    for row in page["values"].as_array_mut().unwrap() {
        row["user"]["has_2fa_enabled"] = Value::Null;
    }
    assert!(incomplete(&page.to_string()).what.contains("no member's two-factor status is known"));
    page["values"][0]["user"]["has_2fa_enabled"] = false.into();
    let flags: Vec<_> = members(&page.to_string()).iter().map(|m| m.evidence.bitbucket).collect();
    assert_eq!(
        flags,
        [TwoFactor::Disabled, TwoFactor::Unknown, TwoFactor::Unknown].map(Option::Some)
    );
    let nobody = incomplete(r#"{"values": [], "size": 0, "page": 1, "pagelen": 100}"#);
    assert!(nobody.what.contains("no members at all"), "{nobody:?}");
}

#[test]
fn an_account_status_is_known_in_any_case() {
    for (word, logs_in) in [
        ("active", true),
        ("Active", true),
        ("inactive", false),
        ("INACTIVE", false),
        ("Closed", false),
        ("Deactivated", false),
        ("Suspended", true),
    ] {
        let mut page = pages("acme", 1, 10).remove(0);
        page["values"][0]["user"]["account_status"] = word.into();
        let member = members(&page.to_string()).remove(0);
        assert_eq!(member.applicable(), logs_in, "{word}");
        assert_eq!(member.account_status.unwrap().as_str(), word, "it is reported as it came");
    }
}

#[test]
fn a_flag_of_another_type_is_not_understood() {
    for flag in [json!("true"), json!(1), json!({})] {
        let mut page = pages("acme", 1, 10).remove(0);
        page["values"][0]["user"]["has_2fa_enabled"] = flag;
        refused(page.to_string().as_bytes(), &slugs(&["acme"]));
    }
}

#[test]
fn a_saved_error_is_no_page() {
    let error = r#"{"type": "error", "error": {"message": "Token is invalid.\u001b[2J"}}"#;
    let text = refused(error.as_bytes(), &slugs(&["acme"]));
    assert!(text.contains("Token is invalid.") && !text.contains('\u{1b}'), "{text}");
    let after = format!("{}{error}", pages("acme", 5, 2)[0]);
    assert!(refused(after.as_bytes(), &slugs(&["acme"])).contains("an error"));
}

#[test]
fn what_is_not_understood_is_shown_with_its_place() {
    let selection = slugs(&["acme"]);
    for (content, parts) in [
        ("", vec!["it is empty"]),
        (" \n", vec!["it is empty"]),
        (
            "<!DOCTYPE html><title>Log in",
            vec!["neither JSON nor", "\"<!DOCTYPE html><title>Log in\""],
        ),
        ("{\"values\": [\n{\"user\": 7}]}", vec![":2:10:", "invalid type: integer `7`"]),
        ("{\"values\": [", vec![":1:", "EOF"]),
        ("{\"a\": 1}", vec!["`values`", "`schema_version`"]),
        ("[]", vec!["no page"]),
        ("[1, 2]", vec![":1:2:", "found \"1, 2]\""]),
        ("{\"values\": 1, \"values\": 2}", vec!["values"]),
        ("\u{1b}[31mred", vec!["\\u{1b}"]),
    ] {
        let text = refused(content.as_bytes(), &selection);
        for part in parts {
            assert!(text.contains(part), "{content:?}: {text}");
        }
        for kind in ["--report json", "saved by curl", "user export"] {
            assert!(text.contains(kind), "{content:?}: {text}");
        }
        assert!(text.len() < 800, "{text}");
    }
    assert!(refused(b"{\0}\0", &selection).contains("UTF-16 without a byte order mark"));
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none")] {
        let failure = file::read(&path, &selection).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains("could not read"), "{failure}");
    }
}

const EXPORT: &str = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\r\n\
    Ada,Ada@Acme.Example,2026-11-01,Yes,Yes\r\n\
    \"Lovelace, \"\"B\"\"\nthe second\",b@acme.example,,no,YES\r\n\
    Carl (INACTIVE),c@acme.example,,No,No\r\n\
    Dora (INACTIVE),d@acme.example,,No,Yes\r\n\
    Eve,,,Yes,No\r\n";

#[test]
fn an_export() {
    for content in [EXPORT.to_owned(), format!("\u{feff}{EXPORT}"), EXPORT.replace("\r\n", "\n")] {
        for separator in [";", "\t"] {
            assert_eq!(
                acme(
                    &content
                        .replace(',', separator)
                        .replace("Lovelace;", "Lovelace,")
                        .replace("Lovelace\t", "Lovelace,")
                ),
                acme(&content)
            );
        }
        let reading = acme(&content);
        assert_eq!(reading.origin, Origin::UserExport);
        let roll = reading.members.unwrap();
        assert_eq!(roll.completeness, Completeness::Asserted);
        let shown: Vec<_> = roll
            .members
            .iter()
            .map(|m| (m.key(), m.evidence.bitbucket.unwrap(), m.account_status.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                ("ada@acme.example", TwoFactor::Enabled, None),
                ("b@acme.example", TwoFactor::Disabled, None),
                ("c@acme.example", TwoFactor::Disabled, Some(AccountStatus::Inactive)),
                ("d@acme.example", TwoFactor::Disabled, None),
                ("row 6: Eve", TwoFactor::Enabled, None),
            ]
        );
        assert_eq!(roll.members[1].display_name.as_deref(), Some("Lovelace, \"B\"\nthe second"));
    }
}

#[test]
fn an_export_by_heading() {
    let content = "Has 2SV,Extra,on plan,Email Address,Public Name,Last Login (UTC)\n\
        yes,x,no,a@b.c,Ada,\n";
    assert_eq!(members(content)[0].key(), "a@b.c");
    let missing = "Public Name,Email Address,Last Login (UTC),Has 2SV\nAda,a@b.c,,Yes\n";
    let text = refused(missing.as_bytes(), &slugs(&["acme"]));
    let wanted = ":1: none of the columns \"Public Name\", \"Email Address\", \"Last Login (UTC)\", \
        \"Has 2SV\" is \"On Plan\"";
    assert!(text.contains(wanted), "{text}");
    let twice = EXPORT.replace("Last Login (UTC)", "Has 2SV");
    let text = refused(twice.as_bytes(), &slugs(&["acme"]));
    assert!(text.contains("column 4 is \"Has 2SV\" a second time"), "{text}");
}

#[test]
fn an_export_that_is_wrong() {
    let acme = slugs(&["acme"]);
    for (from, to, parts) in [
        (
            "c@acme.example,,No,No",
            "c@acme.example,,-,No",
            [":5: column 4, \"Has 2SV\", says \"-\""],
        ),
        (
            "d@acme.example,,No,Yes",
            "d@acme.example,,No,Enabled",
            ["column 5, \"On Plan\", says \"Enabled\""],
        ),
        (
            ",2026-11-01,Yes,Yes",
            ",2026-11-01,Yes",
            [":2: the heading has 5 columns, and this row has 4"],
        ),
        ("Eve,,,Yes,No", "Eve,,,Yes,No,More", ["and this row has 6"]),
    ] {
        let text = refused(EXPORT.replace(from, to).as_bytes(), &acme);
        for part in parts {
            assert!(text.contains(part), "{text}");
        }
    }
    // Lines are counted alike however they end.
    let unix = EXPORT.replace("\r\n", "\n").replace("c@acme.example,,No", "c@acme.example,,?");
    assert!(refused(unix.as_bytes(), &acme).contains(":5: column 4, \"Has 2SV\", says \"?\""));
    let blank =
        EXPORT.replace("Ada,", "\r\n\r\nAda,").replace("c@acme.example,,No", "c@acme.example,,?");
    assert!(refused(blank.as_bytes(), &acme).contains(":7: column 4, \"Has 2SV\", says \"?\""));
    // A quote in the heading would hide the first rows.
    let quote = EXPORT
        .replace("On Plan\r\n", "On Plan,\"Seat\r\n")
        .replace("Yes,Yes\r\n", "Yes,Yes,\"\r\n");
    let text = refused(quote.as_bytes(), &acme);
    assert!(text.contains(":1:6: a cell holds a whole row"), "{text}");
    let latin = EXPORT.replace("Ada,", "Ad#,").into_bytes();
    let latin: Vec<_> = latin.into_iter().map(|b| if b == b'#' { 0xe9 } else { b }).collect();
    let latin = refused(&latin, &acme);
    assert!(latin.contains("column 1 is not UTF-8") && latin.contains("CSV UTF-8"), "{latin}");
    for selection in [Selection::All, slugs(&["acme", "labs"])] {
        assert!(refused(EXPORT.as_bytes(), &selection).contains("which workspace"));
    }
}

#[test]
fn an_export_with_an_address_twice() {
    let twice = EXPORT.replace("b@acme.example", "ADA@acme.example");
    assert!(incomplete(&twice).what.contains("ada@acme.example was listed twice"));
    let heading = EXPORT.lines().next().unwrap();
    assert!(incomplete(heading).what.contains("no members at all"));
}

fn snapshot() -> Value {
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
        (changed(&|s| drop(s.as_object_mut().unwrap().remove("members"))), "`members`"),
    ] {
        assert!(text.contains(part), "{text}");
    }
    let mixed = format!("{}{}", snapshot(), pages("acme", 2, 5)[0]);
    assert!(refused(mixed.as_bytes(), &slugs(&["acme"])).contains("mixes"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_bytes(&bytes, &slugs(&["acme"]));
    }

    #[test]
    fn no_text_like_a_file_makes_it_panic(
        text in r#"[\[{]?(\{|\}|\[|\]|,|:|"values"|"size"|"user"|"next"|1|null|true|"a"| |\n){0,40}"#,
    ) {
        let _ = read_bytes(text.as_bytes(), &Selection::All);
    }

    #[test]
    fn every_form_of_the_same_pages_reads_the_same(
        order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(),
        forms in proptest::collection::vec(0..4, 7),
        blanks in "[ \n\r\t]{0,3}",
    ) {
        let pages = pages("acme", 13, 2);
        let mut text = blanks.clone();
        let mut open = false;
        for (index, form) in order.into_iter().zip(forms) {
            // Form 0 stands alone; the others go on with an array, or begin one.
            let join = match (open, form) {
                (true, 0) => "]",
                (true, _) => ",",
                (false, 0) => "",
                (false, _) => "[",
            };
            open = form != 0;
            let page = &pages[index];
            let page = if form == 3 { format!("{page:#}") } else { page.to_string() };
            text.extend([join, &page, &blanks]);
        }
        if open {
            text.push(']');
        }
        let mut keys: Vec<_> = members(&text).iter().map(|m| m.key().to_owned()).collect();
        keys.sort();
        let mut expected: Vec<_> = (0..13).map(|number| format!("557058:{number}")).collect();
        expected.sort();
        prop_assert_eq!(keys, expected);
    }
}

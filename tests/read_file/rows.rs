//! Rows of saved pages: what is a member, and what is known of it.

use mfa_gate::failure::Exit;
use mfa_gate::member::TwoFactor;
use mfa_gate::read::file;
use mfa_gate::reading::Selection;
use serde_json::{Value, json};

use super::{incomplete, members, pages, refused, row, slugs};
use crate::snapshot::snapshot;

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
        assert_eq!(
            member.account_status.as_ref().unwrap().as_str(),
            word,
            "it is reported as it came"
        );
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
    let whole = pages("acme", 3, 3)[0].to_string();
    for length in [1, 40, 200, whole.len() - 1, whole.len()] {
        let part = whole.get(..length).unwrap();
        let whole_alone = (length < whole.len()).then(|| part.to_owned());
        for text in whole_alone.into_iter().chain([format!("[{part}")]) {
            let said = refused(text.as_bytes(), &selection);
            assert!(said.contains("it was cut short"), "{text}: {said}");
            assert!(said.contains("Save it again"), "{text}: {said}");
        }
    }
    assert!(refused(b"{\0}\0", &selection).contains("UTF-16 without a byte order mark"));
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none")] {
        let failure = file::read(&path, &selection).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(failure.to_string().contains("could not read"), "{failure}");
    }
}

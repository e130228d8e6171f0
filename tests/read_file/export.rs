//! Bitbucket's own user export.

use mfa_gate::member::{AccountStatus, TwoFactor};
use mfa_gate::reading::{Completeness, Origin, Selection};

use super::{acme, incomplete, members, refused, slugs};

pub(crate) const EXPORT: &str = "Public Name,Email Address,Last Login (UTC),Has 2SV,On Plan\r\n\
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

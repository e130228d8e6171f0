//! Rosters through the library: what an identity provider's export is understood to say, and what
//! is said where it is not understood.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod properties;

use std::fmt::Write as _;
use std::path::Path;

use mfa_gate::failure::{Exit, Failure};
use mfa_gate::member::{Source, TwoFactor};
use mfa_gate::policy::RosterColumns;
use mfa_gate::read::roster::{self, Entry, Roster};

use TwoFactor::{Disabled, Enabled, Unknown};

fn read_bytes(
    content: &[u8],
    columns: &RosterColumns,
    required: &[Source],
) -> Result<Roster, Failure> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    roster::read(file.path(), columns, required)
}

/// A roster with the usual headings.
fn read(content: &str) -> Roster {
    read_bytes(content.as_bytes(), &RosterColumns::default(), &[]).unwrap()
}

/// The message of a failure, which has to be one of exit code 2.
fn refused_with(content: &[u8], columns: &RosterColumns, required: &[Source]) -> String {
    let failure = read_bytes(content, columns, required).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage, "{failure}");
    failure.to_string()
}

fn refused(content: impl AsRef<[u8]>) -> String {
    refused_with(content.as_ref(), &RosterColumns::default(), &[])
}

/// What the policy names under `roster`.
fn named(headings: &[(&str, &str)]) -> RosterColumns {
    let heading = |key| {
        headings.iter().find(|(named, _)| *named == key).map(|(_, heading)| Box::from(*heading))
    };
    RosterColumns {
        account_id: heading("account_id"),
        email: heading("email"),
        mfa: heading("mfa"),
        sso: heading("sso"),
        ..RosterColumns::default()
    }
}

/// Every row as (id, address, mfa, sso, line).
fn rows(roster: &Roster) -> Vec<(&str, &str, TwoFactor, TwoFactor, u64)> {
    let mut rows = Vec::new();
    for Entry { account_id, email, mfa, sso, line } in roster.entries() {
        let [id, email] = [account_id, email].map(|key| key.as_deref().unwrap_or_default());
        rows.push((id, email, *mfa, *sso, *line));
    }
    rows
}

const ROSTER: &str = "account_id,email,Name,mfa,sso\n\
    557058:1,Ada@Acme.Example,\"Lovelace, \"\"A\"\"\",true,no\n\
    557058:2,b@acme.example,\"Bo\nthe second\",NO,\n\
    ,c@acme.example,Carl,enabled,Yes\n\
    \n\
    557058:4, , Dora , Disabled ,FALSE\n\
    557058:5,e@acme.example,Eve,,\n\
    ,,Frank,yes,true\n";

#[test]
fn a_roster() {
    let windows = ROSTER.replace('\n', "\r\n");
    for content in [ROSTER.to_owned(), format!("\u{feff}{ROSTER}"), format!("\u{feff}{windows}")] {
        let roster = read(&content);
        assert_eq!(roster.rows, 6);
        assert_eq!(roster.answers, [Source::Roster, Source::Sso]);
        assert_eq!(
            rows(&roster),
            [
                ("557058:1", "ada@acme.example", Enabled, Disabled, 2),
                ("557058:2", "b@acme.example", Disabled, Unknown, 3),
                ("", "c@acme.example", Enabled, Enabled, 5),
                ("557058:4", "", Disabled, Disabled, 7),
                ("557058:5", "e@acme.example", Unknown, Unknown, 8),
                ("", "", Enabled, Enabled, 9),
            ]
        );
        assert_eq!(roster.sha256, sha256(content.as_bytes()));
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn the_path_is_the_one_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("./idp.csv");
    std::fs::write(&path, ROSTER).unwrap();
    let roster = roster::read(&path, &RosterColumns::default(), &[]).unwrap();
    assert_eq!(roster.path, path.to_str().unwrap());
}

#[test]
fn the_exports_of_atlassian() {
    let domains = read(
        "Name,Email,Atlassian ID,Status,Last active,Claimed,SAML single sign-on,\
         Two-step verification,Verified email\n\
         Ada,ada@acme.example,557058:1,Active,,Yes,No,Yes,Yes\n",
    );
    assert_eq!(domains.answers, [Source::Roster, Source::Sso]);
    assert_eq!(rows(&domains), [("557058:1", "ada@acme.example", Enabled, Disabled, 2)]);
    let managed = read(
        "Name,Email,Status,SAML single sign-on,Two-step verification enabled\n\
         Ada,ada@acme.example,Active,Yes,No\n",
    );
    assert_eq!(rows(&managed), [("", "ada@acme.example", Disabled, Enabled, 2)]);
}

#[test]
fn one_answer_is_enough_unless_the_policy_accepts_both() {
    let both = [Source::Bitbucket, Source::Roster, Source::Sso];
    for (column, source, wanted) in [
        ("mfa", Source::Roster, "is known to say who uses single sign-on"),
        ("sso", Source::Sso, "is known to say who has a second factor"),
    ] {
        let content = format!("email,{column}\na@b.c,yes\n");
        for required in [&[][..], &[source], &[Source::Bitbucket, source, Source::Atlassian]] {
            let columns = RosterColumns::default();
            let roster = read_bytes(content.as_bytes(), &columns, required).unwrap();
            assert_eq!(roster.answers, [source]);
            let entry = &roster.entries()[0];
            let (said, other) = match source {
                Source::Roster => (entry.mfa, entry.sso),
                Source::Bitbucket | Source::Atlassian | Source::Sso => (entry.sso, entry.mfa),
            };
            assert_eq!((said, other), (Enabled, Unknown));
        }
        let text = refused_with(content.as_bytes(), &RosterColumns::default(), &both);
        let wanted = format!(":1: none of the columns \"email\", \"{column}\" {wanted}");
        assert!(text.contains(&wanted), "{text}");
    }
}

#[test]
fn headings_that_the_policy_names() {
    let content = "User principal name,mfa,MFA registered,Email,sso\n\
        ADA@acme.example,no,yes,other@acme.example,no\n";
    let columns = named(&[("email", " user PRINCIPAL name "), ("mfa", "MFA registered")]);
    let roster = read_bytes(content.as_bytes(), &columns, &[Source::Roster]).unwrap();
    assert_eq!(rows(&roster), [("", "ada@acme.example", Enabled, Disabled, 2)]);

    // What is named has to be there, whatever else is.
    for (key, heading) in [("account_id", "Id"), ("email", "Mail"), ("mfa", "2FA"), ("sso", "SAML")]
    {
        let text = refused_with(content.as_bytes(), &named(&[(key, heading)]), &[]);
        let wanted = format!(
            ":1: none of the columns \"User principal name\", \"mfa\", \"MFA registered\", \
             \"Email\", \"sso\" is \"{heading}\", which the policy names as {key}\n"
        );
        assert!(text.contains(&wanted), "{text}");
    }

    // What is named for one thing is not found for another.
    let columns = named(&[("email", "account_id")]);
    let roster = read_bytes(b"account_id,mfa\na@b.c,yes\n", &columns, &[]).unwrap();
    assert_eq!(rows(&roster), [("", "a@b.c", Enabled, Unknown, 2)]);
    let columns = named(&[("mfa", "sso")]);
    let roster = read_bytes(b"email,sso\na@b.c,yes\n", &columns, &[]).unwrap();
    assert_eq!(roster.answers, [Source::Roster]);
    let columns = named(&[("mfa", "State"), ("sso", "state")]);
    let text = refused_with(b"email,State\na@b.c,yes\n", &columns, &[]);
    assert!(
        text.contains(":1: column 2, \"state\", is what the policy names both mfa and sso"),
        "{text}"
    );
}

#[test]
fn a_heading_with_a_column_missing() {
    let text = refused("\n\nName,Status\nAda,Active\n");
    for part in [
        ":3: none of the columns \"Name\", \"Status\" is known to hold addresses or account ids, and none is known to say who has",
        "roster: {email: HEADING, mfa: HEADING}",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("Ada"), "{text}");
}

#[test]
fn a_heading_with_two_columns_for_one_thing() {
    for (heading, columns, [one, other], key) in [
        ("email,mfa,MFA ", "2 and 3", ["mfa", "MFA"], "mfa"),
        ("two-step verification,email,mfa", "1 and 3", ["two-step verification", "mfa"], "mfa"),
        ("Atlassian ID,account_id,mfa", "1 and 2", ["Atlassian ID", "account_id"], "account_id"),
        ("email,mfa,x,Email", "1 and 4", ["email", "Email"], "email"),
        ("email,sso,SAML single sign-on", "2 and 3", ["sso", "SAML single sign-on"], "sso"),
    ] {
        let text = refused(format!("{heading}\na,b,c,d\n"));
        let wanted = format!(
            ":1: columns {columns}, \"{one}\" and \"{other}\", may both be meant as {key}\n"
        );
        assert!(text.contains(&wanted), "{text}");
    }
    // With one of them named, there is no doubt; two of that name are as doubtful as before.
    let content = b"email,mfa,Two-step verification\na@b.c,no,yes\n";
    let roster = read_bytes(content, &named(&[("mfa", "Two-step verification")]), &[]).unwrap();
    assert_eq!(roster.entries()[0].mfa, Enabled);
    let twice = b"email,2FA,mfa,2fa\na@b.c,no,yes,no\n";
    let text = refused_with(twice, &named(&[("mfa", "2FA")]), &[]);
    assert!(text.contains("columns 2 and 4, \"2FA\" and \"2fa\", may both be meant"), "{text}");
    // Other columns may be called what they like.
    assert_eq!(read("x,x,email,mfa\n1,2,a@b.c,no\n").rows, 1);
}

#[test]
fn words_that_are_not_known() {
    for (said, shown) in
        [("maybe", "maybe"), ("2", "2"), ("-", "-"), ("y", "y"), ("\u{1b}[2J", "\\u{1b}[2J")]
    {
        let text = refused(ROSTER.replace("NO", said));
        let wanted =
            format!(":3: column 4, \"mfa\", says \"{shown}\", which is not a word that is known\n");
        assert!(text.contains(&wanted), "{text}");
    }
    let text = refused(ROSTER.replace(",FALSE", ",none").replace('\n', "\r\n"));
    assert!(text.contains(":7: column 5, \"sso\", says \"none\""), "{text}");
    let columns = named(&[("mfa", "second  factor")]);
    let text = refused_with(b"email,SECOND  factor\na@b.c,some\n", &columns, &[]);
    assert!(text.contains(":2: column 2, \"SECOND factor\", says \"some\""), "{text}");
}

#[test]
fn one_person_twice() {
    let heading = "account_id,email,mfa,sso\n";
    let read = |rows: &str| {
        read_bytes(format!("{heading}{rows}").as_bytes(), &RosterColumns::default(), &[])
    };
    let said = |content: &str| -> Vec<_> {
        let roster = read(content).unwrap();
        roster.entries().iter().map(|entry| (entry.mfa, entry.sso)).collect()
    };
    // The same answers, or one of them empty: each row says what it says.
    assert_eq!(said("1,,yes,no\n1,,true,no\n"), [(Enabled, Disabled); 2]);
    assert_eq!(said("1,,yes,\n1,,,no\n"), [(Enabled, Unknown), (Unknown, Disabled)]);
    assert_eq!(said(",A@b.c,,\n,a@B.c,no,yes\n"), [(Unknown, Unknown), (Disabled, Enabled)]);
    assert_eq!(said("1,a@b.c,yes,\n2,a@b.c,,yes\n"), [(Enabled, Unknown), (Unknown, Enabled)]);
    assert_eq!(said("1,,,\n1,,,\n"), [(Unknown, Unknown); 2]);
    // Rows without an id or an address are not one person.
    assert_eq!(said(",,yes,\n,,no,\n"), [(Enabled, Unknown), (Disabled, Unknown)]);
    // A word in place of an address is no key.
    assert_eq!(said("1,n/a,yes,\n2,n/a,no,\n"), [(Enabled, Unknown), (Disabled, Unknown)]);
    // Ids are told apart by case, since nothing says that they are not.
    assert_eq!(said("a,,yes,\nA,,no,\n"), [(Enabled, Unknown), (Disabled, Unknown)]);

    for (rows, wanted) in [
        ("1,,yes,\n2,,no,\n1,,no,\n", "\"mfa\" of 1 is yes on line 2 and no on line 4"),
        ("1,,no,\n\n1,,yes,\n", "\"mfa\" of 1 is yes on line 4 and no on line 2"),
        (",a@b.c,,yes\n,A@b.c,,no\n", "\"sso\" of a@b.c is yes on line 2 and no on line 3"),
        ("1,a@b.c,yes,\n2,a@b.c,no,\n", "\"mfa\" of a@b.c is yes on line 2 and no on line 3"),
        (
            "1,a@b.c,yes,\n1,a@b.c,,\n1,x@b.c,no,\n",
            "\"mfa\" of 1 is yes on line 2 and no on line 4",
        ),
        (",\u{1b}@b.c,yes,\n,\u{1b}@b.c,no,\n", "\"mfa\" of \\u{1b}@b.c is yes"),
    ] {
        let failure = read(rows).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        let text = failure.to_string();
        assert!(text.contains("could not use the roster ") && text.contains(wanted), "{text}");
        assert!(text.contains("help: Find out which of the two is true"), "{text}");
    }
}

#[test]
fn files_that_are_not_rosters() {
    for (content, parts) in [
        ("", ["it is empty", ""]),
        ("\u{feff}", ["it is empty", ""]),
        (" \r\n\n", ["it is empty", ""]),
        ("email,mfa", ["it has a heading and no rows", ""]),
        ("email,mfa\r\n\r\n", ["it has a heading and no rows", ""]),
        (
            "email,mfa\na@b.c,yes\na@b.c\n",
            [":3: the heading has 2 columns, and this row has 1", ""],
        ),
        (
            "email,mfa\r\na@b.c,yes,no\r\n",
            [":2: the heading has 2 columns, and this row has 3", ""],
        ),
        ("email,mfa\na@b.c,yes\n \n", [":3: the heading has 2 columns", ""]),
    ] {
        let text = refused(content);
        for part in parts {
            assert!(text.contains(part), "{content:?}: {text}");
        }
        assert!(text.contains("could not understand the roster "), "{content:?}: {text}");
        assert!(text.contains("a CSV with a heading and a row for each account"), "{text}");
        assert!(text.len() < 900, "{text}");
    }
    for (bytes, part) in [
        (&b"\0\0"[..], ":1: it is not text, or it is UTF-16 without a byte order mark"),
        (b"email,mfa\na@b.c,yes\n\0\0,\n", ":3: it is not text"),
        (b"e\0m\0,\0m\0f\0a\0\n\0", ":1: it is not text"),
        (b"\xff\xfe\0\0e\0\0\0", ":1: it is not text"),
        (b"\xff\xfee\0m\0\0\xdc", ": it is UTF-16 by its byte order mark, and not valid"),
        (b"\xfe\xff\0e\0m\0", ": it is UTF-16, and ends within a character"),
    ] {
        let text = refused(bytes);
        assert!(text.contains("could not use the roster ") && text.contains(part), "{text}");
        assert!(text.contains("Save it as UTF-8"), "{text}");
    }
    let latin = refused(b"email,Name,mfa\na@b.c,Ren\xe9,yes\n");
    assert!(latin.contains(":2: column 2 is not UTF-8"), "{latin}");
    assert!(latin.contains("as \"CSV UTF-8\" in a spreadsheet"), "it is understood: {latin}");
    let latin = refused(b"email,Pr\xe9nom,mfa\na@b.c,x,yes\n");
    assert!(latin.contains(":1: column 2 is not UTF-8"), "{latin}");
}

#[test]
fn a_quote_that_is_not_closed() {
    // Between the two quotes a member without a second factor would go unseen.
    let text =
        refused("email,Name,mfa\na@b.c,Ada,yes\nb@b.c,\"Bo,yes\nc@b.c,Carl,no\nd@b.c,D\",yes\n");
    assert!(
        text.contains(":3:2: a cell holds a whole row, as where a quote is not closed"),
        "{text}"
    );
    let text = refused("email,mfa,\"Name\na@b.c,no,\"\nb@b.c,yes,Bo\n");
    assert!(text.contains(":1:3: a cell holds a whole row"), "{text}");
    let text = refused("email,mfa\na@b.c,yes\n\"b@b.c,no\n");
    assert!(text.contains(":3: the heading has 2 columns, and this row has 1"), "{text}");
}

#[test]
fn what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none")] {
        let failure = roster::read(&path, &RosterColumns::default(), &[]).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        let text = failure.to_string();
        assert!(
            text.contains(&format!("could not read the roster {}: ", path.display())),
            "{text}"
        );
        assert!(text.contains("Check the path given with --roster."), "{text}");
    }
    let large = tempfile::NamedTempFile::new().unwrap();
    large.as_file().set_len((64 << 20) + 1).unwrap();
    let text = roster::read(large.path(), &RosterColumns::default(), &[]).unwrap_err().to_string();
    assert!(text.contains("it is larger than 64 MiB"), "{text}");
    let text = roster::read(Path::new("no\u{1b}ne"), &RosterColumns::default(), &[]).unwrap_err();
    assert!(!text.to_string().contains('\u{1b}'), "{text}");
}

//! What must hold of everything that mfa-gate makes of foreign bytes, beyond that it does not
//! panic. A fuzz target is a way to get bytes in; the promises that are tested stand here.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::{Arc, LazyLock};

use jiff::civil::{Date, date};
use mfa_gate::emit::{self, Format, console, list};
use mfa_gate::judge::{Judging, evaluate};
use mfa_gate::failure::Failure;
use mfa_gate::member::{AccountStatus, Evidence, Kind, Member, Source, TwoFactor};
use mfa_gate::policy::{self, Document, Exemption, Policy, RosterColumns};
use mfa_gate::read::saved;
use mfa_gate::hosts::BITBUCKET_API;
use mfa_gate::read::file::{self, FileRead, RosterOrigins};
use mfa_gate::read::roster::{self, Roster};
use mfa_gate::reading::{Addresses, Completeness, Coverage, MemberList, Origin, Reading, Selection, Walk};
use mfa_gate::report::{DirectoryRecord, Input, Options, Outcome, Provenance, Report, Snapshot, Verdict};
use mfa_gate::judge::Run;
use serde_json::Value;
use tempfile::NamedTempFile;

const TODAY: Date = date(2026, 9, 1);

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = b"version: 1\nworkspaces: [acme]\nexemptions:\n  - id: EX-1\n    account_id: \
        557058:00000000-0000-4000-8000-000000000002\n    email: bot@acme.example\n    \
        reason: a bot\n    expires: 2026-10-29\n";
    policy::parse("policy.yaml".into(), text).expect("the policy is written right here")
});

static BY_ORGANISATION: LazyLock<Policy> = LazyLock::new(|| {
    let text = b"version: 1\nworkspaces: [acme]\naccept: [atlassian, bitbucket]\n";
    policy::parse("policy.yaml".into(), text).expect("the policy is written right here")
});

/// A file that is filled anew for every input: the entry points take paths, as users do.
pub struct Scratch(NamedTempFile);

impl Default for Scratch {
    fn default() -> Self {
        Scratch(NamedTempFile::new().expect("a temporary file"))
    }
}

impl Scratch {
    fn fill(&mut self, bytes: &[u8]) {
        let file: &mut File = self.0.as_file_mut();
        file.rewind().and_then(|()| file.set_len(0)).expect("an empty file");
        file.write_all(bytes).expect("room for the input");
    }

    /// Reads the bytes as a members file, and holds what comes of them to its promises.
    pub fn members(&mut self, bytes: &[u8]) {
        let only = Selection::Slugs(vec!["acme".into()]);
        for selection in [only, Selection::All] {
            match self.read(bytes, &selection) {
                Ok(read) => {
                    for reading in &read.readings {
                        a_list_is_whole(reading);
                        a_page_is_of_members(bytes, reading);
                    }
                    self.a_snapshot_says_the_same(&read.readings);
                    if let Selection::Slugs(_) = selection {
                        a_verdict_is_earned(&POLICY, read.readings, read.roster);
                    }
                }
                Err(failure) => a_message_is_harmless(&failure),
            }
        }
    }

    /// Reads the bytes as a roster, and holds what comes of them to its promises.
    pub fn roster(&mut self, bytes: &[u8]) {
        let usual = ["true", "yes", "enabled", "on", "1"].map(Box::from).to_vec();
        let named = RosterColumns {
            email: Some("User principal name".into()),
            mfa: Some("MFA registered".into()),
            ..RosterColumns::default()
        };
        let words = RosterColumns {
            enabled: vec!["Capable".into()],
            disabled: vec!["Not Capable".into(), "no".into()],
            ..RosterColumns::default()
        };
        for columns in [RosterColumns::default(), named, words] {
            self.fill(bytes);
            let read = |required: &[Source]| roster::read(self.0.path(), &columns, required);
            let roster = read(&[]);
            assert_eq!(roster, read(&[]), "the same bytes, another roster");
            match &roster {
                Ok(roster) => {
                    a_roster_holds_every_row(roster);
                    let listed = if columns.enabled.is_empty() { &usual } else { &columns.enabled };
                    a_roster_says_only_what_stands_there(bytes, roster, listed);
                    let said = read(&roster.answers);
                    assert_eq!(said.as_ref(), Ok(roster), "it has what it answers");
                }
                Err(failure) => a_message_is_harmless(failure),
            }
            self.every_encoding_reads_the_same(bytes, &columns, roster);
        }
    }

    /// A text is the same roster, or is refused with the same words, in UTF-16.
    fn every_encoding_reads_the_same(
        &mut self,
        bytes: &[u8],
        columns: &RosterColumns,
        expected: Result<Roster, Failure>,
    ) {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if text.starts_with('\u{feff}') {
            return;
        }
        for order in [u16::to_le_bytes, u16::to_be_bytes] {
            let marked = std::iter::once(0xfeff).chain(text.encode_utf16());
            self.fill(&marked.flat_map(order).collect::<Vec<u8>>());
            match (&expected, roster::read(self.0.path(), columns, &[])) {
                (Ok(expected), Ok(found)) => assert_eq!(expected.entries(), found.entries()),
                (Err(expected), Err(found)) => assert_eq!(expected.to_string(), found.to_string()),
                (expected, found) => panic!("{expected:?} in UTF-8, {found:?} in UTF-16"),
            }
        }
    }

    fn read(&mut self, bytes: &[u8], selection: &Selection) -> Result<FileRead, Failure> {
        self.fill(bytes);
        file::read(self.0.path(), selection)
    }

    /// What `members --report json` writes is read as the members that it was written from.
    fn a_snapshot_says_the_same(&mut self, readings: &[Reading]) {
        if readings.is_empty() || readings.iter().any(|reading| reading.members.is_err()) {
            return;
        }
        let accept = [Source::Bitbucket];
        let snapshot = Snapshot::new(now(), Provenance::default(), &accept, readings.to_vec());
        let mut bytes = Vec::new();
        let style = list::Style { evidence: true, width: 80 };
        list::write(list::Format::Json, &snapshot, style, &mut bytes)
            .expect("a vector takes everything");
        let again = self.read(&bytes, &Selection::All).expect("its own output is understood");
        assert_eq!(sorted(&again.readings), sorted(readings));
    }
}

/// An exemption that is added to a policy takes no byte of it away, and removing it leaves the
/// policy that was there.
pub fn a_change_is_no_other(bytes: &[u8]) {
    let Ok(document) = Document::parse("policy.yaml".into(), bytes.to_vec()) else { return };
    let count = document.policy.exemptions.len();
    let all: Vec<usize> = (0..count).collect();
    if let Ok(emptied) = document.without(&all) {
        assert!(emptied.policy.exemptions.is_empty());
    }
    let added = Exemption { id: "ADDED".into(), ..POLICY.exemptions[0].clone() };
    // The list `[]` gives way to entries below its key.
    let Some(changed) = document.with(&added).ok().filter(|_| count > 0) else { return };
    let (old, new) = (document.text.as_bytes(), changed.text.as_bytes());
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    assert!(start + end >= old.len(), "it was not only inserted");
    let ids = |policy: &Policy| -> Vec<_> {
        policy.exemptions.iter().map(|exemption| exemption.id.clone()).collect()
    };
    if let Ok(back) = changed.without(&[count]) {
        assert_eq!(ids(&back.policy), ids(&document.policy));
    }
}

/// Reads the bytes as the pages of an organisation's directory, and holds what comes of them to
/// their promises.
pub fn directory(bytes: &[u8]) {
    let mut members = strangers();
    let known = saved::note_organisation(bytes, &mut members);
    if let Ok(known) = &known {
        members_have_what_the_rows_say(bytes, &members);
        let said = members.iter().filter(|it| known_of(it) != TwoFactor::Unknown).count();
        assert!(said <= *known && *known <= members.len());
    }
    let roll = known.map(|_| MemberList {
        members: members.iter().cloned().map(Arc::new).collect(),
        completeness: Completeness::LastPage,
        addresses: Addresses::AsShown,
        coverage: vec![Coverage::Members],
    });
    let (workspace, walk) = ("acme".into(), Walk::default());
    let reading = Reading { workspace, origin: Origin::Api, walk, members: roll };
    let report = a_verdict_is_earned(&BY_ORGANISATION, vec![reading], RosterOrigins::default());
    if report.verdict == Verdict::Compliant {
        assert!(members.iter().all(|member| known_of(member) == TwoFactor::Enabled));
    }
}

/// Reads the bytes as the pages of a Microsoft Entra tenant: it protects a member only where exactly
/// one of its users has the member's address, is enabled, and can use a second factor.
pub fn entra(bytes: &[u8]) {
    let mut members = strangers();
    if saved::note_tenant(bytes, &mut members).is_err() {
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    let mut pages = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let mut list = || {
        let mut rows: Vec<Value> = Vec::new();
        while let Some(Ok(page)) = pages.next() {
            rows.extend(page["value"].as_array().cloned().unwrap_or_default());
            if page["@odata.nextLink"].is_null() {
                break;
            }
        }
        rows
    };
    let (users, registrations) = (list(), list());
    for member in &members {
        let said = member.evidence.roster.expect("the tenant was asked about every member");
        let Some(email) = member.email.as_deref() else {
            assert_eq!(said, TwoFactor::Unknown);
            continue;
        };
        let names = |user: &Value| user.to_string().to_lowercase().contains(email);
        let mut named = users.iter().filter(|user| names(user));
        if said == TwoFactor::Unknown {
            continue;
        }
        let is_theirs = |user: &Value| {
            user["accountEnabled"] == true
                && registrations.iter().any(|row| {
                    row["id"] == user["id"]
                        && row["isMfaCapable"] == (said == TwoFactor::Enabled)
                })
        };
        assert!(named.any(is_theirs), "{said:?} of {email} by {text}");
    }
}

/// Members whom Bitbucket does not protect: some have an id, the last has nothing but an address.
fn strangers() -> Vec<Member> {
    let member = |number: u32| Member {
        account_id: (number < 3).then(|| format!("712020:{number}").into()),
        uuid: None,
        email: (number == 3).then(|| "bo@acme.example".into()),
        nickname: None,
        display_name: None,
        kind: Kind::User,
        account_status: Some(AccountStatus::Active),
        role: None,
        access: None,
        given_key: None,
        evidence: Evidence { bitbucket: Some(TwoFactor::Disabled), ..Evidence::default() },
    };
    (1..=3).map(member).collect()
}

fn known_of(member: &Member) -> TwoFactor {
    member.evidence.atlassian.expect("the organisation was asked about everybody")
}

/// An organisation says nothing of an account but what a row says that is of this account, managed
/// and active; and it says that. The other fields of a page may have any type.
fn members_have_what_the_rows_say(bytes: &[u8], members: &[Member]) {
    let text = String::from_utf8_lossy(bytes);
    let mut pages = Vec::new();
    for page in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        let Ok(page) = page else { return };
        let next = page["links"]["next"].as_str().is_some_and(|next| !next.is_empty());
        pages.push(page);
        if !next {
            break;
        }
    }
    let rows = || pages.iter().flat_map(|page| page["data"].as_array().into_iter().flatten());
    for member in members {
        let is_about = |row: &&Value| match (&member.account_id, &member.email) {
            (Some(id), _) => row["accountId"].as_str() == Some(id),
            (None, email) => {
                row["email"].as_str().map(str::to_ascii_lowercase).as_deref() == email.as_deref()
            }
        };
        // Neither word has a case that matters.
        let says = |value: &Value, word: &str| {
            value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let counts = |row: &&Value| {
            says(&row["claimStatus"], "managed") && says(&row["accountStatus"], "active")
        };
        let told = |flag: bool| {
            rows().filter(is_about).filter(counts).any(|row| row["mfaEnabled"] == flag)
        };
        let fits = match known_of(member) {
            TwoFactor::Enabled => told(true),
            TwoFactor::Disabled => told(false),
            TwoFactor::Unknown => member.account_id.is_none() || !(told(true) || told(false)),
        };
        assert!(fits, "no row says that {} is {:?}", member.key(), known_of(member));
    }
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

/// Every workspace with its members, in an order that depends on nothing else.
fn sorted(readings: &[Reading]) -> Vec<(&str, Vec<&Arc<Member>>)> {
    let mut lists: Vec<(&str, Vec<&Arc<Member>>)> = readings
        .iter()
        .map(|reading| {
            let roll = reading.members.as_ref().expect("only complete lists are compared");
            let mut members: Vec<&Arc<Member>> = roll.members.iter().collect();
            members.sort_by(|a, b| a.key().cmp(b.key()));
            (&*reading.workspace, members)
        })
        .collect();
    lists.sort_by_key(|(slug, _)| *slug);
    lists
}

/// A complete list has members, none twice and none without a key, and as many as
/// were counted.
fn a_list_is_whole(reading: &Reading) {
    let Ok(roll) = &reading.members else { return };
    assert!(!roll.members.is_empty(), "a complete list without members");
    let mut keys = HashSet::new();
    if roll.members.len() > 1 && roll.completeness != Completeness::Asserted {
        let all_have = |id: fn(&Member) -> bool| roll.members.iter().all(|member| id(member));
        let told_apart = all_have(|member| member.account_id.is_some())
            || all_have(|member| member.uuid.is_some())
            || all_have(|member| member.email.is_some());
        assert!(told_apart, "two members may be one person");
    }
    for member in &roll.members {
        assert!(!member.key().is_empty(), "a member without a name: {member:?}");
        assert!(keys.insert(member.key()), "{} is on the list twice", member.key());
    }
    if roll.completeness == Completeness::Size {
        assert_eq!(reading.walk.reported_size, Some(roll.members.len() as u64));
    }
}

/// No page that counts says that it is of another list, or that it is none.
fn a_page_is_of_members(bytes: &[u8], reading: &Reading) {
    if reading.origin != Origin::SavedPages || reading.members.is_err() {
        return;
    }
    let path = format!("/workspaces/{}/members", reading.workspace);
    let text = String::from_utf8_lossy(bytes);
    let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let documents = documents.map_while(Result::ok).flat_map(|document| match document {
        Value::Array(pages) => pages,
        page => vec![page],
    });
    for page in documents {
        let rows = page["values"].as_array().expect("a page has rows");
        let of_another = |row: &Value| {
            row["workspace"]["slug"].as_str().is_some_and(|slug| *slug != *reading.workspace)
        };
        if rows.iter().any(of_another) {
            continue;
        }
        assert!(page["error"].is_null(), "an error is no page");
        assert!(rows.iter().all(|row| row["permission"].is_null()), "rows of another list");
        for link in [&page["next"], &page["previous"]] {
            assert!(link.is_null() || link.as_str().is_some_and(|it| it.contains(&path)), "{link}");
        }
    }
}

/// A roster has an entry for every row, in order, and answers something; no two rows with
/// one account id contradict each other.
fn a_roster_holds_every_row(roster: &Roster) {
    let entries = roster.entries();
    assert_eq!(roster.rows, entries.len() as u64);
    assert!(!entries.is_empty() && !roster.answers.is_empty());
    assert!(entries.is_sorted_by(|one, next| one.line < next.line), "rows share a line");
    let mut known = HashMap::new();
    for entry in entries {
        let answers = [entry.mfa, entry.sso].into_iter().zip(["mfa", "sso"]);
        for (answer, what) in answers.filter(|(answer, _)| *answer != TwoFactor::Unknown) {
            if let Some(id) = &entry.account_id {
                assert_eq!(*known.entry((id, what)).or_insert(answer), answer, "{entry:?}");
            }
        }
        for key in [&entry.account_id, &entry.email].into_iter().flatten() {
            assert!(!key.is_empty() && key.trim() == &**key, "{entry:?}");
        }
    }
}

/// A roster shows a second factor only where the file has a word for it.
fn a_roster_says_only_what_stands_there(bytes: &[u8], roster: &Roster, words: &[Box<str>]) {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return;
    }
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    if roster.entries().iter().any(|entry| entry.mfa == TwoFactor::Enabled) {
        assert!(words.iter().any(|word| text.contains(&word.to_ascii_lowercase())), "{text:?}");
    }
}

/// A policy calls a reading compliant only where it is complete and everybody is protected
/// or exempt or does not log in; and what it says can be written, read and judged again.
fn a_verdict_is_earned(
    policy: &Policy,
    readings: Vec<Reading>,
    rosters: RosterOrigins,
) -> Report {
    let (options, source) = origins(&readings, rosters);
    let judging = Judging {
        today: TODAY,
        ignore_exemptions: false,
        strict: false,
        roster_as_of: None,
        clock: None,
    };
    let evaluation = evaluate(policy, readings, judging);
    let run = Run { checked_at: now(), today: TODAY, options, source, subject: None };
    let report = Report::new(run, policy, evaluation);
    compliant_means_protected_or_exempt(&report);
    every_format_is_written(&report);
    assert_eq!(report.judged_again().as_ref(), Ok(&report), "judged again it is something else");
    report
}

/// What a run that read these would say of its options and sources.
fn origins(readings: &[Reading], rosters: RosterOrigins) -> (Options, Provenance) {
    let members = readings.iter().any(|reading| reading.origin != Origin::Api);
    let RosterOrigins { export: roster, entra } = rosters;
    let mut source = Provenance { roster, entra, ..Provenance::default() };
    if members {
        source.inputs.push(Input { path: "members.json".into(), sha256: "0".repeat(64) });
    } else {
        source.api_url = Some(BITBUCKET_API.into());
        source.atlassian = Some(DirectoryRecord {
            api_url: "https://api.atlassian.com/".into(),
            organisation: "an-organisation".into(),
            accounts: None,
            requests: 1,
        });
    }
    (Options { today: true, members, ..Options::default() }, source)
}

/// A compliant report is a complete one, in which no member lacks a second factor that is needed.
pub fn compliant_means_protected_or_exempt(report: &Report) {
    if report.verdict != Verdict::Compliant {
        return;
    }
    assert!(report.complete && !report.workspaces.is_empty());
    assert_eq!(report.exit_code, 0);
    for judged in &report.members {
        assert_ne!(judged.outcome, Outcome::Violation, "{judged:?}");
    }
}

/// No format fails on what a report holds, and the JSON form can be read back as it was.
pub fn every_format_is_written(report: &Report) {
    for format in Format::ALL {
        let mut bytes = Vec::new();
        let options = emit::Options { sarif_suppressed: true };
        let written = emit::write(format, report, options, &mut bytes);
        if format == Format::InToto && written.is_err() {
            // Not every report is about a commit, or complete.
            continue;
        }
        written.expect("a vector takes everything");
        let text = String::from_utf8(bytes).expect("every format is UTF-8");
        assert!(!text.contains('\u{1b}'), "{} holds an escape character", format.id());
        match format {
            Format::Json => {
                let again: Report = serde_json::from_str(&text).expect("its own JSON is read");
                assert_eq!(&again, report);
            }
            Format::Sarif | Format::InToto => {
                serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON");
            }
            Format::Html => {
                assert_eq!(text.matches("<script").count(), 1, "a script of the members");
            }
            Format::Junit | Format::Csv | Format::Markdown | Format::Github => {}
        }
    }
    let style = console::Style::default();
    let mut bytes = Vec::new();
    console::write(report, &mut bytes, style).expect("a vector takes everything");
    assert!(!bytes.contains(&0x1b), "the console shows an escape character");
}

/// A message about foreign bytes has something to say, and nothing in it that a terminal would
/// take for a command.
pub fn a_message_is_harmless(failure: &Failure) {
    let text = failure.to_string();
    assert!(!text.trim().is_empty());
    let harmful = |character: &char| character.is_control() && *character != '\n';
    assert_eq!(text.chars().find(harmful), None, "{text:?}");
}

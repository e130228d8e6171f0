//! What holds for every policy, and for everything that is none.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

use mfa_gate::failure::Failure;
use mfa_gate::location::Location;
use mfa_gate::policy::{MemberId, Policy, Selector, parse};
use proptest::prelude::*;

/// The text of a location, found without the help of the code that made it.
fn text_at<'t>(text: &'t str, place: &Location) -> &'t str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = |line: u32, column: u32| {
        let start: usize =
            text.split_inclusive('\n').take(line as usize - 1).map(|line| line.len()).sum();
        let rest = &text[start..];
        let column = column as usize - 1;
        start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at)
    };
    &text[offset(place.line, place.column)..offset(place.end_line, place.end_column)]
}

/// How a text is written in YAML.
#[derive(Clone, Copy, Debug)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
    Folded,
}

impl Style {
    /// A value, and the text that it ends with.
    fn write(self, text: &str, indent: &str) -> (String, String) {
        match self {
            Style::Plain => (text.to_owned(), text.to_owned()),
            Style::Single => (format!("'{text}'"), format!("{text}'")),
            Style::Double => (format!("\"{text}\""), format!("{text}\"")),
            Style::Literal => (format!("|\n{indent}  {text}\n\n"), text.to_owned()),
            Style::Folded => (format!(">\n{indent}  {text}\n\n\n"), text.to_owned()),
        }
    }
}

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![
        Just(Style::Plain),
        Just(Style::Single),
        Just(Style::Double),
        Just(Style::Literal),
        Just(Style::Folded),
    ]
}

/// An exemption as it is to be read, and how it is to be written.
#[derive(Clone, Debug)]
struct Entry {
    account_id: Option<String>,
    reason: String,
    owner: Option<String>,
    expires: String,
    controls: Vec<String>,
    style: Style,
    flow: bool,
    rotation: usize,
    comment: bool,
}

/// Text that is plain text in every style.
const WORDS: &str = "[a-zäöß漢😀]{3,8}( [a-z漢]{1,8}){0,3}";

fn entry() -> impl Strategy<Value = Entry> {
    (
        proptest::option::of("[0-9]{6}:[a-f0-9]{8}-[a-f0-9]{4}"),
        WORDS,
        proptest::option::of(WORDS),
        (2020..2040, 1..=12, 1..=28).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")),
        proptest::collection::vec(WORDS, 1..3),
        style(),
        any::<bool>(),
        0..6usize,
        any::<bool>(),
    )
        .prop_map(
            |(account_id, reason, owner, expires, controls, style, flow, rotation, comment)| {
                Entry {
                    account_id,
                    reason,
                    owner,
                    expires,
                    controls,
                    style,
                    flow,
                    rotation,
                    comment,
                }
            },
        )
        .prop_filter("words that YAML takes for something else", |entry| {
            let texts = [Some(&entry.reason), entry.owner.as_ref()];
            let mut texts = texts.into_iter().flatten().chain(&entry.controls);
            !texts.any(|text| ["true", "false", "null"].contains(&text.as_str()))
        })
}

impl Entry {
    fn id(number: usize) -> String {
        format!("EX-{number}")
    }

    fn email(number: usize) -> String {
        format!("bot{number}@acme.example")
    }

    /// The entry, its first key, and the text that its last value ends with.
    fn write(&self, number: usize) -> (String, &'static str, String) {
        let style = if self.flow { Style::Double } else { self.style };
        let mut fields = vec![
            ("id", Self::id(number), Self::id(number)),
            ("email", Self::email(number), Self::email(number)),
            ("expires", self.expires.clone(), self.expires.clone()),
        ];
        let (reason, end) = style.write(&self.reason, "    ");
        fields.push(("reason", reason, end));
        if let Some(id) = &self.account_id {
            fields.push(("account_id", format!("'{id}'"), format!("{id}'")));
        }
        if let Some(owner) = &self.owner {
            let (owner, end) = Style::Single.write(owner, "    ");
            fields.push(("owner", owner, end));
        }
        let last = self.controls.last().unwrap();
        if self.flow {
            let controls = format!("[{}]", self.controls.join(", "));
            fields.push(("compensating_controls", controls, format!("{last}]")));
        } else {
            let items: String =
                self.controls.iter().map(|control| format!("\n      - {control}")).collect();
            fields.push(("compensating_controls", items, last.clone()));
        }
        let rotation = self.rotation % fields.len();
        fields.rotate_left(rotation);
        let first = fields[0].0;
        let end = fields.last().unwrap().2.clone();
        let comment = if self.comment { "    # a comment\n\n" } else { "" };
        let text = if self.flow {
            let pairs: Vec<_> =
                fields.iter().map(|(key, value, _)| format!("{key}: {value}")).collect();
            format!("  - {{{}}}\n{comment}", pairs.join(",\n     "))
        } else {
            let pairs: Vec<_> =
                fields.iter().map(|(key, value, _)| format!("{key}: {value}")).collect();
            let pairs: Vec<_> = pairs.iter().map(|pair| pair.trim_end_matches('\n')).collect();
            let tail = if self.comment { " # x" } else { "" };
            let tail = if matches!(self.style, Style::Literal | Style::Folded) { "" } else { tail };
            format!("  - {}{tail}\n\n{comment}", pairs.join("\n    "))
        };
        (text, first, end)
    }
}

/// A policy, and of each exemption its first key and the end of its last value.
fn written(entries: &[Entry]) -> (String, Vec<(&'static str, String)>) {
    let mut text = "version: 1\nworkspaces: [acme]  # ünï\nexemptions:\n".to_owned();
    let mut ends = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let (entry, first, end) = entry.write(number);
        text.push_str(&entry);
        ends.push((first, end));
    }
    if entries.is_empty() {
        text.push_str("  []\n");
    }
    text.push_str("limits:\n  warn_before_days: 3\n");
    (text, ends)
}

fn read(text: &str) -> Policy {
    parse("policy.yaml".into(), text.as_bytes())
        .unwrap_or_else(|failure| panic!("{failure}\n{text}"))
}

/// Whatever comes, it is a policy or a message.
fn judged(bytes: &[u8]) -> Result<(), TestCaseError> {
    match parse("policy.yaml".into(), bytes) {
        Ok(_) => Ok(()),
        Err(Failure::Rendered { message, .. }) => {
            prop_assert!(message.starts_with("error: "), "{message:?}");
            prop_assert!(message.contains(" --> policy.yaml:"), "{message:?}");
            prop_assert!(message.contains("= help: "), "{message:?}");
            prop_assert!(!message.contains(|c: char| c.is_control() && c != '\n'), "{message:?}");
            Ok(())
        }
        Err(other) => Err(TestCaseError::fail(format!("{other:?}"))),
    }
}

/// Pieces that YAML or the policy cares about.
const PIECES: [&str; 34] = [
    ":",
    " ",
    "\n",
    "\r\n",
    "\t",
    "- ",
    "? ",
    "|",
    ">-",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    "\"",
    "#",
    "&a ",
    "*a",
    "!!str ",
    "<<: ",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "~",
    "\u{feff}",
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "é",
    "expires",
    "2026-02-30",
    "version: 1\n",
    "  ",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        judged(&bytes)?;
    }

    #[test]
    fn arbitrary_pieces_do_not_panic(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40),
    ) {
        judged(pieces.concat().as_bytes())?;
    }

    #[test]
    fn mutated_policies_do_not_panic(
        entries in proptest::collection::vec(entry(), 0..4),
        edits in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0..6usize, proptest::sample::select(&PIECES[..])),
            1..6,
        ),
    ) {
        let mut bytes = written(&entries).0.into_bytes();
        for (at, removed, inserted) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, inserted.bytes());
        }
        judged(&bytes)?;
    }

    #[test]
    fn what_is_written_is_read(entries in proptest::collection::vec(entry(), 0..4)) {
        let (text, _) = written(&entries);
        let policy = read(&text);
        prop_assert_eq!(policy.exemptions.len(), entries.len());
        for (number, (exemption, entry)) in policy.exemptions.iter().zip(&entries).enumerate() {
            prop_assert_eq!(&*exemption.id, Entry::id(number));
            let email: Box<str> = Entry::email(number).into();
            let selector = match &entry.account_id {
                Some(id) => Selector::Id {
                    id: MemberId::AccountId(id.as_str().into()),
                    email: Some(email),
                },
                None => Selector::Email(email),
            };
            prop_assert_eq!(&exemption.selector, &selector);
            prop_assert_eq!(&*exemption.reason, &entry.reason);
            prop_assert_eq!(exemption.owner.as_deref(), entry.owner.as_deref());
            prop_assert_eq!(exemption.expires.to_string(), entry.expires.as_str());
            let controls: Vec<_> = exemption.compensating_controls.iter().map(|c| &**c).collect();
            prop_assert_eq!(controls, entry.controls.iter().map(|c| &**c).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_text_at_a_location_is_the_entry(entries in proptest::collection::vec(entry(), 1..4)) {
        let (text, ends) = written(&entries);
        let policy = read(&text);
        let found: Vec<_> = policy.exemptions.iter().map(|e| text_at(&text, &e.location)).collect();
        for (found, (first, end)) in found.iter().zip(&ends) {
            prop_assert!(found.starts_with(&format!("{first}:")), "{found:?}");
            prop_assert!(found.ends_with(end.as_str()), "{found:?} {end:?}");
        }
        prop_assert_eq!(text_at(&text, &policy.workspaces[0].location), "acme");

        let other = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let other_policy = read(&other);
        prop_assert_eq!(text_at(&other, &other_policy.workspaces[0].location), "acme");
        for (exemption, found) in other_policy.exemptions.iter().zip(&found) {
            let again = text_at(&other, &exemption.location);
            prop_assert_eq!(again.replace("\r\n", "\n"), *found);
        }
        let places = |policy: &Policy| -> Vec<_> {
            policy.exemptions.iter().map(|exemption| exemption.location.clone()).collect()
        };
        prop_assert_eq!(places(&other_policy), places(&policy));
    }
}

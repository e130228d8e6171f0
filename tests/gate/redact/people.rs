//! People whose names, ids and addresses are easily told from anything else, and the search for
//! them in whatever a run says.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Outcome, Sandbox};

/// In every name and address.
const NAME: &str = "qzx";
/// In every id.
const ID: &str = "0bad5eed";

pub(super) const KEY: (&str, &str) = ("MFA_GATE_REDACT_KEY", "a-key-of-32-bytes-for-tests-only");

/// Names that are odd in some way. Only the first can be part of another word.
pub(super) const ODD: [&str; 8] = [
    "Al",
    "Zoë Ångström-Qzx",
    "李雷玉",
    "=HYPERLINK(\"//qzx\")",
    "Eve\n::error::qzx\u{1b}[2J\u{202e}<b>[x](y)]]>&amp;",
    "O'Qzx \"Quote\" \\ back",
    "QZX",
    "\u{1f984}\u{1f984}\u{1f984}",
];

pub(super) fn account_id(number: usize) -> String {
    format!("557058:{ID}-0000-4000-8000-{number:012}")
}

pub(super) fn uuid(number: usize) -> String {
    format!("{{{ID}-1111-4000-8000-{number:012}}}")
}

pub(super) fn email(number: usize) -> String {
    format!("Qzx.{number}@qzx.example")
}

pub(super) fn name(number: usize) -> String {
    ODD.get(number).map_or_else(|| format!("Ada{number} Qzxlace"), |odd| (*odd).to_owned())
}

fn nickname(number: usize) -> String {
    format!("nick-qzx-{number}")
}

/// A row of the members endpoint; some show no address.
pub(super) fn row(number: usize, flag: bool) -> Value {
    let mut user = json!({
        "type": "user",
        "account_id": account_id(number),
        "uuid": uuid(number),
        "nickname": nickname(number),
        "display_name": name(number),
        "account_status": "active",
        "has_2fa_enabled": flag,
    });
    if !number.is_multiple_of(3) {
        user["email"] = json!(email(number));
    }
    json!({"type": "workspace_membership", "user": user})
}

/// The first digits of what anybody could make of the originals and compare.
static DIGESTS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let originals = (0..1000).flat_map(|number| {
        let (uuid, email) = (uuid(number), email(number).to_lowercase());
        let bare = uuid.trim_matches(['{', '}']).to_owned();
        [account_id(number), uuid, bare, email, name(number), nickname(number)]
    });
    let rules = ["two-factor-disabled", "two-factor-unknown"];
    let fingerprinted = (0..1000)
        .flat_map(|number| rules.map(|rule| format!("{rule}\0acme\0{}\0", account_id(number))));
    originals.chain(fingerprinted).map(|text| hex(&Sha256::digest(text))[..16].to_owned()).collect()
});

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text with the escapes of JSON, addresses and XML undone, as far as they spell ASCII.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let written = [("%", 2, ""), ("\\u", 4, ""), ("\\u{", 2, "}"), ("&#x", 2, ";")];
        let found = written.iter().find_map(|(start, digits, end)| {
            let after = rest.strip_prefix(start)?;
            let code = u8::from_str_radix(after.get(..*digits)?, 16).ok()?;
            Some((char::from(code), after.get(*digits..)?.strip_prefix(end)?))
        });
        let (c, after) = found.unwrap_or((next, &rest[next.len_utf8()..]));
        plain.push(c);
        rest = after;
    }
    plain
}

/// Somebody's name, id or address in a text, or a digest of one, with what stands around it.
fn somebody(text: &str) -> Option<String> {
    let hidden = [NAME, ID, &hex(NAME.as_bytes()), "ångström", "李雷", "hyperlink", "🦄"];
    [text.to_owned(), unescaped(text)].iter().find_map(|text| {
        let lower = text.to_lowercase();
        let at = hidden.iter().find_map(|original| lower.find(original));
        let around = at.map(|at| {
            let from = (0..=at.saturating_sub(90)).rev().find(|&at| lower.is_char_boundary(at));
            lower[from.unwrap()..].chars().take(180).collect()
        });
        let mut words = lower.split(|c: char| !c.is_alphanumeric());
        let is_digest =
            |word: &str| word.len() >= 16 && word.is_ascii() && DIGESTS.contains(&word[..16]);
        around.or_else(|| words.find(|word| *word == "al" || is_digest(word)).map(str::to_owned))
    })
}

/// Checks that a text holds nobody's name, id or address, nor a digest of one.
pub(super) fn names_nobody(what: &str, text: &str) {
    assert_eq!(somebody(text), None, "in {what}");
}

/// Checks what a run said, and every file of its folder that it wrote.
pub(super) fn leaves_no_name(outcome: &Outcome, sandbox: &Sandbox, written: &[&str]) {
    names_nobody("stdout", &outcome.stdout);
    names_nobody("stderr", &outcome.stderr);
    for name in written {
        if sandbox.path(name).exists() {
            names_nobody(name, &sandbox.read(name));
        }
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let digest = hex(&Sha256::digest(account_id(7)));
    for text in [
        "a QZX b",
        "%71zx",
        "\\u0071zx",
        "\\u{71}ZX",
        "&#x71;zx",
        "by Al.",
        "\u{e5}ngstr\u{f6}m",
        &account_id(1)[7..],
        &digest,
        &digest[..16],
    ] {
        assert!(somebody(text).is_some(), "{text}");
    }
    names_nobody("", "also person-0123456789abcdef");
}

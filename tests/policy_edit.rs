//! Policies that are changed: an exemption more or some fewer, and every other byte as it was.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, which is what it is for"
)]

use mfa_gate::location::Location;
use mfa_gate::policy::{Document, EditError, Exemption, MemberId, Policy, Selector};

fn document(text: &str) -> Document {
    Document::parse("policy.yaml".into(), text.into())
        .unwrap_or_else(|failure| panic!("{failure}\n{text}"))
}

/// An exemption of nobody else.
fn exemption(id: &str) -> Exemption {
    Exemption {
        id: id.into(),
        selector: Selector::Id {
            id: MemberId::AccountId(format!("557058:new-{id}").into()),
            email: None,
        },
        name: None,
        category: None,
        reason: "why".into(),
        compensating_controls: Vec::new(),
        owner: None,
        approved_by: None,
        ticket: None,
        starts: None,
        expires: "2026-10-29".parse().unwrap(),
        workspaces: Vec::new(),
        location: Location::start_of("policy.yaml".into()),
    }
}

/// The exemptions of a policy without their places.
fn exemptions(policy: &Policy) -> Vec<Exemption> {
    let blank = |own: &Exemption| Exemption {
        location: Location::start_of("policy.yaml".into()),
        ..own.clone()
    };
    policy.exemptions.iter().map(blank).collect()
}

/// What is added to a text, as it is shown in these tests.
const NEW: &str =
    "id: EX-9\u{2}account_id: \"557058:new-EX-9\"\u{2}reason: \"why\"\u{2}expires: 2026-10-29";

/// The example entry, each key after the first one `indent` columns from the left.
fn block(indent: usize) -> String {
    NEW.replace('\u{2}', &format!("\n{:indent$}", ""))
}

fn flow() -> String {
    format!("{{{}}}", NEW.replace('\u{2}', ", "))
}

/// Checks that an exemption is added as `expected` shows it, and that removing it gives the text
/// back; `⟨` and `⟩` enclose what is added in the expected text.
fn adds(expected: &str) {
    let text: String = {
        let (before, rest) = expected.split_once('⟨').unwrap();
        let (_, after) = rest.split_once('⟩').unwrap();
        before.to_owned() + after
    };
    let expected = expected.replace(['⟨', '⟩'], "");
    let before = document(&text);
    let added = before.with(&exemption("EX-9")).unwrap_or_else(|r| panic!("{r:?}\n{text}"));
    assert_eq!(added.text, expected);
    let position = before.policy.exemptions.len();
    assert_eq!(exemptions(&added.policy).last(), Some(&exemption("EX-9")));
    let removed = added.without(&[position]).unwrap_or_else(|r| panic!("{r:?}\n{expected}"));
    assert_eq!(removed.text, text);
}

const HEAD: &str = "version: 1\nworkspaces: [acme]\n";
const A: &str = "{id: A, email: a@acme.example, reason: a, expires: 2026-10-29}";
const B: &str = "{id: B, email: b@acme.example, reason: b, expires: 2026-10-29}";

#[test]
fn an_entry_follows_the_indentation_of_the_last_one() {
    let entry = "id: A\n    email: a@acme.example\n    reason: a\n    expires: 2026-10-29";
    for (indent, keys) in [(0, 2), (0, 4), (1, 3), (2, 4), (2, 7), (4, 8)] {
        let gap = keys - indent;
        let entry = entry.replace("\n    ", &format!("\n{:keys$}", ""));
        let new = block(keys);
        adds(&format!(
            "{HEAD}exemptions:\n{:indent$}{:gap$}{entry}  # x\n⟨{:indent$}{:gap$}{new}\n⟩\n\nlimits: {{}}\n",
            "", "-", "", "-"
        ));
    }
}

#[test]
fn comments_stay_where_they_are() {
    let (new, a) = (block(4), A);
    adds(&format!(
        "{HEAD}exemptions: # all\n  # above\n  - {a} # beside\n    # within\n⟨  - {new}\n⟩  # below\n# end\n"
    ));
    adds(&format!("{HEAD}exemptions:\n  - {a}\n⟨  - {new}\n⟩\n    # after a blank line\n"));
    adds(&format!("{HEAD}exemptions:\n  - {a}\n⟨  - {new}\n⟩   # left of its keys\n"));
    // What is right of the new keys stays with the last entry, or it would leave with the new one.
    adds(&format!("{HEAD}exemptions:\n  -    {a}\n     # left of its keys\n⟨  - {new}\n⟩"));
}

#[test]
fn the_ends_of_a_file_stay_what_they_are() {
    let new = block(4);
    adds(&format!("{HEAD}exemptions:\n  - {A}⟨\n  - {new}⟩"));
    adds(&format!("{HEAD}exemptions:\n  - {A} # c⟨\n  - {new}⟩"));
    adds(&format!("---\n{HEAD}exemptions:\n  - {A}\n⟨  - {new}\n⟩...\n# c\n"));
    let text = format!("\u{feff}{HEAD}exemptions:\n  - {A}\n⟨  - {new}\n⟩limits: {{}}\n");
    adds(&text.replace('\n', "\r\n"));
    adds(&text);
}

#[test]
fn block_scalars_end_where_they_end() {
    let new = block(4);
    for reason in ["|\n      why\n      # no comment", ">-\n      why\n\n      not", "|+\n      w"]
    {
        let entry = format!("{{id}}    reason: {reason}\n");
        let entry =
            entry.replace("{id}", "- id: A\n    email: a@acme.example\n    expires: 2026-10-29\n");
        adds(&format!("{HEAD}exemptions:\n  {entry}⟨  - {new}\n⟩\n\n# c\n"));
    }
}

#[test]
fn brackets_get_brackets() {
    let new = flow();
    for text in [
        format!("exemptions: [{A}⟨, {new}⟩]\n"),
        format!("exemptions: [ {A}⟨, {new}⟩ ] # c\n"),
        format!("exemptions: [{A},⟨ {new},⟩]\n"),
        format!("exemptions: [{A},⟨ {new},⟩ ]\n"),
        format!("exemptions: [{A}, {B}⟨, {new}⟩]\n"),
        format!("exemptions: [\n  {A}⟨,\n  {new}⟩\n  ]\n"),
        format!("exemptions: [\n  {A},\n  {B},⟨\n  {new},⟩\n  ]\n"),
        format!("exemptions: [\n  {A}, # a\n  {B}, # b⟨\n  {new},⟩\n  # c\n  ]\n"),
        format!("exemptions: [\n  {A}, # a\n  {B} # b⟨\n  , {new}⟩\n  # c\n  ]\n"),
        format!("exemptions: [\n  {A},\n  {B}⟨, {new}⟩]\n"),
        format!("exemptions: [⟨{new}⟩ # none\n  ]\n"),
        format!("exemptions:\n  [⟨{new}⟩]\n"),
    ] {
        adds(&format!("{HEAD}{text}"));
        adds(&format!("{HEAD}{text}").replace('\n', "\r\n"));
    }
}

#[test]
fn one_mapping_in_braces_may_be_json() {
    let json = "{\"id\": \"EX-9\", \"account_id\": \"557058:new-EX-9\", \"reason\": \"why\", \
                \"expires\": \"2026-10-29\"}";
    adds(&format!("{{\"version\": 1, \"workspaces\": [\"acme\"], \"exemptions\": [⟨{json}⟩]}}"));
    adds(&format!("{{\n  \"version\": 1,\n  \"exemptions\": [⟨{json}⟩]\n}}\n"));
    let new = flow();
    adds(&format!("{{version: 1, exemptions: [{A}⟨, {new}⟩], workspaces: [acme]}}\n"));
    let text = "{\"version\": 1,\n \"workspaces\": [\"acme\"]\n}\n";
    let added = document(text).with(&exemption("EX-9")).unwrap();
    let expected =
        format!("{{\"version\": 1,\n \"workspaces\": [\"acme\"],\n \"exemptions\": [{json}]\n}}\n");
    assert_eq!(added.text, expected);
    assert!(serde_json::from_str::<serde_json::Value>(&added.text).is_ok());
}

#[test]
fn an_empty_list_gives_way_to_entries_below_its_key() {
    for (comment, rest) in [("", ""), (" # none yet", "\nlimits: {}\n"), ("", "# end")] {
        let text = format!("{HEAD}exemptions: []{comment}\n{rest}");
        let added = document(&text).with(&exemption("EX-9")).unwrap();
        let new = block(4);
        assert_eq!(added.text, format!("{HEAD}exemptions:{comment}\n  - {new}\n{rest}"));
        assert_eq!(added.without(&[0]).unwrap().text, text);
    }
    let open = document(&format!("{HEAD}exemptions: []")).with(&exemption("EX-9")).unwrap();
    assert_eq!(open.text, format!("{HEAD}exemptions:\n  - {}", block(4)));
    assert_eq!(open.without(&[0]).unwrap().text, format!("{HEAD}exemptions: []"));
}

#[test]
fn a_missing_key_is_added_at_the_end() {
    for (text, newline, rest) in [
        (HEAD, "", ""),
        ("version: 1\nworkspaces: [acme]", "\n", ""),
        ("version: 1\n# accept: []\n", "", ""),
        ("---\nversion: 1\n\n", "", "...\n# c\n"),
    ] {
        let added = document(&format!("{text}{rest}")).with(&exemption("EX-9")).unwrap();
        let end = if newline.is_empty() { "\n" } else { "" };
        let new = block(4);
        assert_eq!(added.text, format!("{text}{newline}exemptions:\n  - {new}{end}{rest}"));
        let emptied = added.without(&[0]).unwrap();
        assert_eq!(emptied.policy.exemptions.len(), 0);
        assert!(emptied.text.contains("exemptions: []"), "{}", emptied.text);
    }
    let indented = document("  version: 1\n").with(&exemption("EX-9")).unwrap();
    let expected = format!("  version: 1\n  exemptions:\n    - {}\n", block(6));
    assert_eq!(indented.text, expected);
}

#[test]
fn removed_entries_take_their_own_comments_along_and_no_others() {
    let text = format!(
        "{HEAD}exemptions: # all\n  # above A\n  - {A} # beside A\n    # within A\n  # above B\n  \
         - {B}\n  # below\n"
    );
    let both = document(&text);
    let rest = format!("{HEAD}exemptions: # all\n  # above A\n  # above B\n  - {B}\n  # below\n");
    assert_eq!(both.without(&[0]).unwrap().text, rest);
    let none = format!("{HEAD}exemptions: [] # all\n  # above A\n  # above B\n  # below\n");
    assert_eq!(both.without(&[0, 1]).unwrap().text, none);

    for (above, dash) in [
        ("\n    # above B", "  -"),
        ("  # above B", "  -"),
        ("\n  # above B", "-"),
        (" # above B", "-"),
    ] {
        let rest = format!("{above}\n{dash} {B}\n");
        let both = document(&format!("{HEAD}exemptions:\n{dash} {A}\n{rest}"));
        let rest = format!("{HEAD}exemptions:\n{rest}");
        assert_eq!(both.without(&[0]).unwrap().text, rest);
    }

    let text = format!(
        "{HEAD}exemptions: [\n  # above A\n  {A}, # beside A\n  # above B\n  {B} # beside B\n  ]\n"
    );
    let both = document(&text);
    let rest = format!("{HEAD}exemptions: [\n  # above A\n  # above B\n  {B} # beside B\n  ]\n");
    assert_eq!(both.without(&[0]).unwrap().text, rest);
    let rest = format!("{HEAD}exemptions: [\n  # above A\n  {A} # beside A\n  # above B\n  ]\n");
    assert_eq!(both.without(&[1]).unwrap().text, rest);
    let none = format!("{HEAD}exemptions: [\n  # above A\n  # above B\n  ]\n");
    assert_eq!(both.without(&[0, 1]).unwrap().text, none);
}

#[test]
fn what_cannot_be_cut_apart_is_refused() {
    for text in [
        format!("? version\n: 1\n? exemptions\n: - {A}\n  - {B}\n"),
        format!("version: 1\nexemptions: [{A}, # a\n  {B}]\n")
            .replace("[{", "[{")
            .replace("# a", "#a"),
    ] {
        let both = document(&text);
        match both.without(&[0]) {
            Err(refusal) => assert_eq!(refusal, EditError::Unusual, "{text}"),
            Ok(changed) => assert_eq!(exemptions(&changed.policy).len(), 1, "{text}"),
        }
    }
    let explicit = document(&format!("? version\n: 1\n? exemptions\n: - {A}\n  - {B}\n"));
    assert_eq!(explicit.without(&[0]).unwrap_err(), EditError::Unusual);
}

#[test]
fn what_would_be_no_policy_is_refused() {
    let text = format!("{HEAD}exemptions:\n  - {A}\n");
    let refusals = [
        ("duplicate id", exemption("A")),
        (
            "exempt the same member",
            Exemption { selector: Selector::Email("a@acme.example".into()), ..exemption("C") },
        ),
        (
            "is not one of the policy's workspaces",
            Exemption { workspaces: vec!["beta".into()], ..exemption("C") },
        ),
        ("control character U+001B", Exemption { reason: "\u{1b}[2J".into(), ..exemption("C") }),
    ];
    for (problem, exemption) in refusals {
        match document(&text).with(&exemption) {
            Err(EditError::Invalid(problems)) => assert!(problems.contains(problem), "{problems}"),
            other => panic!("{other:?}"),
        }
    }
}

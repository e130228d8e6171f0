//! What the help of each problem says: the mistake is blamed on the place where it is, and nothing
//! that was meant is lost.

#![expect(clippy::panic, reason = "a test that panics has failed, which is what it is for")]

use mfa_gate::failure::Failure;
use mfa_gate::policy::{Policy, parse};
use proptest::prelude::*;

fn refused(text: &str) -> String {
    match parse("policy.yaml".into(), text.as_bytes()) {
        Err(Failure::Rendered { message, .. }) => message,
        other => panic!("{text}: {other:?}"),
    }
}

/// The place, message and help of each problem, on one line each.
fn problems(text: &str) -> Vec<String> {
    let rendered = refused(text);
    let blocks = rendered.split("\n\n").filter(|block| block.contains("--> "));
    let one = |block: &str| {
        let part = |start: &str| {
            let line = block.lines().find_map(|line| line.trim().strip_prefix(start));
            line.unwrap_or_default().to_owned()
        };
        let place = part("--> policy.yaml:");
        format!("{place} {} => {}", part("error: "), part("= help: "))
    };
    blocks.map(one).collect()
}

/// Checks that each text has one problem, and that it is the one that is named.
fn have_one_problem_each(cases: &[(String, &str)]) {
    let mut wrong = String::new();
    for (text, expected) in cases {
        let found = problems(text);
        if found != [*expected] {
            wrong += &format!("{text}\n  expected {expected}\n  found    {found:#?}\n\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn top(line: &str) -> String {
    format!("version: 1\n{line}\n")
}

fn limits(line: &str) -> String {
    format!("version: 1\nlimits:\n  {line}\n")
}

/// A policy with one exemption and a line more in it, the seventh.
fn with(line: &str) -> String {
    format!(
        "version: 1\nexemptions:\n  - id: EX-1\n    email: a@acme.example\n    reason: why\n    \
         expires: 2026-10-29\n    {line}\n"
    )
}

#[test]
fn lists_keep_every_entry() {
    let sources = "`bitbucket`, `atlassian`, `roster`, `sso`";
    let unclear = format!(
        "2:9 `accept` must be a list, not true or false => write one or more of {sources} in \
         brackets, as in `accept: [bitbucket]`"
    );
    let both = "2:9 `accept` must be a list, not text => write `accept: [bitbucket, sso]`";
    let two = "2:13 `workspaces` must be a list, not text => write `workspaces: [a, b]`";
    let alone = "=> write each as a separate entry: `bitbucket`, `sso`";
    have_one_problem_each(&[
        (top("accept: bitbucket, sso"), both),
        (top("accept: bitbucket sso"), both),
        (top("accept: Bitbucket; SSO"), both),
        (top("accept: \"[bitbucket, sso]\""), both),
        (top("accept: bitbucket, sso]"), both),
        (
            top("coverage: repositories"),
            "2:11 `coverage` must be a list, not text => write `coverage: [members, repositories]`",
        ),
        (top("accept: true"), &unclear),
        (
            top("accept: {bitbucket, sso}"),
            "2:9 `accept` must be a list, not a mapping => write `accept: [bitbucket, sso]`",
        ),
        (top("accept: [bitbucket sso]"), &format!("2:10 unknown source `bitbucket sso` {alone}")),
        (top("accept: [bitbucket; sso]"), &format!("2:10 unknown source `bitbucket; sso` {alone}")),
        (top("workspaces: a, b"), two),
        (top("workspaces: a,b"), two),
        (
            top("workspaces: 7"),
            "2:13 `workspaces` must be a list, not a number => write `workspaces: [\"7\"]`",
        ),
        (
            top("workspaces: [a b]"),
            "2:14 `a b` is not a workspace slug => write each workspace as a separate entry: `a`, \
             `b`",
        ),
        (
            top("workspaces: [[a, b], c]"),
            "2:14 an entry of `workspaces` must be text, not a list => write each as a separate \
             entry: `a`, `b`",
        ),
        (
            top("workspaces: [https://bitbucket.org/acme/shop]"),
            "2:14 `https://bitbucket.org/acme/shop` is not a workspace slug => write `acme`: a \
             slug is the first part of bitbucket.org/SLUG/REPOSITORY",
        ),
        (
            limits("require: owner, ticket"),
            "3:12 `require` must be a list, not text => write `require: [owner, ticket]`",
        ),
        (
            top("limits: {require: owner, ticket}"),
            "2:19 `require` must be a list, not text => write `require: [owner, ticket]`",
        ),
        (
            with("workspaces: a, b"),
            "7:17 `workspaces` must be a list, not text => write `workspaces: [a, b]`",
        ),
        (
            with("compensating_controls: IP allowlist, VPN"),
            "7:28 `compensating_controls` must be a list, not text => write \
             `compensating_controls: [\"IP allowlist, VPN\"]`",
        ),
        (
            with("compensating_controls: [VPN: always]"),
            "7:29 an entry of `compensating_controls` must be text, not a mapping => quote it: \
             `\"VPN: always\"`",
        ),
        (
            top("rules:\n  - exemption-unused: deny"),
            "3:3 `rules` must be a mapping, not a list => write keys and values, as in \
             `rules: {exemption-unused: warn}`",
        ),
    ]);
}

#[test]
fn words_of_a_list_are_named_and_numbers_are_kept() {
    let number = |said: &str| {
        format!("3:13 `max_days` must be a whole number from 0 to 4294967295 => write {said}")
    };
    let thirty = number("`max_days: 30`");
    let unclear = number("plain digits, as in `max_days: 90`");
    let level = "3:21 the level of `exemption-unused` must be text, not";
    let categories = "`service-account`, `break-glass`, `mitigated`, `waiver`, `onboarding`";
    have_one_problem_each(&[
        (
            limits("admins: false"),
            "3:11 `admins` must be text, not true or false => write one of `deny`, `allow`",
        ),
        (
            limits("admins: [deny]"),
            "3:11 `admins` must be text, not a list => write `admins: deny`",
        ),
        (
            limits("admins: [deny, allow]"),
            "3:11 `admins` must be text, not a list => write one of `deny`, `allow`",
        ),
        (
            with("category: true"),
            &format!(
                "7:15 `category` must be text, not true or false => write one of {categories}"
            ),
        ),
        (
            top("rules:\n  exemption-unused: false"),
            &format!("{level} true or false => write one of `deny`, `warn`, `allow`"),
        ),
        (
            top("rules:\n  exemption-unused: [warn]"),
            &format!("{level} a list => write `exemption-unused: warn`"),
        ),
        (
            top("rules:\n  two-factor-disabled: off"),
            "3:24 unknown level `off` => write one of `deny`, `warn`",
        ),
        (limits("max_days: 30 days"), &thirty),
        (limits("max_days: 30d"), &thirty),
        (limits("max_days: 030"), &thirty),
        (limits("max_days: \"30\""), &thirty),
        (limits("max_days: [30]"), &thirty),
        (limits("max_days: 30.5"), &unclear),
        (limits("max_days: -30"), &unclear),
        (limits("max_days: a month"), &unclear),
    ]);
}

#[test]
fn texts_keep_every_word() {
    let several = "write one, as in `account_id: \"ACCOUNT_ID\"`; each member needs a separate \
                   exemption";
    let uuid = "{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}";
    have_one_problem_each(&[
        (with("ticket: 12"), "7:13 `ticket` must be text, not a number => quote it: `\"12\"`"),
        (
            with("ticket: #12"),
            "7:5 `ticket` has no value => text that begins with `#` needs quotes: \
             `ticket: \"#12\"`",
        ),
        (
            with("ticket: # later"),
            "7:5 `ticket` has no value => write a value, as in `ticket: SEC-123`, or delete the key",
        ),
        (with("owner: [me]"), "7:12 `owner` must be text, not a list => write `owner: me`"),
        (
            with("owner: [me, you]"),
            "7:12 `owner` must be text, not a list => write `owner: \"me, you\"`",
        ),
        (
            with("owner: {team: ops}"),
            "7:12 `owner` must be text, not a mapping => write `owner: \"team: ops\"`",
        ),
        (
            with("owner: team: ops"),
            "7:16 a `:` is not allowed here => text that contains `: ` needs quotes: \
             `owner: \"team: ops\"`",
        ),
        (
            with("starts: 20260801"),
            "7:13 `starts` must be text, not a number => write `2026-08-01`",
        ),
        (
            with("starts: [2026-08-01]"),
            "7:13 `starts` must be text, not a list => write `starts: 2026-08-01`",
        ),
        (
            with("account_id: [a, b]"),
            &format!("7:17 `account_id` must be text, not a list => {several}"),
        ),
        (
            with("account_id: \" 557058:abc\""),
            "7:17 ` 557058:abc` is not an account id => write `557058:abc`, without spaces",
        ),
        (
            with(&format!("uuid: {}", uuid.to_uppercase())),
            &format!(
                "7:11 `uuid` must be text, not a mapping => text in braces needs quotes: `\"{uuid}\"`"
            ),
        ),
        (
            with("").replace("a@acme.example", "Ada <ada@acme.example>"),
            "4:12 `Ada <ada@acme.example>` is not an e-mail address => write the address alone: \
             `ada@acme.example`",
        ),
        (
            with("").replace("a@acme.example", "a@b.cc, c@d.ee"),
            "4:12 `a@b.cc, c@d.ee` is not an e-mail address => write one address; each member \
             needs a separate exemption",
        ),
        (
            with("") + "  - {id: EX-2, email: a@acme.example, reason: r, expires: 2026-12-01}\n",
            "8:23 `EX-1` and `EX-2` exempt the same member at the same time => delete one, or let \
             `EX-2` start after 2026-10-29, when `EX-1` ends",
        ),
        (
            with("") + "  - {id: EX-2, email: a@acme.example, reason: r, expires: 2026-10-29}\n",
            "8:23 `EX-1` and `EX-2` exempt the same member at the same time => delete one",
        ),
    ]);
}

#[test]
fn brackets_and_quotes_are_blamed_where_they_are() {
    let line_2 = "add the closing bracket `]` at the end of line 2";
    let unclosed = format!("2:13 `[` is not closed => {line_2}");
    have_one_problem_each(&[
        (top("workspaces: [acme\naccept: [bitbucket]"), &unclosed),
        (top("workspaces: [acme, labs\n# of\n\naccept: [sso]\nlimits: {}"), &unclosed),
        (top("workspaces: [acme,\naccept: [bitbucket]"), &unclosed),
        (top("workspaces: [acme\n"), "2:13 `[` is not closed => add the closing bracket `]`"),
        (
            top("workspaces: [\n  acme,\n  labs\naccept: [sso]"),
            "2:13 `[` is not closed => add the closing bracket `]` at the end of line 4",
        ),
        (
            top("limits: {max_days: 3\naccept: [bitbucket]"),
            "2:9 `{` is not closed => add the closing bracket `}` at the end of line 2",
        ),
        (
            with("compensating_controls: [VPN\n    owner: me"),
            "7:28 `[` is not closed => add the closing bracket `]` at the end of line 7",
        ),
        (
            "{\"version\": 1,\n\"accept\": [\"sso\"]\n".into(),
            "1:1 `{` is not closed => add the closing bracket `}`",
        ),
        (
            top("workspaces: [acme}"),
            "2:13 `[` is closed by `}` => write `]` in place of `}`, or before it",
        ),
        (
            top("workspaces: [acme]]"),
            "2:19 this bracket was never opened => delete it, or put the text in quotes",
        ),
        (top("accept: [bitbucket,, sso]"), "2:20 this comma has nothing before it => delete it"),
        (
            with("owner: \"me\" and you"),
            "7:17 there is text after the closing quote => put all of it in one pair of double \
             quotes; in these, write `\\\"` for a quote",
        ),
        (
            with("owner: [me] and you"),
            "7:17 there is text after the closing bracket => put all of the text in quotes, or \
             start a new line before it",
        ),
        (
            with("owner: &me"),
            "7:12 anchors are not allowed => write the value everywhere it is needed; text that \
             begins with `&` needs quotes",
        ),
        (
            with("owner: - me"),
            "7:12 a list with dashes cannot start here => start it on the next line; put text that \
             begins with `-` in quotes",
        ),
    ]);
}

#[test]
fn wrong_indentation_is_one_problem_at_its_line() {
    let entry = |lines: &str| format!("version: 1\nexemptions:\n  - id: EX-1\n{lines}\n");
    let help = |column: usize, key: &str, line: usize| {
        format!(
            "wrong indentation => start it in column {column}, like `{key}` in line {line}, or \
             align it with the keys that it belongs with"
        )
    };
    let not_a_pair = |place: &str, instead: &str| {
        format!(
            "{place} this is not a key with a value => write `{instead}`; if it continues \
             the text above, indent it deeper than the key of that text"
        )
    };
    have_one_problem_each(&[
        (
            entry("    email: a@b.cc\n   reason: r\n    expires: 2026-10-10"),
            &format!("5:4 {}", help(5, "email", 4)),
        ),
        (
            entry("  email: a@b.cc\n  reason: r\n  expires: 2026-10-10"),
            &format!("4:3 {}", help(5, "id", 3)),
        ),
        (
            entry("     email: a@b.cc\n    reason: r\n    expires: 2026-10-10"),
            &format!("4:6 {}", help(5, "id", 3)),
        ),
        (
            entry("    email: a@b.cc\n      reason: r\n    expires: 2026-10-10"),
            &format!("5:7 {}", help(5, "email", 4)),
        ),
        (top(" workspaces: [acme]"), &format!("2:2 {}", help(1, "version", 1))),
        ("  version: 1\naccept: [sso]\n".into(), &format!("2:1 {}", help(3, "version", 1))),
        (limits("max_days: 9\n require: [owner]"), &format!("4:2 {}", help(3, "max_days", 3))),
        ("version 1\naccept: [sso]\n".into(), &not_a_pair("1:1", "version: 1")),
        ("version:1\naccept: [sso]\n".into(), &not_a_pair("1:1", "version: 1")),
        (top("workspaces [a]"), &not_a_pair("2:1", "workspaces: [a]")),
        (top("accept:\n-bitbucket\n-sso"), &not_a_pair("3:1", "- bitbucket")),
        (with("owner me"), &not_a_pair("7:5", "owner: me")),
        (with("owner:me"), &not_a_pair("7:5", "owner: me")),
        (with("").replace("reason: why", "reason: |\n  why"), &not_a_pair("6:3", "key: value")),
    ]);
}

/// The value that a help suggests for a key.
fn suggested(text: &str, key: &str) -> Option<String> {
    let help = problems(text).concat();
    let (_, rest) = help.split_once(&format!("=> write `{key}: "))?;
    Some(rest.split_once('`')?.0.to_owned())
}

fn slugs(policy: &Policy) -> Vec<String> {
    policy.workspaces.iter().map(|entry| entry.slug.to_string()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_suggested_is_accepted_and_has_every_workspace(
        names in prop::collection::btree_set("[a-z0-9_][a-z0-9_-]{0,8}[a-z0-9]", 1..6),
        between in prop::sample::select(vec![", ", ",", " ", "; ", " , "]),
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let value = suggested(&top(&format!("workspaces: {}", names.join(between))), "workspaces");
        // Some make a text that YAML takes for something else.
        prop_assume!(value.is_some());
        let policy = parse("p.yaml".into(), top(&format!("workspaces: {}", value.unwrap())).as_bytes());
        prop_assert_eq!(slugs(&policy.unwrap()), names);
    }

    #[test]
    fn what_is_suggested_for_text_is_that_text(words in prop::collection::vec("[ -~]{1,20}", 1..4)) {
        let quoted: Vec<String> =
            words.iter().map(|word| format!("'{}'", word.replace('\'', "''"))).collect();
        let value = suggested(&with(&format!("owner: [{}]", quoted.join(", "))), "owner");
        // A backtick ends what the test takes for the suggestion, and what might be a workflow command
        // is shown escaped.
        prop_assume!(!['`', '#'].iter().any(|c| words.concat().contains(*c)));
        prop_assume!(!words.join(", ").contains("::"));
        let owner = with(&format!("owner: {}", value.unwrap()));
        match parse("p.yaml".into(), owner.as_bytes()) {
            Ok(policy) => prop_assert_eq!(policy.exemptions[0].owner.as_deref(), Some(&*words.join(", "))),
            // Blank text is refused whatever its form.
            Err(_) => prop_assert!(words.concat().trim().is_empty()),
        }
    }

    /// Whatever is left out of a policy or put into it, the message is made without a panic and
    /// names a place.
    #[test]
    fn any_cut_has_a_message(at in 0..200_usize, length in 0..20_usize, piece in "[ -~\n]{0,4}") {
        let text = with("workspaces: [acme, labs] # c") + "limits: {max_exemptions: 3}\n";
        let mut text: Vec<char> = text.chars().collect();
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        text.splice(at..end, piece.chars());
        let text: String = text.into_iter().collect();
        if let Err(failure) = parse("policy.yaml".into(), text.as_bytes()) {
            let Failure::Rendered { message, .. } = failure else { panic!("{failure:?}") };
            prop_assert!(message.contains("--> policy.yaml:") && message.contains("= help: "));
        }
    }
}

//! Every problem, with its place and what to write instead.

use super::{exemptions, refused, replaced, said, with};

/// A policy, and the place, the message and the help of its one problem.
pub(super) type Case = (String, &'static str, &'static str, &'static str);

/// Those of the file, its keys and what is said at the top level.
fn of_the_policy() -> Vec<Case> {
    let s = str::to_owned;
    vec![
        // The file.
        (s(""), "1:1", "the policy is empty", "write at least `version: 1`"),
        (s("# nothing\n"), "1:1", "the policy is empty", "workspaces: [SLUG]"),
        (s("---\n"), "1:4", "the policy is empty", "write at least `version: 1`"),
        (s("~\n"), "1:1", "the policy is empty", "write at least `version: 1`"),
        (s("- a\n"), "1:1", "the policy must be a mapping, not a list", "as in `version: 1`"),
        (s("hello\n"), "1:1", "the policy must be a mapping, not text", "as in `version: 1`"),
        (s("version: 1\n---\nversion: 1\n"), "2:1", "more than one document", "delete this `---`"),
        (s("version: 1\n...\nversion: 1\n"), "3:1", "more than one document", "one document"),
        (s("%YAML 1.2\n---\nversion: 1\n"), "1:1", "directives are not allowed", "delete the line"),
        // What YAML has and a policy has not.
        (with("owner: &o me"), "7:12", "anchors are not allowed", "write the value everywhere"),
        (with("owner: *o"), "7:12", "aliases are not allowed", "write the value here"),
        (with("<<: {a: b}"), "7:5", "merge keys are not allowed", "write all fields"),
        (with("owner: !!str 7"), "7:12", "tags are not allowed", "to make a number text, quote it"),
        (with("[a]: b"), "7:5", "a key must be text", "`key: value`"),
        (with(": b"), "7:5", "a key must be text", "`key: value`"),
        (with("owner: a: b"), "7:13", "a `:` is not allowed here", "`owner: \"a: b\"`"),
        (with("owner: @me"), "7:12", "the character `@` is not allowed here", "in quotes"),
        (
            with("owner: \u{1b}[31m"),
            "7:12",
            "the character `\\u{1b}` is not allowed here",
            "delete",
        ),
        (s("version: 1\n\0"), "2:1", "the character `\\u{0}` is not allowed here", "delete it"),
        (s("version: 1\nlimits:\n\tmax_days: 5\n"), "3:1", "tabs are not allowed here", "spaces"),
        (s("version: 1\naccept: [bitbucket\n"), "2:9", "`[` is not closed", "closing bracket"),
        (with("- a"), "7:7", "wrong indentation", "column 5, like `expires` in line 6"),
        (s("version: 1\nrules: 'a\n"), "3:1", "a quote is not closed", "add the closing quote"),
        // Keys.
        (with("expire: 2026-10-29"), "7:5", "unknown key `expire`", "did you mean `expires`?"),
        (with("Owner: me"), "7:5", "unknown key `Owner`", "did you mean `owner`?"),
        (with("max_days: 3"), "7:5", "unknown key `max_days`", "`max_days` belongs under `limits`"),
        (with("accept: [sso]"), "7:5", "unknown key `accept`", "belongs at the top level"),
        (
            s("version: 1\nexpires: 2026-10-29\n"),
            "2:1",
            "unknown key `expires`",
            "`expires` belongs in an entry of `exemptions`",
        ),
        (
            s("version: 1\nexemption-unused: deny\n"),
            "2:1",
            "unknown key `exemption-unused`",
            "`exemption-unused` belongs under `rules`",
        ),
        (
            s("version: 1\nfrobnicate: 1\n"),
            "2:1",
            "unknown key `frobnicate`",
            "the keys at the top level are `version`, `workspaces`",
        ),
        (with("\"a\\nb\": 1"), "7:5", "unknown key `a\\u{a}b`", "the keys in an entry of"),
        (s("version: 1\nlimits: {max_day: 5}\n"), "2:10", "unknown key `max_day`", "`max_days`"),
        (s("version: 1\nroster: {mail: M}\n"), "2:10", "unknown key `mail`", "`email`"),
        (with("reason: again"), "7:5", "duplicate key `reason`", "keep one of the two"),
        (s("version: 1\nversion: 1\n"), "2:1", "duplicate key `version`", "keep one"),
        // Types.
        (replaced("id: EX-1", "id: 7"), "3:9", "`id` must be text, not a number", "`\"7\"`"),
        (
            replaced("reason: why", "reason: true"),
            "5:13",
            "`reason` must be text, not true or false",
            "quote it: `\"true\"`",
        ),
        (with("owner: [a]"), "7:12", "`owner` must be text, not a list", "write `owner: "),
        (with("owner: {a: b}"), "7:12", "`owner` must be text, not a mapping", "write `owner: "),
        (with("owner:"), "7:5", "`owner` has no value", "a value, as in `owner: "),
        (with("starts: ~"), "7:5", "`starts` has no value", "as in `starts: YYYY-MM-DD`"),
        (
            replaced("expires: 2026-10-29", "expires:"),
            "6:5",
            "`expires` has no value",
            "write a value, as in `expires: YYYY-MM-DD`",
        ),
        (s("version: 1\nexemptions:\n"), "2:1", "`exemptions` has no value", "`exemptions: []`"),
        (
            s("version: 1\nexemptions: {}\n"),
            "2:13",
            "`exemptions` must be a list, not a mapping",
            "write `exemptions: []`",
        ),
        (
            s("version: 1\nexemptions:\n  - EX-1\n"),
            "3:5",
            "an entry of `exemptions` must be a mapping, not text",
            "write keys and values, as in `- id: EX-7`",
        ),
        (
            s("version: 1\nworkspaces: acme\n"),
            "2:13",
            "`workspaces` must be a list, not text",
            "write `workspaces: [acme]`",
        ),
        (
            s("version: 1\nworkspaces: [acme, 7]\n"),
            "2:20",
            "an entry of `workspaces` must be text, not a number",
            "quote it: `\"7\"`",
        ),
        (s("version: 1\nrules: deny\n"), "2:8", "`rules` must be a mapping, not text", "`rules: {"),
        (s("version: 1\nlimits: []\n"), "2:9", "`limits` must be a mapping, not a list", "limits"),
        (
            with("compensating_controls: VPN"),
            "7:28",
            "`compensating_controls` must be a list, not text",
            "write `compensating_controls: [VPN]`",
        ),
        (
            with("uuid: {0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}"),
            "7:11",
            "`uuid` must be text, not a mapping",
            "needs quotes: `\"{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}\"`",
        ),
        // The version.
        (s("accept: [sso]\n"), "1:1", "missing `version`", "write `version: 1`"),
        (s("{}\n"), "1:1", "missing `version`", "write `version: 1`"),
        (s("version: 2\n"), "1:10", "unknown version 2", "write `version: 1`"),
        (s("version: \"1\"\n"), "1:10", "`version` must be a whole number", "`version: 1`"),
        // Workspaces, sources, headings.
        (
            format!("{}workspaces: []\n", with("workspaces: [acme]")),
            "8:13",
            "`workspaces` is empty",
            "at least one",
        ),
        (s("version: 1\nworkspaces: []\n"), "2:13", "`workspaces` is empty", "at least one"),
        (
            s("version: 1\nworkspaces: [a, b, a]\n"),
            "2:20",
            "`a` is listed twice",
            "delete one of the two",
        ),
        (
            s("version: 1\nworkspaces: [Acme]\n"),
            "2:14",
            "`Acme` is not a workspace slug",
            "write `acme`",
        ),
        (
            s("version: 1\nworkspaces: [..]\n"),
            "2:14",
            "`..` is not a workspace slug",
            "https://bitbucket.org/SLUG/",
        ),
        (s("version: 1\naccept: []\n"), "2:9", "`accept` is empty", "`accept: [bitbucket]`"),
        (
            s("version: 1\naccept: [bitbuket]\n"),
            "2:10",
            "unknown source `bitbuket`",
            "did you mean `bitbucket`?",
        ),
        (
            s("version: 1\naccept: [okta]\n"),
            "2:10",
            "unknown source `okta`",
            "write one of `bitbucket`, `atlassian`, `roster`, `sso`",
        ),
        (s("version: 1\naccept: [sso, sso]\n"), "2:15", "`sso` is listed twice", "delete one"),
        (s("version: 1\nroster: {mfa: \" \"}\n"), "2:15", "`mfa` is blank", "write some text"),
        // Rules.
        (
            s("version: 1\nrules:\n  two-factor-disabled: allow\n"),
            "3:24",
            "`two-factor-disabled` cannot be set to `allow`",
            "write one of `deny`, `warn`: this rule cannot be switched off",
        ),
        (
            s("version: 1\nrules:\n  workspace-incomplete: warn\n"),
            "3:3",
            "`workspace-incomplete` has no level: it is always an error",
            "delete this line",
        ),
        (
            s("version: 1\nrules:\n  exemption_unusd: warn\n"),
            "3:3",
            "unknown rule `exemption_unusd`",
            "did you mean `exemption-unused`?",
        ),
        (
            s("version: 1\nrules:\n  exemption-unused: error\n"),
            "3:21",
            "unknown level `error`",
            "write one of `deny`, `warn`, `allow`",
        ),
        (
            s("version: 1\nrules:\n  exemption-unused:\n"),
            "3:3",
            "the level of `exemption-unused` must be text, not nothing",
            "write one of `deny`",
        ),
    ]
}

#[test]
fn every_error_has_its_place_and_its_help() {
    let mut wrong = Vec::new();
    for (text, place, message, help) in of_the_policy().into_iter().chain(exemptions::problems()) {
        let rendered = refused(text.as_bytes());
        let as_expected = match &said(&rendered)[..] {
            [problem] => {
                problem.place == place
                    && problem.message.contains(message)
                    && problem.help.contains(help)
            }
            _ => false,
        };
        if !as_expected {
            wrong.push(format!("{text}\nexpected {place} {message} / {help}\n{rendered}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The real binary with a credential and a server at hand: a wrong policy is exit code 2, said in
/// the same words, and the server hears nothing.
#[test]
fn no_error_asks_a_server() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (text, ..) in of_the_policy().into_iter().chain(exemptions::problems()) {
        std::fs::write(folder.path().join("policy.yaml"), &text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mfa-gate"))
            .arg("check")
            .current_dir(folder.path())
            .env_clear()
            .env("BITBUCKET_API_URL", format!("http://{}/2.0", server.local_addr().unwrap()))
            .env("BITBUCKET_ACCESS_TOKEN", "token")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}\n{said}");
        assert_eq!(said.trim_end(), refused(text.as_bytes()), "{text}");
    }
    let heard = server.accept().map(|(_, from)| from);
    assert_eq!(heard.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

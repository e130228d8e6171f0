//! How problems are shown: in the order of the file, with their lines, and harmless.

use mfa_gate::failure::Failure;
use mfa_gate::policy::parse;

use super::{parsed, refused, said, with};

#[test]
fn the_line_is_shown_with_the_place_marked() {
    let expected = "\
error: unknown key `expire`
 --> policy.yaml:7:5
  |
7 |     expire: 2026-10-29
  |     ^^^^^^
  |
  = help: did you mean `expires`?";
    assert_eq!(refused(with("expire: 2026-10-29").as_bytes()), expected);
}

#[test]
fn the_first_place_of_a_duplicate_is_shown() {
    let rendered = refused(with("reason: again").as_bytes());
    assert!(rendered.contains("::: policy.yaml:5:5"), "{rendered}");
    assert!(rendered.contains("first here"), "{rendered}");
}

#[test]
fn files_that_are_no_text_are_refused() {
    let problem = |bytes: &[u8]| said(&refused(bytes)).remove(0);
    let latin = problem(b"version: 1\n# caf\xe9\n");
    assert_eq!((&*latin.message, &*latin.place), ("this is not UTF-8", "2:6"));
    let marked = problem(b"\xef\xbb\xbf# caf\xe9\n");
    assert_eq!((&*marked.message, &*marked.place), ("this is not UTF-8", "1:6"));
    let wide = problem(b"\xff\xfev\0e\0r\0");
    assert!(wide.help.contains("UTF-16"), "{wide:?}");
    let large = problem(format!("version: 1\n#{}", " ".repeat(1 << 20)).as_bytes());
    assert_eq!((&*large.message, &*large.place), ("larger than 1 MiB", "1:1"));
    let comment = (1 << 20) - "version: 1\n#".len();
    parsed(&format!("version: 1\n#{}", " ".repeat(comment)));
}

#[test]
fn a_line_end_that_editors_do_not_show_hides_nothing() {
    let hidden = "exemptions: [{id: A, account_id: \"557058:1\", reason: x, expires: 2026-10-29}]";
    for mark in ["", "\u{feff}"] {
        let text = format!("{mark}version: 1\r\n# nothing to see\r{hidden}\n");
        let found = said(&refused(text.as_bytes())).remove(0);
        assert_eq!(
            (&*found.message, &*found.place),
            ("a carriage return without a line feed", "2:17")
        );
    }
    refused(b"version: 1\r");
    parsed("version: 1\r\n# caf\u{e9}\r\n");
}

#[test]
fn invisible_characters_are_refused_unless_they_are_escaped() {
    let text = "version: 1\n# on \u{202e}leave\u{2066}\nworkspaces: [a] # \u{200b}\nexemptions:\n  - id: \
                A\u{e0041}\n    email: a@acme.example\n    reason: \"a\u{ad}b\"\n    expires: soon\n";
    let found = said(&refused(text.as_bytes()));
    let found: Vec<_> =
        found.iter().map(|said| format!("{} {}", said.place, said.message)).collect();
    assert_eq!(
        found,
        [
            "2:6 the invisible character U+202E",
            "3:19 the invisible character U+200B",
            "5:10 the invisible character U+E0041",
            "7:15 the invisible character U+00AD",
            "8:14 `soon` is not a valid date"
        ]
    );
    let help = &said(&refused(with("owner: a\u{202e}b").as_bytes()))[0].help;
    assert_eq!(help, "delete it, or write it as `\\u202E` in double quotes");
    let policy = parsed(&with("owner: \"a\\u202Eb\""));
    assert_eq!(policy.exemptions[0].owner.as_deref(), Some("a\u{202e}b"));
}

#[test]
fn a_policy_is_at_most_32_levels_deep() {
    let brackets = |count| format!("limits: {}{}\n", "[".repeat(count), "]".repeat(count));
    let deepest = said(&refused(brackets(31).as_bytes()));
    assert!(deepest.iter().all(|problem| !problem.message.contains("deep")), "{deepest:?}");
    let dashes = format!("{}x\n", "- ".repeat(33));
    let mixed = format!("{}{}", "- ".repeat(30), "[{a: [b]}]");
    for (text, place) in
        [(brackets(32), "1:40"), (brackets(9000), "1:41"), (dashes, "1:65"), (mixed, "1:66")]
    {
        let problem = said(&refused(text.as_bytes())).pop().unwrap();
        assert_eq!(problem.message, "nested deeper than 32 levels", "{text}");
        assert_eq!(problem.place, place, "{text}");
    }
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_file() {
    let text = "version: 2
workspaces: [acme, Acme]
acept: [bitbucket]
rules:
  two-factor-unknown: allow
limits: {max_days: soon, require: [tickets]}
exemptions:
  - id: EX-1
    nickname: ada
    reason:
    expires: 2026-02-30
  - id: EX-1
    account_id: 557058:1f0c…
    reason: true
    until: 2026-10-29
    workspaces: [acme-labs]
";
    let problems = said(&refused(text.as_bytes()));
    let places: Vec<_> = problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "1:10", "2:20", "3:1", "5:23", "6:20", "6:36", "9:5", "10:5", "11:14", "12:5", "12:9",
            "13:17", "14:13", "15:5"
        ],
        "{problems:?}"
    );
    assert!(refused(text.as_bytes()).ends_with("error: policy.yaml has 14 problems"));
}

#[test]
fn a_syntax_error_comes_after_those_before_it() {
    let text = "version: 2\nworkspaces: [A]\nexemptions:\n  - id: 7\n    reason: 'x\n";
    let problems = said(&refused(text.as_bytes()));
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "unknown version 2",
            "`A` is not a workspace slug",
            "`id` must be text, not a number",
            "a quote is not closed"
        ]
    );
}

#[test]
fn a_hundred_problems_are_shown_and_the_rest_counted() {
    let keys: String = (0..250).map(|n| format!("qqqq{n}: 1\n")).collect();
    let rendered = refused(format!("version: 1\n{keys}").as_bytes());
    assert_eq!(said(&rendered).len(), 100);
    assert!(
        rendered.ends_with("error: policy.yaml has 250 problems, of which the first 100 are shown"),
        "{rendered}"
    );
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\u{200f}\u{7f}\u{85}\u{2028}";
    for text in [
        format!("version: 1 # {hostile}\nexpire: 1\n\"{hostile}\": 2\nversion: {hostile}"),
        format!("version: 2 # {hostile}"),
        with("\"a\\e[31m\\n::error::\\u202e\\x9b\": 1"),
        with("category: \"\\e[31m\\n\\u202e\\x9b\""),
        with("starts: \"\\e[31m\\n\\u202e\\x9b\""),
    ] {
        let Err(Failure::Rendered { message: rendered, .. }) =
            parse("p\u{1b}[31m\n.yaml".into(), text.as_bytes())
        else {
            panic!("{text:?}");
        };
        let steering =
            |c: char| (c.is_control() && c != '\n') || hostile.contains(c) && !c.is_ascii_graphic();
        assert!(!rendered.contains(steering), "{rendered:?}");
        let known = |line: &&str| {
            let line = line.trim_start();
            line.is_empty()
                || line.starts_with(|c: char| c.is_ascii_digit())
                || ["error: ", "--> ", "::: ", "|", "= help: "]
                    .iter()
                    .any(|start| line.starts_with(start))
        };
        assert_eq!(rendered.lines().find(|line| !known(line)), None, "{rendered}");
    }
}

//! Times are in whole seconds, as `jq`, HTML and most readers want them.

use crate::support::{Bitbucket, Sandbox, policy, rows};

/// What looks like a time with a fraction of a second in it.
fn fraction(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (at, _) = text.match_indices('.').find(|(at, _)| {
        let minutes = at.checked_sub(3).is_some_and(|colon| bytes.get(colon) == Some(&b':'));
        minutes && is_digit(at - 2) && is_digit(at - 1) && is_digit(at + 1)
    })?;
    text.get(at.saturating_sub(20)..(at + 12).min(text.len()))
}

#[test]
fn no_format_has_fractions_of_a_second() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    server.permission("acme", "owner");
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    let formats = ["json", "junit", "sarif", "csv", "markdown", "html", "github"];
    let reports = |folder: &str| -> Vec<String> {
        formats.iter().map(|format| format!("--report={format}={folder}/{format}")).collect()
    };
    let run = |args: &[&str], folder: &str| {
        let reports = reports(folder);
        let args: Vec<&str> =
            args.iter().copied().chain(reports.iter().map(|own| &**own)).collect();
        let outcome = sandbox.run_against(&server, &args);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let files = formats.iter().map(|format| sandbox.read(&format!("{folder}/{format}")));
        for text in files.chain([outcome.stdout, outcome.stderr]) {
            assert_eq!(fraction(&text), None);
        }
    };
    run(&["check"], "first");
    run(&["check", "--previous=first/json"], "second");
    let at = sandbox.json("second/json")["checked_at"].as_str().unwrap().to_owned();
    assert_eq!(at.len(), "2026-11-28T03:24:11Z".len(), "{at}");
    assert!(sandbox.read("second/html").contains(&format!("datetime=\"{at}\"")));

    // Snapshots, and what is made of one that an earlier version wrote.
    let snapshot = ["members", "--workspace=acme", "--report=json=members.json"];
    assert_eq!(sandbox.run_against(&server, &snapshot).code, 0);
    assert_eq!(fraction(&sandbox.read("members.json")), None);
    let mut older = sandbox.json("members.json");
    older["checked_at"] = "2026-09-01T12:00:00.123456789Z".into();
    sandbox.write("members.json", older.to_string());
    run(&["check", "--members=members.json"], "third");
    assert_eq!(sandbox.json("third/json")["checked_at"], "2026-09-01T12:00:00Z");

    // A report that an earlier version wrote is evidence still.
    let mut older = sandbox.json("first/json");
    let at = older["checked_at"].as_str().unwrap().replace('Z', ".5Z");
    older["checked_at"] = at.into();
    sandbox.write("older.json", older.to_string());
    run(&["render", "older.json"], "fourth");
}

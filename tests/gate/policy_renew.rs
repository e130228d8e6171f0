//! `policy renew`: a later last day, and every other byte as it was.

use crate::organisation::id;
use crate::support::{Outcome, Sandbox, day};

/// A policy with an exemption that ended yesterday, and one without a first day.
fn policy(limits: &str) -> String {
    format!(
        "version: 1\r\nworkspaces: [acme]  # ours\r\nlimits: {limits}\r\nexemptions:\r\n# above\r\n\
         -   id: EX-1\r\n    account_id: '{}'\r\n    reason: >-  # why\r\n      still\r\n      \
         this\r\n    starts: {}\r\n    expires: {}   # soon\r\n    approved_by: ada\r\n- {{id: EX-2, \
         account_id: '{}', reason: r, expires: {}}}",
        id(1),
        day(-30),
        day(-1),
        id(2),
        day(5)
    )
}

fn sandbox(limits: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy(limits));
    sandbox
}

fn renew(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    sandbox.run(&[&["policy", "renew"], args].concat())
}

/// With the days of this test by name.
fn named(text: &str) -> String {
    let days = [
        (0, "TODAY"),
        (30, "IN-30"),
        (60, "IN-60"),
        (-1, "YESTERDAY"),
        (-30, "30-AGO"),
        (5, "IN-5"),
    ];
    days.iter().fold(text.to_owned(), |text, (number, name)| text.replace(&day(*number), name))
}

#[test]
fn the_last_day_moves_and_all_else_stays() {
    let sandbox = sandbox("{}");
    let outcome = renew(&sandbox, &["EX-1", "--days", "30"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let expected = policy("{}").replace(&day(-30), &day(0)).replace(&day(-1), &day(30));
    assert_eq!(sandbox.read("policy.yaml"), expected);
    let lint = sandbox.run(&["policy", "lint"]);
    let digest = lint.stdout.lines().last().unwrap();
    let said = named(&outcome.stdout);
    assert_eq!(
        said,
        format!("policy.yaml:6: EX-1 renewed until IN-30, instead of YESTERDAY\n{digest}\n")
    );

    // In braces, without a first day, on a last line without a line break.
    let expires = day(60);
    let more =
        ["--expires", &expires, "--ticket", "SEC-7", "--approved-by", "grace", "--reason", "a: b"];
    let outcome = renew(&sandbox, &[&["EX-2"], &more[..]].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let entry = format!(
        "- {{id: EX-2, account_id: '{}', reason: \"a: b\", expires: {expires}, approved_by: grace, \
         ticket: SEC-7}}",
        id(2)
    );
    let written = sandbox.read("policy.yaml");
    assert!(written.ends_with(&entry), "{written}");
}

#[test]
fn new_keys_stand_below_the_last_day() {
    let sandbox = sandbox("{max_days: 90}");
    let exempt = policy("{max_days: 90}");
    let (first, _) = exempt.split_once("- {id: EX-2").unwrap();
    sandbox.write("policy.yaml", first);
    let args = ["EX-1", "--days", "60", "--ticket", "SEC-7", "--reason", "later", "--dry-run"];
    let outcome = renew(&sandbox, &args);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    insta::assert_snapshot!(named(&format!("{}{}", outcome.stdout, outcome.stderr)), @r#"
    --- policy.yaml
    +++ policy.yaml
    @@ -5,9 +5,8 @@
     # above
     -   id: EX-1
         account_id: '557058:00000000-0000-4000-8000-000000000001'
    -    reason: >-  # why
    -      still
    -      this
    -    starts: 30-AGO
    -    expires: YESTERDAY   # soon
    +    reason: "later"
    +    starts: TODAY
    +    expires: IN-60   # soon
    +    ticket: SEC-7
         approved_by: ada
    policy.yaml:6: EX-1 would be renewed until IN-60, instead of YESTERDAY
    "#);
    assert_eq!(sandbox.read("policy.yaml"), first);
}

#[test]
fn what_would_have_no_effect_is_refused() {
    let (today, past, near) = (day(0), day(-1), day(5));
    for (limits, args, said) in [
        ("{}", &["EX-3", "--days", "3"][..], "has no exemption EX-3\n  help: Did you mean EX-1?"),
        ("{}", &["nothing", "--days", "3"], "help: Its exemptions are `EX-1`, `EX-2`."),
        ("{}", &["EX-1", "--expires", &past], "EX-1 already runs until"),
        ("{}", &["EX-2", "--expires", &near], "EX-2 already runs until"),
        ("{}", &["EX-1", "--expires", "2099-01-01"], "it may end at most 366 days from today"),
        ("{max_days: 20}", &["EX-1", "--days", "21"], "`limits.max_days` allows 20 days from"),
        ("{}", &["EX-1", "--days", "3", "--approved-by", " "], "`approved_by` is blank"),
        ("{}", &["EX-1"], "<--expires <YYYY-MM-DD>|--days <N>>"),
    ] {
        let mut text = policy(limits);
        if limits != "{}" {
            text = text.replace("- {id: EX-2, ", &format!("- {{starts: {today}, id: EX-2, "));
        }
        let sandbox = sandbox(limits);
        sandbox.write("policy.yaml", &text);
        let outcome = renew(&sandbox, args);
        assert_eq!(outcome.code, 2, "{args:?}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains(said), "{args:?}: {}", outcome.stderr);
        assert_eq!(sandbox.read("policy.yaml"), text);
    }
}

#[test]
fn it_warns_of_what_check_will_say() {
    let sandbox = sandbox("{}");
    let outcome = renew(&sandbox, &["EX-2", "--days", "14"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("exemption EX-2"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("exemption EX-1"), "{}", outcome.stderr);
}

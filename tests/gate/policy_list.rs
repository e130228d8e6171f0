//! `policy list`: the exemptions on one day, for people and for programs.

use serde_json::json;

use crate::support::Sandbox;

const TODAY: [&str; 2] = ["--today", "2026-09-01"];

#[test]
fn exemptions_are_listed_with_state_days_left_and_place() {
    let sandbox = Sandbox::new();
    let example = include_str!("../../policy.example.yaml");
    sandbox.write("policy.yaml", example.replace("name: Build bot ", "name: \"\\u202Ebot\"  "));
    let outcome = sandbox.run(&[&["policy", "list"], &TODAY[..]].concat());
    assert_eq!((outcome.code, &*outcome.stderr), (0, ""));
    insta::assert_snapshot!(outcome.stdout, @r"
    ID    STATE       EXPIRES     DAYS LEFT  PLACE
    EX-1  active      2026-10-29         58  policy.yaml:34
        \u{202e}bot, 557058:00000000-0000-4000-8000-000000000002
        Its second factor moves to the new vault; token use only until then.
    EX-2  expired     2026-08-29         -3  policy.yaml:47
        A contractor's account, {00000000-0000-4000-8000-000000000003}
        The contract ended in August and was prolonged without a second factor.
    EX-3  expiring    2026-09-10          9  policy.yaml:57
        Break glass, 712020:00000000-0000-4000-8000-000000000004
        Its hardware key lies in the safe and is being replaced.
    policy.yaml on 2026-09-01: 3 exemptions: 1 active, 1 expired, 1 expiring
    ");
}

#[test]
fn json_has_every_field_of_an_exemption() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", include_str!("../../policy.example.yaml"));
    let list = [&["policy", "list"], &TODAY[..]].concat();
    let outcome = sandbox.run(&[&list[..], &["--report", "json"]].concat());
    assert_eq!((outcome.code, &*outcome.stderr), (0, ""));
    let read: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(read["policy"], "policy.yaml");
    assert_eq!(read["policy_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(read["today"], "2026-09-01");
    let exemptions = read["exemptions"].as_array().unwrap();
    let states: Vec<_> = exemptions.iter().map(|one| (&one["state"], &one["days_left"])).collect();
    let expected = [json!(["active", 58]), json!(["expired", -3]), json!(["expiring", 9])];
    for ((state, days), expected) in states.into_iter().zip(&expected) {
        assert_eq!((state, days), (&expected[0], &expected[1]));
    }
    assert_eq!(exemptions[0]["location"]["line"], 34);

    let to_file = sandbox.run(&[&list[..], &["--report", "json=out/list.json"]].concat());
    assert_eq!((to_file.code, &*to_file.stdout), (0, ""));
    assert_eq!(sandbox.read("out/list.json"), outcome.stdout);
    for report in ["html", "json=", "json=policy.yaml"] {
        let refused = sandbox.run(&[&list[..], &["--report", report]].concat());
        assert_eq!(refused.code, 2, "{report}");
    }
}

#[test]
fn a_policy_without_exemptions_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", "version: 1\n");
    let outcome = sandbox.run(&[&["policy", "list"], &TODAY[..]].concat());
    assert_eq!(outcome.stdout, "policy.yaml on 2026-09-01: no exemptions\n");
}

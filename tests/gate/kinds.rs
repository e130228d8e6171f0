//! Reports of every kind.

use serde_json::{Value, json};

use crate::organisation::{Directory, Ground, account, id};
use crate::support::{Bitbucket, Sandbox, policy, row, rows};

/// Reports of every kind, each as the program wrote it.
pub(crate) fn reports() -> Vec<(&'static str, Sandbox, Value)> {
    let members: Vec<Value> = [false, false, true]
        .into_iter()
        .enumerate()
        .map(|(n, on)| row(n, Some(json!(on))))
        .collect();
    let exemption = |name: &str, number: usize| {
        format!(
            "  - {{id: {name}, account_id: \"{}\", reason: a, expires: 2026-09-30}}\n",
            id(number)
        )
    };
    let entries = |ids: &[usize]| -> String {
        let all = ids.iter().map(|number| exemption(&format!("EX-{number}"), *number));
        format!("exemptions:\n{}", all.collect::<String>())
    };
    let offline = |policy_rest: &str, more: &[&str], wanted: i32| {
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", policy("acme", policy_rest));
        let page = json!({"size": 3, "page": 1, "values": members});
        sandbox.write("members.json", page.to_string());
        let args =
            ["check", "--members=members.json", "--today=2026-09-01", "--report=json=a.json"];
        let outcome = sandbox.run(&[&args[..], more].concat());
        assert_eq!(outcome.code, wanted, "{}", outcome.stderr);
        let report = sandbox.json("a.json");
        (sandbox, report)
    };
    let mut all = Vec::new();
    let mut add = |name, (sandbox, report)| all.push((name, sandbox, report));
    add("violations", offline(&entries(&[1]), &[], 1));
    add("exit zero", offline(&entries(&[1]), &["--exit-zero"], 0));
    add("exempt", offline(&entries(&[0, 1]), &[], 0));
    add("ignored", offline(&entries(&[0, 1]), &["--ignore-exemptions"], 1));
    add("strict", offline(&entries(&[0, 1, 2]), &["--strict"], 1));
    let warn = "rules: {two-factor-disabled: warn}\n";
    add("not enforced", offline(&format!("{warn}{}", entries(&[1])), &[], 0));
    add("redacted", offline(&entries(&[1, 7]), &["--redact"], 1));
    let limited = "limits: {max_days: 90, max_exemptions: 1, admins: allow}\n";
    let started = entries(&[0, 1]).replace("expires", "starts: 2026-08-20, expires");
    add("over a limit", offline(&format!("{limited}{started}"), &[], 1));

    let (sandbox, _) = offline(&entries(&[1]), &[], 1);
    let args = ["check", "--members=members.json", "--today=2026-09-02", "--report=json=b.json"];
    assert_eq!(sandbox.run(&[&args[..], &["--previous=a.json"]].concat()).code, 1);
    let report = sandbox.json("b.json");
    add("compared", (sandbox, report));

    // Of workspaces that are asked for: one that is read, one that is refused.
    let server = Bitbucket::start();
    server.workspace("one", &rows(0..2, true));
    server.workspace("two", &rows(2..4, true));
    server.refuse("three", 403, json!({"type": "error", "error": {"message": "no"}}));
    for slug in ["one", "two"] {
        server.permission(slug, "owner");
    }
    let checked = |slugs: &[&str], wanted: i32| {
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", policy("one, two, three", ""));
        let slugs = slugs.iter().map(|slug| format!("--workspace={slug}")).collect::<Vec<_>>();
        let slugs: Vec<&str> = slugs.iter().map(|slug| &**slug).collect();
        let args = [&["check", "--report=json=a.json"], &slugs[..]].concat();
        assert_eq!(sandbox.run_against(&server, &args).code, wanted);
        let report = sandbox.json("a.json");
        (sandbox, report)
    };
    add("incomplete", checked(&["one", "three"], 3));
    let (sandbox, mut live) = checked(&["one"], 0);
    live["assurance"] = json!("live");
    live["source"]["api_url"] = json!("https://api.bitbucket.org/2.0");
    add("live", (sandbox, live));
    let (sandbox, one) = checked(&["one"], 0);
    sandbox.write("one.json", one.to_string());
    sandbox.write("two.json", checked(&["two"], 0).1.to_string());
    let render = ["render", "one.json", "two.json", "--report=json=whole.json"];
    assert_eq!(sandbox.run(&render).code, 0);
    let whole = sandbox.json("whole.json");
    add("merged", (sandbox, whole));

    let five: Vec<Value> = (0..5).map(|number| row(number, Some(json!(number == 0)))).collect();
    let ground = Ground::with(&five);
    let accounts = (0..5).map(|number| account(number, Some(number == 1))).collect();
    ground.organisation.serve(Directory::of(accounts));
    let roster = ground.roster(format!("account_id,mfa,sso\n{},yes,no\n{},no,yes\n", id(2), id(3)));
    let report = ground.check("bitbucket, atlassian, roster, sso", &roster).report;
    add("of many sources", (ground.sandbox, report));
    all
}

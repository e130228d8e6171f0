//! `render` writes from a saved report what `check` wrote, and makes one report of several.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    Bitbucket, EMAIL, Outcome, Sandbox, TOKEN, policy, row, rows, run_in, without_files,
};

/// Every format that a run which is not live can have, and a file of that name.
const FORMATS: [&str; 6] = ["json", "junit", "sarif", "csv", "markdown", "github"];

/// `--report` for every format, into a folder.
fn into(folder: &str) -> Vec<String> {
    let report = |format: &&str| format!("--report={format}={folder}/{format}");
    FORMATS.iter().map(report).collect()
}

fn with<'a>(args: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    args.iter().copied().chain(more.iter().map(String::as_str)).collect()
}

/// Renders the JSON report of a folder, and compares every file with those that `check` wrote.
fn is_rendered_the_same(folder: &Path, more: &[&str]) -> Outcome {
    let reports = into("again");
    let args = with(&[&["render", "first/json"], more].concat(), &reports);
    let outcome = run_in(folder, &args, &[]);
    for format in FORMATS {
        let read = |run: &str| fs::read(folder.join(run).join(format)).unwrap();
        let same = read("first") == read("again");
        assert!(same, "{format} is another one:\n{}", String::from_utf8_lossy(&read("again")));
    }
    outcome
}

#[test]
fn one_report_gives_the_same_files_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let of = |name: &str| root.join(name).display().to_string();
    let hostile = "tests/data/hostile";
    for (policy, members) in [
        ("policy.example.yaml".to_owned(), "docs/example/members.json".to_owned()),
        (format!("{hostile}.policy.yaml"), format!("{hostile}.members.json")),
        ("policy.example.yaml".to_owned(), "tests/data/unread.members.json".to_owned()),
    ] {
        let (policy, members) = (of(&policy), of(&members));
        for more in [&[][..], &["--strict"], &["--ignore-exemptions"], &["--sarif-suppressed"]] {
            let sandbox = Sandbox::new();
            let reports = into("first");
            let check = ["check", "--policy", &policy, "--members", &members];
            let check = [&check[..], &["--today", "2026-09-01"], more].concat();
            let first = sandbox.run(&with(&check, &reports));
            let suppressed = more.iter().copied().filter(|flag| *flag == "--sarif-suppressed");
            let again = is_rendered_the_same(&sandbox.path(""), &suppressed.collect::<Vec<_>>());
            assert_eq!(again.code, first.code, "{}", again.stderr);
            assert_eq!(without_files(&again.stdout), without_files(&first.stdout));
        }
    }
}

/// Three workspaces, and a policy whose exemptions are about people in the second and the third.
fn three() -> (Bitbucket, Sandbox) {
    let server = Bitbucket::start();
    let sandbox = Sandbox::new();
    let numbered = |number: usize| format!("557058:00000000-0000-4000-8000-{number:012}");
    let exemption = |id: &str, number: usize| {
        format!(
            "  - {{id: {id}, account_id: \"{}\", reason: a test, expires: 2026-10-01}}\n",
            numbered(number)
        )
    };
    let exemptions = ["second", "third", "nobody"]
        .into_iter()
        .zip([250, 305, 999])
        .map(|(id, number)| exemption(id, number));
    let exemptions: String = exemptions.collect();
    sandbox.write("policy.yaml", policy("one, two, three", &format!("exemptions:\n{exemptions}")));
    server.workspace("one", &rows(0..3, true));
    let mut second = rows(200..320, true);
    second[50] = row(250, Some(json!(false)));
    server.workspace("two", &second);
    server.workspace("three", &rows(300..310, false));
    for slug in ["one", "two", "three"] {
        server.permission(slug, "owner");
    }
    (server, sandbox)
}

/// Checks the workspaces of [`three`], into a JSON report.
fn check(server: &Bitbucket, sandbox: &Sandbox, slugs: &[&str], to: &str, more: &[&str]) -> i32 {
    let mut args = vec!["check", "--today", "2026-09-01", "--report"];
    let report = format!("json={to}");
    args.push(&report);
    for slug in slugs {
        args.extend(["--workspace", slug]);
    }
    args.extend(more);
    sandbox.run_against(server, &args).code
}

/// A report without what depends on when and how fast it was made.
fn timeless(mut report: Value) -> Value {
    report["checked_at"] = json!(null);
    for workspace in report["workspaces"].as_array_mut().unwrap() {
        workspace["duration_ms"] = json!(null);
    }
    report
}

#[test]
fn three_reports_agree_with_one_run_over_the_three() {
    let (server, sandbox) = three();
    let slugs = ["one", "two", "three"];
    for slug in slugs {
        check(&server, &sandbox, &[slug], &format!("{slug}.json"), &[]);
    }
    assert_eq!(check(&server, &sandbox, &slugs, "whole.json", &[]), 1);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let parts = order.map(|at: usize| format!("{}.json", slugs[at]));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let args = [&["render"], &parts[..], &["--report", "json=merged.json"]].concat();
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        let mut merged = timeless(sandbox.json("merged.json"));
        merged["options"]["workspace"] = json!(slugs);
        assert_eq!(merged, timeless(sandbox.json("whole.json")));
    }
    // Each alone could not tell that nobody is called so.
    let unused = |name: &str| {
        let report = sandbox.json(name);
        let mut findings = report["findings"].as_array().unwrap().iter();
        findings.any(|finding| finding["rule"] == "exemption-unused")
    };
    assert!(unused("merged.json") && !slugs.iter().any(|slug| unused(&format!("{slug}.json"))));
    // What two of three are about is said, and the third is not forgotten.
    let outcome = sandbox.run(&["render", "one.json", "two.json", "--report", "json=some.json"]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("2 of 3 workspaces selected, not checked: three"));
    // Another way to name the same file makes no other policy of it.
    let elsewhere = ["--policy", "./policy.yaml"];
    check(&server, &sandbox, &["three"], "three.json", &elsewhere);
    assert_eq!(sandbox.run(&["render", "one.json", "two.json", "three.json"]).code, 1);
    // It is evidence again.
    assert_eq!(sandbox.run(&["verify", "merged.json"]).code, 1);
    assert_eq!(sandbox.run(&["verify", "some.json", "--workspace", "one"]).code, 0);
    assert_eq!(sandbox.run(&["verify", "some.json", "--workspace", "three"]).code, 3);
}

#[test]
fn an_unread_workspace_stays_unread_and_says_why() {
    let (server, sandbox) = three();
    server.refuse("four", 403, json!({"type": "error", "error": {"message": "no"}}));
    sandbox.write("policy.yaml", policy("one, four", ""));
    assert_eq!(check(&server, &sandbox, &["one"], "one.json", &[]), 0);
    assert_eq!(check(&server, &sandbox, &["four"], "four.json", &[]), 3);
    check(&server, &sandbox, &["one", "four"], "whole.json", &[]);
    let outcome = sandbox.run(&["render", "one.json", "four.json", "--report", "json=merged.json"]);
    assert_eq!(outcome.code, 3);
    assert_eq!(sandbox.json("merged.json")["findings"], sandbox.json("whole.json")["findings"]);
}

#[test]
fn another_policy_than_the_pinned_one_is_not_rendered() {
    let (server, sandbox) = three();
    assert_eq!(check(&server, &sandbox, &["one"], "one.json", &[]), 0);
    assert_eq!(check(&server, &sandbox, &["one", "two", "three"], "whole.json", &[]), 1);
    let right = sandbox.json("one.json")["policy"]["sha256"].as_str().unwrap().to_owned();
    let wrong = "0".repeat(64);
    for (report, pin, code) in [
        ("one.json", &*right, 0),
        ("one.json", &*wrong, 3),
        ("one.json", "0", 2),
        ("one.json", "", 2),
        ("whole.json", &*wrong, 1),
    ] {
        let render = ["render", report, "--report", "junit=out.xml"];
        let by_variable = sandbox.run_with(&render, &[("MFA_GATE_POLICY_SHA256", pin)]);
        let by_option = sandbox.run(&[&render[..], &["--policy-sha256", pin]].concat());
        for outcome in [by_variable, by_option] {
            assert_eq!(outcome.code, code, "{report}, {pin}: {}", outcome.stderr);
            assert_eq!(sandbox.path("out.xml").exists(), code == 0, "{report}, {pin}");
        }
    }
}

#[test]
fn what_does_not_go_together_gives_no_verdict() {
    let (server, sandbox) = three();
    let other = Bitbucket::start();
    other.workspace("two", &rows(0..3, true));
    check(&server, &sandbox, &["one"], "one.json", &[]);
    check(&server, &sandbox, &["one"], "one-again.json", &[]);
    check(&server, &sandbox, &["one", "two"], "both.json", &[]);
    check(&server, &sandbox, &["two"], "strict.json", &["--strict"]);
    check(&server, &sandbox, &["two"], "bare.json", &["--ignore-exemptions"]);
    check(&other, &sandbox, &["two"], "elsewhere.json", &[]);
    check(&server, &sandbox, &["two"], "two.json", &[]);
    let mut edited = sandbox.json("two.json");
    edited["exemptions"][0]["expires"] = json!("2027-01-01");
    sandbox.write("edited.json", edited.to_string());
    let text = sandbox.read("policy.yaml");
    sandbox.write("policy.yaml", format!("{text}# as it was yesterday\n"));
    check(&server, &sandbox, &["two"], "policy.json", &[]);
    sandbox.write("policy.yaml", text);
    let args = ["check", "--today", "2026-09-02", "--workspace", "two", "--report=json=day.json"];
    sandbox.run_against(&server, &args);

    for (file, code, said) in [
        ("one.json", 2, "one before it is about the workspace one too"),
        ("one-again.json", 2, "one before it is about the workspace one too"),
        ("both.json", 2, "one before it is about the workspace one too"),
        ("strict.json", 2, "with --strict"),
        ("bare.json", 2, "with --ignore-exemptions"),
        ("elsewhere.json", 2, "another API"),
        ("edited.json", 2, "one of them was changed"),
        ("policy.json", 2, "its policy has the SHA-256"),
        ("day.json", 3, "it was judged by 2026-09-02, and those before it by 2026-09-01"),
        ("policy.yaml", 2, "is not a report"),
        ("missing.json", 2, "cannot be read"),
    ] {
        sandbox.write("merged.json", "that of an earlier run");
        let outcome = sandbox.run(&["render", "one.json", file, "--report=json=merged.json"]);
        assert_eq!(outcome.code, code, "{file}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains(said), "{file}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(file), "{file}: {}", outcome.stderr);
        assert!(!sandbox.path("merged.json").exists(), "{file} left an old report");
    }
    let outcome = sandbox.run(&["render", "two.json", "--report=junit=two.json"]);
    assert_eq!(outcome.code, 2);
    assert!(sandbox.path("two.json").exists(), "an input is gone");
    assert_eq!(sandbox.run(&["render"]).code, 2);
}

#[test]
fn violations_that_were_forgiven_in_the_parts_fail_the_whole() {
    let (server, sandbox) = three();
    for slug in ["one", "three"] {
        let to = format!("{slug}.json");
        assert_eq!(check(&server, &sandbox, &[slug], &to, &["--exit-zero"]), 0);
    }
    let alone = sandbox.run(&["render", "three.json", "--report=json=same.json"]);
    assert_eq!(alone.code, 1);
    assert!(!alone.stdout.contains("--exit-zero"), "{}", alone.stdout);
    assert_eq!(sandbox.read("same.json"), sandbox.read("three.json"));
    let outcome = sandbox.run(&["render", "one.json", "three.json", "--report=json=merged.json"]);
    assert_eq!(outcome.code, 1);
    assert_eq!(sandbox.json("merged.json")["exit_code"], 1);
}

#[test]
fn a_report_that_contradicts_itself_is_not_rendered() {
    let (server, sandbox) = three();
    check(&server, &sandbox, &["three"], "three.json", &[]);
    check(&server, &sandbox, &["one"], "one.json", &[]);
    let mut claimed = sandbox.json("three.json");
    claimed["verdict"] = json!("compliant");
    claimed["findings"] = json!([]);
    sandbox.write("claimed.json", claimed.to_string());
    for more in [&[][..], &["-q"]] {
        sandbox.write("judged.json", "that of an earlier run");
        let args = ["render", "claimed.json", "--report=json=judged.json"];
        let outcome = sandbox.run(&[&args[..], more].concat());
        assert_eq!(outcome.code, 1);
        let said =
            "claimed.json contradicts itself and is not evidence: `verdict` is \"compliant\"";
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(!sandbox.path("judged.json").exists());
    }

    // One too few here and one too many there do not add up.
    let mut fewer = sandbox.json("one.json");
    fewer["members"].as_array_mut().unwrap().pop();
    let mut more = sandbox.json("three.json");
    more["summary"]["members"] = json!(9);
    sandbox.write("fewer.json", fewer.to_string());
    sandbox.write("more.json", more.to_string());
    assert_eq!(sandbox.run(&["render", "fewer.json"]).code, 3);
    // A violation in any of them counts, whichever is refused.
    for others in [["fewer.json", "more.json"], ["fewer.json", "three.json"]] {
        for order in [others, [others[1], others[0]]] {
            let outcome = sandbox.run(&["render", order[0], order[1]]);
            assert_eq!(outcome.code, 1, "{order:?}: {}", outcome.stdout);
        }
    }
}

#[test]
fn what_is_not_live_attests_nothing() {
    let (server, sandbox) = three();
    check(&server, &sandbox, &["one"], "one.json", &[]);
    let mut about = sandbox.json("one.json");
    about["subject"] = json!({"name": "shop", "algorithm": "sha256", "digest": "00"});
    sandbox.write("about.json", about.to_string());
    let outcome = sandbox.run(&["render", "about.json", "--report=in-toto=statement.json"]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("not live attests nothing"), "{}", outcome.stderr);
    assert!(!sandbox.path("statement.json").exists());
}

#[test]
fn a_file_that_holds_a_credential_is_neither_replaced_nor_shown() {
    let (server, sandbox) = three();
    check(&server, &sandbox, &["one"], "one.json", &[]);
    let secret = format!("\"{TOKEN}\"");
    sandbox.write("secret", &secret);
    for name in ["BITBUCKET_API_TOKEN_FILE", "MFA_GATE_REDACT_KEY_FILE"] {
        let env = [(name, "secret")];
        for args in [
            &["render", "one.json", "--redact", "--report=json=secret"][..],
            &["render", "one.json", "--report=csv=secret"],
            &["render", "secret"],
            &["verify", "secret"],
        ] {
            let outcome = sandbox.run_with(args, &env);
            assert_eq!(outcome.code, 2, "{args:?}: {}", outcome.stderr);
            assert!(!outcome.stderr.contains(TOKEN), "{args:?}: {}", outcome.stderr);
            assert_eq!(sandbox.read("secret"), secret, "{args:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn two_reports_do_not_go_to_one_file_by_a_link() {
    let (server, sandbox) = three();
    check(&server, &sandbox, &["one"], "one.json", &[]);
    sandbox.write("latest.json", "old");
    std::os::unix::fs::symlink("latest.json", sandbox.path("run.json")).unwrap();
    let outcome =
        sandbox.run(&["render", "one.json", "--report=json=run.json", "--report=csv=latest.json"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("two reports go to"), "{}", outcome.stderr);
}

#[test]
fn no_token_is_needed_and_none_is_read() {
    let (server, sandbox) = three();
    check(&server, &sandbox, &["one"], "one.json", &[]);
    let before = server.requests().len();
    let api = server.api_url();
    let env =
        [("BITBUCKET_API_URL", &*api), ("BITBUCKET_EMAIL", EMAIL), ("BITBUCKET_API_TOKEN", TOKEN)];
    assert_eq!(sandbox.run_with(&["render", "one.json"], &env).code, 0);
    assert_eq!(server.requests().len(), before);
}

#[test]
fn a_report_of_which_a_part_is_missing_was_cut_short() {
    let sandbox = Sandbox::new();
    let whole = include_str!("../data/report.json");
    for (length, why) in [(0, "it is empty"), (whole.len() / 2, "it was cut short, at line ")] {
        sandbox.write("part.json", whole.get(..length).unwrap());
        for command in [&["verify", "part.json"][..], &["render", "part.json", "--report", "csv=-"]]
        {
            let outcome = sandbox.run(command);
            assert_eq!(outcome.code, 2, "{command:?}: {}", outcome.stderr);
            let said = format!("part.json is not a report: {why}");
            assert!(outcome.stderr.contains(&said), "{command:?}: {}", outcome.stderr);
        }
    }
}

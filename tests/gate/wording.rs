//! What reports say of a run is so, in every format.

use crate::support::{Bitbucket, Sandbox, policy, row, rows};
use serde_json::json;

const FORMATS: [&str; 5] = ["json", "junit", "sarif", "markdown", "html"];

/// Runs `check` in all formats, and gives what each of them and the console say.
fn written(sandbox: &Sandbox, server: &Bitbucket, more: &[&str], code: i32) -> Vec<String> {
    let reports = FORMATS.map(|format| format!("--report={format}=out/{format}"));
    let reports: Vec<&str> = reports.iter().map(|report| &**report).collect();
    let outcome = sandbox.run_against(server, &[&["check"], &reports[..], more].concat());
    assert_eq!(outcome.code, code, "{}{}", outcome.stdout, outcome.stderr);
    let files = FORMATS.map(|format| sandbox.read(&format!("out/{format}")));
    files.into_iter().chain([outcome.stdout, outcome.stderr]).collect()
}

fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_not_even_read_is_not_said_to_be_unreadable() {
    let (sandbox, server) = (Sandbox::new(), Bitbucket::start());
    server.workspace("acme", &rows(0..3, true));
    sandbox.write("policy.yaml", policy("acme", "accept: [bitbucket, roster]\n"));
    sandbox.write("roster.csv", "email,mfa\na@acme.example,yes\n");
    let roster =
        ["--roster", "roster.csv", "--roster-as-of", "2026-01-01", "--today", "2026-09-01"];
    for text in written(&sandbox, &server, &roster, 3) {
        let text = unwrapped(&text);
        for wrong in ["acme could not be read", "acme: not read", "workspace was read", "was asked"]
        {
            assert!(!text.contains(wrong), "{wrong}: {text}");
        }
    }
    let report = sandbox.json("out/json");
    assert_eq!(
        report["findings"][0]["message"],
        "the workspace acme could not be checked: the roster of 2026-01-01 is 243 days old, and \
         at most 7 are allowed"
    );
}

#[test]
fn an_account_that_nobody_logs_in_with_is_not_among_the_unknown() {
    let (sandbox, server) = (Sandbox::new(), Bitbucket::start());
    let app = json!({"type": "workspace_membership", "user": {
        "type": "app_user", "uuid": "{00000000-0000-4000-8000-000000000099}", "display_name": "App",
    }});
    server.workspace("acme", &[row(1, Some(json!(true))), row(2, None), app]);
    server.permission("acme", "owner");
    sandbox.write("policy.yaml", policy("acme", ""));
    let texts = written(&sandbox, &server, &[], 1);
    assert!(texts.iter().any(|text| text.contains("1 without proof or exemption (1 unknown)")));
    for text in texts {
        assert!(!text.contains("2 unknown"), "{text}");
    }
    // The member's status is unknown all the same, and counted in the evidence.
    assert_eq!(sandbox.json("out/json")["summary"]["unknown"], 2);
}

#[test]
fn the_page_says_why_this_run_is_not_live() {
    let (sandbox, server) = (Sandbox::new(), Bitbucket::start());
    server.workspace("acme", &rows(0..3, true));
    sandbox.write("policy.yaml", policy("acme", ""));
    let page = json!({"pagelen": 100, "size": 3, "page": 1, "values": rows(0..3, true)});
    sandbox.write("members.json", page.to_string());
    let asked = format!("simulated: {} was asked", server.api_url());
    let file = "the members come from a file, Bitbucket was not asked";
    let day = "judged as of 2026-09-01";
    for (more, said) in [
        (&[][..], &*asked),
        (&["--today", "2026-09-01"], day),
        (&["--members", "members.json"], &format!("offline: {file}")),
        (&["--members", "members.json", "--today", "2026-09-01"], &format!("{file}; {day}")),
    ] {
        written(&sandbox, &server, more, 0);
        let page = sandbox.read("out/html");
        let assurance = page.split("<dt>Assurance</dt><dd>").nth(1).unwrap();
        let assurance = assurance.split("</dd>").next().unwrap();
        assert!(assurance.contains(said), "{assurance}");
        assert!(!page.contains("another API host"), "{assurance}");
    }
}

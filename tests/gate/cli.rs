//! The command line: what is wrong is said before anything is asked, and reports are whole.

use crate::support::{Bitbucket, Outcome, Sandbox, TOKEN, policy, row, rows};
use serde_json::json;

/// A folder with a policy and a file of three protected members.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    sandbox.write("members.json", json!({"size": 3, "values": rows(0..3, true)}).to_string());
    sandbox
}

const CHECK: [&str; 3] = ["check", "--members", "members.json"];

#[test]
fn every_policy_error_ends_with_2_before_anything_is_asked() {
    let server = Bitbucket::start();
    server.workspace("acme", &rows(0..3, true));
    for policy in [
        policy("acme", "rules: {two-factor-disabled: allow}\n"),
        policy("acme", "exemptions: [{id: EX-1, nickname: ada, reason: r, expires: 2026-09-30}]\n"),
        "version: 2\n".into(),
        String::new(),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("policy.yaml", &policy);
        let outcome = sandbox.run_against(&server, &["check"]);
        assert_eq!(outcome.code, 2, "{policy}{}", outcome.stdout);
        assert!(outcome.stderr.contains("policy.yaml"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("help:"), "{}", outcome.stderr);
    }
    let missing = Sandbox::new().run_against(&server, &["check"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("--policy"), "{}", missing.stderr);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_pinned_policy_must_be_the_one() {
    let sandbox = sandbox();
    let lint = sandbox.run(&["policy", "lint"]);
    assert_eq!(lint.code, 0, "{}", lint.stderr);
    let digest = lint.stdout.split("sha256: ").nth(1).unwrap().trim();
    let pinned = |digest: &str| sandbox.run(&[&CHECK[..], &["--policy-sha256", digest]].concat());
    assert_eq!(pinned(digest).code, 0);
    let other = pinned(&"0".repeat(64));
    assert_eq!(other.code, 2);
    assert!(other.stderr.contains(digest), "{}", other.stderr);
    assert_eq!(pinned("0123").code, 2);
    let zeros = "0".repeat(64);
    let env = [("MFA_GATE_POLICY_SHA256", &*zeros)];
    assert_eq!(sandbox.run_with(&CHECK, &env).code, 2);
}

/// A checkout that changes line endings changes the digest: that is said, with the way out.
#[test]
fn a_pinned_policy_with_other_line_endings_is_said_to_be_just_that() {
    let sandbox = sandbox();
    let (lf, crlf) = (policy("acme", ""), policy("acme", "").replace('\n', "\r\n"));
    let digest = |text: &str| {
        sandbox.write("policy.yaml", text);
        let lint = sandbox.run(&["policy", "lint"]);
        lint.stdout.split("sha256: ").nth(1).unwrap().trim().to_owned()
    };
    for (here, pinned, said, eol) in [
        (&crlf, &lf, "CRLF here and LF in the pinned file", "`policy.yaml text eol=lf`"),
        (&lf, &crlf, "LF here and CRLF in the pinned file", "`policy.yaml text eol=crlf`"),
    ] {
        let pin = digest(pinned);
        sandbox.write("policy.yaml", here);
        let outcome = sandbox.run(&[&CHECK[..], &["--policy-sha256", &pin]].concat());
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(eol), "{}", outcome.stderr);
    }
    sandbox.write("policy.yaml", crlf.replace("acme", "labs"));
    let other = sandbox.run(&[&CHECK[..], &["--policy-sha256", &digest(&lf)]].concat());
    assert!(!other.stderr.contains("line endings"), "{}", other.stderr);
}

#[test]
fn a_policy_with_the_other_extension_is_named() {
    let sandbox = sandbox();
    std::fs::rename(sandbox.path("policy.yaml"), sandbox.path("policy.yml")).unwrap();
    for args in [&CHECK[..], &["policy", "lint"], &["policy", "prune", "--dry-run"]] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, 2, "{args:?}");
        assert!(outcome.stderr.contains("There is policy.yml"), "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("--policy policy.yml"), "{args:?}: {}", outcome.stderr);
    }
    let init = sandbox.run(&["policy", "init", "--workspace", "acme"]);
    assert_eq!(init.code, 0, "{}", init.stderr);
    assert!(init.stderr.contains("policy.yml exists too"), "{}", init.stderr);
}

#[test]
fn arguments_do_not_reach_the_terminal_as_they_are() {
    let sandbox = Sandbox::new();
    for args in [
        &["check", "--today", "x\n::error::y\u{1b}[2J"][..],
        &["check", "--x\n::error::y\u{1b}[2J"],
        &["x\n::error::y\u{1b}[2J"],
        &["verify", "a", "b\n::error::y\u{1b}[2J"],
    ] {
        let outcome = sandbox.run(args);
        assert_eq!((outcome.code, &*outcome.stdout), (2, ""), "{args:?}");
        let said = outcome.stderr;
        assert!(said.starts_with("error: ") && said.contains(r"\u{a}::error::y"), "{said}");
        assert!(!said.contains("\n::error") && !said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn the_environment_names_the_policy_and_cannot_soften_the_verdict() {
    let sandbox = Sandbox::new();
    sandbox.write("other.yaml", policy("acme", ""));
    sandbox.write("members.json", json!({"size": 1, "values": rows(0..1, false)}).to_string());
    let other = ("MFA_GATE_POLICY", "other.yaml");
    assert_eq!(sandbox.run_with(&CHECK, &[other, ("EXIT_ZERO", "true")]).code, 1);
    let (no_such, slip) = ("Unset it.", "Did you mean MFA_GATE_POLICY_SHA256?");
    for (name, value, help) in [
        ("MFA_GATE_EXIT_ZERO", "true", no_such),
        ("MFA_GATE_STRICT", "true", no_such),
        ("MFA_GATE_TODAY", "2020-01-01", no_such),
        ("MFA_GATE_IGNORE_EXEMPTIONS", "1", no_such),
        ("MFA_GATE_MEMBERS", "nobody.json", no_such),
        // A slip that would leave the policy without its pin.
        ("MFA_GATE_POLICY_SHA265", "0", slip),
        ("MFA_GATE_POLICY_SHA256_FILE", "pin", no_such),
    ] {
        let Outcome { code, stderr, .. } = sandbox.run_with(&CHECK, &[other, (name, value)]);
        assert_eq!(code, 2, "{name}: {stderr}");
        let said = format!("error: mfa-gate reads no variable {name}\n  help: {help}");
        assert!(stderr.starts_with(&said), "{stderr}");
    }
    for pin in ["", " "] {
        let outcome = sandbox.run_with(&CHECK, &[other, ("MFA_GATE_POLICY_SHA256", pin)]);
        assert_eq!(outcome.code, 2, "a pin is dropped: {}", outcome.stderr);
        assert!(outcome.stderr.contains("would not be pinned"), "{}", outcome.stderr);
    }
    let empty = [("MFA_GATE_POLICY", "")];
    let unset = sandbox.run_with(&CHECK, &empty);
    assert_eq!(unset.code, 2);
    assert!(unset.stderr.contains("policy.yaml"), "an empty variable is unset: {}", unset.stderr);
}

#[test]
fn workspaces_come_from_the_policy_the_flag_or_the_pipeline() {
    let sandbox = sandbox();
    let stranger = sandbox.run(&[&CHECK[..], &["--workspace", "beta"]].concat());
    assert_eq!(stranger.code, 2);
    assert!(stranger.stderr.contains("acme"), "{}", stranger.stderr);

    sandbox.write("policy.yaml", "version: 1\n");
    assert_eq!(sandbox.run(&CHECK).code, 2);
    assert_eq!(sandbox.run(&[&CHECK[..], &["--workspace", "acme"]].concat()).code, 0);
    assert_eq!(sandbox.run_with(&CHECK, &[("BITBUCKET_WORKSPACE", "acme")]).code, 0);
    assert_eq!(sandbox.run_with(&CHECK, &[("BITBUCKET_WORKSPACE", "../x")]).code, 2);
    assert_eq!(sandbox.run(&[&CHECK[..], &["--workspace", "Ac me"]].concat()).code, 2);
}

#[test]
fn missing_credentials_are_named() {
    let sandbox = sandbox();
    let none = sandbox.run(&["check"]);
    assert_eq!(none.code, 2);
    for name in ["BITBUCKET_EMAIL", "BITBUCKET_API_TOKEN", "BITBUCKET_ACCESS_TOKEN"] {
        assert!(none.stderr.contains(name), "{}", none.stderr);
    }
    let half = sandbox.run_with(&["check"], &[("BITBUCKET_API_TOKEN", TOKEN)]);
    assert_eq!(half.code, 2);
    assert!(half.stderr.contains("BITBUCKET_EMAIL") && !half.stderr.contains(TOKEN));
}

#[test]
fn every_format_is_written_and_old_files_are_gone() {
    let sandbox = sandbox();
    let files = [
        "json=out/a.json",
        "junit=out/b.xml",
        "sarif=out/c.sarif",
        "csv=d.csv",
        "markdown=e.md",
        "html=out/g.html",
        "github=f.txt",
    ];
    let mut args = CHECK.to_vec();
    files.iter().for_each(|file| args.extend(["--report", file]));
    assert_eq!(sandbox.run(&args).code, 0);
    for file in files {
        let name = file.split('=').nth(1).unwrap();
        assert!(!sandbox.read(name).is_empty() || name == "f.txt", "{name} is empty");
    }
    sandbox.write("policy.yaml", "version: 3\n");
    assert_eq!(sandbox.run(&args).code, 2);
    for file in files {
        let name = file.split('=').nth(1).unwrap();
        assert!(!sandbox.path(name).exists(), "{name} is left of an earlier run");
    }
    let left = std::fs::read_dir(sandbox.path("out")).unwrap().count();
    assert_eq!(left, 0, "an unfinished file is left");
}

#[test]
fn a_report_may_take_standard_output() {
    let sandbox = sandbox();
    for report in ["json=-", "json"] {
        let outcome = sandbox.run(&[&CHECK[..], &["--report", report]].concat());
        assert_eq!(outcome.code, 0, "{report}");
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(report["verdict"], "compliant");
        assert!(outcome.stderr.contains("compliant"), "{}", outcome.stderr);
    }
}

#[test]
fn report_targets_are_checked_first() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.write("file", "text");
    for (reports, said) in [
        (&["json=folder"][..], "folder"),
        (&["json=-", "sarif=-"], "two reports"),
        (&["json=a", "sarif=./a"], "two reports"),
        (&["json=policy.yaml"], "overwrite"),
        (&["json=folder/../members.json"], "overwrite"),
        (&["json=file/in-a-file"], "cannot be written"),
        (&["xml=a"], "junit"),
        (&["out.html"], "html=out.html"),
        (&["json="], "path"),
    ] {
        let mut args = CHECK.to_vec();
        reports.iter().for_each(|report| args.extend(["--report", report]));
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, 2, "{reports:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{reports:?}: {}", outcome.stderr);
    }
    assert!(sandbox.read("policy.yaml").starts_with("version: 1"), "the policy is untouched");

    sandbox.write("token", TOKEN);
    let env = [("BITBUCKET_ACCESS_TOKEN_FILE", "token")];
    let over_token = sandbox.run_with(&["check", "--report", "json=token"], &env);
    assert_eq!((over_token.code, sandbox.read("token")), (2, TOKEN.to_owned()));
    let over_token = sandbox.run_with(&["members", "--report", "text=token"], &env);
    assert_eq!((over_token.code, sandbox.read("token")), (2, TOKEN.to_owned()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_3_unless_there_are_violations() {
    let sandbox = sandbox();
    let full =
        "/dev/full could not be written: No space left on device (os error 28)\n  help: Make";
    let members = ["members", "--members", "members.json", "--workspace", "acme"];
    let list = sandbox.run(&[&members[..], &["--report", "csv=/dev/full"]].concat());
    assert_eq!(list.code, 3, "{}", list.stderr);
    assert!(list.stderr.contains(&format!("error: the csv report {full}")), "{}", list.stderr);
    let args = [&CHECK[..], &["--report", "json=/dev/full"]].concat();
    let outcome = sandbox.run(&args);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(&format!("the json report {full}")), "{}", outcome.stderr);
    sandbox.write("members.json", json!({"size": 1, "values": rows(0..1, false)}).to_string());
    let violations = sandbox.run(&args);
    assert_eq!(violations.code, 1);
    assert!(violations.stderr.contains("could not be written"), "{}", violations.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_console_that_takes_nothing_does_not_hide_violations() {
    let sandbox = sandbox();
    let full = |file: &str| {
        let command =
            format!("{} check --members {file} > /dev/full", env!("CARGO_BIN_EXE_mfa-gate"));
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &command]).current_dir(sandbox.path("")).env_clear();
        shell.output().unwrap().status.code()
    };
    assert_eq!(full("members.json"), Some(3));
    sandbox.write("off.json", json!({"size": 1, "values": rows(0..1, false)}).to_string());
    assert_eq!(full("off.json"), Some(1));
}

#[cfg(unix)]
#[test]
fn links_are_kept_and_streams_are_written_to() {
    let sandbox = sandbox();
    std::os::unix::fs::symlink("real.json", sandbox.path("link.json")).unwrap();
    std::os::unix::fs::symlink("/dev/stdout", sandbox.path("stream")).unwrap();
    sandbox.write("real.json", "old");
    let reports = ["--report", "json=link.json", "--report", "csv=stream"];
    let outcome = sandbox.run(&[&CHECK[..], &reports].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("name,key,workspace,"), "{}", outcome.stdout);
    assert!(sandbox.path("link.json").is_symlink() && sandbox.path("stream").is_symlink());
    assert_eq!(sandbox.json("real.json")["verdict"], "compliant");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_not_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = sandbox();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mfa-gate"))
        .args(CHECK)
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("MFA_GATE_POLICY_SHA256", std::ffi::OsStr::from_bytes(b"\xff"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("MFA_GATE_POLICY_SHA256"));
}

#[test]
fn quiet_leaves_the_verdict_and_what_weakens_it() {
    let sandbox = sandbox();
    let outcome = sandbox.run(&[&CHECK[..], &["-q", "--exit-zero"]].concat());
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(lines[0].starts_with("compliant: 3 members of acme"), "{lines:?}");
    assert!(outcome.stdout.contains("Bitbucket was not asked"), "{lines:?}");
    assert!(outcome.stdout.contains("--exit-zero"), "{lines:?}");
}

#[test]
fn names_of_members_and_files_do_not_reach_the_terminal_as_they_are() {
    let sandbox = sandbox();
    let mut hostile = row(0, Some(json!(false)));
    hostile["user"]["display_name"] = json!("\u{1b}[2Jgone\r\n::error::owned\u{202e}");
    sandbox.write("members.json", json!({"size": 1, "values": [hostile]}).to_string());
    let outcome = sandbox.run(&CHECK);
    assert_eq!(outcome.code, 1);
    let active = |text: &str| {
        text.chars().any(|sign| (sign.is_control() && sign != '\n') || sign == '\u{202e}')
    };
    assert!(!active(&outcome.stdout), "{:?}", outcome.stdout);
    assert!(outcome.stdout.lines().all(|line| !line.trim_start().starts_with("::")));
    let missing = sandbox.run(&["check", "--members", "\u{1b}[2J"]);
    assert_eq!(missing.code, 2);
    assert!(!active(&missing.stderr), "{:?}", missing.stderr);
}

#[test]
fn what_cannot_be_is_a_wrong_command_line() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&[]).code, 2);
    for (day, said) in [
        ("2026-02-30", "its last day is `2026-02-28`"),
        ("20260901", "Write `2026-09-01`."),
        ("2026-09-01T10:00", "Write `2026-09-01`."),
        ("2026/9/1", "Write `2026-09-01`."),
        ("today", "Write the date as `YYYY-MM-DD`."),
    ] {
        let outcome = sandbox.run(&["check", "--today", day]);
        assert_eq!(outcome.code, 2, "{day}");
        assert!(outcome.stderr.contains(said), "{day}: {}", outcome.stderr);
    }
    assert_eq!(sandbox.run(&["check", "--timeout", "0s"]).code, 2);
}

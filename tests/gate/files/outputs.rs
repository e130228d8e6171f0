//! Reports are files wherever they are, and each has a file of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{gate_in_shell, sandbox};
use crate::support::Sandbox;

const CHECK: [&str; 3] = ["check", "--members", "members.json"];

fn check(sandbox: &Sandbox, reports: &[&str]) -> (i32, String) {
    let reports = reports.iter().flat_map(|report| ["--report", report]);
    let outcome = sandbox.run(&CHECK.into_iter().chain(reports).collect::<Vec<_>>());
    (outcome.code, outcome.stderr)
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_in_shared_memory_is_a_file_like_others() {
    let Ok(shared) = tempfile::tempdir_in("/dev/shm") else { return };
    let direct = shared.path().join("report.json");
    for through_link in [false, true] {
        let sandbox = sandbox();
        let report = if through_link {
            symlink(&direct, sandbox.path("link.json")).unwrap();
            "json=link.json".to_owned()
        } else {
            format!("json={}", direct.display())
        };
        fs::write(&direct, "x".repeat(1 << 20)).unwrap();
        assert_eq!(check(&sandbox, &[&report]).0, 0);
        let read: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&direct).unwrap()).unwrap();
        assert_eq!(read["verdict"], "compliant");
        sandbox.write("policy.yaml", "version: 3\n");
        assert_eq!(check(&sandbox, &[&report]).0, 2);
        assert!(!direct.exists(), "the old report survives a failed run");
        assert!(!through_link || sandbox.path("link.json").is_symlink());
    }
}

#[test]
fn a_link_that_leads_nowhere_yet_is_kept() {
    let sandbox = sandbox();
    symlink("second", sandbox.path("first")).unwrap();
    symlink("real.json", sandbox.path("second")).unwrap();
    assert_eq!(check(&sandbox, &["json=first"]).0, 0);
    assert!(sandbox.path("first").is_symlink() && sandbox.path("second").is_symlink());
    assert_eq!(sandbox.json("real.json")["verdict"], "compliant");
    symlink("loop", sandbox.path("loop")).unwrap();
    assert_eq!(check(&sandbox, &["json=loop"]).0, 2);
}

#[test]
fn two_names_of_one_file_are_not_two_reports() {
    for reports in [
        ["json=a/x", "csv=a/../a/x"],
        ["json=a/b/x", "csv=a/b/../../a/b/x"],
        ["json=a/../x", "csv=x"],
        ["json=real/x", "csv=linked/x"],
        ["json=linked/new/x", "csv=real/new/x"],
        ["json=dangling", "csv=target"],
        ["json=-", "csv=/dev/stdout"],
        ["json=/dev/stdout", "csv=/dev/fd/1"],
    ] {
        let sandbox = sandbox();
        fs::create_dir(sandbox.path("real")).unwrap();
        symlink("real", sandbox.path("linked")).unwrap();
        symlink("target", sandbox.path("dangling")).unwrap();
        let (code, said) = check(&sandbox, &reports);
        assert_eq!(code, 2, "{reports:?}");
        assert!(said.contains("two reports go to"), "{reports:?}: {said}");
    }
}

#[test]
fn no_name_of_an_input_is_written_to() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("folder")).unwrap();
    symlink(".", sandbox.path("folder/back")).unwrap();
    for (input, hard) in [("policy.yaml", "hard.yaml"), ("members.json", "folder/hard.json")] {
        fs::hard_link(sandbox.path(input), sandbox.path(hard)).unwrap();
        symlink(sandbox.path(input), sandbox.path(&format!("{input}.link"))).unwrap();
        let text = sandbox.read(input);
        for name in [hard, &format!("new/../{input}"), &format!("{input}.link")] {
            let (code, said) = check(&sandbox, &[&format!("json={name}")]);
            assert_eq!(code, 2, "{name}");
            assert!(said.contains("would overwrite"), "{name}: {said}");
            assert_eq!(sandbox.read(input), text);
            assert!(!sandbox.path("new").exists(), "a folder of a report that is refused");
        }
    }
}

#[test]
fn no_certificates_to_trust_are_written_to() {
    let sandbox = sandbox();
    sandbox.write("ca.pem", "certificates");
    let args = ["check", "--members", "members.json", "--report", "json=./ca.pem"];
    let outcome = sandbox.run_with(&args, &[("SSL_CERT_FILE", "ca.pem")]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("would overwrite"), "{}", outcome.stderr);
    assert_eq!(sandbox.read("ca.pem"), "certificates");
}

#[test]
fn a_refused_report_leaves_no_folder() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("old")).unwrap();
    let reports = ["json=a/b/../c/report.json", "csv=old/new/report.csv", "html=x/../policy.yaml"];
    let (code, said) = check(&sandbox, &reports);
    assert_eq!(code, 2);
    assert!(said.contains("would overwrite"), "{said}");
    let left = ["a", "old/new", "x"].map(|folder| sandbox.path(folder).exists());
    assert_eq!((left, sandbox.path("old").exists()), ([false; 3], true));
}

#[test]
fn a_mistake_removes_no_old_report() {
    let sandbox = sandbox();
    sandbox.write("old.json", "old");
    assert_eq!(check(&sandbox, &["json=old.json", "csv=policy.yaml"]).0, 2);
    assert_eq!(sandbox.read("old.json"), "old");
}

#[test]
fn a_redirected_stream_is_written_to_once_and_not_over() {
    let sandbox = sandbox();
    let shell = |line: &str| {
        let line = format!("GATE check --members members.json {line}");
        gate_in_shell(&sandbox, &line).output().unwrap()
    };
    let output = shell("--report json=/dev/stdout > out.json");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(sandbox.json("out.json")["verdict"], "compliant");
    assert!(String::from_utf8_lossy(&output.stderr).contains("compliant"));
    if Path::new("/proc/self/fd").exists() {
        sandbox.write("log", "earlier\n");
        assert_eq!(shell("--report csv=/dev/fd/3 3>> log").status.code(), Some(0));
        let log = sandbox.read("log");
        assert!(log.starts_with("earlier\n") && log.contains("557058:"), "{log}");
    }
}

#[test]
fn whatever_refuses_a_run_leaves_no_report_of_an_earlier_one() {
    let sandbox = sandbox();
    assert_eq!(check(&sandbox, &["json=saved.json"]).0, 0);
    let check = ["check", "--members", "members.json", "--report", "json=old.json"];
    let unknown = [("MFA_GATE_POLCY", "policy.yaml")];
    let short = [("MFA_GATE_REDACT_KEY", "short")];
    let no_digest = [("MFA_GATE_POLICY_SHA256", "12")];
    let of_nothing: [(&str, &str); 0] = [];
    let render = ["render", "saved.json", "--report", "json=old.json"];
    let members = ["members", "--members", "members.json", "--report", "json=old.json"];
    let audit =
        ["audit", ".", "--from", "2020-01-01", "--to", "2020-01-31", "--report", "json=old.json"];
    let over =
        ["audit", ".", "--from", "2020-01-01", "--to", "9999-01-31", "--report", "json=old.json"];
    let list = ["policy", "list", "--report", "json=old.json"];
    for (args, flags, variables) in [
        (&check[..], &[][..], &unknown[..]),
        (&check, &["--redact"], &short),
        (&check, &[], &no_digest),
        (&render, &[], &unknown),
        (&render, &["--redact"], &short),
        (&render, &[], &no_digest),
        (&members, &[], &unknown),
        (&audit, &[], &unknown),
        (&audit, &[], &no_digest),
        (&over, &[], &of_nothing),
        (&list, &[], &unknown),
    ] {
        sandbox.write("old.json", "of an earlier run");
        let args: Vec<&str> = args.iter().chain(flags).copied().collect();
        let outcome = sandbox.run_with(&args, variables);
        assert_eq!(outcome.code, 2, "{args:?} {variables:?}: {}", outcome.stderr);
        assert!(!sandbox.path("old.json").exists(), "{args:?} {variables:?} left an old report");
    }
}

//! Pipes without another end, devices and texts that never end: an error, soon and in little memory.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use super::{gate_in_shell, make_fifo, sandbox};
use crate::support::Sandbox;

/// Far longer than anything here may take, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(120);

/// Every way to name an input, and the code that follows from one that is of no use.
const INPUTS: [(&str, i32); 10] = [
    ("check --members INPUT", 2),
    ("check --members members.json --policy INPUT", 2),
    ("check --members members.json --previous INPUT", 0),
    (
        "check --policy roster.yaml --members members.json --roster INPUT --roster-as-of 2026-09-01 --today 2026-09-01",
        2,
    ),
    ("members --members INPUT", 2),
    ("members --workspace acme --ca-cert INPUT", 2),
    ("verify INPUT", 2),
    ("render INPUT --report csv=out.csv", 2),
    ("policy lint --policy INPUT", 2),
    ("policy prune --members INPUT", 2),
];

/// Starts the binary with little memory.
fn start(sandbox: &Sandbox, args: &str) -> Child {
    let mut shell = gate_in_shell(sandbox, &format!("ulimit -v 2000000; exec GATE {args}"));
    shell.env("BITBUCKET_API_URL", "https://127.0.0.1:9/2.0");
    shell.env("BITBUCKET_ACCESS_TOKEN", "token");
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.spawn().unwrap()
}

/// Waits for its end, which has to come.
fn end(mut child: Child, args: &str) -> Output {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > LONGEST {
            child.kill().unwrap();
            panic!("{args} does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

fn check_end(child: Child, args: &str, code: i32, why: &[&str]) {
    let output = end(child, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args}: {said}");
    assert!(why.iter().any(|why| said.contains(why)), "{args}: {said}");
}

fn with_roster() -> Sandbox {
    let sandbox = sandbox();
    sandbox.write("roster.yaml", "version: 1\nworkspaces: [acme]\naccept: [roster]\n");
    sandbox
}

#[test]
fn a_pipe_that_gives_nothing_is_not_waited_for_without_end() {
    let sandbox = with_roster();
    make_fifo(&sandbox, "lonely");
    make_fifo(&sandbox, "silent");
    // Open at both ends, and nothing is written.
    let silent = OpenOptions::new().read(true).write(true).open(sandbox.path("silent")).unwrap();
    let mut runs = Vec::new();
    for (args, code) in INPUTS {
        for name in ["lonely", "silent"] {
            let args = args.replace("INPUT", name);
            runs.push((start(&sandbox, &args), args, code));
        }
    }
    let args = "check --members members.json";
    let mut shell = gate_in_shell(&sandbox, &format!("exec GATE {args}"));
    shell.env("MFA_GATE_SLACK_WEBHOOK_URL_FILE", "lonely").stderr(Stdio::piped());
    runs.push((shell.stdout(Stdio::null()).spawn().unwrap(), args.into(), 2));
    let args = "members --workspace acme";
    let mut shell = gate_in_shell(&sandbox, &format!("exec GATE {args}"));
    shell.env("SSL_CERT_FILE", "lonely").env("BITBUCKET_ACCESS_TOKEN", "token");
    shell.env("BITBUCKET_API_URL", "https://127.0.0.1:9/2.0").stderr(Stdio::piped());
    let child = shell.stdout(Stdio::null()).spawn().unwrap();
    check_end(child, args, 2, &["SSL_CERT_FILE"]);
    for (child, args, code) in runs {
        check_end(child, &args, code, &["nothing came from it for 10 seconds"]);
    }
    drop(silent);
}

#[test]
fn a_device_or_a_text_without_end_is_refused() {
    let sandbox = with_roster();
    for (args, code) in INPUTS {
        let args = args.replace("INPUT", "/dev/zero");
        let why = ["larger than", "not text", "NUL", "null", "no certificate", "certificates of"];
        check_end(start(&sandbox, &args), &args, code, &why);
    }
    for (number, (args, code)) in INPUTS.into_iter().enumerate() {
        let name = format!("blank{number}");
        make_fifo(&sandbox, &name);
        let args = args.replace("INPUT", &name);
        let child = start(&sandbox, &args);
        let path = sandbox.path(&name);
        std::thread::spawn(move || {
            let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
            while pipe.write_all(&[b' '; 1 << 16]).is_ok() {}
        });
        check_end(child, &args, code, &["larger than", "too much white space"]);
    }
}

#[test]
fn a_pipe_is_read_like_a_file() {
    let sandbox = sandbox();
    for path in ["/dev/stdin", "-"] {
        for command in ["check --report json=-", "members --workspace acme --report json"] {
            let shell = format!("cat members.json | GATE {command} --members {path} > out.json");
            assert!(gate_in_shell(&sandbox, &shell).status().unwrap().success(), "{shell}");
            assert_eq!(sandbox.json("out.json")["complete"], true);
            assert_eq!(sandbox.json("out.json")["source"]["inputs"][0]["path"], path);
        }
    }
}

#[test]
fn standard_input_is_guarded_like_a_file() {
    let sandbox = sandbox();
    let refused = |line: &str, said: &str| {
        let output = gate_in_shell(&sandbox, line).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(said), "{text}");
    };
    refused(
        "echo '[1]' | GATE check --members -",
        "could not understand the members file <stdin>:1:2",
    );
    refused("GATE check --members - < /dev/null", "the members file <stdin>: it is empty");
    refused("sleep 15 | GATE check --members -", "nothing came from it for 10 seconds");
    sandbox.write("token", "a-secret-token");
    let line = "BITBUCKET_API_TOKEN_FILE=token GATE check --members - < token";
    refused(line, "it holds a credential: BITBUCKET_API_TOKEN_FILE names it");
}

#[test]
fn a_report_is_not_kept_for_a_reader_that_never_comes() {
    let sandbox = sandbox();
    make_fifo(&sandbox, "pipe");
    let args = "check --members members.json --report csv=pipe --report json=whole.json";
    check_end(start(&sandbox, args), args, 3, &["nothing read from it for 10 seconds"]);
    assert_eq!(sandbox.json("whole.json")["verdict"], "compliant");
    let args = "members --workspace acme --members members.json --report csv=pipe";
    let read = format!("cat pipe > copy.csv & GATE {args}; code=$?; wait; exit $code");
    assert_eq!(gate_in_shell(&sandbox, &read).status().unwrap().code(), Some(0));
    assert!(sandbox.read("copy.csv").contains("557058:"));
}

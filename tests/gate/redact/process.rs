//! Two runs in one process, by way of the library.

use clap::Parser;
use mfa_gate::cli::Cli;
use mfa_gate::command::{Announce, Context, run};
use mfa_gate::emit::console::Style;
use mfa_gate::http::Secrets;

use crate::support::{Sandbox, policy};

/// What a run of the library comes to, where nothing is in the environment.
fn failure(args: &[&str]) -> String {
    let cli = Cli::try_parse_from([&["mfa-gate", "check", "--today=2026-01-06"], args].concat());
    let style = Style { color: false, quiet: true, width: 80 };
    let context = Context {
        env: &|_| None,
        variables: &[],
        pipe: None,
        secrets: &Secrets::default(),
        now: "2026-01-06T00:00:00Z".parse().unwrap(),
        announce: Announce::Nothing,
        asks: false,
        stdout: style,
        stderr: style,
    };
    run(&cli.unwrap(), &context).unwrap_err().to_string()
}

#[test]
fn a_redacted_run_changes_nothing_for_the_next_one() {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    sandbox.write("members.txt", "Ada Lovelace left\n");
    let path = |name: &str| sandbox.path(name).display().to_string();
    let (policy, members) = (path("policy.yaml"), path("members.txt"));
    let args = ["--policy", &policy, "--members", &members];
    let named = failure(&args);
    assert!(named.contains("Ada Lovelace left"), "{named}");
    let redacted = failure(&[&args[..], &["--redact"]].concat());
    assert_eq!(redacted, named.replace("Ada Lovelace left", "(withheld)"));
    assert_eq!(failure(&args), named);
}

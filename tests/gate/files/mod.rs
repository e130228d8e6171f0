//! What is read and what is written, whatever kinds of files there are.

mod credentials;
mod excerpts;
mod kinds;
mod outputs;
mod signals;

use std::process::Command;

use serde_json::json;

use crate::support::{Sandbox, policy, rows};

/// A folder with a policy and a file of three members, all protected.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("policy.yaml", policy("acme", ""));
    sandbox.write("members.json", json!({"size": 3, "values": rows(0..3, true)}).to_string());
    sandbox
}

/// Makes a pipe with a name.
fn make_fifo(sandbox: &Sandbox, name: &str) {
    assert!(Command::new("mkfifo").arg(sandbox.path(name)).status().unwrap().success());
}

/// The binary, to be started in a folder by hand, with nothing in its environment.
fn gate(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mfa-gate"));
    command.current_dir(sandbox.path("")).env_clear().args(args);
    command
}

/// The binary, started by a shell with a line before it, such as a limit or a redirection.
fn gate_in_shell(sandbox: &Sandbox, line: &str) -> Command {
    let mut shell = Command::new("sh");
    let line = line.replace("GATE", env!("CARGO_BIN_EXE_mfa-gate"));
    shell.current_dir(sandbox.path("")).env_clear().args(["-c", &line]);
    shell
}

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

/// A reader elsewhere would know neither which files hold credentials nor when to stop waiting.
#[test]
fn files_are_opened_in_one_place() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.extend((entry != root.join("files")).then_some(entry));
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap();
            let program = text.split("#[cfg(test)]").next().unwrap();
            for way in ["File::open", "fs::read(", "read_to_string(", "OpenOptions"] {
                assert!(!program.contains(way), "{way} in {}", entry.display());
            }
        }
    }
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

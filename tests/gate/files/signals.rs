//! A run that is ended leaves no unfinished file; what a killed one leaves is swept by the next.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::json;

use super::{gate, sandbox};
use crate::support::{Sandbox, rows};

const LARGE: [&str; 5] =
    ["check", "--members", "large.json", "--report=html=out/a.html", "--report=json=out/b.json"];
const SMALL: [&str; 4] = ["check", "--members", "members.json", "--report=csv=out/c.csv"];

/// A folder with so many members that their reports take a while to be written.
fn large() -> Sandbox {
    let sandbox = sandbox();
    let members = json!({"size": 20_000, "values": rows(0..20_000, false)});
    sandbox.write("large.json", members.to_string());
    sandbox
}

fn unfinished(sandbox: &Sandbox) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.path("out")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".mfa-gate-")).collect()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
    assert!(sent.unwrap().success());
}

/// Whether every thread of a run has stopped.
#[cfg(target_os = "linux")]
fn is_stopped(child: &Child) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{}/task", child.id()));
    threads.into_iter().flatten().flatten().all(|thread| {
        let status = std::fs::read_to_string(thread.path().join("stat"));
        // After the name, in brackets, comes the state.
        let status = status.unwrap_or_default();
        status.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
    })
}

#[cfg(not(target_os = "linux"))]
fn is_stopped(_: &Child) -> bool {
    std::thread::sleep(Duration::from_millis(20));
    true
}

/// A run that is halted while a report of it is unfinished. One that was too fast is done again.
fn halted(sandbox: &Sandbox) -> Child {
    for _ in 0..50 {
        let mut command = gate(sandbox, &LARGE);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if !unfinished(sandbox).is_empty() {
                signal(&child, "STOP");
                // The signal takes effect a little later; on a busy machine, much later.
                while child.try_wait().unwrap().is_none() && !is_stopped(&child) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                if child.try_wait().unwrap().is_none() && !unfinished(sandbox).is_empty() {
                    return child;
                }
                signal(&child, "CONT");
                break;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        child.wait().unwrap();
    }
    panic!("no run was slow enough");
}

/// Whether this process, and so its children, ignores a signal, as far as Linux tells it.
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.is_some_and(|set| set >> (number - 1) & 1 == 1)
}

fn end(mut child: Child, name: &str) -> ExitStatus {
    signal(&child, name);
    signal(&child, "CONT");
    child.wait().unwrap()
}

#[test]
fn a_signal_removes_what_is_unfinished_and_ends_the_run_as_usual() {
    let sandbox = large();
    for (name, number) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        // A shell without job control starts what runs in its background so.
        if is_ignored(number) {
            continue;
        }
        // A run that was almost done may end before the signal takes effect.
        let ended = (0..20).find_map(|_| {
            let status = end(halted(&sandbox), name);
            assert_eq!(unfinished(&sandbox), Vec::<String>::new(), "SIG{name}");
            assert!(status.signal().is_some() || status.code() == Some(1), "{status}");
            status.signal()
        });
        assert_eq!(ended, Some(number), "SIG{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let sandbox = large();
    let gate = env!("CARGO_BIN_EXE_mfa-gate");
    let line = format!("trap '' HUP; exec {gate} {}", LARGE.join(" "));
    let mut found = None;
    for _ in 0..50 {
        let mut shell = Command::new("sh");
        shell.current_dir(sandbox.path("")).env_clear().args(["-c", &line]);
        let mut child = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() && unfinished(&sandbox).is_empty() {
            std::thread::sleep(Duration::from_micros(200));
        }
        if child.try_wait().unwrap().is_none() {
            signal(&child, "HUP");
            found = Some(child.wait().unwrap());
            break;
        }
    }
    assert_eq!(found.unwrap().code(), Some(1));
}

#[test]
fn what_a_killed_run_left_is_swept_and_a_living_one_is_not() {
    let sandbox = large();
    let child = halted(&sandbox);
    end(child, "KILL");
    let left = unfinished(&sandbox);
    assert!(!left.is_empty());
    assert_eq!(sandbox.run(&SMALL).code, 0);
    assert_eq!(unfinished(&sandbox), Vec::<String>::new());

    let child = halted(&sandbox);
    let alive = unfinished(&sandbox);
    assert_eq!(sandbox.run(&SMALL).code, 0);
    assert_eq!(unfinished(&sandbox), alive, "a living run writes these");
    assert_eq!(end(child, "CONT").code(), Some(1));
    assert_eq!(unfinished(&sandbox), Vec::<String>::new());
    assert_eq!(sandbox.json("out/b.json")["verdict"], "violations");
    assert!(sandbox.read("out/a.html").ends_with("</html>\n"));
}

//! SIGTERM, SIGINT and SIGHUP: the unfinished files are removed, and the process ends by the signal
//! as it would have without that.

use std::os::raw::c_int;
use std::sync::{Once, mpsc};
use std::{fs, process, thread};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::whole::unfinished_files;

/// Listens from now on; nothing changes before the first file is made.
pub(super) fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let (send, signals) = mpsc::channel::<Signals>();
        let wait = move || {
            let mut signals = signals.recv().ok()?;
            signals.forever().next().map(end)
        };
        // Without a thread that waits for them, signals do what they did before.
        if thread::Builder::new().spawn(wait).is_ok()
            && let Ok(signals) = Signals::new(heeded())
        {
            let _ = send.send(signals);
        }
    });
}

fn end(signal: c_int) {
    // The lock is kept, so that no other file is made.
    let files = unfinished_files();
    for path in &*files {
        let _ = fs::remove_file(path);
    }
    // The first process of a container is not ended by any signal's default.
    if process::id() != 1 {
        let _ = emulate_default_handler(signal);
    }
    process::exit(128 + signal)
}

/// The signals that end this process: one that is ignored, as under `nohup`, stays ignored.
fn heeded() -> Vec<c_int> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    let signals = [SIGHUP, SIGINT, SIGTERM].into_iter();
    signals.filter(|signal| ignored >> (signal - 1) & 1 == 0).collect()
}

/// The set of ignored signals, the first one in the lowest bit, as Linux tells it.
fn ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn ignored_signals_are_read_from_the_status() {
        assert_eq!(super::ignored("Name:\tx\nSigIgn:\t0000000000001001\n"), 0x1001);
        assert_eq!(super::ignored(""), 0);
    }
}

//! The policy as its users meet it: what is accepted, and what is said of everything else.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, which is what it is for"
)]

mod accepted;
mod exemptions;
mod files;
mod problems;
mod shown;

use mfa_gate::failure::Failure;
use mfa_gate::policy::{Policy, parse};

fn parsed(text: &str) -> Policy {
    parse("policy.yaml".into(), text.as_bytes()).unwrap_or_else(|failure| panic!("{failure}"))
}

fn refused(bytes: &[u8]) -> String {
    let Err(Failure::Rendered { message: text, .. }) = parse("policy.yaml".into(), bytes) else {
        panic!("not refused as a whole");
    };
    text
}

/// A problem as it is rendered.
#[derive(Debug, PartialEq)]
struct Said {
    message: String,
    place: String,
    help: String,
}

fn said(rendered: &str) -> Vec<Said> {
    let mut problems = Vec::new();
    for block in rendered.split("\n\n") {
        let mut lines = block.lines();
        let message = lines.next().unwrap().strip_prefix("error: ").unwrap().to_owned();
        let Some(place) = lines.next() else { continue };
        let place = place.trim().strip_prefix("--> policy.yaml:").unwrap().to_owned();
        let help = block.lines().find_map(|line| line.trim().strip_prefix("= help: "));
        problems.push(Said { message, place, help: help.unwrap_or_default().to_owned() });
    }
    problems
}

/// A policy with one exemption, whose line 7 is to be judged.
fn with(line: &str) -> String {
    format!(
        "version: 1\nexemptions:\n  - id: EX-1\n    email: a@acme.example\n    reason: why\n    \
         expires: 2026-10-29\n    {line}\n"
    )
}

/// The same, with a line taken away or replaced.
fn replaced(from: &str, to: &str) -> String {
    let text = with("owner: somebody");
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}
